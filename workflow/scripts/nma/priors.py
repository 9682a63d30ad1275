"""Priors, each in one place: its NumPy log density here serves both engines.

Effects: Normal(0, sd). Heterogeneity ``tau`` (0-100 points), see DESIGN section 4:

- ``half_normal(scale)``
- ``uniform(upper)``
- ``log_t(location, scale, df, upper)``: 2 log tau ~ Student t, truncated at ``upper``.
  The informative priors of Rhodes, Turner & Higgins 2015 (J Clin Epidemiol 68:52-60)
  have this form on the SMD scale; adding ``2 log(SD_ref)`` to the location moves them
  to points. Their scale is a standard deviation, not a precision.
- ``fixed(value)``: tau known, 0 for the fixed-effect model.
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
    "fixed": ("value",),
}


@dataclass(frozen=True)
class TauPrior:
    """Prior of the between-study standard deviation.

    ``dist`` is a key of ``PARAMETERS``; ``values`` its parameters in that order,
    in the units of the outcome.
    """

    dist: str
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        names = PARAMETERS.get(self.dist)
        if names is None:
            raise ValueError(f"unknown tau prior '{self.dist}'. Hint: use one of {[*PARAMETERS]}")
        if len(names) != len(self.values):
            raise ValueError(f"tau prior '{self.dist}' needs {names}, got {self.values}")

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
        """The range of tau that can matter: all but 1e-15 of the prior mass."""
        if self.dist == "half_normal":
            return 0.0, 8.0 * self["scale"]
        if self.dist == "uniform":
            return 0.0, self["upper"]
        if self.dist == "log_t":
            return 1e-12 * self["upper"], self["upper"]
        return self["value"], self["value"]

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
        return np.where(tau == self["value"], 0.0, -np.inf)


def tau_prior(spec: Mapping, effects: str = "random", sd_ref: float | None = None) -> TauPrior:
    """The prior that a config block asks for.

    ``spec`` holds ``dist`` and its parameters, or ``dist: rhodes`` with ``comparison``
    (a key of ``RHODES``), which needs ``sd_ref``, the typical reported SD in points.
    ``effects`` fixed overrules all with tau = 0. Raises ValueError for what it cannot use.
    """
    if effects == "fixed":
        return TauPrior("fixed", (0.0,))
    if spec["dist"] == "rhodes":
        if not sd_ref or not sd_ref > 0:
            raise ValueError("the rhodes prior needs reported SDs. Hint: use half_normal")
        location, scale = RHODES[spec["comparison"]]
        return TauPrior("log_t", (location + 2 * log(sd_ref), scale, 5.0, 100.0))
    names = PARAMETERS.get(spec["dist"], ())
    missing = [name for name in names if name not in spec]
    if missing:
        raise ValueError(f"tau prior '{spec['dist']}' needs {missing}")
    return TauPrior(spec["dist"], tuple(float(spec[name]) for name in names))


def describe(prior: TauPrior) -> str:
    """The prior as a reader would write it."""
    return f"{prior.dist}({', '.join(f'{value:g}' for value in prior.values)})"
