"""The cells of one worksheet as text, read from its XML with openpyxl's parser."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from itertools import groupby
from typing import Any

from nma import limits
from nma.cells import strip
from nma.limits import SHRINK, limit
from nma.sheet import Record, column_letter

CELLS = "cells, blank ones with a format included"
DATES = (date, time, timedelta)
Cell = tuple[int, int, str, str]  # row, column, text, rule broken ("" if none)


@dataclass
class Worksheet:
    """What one sheet holds. Rows and columns count from 1."""

    cells: dict[tuple[int, int], str] = field(default_factory=dict)  # not the blank ones
    marks: list[Cell] = field(default_factory=list)  # cells that break a rule
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)  # columns, rows: first...
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)

    def records(self) -> list[Record]:
        """Rows that are not blank, each up to its last filled cell."""
        records = []
        for row, places in groupby(sorted(self.cells), key=lambda place: place[0]):
            columns = [column for _, column in places]
            texts = [""] * columns[-1]
            for column in columns:
                texts[column - 1] = self.cells[row, column]
            records.append((row, texts))
        return records


def has_cells(sheet: Any) -> bool:
    """Whether a sheet of openpyxl's holds a cell that is not blank."""
    return any(strip(text) or rule for _, _, text, rule in _cells(sheet, Worksheet()))


def read(file: str, sheet: Any) -> Worksheet:
    """The contents of a sheet of openpyxl's. Raises InputError if it passes a limit."""
    limit(file, CELLS, count(sheet._get_source(), b"c"), limits.MAX_WORKBOOK_CELLS, SHRINK)
    contents, rows = Worksheet(), set()
    for row, column, text, rule in _cells(sheet, contents):
        if rule:
            contents.marks.append((row, column, text, rule))
        if strip(text):
            rows.add(row)
            limit(file, "filled rows or more", len(rows), limits.MAX_ROWS, row=row)
            if column > limits.MAX_COLUMNS:
                at = {"row": row, "column": column_letter(column)}
                limit(file, "columns", column, limits.MAX_COLUMNS, **at)
            contents.cells[row, column] = text
    return contents


def count(source: Any, tag: bytes) -> int:
    """Number of XML elements, found without parsing; whatever their prefix, by their tag."""
    starts = [before + tag + after for before in (b"<", b":") for after in (b" ", b">", b"/>")]
    with source:
        parts = iter(partial(source.read, 1_000_000), b"")
        plain = (part.replace(b"\0", b"") for part in parts)  # of UTF-16
        return sum(part.count(start) for part in plain for start in starts)


def _cells(sheet: Any, contents: Worksheet) -> Iterator[Cell]:
    """Every cell in the file; merged ranges, hidden rows and columns go to ``contents``."""
    # openpyxl's own sheets fill every gap up to the last cell, in read-only mode, or make a
    # cell of every one under a merged range or link: a formatted XFD1048576 would end the run.
    from openpyxl.utils import range_boundaries
    from openpyxl.worksheet import _reader
    from openpyxl.xml.functions import iterparse

    percent = _percent_styles(sheet.parent)
    merged_tag = _reader.MERGE_TAG.removesuffix("s")
    with sheet._get_source() as source:
        parser = _parser(sheet, source)
        for _, element in iterparse(source):
            if element.tag == _reader.ROW_TAG:
                parser.row_counter = int(element.get("r", parser.row_counter + 1))
                parser.col_counter = 0
                if element.get("hidden") in ("1", "true"):
                    contents.hidden_rows.append(parser.row_counter)
                for cell in element.findall(_reader.CELL_TAG):
                    yield _cell(cell, parser.parse_cell(cell), percent)
                element.clear()
            elif element.tag == _reader.COL_TAG and element.get("hidden") in ("1", "true"):
                contents.hidden_columns.append((int(element.get("min")), int(element.get("max"))))
            elif element.tag == merged_tag:
                contents.merged.append(range_boundaries(element.get("ref")))


def _parser(sheet: Any, source: Any) -> Any:
    from openpyxl.worksheet._reader import WorkSheetParser

    book = sheet.parent
    return WorkSheetParser(
        source,
        sheet._shared_strings,
        data_only=True,
        epoch=book.epoch,
        date_formats=book._date_formats,
        timedelta_formats=book._timedelta_formats,
    )


def _percent_styles(book: Any) -> Callable[[int], bool]:
    """Whether the style of a number shows a number as a percentage."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE

    @cache
    def percent(style: int) -> bool:
        number = book._cell_styles[style].numFmtId
        custom = number - BUILTIN_FORMATS_MAX_SIZE
        shape = book._number_formats[custom] if custom >= 0 else BUILTIN_FORMATS.get(number)
        # A quoted or escaped sign is text: the number is shown as it is.
        return "%" in re.sub(r'"[^"]*"|\\.', "", shape or "")

    return percent


def _cell(element: Any, parsed: dict[str, Any], percent: Callable[[int], bool]) -> Cell:
    """One cell, from its XML and what openpyxl's parser makes of it."""
    value, kind = parsed["value"], parsed["data_type"]
    row, column = parsed["row"], parsed["column"]
    if row < 1 or column < 1:
        raise ValueError(f"a cell in row {row}, column {column}")
    rule = ""
    if value is None:
        # A formula that gives "" is stored as an empty string, one never calculated as nothing.
        formula = any(part.tag.endswith("}f") for part in element)
        rule = "formula_without_value" if formula and element.get("t") != "str" else ""
    elif kind == "e":
        rule = "spreadsheet_error"
    elif isinstance(value, DATES):
        rule = "date_cell"
    elif kind == "n":
        rule = "percent_cell" if percent(parsed["style_id"]) else ""
    return row, column, _text(value), rule


def _text(value: Any) -> str:
    """A value as text: 15 digits of a number, as many as a spreadsheet keeps; dates as ISO."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value + 0.0:.15g}"  # -0.0 + 0.0 is 0.0
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)
