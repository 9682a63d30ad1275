"""Run every check of one network; one table each."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

from nma import contract, posterior, tables
from nma.checks.programme import every_check, timed

given, params = snakemake.input, snakemake.params
made = every_check(
    tables.read_typed(given.arms),
    posterior.load(given.posterior),
    tables.read_input(given.treatments, contract.TREATMENTS, "treatments"),
    params.settings,
    params.seed,
)
for name, table, seconds in timed(made):
    tables.write_table(table, snakemake.output[name])
    print(f"{seconds:6.2f} s  {name}: {len(table)} rows", file=sys.stderr)
