"""What follows from draws of (effects, tau) in closed form, in NumPy."""

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nma.arms import Arms
from nma.priors import TauPrior

Array = NDArray[np.float64]


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A generator of its own for each purpose: one seed used twice would correlate, say,
    the draws of tau with the noise of the predictions."""
    return np.random.default_rng([seed, crc32(purpose.encode())])


def log_likelihood(arms: Arms, beta: Array, tau: Array) -> Array:
    """(draws, studies) log density of each study with its study mean integrated out.

    beta (draws, parameters), tau (draws,). DESIGN section 2, with the constant
    -(arms - 1)/2 log 2 pi.
    """
    w = 1.0 / (arms.v + 0.5 * tau[:, None] ** 2)
    r = arms.y - beta @ arms.X.T

    def total(x: Array) -> Array:
        return np.add.reduceat(x, arms.starts, axis=-1)

    W = total(w)
    size = np.diff(arms.starts, append=len(arms.y))
    return 0.5 * (
        total(np.log(w) - w * r**2)
        - np.log(W)
        + total(w * r) ** 2 / W
        - (size - 1) * np.log(2 * np.pi)
    )


def log_prior(arms: Arms, prior: TauPrior, beta: Array, tau: Array) -> tuple[Array, Array]:
    """(draws, parameters) and (draws,) log prior densities of effects and tau."""
    z = beta / arms.prior_sd
    effects = -0.5 * z**2 - np.log(arms.prior_sd) - 0.5 * np.log(2 * np.pi)
    return effects, prior.logpdf(tau)


def study_means(arms: Arms, beta: Array, tau: Array, seed: int) -> Array:
    """(draws, arms) draws of the true mean of every arm: mu_i + X beta + u.

    Given beta and tau, mu_i ~ Normal(rbar, 1/W) and u shrinks the rest by
    (tau^2/2) / (v + tau^2/2). Differences within a study are its own effects.
    """
    rng = stream(seed, "study means")
    half = 0.5 * tau[:, None] ** 2
    w = 1.0 / (arms.v + half)
    fixed = beta @ arms.X.T
    r = arms.y - fixed
    W = np.add.reduceat(w, arms.starts, axis=1)
    centre = np.add.reduceat(w * r, arms.starts, axis=1) / W
    mu = (centre + rng.standard_normal(W.shape) / np.sqrt(W))[:, arms.study]
    shrink = half * w
    u = shrink * (r - mu) + np.sqrt(shrink * arms.v) * rng.standard_normal(w.shape)
    return mu + fixed + u


def predictive(effect: Array, tau: Array, seed: int) -> Array:
    """Effects in a new study: one Normal(0, tau^2) per draw and treatment added.

    effect (draws, treatments), tau (draws,).
    """
    rng = stream(seed, "predictive")
    return effect + tau[:, None] * rng.standard_normal(effect.shape)
