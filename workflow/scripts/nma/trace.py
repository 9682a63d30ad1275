"""The trace: every figure of arms.csv back to file, row, column and cell."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from nma.contract import NAMES, PRINTED
from nma.tables import FILE, ROW

TRACE_COLUMNS = [
    *("study", "treatment", "figure", "derivation"),
    *("file", "row", "column", "sheet_column", "cell", "printed"),
]
OF_SCALE = ("measure", "instrument")  # what a mean is, and the range that makes points of it


def lines(
    study: str, treatment: str, basis: str, rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The cells behind one arm: TRACE_COLUMNS, one line per figure, row and cell.

    A row knows its ``_uses`` (figure -> columns) and ``_cells``: the text that was read,
    the names of its columns in the user's own sheet, and the cells as printed where a
    declared correction changed them.
    """
    found = []
    for row in rows:
        cells = row["_cells"]
        names, printed = (json.loads(cells.get(key) or "{}") for key in (NAMES, PRINTED))
        for figure, columns in _figures(row, basis).items():
            for column in columns:
                cell = cells.get(column, "")
                if cell:
                    found.append(
                        {
                            "study": study,
                            "treatment": treatment,
                            "figure": figure,
                            "derivation": row["_how"],
                            "file": row[FILE],
                            "row": row[ROW],
                            "column": column,
                            "sheet_column": names.get(column, column),
                            "cell": cell,
                            "printed": printed.get(column, cell),
                        }
                    )
    return found


def _figures(row: Mapping[str, Any], basis: str) -> dict[str, list[str]]:
    """The columns behind every figure of arms.csv that a row gives."""
    value = "mean" if basis == "arm" else "y"
    people = ["n", "n_comparator"] if row["measure"] == "difference" else ["n"]
    figures = {"n": people}
    for figure, columns in row["_uses"].items():
        named = ["p_value" if column == "p" else column for column in columns]
        scale = OF_SCALE if figure == "mean" else ()
        figures[value if figure == "mean" else figure] = [*named, *scale]
    return figures
