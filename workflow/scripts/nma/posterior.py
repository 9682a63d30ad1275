"""The posterior as an ArviZ-readable DataTree: make, save, load. Same layout for both engines.

Groups: posterior (d over chain, draw, treatment; tau; theta, the true arm means),
sample_stats (NUTS only), log_likelihood (y over study), log_prior, observed_data (y, se
over arm). Attributes: reference, analysis, stratum, engine, tau_prior.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nma import draws as closed
from nma.arms import Arms
from nma.priors import TauPrior, describe

Array = NDArray[np.float64]


def assemble(
    arms: Arms,
    prior: TauPrior,
    beta: Array,
    tau: Array,
    seed: int,
    attrs: Mapping[str, str],
    sample_stats: xr.Dataset | None = None,
) -> xr.DataTree:
    """All groups from draws: beta (chains, draws, parameters), tau (chains, draws)."""
    chains, size, p = beta.shape
    flat, flat_tau = beta.reshape(-1, p), tau.reshape(-1)
    effects_prior, tau_prior = closed.log_prior(arms, prior, flat, flat_tau)
    index = {"chain": np.arange(chains), "draw": np.arange(size)}
    treatment, study = list(arms.treatments[1:]), list(arms.studies)
    lead = ("chain", "draw")

    def shaped(x: Array) -> Array:
        return x.reshape(chains, size, *x.shape[1:])

    groups = {
        "posterior": xr.Dataset(
            {
                "d": ((*lead, "treatment"), beta),
                "tau": (lead, tau),
                "theta": (
                    (*lead, "arm"),
                    shaped(closed.study_means(arms, flat, flat_tau, seed)).astype(np.float32),
                ),
            },
            coords=index | {"treatment": treatment, "arm": arms.labels},
        ),
        "log_likelihood": xr.Dataset(
            {"y": ((*lead, "study"), shaped(closed.log_likelihood(arms, flat, flat_tau)))},
            coords=index | {"study": study},
        ),
        "log_prior": xr.Dataset(
            {
                "d": ((*lead, "treatment"), shaped(effects_prior)),
                "tau": (lead, shaped(tau_prior)),
            },
            coords=index | {"treatment": treatment},
        ),
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
    tree.attrs = {"reference": arms.treatments[0], "tau_prior": describe(prior), **attrs}
    for name in ("posterior", "log_likelihood", "log_prior"):
        tree[name].attrs["sample_dims"] = list(lead)
    return tree


def save(tree: xr.DataTree, path: str | Path) -> None:
    """Write netCDF (h5netcdf), uncompressed: gzip costs seconds and saves a fifth.

    The same draws give the same file: it holds no time stamps.
    """
    tree.to_netcdf(path, engine="h5netcdf")


def load(path: str | Path) -> xr.DataTree:
    """The whole tree in memory."""
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        return tree.load()


def effect_draws(tree: xr.DataTree) -> tuple[list[str], Array, Array]:
    """Treatments with the reference first, effects (draws, treatments) with zeros for the
    reference, tau (draws,). Chains are laid end to end."""
    posterior = tree["posterior"]
    d = posterior["d"].to_numpy()
    d = d.reshape(-1, d.shape[-1])
    names = [tree.attrs["reference"], *map(str, posterior["treatment"].to_numpy())]
    return names, np.column_stack([np.zeros(len(d)), d]), posterior["tau"].to_numpy().reshape(-1)
