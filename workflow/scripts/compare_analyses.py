"""Set every analysis of one stratum side by side."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

from pathlib import Path

from nma import comparison, settings, tables

stratum, chosen = snakemake.wildcards.stratum, snakemake.params.settings
sides = []
for name, merged in chosen.items():
    folder = Path("results") / name / stratum
    network = tables.read_json(folder / "network.json")
    wanted = [*snakemake.params.tables, *["audit"] * (merged["engine"] == "nuts")]
    made = comparison.load(folder, wanted) if network["estimable"] else {}
    # The engine is no choice of the analysis: both give the same.
    same = merged | {"engine": chosen["main"]["engine"]}
    changes = settings.differences(chosen["main"], same)
    sides.append(comparison.Side(name, merged, changes, network, made))
tables.write_table(comparison.every_verdict(sides), snakemake.output.verdicts)
tables.write_table(comparison.every_analysis(sides), snakemake.output.analyses)
