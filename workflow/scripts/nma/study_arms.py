"""From the rows of one study to its arms: combining, crossovers, differences as pseudo-arms.

The fit wants one value and one variance per arm (DESIGN section 2); only differences between
the arms of a study carry information.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from nma import derive
from nma.findings import row_order
from nma.scale import to_points
from nma.tables import FILE, ROW

Record = dict[str, Any]


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


def from_arms(rows: list[Record]) -> list[dict[str, Any]]:
    """Arms of one study at its assessment, arms of one treatment combined.

    Both periods of a crossover: variances that add up to the paired ones. Raises Unusable.
    """
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
    return _paired(made, rows) if any(_both_periods(row) for row in rows) else made


def _both_periods(row: Record) -> bool:
    return row["design"] == "crossover" and row["period"] == "both"


def _paired(arms: list[dict[str, Any]], rows: list[Record]) -> list[dict[str, Any]]:
    """Arms of a crossover whose figures are of both periods: every participant in each."""
    if not all(_both_periods(row) for row in rows):
        raise derive.Unusable("some rows of this crossover are of both periods, some are not")
    if any(arm["merged"] for arm in arms):
        raise derive.Unusable("two periods of a crossover count as one treatment in this map")
    if not all(np.isfinite([arm["n"], arm["sd"]]).all() for arm in arms):
        raise derive.Unusable("both periods of a crossover need n and sd of each treatment")
    r = rows[0]["correlation"]
    by_name = {arm["treatment"]: arm for arm in arms}
    people = min(arm["n"] for arm in arms)
    pairs = [
        (a, b, derive.paired_variance(by_name[a]["sd"], by_name[b]["sd"], people, r) ** 0.5)
        for a, b in combinations(by_name, 2)
    ]
    if min(se for *_, se in pairs) <= 0:
        raise derive.Unusable("the paired variance of the periods is 0")
    v = solve_arm_variances(list(by_name), pairs, {})
    for name, arm in by_name.items():
        arm["se"] = float(np.sqrt(v[name]))
        arm["derivation"] = "; ".join(
            [*([] if arm["derivation"] == derive.AS_REPORTED else [arm["derivation"]]), "se_paired"]
        )
    return arms


def known_se(chosen: list[Record], group: list[Record]) -> dict[str, float]:
    """SEs of single arms of this study at the same assessment, by reported treatment; they
    may stand in rows that give no mean. Those of the same kind as the differences come first.
    """
    first, found = chosen[0], {}
    of = first["difference_of"] or "final"
    at_same_time = [
        row
        for row in group
        if row["instrument"] == first["instrument"]
        and (row["weeks"] == first["weeks"] or not np.isfinite(first["weeks"]))
        and row["_kind"] != "difference"
        and np.isfinite(row["_se_arm"])
    ]
    for row in sorted(at_same_time, key=lambda row: row["_kind"] != of):
        found.setdefault(row["treatment"], row["_se_arm"])
    return found


def from_differences(rows: list[Record], known: Mapping[str, float]) -> list[dict[str, Any]]:
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
        "_rows": rows,
    }
