"""What the form of a worksheet says beyond its text: merged, hidden, formatted cells."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import groupby

from nma.cells import clip, strip
from nma.contract import TABLES
from nma.findings import Finding
from nma.sheet import column_letter
from nma.worksheet import Worksheet

NOT_TEXT = {f.name for table in TABLES.values() for f in table if f.kind != "text"}
HINTS = {
    "spreadsheet_error": "The spreadsheet shows an error here; correct the formula or type "
    "the value.",
    "formula_without_value": "The formula was never calculated; open the file in a "
    "spreadsheet program and save it.",
    "percent_cell": "The spreadsheet shows a percentage, the cell holds a fraction; the "
    "fraction is read. Format the cell as a number.",
}


def merged_header(file: str, sheet: Worksheet) -> list[Finding]:
    """An error per merged range that a column name fills."""
    return [
        Finding(
            "error",
            file,
            "header",
            f"The cells {_range(box)} are merged; the header is one row with a name over every "
            "column. Unmerge them.",
            row=1,
            value=clip(strip(sheet.cells[1, box[0]])),
        )
        for box in sheet.merged
        if box[1] == 1 and box[:2] != box[2:] and (1, box[0]) in sheet.cells
    ]


def fill_merged(file: str, sheet: Worksheet) -> list[Finding]:
    """Repeat the value of each merged range over it; a warning per range.

    Rows without any cell of their own stay blank, and so do columns without a name.
    """
    rows = sorted({row for row, _ in sheet.cells})
    width = max(column for row, column in sheet.cells if row == 1)
    findings = []
    for box in sheet.merged:
        left, top, right, bottom = box
        value = sheet.cells.get((top, left))
        if top == 1 or value is None:
            continue
        places = [
            (row, column)
            for row in rows[bisect_left(rows, top) : bisect_right(rows, bottom)]
            for column in range(left, min(right, width) + 1)
        ]
        sheet.cells.update(dict.fromkeys(places, value))
        if len(places) > 1:
            hint = f"The cells {_range(box)} are merged; their value is read in each of them. "
            hint += "Unmerge and fill in."
            at = {"row": top, "column": _name(sheet, left), "value": clip(strip(value))}
            findings.append(Finding("warning", file, "merged_cells", hint, **at))
    return findings


def hidden(file: str, sheet: Worksheet) -> list[Finding]:
    """One warning that names the hidden rows and columns that hold cells."""
    rows = sorted({row for row, _ in sheet.cells}.intersection(sheet.hidden_rows))
    used = sorted({column for _, column in sheet.cells})
    columns = [c for c in used if any(low <= c <= high for low, high in sheet.hidden_columns)]
    said = [f"row {_spans(rows)}"] if rows else []
    said += [f"column {', '.join(map(column_letter, columns))}"] if columns else []
    if not said:
        return []
    hint = f"Hidden but read like the others: {' and '.join(said)}. Show or delete them."
    return [Finding("warning", file, "hidden_rows", hint)]


def marked(file: str, sheet: Worksheet) -> list[Finding]:
    """What cells of named columns have against them."""
    findings = []
    for row, column, text, rule in sheet.marks:
        name = sheet.cells.get((1, column), "")
        if row > 1 and not name:
            continue
        level, hint = _date(name) if rule == "date_cell" else ("error", HINTS[rule])
        evidence = ""
        if rule == "percent_cell":
            level, evidence = "warning", f"shown as {100 * float(text):.6g}%"
        at = {"row": row, "column": _name(sheet, column), "value": text}
        findings.append(Finding(level, file, rule, hint, evidence=evidence, **at))
    return findings


def _date(name: str) -> tuple[str, str]:
    """Level and hint of a date in the column of that name."""
    if strip(name).casefold() in NOT_TEXT:
        return "error", (
            "The spreadsheet turned a number such as 3.5 into a date; format the cell as a number "
            "and retype it."
        )
    return "warning", (
        "The spreadsheet holds a date here, e.g. a label 'May 2003' turned into one; format the "
        "cell as text and retype it."
    )


def _name(sheet: Worksheet, column: int) -> str:
    return strip(sheet.cells.get((1, column), "")) or column_letter(column)


def _range(box: tuple[int, int, int, int]) -> str:
    left, top, right, bottom = box
    return f"{column_letter(left)}{top}:{column_letter(right)}{bottom}"


def _spans(numbers: Iterable[int]) -> str:
    """Sorted numbers as text, runs shortened: "3, 5-9"."""
    runs = []
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        inside = [number for _, number in run]
        runs.append(f"{inside[0]}" if len(inside) == 1 else f"{inside[0]}-{inside[-1]}")
    return ", ".join(runs)
