"""Do small studies show larger effects? A funnel, and a regression on precision.

Comparison-adjusted funnel: Chaimani et al. 2013 (PLoS One 8:e76654). Regression on the
funnel points: Egger et al. 1997 (BMJ 315:629), here descriptive. Network meta-regression
on the standard error: Moreno et al. 2009 (BMC Med Res Methodol 9:2) in a network, one
more linear column of the design matrix (DESIGN section 2).

An asymmetric funnel has other causes than selective publication: say "small-study
effects", not "publication bias".
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from nma import exact
from nma.arms import Arms
from nma.checks.marginals import marginals
from nma.checks.studies import study_rows
from nma.priors import Prior
from nma.structure import REFERENCE_KINDS, estimable
from nma.summary import INTERVAL

Array = NDArray[np.float64]
SLOPE = "slope[se]"
REGRESSION_COLUMNS = ["parameter", "treatment", "kind", "mean", "sd", "ci_low", "ci_high", "p"]
REGRESSION_COLUMNS += ["estimable", "main_mean", "main_sd", "note"]


def funnel(arms: Arms, order: Sequence[str], tau: float = 0.0) -> pd.DataFrame:
    """Points of the comparison-adjusted funnel, in 0-100 points.

    ``order`` names every treatment once, from those that a small study would disfavour
    (placebo, no treatment) to those it would favour (new, active): without it the plot
    has no meaning. Each study gives arms - 1 contrasts, each arm against its arm that is
    earliest in the order, as ``benefit`` = earlier minus later: lower is better, so a
    positive benefit favours the treatment that is LATER in the order. ``adjusted`` is the
    benefit less the pooled benefit of the same comparison, weights 1/(se^2 + tau^2); of
    a comparison with one study it is 0 by construction (``alone``).

    Columns: study, treatment (later), comparator (earlier), benefit, se, pooled, adjusted,
    studies (of the comparison), alone. Raises ValueError if the order is not complete.
    """
    if sorted(order) != sorted(arms.treatments):
        odd = sorted(set(order) ^ set(arms.treatments))
        raise ValueError(f"the order must name every treatment once; look at {odd or 'repeats'}")
    place = {name: i for i, name in enumerate(order)}
    rows = []
    for i, members in enumerate(study_rows(arms)):
        names = {int(a): arms.treatments[arms.treatment[a]] for a in members}
        base, *others = sorted(names, key=lambda a: place[names[a]])
        for a in others:
            se = np.sqrt(arms.v[a] + arms.v[base])
            rows.append((arms.studies[i], names[a], names[base], arms.y[base] - arms.y[a], se))
    points = pd.DataFrame(rows, columns=["study", "treatment", "comparator", "benefit", "se"])
    weight = 1.0 / (points["se"] ** 2 + tau**2)
    same = [points["treatment"], points["comparator"]]
    total = weight.groupby(same).transform("sum")
    points["pooled"] = (weight * points["benefit"]).groupby(same).transform("sum") / total
    points["studies"] = points.groupby(["treatment", "comparator"])["study"].transform("size")
    points["alone"] = points["studies"] == 1
    points["adjusted"] = np.where(points["alone"], 0.0, points["benefit"] - points["pooled"])
    return points


def egger(points: pd.DataFrame, tau: float = 0.0) -> pd.DataFrame:
    """Slope of the funnel points on their standard error; one row, descriptive.

    Weighted least squares, weights 1/(se^2 + tau^2), an intercept per comparison and a
    residual variance of its own, as Egger's test within comparisons. (Regressing adjusted
    points on uncentred SEs, as is common, pulls the slope towards 0.) Above 0: smaller studies
    favour the treatment later in the order more. Contrasts of one study are taken as
    independent. Columns: slope, se, ci_low, ci_high, df, p, points, comparisons, note;
    blank where fewer than three degrees of freedom or no spread of SEs is left.
    """
    used = points[~points["alone"]]
    groups = used.groupby(["treatment", "comparator"])
    df = len(used) - groups.ngroups - 1
    answer = {"slope": np.nan, "se": np.nan, "ci_low": np.nan, "ci_high": np.nan, "df": df}
    answer |= {"p": np.nan, "points": len(used), "comparisons": groups.ngroups, "note": ""}
    weight = 1.0 / (used["se"] ** 2 + tau**2)
    same = [used["treatment"], used["comparator"]]

    def centred(x: pd.Series) -> pd.Series:
        mean = (weight * x).groupby(same).transform("sum") / weight.groupby(same).transform("sum")
        return x - mean

    if df < 3:
        answer["note"] = "too few comparisons with two studies or more"
        return pd.DataFrame([answer])
    x, y = centred(used["se"]), centred(used["benefit"])
    spread = float(weight @ x**2)
    if spread < 1e-12 * float(weight @ used["se"] ** 2):
        answer["note"] = "the studies of each comparison have the same standard error"
        return pd.DataFrame([answer])
    slope = float(weight @ (x * y)) / spread
    se = float(np.sqrt(weight @ (y - slope * x) ** 2 / df / spread))
    half = float(stats.t.ppf(INTERVAL[1], df)) * se
    p = float(2 * stats.t.sf(abs(slope) / se, df)) if se > 0 else np.nan
    answer |= {"slope": slope, "se": se, "ci_low": slope - half, "ci_high": slope + half, "p": p}
    return pd.DataFrame([answer])


def study_se(arms: Arms) -> Array:
    """(studies,) standard error of a difference within the study: sqrt(2 x mean arm
    variance), which in a two-arm study is that of its contrast."""
    size = np.diff(arms.starts, append=len(arms.y))
    return np.sqrt(2 * np.add.reduceat(arms.v, arms.starts) / size)


def with_precision(arms: Arms, kinds: Mapping[str, str], slope_sd: float = 10.0) -> Arms:
    """The same arms with one more column: SE of the study x (arm is not of a reference
    type), so that the slope is the effect's change per point of standard error.

    ``kinds`` maps a treatment to active, placebo or none; the last two and the network's
    reference are reference types. Studies without such an arm say nothing of the slope.
    The slope has no unit (points per point); its prior is Normal(0, slope_sd).
    """
    kind = [kinds.get(name, "active") for name in arms.treatments]
    active = np.array([k > 0 and kind[k] not in REFERENCE_KINDS for k in arms.treatment])
    column = study_se(arms)[arms.study] * active
    return replace(
        arms,
        X=np.column_stack([arms.X, column]),
        prior_sd=np.append(arms.prior_sd, slope_sd),
        parameters=(*arms.parameters, SLOPE),
    )


def precision_regression(
    arms: Arms, prior: Prior, kinds: Mapping[str, str], slope_sd: float = 10.0
) -> pd.DataFrame:
    """Network meta-regression on the standard error, by the exact engine.

    Rows: the slope, then every effect against the reference at SE -> 0 (an extrapolation
    to a study of endless size), then tau. Columns: parameter, treatment, mean, sd, ci_low,
    ci_high, p (two-sided, 2 min(P, 1 - P) of being below 0), estimable, kind, ``main_mean``
    and ``main_sd`` of the same effect without the regression, note. A row that the data do
    not inform without the prior is marked and left blank. A slope below 0: smaller studies
    show more benefit of treatments that are not of a reference type.
    """
    regression = with_precision(arms, kinds, slope_sd)
    fit, main = exact.fit(regression, prior), exact.fit(arms, prior)
    table = marginals(fit).drop(columns="median")
    below = table.pop("p_below_0")
    table["p"] = 2 * np.minimum(below, 1 - below)
    table["estimable"] = known = estimable(regression, np.eye(len(regression.parameters)))
    table["note"] = np.where(known, "", "not estimable: the data do not tell slope from effects")
    table.loc[~known, ["mean", "sd", "ci_low", "ci_high", "p"]] = np.nan
    table["treatment"] = [*arms.treatments[1:], ""]
    table["kind"] = [kinds.get(name, "active") for name in arms.treatments[1:]] + [""]
    table[["main_mean", "main_sd"]] = marginals(main)[["mean", "sd"]]
    table = pd.concat([table.iloc[[-1]], table.iloc[:-1], _tau_row(fit, main)], ignore_index=True)
    if known[-1]:
        se = study_se(arms)
        table.loc[0, "note"] = f"standard errors of studies {se.min():.3g} to {se.max():.3g} points"
    return table[REGRESSION_COLUMNS]


def _tau_row(fit: exact.Posterior, main: exact.Posterior) -> pd.DataFrame:
    (mean, sd), (main_mean, main_sd) = fit.tau_moments(), main.tau_moments()
    low, high = fit.tau_quantile(INTERVAL)
    row = {"parameter": "tau", "treatment": "", "kind": "", "mean": mean, "sd": sd}
    row |= {"ci_low": low, "ci_high": high, "p": np.nan, "estimable": True}
    return pd.DataFrame([row | {"main_mean": main_mean, "main_sd": main_sd, "note": ""}])
