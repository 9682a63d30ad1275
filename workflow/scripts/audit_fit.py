"""Compare every NUTS estimate with the exact engine, and tabulate what the model adds."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])


from nma import audit, exact, judge, posterior, tables
from nma.specify import structure

given, params = snakemake.input, snakemake.params
network = tables.read_json(given.network)
arms = tables.read_typed(given.arms)
made = structure(arms, network, params.model)
beta, hyper = posterior.sampled(posterior.load(given.posterior))
if made.hyper.on_grid:
    free = {name: hyper[name] for name in made.hyper.free}
    table = audit.audit(exact.fit(made.arms, made.hyper), beta, free)
else:
    table = audit.conditional_audit(made.arms, made.hyper, beta, hyper)
print(table.to_string(), file=sys.stderr)
audit.gate(table)
judged = judge.every_table(arms, network, params.model, beta, hyper, params.mid)
tables.write_table(table, snakemake.output.audit)
for name, made_table in judged.items():
    tables.write_table(made_table, snakemake.output[name])
