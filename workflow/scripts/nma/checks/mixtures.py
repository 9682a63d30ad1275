"""Mixtures of Gaussians over a grid of tau: moments, quantiles, and new weights.

A check that adds one column or drops one study changes the posterior of tau by a factor
known at every node. ``reweight`` applies it, so no check needs a grid of its own unless
``holds`` says that the old one does not serve.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from nma import exact
from nma.arms import Arms
from nma.draws import stream
from nma.exact import Posterior
from nma.priors import Prior

Array = NDArray[np.float64]
INTERVAL = (0.025, 0.975)
# The grid serves posteriors of tau up to twice as wide as the one it was made for.
WIDEN = 2.0
# Mass at an end of the grid beyond which it is too short, and the number of nodes that
# must carry more than a millionth of the heaviest one: four panels of exact.NODES.
END, ENOUGH = 1e-6, 32


def wide_fit(arms: Arms, prior: Prior) -> Posterior:
    """The exact posterior on a grid that also serves its neighbours."""
    return exact.fit(arms, prior, widen=WIDEN)


def reweight(fit: Posterior, log_ratio: Array, **changes: Any) -> Posterior:
    """The posterior after p(y | tau) is multiplied by exp(log_ratio), (T,).

    ``changes`` are further fields to replace (``means``, ``covs``, ``arms``).
    """
    with np.errstate(divide="ignore"):
        weights = np.log(fit.weights) + log_ratio
        log_mass = np.logaddexp.reduce(weights)
        if fit.axes:
            axes = exact.marginal_axes(fit.axes, np.exp(weights - log_mass))
            along = axes.get("tau", next(iter(axes.values())))
            changes |= {"axes": axes, "density": along.density}
        elif len(fit.density) == len(weights):
            changes["density"] = np.exp(np.log(fit.density) + log_ratio - log_mass)
    return replace(
        fit,
        weights=np.exp(weights - log_mass),
        log_evidence=float(fit.log_evidence + log_mass),
        **changes,
    )


def holds(fit: Posterior) -> bool:
    """Whether the grid is wide and fine enough for its weights."""
    # The one grid of another hyperparameter, or tau's.
    prior = next(iter(fit.axes.values())).prior if len(fit.axes) == 1 else fit.prior
    if prior.is_fixed:
        return True
    if not np.isfinite(fit.weights).all():
        return False
    if len(fit.density) != len(fit.weights):
        return float(1.0 / (fit.weights**2).sum()) >= ENOUGH
    low, high = prior.support
    if prior.on_log_scale:
        low, high = np.log(low), np.log(high)
    near = 1e-9 * (high - low)
    short = (fit.weights[0] > END and fit.edges[0] > low + near) or (
        fit.weights[-1] > END and fit.edges[-1] < high - near
    )
    return not short and int((fit.weights > 1e-6 * fit.weights.max()).sum()) >= ENOUGH


def node_draws(fit: Posterior, size: int, seed: int) -> tuple[Array, Array]:
    """Independent draws of the mixture itself: beta (size, p), tau (size,) at its nodes.

    ``Posterior.draws`` has tau continuous and factors a matrix per draw; this one factors
    a matrix per node, which is what averages over draws need.
    """
    rng = stream(seed, "node draws")
    node = np.sort(rng.choice(len(fit.weights), size, p=fit.weights / fit.weights.sum()))
    z = rng.standard_normal((size, fit.means.shape[1]))
    used, where = np.unique(node, return_inverse=True)
    root, beta = np.linalg.cholesky(fit.covs[used]), np.empty_like(z)
    for k, t in enumerate(used):
        beta[where == k] = fit.means[t] + z[where == k] @ root[k].T
    order = rng.permutation(size)
    return beta[order], fit.tau[node[order]]


def moments(weights: Array, m: Array, s: Array) -> tuple[Array, Array]:
    """Mean and sd (...) of mixtures with component means and sds (..., T)."""
    mean = m @ weights
    return mean, np.sqrt((s**2 + (m - mean[..., None]) ** 2) @ weights)


def cdf(weights: Array, m: Array, s: Array, x: ArrayLike) -> Array:
    """P(value < x) (...) for x that broadcasts against (...)."""
    x = np.asarray(x, dtype=float)
    return ndtr((x[..., None] - m) / np.maximum(s, 1e-300)) @ weights


def quantile(weights: Array, m: Array, s: Array, p: float) -> Array:
    """Quantile (...) by bisection."""
    low, high = (m - 12 * s).min(axis=-1), (m + 12 * s).max(axis=-1)
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = cdf(weights, m, s, middle) < p
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)


def describe(weights: Array, m: Array, s: Array) -> dict[str, Array]:
    """mean, sd, low, high (95%, equal-tailed) of mixtures (..., T)."""
    mean, sd = moments(weights, m, s)
    low, high = (quantile(weights, m, s, p) for p in INTERVAL)
    return {"mean": mean, "sd": sd, "low": low, "high": high}


def describe_tau(fit: Posterior) -> dict[str, float]:
    """tau_mean, tau_sd, tau_median, tau_low, tau_high in points."""
    mean, sd = fit.tau_moments()
    low, median, high = fit.tau_quantile([INTERVAL[0], 0.5, INTERVAL[1]])
    values = {"mean": mean, "sd": sd, "median": median, "low": low, "high": high}
    return {f"tau_{name}": float(value) for name, value in values.items()}
