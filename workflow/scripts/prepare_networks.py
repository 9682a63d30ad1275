"""Stop if validation found an error; else make the arms and the network of every stratum."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

import json
from pathlib import Path

from nma import contract, strata, tables
from nma.findings import describe
from nma.prepare import prepare

findings = tables.read_back(snakemake.input.findings)
errors = findings[findings["level"] == "error"]
if len(errors):
    message = f"{len(errors)} errors in the input, see {snakemake.input.findings}"
    print(f"{message}\n{describe(errors)}", file=sys.stderr)
    raise SystemExit(message)

trials = tables.read_back(snakemake.input.trials)
treatments = tables.read_input(snakemake.input.treatments, contract.TREATMENTS, "treatments")
instruments = tables.read_input(snakemake.input.instruments, contract.INSTRUMENTS, "instruments")
known = {}
for analysis, settings in snakemake.params.settings.items():
    belongs = strata.assign(trials, settings["strata"])
    for name in settings["strata"]:
        folder, rows = Path("results") / analysis / name, trials[belongs == name]
        made = prepare(rows, instruments, treatments, settings, known)
        tables.write_table(rows, folder / "rows.csv")
        for table in ("arms", "excluded", "account", "trace"):
            tables.write_table(getattr(made, table), folder / f"{table}.csv")
        network = json.dumps(made.network, indent=1, ensure_ascii=False)
        tables.write_text(network, folder / "network.json")
        # What an earlier run left here must not be taken for this one's.
        of_a_fit = [*(f"{name}.csv" for name in snakemake.params.tables), "posterior.nc"]
        for stale in ["not_estimable.txt"] if made.network["estimable"] else of_a_fit:
            (folder / stale).unlink(missing_ok=True)
    tables.write_table(trials[belongs == ""], Path("results") / analysis / "unassigned.csv")
