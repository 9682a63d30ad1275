"""What validation says: a page by study with ready-to-paste corrections, and a few lines."""

import csv
import io
from typing import Any

import pandas as pd

from nma.findings import describe, outline
from nma.intake import Intake
from nma.rules import SUSPICIONS


def page(came: Intake) -> dict[str, Any]:
    """What the template of results/validation/report.html shows."""
    rows = came.findings.to_dict("records")
    for row in rows:
        row["correction"] = correction_line(row)
    studies: dict[tuple[bool, str], list[dict[str, str]]] = {}
    for row in rows:
        studies.setdefault((row["study"] != "", row["study"]), []).append(row)
    groups = [
        {
            "study": study or "the files themselves",
            "errors": sum(row["level"] == "error" for row in found),
            "suspect": sum(row["rule"] in SUSPICIONS for row in found),
            "findings": found,
        }
        for (_, study), found in studies.items()
    ]
    groups.sort(key=lambda g: (g["errors"] == 0, g["suspect"] == 0, g["study"].casefold()))
    unused = came.columns[came.columns["use"] == "not used"]
    return {
        "groups": groups,
        "errors": len(came.errors),
        "warnings": len(came.findings) - len(came.errors),
        "rows": len(came.trials),
        "studies": int(came.trials["study"].nunique()),
        "counts": _counts(came.findings),
        "sources": came.sources.to_dict("records"),
        "unused": unused.to_dict("records"),
        "columns": came.columns[came.columns["use"] != "not used"].to_dict("records"),
        "corrections": came.corrections.to_dict("records"),
    }


def correction_line(finding: dict[str, str]) -> str:
    """A line for data/corrections.csv where a cell may be wrong; its new cell is blank where
    the figures do not say."""
    wrong = finding["level"] == "error" or finding["rule"] in SUSPICIONS
    if not (wrong and finding["row"] and finding["study"] and finding["column"]):
        return ""
    column = finding["column"].rpartition("(")[2].rstrip(")")
    line = io.StringIO()
    reason = finding["evidence"] or finding["rule"]
    cells = [finding["study"], finding["row"], column, finding["value"], finding["proposal"]]
    csv.writer(line, lineterminator="").writerow([*cells, reason])
    return line.getvalue()


def stopped(came: Intake, path: str) -> str:
    """The last words of a run that errors stop; blank without one."""
    if came.errors.empty:
        return ""
    return (
        f"The input has {len(came.errors)} errors; nothing was fitted. All findings, warnings "
        f"too: {path}\n{describe(came.errors)}\n"
    )


def terminal(came: Intake, report: str) -> str:
    """Counts, every error, warnings by rule."""
    warnings = came.findings[came.findings["level"] == "warning"]
    how = [f"  {s.file}: {s.rows} rows, {s.layout} ({s.how})" for s in came.sources.itertuples()]
    lines = [
        f"validation: {len(came.trials)} rows, {len(came.errors)} errors, {len(warnings)} warnings",
        *how,
        describe(came.errors),
        outline(warnings),
        f"  every cell, why it is suspect and what to do: {report}",
    ]
    return "\n".join(line for line in lines if line)


def _counts(findings: pd.DataFrame) -> list[dict[str, Any]]:
    counted = findings.groupby(["level", "rule"]).size().reset_index(name="rows")
    return counted.to_dict("records")
