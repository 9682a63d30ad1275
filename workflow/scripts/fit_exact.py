"""Draw from the exact posterior of the network meta-analysis, and tabulate the draws."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

from nma import exact, posterior, summary, tables
from nma.specify import specify

arms, prior = specify(
    tables.read_typed(snakemake.input.arms), snakemake.params.reference, snakemake.params.model
)
# Independent draws: as many in all as NUTS keeps per chain, dealt out over the chains.
chains = snakemake.params.sampling["chains"]
size = snakemake.params.sampling["draws"] // chains
beta, tau = exact.fit(arms, prior).draws(chains * size, snakemake.params.seed)
tree = posterior.assemble(
    arms,
    prior,
    beta.reshape(chains, size, -1),
    tau.reshape(chains, size),
    snakemake.params.seed,
    {"engine": "exact", **snakemake.wildcards},
)
posterior.save(tree, snakemake.output.posterior)
drawn = posterior.effect_draws(tree)
params = snakemake.params
made = summary.tables(*drawn, params.thresholds, prior.is_fixed, params.seed)
for name, table in made.items():
    tables.write_table(table, snakemake.output[name])
