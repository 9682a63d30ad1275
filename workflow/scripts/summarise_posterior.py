"""Tabulate effects, league, ranks and heterogeneity."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

from nma import posterior, summary
from nma.tables import write_table

drawn = posterior.effect_draws(posterior.load(snakemake.input.posterior))
params = snakemake.params
fixed = params.effects_model == "fixed"
for name, table in summary.tables(*drawn, params.thresholds, fixed, params.seed).items():
    write_table(table, snakemake.output[name])
