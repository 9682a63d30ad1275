"""Declared corrections and exclusions: visible edits of the data, each used exactly once.

A correction names study, row, column, the old cell and the new one; an exclusion a study
and, optionally, one row. One that does not fit the data any more is stale: an error.
"""

import json
from typing import Any

import pandas as pd

from nma.contract import PRINTED
from nma.findings import Finding, nearest
from nma.tables import FILE, ROW

EXCLUDED = "_excluded"


def correct(
    trials: pd.DataFrame, corrections: pd.DataFrame
) -> tuple[pd.DataFrame, list[Finding], pd.DataFrame]:
    """Trials with corrected cells, findings, and the corrections that were applied.

    Trials gain contract.PRINTED, the cells as printed.

    ``row`` counts rows of the trials file; with several files a correction fits the one
    whose study and old cell agree.
    """
    trials, findings, applied, seen = trials.copy(), [], [], set()
    printed: dict[Any, dict[str, str]] = {}
    file_at, row_at = _places(corrections)
    for fix in corrections.itertuples():
        at = f"correction of {fix.study}, row {fix.row}, column {fix.column}"

        def stale(hint: str, fix=fix, at=at) -> Finding:
            return Finding(
                "error",
                fix[file_at],
                "stale_correction",
                f"The {at}: {hint}",
                row=fix[row_at],
                column=fix.column,
                value=fix.old,
                study=fix.study,
            )

        if fix.column not in trials.columns or fix.column.startswith("_"):
            findings.append(stale("no such column." + nearest(fix.column, trials.columns)))
            continue
        match = trials.index[(trials["study"] == fix.study) & (trials[ROW].astype(str) == fix.row)]
        if match.empty:
            findings.append(stale("that row is not of that study; find the row it meant."))
            continue
        current = [i for i in match if trials.at[i, fix.column] == fix.old]
        if not current:
            now = trials.at[match[0], fix.column]
            findings.append(stale(f"the cell now reads '{now}'; remove or renew the correction."))
            continue
        if (current[0], fix.column) in seen:
            findings.append(stale("the cell is corrected twice; keep one."))
            continue
        seen.add((current[0], fix.column))
        trials.at[current[0], fix.column] = fix.new
        printed.setdefault(current[0], {})[fix.column] = fix.old
        applied.append(
            {
                "file": trials.at[current[0], FILE],
                "row": trials.at[current[0], ROW],
                "study": fix.study,
                "column": fix.column,
                "old": fix.old,
                "new": fix.new,
                "reason": fix.reason,
            }
        )
    columns = ["file", "row", "study", "column", "old", "new", "reason"]
    kept = pd.Series({row: json.dumps(cells) for row, cells in printed.items()}, dtype=object)
    trials[PRINTED] = kept.reindex(trials.index).fillna("")
    return trials, findings, pd.DataFrame(applied, columns=columns)


def exclude(trials: pd.DataFrame, exclusions: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Trials with ``_excluded`` holding the reason ("" for rows that stay), and findings."""
    trials, findings = trials.copy(), []
    trials[EXCLUDED] = ""
    file_at, row_at = _places(exclusions)
    for rule in exclusions.itertuples():
        chosen = trials["study"] == rule.study
        if rule.row:
            chosen &= trials[ROW].astype(str) == rule.row
        if not chosen.any():
            hint = "no such row of that study" if rule.row else "no such study"
            findings.append(
                Finding(
                    "error",
                    rule[file_at],
                    "stale_exclusion",
                    f"The exclusion fits nothing: {hint}."
                    + nearest(rule.study, set(trials["study"]) - {rule.study}),
                    row=rule[row_at],
                    study=rule.study,
                    value=rule.row,
                )
            )
        trials.loc[chosen, EXCLUDED] = "excluded by declaration: " + rule.reason
    return trials, findings


def _places(table: pd.DataFrame) -> tuple[int, int]:
    """Where ``itertuples`` puts file and row: it renames columns that begin with "_"."""
    return table.columns.get_loc(FILE) + 1, table.columns.get_loc(ROW) + 1
