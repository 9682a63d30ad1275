"""config/certainty.csv: what readers judge, checked before anything is fitted."""

from collections.abc import Iterable, Mapping

import pandas as pd

from nma.certainty import DOMAINS, LEVELS, OF_STUDIES, RATINGS, SCORES
from nma.contract import CERTAINTY
from nma.findings import Finding, nearest
from nma.tables import FILE, ROW

SCOPE = ["stratum", "study", "treatment", "comparator", "domain"]


def check(
    table: pd.DataFrame, strata: Iterable[str], studies: Iterable[str], nodes: Iterable[str]
) -> list[Finding]:
    """Every line that cannot be used, as an error.

    ``table`` is config/certainty.csv as text, ``nodes`` the treatments of main's map.
    """
    known = {"stratum": list(strata), "study": list(studies)}
    known |= {side: list(nodes) for side in ("treatment", "comparator")}
    findings: list[Finding] = []
    again = table.duplicated(SCOPE, keep=False)
    for (_, line), twice in zip(table.iterrows(), again, strict=True):
        for column, hint in [*_unknown(line, known), *_misused(line)]:
            findings.append(_error(line, column, hint))
        if twice:
            findings.append(_error(line, "domain", "Judged by two lines; keep one."))
    return findings


def of_stratum(table: pd.DataFrame, stratum: str) -> pd.DataFrame:
    """Lines that hold for a stratum: those that name it and those that name none."""
    return table[table["stratum"].isin(["", stratum])]


def _error(line: pd.Series, column: str, hint: str) -> Finding:
    return Finding(
        *("error", line[FILE], "judgement", hint),
        row=line[ROW],
        column=column,
        value=line[column],
        study=line["study"],
    )


def _unknown(line: pd.Series, known: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    return [
        (column, f"No {column.replace('comparator', 'treatment')} of that name."
                 + nearest(line[column], names))
        for column, names in known.items()
        if line[column] and line[column] not in names
    ]  # fmt: skip


def _misused(line: pd.Series) -> list[tuple[str, str]]:
    domain, found = line["domain"], []
    if domain not in (*DOMAINS, "certainty"):
        found.append(("domain", f"Write one of {', '.join((*DOMAINS, 'certainty'))}."))
    elif line["study"] and domain not in OF_STUDIES:
        found.append(("domain", f"Of a study only {' and '.join(OF_STUDIES)} are judged."))
    words = RATINGS if domain == "certainty" else SCORES if line["study"] else LEVELS
    if line["judgement"] not in words:
        found.append(("judgement", f"Write one of {', '.join(words)}."))
    if line["study"] and (line["treatment"] or line["comparator"]):
        found.append(("treatment", "Name a study or a comparison, not both."))
    if line["comparator"] and not line["treatment"]:
        found.append(("comparator", "Name the treatment as well."))
    if not line["reason"].strip():
        found.append(("reason", "Say why; every judgement needs a reason."))
    return found


def together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """All lines; none if there is no file."""
    columns = [field.name for field in CERTAINTY]
    return pd.concat([pd.DataFrame(columns=columns, dtype=str), *tables], ignore_index=True)
