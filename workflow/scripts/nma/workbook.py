"""An XLSX workbook: the sheet to use as a grid. openpyxl is imported when one is read."""

import io
import re
import warnings
import zipfile

from nma import formatting, limits, worksheet
from nma.cells import clip
from nma.findings import Finding, InputError, nearest
from nma.limits import SHRINK, fail, limit
from nma.sheet import Grid, check_area, check_first_row, check_row, to_grid
from nma.worksheet import Worksheet

ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?[^>]*\?>\s*)?<(?:[\w.-]+:)?(\w+)[\s/>]")


def read_workbook(file: str, data: bytes, name: str | None) -> Grid:
    """The grid of one sheet: the named one, else the first with cells that is not hidden."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise fail(
            file,
            "format",
            "The workbook is encrypted, or an old .xls renamed; save it as .xlsx without a "
            "password, or as CSV UTF-8.",
        )
    try:
        _check_archive(file, data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl names features that it will not save
            title, others, sheet = _load(file, data, name)
    except InputError:
        raise
    except Exception as error:  # openpyxl lets through whatever a broken file makes fail
        reason = clip(f"{type(error).__name__}: {error}".splitlines()[0], 120)
        raise fail(
            file,
            "xlsx",
            f"Not a readable XLSX workbook ({reason}); open it in a spreadsheet program and "
            "save it again.",
        ) from None
    label = _label(file, title)
    findings = [_several(label, title, others)] if others and name is None else []
    how = {"format": "XLSX", "sheet": title, "other_sheets": str(len(others))}  # with cells
    return _grid(label, sheet, how, findings)


def _check_archive(file: str, data: bytes) -> None:
    """Raise InputError if the archive holds or unpacks to much more than a workbook would."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        limit(file, "files in the workbook", len(members), limits.MAX_MEMBERS)
        unpacked = sum(member.file_size for member in members)
        limit(file, "bytes when unpacked", unpacked, limits.MAX_UNPACKED)
        for member in members:
            if member.file_size > 1_000_000:
                _check_member(file, archive, member)


def _check_member(file: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """The limits of one large file of the archive, by what it is and not by its name."""
    name, size = repr(member.filename), member.file_size
    ratio = size // max(member.compress_size, 1)
    limit(file, f"times its packed size is {name}", ratio, limits.MAX_RATIO)
    with archive.open(member) as content:
        root = ROOT.match(content.read(1_000))
    if not root or root[1] not in (b"worksheet", b"sst"):
        limit(file, f"bytes of {name} when unpacked", size, limits.MAX_PART)
    # Before openpyxl looks for the size of a sheet, which may take all its cells.
    cells = worksheet.count(archive.open(member), b"c")
    limit(file, f"{worksheet.CELLS}, in {name}", cells, limits.MAX_WORKBOOK_CELLS, SHRINK)
    texts = worksheet.count(archive.open(member), b"si")
    limit(file, f"texts in {name}", texts, limits.MAX_STRINGS)


def _load(file: str, data: bytes, name: str | None) -> tuple[str, list[str], Worksheet]:
    """Title of the sheet to use, titles of the others that hold cells, its contents."""
    import openpyxl

    book = openpyxl.load_workbook(
        io.BytesIO(data), read_only=True, data_only=True, keep_links=False
    )
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name is not None and name not in sheets:
        raise fail(
            file,
            "unknown_sheet",
            f"The workbook has no sheet '{name}'; it has {', '.join(map(repr, sheets))}."
            + nearest(name, sheets),
        )
    filled = [title for title, sheet in sheets.items() if worksheet.has_cells(sheet)]
    # A hidden sheet holds lists for menus more often than data.
    shown = [title for title in filled if sheets[title].sheet_state == "visible"]
    title = name if name is not None else next(iter(shown or filled or sheets), None)
    if title is None:
        raise fail(
            file,
            "format",
            "No sheet of cells can be read; if the workbook was saved as 'Strict Open XML', save "
            "it as a plain .xlsx.",
        )
    contents = worksheet.read(_label(file, title), sheets[title])
    return title, [other for other in filled if other != title], contents


def _label(file: str, title: str) -> str:
    return f"{file} [{title}]"


def _several(label: str, title: str, others: list[str]) -> Finding:
    return Finding(
        "warning",
        label,
        "several_sheets",
        f"Several sheets hold cells; read is '{title}', not used "
        f"{'is' if len(others) == 1 else 'are'} {', '.join(map(repr, others))}. Name the "
        "sheet to use or delete the others.",
    )


def _grid(label: str, sheet: Worksheet, how: dict[str, str], findings: list[Finding]) -> Grid:
    """The grid of a sheet's contents."""
    records = sheet.records()
    check_first_row(label, records)
    check_area(label, len(records), len(records[0][1]))
    errors = formatting.merged_header(label, sheet)
    findings += formatting.hidden(label, sheet)
    findings += formatting.marked(label, sheet)
    findings += formatting.fill_merged(label, sheet)
    records = sheet.records()
    for number, (row, cells) in enumerate(records, 1):
        check_row(label, row, cells, number)
    return to_grid(label, records, how, findings, errors)
