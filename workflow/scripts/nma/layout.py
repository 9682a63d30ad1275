"""Any sheet -> rows of the contract: column maps, wide sheets, exports of other tools.

A column finds its place by ``config/columns.csv``, else by the layout that the sheet is
recognised as (``nma.exports``), else by the contract's own name. What no place is found
for is listed and warned of, never dropped in silence. Figures stay text as typed, but for
a decimal comma and the words for "missing" that other tools write.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Any, NamedTuple, Protocol

import pandas as pd

from nma import exports
from nma.contract import TRIALS, numbers
from nma.exports import DIFFERENCE, DIFFERENCE_SE, Layout, Sheet, fold, is_missing
from nma.findings import Finding, InputError, nearest, row_order
from nma.tables import FILE, ROW

COLUMN_COLUMNS = ["file", "column", "contract", "arm", "use"]
NAMES = tuple(column.name for column in TRIALS)
NUMERIC = frozenset((*numbers(TRIALS), "p_value", DIFFERENCE, DIFFERENCE_SE))
CHOICES = frozenset(column.name for column in TRIALS if column.choices)
NOT_USED, SAME_NAME, MAPPED, CONSTANT = "not used", "same name", "columns.csv", "constant"
NO_COLUMN = (
    "No column of the contract, so it is not used. config/columns.csv can say what it is, or "
    "with - that it is left out."
)
# A sheet with one of these and no mean holds counts.
COUNTS = re.compile(r"(r|responders?|events?|cases|successes)([1-9]\d?|\[,\d\])?")
COMMA = re.compile(r"[<>=]?\s*[+-]?\d*,\d+([eE][+-]?\d+)?")
POINT = re.compile(r"[<>=]?\s*[+-]?\d*\.\d+([eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
# In a row with two arms these columns of a difference are those of arm 1 and arm 2.
OF_PAIRS = {
    ("treatment", ""): ("treatment", "1"),
    ("comparator", ""): ("treatment", "2"),
    ("n", ""): ("n", "1"),
    ("n_comparator", ""): ("n", "2"),
    ("mean", ""): (DIFFERENCE, ""),
    ("se", ""): (DIFFERENCE_SE, ""),
}

Cell = tuple[str, str]  # (contract column, arm or "")
Cells = dict[Cell, str]
Record = dict[str, Any]


class Grid(Protocol):
    """What ``nma.grid.read_grid`` gives, as far as it matters here."""

    file: str
    header: list[str]
    rows: list[tuple[int, list[str]]]


@dataclass(frozen=True)
class ColumnLine:
    """One line of columns.csv; ``place`` and ``row`` say where it stands."""

    contract: str
    column: str = ""
    file: str = ""
    arm: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    place: str = "config/columns.csv"
    row: int | None = None

    def holds_for(self, label: str) -> bool:
        """True for a file label, its name, or its name without the sheet in brackets."""
        known = (label, PurePath(label).name, PurePath(label.partition(" [")[0]).name)
        # A pattern with brackets, as the label of a sheet has them, may be meant as it is.
        return self.file in ("", *known) or any(fnmatchcase(name, self.file) for name in known)

    def about(self, rule: str, hint: str, column: str, value: str) -> Finding:
        """An error about this line."""
        return Finding("error", self.place, rule, hint, self.row, column, value)


@dataclass(frozen=True)
class Arranged:
    """A sheet in columns of the contract.

    ``rows``: text cells, every column of contract.TRIALS, tables.FILE and tables.ROW, which
    is the spreadsheet row (int), or "12.2" for arm 2 of row 12 where a row gives several.
    ``columns`` (COLUMN_COLUMNS): what every column of the sheet was used for.
    ``layout``: what the sheet was recognised as.
    """

    rows: pd.DataFrame
    columns: pd.DataFrame
    layout: str
    findings: list[Finding]


def column_lines(table: pd.DataFrame) -> list[ColumnLine]:
    """The lines of columns.csv, read with ``tables.read_input`` and COLUMNS.

    Raises InputError with everything that is wrong in them.
    """
    lines, findings = [], []
    for row in table.to_dict("records"):
        values, faulty = _recoding(row["values"])
        line = ColumnLine(
            row["contract"],
            row["column"],
            row["file"],
            row["arm"],
            values,
            row["default"],
            row[FILE],
            int(row[ROW]),
        )
        lines.append(line)
        findings += _faults(line)
        findings += [
            line.about("bad_values", "Write theirs=ours, parted by semicolons.", "values", part)
            for part in faulty
        ]
    if findings:
        raise InputError(findings)
    return lines


def stale(lines: Sequence[ColumnLine], grids: Iterable[Grid]) -> list[Finding]:
    """Errors for lines that fit no file that was read, whose column is in none of the files
    they fit, or that speak of arms where every row is one arm."""
    read = [(sheet, _recognise(sheet, lines)) for sheet in map(_sheet, grids)]
    findings = []
    for line in lines if read else []:
        fit = [(sheet, layout) for sheet, layout in read if line.holds_for(sheet.file)]
        names = [name for sheet, layout in fit for name in (*sheet.header, *layout.adds)]
        if not fit:
            files = [PurePath(sheet.file).name for sheet, _ in read]
            hint = "No file that was read is called so." + nearest(line.file, files)
            findings.append(line.about("stale_column", hint, "file", line.file))
        elif line.column and fold(line.column) not in map(fold, names):
            hint = "No such column in the files it holds for; remove or renew the line."
            hint += nearest(line.column, names)
            findings.append(line.about("stale_column", hint, "column", line.column))
        elif line.arm and all(layout.shape == "rows" for _, layout in fit):
            hint = "Every row of the files it holds for is one arm; leave arm blank."
            findings.append(line.about("needless_arm", hint, "arm", line.arm))
    return findings


def arrange(grid: Grid, lines: Sequence[ColumnLine]) -> Arranged:
    """A sheet in columns of the contract.

    Raises InputError with all findings if a column is missing or claimed twice, if a
    difference has no baseline row, or if the sheet holds no means.
    """
    sheet = _sheet(grid)
    mine = [line for line in lines if line.holds_for(sheet.file)]
    layout = _recognise(sheet, mine)
    sheet, findings = layout.prepare(sheet)
    plan = _Plan(sheet, layout)
    plan.follow(mine)
    findings += plan.findings
    if not _stops(findings):
        findings += _missing(plan)
    if _stops(findings):
        raise InputError(findings)
    rows, said = _rows(plan)
    made = SHAPES[layout.shape](plan, rows)
    findings += said + made.findings + _fill_measure(plan, made.arms)
    records = sorted(made.arms + made.differences, key=lambda record: row_order(record[ROW]))
    if not (records or _stops(findings)):
        findings.append(Finding("error", sheet.file, "empty_file", "No rows that can be used."))
    if _stops(findings):
        raise InputError(findings)
    return Arranged(_table(records, sheet.file), _listed(plan, made), layout.name, findings)


def _stops(findings: Iterable[Finding]) -> bool:
    return any(finding.level == "error" for finding in findings)


# ---- columns.csv ------------------------------------------------------------------------


def _recoding(text: str) -> tuple[dict[str, str], list[str]]:
    """A mapping from "theirs=ours; ..." in lower case, and the parts that are no such pair."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    split = [part.rpartition("=") for part in parts]
    values = {theirs.strip().casefold(): ours.strip() for theirs, is_, ours in split if is_}
    return values, [part for part in parts if "=" not in part]


def _faults(line: ColumnLine) -> list[Finding]:
    findings = []
    if line.contract not in (*NAMES, "-"):
        hint = "The trials table has no such column." + nearest(line.contract, NAMES)
        findings.append(line.about("unknown_contract", hint, "contract", line.contract))
    if line.arm and not re.fullmatch(r"[1-9]\d?", line.arm):
        hint = "Write 1, 2, 3 ...; blank for the whole row."
        findings.append(line.about("bad_arm", hint, "arm", line.arm))
    if not line.column and (line.contract == "-" or not line.default):
        hint = "Name a column, or give a constant in default."
        findings.append(line.about("empty_line", hint, "column", ""))
    return findings


# ---- where every column goes ------------------------------------------------------------


def _sheet(grid: Grid) -> Sheet:
    return Sheet(grid.file, list(grid.header), [(row, list(cells)) for row, cells in grid.rows])


def _recognise(sheet: Sheet, lines: Sequence[ColumnLine]) -> Layout:
    """The first layout that fits; wide if arms are numbered or mapped so; else long."""
    known = next((layout for layout in exports.LAYOUTS if layout.fits(sheet)), None)
    if known:
        return known
    names = {fold(name) for name in sheet.header}
    mapped = any(line.arm and line.column and fold(line.column) in names for line in lines)
    return exports.wide(sheet, forced=mapped) or exports.LONG


@dataclass(frozen=True)
class _Source:
    """Where a cell comes from: a column of the sheet, or a constant (``position`` None)."""

    position: int | None
    use: str
    values: Mapping[str, str] = field(default_factory=dict)
    default: str = ""


class _Plan:
    """Which column of a sheet goes where; what goes nowhere, and why."""

    def __init__(self, sheet: Sheet, layout: Layout) -> None:
        self.sheet, self.layout = sheet, layout
        self.names = [fold(name) for name in sheet.header]
        self.sources: dict[Cell, _Source] = {}
        self.uses: list[tuple[int | None, Cell, str]] = []
        self.findings: list[Finding] = []

    def follow(self, lines: Sequence[ColumnLine]) -> None:
        """Place every column: by the lines, by the layout, by its own name, or nowhere."""
        for line in lines:
            self._by_line(line)
        for name, place in self.layout.columns.items():
            for position in self._open():
                if self.names[position] == fold(name):
                    self._by_layout(position, place)
        for position in self._open():
            self._by_name(position)

    def given(self, column: str) -> bool:
        """True if a contract column has a source."""
        return any(column == given for given, _ in self.sources)

    def error(self, rule: str, hint: str, column: str, row: int | str = 1) -> Finding:
        """An error in this sheet."""
        return Finding("error", self.sheet.file, rule, hint, row, column)

    def theirs(self, cell: Cell) -> str:
        """The user's name of a column, or the contract's if none holds it."""
        source = self.sources.get(cell)
        known = source is not None and source.position is not None
        return self.sheet.header[source.position] if known else cell[0].lstrip("_")

    def _open(self) -> list[int]:
        taken = {position for position, _, _ in self.uses}
        return [position for position in range(len(self.names)) if position not in taken]

    def _by_line(self, line: ColumnLine) -> None:
        name = fold(line.column)
        found = [i for i, own in enumerate(self.names) if line.column and own == name]
        if line.column and not found:
            return  # it may hold for another file; ``stale`` says if it holds for none
        if line.contract == "-":
            self.uses += [(i, ("", ""), f"{NOT_USED}: {MAPPED}") for i in found]
            return
        cell = (line.contract, line.arm)
        if self.layout.shape == "pairs":
            cell = OF_PAIRS.get(cell, cell)
        allowed = {"rows": ("",), "pairs": ("", "1", "2")}.get(self.layout.shape)
        if allowed and line.arm not in allowed:
            if found:
                hint = f"{self.sheet.file} is read as {self.layout.name}, which has no such arm."
                self.findings.append(line.about("needless_arm", hint, "arm", line.arm))
            return
        for position in found or [None]:
            use = CONSTANT if position is None else MAPPED
            self._place(cell, _Source(position, use, line.values, line.default))

    def _by_layout(self, position: int, place: str) -> None:
        if place.startswith("-"):
            self.uses.append((position, ("", ""), f"{NOT_USED}: {place[1:]}"))
            return
        column, _, arm = place.partition(" ")
        values = self.layout.values.get(column, {})
        self._offer((column, arm), _Source(position, self.layout.name, values))

    def _by_name(self, position: int) -> None:
        name, folded = self.sheet.header[position], self.names[position]
        own = next((contract for contract in NAMES if fold(contract) == folded), "")
        of_arms = own if own in exports.ARM_COLUMNS and self.layout.shape != "rows" else ""
        if own and not of_arms:
            self._offer((own, ""), _Source(position, SAME_NAME))
        elif folded in map(fold, self.layout.joins):
            self.uses.append((position, ("source", ""), self.layout.name))
        else:
            self.uses.append((position, ("", ""), NOT_USED))
            if name:  # of columns without a name the grid itself warns
                self.findings.append(self._unknown(name, of_arms))

    def _offer(self, cell: Cell, source: _Source) -> None:
        """Place a column; in an export it gives way to one placed before it."""
        first = self.sources.get(cell)
        if first and self.layout.tool and not self._twins(first, source):
            self.uses.append((source.position, ("", ""), f"{NOT_USED}: {self._called(first)} is"))
        else:
            self._place(cell, source)

    def _twins(self, *sources: _Source) -> bool:
        return len({s.position is None or self.names[s.position] for s in sources}) == 1

    def _unknown(self, name: str, of_arms: str) -> Finding:
        hint = NO_COLUMN + nearest(name, NAMES)
        if of_arms:
            hint = f"One {of_arms} for the whole row, but every arm has its own, so it is not used"
            hint += f"; name the columns {of_arms}1, {of_arms}2 or map them in config/columns.csv."
        return Finding("warning", self.sheet.file, "unknown_column", hint, 1, name)

    def _place(self, cell: Cell, source: _Source) -> None:
        first = self.sources.setdefault(cell, source)
        self.uses.append((source.position, cell, source.use))
        if first is source:
            return
        column, arm = cell
        what = column.lstrip("_") + f" of arm {arm}" * bool(arm)
        hint = f"{self._called(first)} and {self._called(source)} both stand for {what}; keep "
        hint += "one, or set the other to - in config/columns.csv."
        named = next((s for s in (source, first) if s.position is not None), None)
        own = column if named is None else self.sheet.header[named.position]
        self.findings.append(self.error("column_twice", hint, own))

    def _called(self, source: _Source) -> str:
        if source.position is None:
            return f"the constant '{source.default}'"
        return f"'{self.sheet.header[source.position]}'"


def _missing(plan: _Plan) -> list[Finding]:
    """Errors for what the contract cannot do without."""
    counts = [name for name in plan.sheet.header if COUNTS.fullmatch(fold(name))]
    means = any(plan.given(column) for column in ("mean", "median"))
    if counts and not means:
        hint = "Counts of events and no mean: a binary outcome. Only means can be compared."
        return [plan.error("binary_outcome", hint, counts[0])]
    arms = {arm for column, arm in plan.sources if column == "treatment"}
    pairs = plan.layout.shape == "pairs"
    absent = {
        "study": not plan.given("study"),
        "treatment": not arms and not pairs,
        "measure": plan.layout.name == "long" and not plan.given("measure"),
    }
    unplaced = [plan.sheet.header[i] for i, _, use in plan.uses if use == NOT_USED]
    findings = [
        plan.error(
            "wrong_header",
            f"The trials table needs a column '{column.name}' ({column.meaning})."
            + nearest(column.name, unplaced)
            + " config/columns.csv can name yours or give a constant.",
            column.name,
        )
        for column in TRIALS
        if absent.get(column.name)
    ]
    if pairs and not {"1", "2"} <= arms:
        hint = "The sheet does not name both treatments. Name them in config/columns.csv with arm "
        hint += "1 and arm 2: as constants, or by recoding a column (say, 'Analysis group')."
        findings.append(plan.error("treatment_names", hint, "treatment"))
    return findings


# ---- cells ------------------------------------------------------------------------------


class _Row(NamedTuple):
    """One row of the sheet: its number, its cells by place, the arms that it tells of."""

    row: int
    cells: Cells
    arms: frozenset[str]

    def whole(self) -> Record:
        """The cells that hold for all arms, as contract columns."""
        return {column: text for (column, arm), text in self.cells.items()
                if not arm and not column.startswith("_")}  # fmt: skip

    def of_arm(self, arm: str) -> Record:
        """The cells of one arm, as contract columns."""
        return {column: text for (column, of), text in self.cells.items() if of == arm}

    def get(self, column: str, arm: str = "") -> str:
        """One cell, blank if the sheet has no such column."""
        return self.cells.get((column, arm), "")


def _rows(plan: _Plan) -> tuple[list[_Row], list[Finding]]:
    """The sheet by place: recoded, tools' words for "missing" blanked, decimal points,
    defaults filled in."""
    text = {
        cell: [_read(plan, cell, source, cells[source.position]) for _, cells in plan.sheet.rows]
        for cell, source in plan.sources.items()
        if source.position is not None
    }
    text, findings = _with_points(plan, text)
    rows = []
    for i, (row, _) in enumerate(plan.sheet.rows):
        typed = {cell: column[i] for cell, column in text.items()}
        arms = frozenset(arm for (_, arm), one in typed.items() if arm and not is_missing(one))
        cells = {cell: typed.get(cell) or source.default for cell, source in plan.sources.items()}
        rows.append(_Row(row, cells, arms))
    return rows, findings


def _read(plan: _Plan, cell: Cell, source: _Source, typed: str) -> str:
    own = source.values.get(typed.strip().casefold(), typed)
    blank = plan.layout.tool and cell[0] in NUMERIC | CHOICES and is_missing(own)
    return "" if blank else own


def _with_points(
    plan: _Plan, text: dict[Cell, list[str]]
) -> tuple[dict[Cell, list[str]], list[Finding]]:
    """Decimal commas as points, if the sheet has no decimal points and they are no thousands."""
    numeric = {cell: column for cell, column in text.items() if cell[0] in NUMERIC}
    every = [one for column in numeric.values() for one in column]
    commas = [one for one in every if COMMA.fullmatch(one)]
    if not commas or any(POINT.fullmatch(one) for one in every):
        return text, []
    where = [cell for cell, column in numeric.items() if any(map(COMMA.fullmatch, column))]
    names = ", ".join(dict.fromkeys(plan.theirs(cell) for cell in where))

    def warn(rule: str, hint: str) -> list[Finding]:
        first = plan.theirs(where[0])
        return [Finding("warning", plan.sheet.file, rule, hint, None, first, commas[0])]

    if all(map(THOUSANDS.fullmatch, commas)):
        hint = f"Thousands or decimals? {len(commas)} cells of {names} can be read as both and "
        return text, warn("thousands_or_decimal", hint + "stay as typed. Write them without comma.")
    hint = f"{len(commas)} cells of {names} have a decimal comma; they are read with a point."
    pointed = {
        cell: [one.replace(",", ".") if COMMA.fullmatch(one) else one for one in text[cell]]
        for cell in where
    }
    return text | pointed, warn("decimal_comma", hint)


# ---- rows of the contract ------------------------------------------------------------------


@dataclass
class _Made:
    """Rows of the contract: arms, differences (with their common arms), what was wrong."""

    arms: list[Record] = field(default_factory=list)
    differences: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def _from_rows(plan: _Plan, rows: list[_Row]) -> _Made:
    """An arm a row; where a study gives differences only, each from its baseline row."""
    made = _Made()
    if not plan.given(DIFFERENCE):
        made.arms = [row.whole() | {ROW: row.row} for row in rows]
        return made
    studies: dict[str, list[_Row]] = {}
    for row in rows:
        studies.setdefault(row.get("study"), []).append(row)
    for study, group in studies.items():
        if any(row.get("mean") or row.get("median") for row in group):
            made.arms += [row.whole() | {ROW: row.row} for row in group]
            continue
        base = [row for row in group if not row.get(DIFFERENCE)]
        if len(base) == 1 and len(group) > 1:
            made.differences += _from_baseline(base[0], group)
            continue
        column = plan.theirs((DIFFERENCE, ""))
        hint = "The differences of a study need one row, the baseline arm, where this column is "
        hint += f"blank; '{study}' has {len(base)} of {len(group)} rows so."
        made.findings.append(plan.error("baseline_row", hint, column, group[0].row))
    return made


def _from_baseline(base: _Row, group: list[_Row]) -> list[Record]:
    """Differences from one arm. In a study of three arms or more the SE of that arm is the
    covariance of its differences, so it becomes a row of its own, without a mean."""
    made = []
    for row in group:
        if row is base:
            continue
        told = {"comparator": base.get("treatment"), "n_comparator": base.get("n")}
        made.append(_difference(row.whole() | told, row))
    se = base.get(DIFFERENCE_SE) or base.get("se")
    if len(group) > 2 and (se or base.get("sd")):
        kind = {"measure": made[0]["difference_of"], "difference_of": ""}
        made.append(base.whole() | {"se": se, "mean": "", ROW: base.row} | kind)
    return made


def _difference(record: Record, row: _Row) -> Record:
    """A difference row. A measure given for the sheet says what the difference is of."""
    told = record.get("measure", "")
    of = record.get("difference_of") or (told if told in ("final", "change") else "final")
    measure = "difference" if told in ("", "final", "change") else told
    figures = {"mean": row.get(DIFFERENCE), "se": row.get(DIFFERENCE_SE) or row.get("se")}
    return record | figures | {"measure": measure, "difference_of": of, ROW: row.row}


def _from_pairs(plan: _Plan, rows: list[_Row]) -> _Made:
    """Two arms a row: both arms where both have figures, else their difference.

    Where the layout repeats the arms of larger trials, one comes once, unless its figures
    differ. A trial of which one row lacks arms' figures is read from its differences.
    """
    made, seen = _Made(), set()
    groups: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        groups.setdefault((row.get("study"), row.get("source")), []).append(row)
    for group in groups.values():
        told = any(row.get(DIFFERENCE) for row in group)
        if told and not all(_has_figures(row, arm) for row in group for arm in ("1", "2")):
            made.differences += [_of_two(row) for row in group]
            continue
        for row in group:
            for arm in ("1", "2"):
                record = row.whole() | row.of_arm(arm)
                key = tuple(sorted(record.items()))
                if key not in seen or not plan.layout.repeats:
                    seen.add(key)
                    made.arms.append(record | {ROW: f"{row.row}.{arm}"})
    return made


def _has_figures(row: _Row, arm: str) -> bool:
    return bool(row.get("mean", arm) or row.get("median", arm))


def _of_two(row: _Row) -> Record:
    told = {
        "treatment": row.get("treatment", "1"),
        "comparator": row.get("treatment", "2"),
        "n": row.get("n", "1"),
        "n_comparator": row.get("n", "2"),
    }
    return _difference(row.whole() | told, row)


def _from_wide(plan: _Plan, rows: list[_Row]) -> _Made:
    """A study a row: one row for every arm that has a cell filled."""
    return _Made(
        [
            row.whole() | row.of_arm(arm) | {ROW: f"{row.row}.{arm}"}
            for row in rows
            for arm in sorted(row.arms, key=int)
        ]
    )


SHAPES = {"rows": _from_rows, "pairs": _from_pairs, "wide": _from_wide}


def _fill_measure(plan: _Plan, arms: list[Record]) -> list[Finding]:
    """Arms of a sheet that says nothing of ``measure`` are final values, if none is negative."""
    if plan.given("measure") or not arms:
        return []
    ways = "a line of config/columns.csv with contract measure and default final, change or "
    ways += "improvement"
    negative = [record for record in arms if record.get("mean", "").startswith("-")]
    if negative:
        hint = f"Negative, so hardly a final score. Say what the means are, in {ways}."
        arm = str(negative[0][ROW]).partition(".")[2]
        return [
            Finding(
                "error",
                plan.sheet.file,
                "measure_needed",
                hint,
                negative[0][ROW],
                plan.theirs(("mean", arm)),
                negative[0]["mean"],
                negative[0].get("study", ""),
            )
        ]
    for record in arms:
        record["measure"] = "final"
    hint = f"The sheet does not say what its means are: taken as final values. Else give {ways}."
    return [Finding("warning", plan.sheet.file, "measure_assumed", hint)]


def _table(records: list[Record], label: str) -> pd.DataFrame:
    table = pd.DataFrame(
        {name: [record.get(name, "") for record in records] for name in NAMES}, dtype=str
    )
    return table.assign(**{FILE: label, ROW: [record[ROW] for record in records]})


def _listed(plan: _Plan, made: _Made) -> pd.DataFrame:
    """What every column was used for, in the order of the sheet, constants last."""
    pairs = {place: cell for cell, place in OF_PAIRS.items()}
    lines = []
    for position, (column, arm), use in plan.uses:
        cell = (column, arm)
        if column in (DIFFERENCE, DIFFERENCE_SE) and not made.differences:
            cell, use = ("", ""), exports.ARMS_ARE_USED
        elif column in (DIFFERENCE, DIFFERENCE_SE) or (made.differences and not made.arms):
            cell = pairs.get(cell, cell)
        name = "" if position is None else plan.sheet.header[position]
        lines.append((position, [plan.sheet.file, name, *cell, use]))
    lines.sort(key=lambda line: len(plan.names) if line[0] is None else line[0])
    return pd.DataFrame([line for _, line in lines], columns=COLUMN_COLUMNS, dtype=str)
