"""Priors, each in one place: its NumPy log density here serves both engines.

Effects: Normal(0, sd). Heterogeneity ``tau`` (0-100 points), and what else an effect's
distribution hangs on (sd within classes, between kinds of placebo, a slope):

- ``half_normal(scale)``
- ``uniform(upper)``
- ``log_t(location, scale, df, upper)``: 2 log tau ~ Student t, truncated at ``upper``.
  The informative priors of Rhodes, Turner & Higgins 2015 (J Clin Epidemiol 68:52-60)
  have this form on the SMD scale; adding ``2 log(SD_ref)`` to the location moves them
  to points. Their scale is a standard deviation, not a precision.
- ``normal(mean, sd)``: for what may have either sign.
- ``fixed(value)``: known, as tau = 0 in the fixed-effect model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import lgamma, log, pi

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Rhodes 2015, pain outcomes: (location, scale) of log tau^2 on the SMD scale, df 5.
RHODES = {
    "drug_placebo": (-3.16, 2.50),
    "drug_drug": (-3.44, 2.44),
    "non_drug": (-3.02, 2.27),
}
PARAMETERS = {
    "half_normal": ("scale",),
    "uniform": ("upper",),
    "log_t": ("location", "scale", "df", "upper"),
    "normal": ("mean", "sd"),
    "fixed": ("value",),
}


@dataclass(frozen=True)
class Prior:
    """Prior of the between-study standard deviation, or of another hyperparameter.

    ``dist`` is a key of ``PARAMETERS``; ``values`` its parameters in that order,
    in the units of the outcome.
    """

    dist: str
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        names = PARAMETERS.get(self.dist)
        if names is None:
            raise ValueError(f"unknown prior '{self.dist}'. Hint: use one of {[*PARAMETERS]}")
        if len(names) != len(self.values):
            raise ValueError(f"prior '{self.dist}' needs {names}, got {self.values}")

    def __getitem__(self, name: str) -> float:
        return self.values[PARAMETERS[self.dist].index(name)]

    @property
    def is_fixed(self) -> bool:
        """True if tau is known, so that nothing is sampled or integrated."""
        return self.dist == "fixed"

    @property
    def on_log_scale(self) -> bool:
        """True if the density is heavy near 0, so that a grid must be even in log tau."""
        return self.dist == "log_t"

    @property
    def support(self) -> tuple[float, float]:
        """The range that can matter: all but 1e-15 of the prior mass."""
        if self.dist == "half_normal":
            return 0.0, 8.0 * self["scale"]
        if self.dist == "uniform":
            return 0.0, self["upper"]
        if self.dist == "log_t":
            return 1e-12 * self["upper"], self["upper"]
        if self.dist == "normal":
            return self["mean"] - 8.0 * self["sd"], self["mean"] + 8.0 * self["sd"]
        return self["value"], self["value"]

    def draws(self, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Independent draws, to show beside a posterior."""
        if self.dist == "half_normal":
            return np.abs(rng.normal(0.0, self["scale"], size))
        if self.dist == "uniform":
            return rng.uniform(0.0, self["upper"], size)
        if self.dist == "normal":
            return rng.normal(self["mean"], self["sd"], size)
        if self.dist == "log_t":
            location, scale, df, upper = self.values
            # Truncated: the few draws beyond the limit are made again.
            tau = np.full(size, np.inf)
            while (beyond := tau > upper).any():
                tau[beyond] = np.exp((location + scale * rng.standard_t(df, beyond.sum())) / 2)
            return tau
        return np.full(size, self["value"])

    def logpdf(self, tau: ArrayLike) -> NDArray[np.float64]:
        """Log density at tau, any shape; -inf outside the support. ``log_t`` is left
        without the constant of its truncation (it cancels in a posterior)."""
        tau = np.asarray(tau, dtype=float)
        if self.dist == "half_normal":
            s = self["scale"]
            inside = 0.5 * log(2 / pi) - log(s) - 0.5 * (tau / s) ** 2
            return np.where(tau >= 0, inside, -np.inf)
        if self.dist == "uniform":
            u = self["upper"]
            return np.where((tau >= 0) & (tau <= u), -log(u), -np.inf)
        if self.dist == "log_t":
            location, scale, df, upper = self.values
            with np.errstate(divide="ignore", invalid="ignore"):
                z = (2 * np.log(tau) - location) / scale
                inside = (
                    lgamma((df + 1) / 2)
                    - lgamma(df / 2)
                    - 0.5 * log(df * pi)
                    - log(scale)
                    - (df + 1) / 2 * np.log1p(z**2 / df)
                    + log(2)
                    - np.log(tau)
                )
            return np.where((tau > 0) & (tau <= upper), inside, -np.inf)
        if self.dist == "normal":
            mean, sd = self.values
            return -0.5 * ((tau - mean) / sd) ** 2 - log(sd) - 0.5 * log(2 * pi)
        return np.where(tau == self["value"], 0.0, -np.inf)


def tau_prior(spec: Mapping, effects: str = "random", sd_ref: float | None = None) -> Prior:
    """The prior that a config block asks for.

    ``spec`` holds ``dist`` and its parameters, or ``dist: rhodes`` with ``comparison``
    (a key of ``RHODES``), which needs ``sd_ref``, the typical reported SD in points.
    ``effects`` fixed overrules all with tau = 0. Raises ValueError for what it cannot use.
    """
    if effects == "fixed":
        return Prior("fixed", (0.0,))
    if spec["dist"] == "rhodes":
        if not sd_ref or not sd_ref > 0:
            raise ValueError("the rhodes prior needs reported SDs. Hint: use half_normal")
        location, scale = RHODES[spec["comparison"]]
        return Prior("log_t", (location + 2 * log(sd_ref), scale, 5.0, 100.0))
    return prior_of(spec)


def prior_of(spec: Mapping) -> Prior:
    """The prior of a config block that names its ``dist`` and every parameter of it."""
    names = PARAMETERS.get(spec["dist"], ())
    missing = [name for name in names if name not in spec]
    if missing:
        raise ValueError(f"prior '{spec['dist']}' needs {missing}")
    return Prior(spec["dist"], tuple(float(spec[name]) for name in names))


@dataclass(frozen=True)
class Hyper:
    """Priors of all hyperparameters, in the order in which they are reported.

    Those named in ``exchangeable`` are log-normal around exp(``log_tau``) with sd
    ``log_tau_sd`` on the log scale, which have priors of their own here; all else is
    independent. With ``df`` every study has a scale ~ Gamma(df/2, df/2) that divides its
    heterogeneity variances, so that study effects are Student t.
    """

    priors: Mapping[str, Prior]
    exchangeable: tuple[str, ...] = ()
    df: float | None = None

    @property
    def free(self) -> tuple[str, ...]:
        """Names of what is not known."""
        known = [name for name, prior in self.priors.items() if prior.is_fixed]
        return (*(n for n in self.priors if n not in known), *self.exchangeable)

    @property
    def on_grid(self) -> bool:
        """Whether the exact engine can lay a grid over all that is not known."""
        return len(self.free) <= 2 and not self.exchangeable and self.df is None

    @property
    def fixed(self) -> dict[str, float]:
        """What is known."""
        return {name: prior["value"] for name, prior in self.priors.items() if prior.is_fixed}

    def logpdf(self, name: str, values: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
        """Log density of one of them given the others, but for a constant."""
        x = np.asarray(values[name], dtype=float)
        if name in self.exchangeable:
            return _log_normal(x, values["log_tau"], values["log_tau_sd"])
        logp = self.priors[name].logpdf(x)
        if name in ("log_tau", "log_tau_sd"):
            for other in self.exchangeable:
                logp = logp + _log_normal(values[other], values["log_tau"], values["log_tau_sd"])
        return logp


def _log_normal(x: ArrayLike, centre: ArrayLike, width: ArrayLike) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (np.log(x) - centre) / width
        logp = -0.5 * z**2 - np.log(width) - np.log(x) - 0.5 * log(2 * pi)
    return np.where(np.isfinite(logp), logp, -np.inf)


def describe(prior: Prior) -> str:
    """The prior as a reader would write it."""
    return f"{prior.dist}({', '.join(f'{value:g}' for value in prior.values)})"
