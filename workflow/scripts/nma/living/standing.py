"""Where every treatment stands: the published figures and verdict of one stratum."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nma.certainty import RATINGS
from nma.tables import read_typed
from nma.verdict import (
    BEATS,
    COMPARATOR,
    INCONCLUSIVE,
    NO_WORTHWHILE,
    WORSE,
    WORTHWHILE,
    verdict,
)

COLUMNS = [
    *("treatment", "mean", "sd", "median", "ci_low", "ci_high", "p_below_0", "p_mid"),
    *("mean_rank", "rank_low", "rank_high", "verdict", "certainty"),
]
# For readers; {mid} in points, {reference} its name.
WORDS = {
    WORTHWHILE: "better than {reference} by more than {mid:g} points",
    BEATS: "better than {reference}",
    NO_WORTHWHILE: "shown not to be better than {reference} by {mid:g} points",
    INCONCLUSIVE: "inconclusive",
    WORSE: "worse than {reference}",
    COMPARATOR: "comparator, no verdict",
    "": "not estimated",
}


def words_of(verdict: str, settings: Mapping[str, Any]) -> str:
    """A verdict as a reader says it; one that is not known as it stands."""
    words = WORDS.get(verdict, verdict)
    return words.format(reference=settings["reference"], mid=settings["mid"]["value"])


def verdicts(
    effects: pd.DataFrame, kinds: Mapping[str, str], headline: Mapping[str, Any]
) -> np.ndarray:
    """The verdict of every treatment (index) from p_below_0 and p_mid, P(d < -MID).

    By probabilities alone, as if certainty were high: refits with one study more or less
    ask what the figures do. ``headline`` is the config's; treatments that are no active
    ones are comparators.
    """
    return np.array(
        [
            verdict(row.p_below_0, row.p_mid, RATINGS[0], headline)
            if kinds.get(row.Index, "active") == "active"
            else COMPARATOR
            for row in effects[["p_below_0", "p_mid"]].itertuples()
        ],
        dtype=object,
    )


def standing(
    folder: Path, kinds: Mapping[str, str], mid: float, headline: Mapping[str, Any]
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
