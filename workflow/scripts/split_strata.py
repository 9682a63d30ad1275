"""Stop if validation found an error; else give each stratum its rows."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

from pathlib import Path

import pandas as pd

from nma import strata, tables
from nma.findings import describe

# As text: a finding about a whole file has no row, and "NA" may be a value.
findings = pd.read_csv(snakemake.input.findings, dtype=str, keep_default_na=False)
errors = findings[findings["level"] == "error"]
if len(errors):
    message = f"{len(errors)} errors in the input, see {snakemake.input.findings}"
    print(f"{message}\n{describe(errors)}", file=sys.stderr)
    raise SystemExit(message)

trials = pd.read_csv(snakemake.input.trials, dtype=str, keep_default_na=False)
for analysis, definition in snakemake.params.strata.items():
    belongs = strata.assign(trials, definition)
    for name in definition:
        path = Path("results") / analysis / name / "rows.csv"
        tables.write_table(trials[belongs == name], path)
    tables.write_table(trials[belongs == ""], Path("results") / analysis / "unassigned.csv")
