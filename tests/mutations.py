"""Damage done to data/trials.csv on purpose, and what the intake says to it.

``KINDS`` names every kind of damage. ``damages`` draws files with exactly one damage each,
from a seed; ``Judge`` reads one as a run would and says where it was reported. The table in
docs/mutations.md is made of both.
"""

import csv
import io
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import sqrt
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from tabular import ROOT, committed, committed_config

from nma import intake, network, settings, strata
from nma.contract import TRIALS as CONTRACT
from nma.contract import numbers
from nma.harmonise import harmonise

SEED = 2022
TRIALS = ROOT / "data/trials.csv"
MOSTLY = 0.9  # share of damages that are done to a row of the main analysis, where one fits
TRIES = 200  # draws until one of a kind is found that changes something

# ---- the sheet that is damaged ---------------------------------------------------------


@dataclass(eq=False)
class Line:
    """One row; ``origin`` is the row it had before, None for a row that was added."""

    cells: list[str]
    origin: int | None = None


class Sheet:
    """The rows of trials.csv, to be changed in place."""

    def __init__(self, used: frozenset[int] = frozenset()) -> None:
        table = list(csv.reader(io.StringIO(TRIALS.read_text("utf-8"), newline="")))
        self.header, *rows = table
        self.lines = [Line(cells, row) for row, cells in enumerate(rows, 2)]
        self.used = used

    def get(self, line: Line, column: str) -> str:
        """One cell."""
        return line.cells[self.header.index(column)]

    def put(self, line: Line, column: str, text: str) -> None:
        """Change one cell."""
        line.cells[self.header.index(column)] = text

    def number(self, line: Line, column: str) -> float:
        """One cell as a number, NaN if blank."""
        text = self.get(line, column)
        return float(text) if text else np.nan

    def study(self, line: Line) -> str:
        """The label of a row."""
        return self.get(line, "study")

    def arms(self, line: Line) -> list[Line]:
        """The rows of one assessment of one study, this row among them."""
        place = ("study", "outcome", "instrument", "weeks", "measure")
        key = [self.get(line, column) for column in place]
        return [other for other in self.lines if [self.get(other, c) for c in place] == key]

    def add(self, line: Line, after: Line | None = None, **cells: str) -> Line:
        """A copy of a row, at the end or below another."""
        new = Line(list(line.cells))
        for column, text in cells.items():
            self.put(new, column, text)
        self.lines.insert(self.lines.index(after) + 1 if after else len(self.lines), new)
        return new

    def encoded(self) -> bytes:
        """The file as the committed one is written."""
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(
            [self.header, *(line.cells for line in self.lines)]
        )
        return text.getvalue().encode()


@dataclass
class Hit:
    """What a kind of damage did: to which rows (all of the file: ``whole``), to which
    columns of them (none: to the row as such), of which studies besides those of the rows."""

    what: str
    lines: list[Line] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    studies: tuple[str, ...] = ()
    whole: bool = False
    data: bytes | None = None


@dataclass(frozen=True)
class Damage:
    """One damaged file. ``rows`` are those of the damaged file, ``origin`` leads from its
    rows to the rows of the committed file."""

    kind: str
    group: str
    number: int
    what: str
    data: bytes
    rows: frozenset[str]
    columns: frozenset[str]
    studies: frozenset[str]
    whole: bool
    origin: Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """A named way of damaging a sheet. ``sure``: every damage must be reported or harmless."""

    name: str
    group: str
    do: Callable[[Random, Sheet], Hit | None]
    sure: bool = False
    draws: int = 4


KINDS: list[Kind] = []
Do = Callable[[Random, Sheet], Hit | None]
Change = Callable[[Random, str], str | None]


def kind(name: str, group: str, sure: bool = False, draws: int = 4) -> Callable[[Do], Do]:
    """Enter a function as a kind of damage."""

    def enter(do: Do) -> Do:
        KINDS.append(Kind(name, group, do, sure, draws))
        return do

    return enter


def damages(used: frozenset[int], kinds: Iterable[Kind], most: int | None = None) -> list[Damage]:
    """The damages of the kinds, ``most`` of each; ``used`` are rows of the main analysis."""
    intact = Sheet().encoded()
    return [
        damage
        for one in kinds
        for damage in _drawn(one, min(one.draws, most or one.draws), used, intact)
    ]


def _drawn(one: Kind, draws: int, used: frozenset[int], intact: bytes) -> Iterator[Damage]:
    seen = {intact}
    for number in range(draws):
        rng = Random(f"{SEED} {one.name} {number}")
        for _ in range(TRIES):
            sheet = Sheet(used)
            before = {id(line): sheet.study(line) for line in sheet.lines}
            hit = one.do(rng, sheet)
            data = (hit.data or sheet.encoded()) if hit else intact
            if hit and data not in seen:
                seen.add(data)
                yield _damage(one, number, sheet, hit, data, before)
                break


def _damage(
    one: Kind, number: int, sheet: Sheet, hit: Hit, data: bytes, before: Mapping[int, str]
) -> Damage:
    row = {id(line): str(i) for i, line in enumerate(sheet.lines, 2)}
    at = sheet.header.index("study") if "study" in sheet.header else None
    after = {line.cells[at] for line in hit.lines if at is not None and len(line.cells) > at}
    return Damage(
        one.name,
        one.group,
        number,
        hit.what,
        data,
        frozenset(row[id(line)] for line in hit.lines if id(line) in row),
        frozenset(hit.columns),
        frozenset({*hit.studies, *after, *(before.get(id(x), "") for x in hit.lines)} - {""}),
        hit.whole,
        {row[id(line)]: str(line.origin) for line in sheet.lines if line.origin},
    )


# ---- choosing --------------------------------------------------------------------------


def choose(rng: Random, sheet: Sheet, fits: Callable[[Line], bool]) -> Line | None:
    """A row that fits, mostly one that the main analysis uses."""
    every = [line for line in sheet.lines if fits(line)]
    used = [line for line in every if line.origin in sheet.used]
    pool = used if used and rng.random() < MOSTLY else every
    return rng.choice(pool) if pool else None


def filled(sheet: Sheet, *columns: str, **words: str) -> Callable[[Line], bool]:
    """A row with these cells filled and these words in it."""
    return lambda line: (
        all(sheet.get(line, column) for column in columns)
        and all(sheet.get(line, column) == word for column, word in words.items())
    )


def decimal(text: str, factor: str | float, digits: int | None = None) -> str:
    """A figure times a factor, without an exponent."""
    product = Decimal(text) * Decimal(str(factor))
    if digits is not None:
        product = round(product, digits)
    return f"{product.normalize():f}"


def plain(value: float, digits: int = 2) -> str:
    """A figure as typed."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def edit(sheet: Sheet, lines: Iterable[Line], columns: Iterable[str], to: Callable) -> Hit | None:
    """Change cells; ``to`` gives the new text of a line's cell or None to leave it alone."""
    done, what = [], []
    for line in lines:
        for column in columns:
            old = sheet.get(line, column)
            new = to(line, column, old)
            if new is None or new == old:
                continue
            sheet.put(line, column, new)
            done.append((line, column))
            what.append(f"row {line.origin} {column} {old!r} -> {new!r}")
    if not done:
        return None
    lines = list(dict.fromkeys(line for line, _ in done))
    return Hit("; ".join(what), lines, tuple(dict.fromkeys(column for _, column in done)))


def cells(
    name: str,
    group: str,
    columns: tuple[str, ...],
    change: Change,
    sure: bool = False,
    draws: int = 4,
    **words: str,
) -> None:
    """A kind that changes one cell of one of the columns."""

    def do(rng: Random, sheet: Sheet) -> Hit | None:
        column = rng.choice(columns)
        line = choose(rng, sheet, filled(sheet, column, **words))
        if line is None:
            return None
        return edit(sheet, [line], [column], lambda line, column, old: change(rng, old))

    KINDS.append(Kind(name, group, do, sure, draws))


# ---- type: text where a number belongs -------------------------------------------------

FIGURES = ("mean", "sd", "n", "ci_low", "ci_high")
POINTED = ("mean", "sd", "ci_low", "ci_high")


def _type(name: str, change: Change, columns: tuple[str, ...] = FIGURES, draws: int = 3) -> None:
    cells(name, "type", columns, change, sure=True, draws=draws)


_type("word before the number", lambda rng, old: rng.choice(("approx. ", "ca ", "about ")) + old)
_type("two decimal points", lambda rng, old: old + ".0" if "." in old else None, POINTED)
_type("blank inside the number", lambda rng, old: old[:1] + " " + old[1:] if old[1:] else None)
_type("unit appended", lambda rng, old: old + rng.choice((" mm", "mm", " points", " weeks")))
_type("bound for a number", lambda rng, old: rng.choice("<>") + old)
_type("NS for a number", lambda rng, old: rng.choice(("NS", "n.s.", "n/a", "NR", "-")))
_type(
    "decimal comma in a file with points",
    lambda rng, old: old.replace(".", ",") if "." in old else None,
    POINTED,
)
_type(
    "number turned into a date",
    lambda rng, old: f"{int(float(old)) % 28 + 1}-{rng.choice(('May', 'Mar', 'Jun', 'Dec'))}",
)
_type("per cent sign", lambda rng, old: old + "%")
_type(
    "thousands separator",
    lambda rng, old: old.replace(".", ",") if old[-4:-3] == "." else f"1,{old}" * (len(old) == 3),
)
_type(
    "letter for a digit",
    lambda rng, old: old.replace("0", "O").replace("1", "l") if set(old) & set("01") else None,
)
_type("mean and SD in one cell", lambda rng, old: f"{old} (12.3)", ("mean",))
_type("plus-minus before the SD", lambda rng, old: "±" + old, ("sd",))
_type("spreadsheet error", lambda rng, old: rng.choice(("#N/A", "#VALUE!", "#REF!", "#DIV/0!")))
_type("no finite number", lambda rng, old: rng.choice(("nan", "inf", "1e999", "NA")))
_type("two numbers in one cell", lambda rng, old: f"{old}/{old}")
_type("typographic minus", lambda rng, old: "\u2212" + old[1:] if old[0] == "-" else None, POINTED)


# ---- sign ------------------------------------------------------------------------------


def _turned(old: str) -> str | None:
    if not old or float(old) == 0:
        return None
    return old[1:] if old.startswith("-") else "-" + old


for _measure in ("final", "change", "improvement", "difference"):
    cells(
        f"sign of a {_measure}",
        "sign",
        ("mean",),
        lambda rng, old: _turned(old),
        sure=_measure == "final",
        draws=6,
        measure=_measure,
    )


@kind("sign of every change of a study", "sign")
def _(rng, sheet):
    line = choose(rng, sheet, lambda x: sheet.get(x, "measure") in ("change", "improvement"))
    return edit(sheet, sheet.arms(line), ["mean"], lambda line, column, old: _turned(old))


@kind("sign of a difference and its interval", "sign")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean", "ci_low", "ci_high", measure="difference"))
    low, high = sheet.get(line, "ci_low"), sheet.get(line, "ci_high")
    new = {"mean": sheet.get(line, "mean"), "ci_low": high, "ci_high": low}
    return edit(sheet, [line], new, lambda line, column, old: _turned(new[column]))


cells(
    "minus lost from a limit",
    "sign",
    ("ci_low", "ci_high"),
    lambda rng, old: old[1:] if old.startswith("-") else None,
)
cells("negative SD", "sign", ("sd",), lambda rng, old: "-" + old, sure=True)


# ---- magnitude -------------------------------------------------------------------------


def _slip(factor: str) -> Change:
    def change(rng: Random, old: str) -> str | None:
        return decimal(old, factor)

    return change


def _slip_n(factor: str) -> Change:
    def change(rng: Random, old: str) -> str | None:
        return str(int(Decimal(old) * Decimal(factor)))

    return change


for _column, _columns in (
    ("mean", ("mean",)),
    ("sd", ("sd",)),
    ("n", ("n",)),
    ("se", ("se",)),
    ("limit", ("ci_low", "ci_high")),
):
    for _sign, _factor in (("x 10", "10"), ("/ 10", "0.1"), ("x 100", "100")):
        cells(
            f"{_column} {_sign}",
            "magnitude",
            _columns,
            (_slip_n if _column == "n" else _slip)(_factor),
            draws=3 if _column == "se" else 5,
        )


@kind("n of every arm x 10", "magnitude")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "n", measure="final"))
    return edit(sheet, sheet.arms(line), ["n"], lambda line, column, old: old and old + "0")


# ---- swapped cells ---------------------------------------------------------------------


def _swap(sheet: Sheet, line: Line, one: str, other: str) -> Hit | None:
    new = {one: sheet.get(line, other), other: sheet.get(line, one)}
    return edit(sheet, [line], new, lambda line, column, old: new[column])


def swapped(name: str, one: str, other: str, sure: bool = False, draws: int = 4) -> None:
    """A kind that exchanges two cells of a row."""

    def do(rng: Random, sheet: Sheet) -> Hit | None:
        line = choose(rng, sheet, filled(sheet, one, other))
        return _swap(sheet, line, one, other) if line else None

    KINDS.append(Kind(name, "swapped", do, sure, draws))


swapped("mean and SD exchanged", "mean", "sd", draws=8)
swapped("n and mean exchanged", "n", "mean", draws=6)
swapped("n and SD exchanged", "n", "sd", draws=6)
swapped("limits exchanged", "ci_low", "ci_high", sure=True)
swapped("treatment and instrument exchanged", "treatment", "instrument", sure=True)


@kind("two neighbouring cells exchanged", "swapped", draws=8)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean"))
    i = rng.randrange(sheet.header.index("n"), sheet.header.index("median"))
    return _swap(sheet, line, *sheet.header[i : i + 2])


@kind("treatment and comparator exchanged", "swapped")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "comparator"))
    return _swap(sheet, line, "treatment", "comparator")


def _shift(rng: Random, sheet: Sheet, right: bool) -> Hit | None:
    line = choose(rng, sheet, filled(sheet, "mean"))
    first, last = sheet.header.index("duration"), sheet.header.index("mean")
    i = rng.randint(first, last)
    if right:
        line.cells.insert(i, "")
        over = line.cells.pop()
        lost = f", {over[:12]!r} fell off" if over else ""
    else:
        line.cells.append("")
        lost = f", {line.cells.pop(i)!r} lost"
    return Hit(
        f"row {line.origin} from {sheet.header[i]} on{lost}", [line], tuple(sheet.header[i:])
    )


@kind("cells moved one column right", "swapped", draws=6)
def _(rng, sheet):
    return _shift(rng, sheet, right=True)


@kind("cells moved one column left", "swapped", draws=6)
def _(rng, sheet):
    return _shift(rng, sheet, right=False)


@kind("SD typed into the column of SE", "swapped")
def _(rng, sheet):
    line = choose(rng, sheet, lambda x: filled(sheet, "sd", "n")(x) and not sheet.get(x, "se"))
    return _swap(sheet, line, "sd", "se")


# ---- spread: something else typed as SD ------------------------------------------------


def spread(name: str, of: Callable[[float, float], float], draws: int = 6) -> None:
    """A kind that puts a function of SD and n into the cell of SD."""

    def do(rng: Random, sheet: Sheet) -> Hit | None:
        line = choose(rng, sheet, filled(sheet, "sd", "n"))
        sd, n = sheet.number(line, "sd"), sheet.number(line, "n")
        return edit(sheet, [line], ["sd"], lambda line, column, old: plain(of(sd, n), 3))

    KINDS.append(Kind(name, "spread", do, False, draws))


spread("SE for SD", lambda sd, n: sd / sqrt(n), draws=10)
spread("half-width of the interval for SD", lambda sd, n: 1.96 * sd / sqrt(n))
spread("variance for SD", lambda sd, n: sd**2, draws=4)
spread("interquartile range for SD", lambda sd, n: 1.35 * sd, draws=4)
spread("SD of half the group", lambda sd, n: sd / sqrt(2), draws=4)


@kind("SE for SD in every arm", "spread", draws=6)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "sd", "n"))

    def to(line: Line, column: str, old: str) -> str | None:
        n = sheet.number(line, "n")
        return plain(float(old) / sqrt(n), 3) if old and n > 0 else None

    return edit(sheet, sheet.arms(line), ["sd"], to)


@kind("SD for SE", "spread")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "se"))
    n = sheet.number(line, "n")
    n = n if n > 0 else 30
    return edit(sheet, [line], ["se"], lambda line, column, old: plain(float(old) * sqrt(n)))


# ---- unit ------------------------------------------------------------------------------

HUNDRED = ("pain 0-100", "VAS 0-100", "NRS 0-100")
TEN = ("NRS 0-10", "VAS 0-10", "BS-11 0-10")


def _on(sheet: Sheet, scales: tuple[str, ...], *columns: str) -> Callable[[Line], bool]:
    return lambda x: sheet.get(x, "instrument") in scales and filled(sheet, "mean", *columns)(x)


def _scaled(factor: str) -> Callable[[Line, str, str], str | None]:
    return lambda line, column, old: decimal(old, factor) if old else None


IN_UNITS = ("mean", "sd", "se", "ci_low", "ci_high", "median", "baseline_mean", "baseline_sd")


@kind("one arm on 0-10 in a study on 0-100", "unit", draws=6)
def _(rng, sheet):
    line = choose(rng, sheet, _on(sheet, HUNDRED, "sd"))
    return edit(sheet, [line], IN_UNITS, _scaled("0.1"))


@kind("whole study on 0-10, declared 0-100", "unit", draws=6)
def _(rng, sheet):
    line = choose(rng, sheet, _on(sheet, HUNDRED, "sd"))
    return edit(sheet, sheet.arms(line), IN_UNITS, _scaled("0.1"))


@kind("study on 0-100 declared 0-10", "unit", sure=False, draws=6)
def _(rng, sheet):
    line = choose(rng, sheet, _on(sheet, HUNDRED))
    return edit(sheet, sheet.arms(line), ["instrument"], lambda *_: "VAS 0-10")


@kind("study on 0-10 declared 0-100", "unit", draws=6)
def _(rng, sheet):
    line = choose(rng, sheet, _on(sheet, TEN))
    return edit(sheet, sheet.arms(line), ["instrument"], lambda *_: "VAS 0-100")


@kind("one arm declared on another scale", "unit")
def _(rng, sheet):
    line = choose(rng, sheet, _on(sheet, HUNDRED, "sd"))
    return edit(sheet, [line], ["instrument"], lambda *_: "NRS 0-10")


@kind("SD left on 0-10", "unit")
def _(rng, sheet):
    line = choose(rng, sheet, _on(sheet, HUNDRED, "sd"))
    return edit(sheet, [line], ["sd"], _scaled("0.1"))


@kind("SD of every arm left on 0-10", "unit")
def _(rng, sheet):
    line = choose(rng, sheet, _on(sheet, HUNDRED, "sd"))
    return edit(sheet, sheet.arms(line), ["sd"], _scaled("0.1"))


@kind("scale turned: every final mean as 100 - mean", "unit", draws=6)
def _(rng, sheet):
    line = choose(
        rng, sheet, lambda x: _on(sheet, HUNDRED)(x) and sheet.get(x, "measure") == "final"
    )
    return edit(
        sheet,
        sheet.arms(line),
        ["mean"],
        lambda line, column, old: old and plain(100 - float(old)),
    )


@kind("days for weeks", "unit")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "weeks"))
    return edit(sheet, sheet.arms(line), ["weeks"], _scaled("7"))


@kind("months for weeks", "unit")
def _(rng, sheet):
    line = choose(rng, sheet, lambda x: sheet.get(x, "weeks") and sheet.number(x, "weeks") >= 4)
    return edit(sheet, sheet.arms(line), ["weeks"], lambda x, c, old: plain(float(old) / 4.348, 1))


# ---- wrong word of measure -------------------------------------------------------------


def measured(old: str, new: str, whole: bool, sure: bool = False, draws: int = 4) -> None:
    """A kind that takes one measure for another."""

    def do(rng: Random, sheet: Sheet) -> Hit | None:
        line = choose(rng, sheet, filled(sheet, "mean", measure=old))
        lines = sheet.arms(line) if whole else [line]
        return edit(sheet, lines, ["measure"], lambda *_: new)

    where = "whole study" if whole else "one row"
    KINDS.append(Kind(f"{old} entered as {new}, {where}", "measure", do, sure, draws))


measured("final", "change", whole=True, draws=6)
measured("final", "change", whole=False)
measured("change", "final", whole=True)
measured("change", "final", whole=False)
measured("change", "improvement", whole=True)
measured("change", "improvement", whole=False)
measured("improvement", "change", whole=True)
measured("final", "improvement", whole=True)
measured("difference", "final", whole=False, sure=True)
measured("difference", "change", whole=False, sure=True)
measured("final", "difference", whole=False, sure=True)
cells(
    "difference of final values entered as of changes, or the reverse",
    "measure",
    ("difference_of",),
    lambda rng, old: "change" if old == "final" else "final",
    measure="difference",
)


@kind("baseline figures entered as final ones", "measure")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean", "baseline_mean"))
    return edit(
        sheet,
        [line],
        ("mean", "sd"),
        lambda line, column, old: sheet.get(line, f"baseline_{column}") or None,
    )


# ---- duplicates ------------------------------------------------------------------------


@kind("row twice, at the end", "duplicate", sure=True)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean"))
    return Hit(f"row {line.origin} again", [sheet.add(line)])


@kind("row twice, below itself", "duplicate", sure=True)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean"))
    return Hit(f"row {line.origin} again", [sheet.add(line, line)])


@kind("row twice, one figure changed", "duplicate", draws=6)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean", "sd"))
    column = rng.choice(("mean", "sd", "n"))
    if not sheet.get(line, column):
        return None
    new = decimal(sheet.get(line, column), "1.1", 0 if column == "n" else 2)
    return Hit(f"row {line.origin} again, {column} {new}", [sheet.add(line, **{column: new})])


@kind("shared control entered twice with half its n", "duplicate", draws=6)
def _(rng, sheet):
    def control(x: Line) -> bool:
        return filled(sheet, "n", "mean")(x) and len(sheet.arms(x)) > 1 and sheet.number(x, "n") > 5

    line = choose(rng, sheet, control)
    half = str(int(sheet.number(line, "n")) // 2)
    sheet.put(line, "n", half)
    return Hit(f"row {line.origin} twice, n {half}", [line, sheet.add(line)], ("n",))


def again(name: str, label: Callable[[str], str], sure: bool = False, draws: int = 4) -> None:
    """A kind that enters a whole study a second time, under another label."""

    def do(rng: Random, sheet: Sheet) -> Hit | None:
        line = choose(rng, sheet, lambda x: len(sheet.arms(x)) > 1)
        old = sheet.study(line)
        new = label(old)
        if new == old and not sure:
            return None
        own = [one for one in sheet.lines if sheet.study(one) == old]
        added = [sheet.add(one, study=new) for one in own]
        return Hit(f"{old!r} again as {new!r}", added, (), (old,))

    KINDS.append(Kind(name, "duplicate", do, sure, draws))


again("study again under its label", lambda label: label, sure=True)
again("study again, label with a b", lambda label: label + "b")
again("study again, label in capitals", lambda label: label.upper())
again("study again, first author and year only", lambda label: label.split()[0] + " 1999")


@kind("study again as a b, figures rounded", "duplicate")
def _(rng, sheet):
    line = choose(rng, sheet, lambda x: len(sheet.arms(x)) > 1 and "." in sheet.get(x, "mean"))
    old = sheet.study(line)
    added = []
    for one in sheet.arms(line):
        new = {c: sheet.get(one, c) and decimal(sheet.get(one, c), 1, 0) for c in ("mean", "sd")}
        added.append(sheet.add(one, study=old + "b", **new))
    return Hit(f"{old!r} again, rounded", added, (), (old,))


# ---- names -----------------------------------------------------------------------------

HOMOGLYPHS = dict(zip("aeopcxyAEOPCTH", "аеорсхуАЕОРСТН", strict=True))  # Latin: Cyrillic


def _letters(old: str) -> list[int]:
    return [i for i, c in enumerate(old) if c.isalpha()]


def _misspelt(rng: Random, old: str) -> str | None:
    if len(_letters(old)) < 4:
        return None
    i = rng.choice(_letters(old)[1:])
    way = rng.choice(("dropped", "doubled", "transposed"))
    if way == "dropped":
        return old[:i] + old[i + 1 :]
    if way == "doubled":
        return old[:i] + old[i] + old[i:]
    return old[:i] + old[i + 1 : i + 2] + old[i] + old[i + 2 :]


def _homoglyph(rng: Random, old: str) -> str | None:
    at = [i for i, c in enumerate(old) if c in HOMOGLYPHS]
    if not at:
        return None
    i = rng.choice(at)
    return old[:i] + HOMOGLYPHS[old[i]] + old[i + 1 :]


WORDS = ("study", "treatment", "instrument", "measure", "duration", "outcome")
for _column in (*WORDS, "comparator"):
    cells(
        f"{_column} misspelt",
        "name",
        (_column,),
        _misspelt,
        sure=_column not in ("study",),
        draws=8 if _column == "study" else 4,
    )
cells(
    "study misspelt, year off by one",
    "name",
    ("study",),
    lambda rng, old: old[:-1] + str((int(old[-1]) + 1) % 10) if old[-1:].isdigit() else None,
)


@kind("study misspelt in all its rows", "name")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean"))
    old = sheet.study(line)
    new = _misspelt(rng, old)
    lines = [one for one in sheet.lines if sheet.study(one) == old]
    return edit(sheet, lines, ["study"], lambda *_: new) if new else None


cells(
    "blank before or after a name",
    "name",
    WORDS,
    lambda rng, old: rng.choice((old + " ", " " + old, old + "\u00a0", old + "\u200b")),
    sure=True,
    draws=6,
)
cells(
    "another case",
    "name",
    WORDS,
    lambda rng, old: rng.choice((old.upper(), old.lower(), old.title())),
    draws=8,
)
cells("letter of another alphabet", "name", WORDS, _homoglyph, draws=8)
cells(
    "two blanks inside a name",
    "name",
    ("study", "treatment", "instrument"),
    lambda rng, old: old.replace(" ", "  ", 1),
)


@kind("another treatment of the map", "name", draws=6)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean"))
    known = sorted({sheet.get(x, "treatment") for x in sheet.lines})
    return edit(sheet, [line], ["treatment"], lambda *_: rng.choice(known))


@kind("another duration", "name")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "duration"))
    new = "acute" if sheet.get(line, "duration") in ("chronic", "mixed") else "chronic"
    return edit(sheet, [line], ["duration"], lambda *_: new)


@kind("another duration in all rows of a study", "name")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "duration"))
    new = "acute" if sheet.get(line, "duration") in ("chronic", "mixed") else "chronic"
    lines = [one for one in sheet.lines if sheet.study(one) == sheet.study(line)]
    return edit(sheet, lines, ["duration"], lambda *_: new)


# ---- missing ---------------------------------------------------------------------------

for _column in ("mean", "sd", "n", "comparator", "study", "treatment", "measure", "instrument",
                "duration", "weeks", "outcome"):  # fmt: skip
    cells(
        f"{_column} missing",
        "missing",
        (_column,),
        lambda rng, old: "",
        sure=_column in ("comparator", "study", "treatment", "measure", "instrument"),
    )


@kind("SD of every arm missing", "missing")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "sd"))
    return edit(sheet, sheet.arms(line), ["sd"], lambda *_: "")


def column_gone(column: str, sure: bool) -> None:
    """A kind that takes a column out."""

    def do(rng: Random, sheet: Sheet) -> Hit | None:
        touched = [line for line in sheet.lines if sheet.get(line, column)]
        i = sheet.header.index(column)
        names = {sheet.study(line) for line in sheet.lines}
        for line in sheet.lines:
            del line.cells[i]
        del sheet.header[i]
        return Hit(f"column {column}", touched, (column,), tuple(names), whole=True)

    KINDS.append(Kind(f"column {column} missing", "missing", do, sure, 1))


for _column in ("study", "treatment", "measure", "comparator", "instrument", "duration"):
    column_gone(_column, sure=True)
for _column in ("mean", "sd", "n", "ci_low", "weeks", "outcome", "difference_of", "doubt", "year"):
    column_gone(_column, sure=False)


@kind("row missing", "missing", draws=6)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean"))
    sheet.lines.remove(line)
    return Hit(f"row {line.origin}", [line], (), (sheet.study(line),))


@kind("whole study missing", "missing")
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean"))
    label = sheet.study(line)
    sheet.lines = [one for one in sheet.lines if sheet.study(one) != label]
    return Hit(f"{label!r}", [line], (), (label,))


@kind("last line cut in the middle", "missing")
def _(rng, sheet):
    line = sheet.lines[-1]
    at = rng.randrange(2, sheet.header.index("note"))
    lost = tuple(c for c in sheet.header[at:] if sheet.get(line, c))
    line.cells = line.cells[:at]
    return Hit(f"row {line.origin} ends before {sheet.header[at]}", [line], lost)


@kind("file cut in the middle", "missing", draws=3)
def _(rng, sheet):
    at = rng.randrange(40, len(sheet.lines) - 2)
    lost, sheet.lines = sheet.lines[at:], sheet.lines[:at]
    sheet.lines[-1].cells = sheet.lines[-1].cells[: rng.randrange(4, 14)]
    names = tuple(sheet.study(line) for line in lost)
    return Hit(f"ends in row {at + 1}", [sheet.lines[-1]], (), names)


# ---- digits ----------------------------------------------------------------------------


def _transposed(rng: Random, old: str) -> str | None:
    at = [i for i in range(len(old) - 1) if old[i : i + 2].isdigit() and old[i] != old[i + 1]]
    if not at:
        return None
    i = at[0]
    return old[:i] + old[i + 1] + old[i] + old[i + 2 :]


def _one_wrong(rng: Random, old: str) -> str:
    i = rng.choice([i for i, c in enumerate(old) if c.isdigit()])
    return old[:i] + rng.choice([c for c in "0123456789" if c != old[i]]) + old[i + 1 :]


def _first_wrong(rng: Random, old: str) -> str:
    i = next(i for i, c in enumerate(old) if c.isdigit())
    return old[:i] + rng.choice([c for c in "123456789" if c != old[i]]) + old[i + 1 :]


def _one_less(rng: Random, old: str) -> str | None:
    at = [i for i, c in enumerate(old) if c.isdigit()]
    i = rng.choice(at)
    return old[:i] + old[i + 1 :] if len(at) > 1 and old[:1] + "." != old[:2] else None


def _one_more(rng: Random, old: str) -> str:
    i = rng.choice([i for i, c in enumerate(old) if c.isdigit()])
    return old[:i] + old[i] + old[i:]


def _no_point(rng: Random, old: str) -> str | None:
    return old.replace(".", "") if "." in old and not old.endswith(".0") else None


for _column in ("mean", "sd", "n"):
    cells(f"first two digits of {_column} transposed", "digit", (_column,), _transposed, draws=6)
cells("a digit of a limit wrong", "digit", ("ci_low", "ci_high"), _first_wrong)
cells("any digit wrong", "digit", ("mean", "sd", "n"), _one_wrong, draws=6)
cells("first digit wrong", "digit", ("mean", "sd", "n"), _first_wrong, draws=6)
cells("digit left out", "digit", ("mean", "sd", "n"), _one_less, draws=6)
cells("digit doubled", "digit", ("mean", "sd", "n"), _one_more, draws=6)
cells("decimal point lost", "digit", ("mean", "sd"), _no_point, draws=6)


# ---- wrong row -------------------------------------------------------------------------


def _two(rng: Random, sheet: Sheet, *columns: str) -> tuple[Line, Line] | None:
    """Two arms of one assessment."""
    line = choose(rng, sheet, filled(sheet, *columns))
    others = [x for x in sheet.arms(line) if x is not line and filled(sheet, *columns)(x)]
    return (line, rng.choice(others)) if others else None


def from_row(name: str, columns: tuple[str, ...], back: bool, draws: int = 6) -> None:
    """A kind that takes figures from another arm; ``back``: and gives it its own."""

    def do(rng: Random, sheet: Sheet) -> Hit | None:
        two = _two(rng, sheet, *columns)
        if two is None:
            return None
        line, other = two
        new = {
            line: [sheet.get(other, c) for c in columns],
            **({other: [sheet.get(line, c) for c in columns]} if back else {}),
        }
        return edit(sheet, new, columns, lambda x, column, old: new[x][columns.index(column)])

    KINDS.append(Kind(name, "wrong row", do, False, draws))


from_row("figures of two arms exchanged", ("mean", "sd", "n"), back=True)
from_row("means of two arms exchanged", ("mean",), back=True)
from_row("treatments of two arms exchanged", ("treatment",), back=True, draws=4)
from_row("n of the other arm", ("n",), back=False)
from_row("mean of the other arm", ("mean",), back=False)
from_row("SD of the other arm", ("sd",), back=False)
from_row("mean, SD and n of the other arm", ("mean", "sd", "n"), back=False, draws=4)


@kind("figures of another study", "wrong row", draws=6)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean", "sd", "n", measure="final"))
    other = rng.choice(
        [
            x
            for x in sheet.lines
            if filled(sheet, "mean", "sd", "n", measure="final")(x)
            and sheet.get(x, "instrument") == sheet.get(line, "instrument")
            and sheet.study(x) != sheet.study(line)
        ]
        or [line]
    )
    return edit(sheet, [line], ("mean", "sd", "n"), lambda x, column, old: sheet.get(other, column))


@kind("label of the study above or below", "wrong row", draws=6)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean"))
    i = sheet.lines.index(line) + rng.choice((-1, 1))
    if not 0 <= i < len(sheet.lines):
        return None
    return edit(sheet, [line], ["study"], lambda *_: sheet.study(sheet.lines[i]))


# ---- ranges ----------------------------------------------------------------------------


def ranged(name: str, column: str, text: str, draws: int = 2, **words: str) -> None:
    """A kind that puts an impossible value into a cell, blank or not."""

    def do(rng: Random, sheet: Sheet) -> Hit | None:
        line = choose(rng, sheet, filled(sheet, "mean", **words))
        return edit(sheet, [line], [column], lambda *_: text)

    KINDS.append(Kind(name, "range", do, True, draws))


ranged("weeks negative", "weeks", "-4")
ranged("weeks 3000", "weeks", "3000")
ranged("year 20130", "year", "20130")
ranged("p above 1", "p_value", "5")
ranged("ci_level as a share", "ci_level", "0.95")
ranged("icc above 1", "icc", "2")
ranged("SD 0", "sd", "0")
ranged("SE negative", "se", "-2.5")
ranged("n 0", "n", "0")
ranged("n 1", "n", "1")
ranged("n with a fraction", "n", "30.5")
ranged("n negative", "n", "-30")
ranged("PEDro 55", "pedro", "55")
ranged("mean beyond the scale", "mean", "130", measure="final")
ranged("pain_weeks negative", "pain_weeks", "-6")
ranged("cluster size below 1", "cluster_size", "0.5")
ranged("SD beyond the scale", "sd", "140", measure="final")


# ---- files and headers -----------------------------------------------------------------


def recoded(name: str, change: Callable[[bytes], bytes], sure: bool = True) -> None:
    """A kind that changes the bytes of the whole file."""

    def do(rng: Random, sheet: Sheet) -> Hit | None:
        data = change(sheet.encoded())
        return Hit(name, list(sheet.lines), tuple(sheet.header), whole=True, data=data)

    KINDS.append(Kind(name, "file", do, sure, 1))


def _delimited(data: bytes, delimiter: str, comma: bool = False) -> bytes:
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    numeric = {rows[0].index(c) for c in (*numbers(CONTRACT), "p_value") if c in rows[0]}
    if comma:
        rows[1:] = [
            [cell.replace(".", ",") if i in numeric else cell for i, cell in enumerate(row)]
            for row in rows[1:]
        ]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


recoded("saved as cp1252", lambda data: data.decode().encode("cp1252"))
recoded("saved as DOS text (cp850)", lambda data: data.decode().encode("cp850", "replace"))
recoded("saved as Mac text", lambda data: data.decode().encode("mac-roman", "replace"))
recoded("saved as UTF-16", lambda data: data.decode().encode("utf-16"))
recoded("saved as UTF-16 without its mark", lambda data: data.decode().encode("utf-16-le"))
recoded("byte order mark", lambda data: b"\xef\xbb\xbf" + data)
recoded("UTF-8 taken for cp1252", lambda data: data.decode("cp1252", "replace").encode())
recoded("letters lost to U+FFFD", lambda data: data.decode("ascii", "replace").encode())
recoded("letters lost to ?", lambda data: data.decode().encode("ascii", "replace"), sure=False)
recoded("semicolons", lambda data: _delimited(data, ";"))
recoded("semicolons and decimal commas", lambda data: _delimited(data, ";", comma=True))
recoded("tabs", lambda data: _delimited(data, "\t"))
recoded("CR line ends", lambda data: data.replace(b"\n", b"\r"))
recoded("CRLF line ends", lambda data: data.replace(b"\n", b"\r\n"))
recoded("header row missing", lambda data: data.split(b"\n", 1)[1])
recoded("title above the header", lambda data: b"Trials of low back pain,,\n,,\n" + data)
recoded("nothing but the header", lambda data: data.split(b"\n", 1)[0] + b"\n")
recoded("empty file", lambda data: b"\n")
recoded("all in one column", lambda data: b"".join(b'"' + x.replace(b'"', b'""') + b'"\n'
                                                   for x in data.splitlines()))  # fmt: skip


@kind("header row twice", "file", sure=True, draws=1)
def _(rng, sheet):
    line = Line(list(sheet.header))
    sheet.lines.insert(0, line)
    return Hit("row 2", [line], tuple(sheet.header))


@kind("NUL byte", "file", sure=True, draws=2)
def _(rng, sheet):
    data = sheet.encoded()
    at = rng.randrange(1000, len(data))
    return Hit(f"at byte {at}", whole=True, data=data[:at] + b"\0" + data[at:])


@kind("quote never closed", "file", sure=True, draws=3)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean"))
    rows = sheet.encoded().split(b"\n")
    at = sheet.lines.index(line) + 1
    head, comma, tail = rows[at].partition(b",final,")
    if not comma:
        return None
    rows[at] = head + b',"final,' + tail
    return Hit(f"row {line.origin}", [line], whole=True, data=b"\n".join(rows))


@kind("comma too many in a row", "file", sure=True, draws=4)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean", "note"))
    line.cells.insert(rng.randint(1, sheet.header.index("mean")), "")
    return Hit(f"row {line.origin}", [line])


@kind("unquoted decimal comma", "file", sure=True, draws=4)
def _(rng, sheet):
    line = choose(rng, sheet, lambda x: "." in sheet.get(x, "mean") and sheet.get(x, "note"))
    i = sheet.header.index("mean")
    line.cells[i : i + 1] = line.cells[i].split(".")
    return Hit(f"row {line.origin} mean", [line])


@kind("control character in a name", "file", sure=True, draws=3)
def _(rng, sheet):
    line = choose(rng, sheet, filled(sheet, "mean"))
    column = rng.choice(WORDS)
    return edit(sheet, [line], [column], lambda x, c, old: old[:2] + "\x0b" + old[2:])


@kind("blank line between rows", "file", draws=2)
def _(rng, sheet):
    at = rng.randrange(len(sheet.lines))
    sheet.lines.insert(at, Line([""] * len(sheet.header)))
    return Hit(f"below row {at + 1}", whole=True)


@kind("rows in another order", "file", draws=2)
def _(rng, sheet):
    rng.shuffle(sheet.lines)
    return Hit("shuffled", whole=True)


@kind("columns in another order", "file", sure=True, draws=2)
def _(rng, sheet):
    order = list(range(len(sheet.header)))
    rng.shuffle(order)
    for line in sheet.lines:
        line.cells = [line.cells[i] for i in order]
    sheet.header = [sheet.header[i] for i in order]
    return Hit("shuffled", whole=True)


NEEDED = ("study", "measure", "treatment")
OPTIONAL = ("mean", "sd", "n", "instrument", "duration", "comparator", "ci_low", "weeks")


def headed(name: str, change: Change, columns: tuple[str, ...], sure: bool, draws: int) -> None:
    """A kind that changes one name in the header."""

    def do(rng: Random, sheet: Sheet) -> Hit | None:
        column = rng.choice(columns)
        new = change(rng, column)
        if new is None or new == column:
            return None
        touched = [line for line in sheet.lines if sheet.get(line, column)]
        studies = {sheet.study(line) for line in sheet.lines}
        sheet.header[sheet.header.index(column)] = new
        return Hit(f"{column!r} -> {new!r}", touched, (column, new), tuple(studies), whole=True)

    KINDS.append(Kind(name, "file", do, sure, draws))


headed("needed column misspelt", _misspelt, NEEDED, True, 4)
headed(
    "other column misspelt",
    lambda rng, old: rng.choice((old + "s", old + "_", old[:1] + old)),
    OPTIONAL,
    True,
    4,
)
headed("column name in another case", lambda rng, old: old.upper(), NEEDED + OPTIONAL, True, 4)
headed("column name blank", lambda rng, old: "", OPTIONAL, True, 3)
headed("column name twice", lambda rng, old: "n" if old != "n" else "sd", OPTIONAL, True, 3)


@kind("two column names exchanged", "file", draws=4)
def _(rng, sheet):
    one, other = rng.choice(
        (("mean", "sd"), ("ci_low", "ci_high"), ("n", "n_comparator"), ("sd", "se"))
    )
    i, j = sheet.header.index(one), sheet.header.index(other)
    touched = [x for x in sheet.lines if sheet.get(x, one) or sheet.get(x, other)]
    studies = tuple({sheet.study(line) for line in sheet.lines})
    sheet.header[i], sheet.header[j] = other, one
    return Hit(f"{one} and {other}", touched, (one, other), studies, whole=True)


# ---- judging ---------------------------------------------------------------------------

VERDICTS = ("cell", "row", "study", "elsewhere", "harmless", "silent", "crash")
REPORTED = VERDICTS[:3]
MISSED = ("elsewhere", "silent", "crash")
FOUND_BY = ["level", "file", "row", "column", "rule"]


@dataclass(frozen=True)
class Outcome:
    """Where a damage was reported (VERDICTS), the new findings, what a crash said."""

    verdict: str
    new: pd.DataFrame
    error: str = ""

    @property
    def rules(self) -> list[str]:
        """Names of the rules that spoke."""
        return sorted(set(self.new["rule"]))


class Judge:
    """Reads damaged files as a run would and compares with the committed file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "trials.csv"
        config = committed_config()
        self.main = settings.analyses(config)["main"]
        self.checks = {
            "strata": config["strata"],
            "correlation": config["correlation"],
            "limits": config["plausibility"],
        }
        self.instruments, self.treatments = committed("instruments"), committed("treatments")
        nodes = zip(self.treatments["reported"], self.treatments["treatment"], strict=True)
        self.nodes = dict(nodes)
        came = self._take(Sheet().encoded())
        self.known = Counter(self._keys(came.findings, {}))
        self.arms = self._arms(came.trials)
        self.used = frozenset(
            int(row) for rows in self.arms["rows"].astype(str) for row in rows.split()
        )

    def judge(self, damage: Damage) -> Outcome:
        """Where the damage was reported. Any warning of a library counts as a crash."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                return self._judge(damage)
            except Exception as error:
                nothing = pd.DataFrame(columns=[*FOUND_BY, "study"])
                return Outcome("crash", nothing, f"{type(error).__name__}: {error}")

    def _judge(self, damage: Damage) -> Outcome:
        came = self._take(damage.data)
        new = self._new(came.findings, damage)
        arms = None if len(came.errors) else self._arms(came.trials)  # an error stops the run
        verdict = _place(new, damage)
        if not verdict and arms is None:
            verdict = "elsewhere"
        elif not verdict:
            verdict = "harmless" if same_arms(arms, self.arms) else "silent"
        return Outcome(verdict, new)

    def _take(self, data: bytes) -> intake.Intake:
        self.file.write_bytes(data)
        return intake.take(
            [(str(self.file), None)],
            {name: ROOT / f"config/{name}.csv" for name in ("treatments", "instruments")},
            {
                "corrections": [ROOT / "data/corrections.csv"],
                "exclusions": [ROOT / "data/exclusions.csv"],
                "columns": [],
            },
            ("treatment",),
            **self.checks,
        )

    def _arms(self, trials: pd.DataFrame) -> pd.DataFrame:
        """Arms of all strata, and their networks described as a run does."""
        belongs = strata.assign(trials, self.main["strata"])
        made = []
        for name in self.main["strata"]:
            rows = trials[belongs == name]
            arms = harmonise(rows, self.instruments, self.nodes, self.main).arms
            roles = self.treatments.drop_duplicates("treatment").set_index("treatment")
            roles = roles[["class", "modality", "kind"]].to_dict("index")
            network.split(arms, network.describe(arms, self.main["reference"], roles))
            made.append(arms.assign(stratum=name))
        return pd.concat(made, ignore_index=True)

    def _keys(self, findings: pd.DataFrame, origin: Mapping[str, str]) -> list[tuple]:
        ours = findings["file"] == str(self.file)
        row = findings["row"].where(~ours, findings["row"].map(lambda r: origin.get(r, r)))
        return list(findings.assign(row=row)[FOUND_BY].itertuples(index=False, name=None))

    def _new(self, findings: pd.DataFrame, damage: Damage) -> pd.DataFrame:
        """Findings that the committed file does not have at the same place."""
        # A row that was added has no place in the committed file.
        origin = {row: f"+{row}" for row in damage.rows if row not in damage.origin}
        left, fresh = Counter(self.known), []
        for key in self._keys(findings, origin | dict(damage.origin)):
            fresh.append(left[key] == 0)
            left[key] -= left[key] > 0
        new = findings[fresh]
        return new.assign(ours=new["file"] == str(self.file))


def _place(new: pd.DataFrame, damage: Damage) -> str:
    """The nearest place at which the damage was reported, "" if nowhere near."""
    mine = new[new["ours"]]
    here = mine[mine["row"].isin(damage.rows)]
    file = mine[mine["row"].isin(["", "1"]) | mine["column"].eq("")]
    if damage.whole and len(file):
        return "cell"
    if damage.columns & set(here["column"]):
        return "cell"
    if len(here):
        return "row"
    return "study" if damage.studies & set(new["study"]) else ""


def same_arms(arms: pd.DataFrame, others: pd.DataFrame) -> bool:
    """Whether two tables of arms agree within 1e-9 in all but the rows they come from."""
    if len(arms) != len(others):
        return False
    key = ["stratum", "study", "treatment"]
    arms, others = (t.sort_values(key, ignore_index=True) for t in (arms, others))
    for column in arms.columns.difference(["file", "rows"]):
        one, other = arms[column], others[column]
        if is_numeric_dtype(one) and is_numeric_dtype(other):
            if not np.allclose(one, other, rtol=0, atol=1e-9, equal_nan=True):
                return False
        elif not one.astype(str).equals(other.astype(str)):
            return False
    return True


# ---- the table -------------------------------------------------------------------------


def judged(judge: Judge, every: Iterable[Damage]) -> list[tuple[Damage, Outcome]]:
    """Every damage with its outcome."""
    return [(damage, judge.judge(damage)) for damage in every]


def _line(name: str, rows: list[tuple[Damage, Outcome]], also: str = "") -> str:
    counts = Counter(outcome.verdict for _, outcome in rows)
    caught = sum(counts[verdict] for verdict in REPORTED)
    matter = len(rows) - counts["harmless"]
    share = f"{100 * caught / matter:.0f}" if matter else ""
    most = max(len(outcome.new) for _, outcome in rows)
    tally = " | ".join(str(counts[verdict] or "") for verdict in VERDICTS)
    return f"| {name} |{also} {len(rows)} | {tally} | {share} | {most} |"


def table(rows: list[tuple[Damage, Outcome]]) -> str:
    """The tables of docs/mutations.md: by group and by kind."""
    names = ["damages", *VERDICTS, "reported, %", "most findings"]
    head = " | ".join(names) + " |\n"
    rule = "---:|" * len(names) + "\n"
    groups = list(dict.fromkeys(damage.group for damage, _ in rows))
    kinds = list(dict.fromkeys((damage.kind, damage.group) for damage, _ in rows))
    text = f"{len(rows)} damages of {len(kinds)} kinds, seed {SEED}.\n\n"
    text += f"| group | {head}|---|{rule}"
    for group in groups:
        text += _line(group, [r for r in rows if r[0].group == group]) + "\n"
    text += _line("**all**", rows) + "\n"
    text += f"\n| kind | group | {head}|---|---|{rule}"
    for name, group in kinds:
        text += _line(name, [r for r in rows if r[0].kind == name], f" {group} |") + "\n"
    return text


BEGIN, END = "<!-- made by benchmarks/mutations.py -->\n\n", "\n<!-- end -->\n"


def tables_of(page: str) -> str:
    """The made part of docs/mutations.md."""
    return page.partition(BEGIN)[2].partition(END)[0]


def with_tables(page: str, made: str) -> str:
    """The page with its made part renewed."""
    before, begin, rest = page.partition(BEGIN)
    return before + begin + made + END + rest.partition(END)[2]
