"""Write the report a clinician can read and the summary for the terminal."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

import json
from pathlib import Path

from nma import comparison_page, explorer, pages, report, tables

template = Path(snakemake.input.template)
context = report.collect(Path("results"), snakemake.params.settings, template.parent)
choices = explorer.collect(Path("results"), snakemake.params.settings)
scripts = map(Path, snakemake.input.scripts)
page = pages.scripted(context | {"explorer": explorer.script_of(choices)}, scripts)
tables.write_text(pages.render(page, template), snakemake.output.report)
other = comparison_page.collect(Path("results"), snakemake.params.settings)
page = pages.render(other, Path(snakemake.input.comparison))
tables.write_text(page, snakemake.output.comparison)
tables.write_text(report.terminal(context, snakemake.output.report), snakemake.output.summary)
settings = json.dumps(snakemake.params.settings, indent=1, ensure_ascii=False)
tables.write_text(settings, snakemake.output.config)
