"""Keep the component that holds the reference; list islands."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

import json
from pathlib import Path

import pandas as pd

from nma import contract, network, tables
from nma.account import EXCLUDED_COLUMNS, account

rows = pd.read_csv(snakemake.input.rows, dtype=str)
arms = pd.read_csv(snakemake.input.arms, dtype={"rows": str, "study": str, "treatment": str})
excluded = pd.read_csv(snakemake.input.excluded, dtype=str, keep_default_na=False)
treatments = tables.read_input(snakemake.input.treatments, contract.TREATMENTS, "treatments")
by_node = treatments.drop_duplicates(snakemake.params.treatment_map)
by_node = by_node.set_index(snakemake.params.treatment_map)[["class", "modality", "kind"]]

described = network.describe(arms, snakemake.params.reference, by_node.to_dict("index"))
inside, outside = network.split(arms, described)
away = outside.assign(row=outside["rows"].astype(str).str.split()).explode("row")
away = away.drop_duplicates(["file", "row"])
excluded = pd.concat([excluded, away.astype(object)[EXCLUDED_COLUMNS]], ignore_index=True)

tables.write_table(inside, snakemake.output.arms)
tables.write_table(excluded, snakemake.output.excluded)
tables.write_table(pd.DataFrame([account(len(rows), inside, excluded)]), snakemake.output.account)
tables.write_text(json.dumps(described, indent=1, ensure_ascii=False), snakemake.output.network)

# What an earlier run left here must not be taken for this one's.
folder = Path(snakemake.output.network).parent
stale = ["not_estimable.txt"] if described["estimable"] else [
    *(f"{name}.csv" for name in snakemake.params.tables), "posterior.nc"]  # fmt: skip
for name in stale:
    (folder / name).unlink(missing_ok=True)
