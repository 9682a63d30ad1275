"""Sample the network meta-analysis with PyMC and stop unless it converged."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

import os

# Compiled code is kept: a second run compiles in a third of the time.
os.environ["PYTENSOR_FLAGS"] = f"base_compiledir={snakemake.params.compiled}"

from time import perf_counter

from nma import convergence, model, posterior, tables
from nma.specify import structure

network = tables.read_json(snakemake.input.network)
made = structure(tables.read_typed(snakemake.input.arms), network, snakemake.params.model)
arms = made.arms
begun = perf_counter()


def progress(step: str) -> None:
    """One line of the log per step, with the seconds since the start."""
    print(f"[{perf_counter() - begun:6.1f} s] {step}", file=sys.stderr)


sampling = dict(snakemake.params.sampling)
sampling["seed"] = snakemake.params.seed
study_effects = sampling.pop("study_effects")
built = model.build(arms, made.hyper)
for attempt in ("first", "retry"):
    progress(
        f"compiling and sampling ({attempt}): {len(arms.studies)} studies, {len(arms.y)} arms, "
        f"{len(arms.treatments)} treatments; {sampling['chains']} chains of {sampling['tune']} + "
        f"{sampling['draws']} draws"
    )
    tree = model.sample(built, **sampling, progress=True)
    progress(f"sampled; sampling itself took {tree['posterior'].attrs['sampling_time']:.1f} s")
    beta, hyper = model.drawn(tree, made.hyper)
    divergences = int(tree["sample_stats"]["diverging"].sum())
    checked = convergence.diagnose(model.sampled(made, beta, hyper))
    print(checked.to_string(), f"\n{divergences} divergences ({attempt})", file=sys.stderr)
    converged = not divergences and set(checked["verdict"]) == {"ok"}
    if attempt == "first" and not converged:
        # Once, recorded in convergence.csv: smaller steps and more draws.
        sampling |= {"target_accept": 0.99, "draws": 2 * sampling["draws"]}
    else:
        break
progress("converged" if converged else "not converged")
convergence.gate(checked, divergences)
checked["attempt"] = attempt

stats = tree["sample_stats"].to_dataset()[
    ["diverging", "depth", "energy", "n_steps", "step_size_bar", "mean_tree_accept"]
]
whole = posterior.assemble(
    arms,
    made.hyper,
    beta,
    hyper,
    snakemake.params.seed,
    {"engine": "nuts", **snakemake.wildcards},
    stats.drop_attrs(),
    study_effects=study_effects,
)
posterior.save(whole, snakemake.output.posterior)
tables.write_table(checked, snakemake.output.convergence)
progress("saved")
