"""The audit: the exact engine against the NUTS draws of the same run, per parameter.

z of the mean over its Monte Carlo error, and z of P(draw < exact quantile) at 2.5, 25,
50, 75, 97.5% with se = sqrt(p (1 - p) / ESS of the indicator). A |z| above ``LIMIT``
fails the run; the ratio of sds is reported, not a gate (DESIGN section 3).

With more variances than a grid can hold, the audit is conditional. Given the sampled
variances the parameters are exact Gaussians, and given all others each variance has a
density on a line: every draw less its conditional mean must average 0, and its rank in that
conditional distribution must be uniform, whatever the joint posterior is.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr

from nma.arms import Arms
from nma.draws import log_likelihood, named
from nma.exact import Posterior, at
from nma.exact import log_likelihood as exact_likelihood
from nma.priors import Hyper

LIMIT = 5.0
# Draws whose parameters, and whose slices, a conditional audit looks at; points of a slice.
CONDITIONED, SLICES, GRID = 2000, 400, 61
PROBABILITIES = np.array([0.025, 0.25, 0.5, 0.75, 0.975])
COLUMNS = [
    "parameter",
    "nuts_mean",
    "exact_mean",
    "mcse",
    "z",
    "z_quantiles",
    "nuts_sd",
    "exact_sd",
]


class AuditFailed(RuntimeError):
    """NUTS and the exact engine disagree beyond chance: one of them is wrong."""


def audit(
    exact: Posterior,
    beta: NDArray[np.float64],
    hyper: NDArray[np.float64] | Mapping[str, NDArray[np.float64]] | None,
) -> pd.DataFrame:
    """One row per effect, other parameter and hyperparameter: COLUMNS.

    beta (chains, draws, parameters); hyper (chains, draws) by name, or tau's, or None if
    nothing is sampled. ``z_quantiles`` is the largest over the quantiles, with its sign.
    """
    rows = []
    for name, c in functionals(exact.arms).items():
        rows.append([name, *_compare(beta @ c, exact.moments(c), exact.quantile(c, PROBABILITIES))])
    for name, draws in ({} if hyper is None else named(hyper)).items():
        quantiles = exact.hyper_quantile(name, PROBABILITIES)
        rows.append([name, *_compare(draws, exact.hyper_moments(name), quantiles)])
    return pd.DataFrame(rows, columns=COLUMNS)


def functionals(arms: Arms) -> dict[str, NDArray[np.float64]]:
    """What is audited: every effect against the reference, and every parameter that is not
    one, as the vectors c of c'beta."""
    effects = {f"d[{name}]": row for name, row in zip(arms.treatments, arms.effects, strict=True)}
    effects.pop(f"d[{arms.treatments[0]}]")
    rows = dict(zip(arms.parameters, np.eye(len(arms.parameters)), strict=True))
    return effects | {name: row for name, row in rows.items() if name not in effects}


def conditional_audit(
    arms: Arms,
    hyper: Hyper,
    beta: NDArray[np.float64],
    draws: Mapping[str, NDArray[np.float64]],
) -> pd.DataFrame:
    """COLUMNS as ``audit``, by the conditional distributions.

    beta (chains, draws, parameters); ``draws`` (chains, draws) of every free
    hyperparameter by name and, with Student t study effects, ``scale`` (chains, draws,
    studies). Draws are thinned: parameters of ``CONDITIONED``, lines of ``SLICES``.
    """
    every, thinner = (_thinned(beta, draws, size) for size in (CONDITIONED, SLICES))
    rows = []
    flat, beta = _flat(hyper, every[1]), every[0]
    fit = at(arms, hyper, flat)
    for name, c in functionals(arms).items():
        m, s = fit.components(c)
        rows.append([name, *_conditionally(beta @ c, m, s, ndtr)])
    beta, draws = thinner
    flat = _flat(hyper, draws)
    for name in hyper.free:
        x, logp = _slice(arms, hyper, flat, name)
        rows.append([name, *_on_slice(draws[name], x, logp)])
    if "scale" in draws:
        x, logp = _scale_slices(arms, hyper, flat, beta.reshape(-1, beta.shape[-1]))
        for i, study in enumerate(arms.studies):
            rows.append([f"scale[{study}]", *_on_slice(draws["scale"][..., i], x, logp[:, i])])
    return pd.DataFrame(rows, columns=COLUMNS)


def _thinned(beta, draws, most: int):
    """About ``most`` draws, evenly spaced in every chain."""
    thin = slice(None, None, max(1, -(-beta.shape[0] * beta.shape[1] // most)))
    return beta[:, thin], {name: x[:, thin] for name, x in draws.items()}


def _flat(hyper: Hyper, draws) -> dict[str, NDArray[np.float64]]:
    """Hyperparameters (draws,), chains laid end to end, known ones included."""
    flat = {name: x.reshape(-1, *x.shape[2:]) for name, x in draws.items()}
    size = len(next(iter(flat.values())))
    return flat | {name: np.full(size, value) for name, value in hyper.fixed.items()}


def _slice(
    arms: Arms, hyper: Hyper, values: Mapping[str, NDArray[np.float64]], name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points (draws, grid) of one hyperparameter and the log of its density there, given
    the draws of all others, parameters and study means integrated out."""
    x = _points(values[name])
    size, grid = x.shape
    tiled = {key: np.repeat(each, grid, axis=0) for key, each in values.items()}
    tiled[name] = x.ravel()
    logp = hyper.logpdf(name, tiled)
    if name not in ("log_tau", "log_tau_sd"):
        logp = logp + exact_likelihood(arms, tiled)
    return x, np.where(np.isfinite(logp), logp, -np.inf).reshape(size, grid)


def _points(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """(draws, GRID) points of a line that holds nearly all of a parameter's mass: a fixed
    line for all draws, so that the draw itself has no say in it."""
    low, high = draws.min(), draws.max()
    room = 0.5 * (high - low)
    low = low - room if low < 0 else max(low * 0.01, 1e-9)
    # Even in the square root: dense near 0, where a variance has much of its mass.
    root = np.linspace(np.sqrt(low), np.sqrt(high + room), GRID) ** 2 if low > 0 else None
    line = np.linspace(low, high + room, GRID) if root is None else root
    return np.broadcast_to(line, (len(draws), GRID))


def _scale_slices(
    arms: Arms,
    hyper: Hyper,
    values: Mapping[str, NDArray[np.float64]],
    beta: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points (grid,) and log densities (draws, studies, grid) of every study's scale given
    parameters and heterogeneity: studies are then independent."""
    x = np.exp(np.linspace(np.log(1e-3), np.log(12.0 + 40.0 / hyper.df), 2 * GRID))
    rest = {name: each for name, each in values.items() if name != "scale"}
    given = [
        log_likelihood(arms, beta, rest | {"scale": np.full((1, len(arms.studies)), value)})
        for value in x
    ]
    prior = stats.gamma.logpdf(x, hyper.df / 2, scale=2 / hyper.df)
    return np.broadcast_to(x, (len(beta), len(x))), np.stack(given, axis=-1) + prior


def _on_slice(draws, x, logp) -> list[float]:
    """A row of the audit from densities on a line."""
    density = np.exp(logp - logp.max(axis=1, keepdims=True))
    steps = np.diff(x, axis=1)
    mass = np.concatenate(
        [np.zeros((len(x), 1)), np.cumsum(0.5 * steps * (density[:, 1:] + density[:, :-1]), 1)],
        axis=1,
    )
    mass /= mass[:, -1:]
    # Mean and sd of the piecewise linear distribution function.
    middle, part = 0.5 * (x[:, 1:] + x[:, :-1]), np.diff(mass, axis=1)
    mean = (middle * part).sum(axis=1)
    sd = np.sqrt(((middle - mean[:, None]) ** 2 * part).sum(axis=1))
    flat = draws.ravel()
    rank = np.array([np.interp(v, a, b) for v, a, b in zip(flat, x, mass, strict=True)])
    return _conditionally(draws, mean, sd, lambda z, r=rank: r)


def _conditionally(draws, mean, sd, ranks) -> list[float]:
    """A row of the audit from conditional means and sds (draws,), flat over chains."""
    flat = draws.ravel()
    residual = (flat - mean).reshape(draws.shape)
    mcse = float(array_stats.mcse(residual, chain_axis=0, draw_axis=1, method="mean"))
    rank = ranks((flat - mean) / sd).reshape(draws.shape)
    z = [_share(rank < p, p) for p in PROBABILITIES]
    worst = z[int(np.argmax(np.abs(z)))]
    spread = float(np.sqrt(np.mean(sd**2) + np.var(mean)))
    exact_mean = float(np.mean(mean))
    z_mean = float(residual.mean() / mcse)
    return [flat.mean(), exact_mean, mcse, z_mean, worst, flat.std(ddof=1), spread]


def _share(below, p: float) -> float:
    """z of the share of an indicator (chains, draws) against its probability."""
    below = below.astype(float)
    share = below.mean()
    # A constant indicator has no ESS; then the draws themselves are the best guess.
    ess = float(array_stats.ess(below, chain_axis=0, draw_axis=1, method="mean"))
    if not np.isfinite(ess) or share in (0.0, 1.0):
        ess = float(below.size)
    return float((share - p) / np.sqrt(p * (1 - p) / ess))


def gate(table: pd.DataFrame) -> None:
    """Raise AuditFailed naming every parameter beyond the limit."""
    z = table[["z", "z_quantiles"]].abs().max(axis=1)
    failed = table[~(z <= LIMIT)]
    if len(failed):
        lines = [
            f"{r.parameter}: NUTS {r.nuts_mean:.4g} (sd {r.nuts_sd:.3g}), exact "
            f"{r.exact_mean:.4g} (sd {r.exact_sd:.3g}), z {r.z:.1f}, quantiles {r.z_quantiles:.1f}"
            for r in failed.itertuples()
        ]
        raise AuditFailed(
            f"NUTS and the exact engine disagree (|z| > {LIMIT:g}):\n  " + "\n  ".join(lines)
        )


def _compare(x, moments: tuple[float, float], quantiles) -> list[float]:
    mcse = float(array_stats.mcse(x, chain_axis=0, draw_axis=1, method="mean"))
    z = [_share(x < q, p) for p, q in zip(PROBABILITIES, quantiles, strict=True)]
    worst = z[int(np.argmax(np.abs(z)))]
    mean, sd = moments
    return [x.mean(), mean, mcse, (x.mean() - mean) / mcse, worst, x.std(ddof=1), sd]
