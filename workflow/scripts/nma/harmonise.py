"""Rows as reported -> arms on 0-100 points, lower is better, one assessment per study.

Every row ends in exactly one place: used, merged into another arm, or excluded with its
reason. Every derived number says how it was made.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from nma import derive
from nma.account import EXCLUDED_COLUMNS, account
from nma.contract import INSTRUMENTS, TRIALS, numbers
from nma.corrections import EXCLUDED
from nma.derive import AS_REPORTED
from nma.findings import row_order
from nma.tables import FILE, ROW, to_number

Record = dict[str, Any]

POOLABLE = ("intensity", "disability")
ARM_COLUMNS = [
    "study",
    "treatment",
    "n",
    "mean",
    "sd",
    "se",
    "basis",
    "y",
    "derivation",
    "reported",
    "kind",
    "instrument",
    "weeks",
    "year",
    "rob",
    "doubt",
    "baseline",
    "doi",
    "file",
    "rows",
    "merged",
]


@dataclass(frozen=True)
class Harmonised:
    """``arms`` (ARM_COLUMNS) and ``excluded`` (EXCLUDED_COLUMNS)."""

    arms: pd.DataFrame
    excluded: pd.DataFrame


def harmonise(
    rows: pd.DataFrame,
    instruments: pd.DataFrame,
    nodes: Mapping[str, str],
    settings: Mapping[str, Any],
) -> Harmonised:
    """Arms of one stratum from validated rows (text cells).

    ``nodes`` maps a reported treatment to its node. ``settings`` gives ``outcome``,
    ``assessment``, ``data`` (keep, drop) and ``impute_sd``. Raises AssertionError if a
    row is lost, which would be a bug here, not a fault of the data.
    """
    table = _typed(rows, instruments, nodes, settings["outcome"])
    table["reason"] = _set_aside(table, settings)
    records = table.to_dict("records")
    _derive(records)
    if settings["impute_sd"] == "pooled":
        _impute(records)
    arms: list[dict[str, Any]] = []
    for study, group in _by_study(records):
        chosen = _choose(study, group, settings["assessment"])
        try:
            if chosen and chosen[0]["_kind"] == "difference":
                arms.extend(_contrast_arms(chosen, _known_se(chosen[0], group)))
            elif chosen:
                arms.extend(_study_arms(chosen))
        except derive.Unusable as problem:
            for row in chosen:
                row["reason"] = str(problem)
    out = [
        [row["study"], row[ROW], row["reason"], row["treatment"], row[FILE]]
        for row in records
        if row["reason"]
    ]
    result = Harmonised(
        pd.DataFrame(arms, columns=ARM_COLUMNS), pd.DataFrame(out, columns=EXCLUDED_COLUMNS)
    )
    account(len(rows), result.arms, result.excluded)
    return result


def to_points(row: Mapping[str, Any], mean: float, spread: float) -> tuple[float, float]:
    """A mean and a spread (sd or se) of the instrument as 0-100 points, lower is better.

    ``row`` holds ``measure``, ``_min``, ``_max`` and ``_higher_is``. An improvement is
    positive = better on any instrument, so it is turned once and never again.
    """
    span = row["_max"] - row["_min"]
    if row["measure"] == "final":
        points = 100 * (mean - row["_min"]) / span
        points = points if row["_higher_is"] == "worse" else 100 - points
    else:
        up_is_worse = row["measure"] != "improvement" and row["_higher_is"] == "worse"
        points = (100 if up_is_worse else -100) * mean / span
    return points, 100 * spread / span


def solve_arm_variances(
    treatments: list[str],
    pairs: list[tuple[str, str, float]],
    n: Mapping[str, float],
    tolerance: float = 0.05,
) -> dict[str, float]:
    """Arm variances v with v_a + v_b = se_ab^2 for the pairs reported (DESIGN section 2).

    All pairwise SEs: least squares. Otherwise v_a proportional to 1/n_a, fitted to the
    SEs. Raises Unusable if neither is possible or the misfit of an SE exceeds
    ``tolerance``. ``pairs`` holds (treatment, comparator, se).
    """
    square = np.array([se**2 for _, _, se in pairs])
    incidence = np.array([[float(t in pair[:2]) for t in treatments] for pair in pairs])
    if len(treatments) == 2:
        return dict.fromkeys(treatments, square[0] / 2)
    every = (
        len({frozenset(pair[:2]) for pair in pairs}) == len(treatments) * (len(treatments) - 1) // 2
    )
    if every:
        v = np.linalg.lstsq(incidence, square, rcond=None)[0]
    elif all(np.isfinite(n.get(t, np.nan)) for t in treatments):
        share = np.array([1 / n[t] for t in treatments])
        predicted = incidence @ share
        v = share * (predicted @ square) / (predicted @ predicted)
    else:
        raise derive.Unusable(
            "differences of several arms need arm SEs, all pairwise SEs or the n of every arm"
        )
    if (v <= 0).any():
        raise derive.Unusable(
            "the SEs of its differences do not fit together: an arm variance <= 0"
        )
    misfit = np.abs(np.sqrt(incidence @ v) / np.sqrt(square) - 1).max()
    if misfit > tolerance:
        raise derive.Unusable(
            f"the SEs of its differences do not fit together (misfit {misfit:.0%}, "
            f"allowed {tolerance:.0%})"
        )
    return dict(zip(treatments, v, strict=True))


def _typed(rows, instruments, nodes, outcome) -> pd.DataFrame:
    table = rows.reset_index(drop=True).copy()
    for column in numbers(TRIALS):
        table[column] = to_number(table[column])
    registry = instruments.set_index("instrument")
    for column in (f.name for f in INSTRUMENTS if f.name != "instrument"):
        table[f"_{column}"] = table["instrument"].map(registry[column])
    unnamed = table["instrument"] == ""
    defaults = {"min": "0", "max": "100", "higher_is": "worse", "measures": "intensity"}
    for column, value in defaults.items():
        table.loc[unnamed, f"_{column}"] = value
    table["_min"], table["_max"] = to_number(table["_min"]), to_number(table["_max"])
    table["_outcome"] = table["outcome"].where(table["outcome"] != "", table["_outcome"])
    table["_outcome"] = table["_outcome"].fillna(outcome)
    table["_node"] = table["treatment"].map(nodes)
    table["_against"] = table["comparator"].map(nodes)
    table["_kind"] = derive.measure_kind(table["measure"])
    parsed = table["p_value"].map(derive.parse_p)
    table["p"], table["p_bound"] = parsed.str[0].astype(float), parsed.str[1]
    return table


def _set_aside(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.Series:
    """The reason why a row is out before anything is derived, "" if it stays."""
    reason = table[EXCLUDED].copy()

    def out(where: pd.Series, why) -> None:
        chosen = where & (reason == "")
        reason[chosen] = why[chosen] if isinstance(why, pd.Series) else why

    for column, allowed in settings["data"]["keep"].items():
        out(
            ~_is_one_of(table[column], allowed),
            f"left out of this analysis: {column} is not " + " or ".join(map(str, allowed)),
        )
    for column, dropped in settings["data"]["drop"].items():
        out(
            _is_one_of(table[column], dropped),
            f"left out of this analysis: {column} is " + " or ".join(map(str, dropped)),
        )
    outcome = settings["outcome"]
    out(
        table["_outcome"] != outcome,
        "outcome " + table["_outcome"].astype(str) + f", not {outcome}",
    )
    out(
        ~table["_measures"].isin(POOLABLE),
        table["instrument"]
        + " measures "
        + table["_measures"].astype(str)
        + ", which is no mean score of the outcome",
    )
    out(~(table["_max"] > table["_min"]), "the range of " + table["instrument"] + " is not known")
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


def _derive(records: list[Record]) -> None:
    """Fill ``_mean``, ``_sd`` and ``_se`` in points for every row still in; rows without a
    spread wait for imputation."""
    for row in records:
        row |= {"_mean": np.nan, "_sd": np.nan, "_se": np.nan, "_how": "", "_wait": False}
        if row["reason"]:
            continue
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
        _place(row, got)


def _place(row: Record, got: derive.Derived) -> None:
    mean, sd = to_points(row, got.mean, got.sd)
    se = to_points(row, 0.0, got.se)[1]
    row |= {"_mean": mean, "_sd": sd, "_se": se, "_how": got.how, "reason": ""}


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
        _place(row, replace(got, how="sd_imputed" + ("; " + got.how) * (got.how != AS_REPORTED)))


def _choose(study: str, group: list[Record], assessment: Mapping[str, Any]) -> list[Record]:
    """The rows of one assessment, instrument and kind of measure; all others get a reason.

    The first assessment in the window with two treatments to compare; at that time figures
    of the trial before imputed ones, then the kinds in the order of the config, then the
    instrument with more arms.
    """
    usable = [row for row in group if not row["reason"]]
    if not usable:
        return []
    candidates: dict[tuple, list[Record]] = {}
    for row in usable:
        weeks = row["weeks"] if np.isfinite(row["weeks"]) else np.inf
        candidates.setdefault((weeks, row["_kind"], row["instrument"]), []).append(row)
    order = {kind: i for i, kind in enumerate(assessment["prefer"])}
    ranked = []
    for (weeks, kind, instrument), rows in candidates.items():
        nodes = _nodes(rows)
        if len(nodes) > 1:
            imputed = any(row["_how"].startswith("sd_imputed") for row in rows)
            ranked.append(((weeks, imputed, order[kind], -len(nodes), instrument), rows))
    if not ranked:
        nodes = _nodes(usable)
        several = len(usable) > 1 or any(row["comparator"] for row in usable)
        why = (
            f"all its usable arms are one treatment ({min(nodes)}) in this map"
            if len(nodes) == 1 and several
            else "no other usable arm at the same assessment to compare with"
        )
        for row in usable:
            row["reason"] = why
        return []
    (weeks, _, _, _, instrument), chosen = min(ranked, key=lambda pair: pair[0])
    at = f"week {weeks:g}" if np.isfinite(weeks) else "an assessment without a time"
    kept = {id(row) for row in chosen}
    for row in usable:
        if id(row) not in kept:
            row["reason"] = (
                f"{study} is used with {chosen[0]['_kind']} scores of {instrument} at {at}"
            )
    return chosen


def _nodes(rows: list[Record]) -> set[str]:
    return {row["_node"] for row in rows} | {row["_against"] for row in rows if row["comparator"]}


def _study_arms(rows: list[Record]) -> list[dict[str, Any]]:
    """Arms of one study at its assessment, arms of one treatment combined."""
    made = []
    for node in sorted({row["_node"] for row in rows}):
        same = [row for row in rows if row["_node"] == node]
        n, mean, sd, se = (np.array([r[c] for r in same]) for c in ("n", "_mean", "_sd", "_se"))
        how = "; ".join(dict.fromkeys(row["_how"] for row in same))
        if len(same) > 1:
            how = f"combined {len(same)} arms; {how}"
            if not (np.isfinite(sd).all() and np.isfinite(n).all()):
                raise derive.Unusable(f"two arms of '{node}' can be combined only with n and sd")
            inflation = float((se / (sd / np.sqrt(n))).mean())
            N, M, S = derive.combine(n, mean, sd)
            n, mean, sd, se = [N], [M], [S], [inflation * S / np.sqrt(N)]
        made.append(_record(same, node, n[0], mean[0], sd[0], se[0], "arm", mean[0], how))
    return made


def _known_se(first: Record, group: list[Record]) -> dict[str, float]:
    """SEs of single arms of this study at the same assessment, by reported treatment."""
    return {
        row["treatment"]: row["_se"]
        for row in group
        if row["instrument"] == first["instrument"]
        and (row["weeks"] == first["weeks"] or not np.isfinite(first["weeks"]))
        and row["_kind"] != "difference"
        and np.isfinite(row["_se"])
    }


def _contrast_arms(rows: list[Record], known: Mapping[str, float]) -> list[dict[str, Any]]:
    """Pseudo-arms of a study reported as differences: value 0 for the common comparator,
    D for the others, with variances that add up to the reported SEs.

    ``known`` holds SEs of single arms, where the report gives them.
    """
    counts = Counter(row["comparator"] for row in rows)
    base = min(counts, key=lambda name: (-counts[name], name))
    others = {row["treatment"] for row in rows} | {row["comparator"] for row in rows}
    names = [base, *sorted(others - {base})]
    pairs = [(row["treatment"], row["comparator"], row["_se"]) for row in rows]
    if len({frozenset(pair[:2]) for pair in pairs}) < len(pairs):
        raise derive.Unusable("two differences of the same pair of arms; keep one")
    n = dict.fromkeys(names, np.nan)
    for row in rows:
        told = {row["comparator"]: row["n_comparator"], row["treatment"]: row["n"]}
        n |= {name: people for name, people in told.items() if np.isfinite(people)}
    node = {row["comparator"]: row["_against"] for row in rows}
    node |= {row["treatment"]: row["_node"] for row in rows}
    minus = np.array([[(t == a) - (t == b) for t in names] for a, b, _ in pairs], float)
    if np.linalg.matrix_rank(minus) < len(names) - 1:
        raise derive.Unusable("its differences do not link all its arms to one comparator")
    D = np.array([row["_mean"] for row in rows])
    solved = np.concatenate([[0.0], np.linalg.lstsq(minus[:, 1:], D, rcond=None)[0]])
    value = dict(zip(names, solved, strict=True))
    if len(names) > 2 and base in known and all(pair[1] == base for pair in pairs):
        v = {base: known[base] ** 2} | {t: se**2 - known[base] ** 2 for t, _, se in pairs}
        if min(v.values()) <= 0:
            raise derive.Unusable("the SE of its baseline arm exceeds that of a difference")
    else:
        v = solve_arm_variances(names, pairs, n)
    how = "; ".join(dict.fromkeys(row["_how"] for row in rows))
    made = []
    for target in dict.fromkeys(node[name] for name in names):
        same = [name for name in names if node[name] == target]
        people = np.array([n[name] for name in same], float)
        variance = np.array([v[name] for name in same])
        share = people if np.isfinite(people).all() else 1 / variance
        share = share / share.sum()
        combined = f"combined {len(same)} arms; " if len(same) > 1 else ""
        about = [r for r in rows if r["treatment"] in same or r["comparator"] in same]
        arm = _record(
            about,
            target,
            people.sum(),
            np.nan,
            np.nan,
            float(np.sqrt(share**2 @ variance)),
            "contrast",
            float(share @ [value[name] for name in same]),
            combined + how,
        )
        arm |= {"reported": " / ".join(same), "baseline": np.nan, "merged": len(same) - 1}
        made.append(arm)
    return made


def _record(rows, node, n, mean, sd, se, basis, y, how) -> dict[str, Any]:
    """One line of arms.csv; ``y`` is what the model fits (the mean, or a pseudo-arm)."""
    first = rows[0]
    base = [to_points(row | {"measure": "final"}, row["baseline_mean"], 0.0)[0] for row in rows]
    weight = [row["n"] if np.isfinite(row["n"]) else 1.0 for row in rows]
    return {
        "study": first["study"],
        "treatment": node,
        "n": n,
        "mean": mean,
        "sd": sd,
        "se": se,
        "basis": basis,
        "y": y,
        "derivation": how,
        "reported": " / ".join(dict.fromkeys(row["treatment"] for row in rows)),
        "kind": first["_kind"],
        "instrument": first["instrument"],
        "weeks": first["weeks"],
        "year": first["year"],
        "rob": first["rob"],
        "doubt": first["doubt"],
        "baseline": float(np.average(base, weights=weight)),
        "doi": first["doi"],
        "file": first[FILE],
        "rows": " ".join(sorted({str(row[ROW]) for row in rows}, key=row_order)),
        "merged": len(rows) - 1,
    }
