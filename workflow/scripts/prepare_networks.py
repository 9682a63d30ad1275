"""Stop if validation found an error; else make the arms and the network of every stratum."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

import json
import shutil
from pathlib import Path

from nma import contract, strata, tables
from nma.findings import describe
from nma.prepare import prepare
from nma.whole import whole

findings = tables.read_back(snakemake.input.findings)
errors = findings[findings["level"] == "error"]
if len(errors):
    message = f"{len(errors)} errors in the input, see {snakemake.input.findings}"
    print(f"{message}\n{describe(errors)}", file=sys.stderr)
    raise SystemExit(message)

trials = tables.read_back(snakemake.input.trials)
treatments = tables.read_input(snakemake.input.treatments, contract.TREATMENTS, "treatments")
instruments = tables.read_input(snakemake.input.instruments, contract.INSTRUMENTS, "instruments")
known, prepared, parted, written = {}, {}, {}, {}


def write(table, path: Path) -> None:
    """A table; one that is the same as before is copied."""
    if id(table) in written:
        with whole(path) as part:
            shutil.copyfile(written[id(table)][1], part)
        return
    tables.write_table(table, path)
    # The table is kept, so that no other gets its id.
    written[id(table)] = (table, path)


for analysis, settings in snakemake.params.settings.items():
    key = json.dumps(settings["strata"])
    if key not in parted:
        belongs = strata.assign(trials, settings["strata"])
        parted[key] = {name: trials[belongs == name] for name in ("", *settings["strata"])}
    for name in settings["strata"]:
        folder, rows = Path("results") / analysis / name, parted[key][name]
        # Most analyses differ in their model alone.
        same = json.dumps([settings, name])
        if same not in prepared:
            prepared[same] = prepare(rows, instruments, treatments, settings, known)
        made = prepared[same]
        write(rows, folder / "rows.csv")
        for table in ("arms", "excluded", "account", "trace"):
            write(getattr(made, table), folder / f"{table}.csv")
        network = json.dumps(made.network, indent=1, ensure_ascii=False)
        tables.write_text(network, folder / "network.json")
        # What an earlier run left here must not be taken for this one's.
        of_a_fit = [*(f"{name}.csv" for name in snakemake.params.tables), "posterior.nc"]
        for stale in ["not_estimable.txt"] if made.network["estimable"] else of_a_fit:
            (folder / stale).unlink(missing_ok=True)
    write(parted[key][""], Path("results") / analysis / "unassigned.csv")
