"""Strata: which rows belong to which duration of pain."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nma.tables import to_number


def assign(trials: pd.DataFrame, strata: Mapping[str, Mapping[str, Any]]) -> pd.Series:
    """The stratum of every row, "" where none fits.

    ``strata`` maps a name to ``min_weeks`` (inclusive), ``max_weeks`` (exclusive, may be
    absent) and ``durations``, the words that belong to it. Weeks of pain, where given,
    decide before words.
    """
    weeks = to_number(trials["pain_weeks"])
    found = pd.Series("", index=trials.index, dtype=object)
    for name, stratum in strata.items():
        inside = (weeks >= stratum["min_weeks"]) & (weeks < stratum.get("max_weeks", np.inf))
        worded = weeks.isna() & trials["duration"].isin(stratum["durations"])
        found = found.where(~((inside | worded) & (found == "")), name)
    return found
