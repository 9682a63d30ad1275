"""Rows as reported -> arms on 0-100 points, lower is better, one assessment per study.

Every row ends in exactly one place: used, merged into another arm, or excluded with its
reason. Every derived number says how it was made and keeps a trace to its cells.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from nma import assessment, derive, smd, study_arms
from nma.account import EXCLUDED_COLUMNS, account
from nma.contract import FLAGGED, INSTRUMENTS
from nma.corrections import EXCLUDED
from nma.derive import AS_REPORTED
from nma.scale import aligned, to_points
from nma.tables import FILE, ROW, to_number
from nma.trace import TRACE_COLUMNS, lines

Record = dict[str, Any]

POOLABLE = ("intensity", "disability")
POOLABLE_STANDARDISED = (*POOLABLE, "multidimensional", "smd")
INTERNAL = {"flagged": FLAGGED}  # columns that the pipeline adds, by their name in the config
ARM_COLUMNS = [
    *("study", "treatment", "n", "mean", "sd", "se", "basis", "y", "derivation"),
    *("reported", "kind", "instrument", "weeks", "year", "rob", "doubt", "baseline", "doi"),
    *("file", "rows", "merged"),
]


@dataclass(frozen=True)
class Harmonised:
    """``arms`` (ARM_COLUMNS), ``excluded`` (EXCLUDED_COLUMNS) and ``trace``
    (TRACE_COLUMNS): the cells behind every arm."""

    arms: pd.DataFrame
    excluded: pd.DataFrame
    trace: pd.DataFrame


def harmonise(
    rows: pd.DataFrame,
    instruments: pd.DataFrame,
    nodes: Mapping[str, str],
    settings: Mapping[str, Any],
) -> Harmonised:
    """Arms of one stratum from validated rows (text cells).

    ``nodes`` maps a reported treatment to its node. ``settings`` gives ``outcome``,
    ``assessment``, ``data`` (keep, drop), ``impute``, ``correlation``, ``effect_measure`` and
    ``smd_sd``. Raises AssertionError if a row is lost, which would be a bug here, not a
    fault of the data.
    """
    table = _typed(rows, instruments, nodes, settings)
    table["reason"] = _set_aside(table, settings)
    records = table.to_dict("records")
    for record, cells in zip(records, rows.to_dict("records"), strict=True):
        record["_cells"] = cells
    standardised = settings["effect_measure"] == "smd"
    _derive(records, standardised)
    if settings["impute"] == "pooled" and not standardised:
        _impute(records)
    sd_points = _sd_in_points(records, settings["smd_sd"]) if standardised else None
    arms: list[Record] = []
    for study, group in _by_study(records):
        arms += _arms_of(study, group, settings["assessment"], sd_points)
    trace = [
        line
        for arm in arms
        for line in lines(arm["study"], arm["treatment"], arm["basis"], arm["_rows"])
    ]
    out = [
        [row["study"], row[ROW], row["reason"], row["treatment"], row[FILE]]
        for row in records
        if row["reason"]
    ]
    result = Harmonised(
        pd.DataFrame(arms, columns=ARM_COLUMNS),
        pd.DataFrame(out, columns=EXCLUDED_COLUMNS),
        pd.DataFrame(trace, columns=TRACE_COLUMNS),
    )
    account(len(rows), result.arms, result.excluded)
    return result


def _typed(rows, instruments, nodes, settings) -> pd.DataFrame:
    table = derive.numbers_of(rows.reset_index(drop=True), settings["correlation"])
    registry = instruments.set_index("instrument")
    for column in (f.name for f in INSTRUMENTS if f.name != "instrument"):
        table[f"_{column}"] = table["instrument"].map(registry[column])
    unnamed = table["instrument"] == ""
    defaults = {"min": "0", "max": "100", "higher_is": "worse", "measures": "intensity"}
    for column, value in defaults.items():
        table.loc[unnamed, f"_{column}"] = value
    table["_min"], table["_max"] = to_number(table["_min"]), to_number(table["_max"])
    table["_outcome"] = table["outcome"].where(table["outcome"] != "", table["_outcome"])
    table["_outcome"] = table["_outcome"].fillna(settings["outcome"])
    table["_node"] = table["treatment"].map(nodes)
    table["_against"] = table["comparator"].map(nodes)
    return table


def _set_aside(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.Series:
    """The reason why a row is out before anything is derived, "" if it stays."""
    reason = table[EXCLUDED].copy()

    def out(where: pd.Series, why) -> None:
        chosen = where & (reason == "")
        reason[chosen] = why[chosen] if isinstance(why, pd.Series) else why

    for column, allowed in settings["data"]["keep"].items():
        out(
            ~_is_one_of(table[INTERNAL.get(column, column)], allowed),
            f"left out of this analysis: {column} is not " + " or ".join(map(str, allowed)),
        )
    for column, dropped in settings["data"]["drop"].items():
        out(
            _is_one_of(table[INTERNAL.get(column, column)], dropped),
            f"left out of this analysis: {column} is " + " or ".join(map(str, dropped)),
        )
    for column in settings["data"].get("require", ()):
        stated = table[column].notna() & (table[column].astype(str) != "")
        known = stated.groupby(table["study"]).transform("any")
        out(~known, f"left out of this analysis: no arm of the study states {column}")
    outcome = settings["outcome"]
    out(
        table["_outcome"] != outcome,
        "outcome " + table["_outcome"].astype(str) + f", not {outcome}",
    )
    standardised = settings["effect_measure"] == "smd"
    out(
        ~table["_measures"].isin(POOLABLE_STANDARDISED if standardised else POOLABLE),
        table["instrument"]
        + " measures "
        + table["_measures"].astype(str)
        + ", which is no mean score of the outcome",
    )
    if standardised:
        kind = settings["assessment"]["prefer"][0]
        of = table["_kind"].where(table["_kind"] != "difference", table["difference_of"])
        out(~of.isin([kind, ""]), "only " + kind + " scores enter this standardised analysis")
    else:
        range_known = table["_max"] > table["_min"]
        out(~range_known, "the range of " + table["instrument"] + " is not known")
    first, last = settings["assessment"]["min_weeks"], settings["assessment"]["max_weeks"]
    out(table["weeks"] < first, f"assessed before {first:g} weeks")
    out(table["weeks"] > last, f"assessed after {last:g} weeks")
    out(table["weeks"] < table["treatment_weeks"], "assessed before treatment ended")
    return reason


def _is_one_of(cells: pd.Series, values: Iterable[str | float]) -> pd.Series:
    """True where a cell is one of the values; numeric columns compare as numbers."""
    wanted = pd.Series([str(value) for value in values], dtype=str)
    return cells.isin(to_number(wanted) if is_numeric_dtype(cells) else wanted)


def _by_study(records: list[Record]) -> list[tuple[str, list[Record]]]:
    studies: dict[str, list[Record]] = {}
    for row in records:
        studies.setdefault(row["study"], []).append(row)
    return sorted(studies.items())


def _derive(records: list[Record], standardised: bool) -> None:
    """Fill ``_mean``, ``_sd`` and ``_se`` for every row still in, in points (or in the
    instrument's own units, lower is better); rows without a spread wait for imputation."""
    for row in records:
        row |= {"_mean": np.nan, "_sd": np.nan, "_se": np.nan, "_se_arm": np.nan}
        row |= {"_how": "", "_uses": {}, "_wait": False}
        if row["reason"]:
            continue
        row["_se_arm"] = _alone(row)
        try:
            if row["measure"] == "difference":
                got = derive.difference(row, row["design"], row["adjusted"] == "yes")
            else:
                got = derive.arm(row, row["design"], row["adjusted"] == "yes")
        except derive.NoSpread as problem:
            row |= {"reason": str(problem), "_wait": row["measure"] != "difference"}
            continue
        except derive.Unusable as problem:
            row["reason"] = str(problem)
            continue
        _place(row, got, standardised)


def _place(row: Record, got: derive.Derived, standardised: bool = False) -> None:
    if standardised:
        mean, sd, se = aligned(row, got.mean), got.sd, got.se
    else:
        mean, sd = to_points(row, got.mean, got.sd)
        se = row["_se_arm"] = to_points(row, 0.0, got.se)[1]
    row |= {"_mean": mean, "_sd": sd, "_se": se, "_how": got.how, "_uses": got.uses, "reason": ""}


def _alone(row: Record) -> float:
    """The SE in points of a row that may have no mean: a common arm's, beside differences."""
    se = row["se"] if np.isfinite(row["se"]) else row["sd"] / np.sqrt(row["n"])
    return to_points(row, 0.0, se)[1]


def _impute(records: list[Record], least_studies: int = 2) -> None:
    """Missing SDs from the pooled SD of the same instrument and kind in this stratum.

    Cochrane Handbook 6.5.2.7. Donors are arms with an SD of their own from at least
    ``least_studies`` other studies. Flagged ``sd_imputed``.
    """
    donors: dict[tuple[str, str], list[Record]] = {}
    for row in records:
        if not row["reason"] and np.isfinite(row["_sd"]) and np.isfinite(row["n"]):
            donors.setdefault((row["instrument"], row["_kind"]), []).append(row)
    for row in records:
        if not row["_wait"]:
            continue
        like = [
            donor
            for donor in donors.get((row["instrument"], row["_kind"]), [])
            if donor["study"] != row["study"]
        ]
        if len({donor["study"] for donor in like}) < least_studies:
            continue
        weight = np.array([donor["n"] - 1 for donor in like])
        square = np.array([donor["_sd"] ** 2 for donor in like])
        points = float(np.sqrt(weight @ square / weight.sum()))
        filled = row | {"sd": points * (row["_max"] - row["_min"]) / 100}
        got = derive.arm(filled, row["design"], row["adjusted"] == "yes")
        how = "sd_imputed" + ("; " + got.how) * (got.how != AS_REPORTED)
        _place(row, replace(got, how=how, uses=dict(got.uses) | {"sd": ()}))


def _sd_in_points(records: list[Record], given: float | None) -> float:
    """The SD in points that a standardised difference is multiplied by: the config's, else
    the median reported SD of instruments whose range is known."""
    known = [
        100 * row["sd"] / (row["_max"] - row["_min"])
        for row in records
        if not row["reason"]
        and row["_kind"] != "difference"
        and np.isfinite(row["sd"])
        and row["_max"] > row["_min"]
    ]
    if given is None and not known:
        return np.nan
    return float(given if given is not None else np.median(known))


def _arms_of(
    study: str, group: list[Record], rule: Mapping[str, Any], sd_points: float | None
) -> list[Record]:
    """Arms of one study from its first candidate that can be used; every other row gets the
    reason why it is not."""
    usable = [row for row in group if not row["reason"]]
    candidates = assessment.candidates(group, rule)
    for rows in candidates:
        try:
            made = _make(rows, group, sd_points)
        except derive.Unusable as problem:
            for row in rows:
                row["reason"] = str(problem)
            continue
        kept = {id(row) for row in rows}
        for row in usable:
            if id(row) not in kept and not row["reason"]:
                row["reason"] = assessment.why_another(study, rows)
        return made
    why = assessment.why_none(group) if any(not row["reason"] for row in usable) else ""
    for row in usable:
        row["reason"] = row["reason"] or why
    return []


def _make(rows: list[Record], group: list[Record], sd_points: float | None) -> list[Record]:
    differences = rows[0]["_kind"] == "difference"
    if sd_points is None:
        if differences:
            return study_arms.from_differences(rows, study_arms.known_se(rows, group))
        return study_arms.from_arms(rows)
    if not np.isfinite(sd_points):
        raise derive.Unusable(
            "no instrument with a known range gives an SD in points; set smd_sd in the config"
        )
    if differences:
        return study_arms.from_differences(smd.of_differences(rows, sd_points), {})
    return smd.of_arms(study_arms.from_arms(rows), sd_points)
