"""What follows from draws of (effects, tau) in closed form, in NumPy."""

from collections.abc import Mapping
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.special import polygamma

from nma.arms import Arms
from nma.priors import Hyper, Prior

Array = NDArray[np.float64]
Nodes = Mapping[str, Array]


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A generator of its own for each purpose: one seed used twice would correlate, say,
    the draws of tau with the noise of the predictions."""
    return np.random.default_rng([seed, crc32(purpose.encode())])


def log_likelihood(arms: Arms, beta: Array, hyper: Array | Nodes) -> Array:
    """(draws, studies) log density of each study with its study mean integrated out.

    beta (draws, parameters); hyper is tau (draws,), or every hyperparameter by name.
    DESIGN section 2, with the constant -(arms - 1)/2 log 2 pi.
    """
    w, z, r = _weighted(arms, beta, hyper)

    def total(x: Array) -> Array:
        return np.add.reduceat(x, arms.starts, axis=-1)

    W = total(w * z**2)
    size = np.diff(arms.starts, append=len(arms.y)) - 1.0
    if (pull := arms.pull(named(hyper))) is not None:
        W, size = W + pull, size + arms.levelled
    logp = 0.5 * (
        total(np.log(w) - w * r**2)
        - np.log(W)
        + total(w * z * r) ** 2 / W
        - size * np.log(2 * np.pi)
    )
    return logp if pull is None else logp + 0.5 * np.log(np.where(pull > 0, pull, 1.0))


def _weighted(arms: Arms, beta: Array, hyper: Array | Nodes) -> tuple[Array, Array, Array]:
    """Weights, what the study's level is multiplied by, and residuals, (draws, arms)."""
    hyper = named(hyper)
    r = arms.y - arms.linear(beta)
    z = arms.level(hyper)
    w = np.broadcast_to(1.0 / (arms.v + arms.half(hyper)), r.shape)
    return w, np.ones((1, 1)) if z is None else z, r


def named(hyper: Array | Nodes) -> Nodes:
    """Hyperparameters by name; plain values are tau."""
    return hyper if isinstance(hyper, Mapping) else {"tau": hyper}


def student_log_likelihood(arms: Arms, beta: Array, hyper: Nodes, df: float) -> Array:
    """(draws, studies) log density with every study's scale ~ Gamma(df/2, df/2) integrated
    out."""
    total = np.full((len(beta), len(arms.studies)), -np.inf)
    for value, weight in zip(*scale_nodes(df), strict=True):
        scale = np.full((1, len(arms.studies)), value)
        given = log_likelihood(arms, beta, {**hyper, "scale": scale})
        total = np.logaddexp(total, given + weight)
    return total


# The scale of a study this many between-study sds out still lies on its nodes.
FAR = 1e3


def scale_nodes(df: float) -> tuple[Array, Array]:
    """Nodes and log weights of Gamma(df/2, df/2), by the trapezoid rule on its logarithm,
    where the integrand is smooth and dies at both ends.

    Given a difference of z between-study sds the scale is about Gamma with df + z^2 in
    place of the second df: its prior divided by 1 + z^2 / df, so far the nodes reach down.
    """
    # Here, for its import takes longer than most jobs that need no such scales.
    from scipy import stats

    gamma = stats.gamma(df / 2, scale=2 / df)
    low = np.log(gamma.ppf(1e-9)) - np.log1p(FAR**2 / df)
    high = np.log(gamma.isf(1e-12))
    # The density's Fourier transform at 2 pi / step, what the rule errs by, is below 1e-7.
    step = min(0.35, 0.7 * float(np.sqrt(polygamma(1, df / 2))))
    x = np.linspace(low, high, int(np.ceil((high - low) / step)) + 1)
    log_weight = gamma.logpdf(np.exp(x)) + x + np.log(x[1] - x[0])
    return np.exp(x), log_weight


def log_prior(
    arms: Arms, prior: Prior | Hyper, beta: Array, hyper: Array | Nodes
) -> tuple[Array, dict[str, Array]]:
    """(draws, parameters) log prior densities of the parameters given the
    hyperparameters, and (draws,) of each hyperparameter that is not known."""
    hyper = named(hyper)
    priors = prior if isinstance(prior, Hyper) else Hyper({"tau": prior})
    sd = arms.sds(hyper)
    effects = -0.5 * (beta / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    own = {
        name: priors.priors[name].logpdf(x) for name, x in hyper.items() if name in priors.priors
    }
    for name in priors.exchangeable:
        own[name] = priors.logpdf(name, hyper)
    return effects, own


def study_means(arms: Arms, beta: Array, hyper: Array | Nodes, seed: int) -> Array:
    """(draws, arms) draws of the true mean of every arm: mu_i + X beta + u.

    Given the rest, mu_i ~ Normal(rbar, 1/W) and u shrinks what is left by its variance h:
    h / (v + h). Differences within a study are its own effects.
    """
    rng = stream(seed, "study means")
    w, z, r = _weighted(arms, beta, hyper)
    W = np.add.reduceat(w * z**2, arms.starts, axis=1)
    if (pull := arms.pull(named(hyper))) is not None:
        W = W + pull
    centre = np.add.reduceat(w * z * r, arms.starts, axis=1) / W
    mu = z * (centre + rng.standard_normal(W.shape) / np.sqrt(W))[:, arms.study]
    shrink = np.broadcast_to(arms.half(named(hyper)), w.shape) * w
    u = shrink * (r - mu) + np.sqrt(shrink * arms.v) * rng.standard_normal(w.shape)
    return mu + arms.linear(beta) + u


def predictive(effect: Array, sd: Array, seed: int) -> Array:
    """Effects in a new study: one Normal(0, sd^2) per draw and treatment added.

    effect (draws, treatments); sd (draws,) is tau, or (draws, treatments) where it is not
    the same for all.
    """
    rng = stream(seed, "predictive")
    sd = sd if sd.ndim == 2 else sd[:, None]
    new = rng.standard_normal(effect.shape)
    new *= sd
    new += effect
    return new
