"""Draw the figures of the checks, and of the sensitivity analyses where asked for."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

from pathlib import Path
from time import perf_counter

from nma import tables
from nma.checks import figures
from nma.style import configure, save

configure(snakemake.params.figures)
given, params = snakemake.input, snakemake.params
wanted = [name for name in figures.FIGURES if snakemake.output.get(f"{name}_svg")]


def drawn():
    """(name, figure) of every figure that the rule wants."""
    yield from figures.every_figure(
        lambda name: tables.read_typed(given[name], tables.TEXT | figures.TEXT),
        params.reference,
        params.mid,
        [name for name in wanted if name in figures.OF_A_NETWORK],
        params.outcome,
    )
    if "sensitivity" in wanted:
        # results/{analysis}/{stratum}/effects.csv, the main analysis first
        effects = {Path(path).parts[-3]: tables.read_typed(path) for path in given.effects}
        yield (
            "sensitivity",
            figures.function("sensitivity")(
                effects,
                params.reference,
                params.mid,
                [name for name in params.analyses if name not in effects],
                params.outcome,
            ),
        )


start = perf_counter()
for name, figure in drawn():
    save(figure, [path for key, path in snakemake.output.items() if key.startswith(f"{name}_")])
    print(f"{perf_counter() - start:6.2f} s  {name}", file=sys.stderr)
    start = perf_counter()
