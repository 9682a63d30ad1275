"""The network: which treatments are linked by trials, and what lies outside.

Only the component that holds the reference is analysed. Islands are listed, never
dropped in silence, with what would join them.
"""

from collections.abc import Mapping
from itertools import combinations, pairwise
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from nma.structures import components


def graph(arms: pd.DataFrame) -> nx.Graph:
    """Treatments as nodes (studies, arms, n), compared pairs as edges (studies, n)."""
    g = nx.Graph()
    for treatment, rows in arms.groupby("treatment", sort=True):
        g.add_node(
            treatment,
            studies=int(rows["study"].nunique()),
            arms=len(rows),
            n=float(rows["n"].sum()) if rows["n"].notna().any() else None,
        )
    for study, rows in arms.groupby("study", sort=True):
        n = dict(zip(rows["treatment"], rows["n"].fillna(0.0), strict=True))
        for a, b in combinations(sorted(n), 2):
            edge = g.edges[a, b] if g.has_edge(a, b) else {"studies": 0, "n": 0.0, "labels": []}
            g.add_edge(
                a,
                b,
                studies=edge["studies"] + 1,
                n=edge["n"] + n[a] + n[b],
                labels=[*edge["labels"], str(study)],
            )
    return g


def describe(
    arms: pd.DataFrame,
    reference: str,
    kinds: Mapping[str, Mapping[str, str]],
    model: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The network of one stratum as plain data.

    ``kinds`` maps a treatment to its class, modality and kind; ``model`` (placebo,
    structure, interactions) may join what no trial does. Keys: estimable, reason,
    reference, nodes, edges, islands, loops, joined (pairs that the model ties, not a
    trial). Only the reference's component is in nodes and edges; ``estimable`` is False
    without a reference or with nothing beside it.
    """
    g = graph(arms)
    joined = _joined(g, reference, kinds, model or {})
    observed = g.copy()
    g.add_edges_from(joined)
    if reference in g and reference not in observed:
        observed.add_node(reference, studies=0, arms=0, n=None)
        g.nodes[reference].update(observed.nodes[reference])
    answer: dict[str, Any] = {
        "estimable": False,
        "reason": "",
        "reference": reference,
        "nodes": [],
        "edges": [],
        "islands": [],
        "loops": 0,
        "joined": [],
    }
    if g.number_of_nodes() == 0:
        answer["reason"] = (
            "No study of this stratum has two usable arms. Hint: see excluded.csv for the "
            "reason of every row."
        )
    elif reference not in g:
        known = ", ".join(sorted(g.nodes))
        answer["reason"] = (
            f"No usable arm received the reference '{reference}'. Hint: set reference in the "
            f"config to one of: {known}."
        )
    elif not g[reference]:
        answer["reason"] = f"No study compares the reference '{reference}' with another treatment."
    else:
        answer["estimable"] = True
    inside = nx.node_connected_component(g, reference) if answer["estimable"] else set()
    main = observed.subgraph(inside)
    answer["joined"] = [list(pair) for pair in joined if set(pair) <= inside]
    answer["nodes"] = [
        {**kinds.get(name, {}), "treatment": name, **main.nodes[name]} for name in sorted(main)
    ]
    answer["edges"] = [
        {"a": min(a, b), "b": max(a, b), **data}
        for a, b, data in sorted(main.edges(data=True), key=lambda e: sorted(e[:2]))
    ]
    pieces = nx.number_connected_components(main) if inside else 0
    answer["loops"] = main.number_of_edges() - len(inside) + pieces
    for island in sorted((sorted(c) for c in nx.connected_components(g)), key=lambda c: c[0]):
        if inside and island[0] in inside:
            continue
        studies = sorted(arms.loc[arms["treatment"].isin(island), "study"].unique())
        answer["islands"].append(
            {
                "treatments": island,
                "studies": studies,
                "joined_by": f"a trial that compares {' or '.join(island)} with "
                f"{reference} or any treatment linked to it",
            }
        )
    return answer


def _joined(
    g: nx.Graph, reference: str, kinds: Mapping[str, Mapping[str, str]], model: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Pairs of treatments that the model ties: kinds of placebo to their common mean, islands
    to the reference where additive components tell all their effects against it."""
    found = []
    if model.get("placebo") == "exchangeable":
        placebos = [name for name in sorted(g) if kinds.get(name, {}).get("kind") == "placebo"]
        found += [(reference, name) for name in placebos if name != reference]
    if model.get("structure") == "additive" and reference in g:
        own = sorted(nx.node_connected_component(g, reference))
        islands = [sorted(c) for c in nx.connected_components(g) if reference not in c]
        bridged = _bridged([reference, *(n for n in own if n != reference)], islands, model)
        found += [(reference, island[0]) for island in bridged]
    return found


def _bridged(own: list[str], islands: list[list[str]], model: Mapping[str, Any]) -> list[list[str]]:
    """Islands whose effects against the reference, ``own[0]``, follow from components: those
    that can lean on one another, after those that cannot are gone."""
    while True:
        groups = [own, *islands]
        treatments = [name for group in groups for name in group]
        usable = [i for i in model.get("interactions", []) if _has(treatments, own[0], i)]
        matrix = components.parts(treatments, usable).matrix
        ends = np.cumsum([0, *map(len, groups)])
        spans = [range(a, b) for a, b in pairwise(ends.tolist())]
        told = components.informed(matrix, spans)
        kept = [
            island
            for island, rows in zip(islands, spans[1:], strict=True)
            if told[list(rows)].all()
        ]
        if len(kept) == len(islands):
            return kept
        islands = kept


def _has(treatments: list[str], inactive: str, interaction: str) -> bool:
    known = {part for name in treatments for part in components.split(name, inactive)}
    return set(components.split(interaction, inactive)) <= known


def split(arms: pd.DataFrame, network: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Arms of the analysed component, and the arms outside it with a reason."""
    inside = arms["treatment"].isin([node["treatment"] for node in network["nodes"]])
    outside = arms[~inside].copy()
    if network["estimable"]:
        islands = {t: i for i in network["islands"] for t in i["treatments"]}
        outside["reason"] = [
            "not linked to the reference "
            f"'{network['reference']}' (island: {', '.join(islands[t]['treatments'])})"
            for t in outside["treatment"]
        ]
    else:
        outside["reason"] = "the stratum is not estimable: " + network["reason"].split(".")[0]
    return arms[inside].reset_index(drop=True), outside.reset_index(drop=True)
