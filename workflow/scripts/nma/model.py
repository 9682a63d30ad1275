"""The PyMC model: the arm form of DESIGN section 2, study means and effects integrated out.

Importing this module imports PyMC, which takes seconds: only rules that sample do.
"""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.transforms import Interval, log_exp_m1
from xarray import DataTree

from nma.arms import Arms
from nma.priors import TauPrior


def build(arms: Arms, prior: TauPrior) -> pm.Model:
    """The model with free variables ``d`` (dim treatment) and, unless fixed, ``tau``.

    The likelihood is observed over the dim ``study``, so that leave-one-out stays possible.
    """
    coords = {"treatment": list(arms.treatments[1:]), "study": list(arms.studies)}
    with pm.Model(coords=coords) as model:
        d = pm.Normal("d", 0.0, arms.prior_sd, dims="treatment")
        tau = _tau(prior)
        pm.CustomDist(
            "y",
            d,
            tau,
            logp=lambda _, d, tau: _study_logp(arms, d, tau),
            observed=np.zeros(len(arms.studies)),
            dims="study",
        )
    return model


def sample(
    model: pm.Model,
    *,
    chains: int,
    draws: int,
    tune: int,
    target_accept: float,
    seed: int,
    cores: int = 1,
    progress: bool = False,
) -> DataTree:
    """Draws from the posterior by NUTS (nutpie): the same for any number of cores."""
    return pm.sample(
        model=model,
        chains=chains,
        draws=draws,
        tune=tune,
        cores=cores,
        random_seed=seed,
        target_accept=target_accept,
        nuts_sampler="nutpie",
        progressbar=progress,
        compute_convergence_checks=False,
    )


def _tau(prior: TauPrior) -> Any:
    # As float64: PyTensor would store plain Python floats as float32.
    values = [np.float64(value) for value in prior.values]
    if prior.is_fixed:
        return pt.constant(values[0])
    if prior.dist == "half_normal":
        # The default log transform makes most small networks diverge (DESIGN section 3).
        return pm.HalfNormal("tau", *values, default_transform=log_exp_m1)
    if prior.dist == "uniform":
        return pm.Uniform("tau", np.float64(0.0), *values)
    location, scale, df, upper = values

    def logp(value, location, scale):
        t = pm.logp(pm.StudentT.dist(nu=df, mu=location, sigma=scale), 2 * pt.log(value))
        return t + np.log(2) - pt.log(value)

    return pm.CustomDist(
        "tau",
        location,
        scale,
        logp=logp,
        default_transform=Interval(0.0, upper),
        initval=float(np.exp(location / 2).clip(upper * 1e-3, upper / 2)),
    )


def _study_logp(arms: Arms, d: Any, tau: Any) -> Any:
    """(studies,) log density of each study, up to its constant.

    X enters by its non-zero cells: a dense product through BLAS costs a minute of
    compilation, a gather and a scatter cost none.
    """
    row, column = np.nonzero(arms.X)
    shift = arms.X[row, column] * d[column]
    residual = pt.as_tensor(arms.y)[row].inc(-shift)
    w = 1.0 / (arms.v + tau**2 / 2.0)

    def total(x: Any) -> Any:
        return pt.zeros(len(arms.studies))[arms.study].inc(x)

    W = total(w)
    return 0.5 * (total(pt.log(w) - w * residual**2) - pt.log(W) + total(w * residual) ** 2 / W)
