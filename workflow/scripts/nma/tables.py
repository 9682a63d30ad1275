"""Read and write tables. With ``grid`` the only module of the data path that touches files.

Input tables are read as text: no cell is interpreted, so a decimal comma or the word
"NA" reaches validation as the user typed it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from nma.contract import Field
from nma.findings import Finding, InputError, nearest
from nma.grid import Grid, read_grid
from nma.whole import whole

FILE, ROW = "_file", "_row"
# Columns of our own tables that are text whatever they look like.
TEXT = frozenset(
    [
        *("study", "treatment", "comparator", "basis", "derivation", "reported", "kind"),
        *("instrument", "rob", "doubt", "doi", "file", "rows", "row", "reason", "parameter"),
        *("level", "column", "value", "rule", "hint", "evidence", "proposal"),
    ]
)
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"  # finite, ASCII digits


def read_text(path: str | Path, sheet: str | None = None) -> pd.DataFrame:
    """One CSV or XLSX file as text cells, blanks as "", with ``_file`` and ``_row``.

    ``_row`` counts as a spreadsheet does: the header is row 1. Fully blank rows are
    skipped but still counted, columns without a name dropped. Warnings of the grid are
    dropped too. Raises InputError for a file that cannot be read (see ``read_grid``) or
    with a cell that cannot.
    """
    return _frame(read_grid(path, sheet))


def read_input(path: str | Path, fields: tuple[Field, ...], name: str) -> pd.DataFrame:
    """An input table with every column of its contract (absent ones blank).

    Raises InputError if a required column is missing, naming the nearest one present,
    or if the table has no rows.
    """
    grid = read_grid(path)
    table = _frame(grid)
    present = [column for column in table.columns if column not in (FILE, ROW)]
    known = [field.name for field in fields]
    findings = [
        Finding(
            "error",
            grid.file,
            "wrong_header",
            f"The {name} table needs a column '{field.name}' ({field.meaning})."
            + nearest(field.name, [c for c in present if c not in known]),
            row=1,
            column=field.name,
        )
        for field in fields
        if field.required and field.name not in present
    ]
    if findings:
        raise InputError(findings)
    if table.empty and name in ("trials", "instruments", "treatments"):
        raise InputError(
            [Finding("error", grid.file, "empty_file", f"The {name} table has no rows.")]
        )
    for column in known:
        if column not in table:
            table[column] = ""
    return table


def unknown_columns(table: pd.DataFrame, fields: tuple[Field, ...]) -> list[str]:
    """Columns that the contract does not know, in the order of the file."""
    known = {field.name for field in fields} | {FILE, ROW}
    return [column for column in table.columns if column not in known]


def to_number(cells: pd.Series) -> pd.Series:
    """Cells as float; blanks and unreadable cells as NaN (see ``is_number``).

    No unit: the column's own.
    """
    return pd.to_numeric(cells.where(is_number(cells), ""), errors="coerce").astype(float)


def is_number(cells: pd.Series) -> pd.Series:
    """True where a cell is a plain decimal number ("1e3" and "-0.5" are, "1,5" is not)."""
    return cells.str.fullmatch(NUMBER).fillna(False)


def grouped(table: pd.DataFrame, *columns: str) -> Iterator[tuple[tuple, list[dict[str, Any]]]]:
    """(values of the columns, rows as dicts) of every group, sorted by them; rows keep their
    order. A pandas frame a group costs milliseconds, which thousands of studies pay."""
    rows = table.sort_values(list(columns), kind="stable").to_dict("records")
    return ((key, list(group)) for key, group in groupby(rows, itemgetter(*columns)))


def stacked(parts: Iterable[pd.DataFrame], columns: Iterable[str]) -> pd.DataFrame:
    """Tables under each other; ``columns`` if none of them has a row."""
    kept = [part.astype(object) for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(columns))


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a CSV whole or not at all (written aside, then renamed); 10 digits.

    Text that a spreadsheet would take for a formula is made harmless (``guard``).
    """
    guarded = table.apply(lambda column: column if is_numeric_dtype(column) else guard(column))
    with whole(path) as part:
        guarded.to_csv(part, index=False, float_format="%.10g", lineterminator="\n")


def guard(cells: pd.Series) -> pd.Series:
    """Text cells with an apostrophe before what a spreadsheet would run: = + - @ tab return.

    Plain numbers stay. ``unguard`` gives every cell back: a cell that begins with an
    apostrophe and one of these gets a second apostrophe.
    """
    text = cells.where(cells.map(lambda cell: isinstance(cell, str)), "").astype(str)
    risky = text.str.match(r"'*[=+\-@\t\r]") & ~text.str.fullmatch(NUMBER)
    return cells.where(~risky, "'" + text) if risky.any() else cells


def unguard(cells: pd.Series) -> pd.Series:
    """Cells as they were before ``guard``."""
    return cells.str.replace(r"^'('*[=+\-@\t\r])", r"\1", regex=True)


def read_back(path: str | Path) -> pd.DataFrame:
    """A table of our own as text, blanks as "" ("NA" may be a value)."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    # Most tables have no apostrophe at all: to look at each cell is half of reading them.
    return table.apply(unguard) if b"'" in Path(path).read_bytes() else table


def read_typed(path: str | Path, text: Collection[str] = TEXT) -> pd.DataFrame:
    """A table of our own with numbers where every cell of a column is one, blank as NaN;
    ``text`` columns stay text: a study may be called 2001 or NA."""
    table = read_back(path)
    for column in table.columns.difference(list(text)):
        numeric = pd.to_numeric(table[column], errors="coerce")
        if numeric.notna().eq(table[column].ne("")).all():
            table[column] = numeric
    return table


class Folder(Mapping[str, pd.DataFrame]):
    """The tables of a folder by name, each read when first asked for: words and figures want
    few of those that the checks leave, and the largest are not among them."""

    def __init__(self, path: str | Path):
        self._paths = {file.stem: file for file in sorted(Path(path).glob("*.csv"))}
        self._read = cache(lambda name: read_typed(self._paths[name]))

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def read_json(path: str | Path) -> Any:
    """A JSON file of our own: network.json, config.json, manifest.json."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_text(text: str, path: str | Path) -> None:
    """Write a text file whole or not at all."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def _frame(grid: Grid) -> pd.DataFrame:
    errors = [finding for finding in grid.findings if finding.level == "error"]
    if errors:
        raise InputError(errors)
    named = [i for i, name in enumerate(grid.header) if name]
    rows = [[cells[i] for i in named] for _, cells in grid.rows]
    table = pd.DataFrame(rows, columns=[grid.header[i] for i in named], dtype=str)
    table[FILE], table[ROW] = grid.file, [row for row, _ in grid.rows]
    return table
