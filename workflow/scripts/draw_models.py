"""Draw what every model of one stratum adds, and all of their hyperparameters."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

from pathlib import Path
from time import perf_counter

from nma import contract, tables
from nma.model_figures_choice import Fitted, every_figure
from nma.style import configure, save

configure(snakemake.params.figures)
stratum, params = snakemake.wildcards.stratum, snakemake.params
folder = Path(snakemake.output[0])
folder.mkdir(parents=True)
fits = []
for name, settings in params.settings.items():
    source = Path("results") / name / stratum
    network = tables.read_json(source / "network.json")
    if network["estimable"]:
        made = {table: tables.read_typed(source / f"{table}.csv") for table in params.tables}
        fits.append(Fitted(name, settings, network, made))
treatments = tables.read_input(snakemake.input.treatments, contract.TREATMENTS, "treatments")
start = perf_counter()
for name, figure in every_figure(fits, treatments):
    save(figure, [folder / f"{name}.svg"])
    print(f"{perf_counter() - start:6.2f} s  {name}", file=sys.stderr)
    start = perf_counter()
