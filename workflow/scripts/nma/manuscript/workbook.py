"""Tables as an XLSX workbook: numbers are numbers, and no cell of the data is a formula."""

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from nma.manuscript.sheets import Sheet
from nma.manuscript.stable import legal, write_office

HEAD = PatternFill("solid", fgColor="F4F7FA")
WHEN = datetime(1980, 1, 1)
WIDE = 60  # characters beyond which a column wraps
LONGEST = 32_767  # characters that a cell of a spreadsheet can hold


def write(sheets: Sequence[Sheet], path: str | Path, about: Sequence[str] = ()) -> None:
    """One worksheet a table after a first one that says what every column is.

    ``about`` are lines for its top. A cell that would begin a formula is text.
    """
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = WHEN
    book.properties.creator = "lowback-nma"
    first = book.create_sheet("README")
    first.column_dimensions["A"].width, first.column_dimensions["B"].width = 26, 90
    for line in about:
        first.append([_cell(first, line)])
    for sheet in sheets:
        first.append([])
        first.append([_cell(first, sheet.name, bold=True), _cell(first, sheet.title, bold=True)])
        for column in sheet.table:
            meaning = sheet.columns.get(column, "")
            first.append([_cell(first, column), _cell(first, meaning)])
    for sheet in sheets:
        _write_sheet(book, sheet)
    saved = io.BytesIO()
    book.save(saved)
    write_office(saved, path)


def _write_sheet(book: Workbook, sheet: Sheet) -> None:
    page = book.create_sheet(sheet.name[:31])
    page.freeze_panes = "B2"
    for k, column in enumerate(sheet.table, start=1):
        longest = sheet.table[column].map(lambda cell: len(_shown(cell))).max()
        width = max(len(column), 0 if pd.isna(longest) else int(longest)) + 2
        page.column_dimensions[get_column_letter(k)].width = min(width, WIDE)
    page.append([_cell(page, column, bold=True) for column in sheet.table])
    styles: dict[bool, Any] = {}
    for row in zip(*(sheet.table[column] for column in sheet.table), strict=True):
        page.append([_plain(page, value, styles) for value in row])
    last = get_column_letter(max(1, sheet.table.shape[1]))
    page.auto_filter.ref = f"A1:{last}{len(sheet.table) + 1}"


def _plain(page: Any, value: Any, styles: dict[bool, Any]) -> Any:
    """A cell of a table. ``styles`` keeps what a style came to: looking each up anew is most
    of the time that a large sheet takes."""
    value = _value(value)
    if not isinstance(value, str):
        return value
    wide = len(value) > WIDE
    if wide not in styles:
        styles[wide] = _cell(page, value)._style
    cell = WriteOnlyCell(page, value=value)
    cell.data_type = "s"  # "=1+1" is text
    cell._style = styles[wide]
    return cell


def _cell(page: Any, value: Any, bold: bool = False) -> WriteOnlyCell:
    value = _value(value)
    cell = WriteOnlyCell(page, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
        cell.alignment = Alignment(wrap_text=len(value) > WIDE, vertical="top")
    if bold:
        cell.font, cell.fill = Font(bold=True), HEAD
    return cell


def _value(value: Any) -> Any:
    """What a cell can hold of it: yes or nothing, a number, text, nothing."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else None
    number = isinstance(value, (int, float, np.integer, np.floating))
    if number and not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    if number:
        return int(value) if isinstance(value, (int, np.integer)) else round(float(value), 6)
    if value is None or value is pd.NA:
        return None
    return legal(str(value))[:LONGEST]


def _shown(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else f"{value:.6g}"
    return str(value)
