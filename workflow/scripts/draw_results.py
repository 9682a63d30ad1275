"""Draw the network, the forest plot and the ranking."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])


import pandas as pd

from nma import figures, tables
from nma.style import configure, save

configure(snakemake.params.figures)
network = tables.read_json(snakemake.input.network)
effects = tables.read_typed(snakemake.input.effects)
ranks = tables.read_typed(snakemake.input.ranks)
probabilities = tables.read_typed(snakemake.input.probabilities)
nodes = pd.DataFrame(network["nodes"]).set_index("treatment")
params = snakemake.params

drawn = {
    "network": figures.network(network),
    "forest": figures.forest(effects, nodes, params.reference, params.mid, params.outcome),
    "ranks": figures.ranks(ranks),
    "rank_probabilities": figures.rank_probabilities(probabilities, ranks["treatment"].tolist()),
}
for name, figure in drawn.items():
    save(figure, [snakemake.output[f"{name}_{kind}"] for kind in ("svg", "pdf", "png")])
