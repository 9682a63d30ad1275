"""The posterior without one study, by subtraction from the whole.

Given tau a study's information A'V^-1 A is one term of a sum. With r = y - A m its
residual and R = V - A C A' (V marginal covariance, m and C of the full fit):

    C without it = C + C A' R^-1 A C           m without it = m - C A' R^-1 r
    log p(y_i | y_-i, tau) = 1/2 log|R| - log|V| - 1/2 r' R^-1 r     (+ constant)

so every node of the full fit's grid yields a node of the reduced one, and its weight is
divided by that predictive density. Where this loses digits (the study alone holds an
effect and the prior is very wide) or the grid does not serve, the study is left out and the
model fitted again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nma import exact
from nma.arms import Arms
from nma.checks.mixtures import holds, reweight
from nma.checks.studies import Contrasts, contrasts, without
from nma.exact import Posterior

Array = NDArray[np.float64]
# Smallest eigenvalue of V^-1 R that leaves eight digits.
SINGULAR = 1e-8


@dataclass(frozen=True)
class Removal:
    """What is left without a study, and how well that predicts the study.

    reduced : posterior without it, but with the effects of the whole unless ``refitted``
    elpd : log p(y_i | y_-i), the exact leave-one-out log predictive density
    square : (T,) Mahalanobis distance squared of the study's contrasts from their
        prediction given tau: chi2 with ``df`` degrees of freedom
    """

    study: int
    reduced: Posterior
    elpd: float
    square: Array
    df: int
    refitted: bool
    parts: "Parts | None" = None

    @property
    def weights(self) -> Array:
        """(T,) posterior mass of the nodes without the study."""
        return self.reduced.weights

    @cached_property
    def fit(self) -> Posterior:
        """The posterior without the study, of all effects (one without data has its prior).

        Made when asked for: all else needs a few rows of the covariances, this needs all.
        """
        if self.parts is None:
            return self.reduced
        means, covs = self.parts.effects(self.reduced)
        arms = without(self.reduced.arms, self.study)
        return replace(self.reduced, arms=arms, means=means, covs=covs)


@dataclass(frozen=True)
class Parts:
    """A study against the rest, at every node: roots of V and R (T, c, c), z = R^-1/2 r
    (T, c, 1)."""

    contrasts: Contrasts
    V: Array
    R: Array
    z: Array

    def effects(self, fit: Posterior) -> tuple[Array, Array]:
        """Means (T, p) and covariances (T, p, p) without the study, of ``fit`` with it."""
        U = self.contrasts.loading(fit.covs)
        gain = np.linalg.solve(self.R, U.transpose(0, 2, 1))
        back = gain.transpose(0, 2, 1)
        return fit.means - (back @ self.z)[:, :, 0], fit.covs + back @ gain


def removals(fit: Posterior) -> Iterator[Removal]:
    """One per study. ``fit`` comes from ``mixtures.wide_fit``."""
    for study, c in enumerate(contrasts(fit.arms)):
        yield _subtracted(fit, study, c) or _refitted(fit, study, c)


def dropped(fit: Posterior, study: int, c: Contrasts) -> tuple[Array, Array]:
    """Means (T, p) and covariances (T, p, p) at every node without the study, the
    hyperparameters given; by a fit anew where subtraction loses digits."""
    parts = _parts(fit, c)
    if parts is None:
        means, covs, _ = exact.conditional(*_rest(fit, study))
        return means, covs
    return parts.effects(fit)


def _rest(fit: Posterior, study: int) -> tuple[Arms, dict[str, Array]]:
    nodes = fit.nodes
    if "scale" in nodes:
        nodes["scale"] = np.delete(nodes["scale"], study, axis=1)
    return without(fit.arms, study), nodes


def _parts(fit: Posterior, c: Contrasts) -> Parts | None:
    """None where R loses digits."""
    V = c.covariance(fit.half)
    R = V - c.inside(fit.covs)
    L = np.linalg.cholesky(V)
    half = np.linalg.solve(L, R)
    if np.linalg.eigvalsh(np.linalg.solve(L, half.transpose(0, 2, 1))).min() < SINGULAR:
        return None
    root = np.linalg.cholesky(R)
    r = c.y - fit.means @ c.A.T
    z = np.linalg.solve(root, r[:, :, None])
    return Parts(c, L, root, z)


def _subtracted(fit: Posterior, study: int, c: Contrasts) -> Removal | None:
    parts = _parts(fit, c)
    if parts is None:
        return None
    square = (parts.z * parts.z).sum(axis=(1, 2))
    roots = _log_diagonal(parts.R) - 2 * _log_diagonal(parts.V)
    logp = roots - 0.5 * (square + c.df * np.log(2 * np.pi))
    reduced = reweight(fit, -logp)
    if not holds(reduced):
        return None
    elpd = fit.log_evidence - reduced.log_evidence
    return Removal(study, reduced, elpd, square, c.df, refitted=False, parts=parts)


def _refitted(fit: Posterior, study: int, c: Contrasts) -> Removal:
    reduced = fit.refit(without(fit.arms, study))
    half = np.broadcast_to(fit.arms.half(reduced.nodes), (len(reduced.weights), len(fit.arms.y)))
    V = c.covariance(half) + c.inside(reduced.covs)
    root = np.linalg.cholesky(V)
    z = np.linalg.solve(root, (c.y - reduced.means @ c.A.T)[:, :, None])
    # Not the predictive density averaged over the new grid: if the study is far off, what
    # matters lies beyond it.
    elpd = fit.log_evidence - reduced.log_evidence
    return Removal(study, reduced, elpd, (z * z).sum(axis=(1, 2)), c.df, refitted=True)


def _log_diagonal(L: Array) -> Array:
    return np.log(np.diagonal(L, axis1=1, axis2=2)).sum(axis=1)
