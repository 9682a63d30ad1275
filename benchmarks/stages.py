"""One step of the pipeline on one simulated network, in a process of its own:
``python benchmarks/stages.py exact 1000 100`` prints seconds, peak memory and what came out.
"""

import json
import os
import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow/scripts"))

import numpy as np
from generate import PLACEBOS, Network, trials

from nma import exact, summary, tables
from nma.arms import Arms, build
from nma.priors import Prior

PRIOR, DRAWS, THRESHOLDS = Prior("half_normal", (15.0,)), 3000, (5, 10, 15, 20)
CHAINS, TUNE, KEPT = 4, 1000, 1000


def arms_of(network: Network) -> Arms:
    """The network as arms, all of it in one stratum."""
    table = trials(network)
    points = np.where(table["instrument"] == "VAS 0-10", 10.0, 1.0)
    table["y"] = table["mean"] * points
    table["se"] = table["sd"] * points / np.sqrt(table["n"])
    table["treatment"] = table["treatment"].where(~table["treatment"].isin(PLACEBOS), "placebo")
    return build(table, "placebo")


class Clock:
    """Seconds between its readings, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._at = perf_counter()

    def read(self, name: str) -> None:
        """The seconds since the last reading."""
        now = perf_counter()
        self.seconds[name], self._at = now - self._at, now


def exact_fit(arms: Arms, clock: Clock) -> dict:
    """The exact fit, its draws, every table, and the league on disk."""
    fit = exact.fit(arms, PRIOR)
    clock.read("fit")
    beta, tau = fit.draws(DRAWS, seed=1)
    clock.read("draws")
    d = np.column_stack([np.zeros(len(beta)), beta])
    made = summary.tables(arms.treatments, d, {"tau": tau}, tau, THRESHOLDS, 1)
    clock.read("tables")
    with tempfile.TemporaryDirectory() as folder:
        for name, table in made.items():
            tables.write_table(table, Path(folder) / f"{name}.csv")
        clock.read("written")
    return {"league": len(made["league"])}


def splits(arms: Arms, clock: Clock) -> dict:
    """Every node-split."""
    from nma.checks.splits import node_splits

    found = node_splits(arms, PRIOR)
    clock.read("splits")
    return {"splits": len(found)}


def left_out(arms: Arms, clock: Clock) -> dict:
    """Exact leave-one-study-out of every study."""
    from nma.checks.leave_out import leave_one_out

    found = leave_one_out(arms, PRIOR, draws=0)
    clock.read("left out")
    return {"studies": len(found)}


def nuts(arms: Arms, clock: Clock) -> dict:
    """The arm form, as the pipeline samples it."""
    from nma import model

    clock.read("imports")
    built = model.build(arms, PRIOR)
    tree = model.sample(
        built, chains=CHAINS, draws=KEPT, tune=TUNE, target_accept=0.95, seed=1, cores=2
    )
    clock.read("compiled and sampled")
    return _sampled(tree, ["d", "tau"])


def textbook(arms: Arms, clock: Clock) -> dict:
    """The same model as textbooks print it: study means and study effects as unknowns."""
    import pymc as pm

    clock.read("imports")
    with pm.Model():
        d = pm.Normal("d", 0.0, 100.0, shape=len(arms.parameters))
        tau = pm.HalfNormal("tau", 15.0)
        mu = pm.Normal("mu", 50.0, 100.0, shape=len(arms.studies))
        z = pm.Normal("z", 0.0, 1.0, shape=len(arms.y))
        effect = pm.math.concatenate([[0.0], d])[arms.treatment]
        mean = mu[arms.study] + effect + tau / np.sqrt(2) * z
        pm.Normal("y", mean, np.sqrt(arms.v), observed=arms.y)
        tree = pm.sample(
            chains=CHAINS, draws=KEPT, tune=TUNE, cores=2, random_seed=1, target_accept=0.95,
            nuts_sampler="nutpie", progressbar=False, compute_convergence_checks=False,
        )  # fmt: skip
    clock.read("compiled and sampled")
    return _sampled(tree, ["d", "tau"])


def _sampled(tree, names: list[str]) -> dict:
    from arviz_stats.base import array_stats

    posterior = tree["posterior"]
    draws = [posterior[n].to_numpy().reshape(CHAINS, KEPT, -1) for n in names]
    every = np.concatenate(draws, axis=2)
    ess = [
        float(array_stats.ess(every[:, :, k], chain_axis=0, draw_axis=1, method="bulk"))
        for k in range(every.shape[2])
    ]
    return {
        "least ess": min(ess),
        "sampling": float(posterior.attrs["sampling_time"]),
        "divergences": int(tree["sample_stats"]["diverging"].sum()),
        "tau": float(every[:, :, -1].mean()),
    }


STAGES = {f.__name__: f for f in (exact_fit, splits, left_out, nuts, textbook)}


def main() -> None:
    """Run the stage named on the command line; print one line of JSON."""
    stage, studies, treatments = sys.argv[1], *map(int, sys.argv[2:4])
    arms = arms_of(Network(studies, treatments))
    clock = Clock()
    found = STAGES[stage](arms, clock)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = {"arms": len(arms.y), "treatments": len(arms.treatments)}
    print(json.dumps({"seconds": clock.seconds, "megabytes": megabytes} | size | found))


if __name__ == "__main__":
    main()
