"""Read one sheet of a file, CSV or XLSX, as a grid of text cells.

What a cell means is left to others. What a program on the way may have done to it is
not: encodings, delimiters, dates, formulas, merged and hidden cells are found and said.
"""

from pathlib import Path

from nma import limits
from nma.csv_sheet import read_csv
from nma.limits import fail, limit
from nma.sheet import Grid, column_letter
from nma.workbook import read_workbook

__all__ = ["Grid", "column_letter", "read_grid"]

WORKBOOKS = (".xlsx", ".xlsm")
FOREIGN_SUFFIXES = (".xls", ".xlsb", ".ods", ".numbers")


def read_grid(path: str | Path, sheet: str | None = None) -> Grid:
    """One sheet of a CSV or XLSX file; ``sheet`` names a sheet of a workbook.

    Raises InputError, with every reason found, if the file is missing, too large, of
    another format, broken, or without a header that the rows fit.
    """
    file, path = str(path), Path(path)
    suffix = path.suffix.lower()
    if not path.is_file():
        raise fail(
            file, "file_missing", "The file does not exist; check the path in config/config.yaml."
        )
    if suffix in FOREIGN_SUFFIXES:
        hint = f"A {path.suffix} file is not read; save it as .xlsx or as CSV UTF-8."
        raise fail(file, "format", hint)
    most = limits.MAX_WORKBOOK_BYTES if suffix in WORKBOOKS else limits.MAX_TEXT_BYTES
    try:
        limit(file, "bytes", path.stat().st_size, most)
        data = path.read_bytes()
    except OSError as error:
        hint = f"The file cannot be read ({error.strerror})."
        raise fail(file, "file_unreadable", hint) from None
    return (read_workbook if suffix in WORKBOOKS else read_csv)(file, data, sheet)
