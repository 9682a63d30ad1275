"""Compare two reviewers' sheets: every disagreement, and which of them move a conclusion."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

from pathlib import Path

import pandas as pd

from nma import contract, intake, pages, tables
from nma.findings import describe
from nma.living import compare

given, out, params = snakemake.input, snakemake.output, snakemake.params
registries = {"treatments": given.treatments, "instruments": given.instruments}
overlays = {"corrections": [], "exclusions": [], "columns": given.columns}
read = [
    intake.take(
        [(sheet, None)],
        registries=registries,
        overlays=overlays,
        maps=[params.settings["treatment_map"]],
        strata=params.settings["strata"],
        correlation=params.settings["correlation"],
        limits=params.settings["plausibility"],
    )
    for sheet in (given.a, given.b)
]
errors = pd.concat([came.errors for came in read]).drop_duplicates()
if len(errors):
    # Not an output of the rule, which a failed job would lose.
    message = f"The two sheets have {len(errors)} errors; nothing was compared."
    tables.write_text(f"{message}\n{describe(errors)}\n", params.errors)
    raise SystemExit(message)
Path(params.errors).unlink(missing_ok=True)
treatments = tables.read_input(given.treatments, contract.TREATMENTS, "treatments")
instruments = tables.read_input(given.instruments, contract.INSTRUMENTS, "instruments")
for path in given.exclusions:
    leave = tables.read_input(path, contract.EXCLUSIONS, "exclusions")
    read = [compare.leave_out(came, leave) for came in read]
found = compare.compare(*read, instruments, treatments, params.settings)
tables.write_table(found.disagreements, out.disagreements)
tables.write_table(found.consequences, out.consequences)
context = compare.page(found, [given.a, given.b], params.settings)
tables.write_text(pages.render(context, Path(given.template)), out.page)
tables.write_text(compare.terminal(context, out.page), out.summary)
