"""The text in the bytes of a file, and what a file seems to be that holds none."""

import codecs
import re
from collections.abc import Iterable
from contextlib import suppress

from nma.cells import clip
from nma.findings import Finding
from nma.limits import fail

SIGNATURES = {
    b"PK\x03\x04": "an XLSX workbook or another ZIP archive (a workbook must be named .xlsx)",
    b"PK\x05\x06": "an empty ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old .xls workbook or an encrypted one",
    b"%PDF": "a PDF",
    b"{\\rtf": "an RTF document",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"\x1f\x8b": "a gzip archive",
}
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table")
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
GUESSES = ("cp1252", "latin-1")
ASCII_BLANKS = re.compile(r"\s+", re.ASCII)


def decode(file: str, data: bytes) -> tuple[str, str]:
    """The text of a file and the encoding it was read in, one of GUESSES if it was guessed.

    Raises InputError, saying what the file seems to be, if it holds no text.
    """
    seems = _foreign(data)
    if seems:
        hint = f"Not a table as text; it seems to be {seems}."
        raise fail(file, "not_a_table", f"{hint} Save the table as CSV UTF-8 or .xlsx.")
    if data.startswith(UTF16):
        try:
            return data.decode("utf-16"), "utf-16"
        except UnicodeDecodeError as error:
            hint = f"Begins as UTF-16 but breaks at byte {error.start}; save it as CSV UTF-8."
            raise fail(file, "encoding", hint) from None
    if data.startswith(codecs.BOM_UTF8):
        return data.decode("utf-8-sig", errors="replace"), "utf-8-sig"  # lost ones are findings
    for encoding in ("utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding), encoding
    return data.decode("latin-1"), "latin-1"


def _foreign(data: bytes) -> str:
    """What a file that is no text seems to be; "" for text."""
    for signature, name in SIGNATURES.items():
        if data.startswith(signature):
            return name
    if data.removeprefix(codecs.BOM_UTF8)[:512].lstrip().lower().startswith(MARKUP):
        return "a web page or XML"
    if data.startswith(UTF16):
        return "UTF-32 text" if data.startswith(codecs.BOM_UTF32_LE) else ""
    if b"\0" in data:
        return "binary, or UTF-16 text without its byte order mark"
    return ""


def guessed(file: str, encoding: str, records: Iterable[tuple[int, list[str]]]) -> Finding:
    """The warning that an encoding was guessed, with the first word that depends on it."""
    words = (
        (row, word)
        for row, cells in records
        for cell in cells
        if not cell.isascii()
        for word in ASCII_BLANKS.split(cell)
        if not word.isascii()
    )
    row, word = next(words, (None, ""))
    shown = clip(word, 40)
    hint = f"Not UTF-8; read as {encoding}."
    if shown:
        hint += f" The first such word reads as '{shown}'; if that is wrong, save the file as "
        hint += "CSV UTF-8."
    return Finding("warning", file, "encoding", hint, row=row, value=shown)
