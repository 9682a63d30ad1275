"""Check every cell of the input and list all findings at once."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

import pandas as pd

from nma import contract, corrections, rules, tables
from nma.findings import Finding, as_table, describe, outline

findings = []


def read(paths: list[str], name: str) -> pd.DataFrame:
    """All files of one table under each other; what cannot be read becomes findings."""
    fields, parts = contract.TABLES[name], []
    for path in paths:
        try:
            part = tables.read_input(path, fields, name)
        except tables.InputError as error:
            findings.extend(error.findings)
            continue
        if name in ("trials", "corrections", "exclusions"):
            findings.extend(
                Finding("warning", path, "unknown_column", "Not in the contract; not used.", 1, c)
                for c in tables.unknown_columns(part, fields)
            )
        parts.append(part)
    blank = pd.DataFrame(columns=[f.name for f in fields] + [tables.FILE, tables.ROW], dtype=str)
    return pd.concat(parts, ignore_index=True) if parts else blank


trials = read(list(snakemake.input.trials), "trials")
fixes = read(list(snakemake.input.corrections), "corrections")
leave = read(list(snakemake.input.exclusions), "exclusions")
treatments = read([snakemake.input.treatments], "treatments")
instruments = read([snakemake.input.instruments], "instruments")
for column in snakemake.params.maps:
    if column not in treatments:
        findings.append(
            Finding("error", snakemake.input.treatments, "wrong_header",
                    f"treatment_map asks for a column '{column}'.", 1, column)
        )  # fmt: skip
findings += rules.check_registries(treatments, instruments, snakemake.params.maps)

trials, stale, applied = corrections.correct(trials, fixes)
trials, unused = corrections.exclude(trials, leave)
findings += stale + unused
if not any(f.level == "error" and f.rule == "wrong_header" for f in findings):
    findings += rules.check(trials, instruments, treatments, snakemake.params.maps)

listed = as_table(findings)
errors = listed[listed["level"] == "error"]
tables.write_table(listed, snakemake.output.findings)
tables.write_table(applied, snakemake.output.corrections)
tables.write_table(trials, snakemake.output.trials)
said = ""
if len(errors):
    said = (
        f"The input has {len(errors)} errors; nothing was fitted. All findings, warnings too: "
        f"{snakemake.output.findings}\n{describe(errors)}\n"
    )
tables.write_text(said, snakemake.output.errors)
warnings = listed[listed["level"] == "warning"]
print(f"validation: {len(trials)} rows, {len(errors)} errors, {len(warnings)} warnings")
print(f"{describe(errors)}\n{outline(warnings)}".strip("\n"))
print(f"  every cell and what to do: {snakemake.output.findings}", flush=True)
