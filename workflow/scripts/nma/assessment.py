"""Which assessment of a study is used: one time, one instrument, one kind of result."""

from collections.abc import Mapping
from typing import Any

import numpy as np

Record = dict[str, Any]


def candidates(group: list[Record], rule: Mapping[str, Any]) -> list[list[Record]]:
    """The sets of rows of one study that compare two treatments, the one to use first.

    By the time of the rule (``first`` in the window, or ``nearest`` to ``weeks``); at one
    time figures of the trial before imputed ones, then the kinds in the order of
    ``prefer``, then the instrument with more arms.
    """
    sets: dict[tuple, list[Record]] = {}
    for row in group:
        if not row["reason"]:
            sets.setdefault((_weeks(row), row["_kind"], row["instrument"]), []).append(row)
    order = {kind: i for i, kind in enumerate(rule["prefer"])}
    ranked = []
    for (weeks, kind, instrument), rows in sets.items():
        treatments = nodes(rows)
        if len(treatments) > 1:
            imputed = any(row["_how"].startswith("sd_imputed") for row in rows)
            key = (*_time(weeks, rule), imputed, order[kind], -len(treatments), instrument)
            ranked.append((key, rows))
    return [rows for _, rows in sorted(ranked, key=lambda pair: pair[0])]


def nodes(rows: list[Record]) -> set[str]:
    """Treatments of rows, the comparators of differences included."""
    return {row["_node"] for row in rows} | {row["_against"] for row in rows if row["comparator"]}


def why_none(group: list[Record]) -> str:
    """Why the usable rows of a study make no comparison."""
    usable = [row for row in group if not row["reason"]]
    treatments = nodes(usable)
    several = len(usable) > 1 or any(row["comparator"] for row in usable)
    if len(treatments) == 1 and several:
        return f"all its usable arms are one treatment ({min(treatments)}) in this map"
    return "no other usable arm at the same assessment to compare with"


def why_another(study: str, chosen: list[Record]) -> str:
    """Why the other rows of a study are not used."""
    first = chosen[0]
    weeks = first["weeks"]
    at = f"week {weeks:g}" if np.isfinite(weeks) else "an assessment without a time"
    return f"{study} is used with {first['_kind']} scores of {first['instrument']} at {at}"


def _weeks(row: Record) -> float:
    return row["weeks"] if np.isfinite(row["weeks"]) else np.inf


def _time(weeks: float, rule: Mapping[str, Any]) -> tuple[float, float]:
    """Sorting key of a time: the earliest, or the nearest to ``weeks`` and then the earliest."""
    if rule.get("rule", "first") == "nearest":
        return abs(weeks - rule["weeks"]), weeks
    return weeks, weeks
