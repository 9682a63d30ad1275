"""Draw posterior densities, traces, rank plots and prior against posterior."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])


from nma import posterior, tables
from nma import posterior_figures as figures
from nma.specify import specify
from nma.style import configure, save

configure(snakemake.params.figures)
tree = posterior.load(snakemake.input.posterior)
arms = tables.read_typed(snakemake.input.arms)
_, prior = specify(arms, tree.attrs["reference"], snakemake.params.model)
effects = tables.read_typed(snakemake.input.effects)
# The effects that are hardest to sample say most about convergence.
checked = tables.read_typed(snakemake.input.convergence)
worst = checked[checked["parameter"] != "tau"].nsmallest(3, "ess_bulk")["parameter"]
names = [name.removeprefix("d[").removesuffix("]") for name in worst]

drawn = {
    "posterior": figures.posterior(tree, snakemake.params.mid, snakemake.params.outcome),
    "trace": figures.trace(tree, names),
    "rank_plot": figures.rank_plot(tree, names, checked["ess_bulk"].min()),
    "tau": figures.tau(tree, prior),
}
for name, figure in drawn.items():
    save(figure, [snakemake.output[f"{name}_{kind}"] for kind in ("svg", "pdf", "png")])
