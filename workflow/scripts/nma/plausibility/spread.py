"""SDs and SEs against their own row, the other arms, and the scale."""

import re

import numpy as np
from scipy.special import fdtrc, ndtri, stdtrit

from nma.plausibility.facts import Facts, decimals, digits, once, sd_z
from nma.plausibility.outliers import against, explained
from nma.plausibility.wording import Findings, found, g


def se_above_sd(f: Facts) -> Findings:
    """se > sd, which no n >= 2 allows."""
    t = f.rows
    above = t["se"] > f.limits["se_above_sd"] * t["sd"] + t["_step_se"]
    return found(
        t[above & (t["sd"] > 0)],
        lambda r: f"se {g(r['se'])} is above sd {g(r['sd'])}",
        lambda r: g(r["sd"]) if abs(np.log(r["sd"] * r["_root"] / r["se"])) < 0.1 else "",
    )


def sd_against_se(f: Facts) -> Findings:
    """sd and se sqrt(n) disagree [H6 6.5.2.2] beyond what rounding allows."""
    t = f.rows[(f.rows["sd"] > 0) & (f.rows["se"] <= f.rows["sd"])]
    low = (t["se"] - t["_step_se"]) * t["_root"] / (t["sd"] + t["_step_sd"])
    high = (t["se"] + t["_step_se"]) * t["_root"] / (t["sd"] - t["_step_sd"])
    cut = f.limits["sd_against_se"]
    return found(
        t[(low > cut) | (high < 1 / cut)],
        lambda r: (
            f"se {g(r['se'])} with n {g(r['n'])} is an SD of {g(r['se'] * r['_root'])}, "
            f"the row says {g(r['sd'])}"
        ),
    )


def sd_against_ci(f: Facts) -> Findings:
    """sd and the SD behind the interval, sqrt(n) width/(2 q), disagree [H6 6.5.2.2].

    q of t or of the normal, whichever is kinder; rounding is allowed for.
    """
    t = f.rows[(f.rows["sd"] > 0) & (f.rows["ci_high"] > f.rows["ci_low"])]
    half, step = (t["ci_high"] - t["ci_low"]) / 2, t["_step_ci_low"] + t["_step_ci_high"]
    p = 0.5 + t["ci_level"].fillna(95) / 200
    of_t, normal = stdtrit((t["_root"] ** 2 - 1).clip(lower=1), p), ndtri(p)
    low = (half - step / 2) * t["_root"] / of_t / (t["sd"] + t["_step_sd"])
    high = (half + step / 2) * t["_root"] / normal / (t["sd"] - t["_step_sd"])
    cut = f.limits["sd_against_ci"]
    return found(
        t.assign(_implied=half * t["_root"] / of_t)[(low > cut) | (high < 1 / cut)],
        lambda r: (
            f"the interval {g(r['ci_low'])} to {g(r['ci_high'])} with n {g(r['n'])} is an SD "
            f"of {g(r['_implied'])}, the row says {g(r['sd'])}"
        ),
    )


@once
def sd_of_part(f: Facts) -> Findings:
    """A shared control whose SD was made with a part of its n [H5 16.5.4].

    sd' = se sqrt(n/m) instead of se sqrt(n): smaller than the other arms' pooled SD (one-sided
    F test), and sd sqrt(m) for m = 2, 3 or 4 within 25% of it. Only arms that can be shared:
    a control beside two other arms, or any arm (of a study with a control: the control) beside
    one of 1.5 times its n, as pooled arms have.
    """
    t = f.rows
    p = fdtrc(t["_mates_df"], t["n"] - 1, (t["_mates_sd"] / t["sd"]) ** 2)
    small = (p < f.limits["sd_of_part"]) & (t["sd"] > 0)
    t = t.assign(_p=p)[t["_set"].isin(t.loc[small, "_set"])]
    control, set_ = t["_role"].isin(["placebo", "none"]), t.groupby("_set")
    controlled = control.groupby(t["_set"]).transform("any")
    pooled = set_["n"].transform("max") >= 1.5 * t["n"]
    shared = (control & (set_["n"].transform("size") > 2)) | ((control | ~controlled) & pooled)
    suspect = shared & (t["_p"] < f.limits["sd_of_part"]) & (t["sd"] > 0)
    t = t[suspect & ~t.index.isin(explained(f))]
    parts = [np.log(t["sd"] * np.sqrt(m) / t["_mates_sd"]).abs() for m in (2, 3, 4)]
    off = np.column_stack(parts)
    near = off.min(axis=1) < np.log(1.25)
    return found(
        t.assign(_m=2 + off.argmin(axis=1))[near],
        lambda r: (
            f"sd {g(r['sd'])} (n {g(r['n'])}) beside {g(r['_mates_sd'])} in the other arms "
            f"(n {g(r['_mates_n'])}; F test p {r['_p']:.1g}): made with 1/{r['_m']} of a shared "
            f"group it would be {g(r['sd'])} x sqrt({r['_m']}) = {g(r['sd'] * r['_m'] ** 0.5)}"
        ),
        lambda r: g(r["sd"] * r["_m"] ** 0.5),
    )


def sd_unlike_arms(f: Facts) -> Findings:
    """Two-sided F test of an arm's SD against the pooled SD of the other arms, where no other
    rule explains an SD of the assessment. Of two arms the one less typical is named."""
    t = f.rows[f.rows["sd"] > 0]
    ratio, df = (t["sd"] / t["_mates_sd"]) ** 2, t["n"] - 1
    p = 2 * np.minimum(fdtrc(df, t["_mates_df"], ratio), fdtrc(t["_mates_df"], df, 1 / ratio))
    t = t.assign(_p=p)[p < f.limits["sd_unlike_arms"]]
    told = {*explained(f)}
    for rule in (sd_of_part, sd_impossible):
        if f.limits[rule.__name__] is not None:
            told |= rule(f).keys()
    t = t[~t["_set"].isin(f.rows.loc[list(told), "_set"])]
    # Of two arms both have the same p; rounded, so that the z decides.
    t = t.assign(_z=sd_z(t, t["sd"]), _rank=-np.log10(t["_p"].clip(lower=1e-300)).round(6))
    order = t.assign(_odd=t["_z"].abs().fillna(0)).sort_values(
        ["_rank", "_odd"], ascending=False, kind="stable"
    )
    return found(
        order.drop_duplicates("_set"),
        lambda r: f"sd {g(r['sd'])}: {against(r)} (F test p {r['_p']:.1g})",
    )


@once
def sd_impossible(f: Facts) -> Findings:
    """sd of a final score above sqrt((mean - min)(max - mean) n/(n - 1)) [BD]."""
    t = f.rows
    inside = t["mean"].between(t["_min"], t["_max"])
    large = t["sd"] - t["_step_sd"] > f.limits["sd_impossible"] * t["_most"]
    return found(
        t[t["_kind"].eq("final") & inside & large],
        lambda r: (
            f"scores of {g(r['_min'])} to {g(r['_max'])} with mean {g(r['mean'])} have an SD "
            f"of at most {g(r['_most'])}, not {g(r['sd'])}"
        ),
    )


def derived_sd_impossible(f: Facts) -> Findings:
    """The same of the SD that the se or the interval gives."""
    t = f.rows
    inside = t["mean"].between(t["_min"], t["_max"])
    large = t["_sd"] > f.limits["derived_sd_impossible"] * t["_most"]
    return found(
        t[t["_kind"].eq("final") & inside & large & t["sd"].isna()],
        lambda r: (
            f"{r['_how']} gives an SD of {g(r['_sd'])}; scores of {g(r['_min'])} to "
            f"{g(r['_max'])} with mean {g(r['mean'])} have one of at most {g(r['_most'])}"
        ),
    )


def same_sd(f: Facts) -> Findings:
    """Every arm of an assessment has the same SD while the means differ: pooled or imputed.

    By chance an SD agrees with that of the first arm to the last digit with probability step /
    (sqrt(2 pi) sd sqrt(1/(2 n) + 1/(2 n1))), the density of their difference at 0.
    """
    t = f.rows[f.rows["_set"].isin(f.rows["_set"].iloc[f.pairs["at_a"]])]
    same = t["sd"].eq(t.groupby("_set")["sd"].transform("first"))
    t = t[~t["_set"].isin(t.loc[~same, "_set"])]
    group = t.groupby("_set")
    scatter = t["sd"] * np.sqrt(0.5 / t["n"] + 0.5 / group["n"].transform("first"))
    step = 10 ** -decimals(re.sub(r"\.?0+$", "", cell) for cell in t["_as_sd"])
    chance = np.log(step / (np.sqrt(2 * np.pi) * scatter)).where(group.cumcount() > 0, 0.0)
    t = t.assign(
        _count=group["sd"].transform("size"),
        _chance=np.exp(chance.groupby(t["_set"]).transform("sum")),
    )
    suspect = group["mean"].transform("nunique").gt(1) & (t["_chance"] < f.limits["same_sd"])
    return found(
        t[suspect].drop_duplicates("_set"),
        lambda r: f"all {r['_count']} arms have the SD {g(r['sd'])} (chance {r['_chance']:.1g})",
    )


def mean_is_sd(f: Facts) -> Findings:
    """Mean and SD are the same figure."""
    t = f.rows[f.rows["mean"].eq(f.rows["sd"])]
    exact = digits(t["_as_mean"]) >= f.limits["mean_is_sd"]
    return found(t[exact], lambda r: f"mean and sd are both {g(r['sd'])}")
