"""How a finding is worded: the figures that speak for it, and the cell as it might read."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from nma.tables import ROW

Row = Mapping[str, Any]
Findings = dict[Any, tuple[str, str]]  # index of a row -> evidence and proposal ("": none)


def found(
    suspects: pd.DataFrame,
    say: Callable[[Row], str],
    propose: Callable[[Row], str] = lambda row: "",
) -> Findings:
    """Evidence and proposal for every row of ``suspects``, by their index."""
    names, cells = suspects.columns.tolist(), suspects.to_numpy(dtype=object).tolist()
    told: Findings = {}
    for index, row in zip(suspects.index, cells, strict=True):
        figures = dict(zip(names, row, strict=True))
        told[index] = say(figures), propose(figures)
    return told


def g(x: float) -> str:
    """A figure in four digits, without exponent where it can be."""
    return f"{x:.4g}"


def where(row: Row, side: str = "") -> str:
    """Which row, and of which treatment."""
    return f"row {row[ROW + side]} ({row['treatment' + side]})"
