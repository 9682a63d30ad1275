"""The characters of a cell: blanks stripped, odd ones found and said."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nma import limits
from nma.findings import Finding

# str.strip() knows the no-break spaces but not the zero-width characters.
BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace()) + (
    "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
)
MINUS = re.compile(r"[\u2212\u2013](?=[0-9.][0-9.,\s]*(?:[eE][+-]?[0-9]+)?$)")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# A UTF-8 continuation byte as cp1252 shows it.
TAIL = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
MOJIBAKE = re.compile(f"[ÂÃÎÏ]{TAIL}|â[€‰ˆ‚]{TAIL}|ï»¿")
ODD = re.compile(f"{CONTROL.pattern}|\ufffd|{MOJIBAKE.pattern}")
# Bytes that cp1252 leaves undefined; programs keep them, here as surrogates.
UNDEFINED = {code: 0xDC00 + code for code in range(0x80, 0xA0)}


def strip(cell: str) -> str:
    """The cell without blanks at its ends, of whatever kind."""
    return cell.strip(BLANKS)


def clip(text: str, length: int = 80) -> str:
    """The beginning of a text, as findings show it."""
    return text if len(text) <= length else text[: length - 3] + "..."


@dataclass
class Cleaner:
    """Strips cells and says what is odd about their characters."""

    file: str
    header: list[str]
    findings: list[Finding]
    minus: int = 0  # cells whose typographic minus was replaced
    odd: int = 0  # findings made

    def clean(self, row: int, cells: list[str]) -> list[str]:
        """The cells of the header's columns, stripped; "" where there is none."""
        cells = cells[: len(self.header)]
        done = [
            cell.strip() if cell.isascii() and cell.isprintable() else self._other(row, i, cell)
            for i, cell in enumerate(cells)
        ]
        return done + [""] * (len(self.header) - len(done))

    def _other(self, row: int, i: int, cell: str) -> str:
        """A cell that is not plain ASCII."""
        text = strip(cell)
        if ODD.search(cell) and self.header[i]:
            self._say(row, self.header[i], cell)
        if MINUS.match(text):
            self.minus += 1
            return "-" + text[1:]
        return text

    def _say(self, row: int, column: str, cell: str) -> None:
        for rule, hint, proposal in _oddities(cell):
            self.odd += 1
            what = "findings about characters or more: this seems to be no table"
            limits.limit(self.file, what, self.odd, limits.MAX_ODD, row=row, column=column)
            self.findings.append(
                Finding("warning", self.file, rule, hint, row, column, clip(strip(cell)),
                        proposal=proposal)
            )  # fmt: skip


def _oddities(cell: str) -> Iterator[tuple[str, str, str]]:
    """Rule, hint and proposed cell for every kind of character that is no text."""
    control = CONTROL.search(cell)
    if control:
        yield (
            "control_character",
            f"The cell holds a control character (U+{ord(control[0]):04X}); retype it.",
            "",
        )
    if "\ufffd" in cell:
        yield (
            "replacement_character",
            "The cell holds U+FFFD, left where a program lost a character; retype it.",
            "",
        )
    if MOJIBAKE.search(cell):
        yield (
            "mojibake",
            "The cell reads like UTF-8 that was taken for another encoding and saved again; "
            "retype it.",
            _demojibake(cell),
        )


def _demojibake(cell: str) -> str:
    """The cell before it was taken for cp1252; "" if it cannot be told."""
    try:
        taken = cell.translate(UNDEFINED).encode("cp1252", "surrogateescape")
        return clip(strip(taken.decode("utf-8")))
    except UnicodeError:
        return ""
