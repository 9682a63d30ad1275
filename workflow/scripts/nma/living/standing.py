"""Where every treatment stands: the published figures and verdict of one stratum."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nma.tables import read_typed

COLUMNS = [
    *("treatment", "mean", "sd", "median", "ci_low", "ci_high", "p_below_0", "p_mid"),
    *("mean_rank", "rank_low", "rank_high", "verdict", "certainty"),
]
WORTHWHILE, BEATS, WORSE = "worthwhile", "beats", "worse"
TOO_SMALL, OPEN, COMPARATOR = "no worthwhile effect", "inconclusive", "comparator"
# For readers; {mid} in points, {reference} its name.
WORDS = {
    WORTHWHILE: "better than {reference} by more than {mid:g} points",
    BEATS: "better than {reference}",
    TOO_SMALL: "shown not to be better than {reference} by {mid:g} points",
    OPEN: "inconclusive",
    WORSE: "worse than {reference}",
    COMPARATOR: "comparator, no verdict",
    "": "not estimated",
}


def words_of(verdict: str, settings: Mapping[str, Any]) -> str:
    """A verdict as a reader says it; one that is not known as it stands."""
    words = WORDS.get(verdict, verdict)
    return words.format(reference=settings["reference"], mid=settings["mid"]["value"])


def verdicts(
    effects: pd.DataFrame, kinds: Mapping[str, str], headline: Mapping[str, float]
) -> np.ndarray:
    """The verdict of every treatment (index) from p_below_0 and p_mid, P(d < -MID).

    ``headline`` holds the probabilities ``beats`` and ``worthwhile``; treatments that are
    no active ones are comparators.
    """
    p, p_mid = effects["p_below_0"], effects["p_mid"]
    comparator = np.array([kinds.get(name, "active") != "active" for name in effects.index], bool)
    conditions = [
        comparator,
        (p_mid >= headline["worthwhile"]) & (p >= headline["beats"]),
        p >= headline["beats"],
        p <= 1 - headline["beats"],
        p_mid <= 1 - headline["worthwhile"],
    ]
    return np.select(conditions, [COMPARATOR, WORTHWHILE, BEATS, WORSE, TOO_SMALL], OPEN)


def standing(
    folder: Path, kinds: Mapping[str, str], mid: float, headline: Mapping[str, float]
) -> pd.DataFrame:
    """COLUMNS of one stratum's folder, one row per treatment except the reference.

    From sof.csv (summary of findings), which is the source of verdict and certainty; where
    a folder has none, from effects.csv and ranks.csv, without certainty. Empty if the
    stratum was not estimable.
    """
    summary = folder / "sof.csv"
    if summary.exists():
        table = read_typed(summary)
        table["certainty"] = table["certainty"].astype(object).fillna("")
        return table[COLUMNS].set_index("treatment", drop=False)
    if not (folder / "effects.csv").exists():
        return pd.DataFrame(columns=COLUMNS).set_index("treatment", drop=False)
    table = read_typed(folder / "effects.csv").merge(
        read_typed(folder / "ranks.csv"), on="treatment", how="left"
    )
    table = table.assign(p_mid=table[f"p_below_-{mid:g}"], certainty="")
    table = table.set_index("treatment", drop=False)
    table["verdict"] = verdicts(table, kinds, headline)
    return table[COLUMNS]
