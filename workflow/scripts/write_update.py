"""Compare this run with the last release: what changed, and which studies did it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

from pathlib import Path

from nma import pages, tables
from nma.living import update
from nma.living.manifest import read
from nma.living.release import Release

given, out = snakemake.input, snakemake.output
release = Release(Path(given.release).parent, read(Path(given.release)))
run = update.Run(
    Path("results"), snakemake.params.settings, Path(given.instruments), Path(given.treatments)
)
found = update.compare(release, run)
for name, table in found.tables.items():
    tables.write_table(table, out[name])
page = pages.render(update.page(found, snakemake.params.settings), Path(given.template))
tables.write_text(page, out.page)
tables.write_text(update.terminal(found, out.page), out.summary)
