"""The flow of trials through the review: numbers that add up, for text and figure.

What happened before the data sheet (search, screening) only a human can fill in: config's
``search``; what is not filled in is named as missing.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

SEARCH = {
    "databases": "databases and registers searched",
    "last_search": "date of the last search",
    "records_identified": "records identified",
    "duplicates_removed": "duplicates removed",
    "records_screened": "records screened",
    "reports_assessed": "full texts assessed",
    "reports_excluded": "full texts excluded, with reasons",
}
# Reasons of excluded.csv name studies and figures; a flow diagram counts kinds of them.
KINDS = (
    ("excluded by declaration", "left out by declaration, each with its reason"),
    ("outcome ", "another outcome"),
    ("not linked to the reference", "not linked to the reference by any trial"),
    ("is used with", "another assessment or kind of result of the study is used"),
    ("which is no mean score", "the scale is no mean score of the outcome"),
    ("assessed before", "assessed before the window"),
    ("assessed after", "assessed after the window"),
    ("no spread", "no spread or number of participants"),
    ("no standard error", "no spread or number of participants"),
    ("no number of participants", "no spread or number of participants"),
    ("one treatment", "no second treatment left in the study"),
)


def flow(
    trials: pd.DataFrame,
    unassigned: pd.DataFrame,
    strata: Mapping[str, Mapping[str, Any]],
    search: Mapping[str, Any],
) -> dict[str, Any]:
    """Counts of rows and studies from the sheet to the network.

    ``trials`` is the validated table, ``unassigned`` its rows without a stratum; ``strata``
    maps a stratum to label, account (rows_in, ...), arms, excluded and network. Rows of all
    strata and unassigned rows add up to the sheet's.
    """
    parts = []
    for name, each in strata.items():
        excluded, arms, account = each["excluded"], each["arms"], each["account"]
        parts.append(
            {
                "name": name,
                "label": each["label"],
                "rows_in": int(account["rows_in"]),
                "rows_used": int(account["rows_used"]),
                "rows_merged": int(account["rows_merged"]),
                "rows_excluded": int(account["rows_excluded"]),
                "reasons": kinds(excluded),
                "studies": int(arms["study"].nunique()),
                "studies_out": len(set(excluded["study"]) - set(arms["study"])),
                "arms": len(arms),
                "people": float(arms["n"].sum()),
                "treatments": len(each["network"]["nodes"]),
                "islands": len(each["network"]["islands"]),
            }
        )
    return {
        "rows": len(trials),
        "studies": int(trials["study"].nunique()),
        "unassigned_rows": len(unassigned),
        "unassigned_studies": int(unassigned["study"].nunique()) if len(unassigned) else 0,
        "strata": parts,
        "before": [
            {"what": text, "value": search.get(key), "key": f"search.{key}"}
            for key, text in SEARCH.items()
        ],
    }


def kinds(excluded: pd.DataFrame) -> list[tuple[str, int]]:
    """(kind of reason, rows), most first; a reason of no known kind stands for itself."""
    named = excluded["reason"].map(_kind)
    counted = named.value_counts()
    return [(str(kind), int(rows)) for kind, rows in counted.items()]


def _kind(reason: str) -> str:
    low = reason.casefold()
    return next((kind for word, kind in KINDS if word in low), reason)


def sentences(found: Mapping[str, Any]) -> list[str]:
    """The diagram in words."""
    said = [
        f"The sheet holds {found['rows']} rows of {found['studies']} studies; "
        f"{found['unassigned_rows']} rows of {found['unassigned_studies']} studies belong to no "
        "stratum, because the duration of pain is not known."
    ]
    for part in found["strata"]:
        said.append(
            f"{part['label']}: {part['rows_in']} rows in, {part['rows_used']} used, "
            f"{part['rows_merged']} merged into another arm, {part['rows_excluded']} left out; "
            f"{part['studies']} studies, {part['arms']} arms, {part['treatments']} treatments "
            f"analysed, {part['studies_out']} studies left out."
        )
    missing = [b["what"] for b in found["before"] if b["value"] is None]
    if missing:
        said.append(f"For a human to fill in (config: search): {', '.join(missing)}.")
    return said
