"""Draw from the exact posterior of the network meta-analysis, and tabulate the draws."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])


from nma import exact, judge, posterior, summary, tables
from nma.specify import structure

given, params = snakemake.input, snakemake.params
network = tables.read_json(given.network)
arms = tables.read_typed(given.arms)
made = structure(arms, network, params.model)
# Independent draws: as many in all as NUTS keeps per chain, dealt out over the chains.
chains = params.sampling["chains"]
size = params.sampling["draws"] // chains
beta, hyper = exact.fit(made.arms, made.hyper).all_draws(chains * size, params.seed)
tree = posterior.assemble(
    made.arms,
    made.hyper,
    beta.reshape(chains, size, -1),
    {name: x.reshape(chains, size) for name, x in hyper.items()},
    params.seed,
    {"engine": "exact", **snakemake.wildcards},
    study_effects=params.sampling["study_effects"],
)
posterior.save(tree, snakemake.output.posterior)
written = summary.of_posterior(tree, params.thresholds, params.seed)
written |= judge.every_table(arms, network, params.model, *posterior.sampled(tree), mid=params.mid)
for name, table in written.items():
    tables.write_table(table, snakemake.output[name])
