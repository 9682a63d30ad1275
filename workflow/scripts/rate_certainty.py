"""Rate the certainty of every effect and sum up the findings."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])


from nma import certainty, contract, gather, judgements, posterior, tables, verdict

given, params = snakemake.input, snakemake.params
table = {
    name: tables.read_typed(given[name])
    for name in ("arms", "effects", "ranks", "splits", "splittable", "interaction")
}
evidence = gather.evidence(table, posterior.load(given.posterior), params.settings, params.seed)
lines = [tables.read_input(path, contract.CERTAINTY, "certainty") for path in given.judgements]
known = judgements.of_stratum(judgements.together(lines), snakemake.wildcards.stratum)
rated = certainty.rate(evidence, known, params.settings)
network = tables.read_json(given.network)
found = verdict.summary_of_findings(
    table["effects"], table["ranks"], rated, network, params.settings
)
tables.write_table(rated, snakemake.output.certainty)
tables.write_table(found, snakemake.output.sof)
