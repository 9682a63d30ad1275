"""Intake: input files -> one validated table of trials, with all findings at once.

files -> grids -> contract columns -> corrections and exclusions -> rules. Nothing is
dropped in silence: how every file was read and what every column was used for is kept.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from nma import contract, corrections, judgements, layout, rules, tables
from nma.findings import Finding, InputError, as_table
from nma.grid import read_grid

SOURCE_COLUMNS = ["file", "layout", "rows", "studies", "how", "sha256"]
COLUMN_COLUMNS = ["file", "column", "contract", "arm", "use"]


@dataclass
class Intake:
    """What came in. All tables hold text.

    ``trials`` has every contract column, tables.FILE, tables.ROW, corrections.EXCLUDED and
    contract.FLAGGED; ``findings`` is sorted, errors first; ``corrections`` were applied;
    ``sources`` (SOURCE_COLUMNS) and ``columns`` (COLUMN_COLUMNS) say how the files were read.
    """

    trials: pd.DataFrame
    corrections: pd.DataFrame
    sources: pd.DataFrame
    columns: pd.DataFrame
    findings: pd.DataFrame

    @property
    def errors(self) -> pd.DataFrame:
        """Findings that stop the run."""
        return self.findings[self.findings["level"] == "error"]


@dataclass
class _Reading:
    """Findings and tables while the files are read."""

    findings: list[Finding] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    columns: list[pd.DataFrame] = field(default_factory=list)

    def table(self, paths: Iterable[str | Path], name: str) -> pd.DataFrame:
        """All files of one table of our own; what cannot be read becomes findings."""
        fields, parts = contract.TABLES[name], []
        for path in paths:
            try:
                part = tables.read_input(path, fields, name)
            except InputError as error:
                self.findings += error.findings
                continue
            if name in ("corrections", "exclusions", "columns", "certainty"):
                self.findings += [
                    Finding("warning", str(path), "unknown_column", "Not used.", 1, column)
                    for column in tables.unknown_columns(part, fields)
                ]
            parts.append(part)
        return pd.concat(parts, ignore_index=True) if parts else _blank(fields)

    def map(self, paths: Iterable[str | Path]) -> list[layout.ColumnLine]:
        """The lines of config/columns.csv, none if it is not there or not usable."""
        try:
            return layout.column_lines(self.table(paths, "columns"))
        except InputError as error:
            self.findings += error.findings
            return []

    def trials(
        self, sheets: Sequence[tuple[str, str | None]], lines: list[layout.ColumnLine]
    ) -> pd.DataFrame:
        """All sheets of trials in contract columns under each other."""
        parts, grids = [], []
        for path, sheet in sheets:
            try:
                grid = read_grid(path, sheet)
                grids.append(grid)
                self.findings += grid.findings
                made = layout.arrange(grid, lines)
            except InputError as error:
                self.findings += error.findings
                continue
            self.findings += made.findings
            self.columns.append(made.columns)
            self.sources.append(
                {
                    "file": grid.file,
                    "layout": made.layout,
                    "rows": len(made.rows),
                    "studies": made.rows["study"].nunique(),
                    "how": ", ".join(f"{key} {value}" for key, value in grid.how.items()),
                    "sha256": sha256(Path(path).read_bytes()).hexdigest(),
                }
            )
            parts.append(made.rows)
        self.findings += layout.stale(lines, grids)
        return pd.concat(parts, ignore_index=True) if parts else _blank(contract.TRIALS)


def take(
    trials: Sequence[tuple[str, str | None]],
    registries: Mapping[str, str | Path],
    overlays: Mapping[str, Sequence[str | Path]],
    maps: Sequence[str],
    **settings: Any,
) -> Intake:
    """Read and check everything.

    ``trials`` are (path, sheet or None); ``registries`` has treatments and instruments,
    ``overlays`` corrections, exclusions, columns and, if wanted, certainty (none or one path
    each); ``maps`` the node columns in use, main's first; ``settings`` go to ``rules.check``
    (strata, correlation, limits).
    """
    reading = _Reading()
    lines = reading.map(overlays["columns"])
    rows = reading.trials(trials, lines)
    fixes = reading.table(overlays["corrections"], "corrections")
    leave = reading.table(overlays["exclusions"], "exclusions")
    treatments = reading.table([registries["treatments"]], "treatments")
    instruments = reading.table([registries["instruments"]], "instruments")
    findings = reading.findings
    absent = [column for column in maps if column not in treatments]
    findings += [
        Finding("error", str(registries["treatments"]), "wrong_header",
                f"treatment_map asks for a column '{column}'.", 1, column)
        for column in absent
    ]  # fmt: skip
    readable = len(rows) > 0
    findings += rules.check_registries(treatments, instruments, maps)
    # Against a table that could not be read every correction would look stale.
    rows, stale, applied = corrections.correct(rows, fixes if readable else fixes.head(0))
    rows, unused = corrections.exclude(rows, leave if readable else leave.head(0))
    findings += stale + unused
    if readable and not absent:
        findings += rules.check(rows, instruments, treatments, maps, **settings)
    if readable and not absent:
        nodes = sorted(set(treatments[maps[0]]) - {""})
        judged = reading.table(overlays.get("certainty", ()), "certainty")
        findings += judgements.check(judged, settings.get("strata", {}), set(rows["study"]), nodes)
    listed = as_table(findings)
    names = _names(reading.columns)
    rows[contract.NAMES] = [
        json.dumps(_own(names, file, str(row)))
        for file, row in zip(rows[tables.FILE], rows[tables.ROW], strict=True)
    ]
    return Intake(
        trials=_flag(rows, listed),
        corrections=applied,
        sources=pd.DataFrame(reading.sources, columns=SOURCE_COLUMNS),
        columns=pd.concat([pd.DataFrame(columns=COLUMN_COLUMNS), *reading.columns]).astype(str),
        findings=_own_columns(listed, names),
    )


def _flag(trials: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Rows that a rule of plausibility suspects get ``_flagged`` = yes."""
    suspect = findings[findings["rule"].isin(rules.SUSPICIONS)]
    places = set(zip(suspect["file"], suspect["row"], strict=True))
    own = zip(trials[tables.FILE], trials[tables.ROW].astype(str), strict=True)
    return trials.assign(**{contract.FLAGGED: ["yes" if p in places else "no" for p in own]})


Names = dict[tuple[str, str], dict[str, str]]  # (file, arm) -> contract column -> theirs


def _names(columns: list[pd.DataFrame]) -> Names:
    """The user's own column names where they differ from the contract's."""
    names: Names = {}
    for used in columns:
        for c in used.itertuples():
            if c.contract and c.column and c.contract != c.column:
                names.setdefault((c.file, str(c.arm)), {})[c.contract] = c.column
    return names


def _own(names: Names, file: str, row: str) -> dict[str, str]:
    """Contract column -> the user's own, for one row ("12.2": arm 2 of a wide sheet)."""
    arm = row.partition(".")[2]
    return names.get((file, ""), {}) | (names.get((file, arm), {}) if arm else {})


def _own_columns(findings: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Findings with the user's own column name where a map renamed it: theirs (ours)."""

    def own(finding: Any) -> str:
        theirs = _own(names, finding.file, finding.row).get(finding.column)
        return f"{theirs} ({finding.column})" if theirs else finding.column

    return findings.assign(column=[own(finding) for finding in findings.itertuples()])


def _blank(fields: tuple[contract.Field, ...]) -> pd.DataFrame:
    return pd.DataFrame(columns=[f.name for f in fields] + [tables.FILE, tables.ROW], dtype=str)
