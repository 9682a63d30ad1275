"""Leave one study out: how well do the others predict it?

elpd = log p(y_i | y_-i), effects and tau integrated out, exact; beside it the
Pareto-smoothed importance sampling estimate from draws of the full posterior and its k
(Vehtari, Gelman & Gabry 2017, Stat Comput 27:1413), which fails for influential studies.
A study that alone links a treatment to the rest is predicted by the prior of that effect:
``prior_driven``, summed apart. What changes without a study is in ``influence``.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nma.arms import Arms
from nma.checks.mixtures import node_draws, wide_fit
from nma.checks.removal import dropped, removals
from nma.checks.studies import contrasts, lost, separating
from nma.draws import log_likelihood, scale_nodes
from nma.exact import Posterior
from nma.priors import Prior

Array = NDArray[np.float64]
# Pareto k above which the importance sampling estimate is not to be trusted.
UNRELIABLE = 0.7


def leave_one_out(
    arms: Arms,
    prior: Prior,
    draws: int = 4000,
    seed: int = 0,
    log_lik: Array | None = None,
) -> pd.DataFrame:
    """One row per study: study, arms, df, lost (treatments without link to the reference
    if it goes), sole (it alone carries a treatment), prior_driven (its own arms are not
    linked without it), elpd, psis_elpd, psis_k, refitted.

    ``log_lik`` (draws, studies): log likelihood of draws at hand, such as those of NUTS;
    else ``draws`` independent ones are made. ``draws`` 0 leaves PSIS out.
    """
    fit = wide_fit(arms, prior)
    carried = np.bincount(arms.treatment, minlength=len(arms.treatments))
    driven = separating(arms)
    rows = []
    for removal in removals(fit):
        own = arms.treatment[arms.study == removal.study]
        rows.append(
            {
                "study": arms.studies[removal.study],
                "arms": len(own),
                "df": removal.df,
                "lost": "; ".join(lost(arms, removal.study) if driven[removal.study] else []),
                "sole": bool((carried[own] == 1).any()),
                "prior_driven": bool(driven[removal.study]),
                "elpd": removal.elpd,
                "refitted": removal.refitted,
            }
        )
    table = pd.DataFrame(rows)
    table["psis_elpd"], table["psis_k"] = np.nan, np.nan
    if log_lik is None and draws:
        log_lik = log_likelihood(arms, *node_draws(fit, draws, seed))
    if log_lik is not None:
        table["psis_elpd"], table["psis_k"] = _psis(log_lik)
    return table


def exact_elpd(fit: Posterior, df: float | None = None) -> Array:
    """(studies,) log p(y_i | y_-i) of any model, parameters integrated out.

    On a grid by ``removals``. Where the nodes are draws of the hyperparameters, by
    importance sampling over these alone (Vehtari et al. 2016, J Mach Learn Res 17:103):
    1 / E[1 / p(y_i | y_-i, hyper)]. With Student t study effects the study's own scale,
    on which the other studies have no bearing, is integrated over its prior.
    """
    if len(fit.edges):
        return np.array([removal.elpd for removal in removals(fit)])
    found = []
    for study, c in enumerate(contrasts(fit.arms)):
        means, covs = dropped(fit, study, c)
        spread = c.inside(covs)
        r = c.y - means @ c.A.T
        if df is None:
            logp = _gaussian(r, c.covariance(fit.half) + spread)
        else:
            own = fit.half * fit.others["scale"][:, fit.arms.study]
            logp = np.logaddexp.reduce(
                [
                    weight + _gaussian(r, c.covariance(own / scale) + spread)
                    for scale, weight in zip(*scale_nodes(df), strict=True)
                ]
            )
        found.append(-(np.logaddexp.reduce(-logp) - np.log(len(logp))))
    return np.array(found)


def _gaussian(r: Array, V: Array) -> Array:
    """(T,) log densities of residuals (T, c) with covariances (T, c, c)."""
    root = np.linalg.cholesky(V)
    z = np.linalg.solve(root, r[:, :, None])[:, :, 0]
    size = r.shape[1]
    log_root = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return -0.5 * ((z * z).sum(axis=1) + size * np.log(2 * np.pi)) - log_root


def _psis(log_lik: Array) -> tuple[Array, Array]:
    """elpd and Pareto k (studies,) from (draws, studies)."""
    # ArviZ takes two seconds to import: only here.
    from arviz_stats.base import array_stats

    elpd, k, _ = array_stats.loo(log_lik.T[:, None, :], chain_axis=-2, draw_axis=-1)
    return elpd, k


def loo_totals(table: pd.DataFrame) -> pd.DataFrame:
    """Sums over studies that the others predict, that only the prior does, and all:
    studies, elpd, se (sqrt(n var)), psis_elpd, unreliable (k > 0.7)."""
    groups = {
        "predicted by the others": table[~table["prior_driven"]],
        "driven by the prior": table[table["prior_driven"]],
        "all": table,
    }
    rows = []
    for name, part in groups.items():
        n = len(part)
        rows.append(
            {
                "which": name,
                "studies": n,
                "elpd": part["elpd"].sum(),
                "se": np.sqrt(n * part["elpd"].var()) if n > 1 else np.nan,
                "psis_elpd": part["psis_elpd"].sum(min_count=1),
                "unreliable": int((part["psis_k"] > UNRELIABLE).sum()),
            }
        )
    return pd.DataFrame(rows)
