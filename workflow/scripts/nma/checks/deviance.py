"""Residual deviance, leverage, pD and DIC, exactly: Spiegelhalter et al. 2002 (J R Stat Soc B
64:583) and NICE DSU TSD 2 in contrast form.

A study with contrasts y, sampling covariance S and true contrasts delta has the deviance

    D = (y - delta)' S^-1 (y - delta),    df = arms - 1 data points

(not the -2 log density: D is 0 for a perfect fit and about df for a good one). Given tau,
with effects beta ~ Normal(m, C), T = tau^2 H, V = S + T, r = y - A m:

    y - delta | tau, y  ~  Normal(S V^-1 r,  S V^-1 (A C A' V^-1 S + T))
    E[D | tau, y]       =  r' V^-1 S V^-1 r + tr(V^-1 S V^-1 A C A') + tr(V^-1 T)

and the mixture over tau averages it: no draws. Leverage = E[D] - D(posterior mean of
delta), pD = their sum, DIC = deviance + pD. The study effects delta are shrunken, so a
study is not judged for heterogeneity. In arm form every study adds one data point, one to
the deviance and one to pD, if its mean has a flat prior.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nma import exact
from nma.arms import Arms
from nma.checks.studies import Contrasts, contrasts, study_rows
from nma.exact import Posterior
from nma.priors import Prior

Array = NDArray[np.float64]
FIXED = Prior("fixed", (0.0,))


def deviance(arms: Arms, prior: Prior) -> pd.DataFrame:
    """``study_deviance`` of the exact posterior."""
    return study_deviance(exact.fit(arms, prior))


def study_deviance(fit: Posterior) -> pd.DataFrame:
    """One row per study: study, treatments, arms, df, residual_deviance, plug_in (deviance
    at the posterior mean), leverage, sign, w, leverage_per_df.

    For the leverage plot, whose curves are w^2 + leverage = c: w = sign sqrt(deviance / df)
    against ``leverage_per_df``, so that studies of any number of arms share them. The sign
    is that of the weighted residual of the later-ordered arms against the first one: + if
    they did worse (higher) than fitted.
    """
    rows = []
    for name, study, members in zip(
        fit.arms.studies, contrasts(fit.arms), study_rows(fit.arms), strict=True
    ):
        mean, residual = _expected(fit, study)
        weighted = np.linalg.solve(study.S, residual)
        plug_in = float(residual @ weighted)
        treatments = " : ".join(fit.arms.treatments[k] for k in fit.arms.treatment[members])
        sign = 1 if weighted.sum() >= 0 else -1
        rows.append((name, treatments, study.df + 1, study.df, mean, plug_in, mean - plug_in, sign))
    table = pd.DataFrame(
        rows,
        columns=[
            "study",
            "treatments",
            "arms",
            "df",
            "residual_deviance",
            "plug_in",
            "leverage",
            "sign",
        ],
    )
    table["w"] = table["sign"] * np.sqrt(table["residual_deviance"] / table["df"])
    table["leverage_per_df"] = table["leverage"] / table["df"]
    return table


def totals(studies: pd.DataFrame) -> dict[str, float]:
    """points, residual_deviance, pD, DIC in contrast form, and in arm form (``*_arm``)."""
    resdev, pD = float(studies["residual_deviance"].sum()), float(studies["leverage"].sum())
    S, points = len(studies), int(studies["df"].sum())
    return {
        "points": points,
        "residual_deviance": resdev,
        "pD": pD,
        "DIC": resdev + pD,
        "points_arm": points + S,
        "residual_deviance_arm": resdev + S,
        "pD_arm": pD + S,
        "DIC_arm": resdev + pD + 2 * S,
    }


def fixed_and_random(arms: Arms, prior: Prior) -> pd.DataFrame:
    """Rows ``random`` and ``fixed`` (tau = 0) with ``totals`` and tau's posterior median;
    only ``fixed`` if the prior fixes tau at 0."""
    priors = {"random": prior, "fixed": FIXED}
    if prior.is_fixed and prior["value"] == 0:
        del priors["random"]
    rows = []
    for model, each in priors.items():
        fit = exact.fit(arms, each)
        median = float(fit.tau_quantile(0.5))
        rows.append({"model": model, "tau_median": median} | totals(study_deviance(fit)))
    return pd.DataFrame(rows)


def _expected(fit: Posterior, study: Contrasts) -> tuple[float, Array]:
    """E[D] and the posterior mean (c,) of y - delta."""
    V = study.covariance(fit.half)
    B = study.S @ np.linalg.inv(V)
    r = study.y - fit.means @ study.A.T
    residual = np.einsum("tij,tj->ti", B, r)
    spread = study.inside(fit.covs)
    total = spread + r[:, :, None] * r[:, None, :]
    # B' S^-1 B = V^-1 S V^-1, and tr(V^-1 T) = c - tr(V^-1 S).
    middle = B.transpose(0, 2, 1) @ np.linalg.inv(study.S) @ B
    given_tau = (middle * total).sum(axis=(1, 2)) + study.df - np.trace(B, axis1=1, axis2=2)
    return float(fit.weights @ given_tau), fit.weights @ residual
