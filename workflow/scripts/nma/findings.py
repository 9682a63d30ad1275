"""Findings: what validation has to say, one line each, all at once.

A finding names the file, row, column and value, the rule it breaks and what to do.
An *error* stops the run before anything is fitted; a *warning* does not.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches

import pandas as pd

COLUMNS = [
    *("level", "file", "row", "study", "column", "value"),
    *("rule", "hint", "evidence", "proposal"),
]


@dataclass(frozen=True)
class Finding:
    """One thing wrong or odd in the input.

    ``row`` is the spreadsheet row (header = 1), "12.2" for arm 2 of row 12 of a wide sheet.
    ``evidence`` holds the figures that speak for it, ``proposal`` the cell as it might read.
    """

    level: str
    file: str
    rule: str
    hint: str
    row: int | str | None = None
    column: str = ""
    value: str = ""
    study: str = ""
    evidence: str = ""
    proposal: str = ""


class InputError(Exception):
    """Input that cannot be used at all; carries the findings that say why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(f"{f.file}: {f.hint}" for f in findings))
        self.findings = findings


def row_order(label: object) -> tuple[int, ...]:
    """Sorting key of a row label: 9 before 12, 12.2 before 12.10; a whole file (blank) first."""
    text = "" if label is None or label is pd.NA else str(label)
    return tuple(int(part) if part.isdigit() else 0 for part in text.split(".")) if text else ()


def as_table(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a table with ``COLUMNS``, errors first, then by file and row."""
    rows = [asdict(finding) for finding in dict.fromkeys(findings)]
    rows.sort(key=lambda r: (r["level"], r["file"], row_order(r["row"]), r["column"], r["rule"]))
    table = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    table["row"] = table["row"].map(lambda label: "" if label is None else str(label))
    return table.astype(str)


def nearest(word: str, known: Iterable[str]) -> str:
    """A suggestion for a misspelt name, or an empty string."""
    by_fold = {name.casefold(): name for name in known}
    match = get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return f" Did you mean '{by_fold[match[0]]}'?" if match else ""


def describe(table: pd.DataFrame, limit: int = 40) -> str:
    """Findings as lines for a terminal, errors first; the full list is in the file."""
    lines = []
    for finding in table.head(limit).itertuples():
        place = [finding.file]
        if finding.row:
            place.append(f"row {finding.row}")
        if finding.column:
            place.append(f"column {finding.column}")
        value = f" value {finding.value!r}" if finding.value else ""
        study = f" [{finding.study}]" if finding.study else ""
        lines.append(f"{finding.level.upper()}: {', '.join(place)}{study}:{value} ({finding.rule})")
        lines.append(f"    Hint: {finding.hint}")
        if finding.evidence:
            lines.append(f"    Evidence: {finding.evidence}")
    if len(table) > limit:
        lines.append(f"... and {len(table) - limit} more")
    return "\n".join(lines)


def outline(table: pd.DataFrame) -> str:
    """Findings by rule, one line each: how many, and the rows they are in."""
    lines = []
    for (level, rule, file), part in table.groupby(["level", "rule", "file"], sort=False):
        rows = [row for row in part["row"] if row]
        where = ", ".join(rows[:12]) + (", ..." if len(rows) > 12 else "")
        lines.append(
            f"  {level} {rule}: {len(part)} in {file}" + (f", rows {where}" if rows else "")
        )
    return "\n".join(lines)
