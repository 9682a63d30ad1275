"""Changes between a release and a run: rows, effects, the network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nma.living import pairs
from nma.living.movers import ALL, mover_of
from nma.pages import number
from nma.tables import FILE, ROW

ROWS = ["stratum", "change", "study", "row_of", "file", "row", "column", "old", "new"]
FIGURES = (
    *("mean", "sd", "ci_low", "ci_high", "p_below_0", "p_mid", "mean_rank", "rank_low"),
    *("rank_high", "verdict", "certainty"),
)
EFFECTS = [
    *("stratum", "treatment", "change"),
    *(f"{side}_{name}" for name in FIGURES for side in ("old", "new")),
    *("shift", "exact_shift", "exact_shift_sd", "mcse", "mover", "mover_shift", "sentence"),
]
NETWORK = ["stratum", "what", "change", "name", "studies"]


def rows(old: pd.DataFrame, new: pd.DataFrame, stratum: Mapping[str, pd.Series]) -> pd.DataFrame:
    """ROWS: a line per row added or removed, and per cell changed.

    ``old`` and ``new`` are validated trials; ``stratum`` has the stratum of every row of
    both, under "old" and "new".
    """
    found = []
    for pair in pairs.pair(old, new):
        a = None if pair.a is None else old.iloc[pair.a]
        b = None if pair.b is None else new.iloc[pair.b]
        row = b if b is not None else a
        where = stratum["new"].iloc[pair.b] if b is not None else stratum["old"].iloc[pair.a]
        base = {
            "stratum": where,
            "study": row["study"],
            "row_of": pairs.label(row),
            "file": row[FILE],
            "row": row[ROW],
        }
        if a is None or b is None:
            found.append(base | {"change": "added" if a is None else "removed"})
            continue
        found += [
            base | {"change": "changed", "column": c, "old": a.get(c, ""), "new": b.get(c, "")}
            for c in pairs.differing(a, b)
        ]
    return pd.DataFrame(found, columns=ROWS).fillna("")


def network(stratum: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> pd.DataFrame:
    """NETWORK: treatments, comparisons, studies and islands that only one of two
    network.json has; an island that is now linked is ``joined``."""
    found = []

    def compare(what: str, before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> None:
        for name in after:
            if name not in before:
                found.append((stratum, what, "new", name, "; ".join(after[name])))
        for name in before:
            if name not in after:
                found.append((stratum, what, "gone", name, "; ".join(before[name])))

    before, after = _parts(old), _parts(new)
    for what in ("treatment", "comparison", "study"):
        compare(what, before[what], after[what])
    for name, studies in before["island"].items():
        if set(name.split(", ")) <= set(after["treatment"]):
            found.append((stratum, "island", "joined", name, "; ".join(studies)))
    islands = [{n: s for n, s in side["island"].items()} for side in (before, after)]
    for name, studies in islands[1].items():
        if name not in islands[0]:
            found.append((stratum, "island", "new", name, "; ".join(studies)))
    return pd.DataFrame(found, columns=NETWORK)


def _parts(told: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    treatments = {node["treatment"]: [] for node in told["nodes"]}
    comparisons, studies = {}, {}
    for edge in told["edges"]:
        comparisons[f"{edge['a']} : {edge['b']}"] = edge["labels"]
        for name in (edge["a"], edge["b"]):
            treatments[name] = sorted({*treatments[name], *edge["labels"]})
        studies |= {label: [label] for label in edge["labels"]}
    islands = {", ".join(i["treatments"]): i["studies"] for i in told["islands"]}
    return {
        "treatment": treatments,
        "comparison": comparisons,
        "study": dict(sorted(studies.items())),
        "island": islands,
    }


def effects(
    stratum: str,
    old: pd.DataFrame,
    new: pd.DataFrame,
    moves: pd.DataFrame,
    mcse: pd.Series,
    reference: str,
) -> pd.DataFrame:
    """EFFECTS of every treatment that either has; those that changed verdict come first.

    ``old`` and ``new`` are standings, ``moves`` is ``movers.movers``; ``mcse`` is the Monte
    Carlo standard error of the difference between two published means, by treatment.
    ``change`` is new, gone, verdict, moved, noise (the published verdict changed, that of the
    exact posterior did not) or same.
    """
    found = []
    for name in dict.fromkeys([*new.index, *old.index]):
        sides = {"old": old, "new": new}
        row: dict[str, Any] = {"stratum": stratum, "treatment": name}
        for side, table in sides.items():
            for figure in FIGURES:
                row[f"{side}_{figure}"] = (
                    table.loc[name, figure] if name in table.index else _missing(figure)
                )
        own = moves[(moves["treatment"] == name) & (moves["study"] == ALL)]
        exact = own.iloc[0] if len(own) else None
        mover, alone, total = mover_of(moves, name)
        row |= {
            "shift": row["new_mean"] - row["old_mean"],
            "exact_shift": 0.0 if exact is None else total,
            "exact_shift_sd": 0.0 if exact is None else exact["shift_sd"],
            "mcse": float(mcse.get(name, np.nan)),
            "mover": mover,
            "mover_shift": alone,
        }
        row["change"] = _change(row, exact)
        row["sentence"] = _sentence(row, reference)
        found.append(row)
    order = ["new", "gone", "verdict", "noise", "moved", "same"]
    table = pd.DataFrame(found, columns=EFFECTS)
    rank = table["change"].map(order.index)
    size = table["exact_shift_sd"].abs().fillna(np.inf)
    return table.assign(_rank=rank, _size=-size).sort_values(["_rank", "_size"])[EFFECTS]


def _missing(figure: str) -> Any:
    return "" if figure in ("verdict", "certainty") else np.nan


def _change(row: Mapping[str, Any], exact: pd.Series | None) -> str:
    if not row["old_verdict"]:
        return "new"
    if not row["new_verdict"]:
        return "gone"
    if row["old_verdict"] != row["new_verdict"]:
        return "noise" if exact is None or exact["flip"] == "no" else "verdict"
    return "moved" if row["mover"] else "same"


def _sentence(row: Mapping[str, Any], reference: str) -> str:
    """What happened to one treatment, in words."""
    name, mover, many = row["treatment"], row["mover"], "; " in row["mover"]
    new = f"{number(row['new_mean'])} ({number(row['new_ci_low'])} to {number(row['new_ci_high'])})"
    by = mover.replace("; ", ", ")
    if row["change"] == "new":
        brought = f", brought by {by}" if mover else ""
        return f"{name} is new in the network{brought}: {new} points; {row['new_verdict']}."
    if row["change"] == "gone":
        return f"{name} is no longer linked to {reference}" + (f": {by}." if mover else ".")
    moved = f"{number(row['old_mean'])} to {number(row['new_mean'])} points"
    if row["change"] == "same":
        return f"{name} did not move to speak of ({moved})."
    if row["change"] == "noise":
        return (
            f"{name} reads {row['new_verdict']} instead of {row['old_verdict']}, but the exact "
            f"posterior keeps its verdict: this is Monte Carlo error at the line ({moved})."
        )
    start = (
        f"{name} changes from {row['old_verdict']} to {row['new_verdict']} ({moved})."
        if row["change"] == "verdict"
        else f"{name} moves from {moved}; its verdict stays: {row['new_verdict']}."
    )
    if not mover:
        return start
    if many:
        return f"{start} No study does this alone; together: {by}."
    return (
        f"{start} The mover is {mover}: alone it shifts the effect by "
        f"{number(row['mover_shift'], 2)} points, all changes together by "
        f"{number(row['exact_shift'], 2)}."
    )
