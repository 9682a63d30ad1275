"""Tabulate effects, league, ranks and heterogeneity."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

from nma import posterior, summary
from nma.tables import write_table

names, d, tau = posterior.effect_draws(posterior.load(snakemake.input.posterior))
thresholds, seed = snakemake.params.thresholds, snakemake.params.seed
write_table(summary.effects(names, d, tau, thresholds, seed), snakemake.output.effects)
write_table(summary.league(names, d), snakemake.output.league)
write_table(summary.ranks(names, d), snakemake.output.ranks)
write_table(summary.rank_probabilities(names, d), snakemake.output.rank_probabilities)
fixed = snakemake.params.effects_model == "fixed"
write_table(summary.heterogeneity(tau, fixed), snakemake.output.heterogeneity)
