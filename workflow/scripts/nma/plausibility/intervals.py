"""Intervals and p against the mean."""

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from nma.plausibility.facts import Facts
from nma.plausibility.wording import Findings, found, g


def ci_without_mean(f: Facts) -> Findings:
    """The mean lies outside its own interval."""
    t = f.rows
    slack = f.limits["ci_without_mean"] * (t["ci_high"] - t["ci_low"]).abs() + 1e-9
    outside = (t["mean"] < t["ci_low"] - slack) | (t["mean"] > t["ci_high"] + slack)
    return found(
        t[outside],
        lambda r: f"mean {g(r['mean'])}, interval {g(r['ci_low'])} to {g(r['ci_high'])}",
        lambda r: g(-r["mean"]) if r["ci_low"] <= -r["mean"] <= r["ci_high"] else "",
    )


def ci_asymmetric(f: Facts) -> Findings:
    """The mean is not in the middle of its interval [H6 6.5.2.2], beyond rounding."""
    t = f.rows[f.rows["mean"].between(f.rows["ci_low"], f.rows["ci_high"])]
    width, middle = t["ci_high"] - t["ci_low"], (t["ci_high"] + t["ci_low"]) / 2
    step = t["_step_mean"] + (t["_step_ci_low"] + t["_step_ci_high"]) / 2
    off = (t["mean"] - middle).abs() > f.limits["ci_asymmetric"] * width + step * (1 + 1e-9)
    return found(
        t.assign(_middle=middle)[off & t["median"].isna()],
        lambda r: (
            f"mean {g(r['mean'])}, the middle of {g(r['ci_low'])} to {g(r['ci_high'])} is "
            f"{g(r['_middle'])}"
        ),
    )


def p_against_ci(f: Facts) -> Findings:
    """The p of a difference against the p behind its mean and interval [H6 6.5.2.3].

    From (|mean| -+ rounding) / (half width +- rounding) a range of p: off if the printed p
    lies beyond it by the limit, or by 1.5 on the other side of 1 - ci_level.
    """
    t = f.rows[f.rows["p"].notna() & f.rows["_kind"].eq("difference")]
    t = t[(t["ci_high"] > t["ci_low"]) & t["mean"].notna()]
    half, size = (t["ci_high"] - t["ci_low"]) / 2, t["mean"].abs()
    step, of_mean = (t["_step_ci_low"] + t["_step_ci_high"]) / 2, t["_step_mean"]
    most, least = _p(t, size - of_mean, half + step), _p(t, size + of_mean, half - step)
    alpha, cut = 1 - t["ci_level"].fillna(95) / 100, f.limits["p_against_ci"]
    p, bound = t["p"].clip(lower=1e-4), t["p_bound"].astype(bool)
    above = (p > cut * most) | ((p > alpha) & (most * 1.5 < alpha))
    below = (p * cut < least) | ((p < alpha) & (least > 1.5 * alpha))
    # A bound ("<0.05") only says that p is below it.
    below |= bound & (p <= alpha) & (least > 1.5 * alpha)
    return found(
        t.assign(_p=_p(t, size, half))[below | (above & ~bound)],
        lambda r: (
            f"mean {g(r['mean'])} with {g(r['ci_low'])} to {g(r['ci_high'])} is p = "
            f"{r['_p']:.2g}, the row says {r['p_value']}"
        ),
    )


def _p(t: pd.DataFrame, mean: pd.Series, half: pd.Series) -> np.ndarray:
    """Two-sided p of a mean whose interval has this half width."""
    df = (t["n"] + t["n_comparator"] - 2).fillna(1e6).clip(lower=1)
    q = stdtrit(df, 0.5 + t["ci_level"].fillna(95) / 200)
    return 2 * stdtr(df, -q * mean.clip(lower=0) / half.where(half > 0))
