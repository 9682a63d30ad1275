"""Rows as reported -> arms on 0-100 points, lower is better, one assessment per study.

Every row ends in exactly one place: used, merged into another arm, or excluded with its
reason. Every derived number says how it was made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nma import derive
from nma.contract import INSTRUMENTS, TRIALS, numbers
from nma.corrections import EXCLUDED
from nma.tables import FILE, ROW, to_number

KINDS = ("final", "change", "difference")
POOLABLE = ("intensity", "disability")
ARM_COLUMNS = [
    "study", "treatment", "n", "mean", "sd", "se", "basis", "y", "derivation", "reported",
    "kind", "instrument", "weeks", "year", "rob", "baseline", "doi", "file", "rows", "merged",
]  # fmt: skip
EXCLUDED_COLUMNS = ["study", "row", "reason", "treatment", "file"]


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
    table = _derive(table)
    if settings["impute_sd"] == "pooled":
        table = _impute(table)
    table = _choose(table, settings["assessment"])
    arms, reasons = [], table["reason"].copy()
    for study, group in table[table["reason"] == ""].groupby("study", sort=True):
        try:
            if group["_kind"].iloc[0] == "difference":
                arms.extend(_contrast_arms(group, _known_se(table, group)))
            else:
                arms.extend(_study_arms(group))
        except derive.Unusable as problem:
            reasons[group.index] = f"{study}: {problem}"
    out = table[reasons != ""]
    excluded = pd.DataFrame(
        {
            "study": out["study"],
            "row": out[ROW],
            "reason": reasons[reasons != ""],
            "treatment": out["treatment"],
            "file": out[FILE],
        },
        columns=EXCLUDED_COLUMNS,
    ).reset_index(drop=True)
    result = Harmonised(pd.DataFrame(arms, columns=ARM_COLUMNS), excluded)
    account(len(rows), result.arms, result.excluded)
    return result


def account(rows_in: int, arms: pd.DataFrame, excluded: pd.DataFrame) -> dict[str, int]:
    """Where every row went: rows in = used + merged + excluded.

    Raises AssertionError if a row is lost or counted twice.
    """
    placed = {
        (file, row)
        for file, rows in zip(arms["file"], arms["rows"].astype(str), strict=True)
        for row in rows.split()
    }
    out = set(zip(excluded["file"], excluded["row"].astype(str), strict=True))
    if placed & out or len(placed) + len(excluded) != rows_in or len(out) != len(excluded):
        raise AssertionError(
            f"rows were lost or counted twice: {rows_in} in, {len(placed)} in arms, "
            f"{len(excluded)} excluded, {len(placed & out)} in both"
        )
    merged = int(arms["merged"].sum())
    return {
        "rows_in": rows_in,
        "rows_used": len(placed) - merged,
        "rows_merged": merged,
        "rows_excluded": len(excluded),
    }


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
    every = len({frozenset(pair[:2]) for pair in pairs}) == len(treatments) * (
        len(treatments) - 1
    ) // 2
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
        raise derive.Unusable("the SEs of its differences do not fit together: an arm variance <= 0")
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
        out(~table[column].astype(str).isin(map(str, allowed)),
            f"left out of this analysis: {column} is not " + " or ".join(map(str, allowed)))  # fmt: skip
    for column, dropped in settings["data"]["drop"].items():
        out(table[column].astype(str).isin(map(str, dropped)),
            f"left out of this analysis: {column} is " + " or ".join(map(str, dropped)))  # fmt: skip
    outcome = settings["outcome"]
    out(table["_outcome"] != outcome,
        "outcome " + table["_outcome"].astype(str) + f", not {outcome}")  # fmt: skip
    out(~table["_measures"].isin(POOLABLE),
        table["instrument"] + " measures " + table["_measures"].astype(str)
        + ", which is no mean score of the outcome")  # fmt: skip
    out(~(table["_max"] > table["_min"]), "the range of " + table["instrument"] + " is not known")
    first, last = settings["assessment"]["min_weeks"], settings["assessment"]["max_weeks"]
    out(table["weeks"] < first, f"assessed before {first:g} weeks")
    out(table["weeks"] > last, f"assessed after {last:g} weeks")
    out(table["weeks"] < table["treatment_weeks"], "assessed before treatment ended")
    return reason


def _derive(table: pd.DataFrame) -> pd.DataFrame:
    """Mean, sd and se in points for every row still in; rows without a spread wait for
    imputation."""
    for column in ("_mean", "_sd", "_se"):
        table[column] = np.nan
    table["_how"], table["_wait"] = "", False
    for i, row in table[table["reason"] == ""].iterrows():
        values = row.to_dict()
        try:
            if row["measure"] == "difference":
                got = derive.difference(values)
            else:
                got = derive.arm(values, row["design"], row["adjusted"] == "yes")
        except derive.Unusable as problem:
            table.at[i, "reason"] = str(problem)
            table.at[i, "_wait"] = str(problem).startswith("no spread")
            continue
        mean, sd = to_points(values, got.mean, got.sd)
        table.loc[i, ["_mean", "_sd", "_se"]] = mean, sd, to_points(values, 0.0, got.se)[1]
        table.at[i, "_how"] = got.how
    return table


def _impute(table: pd.DataFrame, least_studies: int = 2) -> pd.DataFrame:
    """Missing SDs from the pooled SD of the same instrument and kind in this stratum.

    Cochrane Handbook 6.5.2.7. Donors are arms with an SD of their own from at least
    ``least_studies`` other studies. Flagged ``sd_imputed``.
    """
    donors = table[(table["reason"] == "") & table["_sd"].notna() & table["n"].notna()]
    for i, row in table[table["_wait"]].iterrows():
        if row["measure"] == "difference" or not np.isfinite(row["mean"]):
            continue
        like = donors[
            (donors["instrument"] == row["instrument"])
            & (donors["_kind"] == row["_kind"])
            & (donors["study"] != row["study"])
        ]
        if like["study"].nunique() < least_studies:
            continue
        weight = like["n"] - 1
        sd = float(np.sqrt((weight * like["_sd"] ** 2).sum() / weight.sum()))
        effective, design = derive._effective_n(row, row["design"], row["adjusted"] == "yes")
        mean, _ = to_points(row, row["mean"], 0.0)
        table.loc[i, ["_mean", "_sd", "_se"]] = mean, sd, sd / np.sqrt(effective)
        table.at[i, "_how"] = "; ".join(filter(None, ["sd_imputed", design]))
        table.at[i, "reason"] = ""
    return table


def _choose(table: pd.DataFrame, assessment: Mapping[str, Any]) -> pd.DataFrame:
    """One assessment, instrument and kind of measure per study.

    The first assessment in the window with two treatments to compare; at that time figures
    of the trial before imputed ones, then the kinds in the order of the config, then the
    instrument with more arms.
    """
    order = {kind: i for i, kind in enumerate(assessment["prefer"])}
    for study, group in table[table["reason"] == ""].groupby("study", sort=True):
        candidates = []
        for key, rows in group.groupby(["weeks", "_kind", "instrument"], dropna=False, sort=True):
            nodes = set(rows["_node"]) | set(rows["_against"].dropna())
            weeks = key[0] if pd.notna(key[0]) else np.inf
            imputed = rows["_how"].str.startswith("sd_imputed").any()
            if len(nodes) > 1:
                rank = (weeks, imputed, order[key[1]], -len(nodes), key[2])
                candidates.append((rank, rows.index, key))
        if not candidates:
            names = sorted(set(group["_node"]) | set(group["_against"].dropna()))
            why = (
                f"all its usable arms are one treatment ({names[0]}) in this map"
                if len(names) == 1 and len(group) + group["_against"].notna().sum() > 1
                else "no other usable arm at the same assessment to compare with"
            )
            table.loc[group.index, "reason"] = why
            continue
        _, chosen, (weeks, kind, instrument) = min(candidates, key=lambda c: c[0])
        at = f"week {weeks:g}" if pd.notna(weeks) else "an assessment without a time"
        others = group.index.difference(chosen)
        table.loc[others, "reason"] = f"{study} is used with {kind} scores of {instrument} at {at}"
    return table


def _study_arms(group: pd.DataFrame) -> list[dict]:
    """Arms of one study at its assessment, arms of one treatment combined."""
    made = []
    for node, rows in group.groupby("_node", sort=True):
        n, mean, sd, se = (rows[c].to_numpy(float) for c in ("n", "_mean", "_sd", "_se"))
        how = "; ".join(dict.fromkeys(rows["_how"]))
        if len(rows) > 1:
            how = f"combined {len(rows)} arms; {how}"
            if np.isfinite(sd).all() and np.isfinite(n).all():
                inflation = float((se / (sd / np.sqrt(n))).mean())
                N, M, S = derive.combine(n, mean, sd)
                n, mean, sd, se = [N], [M], [S], [inflation * S / np.sqrt(N)]
            else:
                raise derive.Unusable(f"two arms of '{node}' can be combined only with n and sd")
        made.append(_record(rows, node, n[0], mean[0], sd[0], se[0], "arm", mean[0], how))
    return made


def _known_se(table: pd.DataFrame, group: pd.DataFrame) -> dict[str, float]:
    """SEs of single arms of this study at the same assessment, by reported treatment."""
    first = group.iloc[0]
    same = table[
        (table["study"] == first["study"])
        & (table["instrument"] == first["instrument"])
        & (table["weeks"].eq(first["weeks"]) | table["weeks"].isna())
        & (table["_kind"] != "difference")
        & table["_se"].notna()
    ]
    return dict(zip(same["treatment"], same["_se"], strict=True))


def _contrast_arms(group: pd.DataFrame, known: Mapping[str, float]) -> list[dict]:
    """Pseudo-arms of a study reported as differences: value 0 for the common comparator,
    D for the others, with variances that add up to the reported SEs.

    ``known`` holds SEs of single arms, where the report gives them.
    """
    base = group["comparator"].mode().iloc[0]
    names = [base, *sorted((set(group["treatment"]) | set(group["comparator"])) - {base})]
    pairs = list(zip(group["treatment"], group["comparator"], group["_se"], strict=True))
    if len({frozenset(pair[:2]) for pair in pairs}) < len(pairs):
        raise derive.Unusable("two differences of the same pair of arms; keep one")
    n = dict(zip(group["comparator"], group["n_comparator"], strict=True))
    n |= dict(zip(group["treatment"], group["n"], strict=True))
    minus = np.array([[(t == a) - (t == b) for t in names] for a, b, _ in pairs], float)
    if np.linalg.matrix_rank(minus) < len(names) - 1:
        raise derive.Unusable("its differences do not link all its arms to one comparator")
    y = np.concatenate([[0.0], np.linalg.lstsq(minus[:, 1:], group["_mean"], rcond=None)[0]])
    if len(names) > 2 and base in known and all(pair[1] == base for pair in pairs):
        v = {base: known[base] ** 2} | {t: se**2 - known[base] ** 2 for t, _, se in pairs}
        if min(v.values()) <= 0:
            raise derive.Unusable("the SE of its baseline arm exceeds that of a difference")
    else:
        v = solve_arm_variances(names, pairs, n)
    node = dict(zip(group["treatment"], group["_node"], strict=True))
    node |= dict(zip(group["comparator"], group["_against"], strict=True))
    value, how = dict(zip(names, y, strict=True)), "; ".join(dict.fromkeys(group["_how"]))
    made = []
    for target in dict.fromkeys(node[name] for name in names):
        same = [name for name in names if node[name] == target]
        people = np.array([n[name] for name in same], float)
        inverse = np.array([1 / v[name] for name in same])
        share = people if np.isfinite(people).all() else inverse
        share = share / share.sum()
        se = float(np.sqrt(share**2 @ (1 / inverse)))
        combined = f"combined {len(same)} arms; " if len(same) > 1 else ""
        rows = group[group["treatment"].isin(same) | group["comparator"].isin(same)]
        record = _record(
            rows, target, people.sum(), np.nan, np.nan, se, "contrast",
            float(share @ [value[name] for name in same]), combined + how,
        )  # fmt: skip
        record |= {"reported": " / ".join(same), "baseline": np.nan, "merged": len(same) - 1}
        made.append(record)
    return made


def _record(rows, node, n, mean, sd, se, basis, y, how) -> dict[str, Any]:
    """One line of arms.csv; ``y`` is what the model fits (the mean, or a pseudo-arm)."""
    first = rows.iloc[0]
    span = first["_max"] - first["_min"]
    base = 100 * (rows["baseline_mean"] - first["_min"]) / span
    if first["_higher_is"] == "better":
        base = 100 - base
    return {
        "study": first["study"], "treatment": node, "n": n, "mean": mean, "sd": sd, "se": se,
        "basis": basis, "y": y, "derivation": how,
        "reported": " / ".join(dict.fromkeys(rows["treatment"])), "kind": first["_kind"],
        "instrument": first["instrument"], "weeks": first["weeks"], "year": first["year"],
        "rob": first["rob"], "baseline": np.average(base, weights=rows["n"].fillna(1)),
        "doi": first["doi"], "file": first[FILE],
        "rows": " ".join(str(row) for row in sorted(rows[ROW].unique())),
        "merged": len(rows) - 1,
    }  # fmt: skip
