"""Draw from the exact posterior of the network meta-analysis."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

import pandas as pd

from nma import exact, posterior
from nma.specify import specify

arms, prior = specify(
    pd.read_csv(snakemake.input.arms), snakemake.params.reference, snakemake.params.model
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
