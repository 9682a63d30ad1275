"""Read and write tables. The only module of the data path that touches files.

Input tables are read as text: nothing is guessed, so a date, a decimal comma or the
word "NA" reaches validation as the user typed it.
"""

import csv
import io
import os
from pathlib import Path

import pandas as pd

from nma.contract import Field
from nma.findings import Finding, InputError, nearest

FILE, ROW = "_file", "_row"
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"  # finite, ASCII digits


def read_text(path: str | Path) -> pd.DataFrame:
    """One CSV or XLSX file as text cells, blanks as "", with ``_file`` and ``_row``.

    ``_row`` counts as a spreadsheet does: the header is row 1. Fully blank rows are
    skipped but still counted. Raises InputError for a file that is missing, empty,
    not UTF-8, without a header or with rows longer than the header.
    """
    path = Path(path)

    def fail(rule: str, hint: str, **where) -> InputError:
        return InputError([Finding("error", str(path), rule, hint, **where)])

    if not path.is_file():
        raise fail("file_missing", "The file does not exist; check the path in config/config.yaml.")
    if path.suffix.lower() == ".xlsx":
        grid = _xlsx_grid(path, fail)
    else:
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = path.read_bytes()[: error.start].count(b"\n") + 1
            raise fail(
                "encoding",
                f"Not UTF-8 (byte {error.start} on line {line}); save the sheet as 'CSV UTF-8'.",
                row=line,
            ) from None
        try:
            grid = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error as error:
            raise fail("csv_syntax", f"Not a readable CSV ({error}); check the quotes.") from None
    if not grid or not any(cell.strip() for cell in grid[0]):
        raise fail("empty_file", "The file is empty; its first row must hold the column names.")
    header = [cell.strip() for cell in grid[0]]
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise fail("header", f"Column names appear twice: {repeated}; rename one.", row=1)
    ragged = [i for i, cells in enumerate(grid, 1) if any(c.strip() for c in cells[len(header) :])]
    if ragged:
        raise InputError(
            [
                Finding(
                    "error",
                    str(path),
                    "ragged_row",
                    f"The row has more cells than the header's {len(header)}; quote cells "
                    "that hold a comma.",
                    row=i,
                )
                for i in ragged
            ]
        )
    rows = [
        [cell.strip() for cell in cells[: len(header)]] + [""] * (len(header) - len(cells))
        for cells in grid[1:]
    ]
    table = pd.DataFrame(rows, columns=header, dtype=str)
    table[FILE], table[ROW] = str(path), range(2, len(table) + 2)
    if "" in table:
        table = table.drop(columns="")
    return table[table.drop(columns=[FILE, ROW]).ne("").any(axis=1)].reset_index(drop=True)


def read_input(path: str | Path, fields: tuple[Field, ...], name: str) -> pd.DataFrame:
    """An input table with every column of its contract (absent ones blank).

    Raises InputError if a required column is missing, naming the nearest one present,
    or if the table has no rows.
    """
    table = read_text(path)
    present = [column for column in table.columns if column not in (FILE, ROW)]
    known = [field.name for field in fields]
    findings = [
        Finding(
            "error",
            str(path),
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
            [Finding("error", str(path), "empty_file", f"The {name} table has no rows.")]
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


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a CSV whole or not at all (written aside, then renamed); 10 digits."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    table.to_csv(aside, index=False, float_format="%.10g", lineterminator="\n")
    os.replace(aside, path)


def write_text(text: str, path: str | Path) -> None:
    """Write a text file whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)


def _xlsx_grid(path: Path, fail) -> list[list[str]]:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise fail("xlsx", f"Not a readable XLSX workbook ({error}); save it again.") from None
    grid = [
        ["" if cell is None else f"{cell}".strip() for cell in row]
        for row in book.worksheets[0].iter_rows(values_only=True)
    ]
    book.close()
    while grid and not any(grid[-1]):
        grid.pop()
    return grid
