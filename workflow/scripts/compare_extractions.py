"""Compare two reviewers' sheets: every disagreement, and which of them move a conclusion."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

from pathlib import Path

import pandas as pd

from nma import contract, pages, tables
from nma.findings import describe
from nma.living import compare, compare_page, extraction

given, out, params = snakemake.input, snakemake.output, snakemake.params
registries = {"treatments": given.treatments, "instruments": given.instruments}
overlays = {name: given[name] for name in ("columns", *extraction.OVERLAYS)}
names = (given.a, given.b)
sheets = [extraction.read(name, registries, overlays, params.settings) for name in names]
errors = pd.concat([came.errors for came in sheets]).drop_duplicates()
if len(errors):
    # Not an output of the rule, which a failed job would lose.
    message = f"The two sheets have {len(errors)} errors; nothing was compared."
    tables.write_text(f"{message}\n{describe(errors)}\n", params.errors)
    raise SystemExit(message)
Path(params.errors).unlink(missing_ok=True)
treatments = tables.read_input(given.treatments, contract.TREATMENTS, "treatments")
instruments = tables.read_input(given.instruments, contract.INSTRUMENTS, "instruments")
found = compare.compare(*sheets, instruments, treatments, params.settings)
tables.write_table(found.disagreements, out.disagreements)
tables.write_table(found.consequences, out.consequences)
context = compare_page.page(found, names, params.settings)
tables.write_text(pages.render(context, Path(given.template)), out.page)
tables.write_text(compare_page.terminal(context, out.page), out.summary)
