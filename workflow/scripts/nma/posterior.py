"""The posterior as an ArviZ-readable DataTree: make, save, load. Same layout for both engines.

Groups: posterior (d over chain, draw, treatment; tau; theta, the true arm means; where the
model has them beta over parameter, hyper over hyperparameter, scale over study,
new_study_sd over treatment), sample_stats (NUTS only), log_likelihood (y over study),
log_prior, observed_data (y, se over arm). Attributes: reference, analysis, stratum, engine,
tau_prior and the priors of other hyperparameters.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nma import draws as closed
from nma.arms import Arms
from nma.priors import Hyper, Prior, describe
from nma.whole import whole

Array = NDArray[np.float64]
CELLS = 5_000_000  # arms times draws in work at once: 40 MB an array


def assemble(
    arms: Arms,
    prior: Prior | Hyper,
    beta: Array,
    hyper: Array | closed.Nodes,
    seed: int,
    attrs: Mapping[str, str],
    sample_stats: xr.Dataset | None = None,
    study_effects: bool = True,
) -> xr.DataTree:
    """All groups from draws: beta (chains, draws, parameters), tau or every
    hyperparameter by name (chains, draws), ``scale`` (chains, draws, studies).

    Without ``study_effects`` theta is left out, of large networks the most of the file.
    """
    chains, size, p = beta.shape
    priors = prior if isinstance(prior, Hyper) else Hyper({"tau": prior})
    flat = beta.reshape(-1, p)
    given = {k: x.reshape(-1, *x.shape[2:]) for k, x in closed.named(hyper).items()}
    index = {"chain": np.arange(chains), "draw": np.arange(size)}
    lead = ("chain", "draw")

    def shaped(x: Array) -> Array:
        return x.reshape(chains, size, *x.shape[1:])

    def variables(
        effects: Array, own: Mapping[str, Array], name: str, dim: str
    ) -> dict[str, tuple]:
        """Parameters, tau, and the other hyperparameters along a dim of their own."""
        made = {name: ((*lead, dim), shaped(effects))}
        if "tau" in own:
            made["tau"] = (lead, shaped(own["tau"]))
        if rest := [own[n] for n in _others(own)]:
            made["hyper"] = ((*lead, "hyperparameter"), shaped(np.stack(rest, axis=-1)))
        return made

    own_prior = closed.log_prior(arms, priors, flat, given)
    coords = index | {"treatment": list(arms.treatments[1:]), "arm": arms.labels}
    coords |= {"parameter": list(arms.parameters), "study": list(arms.studies)}
    plain = ("d", "treatment") if arms.is_plain else ("beta", "parameter")
    drawn = variables(flat, given, *plain)
    drawn["d"] = ((*lead, "treatment"), shaped(flat @ arms.effects[1:].T))
    if (sd := _new_study_sd(arms, given, priors.df, seed)) is not None:
        drawn["new_study_sd"] = ((*lead, "treatment"), shaped(sd))
    if "scale" in given:
        drawn["scale"] = ((*lead, "study"), shaped(given["scale"]))
    if study_effects:
        theta = closed.study_means(arms, flat, given, seed).astype(np.float32)
        drawn["theta"] = ((*lead, "arm"), shaped(theta))
    likelihood = _likelihood(arms, flat, given, priors.df)

    def dataset(made: Mapping[str, tuple]) -> xr.Dataset:
        used = {dim for dims, _ in made.values() for dim in dims}
        names = {"hyperparameter": _others(given)} if "hyperparameter" in used else {}
        return xr.Dataset(made, coords={k: v for k, v in coords.items() if k in used} | names)

    groups = {
        "posterior": dataset(drawn),
        "log_likelihood": dataset({"y": ((*lead, "study"), shaped(likelihood))}),
        "log_prior": dataset(variables(*own_prior, *plain)),
        "observed_data": xr.Dataset(
            {
                "y": ("arm", arms.y),
                "se": ("arm", np.sqrt(arms.v)),
                "study_index": ("arm", arms.study),
                "treatment_index": ("arm", arms.treatment),
            },
            coords={"arm": arms.labels},
        ),
    }
    if sample_stats is not None:
        groups["sample_stats"] = sample_stats
    tree = xr.DataTree.from_dict(groups)
    described = {f"{name}_prior": describe(each) for name, each in priors.priors.items()}
    tree.attrs = {"reference": arms.treatments[0], **described, **attrs}
    for name in ("posterior", "log_likelihood", "log_prior"):
        tree[name].attrs["sample_dims"] = list(lead)
    return tree


def _likelihood(arms: Arms, beta: Array, hyper: closed.Nodes, df: float | None) -> Array:
    """(draws, studies), some draws at a time: the weights of all arms under all draws at once
    would be gigabytes of a large network."""
    found = np.empty((len(beta), len(arms.studies)))
    step = max(1, CELLS // len(arms.y))
    for part in (slice(i, i + step) for i in range(0, len(beta), step)):
        given = {name: x[part] for name, x in hyper.items()}
        if df is None:
            found[part] = closed.log_likelihood(arms, beta[part], given)
        else:
            found[part] = closed.student_log_likelihood(arms, beta[part], given, df)
    return found


def _others(hyper: Mapping[str, Array]) -> list[str]:
    return [name for name in hyper if name not in ("tau", "scale")]


def _new_study_sd(
    arms: Arms, hyper: Mapping[str, Array], df: float | None, seed: int
) -> Array | None:
    """(draws, treatments) sd of an effect in a new study, None where it is tau for all."""
    if arms.prediction is None and df is None:
        return None
    if arms.prediction is None:
        variance = np.square(hyper["tau"])[:, None] * np.ones(len(arms.treatments) - 1)
    else:
        sds = np.stack([hyper[name] for name in arms.variances], axis=-1)
        variance = np.square(sds) @ arms.prediction[1:].T
    if df is not None:
        rng = closed.stream(seed, "scale of a new study")
        variance = variance / rng.gamma(df / 2, 2 / df, len(variance))[:, None]
    return np.sqrt(variance)


def save(tree: xr.DataTree, path: str | Path) -> None:
    """Write netCDF (h5netcdf), uncompressed: gzip costs seconds and saves a fifth.

    The same draws give the same file: it holds no time stamps.
    """
    with whole(path) as part:
        tree.to_netcdf(part, engine="h5netcdf")


def load(path: str | Path) -> xr.DataTree:
    """The whole tree in memory."""
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        return tree.load()


def effect_draws(tree: xr.DataTree) -> tuple[list[str], Array]:
    """Treatments with the reference first, effects (draws, treatments) with zeros for the
    reference. Chains are laid end to end."""
    posterior = tree["posterior"]
    d = posterior["d"].to_numpy()
    d = d.reshape(-1, d.shape[-1])
    names = [tree.attrs["reference"], *map(str, posterior["treatment"].to_numpy())]
    return names, np.column_stack([np.zeros(len(d)), d])


def hyper_draws(tree: xr.DataTree) -> dict[str, Array]:
    """Draws (draws,) of every hyperparameter, tau first; without the scales of studies."""
    posterior = tree["posterior"]
    drawn = {"tau": posterior["tau"].to_numpy().reshape(-1)} if "tau" in posterior else {}
    if "hyper" in posterior:
        values = posterior["hyper"].to_numpy().reshape(-1, posterior.sizes["hyperparameter"])
        names = posterior["hyperparameter"].to_numpy()
        drawn |= dict(zip(map(str, names), values.T, strict=True))
    return drawn


def new_study_sd(tree: xr.DataTree) -> Array:
    """(draws,) or (draws, treatments but the reference) sd of an effect in a new study."""
    posterior = tree["posterior"]
    if "new_study_sd" in posterior:
        sd = posterior["new_study_sd"].to_numpy()
        return sd.reshape(-1, sd.shape[-1])
    return posterior["tau"].to_numpy().reshape(-1)


def sampled(tree: xr.DataTree) -> tuple[Array, dict[str, Array]]:
    """What was sampled, by chain: parameters (chains, draws, parameters) and hyperparameters
    (chains, draws), with ``scale`` (chains, draws, studies) where the model has it."""
    posterior = tree["posterior"]
    beta = posterior["beta"] if "beta" in posterior else posterior["d"]
    lead = posterior["d"].shape[:2]
    hyper = {name: x.reshape(lead) for name, x in hyper_draws(tree).items()}
    if "scale" in posterior:
        hyper["scale"] = posterior["scale"].to_numpy()
    return beta.to_numpy(), hyper
