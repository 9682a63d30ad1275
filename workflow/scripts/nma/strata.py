"""Strata: which rows belong to which duration of pain."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nma.tables import to_number


def assign(trials: pd.DataFrame, strata: Mapping[str, Mapping[str, Any]]) -> pd.Series:
    """The stratum of every row, "" where none fits; the first that fits, in their order.

    ``strata`` maps a name to ``min_weeks`` (inclusive), ``max_weeks`` (exclusive, may be
    absent) and ``durations``, the words that belong to it. Weeks of pain, where given,
    decide before words.
    """
    weeks = by_weeks(trials, strata)
    return weeks.where(to_number(trials["pain_weeks"]).notna(), by_word(trials, strata))


def by_weeks(trials: pd.DataFrame, strata: Mapping[str, Mapping[str, Any]]) -> pd.Series:
    """The first stratum whose limits hold the weeks of pain, "" without one."""
    weeks = to_number(trials["pain_weeks"])
    return _first(
        trials,
        {
            name: (weeks >= s["min_weeks"]) & (weeks < s.get("max_weeks", np.inf))
            for name, s in strata.items()
        },
    )


def by_word(trials: pd.DataFrame, strata: Mapping[str, Mapping[str, Any]]) -> pd.Series:
    """The first stratum that lists the word of ``duration``, "" without one."""
    return _first(
        trials, {name: trials["duration"].isin(s["durations"]) for name, s in strata.items()}
    )


def _first(trials: pd.DataFrame, inside: Mapping[str, pd.Series]) -> pd.Series:
    found = pd.Series("", index=trials.index, dtype=object)
    for name, where in inside.items():
        found = found.where(~(where & (found == "")), name)
    return found
