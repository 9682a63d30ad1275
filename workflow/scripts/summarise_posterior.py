"""Tabulate effects, league, ranks and heterogeneity."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

from nma import posterior, summary
from nma.tables import write_table

params = snakemake.params
tree = posterior.load(snakemake.input.posterior)
made = summary.of_posterior(tree, params.thresholds, params.seed)
for name, table in made.items():
    write_table(table, snakemake.output[name])
