"""SDs that are untypical among other studies, and what they may be instead."""

import numpy as np
import pandas as pd
from scipy.special import fdtrc

from nma.plausibility.facts import Facts, mean_z, once, sd_z
from nma.plausibility.wording import Findings, Row, found, g

OUTLIER = ("peers", "sd_outlier", "sd_ratio")  # limits that it takes to judge an SD
SLIPS = (10.0, 100.0, 0.1, 0.01)  # of the decimal point


@once
def readings(f: Facts) -> pd.DataFrame:
    """SDs that are out of place, and how they are best read (``_reading``, ``_new``).

    Out of place: see ``_judged``. Read as an SE (times SD/SE) or as slipped digits (10, 100),
    whichever comes nearest to what is typical: the mean of the |z| among other studies and, if
    the other arms speak against it, among them. A reading fits up to its own limit, and as an
    SE only if every arm of the assessment that is half as odd fits as one.
    """
    if any(f.limits[key] is None for key in OUTLIER):
        return f.rows.head(0).assign(_reading="")
    every = _judged(f)
    t = every[every["_odd"]]
    slips = [np.where(t["_low"] == (slip > 1), slip, np.nan) for slip in SLIPS]
    new = np.column_stack([t["_root"], *slips]) * t["sd"].to_numpy()[:, None]
    far = _distance(t, new)
    # A limit of None is NaN from here on, and nothing is below it.
    of_se, of_slip = (np.array(f.limits[k], dtype=float) for k in ("se_as_sd", "digit_slip_sd"))
    far = np.where(np.isnan(far), np.inf, far)
    far[np.isnan(of_se) | ~t["_low"], 0] = np.inf
    far[:, 1:] = np.where(np.isnan(of_slip), np.inf, far[:, 1:])
    best = far.argmin(axis=1)
    is_se = best == 0
    fits = far.min(axis=1) <= np.where(is_se, of_se, of_slip)
    half = every[(every["_z"] < -f.limits["sd_outlier"] / 2) & ~every["_odd"]]
    misfit = sd_z(half, half["sd"] * half["_root"]).abs() > np.nan_to_num(of_se)
    misfits = {*half.loc[misfit, "_set"], *t.loc[is_se & ~fits, "_set"]}
    fits &= ~is_se | ~t["_set"].isin(misfits)
    reading = np.where(fits, np.where(is_se, "se", "digit"), "")
    return t.assign(_reading=reading, _new=new[np.arange(len(t)), best])


def _judged(f: Facts) -> pd.DataFrame:
    """Rows with an SD. ``_odd``: untypical among other studies (``sd_outlier``, ``_among``), or
    ``sd_ratio`` times off the other arms of the study with p < 1e-4 (F test, ``_here``);
    ``_low``: too small."""
    cut, ratio = f.limits["sd_outlier"], f.limits["sd_ratio"]
    t = f.rows[f.rows["sd"] > 0]
    z, times, df, mates_df = sd_z(t, t["sd"]), t["sd"] / t["_mates_sd"], t["n"] - 1, t["_mates_df"]
    low_here = (times < 1 / ratio) & (fdtrc(mates_df, df, times**-2) < 1e-4)
    high_here = (times > ratio) & (fdtrc(df, mates_df, times**2) < 1e-4)
    low = (z < -cut) | (low_here & ~(z > 0))
    high = (z > cut) | (high_here & ~(z < 0))
    return t.assign(
        _z=z, _low=low, _odd=low | high, _among=z.abs() > cut, _here=low_here | high_here
    )


def _distance(t: pd.DataFrame, sd: np.ndarray) -> np.ndarray:
    """How far SDs (a row for each of ``t``) are from what is typical, as ``readings`` says."""
    names = ("_scale", "_sd_centre", "_sd_scatter", "_mates_sd", "_here")
    scale, centre, scatter, mates, here = (t[name].to_numpy()[:, None] for name in names)
    of_studies = np.abs(np.log(sd * scale) - centre) / scatter
    of_arms = np.abs(np.log(sd / mates)) / np.where(np.isnan(scatter), 0.35, scatter)
    speak = np.stack([~np.isnan(of_studies), here & ~np.isnan(of_arms)])
    return np.where(speak, [of_studies, of_arms], 0).sum(axis=0) / speak.sum(axis=0)


def explained(f: Facts) -> pd.Index:
    """Rows whose SD is read as something else."""
    t = readings(f)
    return t.index[t["_reading"].ne("")]


def against(row: Row) -> str:
    """What speaks against an SD: other studies, other arms."""
    said = []
    if np.isfinite(row["_z"]):
        usual = g(np.exp(row["_sd_centre"]) / row["_scale"])
        said.append(f"other studies' typical SD is {usual} (robust z {row['_z']:.1f})")
    if row["_mates_sd"] > 0:
        said.append(f"the other arms' SD is {g(row['_mates_sd'])}")
    return " and ".join(said)


def se_as_sd(f: Facts) -> Findings:
    """sd far too small, sd sqrt(n) typical [H6 6.5.2.2]."""
    t = readings(f)
    return found(
        t[t["_reading"].eq("se")],
        lambda r: (
            f"sd {g(r['sd'])}: {against(r)}; as a standard error it gives "
            f"{g(r['sd'])} x {g(r['_root'])} = {g(r['_new'])}"
        ),
        lambda r: g(r["_new"]),
    )


def digit_slip_sd(f: Facts) -> Findings:
    """sd far off, ten or a hundred times as large or small typical."""
    t = readings(f)
    return found(
        t[t["_reading"].eq("digit")],
        lambda r: f"sd {g(r['sd'])}: {against(r)}; {g(r['_new'])} would fit",
        lambda r: g(r["_new"]),
    )


def sd_outlier_low(f: Facts) -> Findings:
    """sd far too small, and neither an SE nor a slipped digit explains it."""
    t = readings(f)

    def as_se(r: Row) -> str:
        sd = f"; as a standard error it would be an SD of {g(r['sd'] * r['_root'])}"
        return sd if r["_root"] > 0 else ""

    return found(
        t[t["_among"] & t["_low"] & t["_reading"].eq("")],
        lambda r: f"sd {g(r['sd'])}: {against(r)}{as_se(r)}",
    )


def sd_outlier_high(f: Facts) -> Findings:
    """sd far too large, and neither a slipped digit nor an exchange with the mean explains it."""
    t = readings(f)
    suspect = t["_among"] & ~t["_low"] & t["_reading"].eq("")
    if f.limits["transposed"] is not None:
        suspect &= ~t.index.isin(_exchanged(f).index)
    return found(t[suspect], lambda r: f"sd {g(r['sd'])}: {against(r)}")


def sd_as_se(f: Facts) -> Findings:
    """se sqrt(n) far too large, se itself typical as an SD."""
    t = f.rows[(f.rows["se"] > 0) & f.rows["sd"].isna()]
    z, z_as_sd = sd_z(t, t["se"] * t["_root"]), sd_z(t, t["se"])
    suspect = (z > f.limits["sd_outlier"]) & (z_as_sd.abs() <= f.limits["sd_as_se"])
    return found(
        t.assign(_z=z)[suspect],
        lambda r: (
            f"se {g(r['se'])} gives an SD of {g(r['se'] * r['_root'])}, {against(r)}; "
            f"{g(r['se'])} is itself a typical SD"
        ),
        lambda r: g(r["se"] / r["_root"]),
    )


@once
def _exchanged(f: Facts) -> pd.DataFrame:
    """Final rows whose SD is too large for the mean, while mean and SD exchanged are typical."""
    t = f.rows
    large = (t["sd"] > f.limits["transposed"] * t["_most"]) & (t["sd"] > t["mean"])
    t = t[t["_kind"].eq("final") & large]
    level = np.where(t["_higher_is"].eq("better"), t["_max"] - t["sd"], t["sd"] - t["_min"])
    z_mean, z_sd = mean_z(t, level * t["_scale"]), sd_z(t, t["mean"])
    fits = (z_mean.abs() < 2) & (z_sd.abs() < f.limits["sd_outlier"] / 2)
    return t.assign(_z_mean=z_mean, _z_sd=z_sd)[fits]


def _say_exchanged(r: Row) -> str:
    return (
        f"mean {g(r['mean'])} allows an SD of at most {g(r['_most'])}, not {g(r['sd'])}; "
        f"exchanged, mean {g(r['sd'])} (robust z {r['_z_mean']:.1f}) and SD {g(r['mean'])} "
        f"(z {r['_z_sd']:.1f}) are typical of other studies"
    )


def transposed_mean(f: Facts) -> Findings:
    """Mean and SD in each other's cells: the mean."""
    return found(_exchanged(f), _say_exchanged, lambda r: g(r["sd"]))


def transposed_sd(f: Facts) -> Findings:
    """Mean and SD in each other's cells: the SD."""
    return found(_exchanged(f), _say_exchanged, lambda r: g(r["mean"]))
