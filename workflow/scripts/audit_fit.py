"""Compare every NUTS estimate with the exact engine."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

import json
from pathlib import Path

from nma import audit, exact, posterior, tables
from nma.specify import structure

given = snakemake.input
network = json.loads(Path(given.network).read_text(encoding="utf-8"))
made = structure(tables.read_typed(given.arms), network, snakemake.params.model)
beta, hyper = posterior.sampled(posterior.load(given.posterior))
if made.hyper.on_grid:
    free = {name: hyper[name] for name in made.hyper.free}
    table = audit.audit(exact.fit(made.arms, made.hyper), beta, free)
else:
    table = audit.conditional_audit(made.arms, made.hyper, beta, hyper)
print(table.to_string(), file=sys.stderr)
audit.gate(table)
tables.write_table(table, snakemake.output.audit)
