"""What the sheets of any file share: a header in row 1 and rows below it that fit."""

from collections import Counter
from dataclasses import dataclass

from nma import limits
from nma.cells import Cleaner, strip
from nma.findings import Finding, InputError
from nma.limits import fail, limit

TITLE_ROWS = 10  # how far down a header is looked for when row 1 holds none

Record = tuple[int, list[str]]  # spreadsheet row, cells as found


@dataclass(frozen=True)
class Grid:
    """One sheet as text cells. No cell is interpreted.

    ``file`` is the label that findings use: the path as given, for a workbook "path
    [Sheet]". ``header`` holds the names of the columns up to the last named one, "" where
    a column has none. ``rows`` holds (spreadsheet row, as many cells as ``header``) of
    every row with a cell in a named column; the header is row 1. ``how`` says how the file
    was read. ``findings`` are its warnings and the errors of single cells.
    """

    file: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    how: dict[str, str]
    findings: list[Finding]


def column_letter(number: int) -> str:
    """Name of the column as a spreadsheet shows it; 1 is A, 27 is AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def check_row(file: str, row: int, cells: list[str], number: int) -> None:
    """Raise InputError if a row, the ``number``-th that is not blank, passes a limit."""
    limit(file, "filled rows or more", number, limits.MAX_ROWS, row=row)
    if len(cells) > limits.MAX_COLUMNS:
        filled = max((i for i, cell in enumerate(cells, 1) if strip(cell)), default=0)
        limit(file, "columns", filled, limits.MAX_COLUMNS, row=row)
    most = limits.MAX_CHARACTERS
    if sum(map(len, cells)) > most:
        for i, cell in enumerate(cells, 1):
            at = {"row": row, "column": column_letter(i)}
            limit(file, "characters in a cell", len(cell), most, **at)


def check_area(file: str, rows: int, columns: int) -> None:
    """Raise InputError if a grid of that size has too many cells."""
    limit(file, f"cells ({rows:,} rows of {columns:,} columns)", rows * columns, limits.MAX_CELLS)


def check_first_row(file: str, records: list[Record]) -> None:
    """Raise InputError if row 1 holds no names, saying where they seem to be."""
    filled = {row: sum(1 for c in cells if strip(c)) for row, cells in records[:TITLE_ROWS]}
    if filled.get(1, 0) > 1:
        return
    for row, cells in filled.items():
        if 1 < row <= TITLE_ROWS and cells >= 3:
            raise fail(
                file,
                "header",
                f"Row 1 must hold the column names; they seem to be in row {row}. Delete the "
                "rows above it.",
                row=1,
            )
    if not filled.get(1):
        raise fail(
            file, "empty_file", "The file is empty; its first row must hold the column names."
        )


def to_grid(
    file: str,
    records: list[Record],
    how: dict[str, str],
    findings: list[Finding],
    errors: list[Finding],
) -> Grid:
    """The grid of records, the first of which is the header.

    Raises InputError with ``errors`` and those of the header, if there are any.
    """
    header = [strip(cell) for cell in records[0][1]]
    while header and not header[-1]:
        header.pop()
    errors = _repeated(file, header) + errors
    if errors:
        raise InputError(errors)
    check_area(file, len(records), len(header))
    findings = findings + _unnamed(file, header, records)
    cleaner = Cleaner(file, header, findings)
    rows = [(row, cleaner.clean(row, cells)) for row, cells in records]
    if cleaner.minus:
        how = how | {"typographic_minus": f"{cleaner.minus} cells, read with '-'"}
    named = [i for i, name in enumerate(header) if name]
    rows = [(row, cells) for row, cells in rows[1:] if any(cells[i] for i in named)]
    return Grid(file, header, rows, how, findings)


def _repeated(file: str, header: list[str]) -> list[Finding]:
    """An error per column name that stands twice, however written."""
    places: dict[str, list[int]] = {}
    for i, name in enumerate(header):
        if name:
            places.setdefault("".join(name.casefold().split()), []).append(i)
    findings = []
    for at in (at for at in places.values() if len(at) > 1):
        names = list(dict.fromkeys(header[i] for i in at))
        findings.append(
            Finding(
                "error",
                file,
                "header",
                f"Column names appear twice: {', '.join(map(repr, names))} (columns "
                f"{', '.join(column_letter(i + 1) for i in at)}); rename or delete all but one.",
                row=1,
                column=names[0],
            )
        )
    return findings


def _unnamed(file: str, header: list[str], records: list[Record]) -> list[Finding]:
    """A warning per column that has cells but no name."""
    names = header + [""] * max(len(cells) for _, cells in records)
    counts = Counter(
        i
        for _, cells in records[1:]
        for i, (name, cell) in enumerate(zip(names, cells, strict=False))
        if not name and strip(cell)
    )
    return [
        Finding(
            "warning",
            file,
            "blank_header",
            f"Column {column_letter(i + 1)} has no name; its {count} filled cells are not used. "
            "Name it or delete it.",
            row=1,
            column=column_letter(i + 1),
        )
        for i, count in sorted(counts.items())
    ]
