"""A CSV file as a grid: its delimiter, its records, the rows that the header does not fit."""

import csv
import io
import re
from collections import Counter
from itertools import pairwise

from nma import encoding, limits
from nma.cells import strip
from nma.findings import Finding, InputError
from nma.limits import SHRINK, fail, limit
from nma.sheet import Grid, Record, check_first_row, check_row, to_grid

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
# A spreadsheet swallows this line; the rows are counted below it.
SEPARATOR_LINE = re.compile(r'"?sep=([,;|\t])"?[ \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
SAMPLE_CHARACTERS, SAMPLE_ROWS = 100_000, 20  # looked at to find the delimiter


def read_csv(file: str, data: bytes, sheet: str | None) -> Grid:
    """The grid of a file's bytes; a CSV file has no sheets, so naming one is warned of."""
    text, read_as = encoding.decode(file, data)
    told = SEPARATOR_LINE.match(text)
    text = text[told.end() :] if told else text
    delimiter = told[1] if told else _delimiter(text)
    _check_cells(file, text, delimiter)
    records = _records(file, text, delimiter, lines_above=1 if told else 0)
    findings = []
    if read_as in encoding.GUESSES:
        findings.append(encoding.guessed(file, read_as, records))
    if sheet is not None:
        findings.append(
            Finding("warning", file, "no_sheets", f"A CSV file has no sheet '{sheet}'; read whole.")
        )
    how = {"format": "CSV", "encoding": read_as, "delimiter": DELIMITERS[delimiter]}
    check_first_row(file, records)
    errors, long = _ragged(file, records, delimiter)
    return to_grid(file, records, how, findings + long, errors)


def _delimiter(text: str) -> str:
    """The delimiter that gives most rows as many cells as the header, and the most of them."""

    def score(delimiter: str) -> tuple[bool, bool, float, int]:
        widths, quotes = _widths(text, delimiter)
        header = widths[0] if widths else 0
        if header > 1:
            return True, quotes, widths[1:].count(header) / max(len(widths) - 1, 1), header
        # No header in the first line (a title, say): judge by the lines below it.
        width, lines = Counter(widths).most_common(1)[0] if widths else (1, 0)
        return False, quotes, lines / len(widths) if width > 1 else 0.0, width

    return max(DELIMITERS, key=score)


def _widths(text: str, delimiter: str) -> tuple[list[int], bool]:
    """Number of cells of the first rows that are not blank; whether the quotes fit."""
    sample = text[:SAMPLE_CHARACTERS]
    widths: list[int] = []
    quotes = True
    try:
        for cells in _reader(sample, delimiter):
            if any(map(strip, cells)):
                widths.append(len(cells))
            if len(widths) == SAMPLE_ROWS:
                break
    except csv.Error as error:
        quotes = "unexpected end" in str(error)
    if len(sample) < len(text) and 1 < len(widths) < SAMPLE_ROWS:
        widths.pop()  # cut by the end of the sample
    return widths, quotes


def _reader(text: str, delimiter: str):
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _check_cells(file: str, text: str, delimiter: str) -> None:
    """Raise InputError before the text is parsed if it has too many cells, quoted or blank."""
    lines = max(text.count("\n"), text.count("\r"))
    cells = text.count(delimiter) + lines
    limit(file, "cells, blank ones included", cells, limits.MAX_CELLS, SHRINK)


def _records(file: str, text: str, delimiter: str, lines_above: int) -> list[Record]:
    """Rows that are not blank, without the blank cells beyond the last possible column."""
    reader = _reader(text, delimiter)
    records: list[Record] = []
    row = line = 0
    try:
        for row, cells in enumerate(reader, 1):
            line = reader.line_num
            if any(map(strip, cells)):
                check_row(file, row, cells, len(records) + 1)
                records.append((row, cells[: limits.MAX_COLUMNS]))
    except csv.Error as error:
        raise _syntax(file, str(error), row + 1, lines_above + line + 1) from None
    return records


def _syntax(file: str, message: str, row: int, line: int) -> InputError:
    """The error of a row that the csv module could not read to its end."""
    at = {"row": row, "evidence": f"line {line} of the text"}
    if "field larger" in message:
        return fail(
            file,
            "too_large",
            f"A cell of more than {limits.MAX_CHARACTERS:,} characters, or a quote that is opened "
            "here and never closed; check the quotes.",
            **at,
        )
    reason = (
        "A quote is opened in this row and never closed"
        if "unexpected end" in message
        else 'Text follows a closing quote; a quote inside a quoted cell is written ""'
    )
    return fail(file, "csv_syntax", f"{reason}; check the quotes.", **at)


def _ragged(
    file: str, records: list[Record], delimiter: str
) -> tuple[list[Finding], list[Finding]]:
    """Errors of rows with more filled cells than the header, warnings of rows that just
    miss being one: their last cell is blank, so a cell split in two goes unnoticed."""
    (_, header), *rows = records
    usual = Counter(len(cells) for _, cells in rows).most_common(1)
    width = max(len(header), usual[0][0] if usual else 0)
    quote = f"quote cells that hold a {DELIMITERS[delimiter]}."
    errors, long = [], []
    for row, cells in rows:
        if any(map(strip, cells[len(header) :])):
            hint = f"The row has more cells than the header's {len(header)}; {quote}"
            if delimiter == "," and _split_decimal(cells):
                hint += (
                    " An unquoted decimal comma splits a number into two cells "
                    "(3,5 into 3 and 5); write a decimal point."
                )
            errors.append(Finding("error", file, "ragged_row", hint, row=row))
        elif len(cells) > width:
            hint = (
                f"The row has {len(cells)} cells, more than the others, the last ones blank; check "
                f"that no cell is split in two: {quote}"
            )
            long.append(Finding("warning", file, "long_row", hint, row=row))
    return errors, long


def _split_decimal(cells: list[str]) -> bool:
    """Whether two neighbours could be a number split at its decimal comma."""
    return any(
        re.fullmatch(r"[+-]?[0-9]+", whole.strip()) and re.fullmatch("[0-9]+", rest.strip())
        for whole, rest in pairwise(cells)
    )
