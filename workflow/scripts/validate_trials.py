"""Check every cell of the input and list all findings at once."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

from pathlib import Path

from nma import intake, pages, tables, validation

given, out = snakemake.input, snakemake.output
came = intake.take(
    snakemake.params.sheets,
    registries={"treatments": given.treatments, "instruments": given.instruments},
    overlays={name: given[name] for name in ("corrections", "exclusions", "columns", "certainty")},
    maps=snakemake.params.maps,
    strata=snakemake.params.strata,
    correlation=snakemake.params.correlation,
    limits=snakemake.params.limits,
)
for name in ("findings", "corrections", "sources", "columns", "trials"):
    tables.write_table(getattr(came, name), out[name])
tables.write_text(pages.render(validation.page(came), Path(given.template)), out.report)
tables.write_text(validation.stopped(came, out.findings), out.errors)
print(validation.terminal(came, out.report), flush=True)
