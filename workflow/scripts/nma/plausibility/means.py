"""Means against the other arms, other studies, and the scale."""

import numpy as np
import pandas as pd

from nma.plausibility.facts import Facts, alike, couples, decimals, mean_z, once, once_each
from nma.plausibility.wording import Findings, Row, found, g, where
from nma.tables import ROW

WHOLE_ITEMS = r"(NRS|BS-?11|VRS|verbal rating|RMDQ|McGill PPI|pain relief)\b.*"
NO_RAW_MEAN = r"adjusted|least.squares|\bLS mean|imput|ANCOVA|weighted"


def digit_slip_mean(f: Facts) -> Findings:
    """A mean ten times off the other arms': 3 times and 4 SEs from the nearest, and ten times
    (or a tenth of) it within the limit of their geometric mean. Of two such arms of one
    assessment the one less typical among other studies is named."""
    c = couples(f.rows, f.pairs, "mean", "_se")
    c = c[c["mean_a"] * c["mean_b"] > 0]
    apart = np.log(c["mean_b"] / c["mean_a"])
    error = np.sqrt(c["_se_a"] ** 2 + c["_se_b"] ** 2)
    ses = (c["mean_a"] - c["mean_b"]).abs() / error
    arms = c.assign(_apart=apart, _near=apart.abs(), _ses=ses).groupby("a")
    nearest = arms[["_near", "_ses"]].min().assign(_apart=arms["_apart"].mean())
    nearest = nearest[(nearest["_near"] >= np.log(3)) & ~(nearest["_ses"] < 4)]
    t = f.rows.join(nearest, how="inner")
    t["_others"] = t["mean"] * np.exp(t["_apart"])
    t["_new"] = t["mean"] * np.where(t["_apart"] > 0, 10.0, 0.1)
    fits = np.log(t["_others"] / t["_new"]).abs() <= np.log(f.limits["digit_slip_mean"])
    fits &= t["_new"].abs() <= t[["_max", "_span"]].max(axis=1).fillna(np.inf)
    t = t.assign(_odd=mean_z(t, t["_level"]).abs())[fits]
    t = t[t["_odd"].isna() | (t["_odd"] >= t.groupby("_set")["_odd"].transform("max"))]
    return found(
        t,
        lambda r: (
            f"mean {g(r['mean'])} where the other arms have about {g(r['_others'])}; "
            f"{g(r['_new'])} would fit"
        ),
        lambda r: g(r["_new"]),
    )


def direction_reversed(f: Facts) -> Findings:
    """Final means of a whole study far out among other studies, typical once reversed."""
    cut = f.limits["direction_reversed"]
    t = f.rows[f.rows["_kind"].eq("final") & f.rows["_span"].notna()]
    t = t.assign(_z=mean_z(t, t["_level"]), _turned=mean_z(t, 100 - t["_level"]))
    usual = t.loc[t["_z"].abs() <= cut / 2, "_set"]
    t = t[t["_z"].notna() & ~t["_set"].isin(usual)]
    median = t.groupby("_set")[["_z", "_turned"]].transform("median").abs()
    suspect = (median["_z"] > cut) & (median["_turned"] < cut / 2)
    return found(
        t[suspect & (t["_turned"].abs() < t["_z"].abs())],
        lambda r: (
            f"mean {g(r['mean'])} has robust z {r['_z']:.1f} among other studies, as all arms of "
            f"this one; {g(r['_min'] + r['_max'] - r['mean'])}, the scale reversed, has "
            f"{r['_turned']:.1f}"
        ),
        lambda r: g(r["_min"] + r["_max"] - r["mean"]),
    )


def scale_0_10_as_0_100(f: Facts) -> Findings:
    """Every mean and SD of a study on an instrument of 50 points or more would fit 0-10."""
    t = f.rows[f.rows["_kind"].ne("difference") & (f.rows["_span"] >= 50)]
    top = f.limits["scale_0_10_as_0_100"]
    large = (t["_mean"].abs() > top) | (t["_sd"] > 0.4 * top) | (t["baseline_mean"] > top)
    large |= t["_sd"].isna() & t["baseline_mean"].isna()
    own = pd.Series(alike(t["study"], t["instrument"]), t.index)
    t = t[~own.isin(own[large])]
    own = own[t.index]
    most = t["_mean"].abs().groupby(own).transform("max")
    t = t.assign(_most=most, _most_sd=t["_sd"].groupby(own).transform("max"))
    names = set(f.rows["instrument"])

    def propose(r: Row) -> str:
        name = r["instrument"].replace("0-100", "0-10")
        return name if name in names and name != r["instrument"] else ""

    def say(r: Row) -> str:
        sd = f" and no SD above {g(r['_most_sd'])}" if r["_most_sd"] > 0 else ""
        centre = r["_mean_centre"] / r["_scale"]
        usual = f"; other studies' means are about {g(centre)}" if np.isfinite(centre) else ""
        return (
            f"the study has no mean above {g(r['_most'])}{sd} on {g(r['_min'])}-"
            f"{g(r['_max'])}{usual}"
        )

    return found(t[t["_mean"].abs() > 0], say, propose)


def baseline_imbalance(f: Facts) -> Findings:
    """Baseline means further apart than chance allows: |a - b| / sqrt(sa^2/na + sb^2/nb)."""
    c = _baselines(f)
    return found(
        once_each(c[c["_z"] > f.limits["baseline_imbalance"]]),
        lambda r: (
            f"baseline {g(r['baseline_mean_a'])}, {where(r, '_b')} has "
            f"{g(r['baseline_mean_b'])}: {r['_z']:.1f} standard errors apart"
        ),
    )


def baseline_gap(f: Facts) -> Findings:
    """The same without SDs: points of 0-100."""
    c = _baselines(f)
    return found(
        once_each(c[c["_z"].isna() & (c["_gap"] * c["_scale_a"] > f.limits["baseline_gap"])]),
        lambda r: (
            f"baseline {g(r['baseline_mean_a'])}, {where(r, '_b')} has {g(r['baseline_mean_b'])}"
        ),
    )


@once
def _baselines(f: Facts) -> pd.DataFrame:
    """Pairs whose baselines can be compared, the later row first, each pair of arms once."""
    c = couples(f.rows, f.pairs[f.pairs["a"] > f.pairs["b"]], "baseline_mean")
    c = c[c["baseline_mean_a"].notna() & c["baseline_mean_b"].notna()]
    columns = ("study", "instrument", "treatment", "baseline_sd", "n", "_scale", ROW)
    c = couples(f.rows, c, *columns)
    c = c.drop_duplicates(
        ["study_a", "instrument_a", "treatment_a", "treatment_b", "baseline_mean_a"]
    )
    error = c["baseline_sd_a"] ** 2 / c["n_a"] + c["baseline_sd_b"] ** 2 / c["n_b"]
    gap = (c["baseline_mean_a"] - c["baseline_mean_b"]).abs()
    return c.assign(_gap=gap, _z=gap / np.sqrt(error.where(error > 0)))


def skewed(f: Facts) -> Findings:
    """A final mean within a fraction of an SD of the end of the scale [AB; H5 9.4.5.3]."""
    t = f.rows
    end = np.fmin(t["_mean"] - t["_min"], t["_max"] - t["_mean"])
    ratio = end / t["_sd"]
    near = (ratio >= 0) & (ratio < f.limits["skewed"])
    return found(
        t.assign(_ratio=ratio)[t["_kind"].eq("final") & near],
        lambda r: (
            f"mean {g(r['_mean'])} lies {r['_ratio']:.2f} SDs ({g(r['_sd'])}) from the end of "
            f"{g(r['_min'])}-{g(r['_max'])}"
        ),
    )


def improbable_effect(f: Facts) -> Findings:
    """Arms further apart than any treatment sets them: |a - b| / pooled SD. The arm furthest
    from the others is named, of two arms both."""
    c = couples(f.rows, f.pairs, "_set", "_mean", "_sd", "n")
    pooled = (c["n_a"] - 1) * c["_sd_a"] ** 2 + (c["n_b"] - 1) * c["_sd_b"] ** 2
    pooled = np.sqrt(pooled / (c["n_a"] + c["n_b"] - 2))
    c = c.assign(_pooled=pooled, _smd=(c["_mean_a"] - c["_mean_b"]).abs() / pooled)
    far = c["_smd"] > f.limits["improbable_effect"]
    c = c[c["_set_a"].isin(c.loc[far, "_set_a"])]
    total = c.groupby("a")["_smd"].transform("sum")
    furthest = total >= total.groupby(c["_set_a"]).transform("max") * (1 - 1e-9)
    c = c[far[c.index] & furthest].sort_values("_smd", ascending=False)
    return found(
        once_each(couples(f.rows, c, ROW, "treatment")),
        lambda r: (
            f"mean {g(r['_mean_a'])} against {g(r['_mean_b'])} in {where(r, '_b')}: "
            f"{r['_smd']:.1f} SDs of {g(r['_pooled'])}"
        ),
    )


def improbable_points(f: Facts) -> Findings:
    """A difference of more points of 0-100 than any treatment makes."""
    t = f.rows
    large = t["_mean"].abs() * t["_scale"] > f.limits["improbable_points"]
    return found(
        t[large & t["_kind"].eq("difference") & t["_span"].notna()],
        lambda r: f"a difference of {g(abs(r['_mean']) * r['_scale'])} points of 0-100",
    )


def grim(f: Facts) -> Findings:
    """The mean of n whole numbers is a whole number over n [BH]. Judged where n < 10^decimals,
    on instruments of whole numbers, and not where the note says that the mean is adjusted."""
    t = f.rows[f.rows["_kind"].ne("difference") & f.rows["n"].mod(1).eq(0) & (f.rows["n"] >= 2)]
    below, above = np.floor(t["mean"] * t["n"]), np.ceil(t["mean"] * t["n"])
    near = np.minimum((t["mean"] - below / t["n"]).abs(), (t["mean"] - above / t["n"]).abs())
    t = t.assign(_below=below, _above=above)[near > t["_step_mean"] * (1 + 1e-6)]
    t = t[t["n"] < 10 ** decimals(t["_as_mean"])]
    t = t[t["instrument"].str.match(WHOLE_ITEMS, case=False)]
    return found(
        t[~t["note"].str.contains(NO_RAW_MEAN, case=False)],
        lambda r: (
            f"{r['_as_mean']} x {g(r['n'])} is no whole number: totals of {r['_below']:.0f} and "
            f"{r['_above']:.0f} give {r['_below'] / r['n']:.4f} and {r['_above'] / r['n']:.4f}"
        ),
    )
