"""What a rule of validation is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Rule:
    """``broken(text, value)`` is True for rows that break the rule; ``text`` holds the
    cells as typed, ``value`` the same columns as numbers where the contract says so.
    ``evidence(index)`` gives, for such a row, the figures that speak for it and the cell
    as it might read ("" if the figures do not say)."""

    name: str
    level: str
    column: str
    hint: str
    broken: Callable[[pd.DataFrame, pd.DataFrame], pd.Series]
    evidence: Callable[[Any], tuple[str, str]] = lambda index: ("", "")
