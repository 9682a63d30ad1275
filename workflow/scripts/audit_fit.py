"""Compare every NUTS estimate with the exact engine."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)


from nma import audit, exact, posterior, tables
from nma.specify import specify

arms, prior = specify(
    tables.read_typed(snakemake.input.arms), snakemake.params.reference, snakemake.params.model
)
drawn = posterior.load(snakemake.input.posterior)["posterior"]
table = audit.audit(
    exact.fit(arms, prior),
    drawn["d"].to_numpy(),
    None if prior.is_fixed else drawn["tau"].to_numpy(),
)
print(table.to_string(), file=sys.stderr)
audit.gate(table)
tables.write_table(table, snakemake.output.audit)
