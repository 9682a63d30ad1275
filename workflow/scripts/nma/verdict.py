"""Verdicts and the summary of findings: what a reader takes home of each treatment.

The rule (config: headline) reads posterior probabilities first and certainty second: a claim
that needs more certainty than there is falls back to the next weaker one. No verdict comes
without the size of the effect.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nma.certainty import RATINGS
from nma.pages import number, percent

WORTHWHILE, BEATS, WORSE = "worthwhile", "beats", "worse"
NO_WORTHWHILE, INCONCLUSIVE, COMPARATOR = "no worthwhile effect", "inconclusive", "comparator"
COLUMNS = [
    *("treatment", "kind", "class", "modality", "studies", "direct_studies", "people"),
    *("mean", "sd", "median", "ci_low", "ci_high", "pred_low", "pred_high"),
    *("p_below_0", "p_mid", "mean_rank", "rank_low", "rank_high", "sucra"),
    *("certainty", "at_most", "verdict", "sentence"),
]
# How a claim is worded by its certainty (the idea of GRADE's informative statements).
HEDGE = {"high": "", "moderate": "probably ", "low": "may ", "very low": "may "}


def verdict(p_below_0: float, p_mid: float, certainty: str, rule: Mapping[str, Any]) -> str:
    """Verdict of one active treatment; ``rule`` is config's headline."""

    def sure(claim: str) -> bool:
        needed = rule["certainty"][claim].replace("_", " ")
        return RATINGS.index(certainty) <= RATINGS.index(needed)

    beats = p_below_0 >= rule["beats"]
    if beats and p_mid >= rule["worthwhile"] and sure("worthwhile"):
        return WORTHWHILE
    if beats and sure("beats"):
        return BEATS
    if 1 - p_below_0 >= rule["beats"] and sure("beats"):
        return WORSE
    if 1 - p_mid >= rule["no_worthwhile"] and sure("no_worthwhile"):
        return NO_WORTHWHILE
    return INCONCLUSIVE


def claim(row: Mapping[str, Any], reference: str, outcome: str) -> str:
    """The verdict in plain words, worded by its certainty, without the size: it stands beside
    the numbers of its row."""
    hedge = HEDGE[row["certainty"]]
    s = "" if hedge.strip() == "may" else "s"
    said = {
        WORTHWHILE: f"{hedge}lower{s} {outcome} more than {reference}, by an amount that matters",
        BEATS: f"{hedge}lower{s} {outcome} more than {reference}, by how much is less sure",
        WORSE: f"{hedge}leave{s} more {outcome} than {reference}",
        NO_WORTHWHILE: f"{hedge}make{s} no difference that matters against {reference}",
        INCONCLUSIVE: f"cannot be told from {reference}",
        COMPARATOR: f"is a comparator, not an active treatment, here against {reference}",
    }[row["verdict"]]
    unsure = row["certainty"] == "very low" and row["verdict"] not in (INCONCLUSIVE, COMPARATOR)
    return said[0].upper() + said[1:] + ("; the evidence is very uncertain" if unsure else "")


def sentence(row: Mapping[str, Any], reference: str, mid: float, outcome: str) -> str:
    """The verdict in plain words, always with the size of the effect in points."""
    size = f"{size_of(row['median'])} ({span_of(row['ci_low'], row['ci_high'])})"
    chance = f"the chance of more than {mid:g} points better is {percent(row['p_mid'])}"
    return f"{claim(row, reference, outcome)}: {size}; {chance}."


def summary_of_findings(
    effects: pd.DataFrame,
    ranks: pd.DataFrame,
    certainty: pd.DataFrame,
    network: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> pd.DataFrame:
    """COLUMNS of every treatment but the reference, the best first.

    ``effects``, ``ranks`` and ``certainty`` are the tables of the stratum, ``network`` its
    network.json; ``settings`` has reference, mid, headline and outcome. People are those of
    the treatment's own arms that report a number.
    """
    reference, mid = settings["reference"], settings["mid"]["value"]
    against = certainty[certainty["comparator"] == reference].set_index("treatment")
    nodes = {node["treatment"]: node for node in network["nodes"]}
    direct = {
        (set(edge[side] for side in "ab") - {reference}).pop(): edge["studies"]
        for edge in network["edges"]
        if reference in (edge["a"], edge["b"])
    }
    merged = effects.merge(ranks, on="treatment")
    rows = []
    for row in merged.sort_values(["median", "treatment"]).to_dict("records"):
        name = row["treatment"]
        node, rated = nodes[name], against.loc[name]
        row |= {key: node.get(key, "") for key in ("kind", "class", "modality", "studies")}
        row |= {"people": node.get("n"), "direct_studies": direct.get(name, 0)}
        row |= {"certainty": rated["certainty"], "at_most": bool(rated["at_most"])}
        row["p_mid"] = row[f"p_below_-{mid:g}"]
        row["verdict"] = (
            verdict(row["p_below_0"], row["p_mid"], row["certainty"], settings["headline"])
            if node.get("kind", "active") == "active"
            else COMPARATOR
        )
        row["sentence"] = sentence(row, reference, mid, settings["outcome"])
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def size_of(points: float) -> str:
    """A mean difference in words: below 0 is better."""
    return f"{number(abs(points))} points {'better' if points <= 0 else 'worse'}"


def span_of(low: float, high: float) -> str:
    """A 95% interval in the same words."""
    if high <= 0:
        return f"95% interval {number(-high)} to {number(-low)} better"
    if low >= 0:
        return f"95% interval {number(low)} to {number(high)} worse"
    return f"95% interval {number(-low)} better to {number(high)} worse"
