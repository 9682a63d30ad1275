"""Standardised mean differences: for scales whose range is not known or not comparable.

Every study is divided by its own pooled SD (all its arms), corrected for small samples
(Hedges), and multiplied by one SD in points, so that priors, MID and tables stay in points
(Cochrane Handbook v6, 15.5.3.2). Final values and changes never meet in one SMD.
"""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from nma import derive
from nma.study_arms import solve_arm_variances

Array = NDArray[np.float64]
Record = dict[str, Any]


def pooled_sd(n: Array, sd: Array) -> tuple[float, float]:
    """(SD within arms, its degrees of freedom) over all arms (arms,) of one study."""
    df = float((n - 1).sum())
    return float(np.sqrt((n - 1) @ sd**2 / df)), df


def small_sample(df: float) -> float:
    """Hedges' (1981) correction, exact: Gamma(df/2) / (sqrt(df/2) Gamma((df - 1)/2))."""
    return float(np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def pair_variance(g: float, v: float, people: float) -> float:
    """Variance of a standardised difference g between two arms whose means have the summed
    variance v = 1/n_a + 1/n_b in SDs: v + g^2/(2 N), N over all arms of the study.

    Over the pairs of a study this is Gleser & Olkin's (2009, ch. 19.4) covariance
    1/n_0 + g_a g_b/(2 N) between differences that share arm 0.
    """
    return v + g * g / (2 * people)


def standardise(n: Array, mean: Array, sd: Array) -> tuple[Array, float]:
    """Arm means (arms,) in corrected SDs of the study, and the divisor sd/J."""
    within, df = pooled_sd(n, sd)
    divisor = within / small_sample(df)
    return mean / divisor, divisor


def of_arms(arms: list[Record], sd_points: float) -> list[Record]:
    """Arms of one study (n, mean, sd, se in its own units) as standardised values times
    ``sd_points``. Variances add up to ``pair_variance`` for every pair; a design effect or
    a pairing that the standard errors hold stays in them. Raises Unusable.
    """
    n, mean, sd, se = (np.array([arm[c] for arm in arms], float) for c in ("n", "mean", "sd", "se"))
    if not (np.isfinite(n).all() and np.isfinite(sd).all()):
        raise derive.Unusable("a standardised difference needs the n and sd of every arm")
    g, divisor = standardise(n, mean, sd)
    own = (se / sd) ** 2
    pairs = [
        (str(a), str(b), pair_variance(g[a] - g[b], own[a] + own[b], n.sum()) ** 0.5)
        for a, b in combinations(range(len(arms)), 2)
    ]
    v = solve_arm_variances([str(a) for a in range(len(arms))], pairs, {})
    for a, arm in enumerate(arms):
        y = float(g[a] * sd_points)
        arm |= {"y": y, "mean": y, "sd": float(sd[a] / divisor * sd_points)}
        arm |= {"se": float(v[str(a)] ** 0.5 * sd_points)}
        arm["derivation"] = _standardised(arm["derivation"])
    return arms


def of_differences(rows: list[Record], sd_points: float) -> list[Record]:
    """Differences of one study (``_mean``, ``_se`` in its own units) as standardised ones times
    ``sd_points``. The SD is the reported one, else se/sqrt(1/n + 1/n_comparator); a
    difference that is printed standardised is taken as it is. Raises Unusable.
    """
    if all(row["_measures"] == "smd" for row in rows):
        return [
            row | {"_mean": row["_mean"] * sd_points, "_se": row["_se"] * sd_points} for row in rows
        ]
    n, other = (np.array([row[c] for row in rows], float) for c in ("n", "n_comparator"))
    if not (np.isfinite(n).all() and np.isfinite(other).all()):
        raise derive.Unusable("a standardised difference needs n and n_comparator")
    se, share = np.array([row["_se"] for row in rows]), 1 / n + 1 / other
    sd = np.array([row["sd"] for row in rows], float)
    sd = np.where(np.isfinite(sd), sd, se / np.sqrt(share))
    df = n + other - 2
    divisor = np.sqrt(df @ sd**2 / df.sum()) / small_sample(float(df.mean()))
    made = []
    for i, row in enumerate(rows):
        g = row["_mean"] / divisor
        variance = pair_variance(g, (se[i] / sd[i]) ** 2, n[i] + other[i])
        made.append(
            row
            | {
                "_mean": g * sd_points,
                "_se": float(variance**0.5 * sd_points),
                "_how": _standardised(row["_how"]),
            }
        )
    return made


def _standardised(how: str) -> str:
    return "standardised" if how == derive.AS_REPORTED else f"{how}; standardised"
