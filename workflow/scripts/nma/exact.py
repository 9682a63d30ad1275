"""The exact engine: the posterior of the arm-form model by quadrature over tau.

Given tau the effects are Gaussian (DESIGN section 3), so a grid over tau gives the whole
posterior as a mixture of Gaussians: moments, quantiles, independent draws, no Markov
chain. It audits every NUTS fit and makes checks that need many fits cheap.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

from nma.arms import Arms
from nma.draws import stream
from nma.priors import TauPrior

Array = NDArray[np.float64]
# exp(-36) is 2e-16 of the largest density: what lies beyond the grid cannot be seen.
DROP = 36.0
COARSE, PANELS, NODES = 121, 40, 8
CHUNK = 2_000_000  # cells of X over all tau in work at once: 16 MB


def conditional(arms: Arms, tau: ArrayLike) -> tuple[Array, Array, Array]:
    """Effects given tau, for many values of tau (T,) at once.

    Returns means (T, p), covariances (T, p, p) and log p(y | tau) (T,). The log density
    includes every constant: it equals the log of the integral over study means (flat) and
    effects. DESIGN section 3; Lu & Ades 2004 in arm form.
    """
    tau = np.atleast_1d(np.asarray(tau, dtype=float))
    chunk = max(1, int(CHUNK // max(arms.X.size, 1)))
    parts = [_conditional(arms, tau[i : i + chunk]) for i in range(0, len(tau), chunk)]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _conditional(arms: Arms, tau: Array) -> tuple[Array, Array, Array]:
    def total(x: Array) -> Array:
        return np.add.reduceat(x, arms.starts, axis=1)

    w = 1.0 / (arms.v + 0.5 * tau[:, None] ** 2)
    W = total(w)
    e = arms.y - (total(w * arms.y) / W)[:, arms.study]
    wX = w[:, :, None] * arms.X
    G = total(wX)
    P = arms.X.T @ wX - (G / W[:, :, None]).transpose(0, 2, 1) @ G + np.diag(arms.prior_sd**-2.0)
    L = np.linalg.cholesky(P)
    inverse = np.linalg.inv(L)
    half = np.einsum("tij,tj->ti", inverse, np.einsum("tap,ta->tp", wX, e))
    contrasts = len(arms.y) - len(arms.starts)
    logp = 0.5 * (
        np.log(w).sum(1)
        - np.log(W).sum(1)
        - (w * e * e).sum(1)
        + (half * half).sum(1)
        - contrasts * np.log(2 * np.pi)
    )
    logp -= np.log(np.diagonal(L, axis1=1, axis2=2)).sum(1) + np.log(arms.prior_sd).sum()
    back = inverse.transpose(0, 2, 1)
    return np.einsum("tij,tj->ti", back, half), back @ inverse, logp


@dataclass(frozen=True)
class Posterior:
    """A mixture of Gaussians over a grid of tau.

    x : (T,) quadrature nodes in tau or log tau; tau : (T,) the same in points
    edges : (panels + 1,) of the grid, in the units of x
    weights : (T,) posterior mass of each node, sum 1
    density : (T,) posterior density of x; means (T, p); covs (T, p, p)
    log_evidence : log p(y), up to the constant of the tau prior's truncation
    """

    arms: Arms
    prior: TauPrior
    x: Array
    edges: Array
    tau: Array
    weights: Array
    density: Array
    means: Array
    covs: Array
    log_evidence: float

    def contrast(self, treatment: str, comparator: str) -> Array:
        """The vector c with c'beta = treatment minus comparator (reference = zeros)."""
        c = np.zeros(len(self.arms.parameters))
        for name, sign in ((treatment, 1.0), (comparator, -1.0)):
            k = self.arms.treatments.index(name)
            if k:
                c[k - 1] += sign
        return c

    def components(self, c: Array) -> tuple[Array, Array]:
        """Mean and sd (T,) of c'beta at every node."""
        variance = np.einsum("i,tij,j->t", c, self.covs, c)
        return self.means @ c, np.sqrt(np.maximum(variance, 0.0))

    def moments(self, c: Array, predictive: bool = False) -> tuple[float, float]:
        """Mean and sd of c'beta, or of a new study's effect."""
        m, s = self._mixture(c, predictive)
        mean = float(self.weights @ m)
        return mean, float(np.sqrt(self.weights @ (s**2 + (m - mean) ** 2)))

    def cdf(self, c: Array, x: ArrayLike, predictive: bool = False) -> Array:
        """P(c'beta < x) for x of any shape."""
        m, s = self._mixture(c, predictive)
        s = np.maximum(s, 1e-300)
        return ndtr((np.asarray(x, float)[..., None] - m) / s) @ self.weights

    def quantile(self, c: Array, p: ArrayLike, predictive: bool = False) -> Array:
        """Quantiles of c'beta, by bisection to 1e-12 of the spread."""
        m, s = self._mixture(c, predictive)
        p = np.asarray(p, dtype=float)
        low = np.full(p.shape, float((m - 12 * s).min()))
        high = np.full(p.shape, float((m + 12 * s).max()))
        for _ in range(60):
            middle = 0.5 * (low + high)
            below = self.cdf(c, middle, predictive) < p
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)

    def tau_moments(self) -> tuple[float, float]:
        """Mean and sd of tau."""
        mean = float(self.weights @ self.tau)
        return mean, float(np.sqrt(self.weights @ (self.tau - mean) ** 2))

    @cached_property
    def _tau_cdf(self) -> tuple[Array, Array]:
        """Tau and its distribution function on a fine grid."""
        if self.prior.is_fixed:
            return self.tau, np.ones(1)
        spline = CubicSpline(self.x, self.density)
        x = np.concatenate(
            [np.linspace(*ends, 25) for ends in zip(self.edges[:-1], self.edges[1:], strict=True)]
        )
        integral = spline.antiderivative()
        F = np.maximum.accumulate(np.clip(integral(x) - integral(x[0]), 0.0, None))
        return (np.exp(x) if self.prior.on_log_scale else x), F / F[-1]

    def tau_quantile(self, p: ArrayLike) -> Array:
        """Quantiles of tau."""
        tau, F = self._tau_cdf
        return np.interp(np.asarray(p, dtype=float), F, tau)

    def draws(self, size: int, seed: int) -> tuple[Array, Array]:
        """Independent draws: beta (size, p) and tau (size,). Tau is drawn from the
        continuous density, the effects exactly given it."""
        rng = stream(seed, "exact draws")
        tau = self.tau_quantile(rng.random(size))
        z = rng.standard_normal((size, len(self.arms.parameters)))
        if self.prior.is_fixed:
            return self.means[0] + z @ np.linalg.cholesky(self.covs[0]).T, tau
        mean, cov, _ = conditional(self.arms, tau)
        return mean + np.einsum("tij,tj->ti", np.linalg.cholesky(cov), z), tau

    def _mixture(self, c: Array, predictive: bool) -> tuple[Array, Array]:
        m, s = self.components(c)
        return (m, np.sqrt(s**2 + self.tau**2)) if predictive else (m, s)


def fit(arms: Arms, prior: TauPrior, widen: float = 1.0) -> Posterior:
    """The exact posterior of effects and tau.

    With ``widen`` above 1 the grid also serves posteriors of tau that are that much wider
    (see ``grid``). Raises FloatingPointError if the posterior is not finite.
    """
    if prior.is_fixed:
        mean, cov, logp = conditional(arms, prior["value"])
        one = np.ones(1)
        tau = np.array([prior["value"]])
        return Posterior(arms, prior, tau, tau, tau, one, one, mean, cov, float(logp[0]))
    x, step, edges = grid(prior, lambda x: _log_joint(arms, prior, x)[2], widen)
    means, covs, joint = _log_joint(arms, prior, x)
    peak = joint.max()
    if not np.isfinite(peak):
        raise FloatingPointError("the posterior of tau is not finite on its grid")
    density = np.exp(joint - peak)
    mass = float(density @ step)
    return Posterior(
        arms=arms,
        prior=prior,
        x=x,
        edges=edges,
        tau=np.exp(x) if prior.on_log_scale else x,
        weights=density * step / mass,
        density=density / mass,
        means=means,
        covs=covs,
        log_evidence=float(peak + np.log(mass)),
    )


def grid(
    prior: TauPrior, log_density: Callable[[Array], Array], widen: float = 1.0
) -> tuple[Array, Array, Array]:
    """Nodes, weights and panel edges of a quadrature over x = tau or log tau.

    ``log_density`` is that of x, up to a constant, for x of shape (T,). The grid starts
    from the prior's support and shrinks or stays until it holds all density above exp(-36)
    of the peak; with ``widen`` w, all above exp(-36 w^2), as if the density were w times as
    wide.
    """
    low, high = prior.support
    if prior.on_log_scale:
        low, high = np.log(low), np.log(high)
    for _ in range(12):
        x = np.linspace(low, high, COARSE)
        logp = log_density(x) / widen**2
        kept = np.flatnonzero(logp > logp.max() - DROP)
        low, high = x[max(kept[0] - 1, 0)], x[min(kept[-1] + 1, COARSE - 1)]
        if high - low > 0.5 * (x[-1] - x[0]):
            break
    return _panels(x, np.exp(logp - logp.max()), low, high)


def _panels(x: Array, density: Array, low: float, high: float) -> tuple[Array, Array, Array]:
    """Gauss-Legendre nodes, weights and edges of panels of [low, high]: half of the panels
    follow the mass that the coarse pass saw, half are even."""
    even = (x - low) / (high - low)
    mass = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(x))])
    inside = (x >= low) & (x <= high)
    level = 0.5 * even[inside] + 0.5 * (mass[inside] - mass[inside][0]) / np.ptp(mass[inside])
    edges = np.interp(np.linspace(0.0, 1.0, PANELS + 1), level, x[inside])
    node, weight = np.polynomial.legendre.leggauss(NODES)
    half = 0.5 * np.diff(edges)
    middle = 0.5 * (edges[1:] + edges[:-1])
    nodes = (middle[:, None] + half[:, None] * node).ravel()
    return nodes, (half[:, None] * weight).ravel(), edges


def _log_joint(arms: Arms, prior: TauPrior, x: Array) -> tuple[Array, Array, Array]:
    """Means, covariances and log p(y, x) over a grid x of tau or log tau."""
    tau = np.exp(x) if prior.on_log_scale else x
    mean, cov, logp = conditional(arms, tau)
    return mean, cov, logp + prior.logpdf(tau) + (x if prior.on_log_scale else 0.0)
