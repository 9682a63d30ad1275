"""Does the model predict each study? Predictive p-values of its residual chi2.

The discrepancy is the Mahalanobis distance squared of the study's contrasts, chi2 with
arms - 1 degrees of freedom when the parameters are known. Small p: the study is further
off than the model expects. Three predictions, from the least to the most severe:

- ``p_posterior``: new data from the study's own fitted effects (Gelman, Meng & Stern 1996,
  Stat Sin 6:733). They are fitted to it: p stays near 1/2 even for a bad fit.
- ``p_mixed``: a new study of the same size with new effects, drawn from the network's
  posterior, which has still seen the study (Marshall & Spiegelhalter 2003, Stat Med
  22:1649).
- ``p_loo``: the same from the posterior of the other studies, exact. Uniform if the model
  is right. Missing where only the prior predicts the study.

p given the parameters is the chi2 tail, so no data are simulated: the first two average it
over posterior draws, the third over the grid of tau in closed form.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, erfc
from scipy.stats import kstest

from nma.arms import Arms
from nma.checks.mixtures import node_draws, wide_fit
from nma.checks.removal import removals
from nma.checks.studies import separating
from nma.draws import study_means
from nma.priors import Prior

Array = NDArray[np.float64]
# Fewer p-values than this say nothing of uniformity.
ENOUGH = 5


def predictive_check(
    arms: Arms,
    prior: Prior,
    draws: int = 4000,
    seed: int = 0,
    sample: tuple[Array, Array] | None = None,
) -> pd.DataFrame:
    """One row per study: study, df, p_posterior, p_mixed, p_loo, prior_driven.

    ``sample``: effects (draws, p) and tau (draws,) at hand; else ``draws`` independent ones.
    """
    fit = wide_fit(arms, prior)
    beta, tau = node_draws(fit, draws, seed) if sample is None else sample
    df = np.bincount(arms.study) - 1
    half = 0.5 * tau[:, None] ** 2
    new = _square(arms, arms.y - arms.linear(beta), 1.0 / (arms.v + half))
    own = _square(arms, arms.y - study_means(arms, beta, tau, seed), 1.0 / arms.v)
    p_loo = [
        float(removal.weights @ chdtrc(removal.df, removal.square)) for removal in removals(fit)
    ]
    table = pd.DataFrame(
        {
            "study": arms.studies,
            "df": df,
            "p_posterior": _tail(df, own).mean(axis=0),
            "p_mixed": _tail(df, new).mean(axis=0),
            "p_loo": p_loo,
            "prior_driven": separating(arms),
        }
    )
    table["p_loo"] = table["p_loo"].mask(table["prior_driven"])
    return table


def _tail(df: NDArray[np.int64], square: Array) -> Array:
    """(draws, studies) P(chi2 with df (studies,) > square). Nearly all studies have two arms
    or three, of which the closed form takes a twentieth of the time."""
    tail = np.empty_like(square)
    one, two, more = df == 1, df == 2, df > 2
    square = np.maximum(square, 0.0)
    tail[:, one] = erfc(np.sqrt(square[:, one] / 2))
    tail[:, two] = np.exp(-square[:, two] / 2)
    tail[:, more] = chdtrc(df[more], square[:, more])
    return tail


def uniformity(table: pd.DataFrame) -> pd.DataFrame:
    """Per kind of p-value: studies, below_05 (share; 0.05 is expected of p_loo), ks and ks_p
    (Kolmogorov-Smirnov against uniform; missing with fewer than five). Only p_loo should be
    uniform: the others have seen the study. The p-values of one network share its effects,
    so ks_p is a guide."""
    rows = []
    for kind in ("p_posterior", "p_mixed", "p_loo"):
        p = table[kind].dropna()
        test = kstest(p, "uniform") if len(p) >= ENOUGH else None
        rows.append(
            {
                "kind": kind,
                "studies": len(p),
                "below_05": float((p < 0.05).mean()) if len(p) else np.nan,
                "ks": float(test.statistic) if test else np.nan,
                "ks_p": float(test.pvalue) if test else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _square(arms: Arms, r: Array, w: Array) -> Array:
    """(draws, studies) sum w (r - rbar)^2 of residuals (draws, arms): the contrasts' squared
    distance with the study mean out of it."""

    def total(x: Array) -> Array:
        return np.add.reduceat(x, arms.starts, axis=1)

    w = np.broadcast_to(w, r.shape)
    return total(w * r * r) - total(w * r) ** 2 / total(w)
