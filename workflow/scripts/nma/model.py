"""The PyMC model: the arm form of DESIGN section 2, study means and effects integrated out.

Importing this module imports PyMC, which takes seconds: only rules that sample do.
"""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from pymc.distributions.transforms import Interval, log_exp_m1
from xarray import DataTree

import nma.quick_compile  # noqa: F401
from nma.arms import Arms
from nma.priors import Hyper, Prior
from nma.structure import Structure

Array = NDArray[np.float64]


def build(arms: Arms, prior: Prior | Hyper) -> pm.Model:
    """The model with free variables ``beta`` (dim parameter; ``d`` over treatment where the
    parameters are the effects), and every hyperparameter that is not known.

    Parameters whose prior sd is a hyperparameter are sampled in its units (``raw``): few
    data inform each, where the direct form has a funnel. The likelihood is observed over
    the dim ``study``, so that leave-one-out stays possible.
    """
    hyper = prior if isinstance(prior, Hyper) else Hyper({"tau": prior})
    coords = {"parameter": list(arms.parameters), "study": list(arms.studies)}
    if arms.is_plain:
        coords["treatment"] = list(arms.treatments[1:])
    with pm.Model(coords=coords) as model:
        values = {name: _free(name, each) for name, each in hyper.priors.items()}
        for name in hyper.exchangeable:
            raw = pm.Normal(f"{name}_raw", 0.0, 1.0)
            of = values["log_tau"] + values["log_tau_sd"] * raw
            values[name] = pm.Deterministic(name, pt.exp(of))
        if hyper.df is not None:
            half = np.float64(hyper.df / 2)
            values["scale"] = pm.Gamma("scale", half, half, dims="study")
        name, dim = ("d", "treatment") if arms.is_plain else ("beta", "parameter")
        if any(arms.spread or ()):
            raw = pm.Normal("raw", 0.0, arms.prior_sd, dims="parameter")
            beta = pm.Deterministic(name, raw * _spread(arms, values), dims=dim)
        else:
            beta = pm.Normal(name, 0.0, arms.prior_sd, dims=dim)
        varying = [values[key] for key in _needed(arms, hyper)]

        def logp(_: Any, beta: Any, *varying: Any) -> Any:
            return _study_logp(arms, beta, dict(zip(_needed(arms, hyper), varying, strict=True)))

        pm.CustomDist(
            *("y", beta, *varying), logp=logp, observed=np.zeros(len(arms.studies)), dims="study"
        )
    return model


def _needed(arms: Arms, hyper: Hyper) -> list[str]:
    """What the likelihood depends on besides the parameters."""
    names = [*arms.variances]
    if hyper.df is not None:
        names.append("scale")
    names += ["slope"] if arms.responsive is not None else []
    return [*names, "level_sd"] if arms.levelled is not None else names


def _spread(arms: Arms, values: dict[str, Any]) -> Any:
    """(parameters,) what each raw parameter is multiplied by."""
    times: Any = np.array([float(not name) for name in arms.spread])
    for name in dict.fromkeys(filter(None, arms.spread)):
        times = times + np.array([float(each == name) for each in arms.spread]) * values[name]
    return times


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


def drawn(tree: DataTree, hyper: Hyper) -> tuple[Array, dict[str, Array]]:
    """Draws of ``sample``: parameters (chains, draws, parameters) and every hyperparameter
    (chains, draws), known ones included; ``scale`` (chains, draws, studies)."""
    posterior = tree["posterior"]
    beta = posterior["d" if "d" in posterior else "beta"].to_numpy()
    lead = beta.shape[:2]
    order = [*hyper.exchangeable, *hyper.priors]
    known = hyper.fixed
    values = {
        name: np.full(lead, known[name]) if name in known else posterior[name].to_numpy()
        for name in order
    }
    if hyper.df is not None:
        values["scale"] = posterior["scale"].to_numpy()
    return beta, values


def sampled(made: Structure, beta: Array, hyper: dict[str, Array]) -> dict[str, Array]:
    """Every unknown by its name (chains, draws), for the diagnostics of convergence: all
    effects, all parameters that are none, hyperparameters, scales."""
    effects = dict(
        zip(
            [f"d[{name}]" for name in made.arms.treatments[1:]],
            (beta @ made.arms.effects[1:].T).transpose(2, 0, 1),
            strict=True,
        )
    )
    named = effects | dict(zip(made.arms.parameters, beta.transpose(2, 0, 1), strict=True))
    named |= {name: hyper[name] for name in made.hyper.free}
    if "scale" in hyper:
        scales = hyper["scale"].transpose(2, 0, 1)
        named |= {f"scale[{study}]": x for study, x in zip(made.arms.studies, scales, strict=True)}
    return named


def _free(name: str, prior: Prior) -> Any:
    # As float64: PyTensor would store plain Python floats as float32.
    values = [np.float64(value) for value in prior.values]
    if prior.is_fixed:
        return pt.constant(values[0])
    if prior.dist == "half_normal":
        # The default log transform makes most small networks diverge (DESIGN section 3).
        return pm.HalfNormal(name, *values, default_transform=log_exp_m1)
    if prior.dist == "uniform":
        return pm.Uniform(name, np.float64(0.0), *values)
    if prior.dist == "normal":
        return pm.Normal(name, *values)
    location, scale, df, upper = values

    def logp(value, location, scale):
        t = pm.logp(pm.StudentT.dist(nu=df, mu=location, sigma=scale), 2 * pt.log(value))
        return t + np.log(2) - pt.log(value)

    return pm.CustomDist(
        name,
        location,
        scale,
        logp=logp,
        default_transform=Interval(0.0, upper),
        initval=float(np.exp(location / 2).clip(upper * 1e-3, upper / 2)),
    )


def _study_logp(arms: Arms, beta: Any, values: dict[str, Any]) -> Any:
    """(studies,) log density of each study, up to its constant.

    X enters by its non-zero cells: a dense product through BLAS costs a minute of
    compilation, a gather and a scatter cost none.
    """
    row, column = np.nonzero(arms.X)
    shift = arms.X[row, column] * beta[column]
    residual = pt.as_tensor(arms.y)[row].inc(-shift)
    w = 1.0 / (arms.v + _half(arms, values))

    def total(x: Any) -> Any:
        return pt.zeros(len(arms.studies))[arms.study].inc(x)

    if arms.responsive is None:
        W, level = total(w), total(w * residual)
    else:
        z = 1.0 + values["slope"] * arms.responsive
        W, level = total(w * z**2), total(w * z * residual)
    if arms.levelled is not None:
        W = W + arms.levelled / values["level_sd"] ** 2
    logp = 0.5 * (total(pt.log(w) - w * residual**2) - pt.log(W) + level**2 / W)
    if arms.levelled is not None:
        logp = logp - arms.levelled * pt.log(values["level_sd"])
    return logp


def _half(arms: Arms, values: dict[str, Any]) -> Any:
    """Variance of every arm's u."""
    if arms.share is None:
        half = values["tau"] ** 2 / 2.0
    else:
        half = sum(
            arms.share[:, k] * values[name] ** 2 / 2.0 for k, name in enumerate(arms.variances)
        )
    return half / values["scale"][arms.study] if "scale" in values else half
