"""Bring every arm to 0-100 points, one assessment per study."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

import pandas as pd

from nma import contract, tables
from nma.harmonise import harmonise

rows = pd.read_csv(snakemake.input.rows, dtype=str, keep_default_na=False)
treatments = tables.read_input(snakemake.input.treatments, contract.TREATMENTS, "treatments")
instruments = tables.read_input(snakemake.input.instruments, contract.INSTRUMENTS, "instruments")
nodes = dict(zip(treatments["reported"], treatments[snakemake.params.treatment_map], strict=True))
settings = {key: snakemake.params[key] for key in ("outcome", "assessment", "data", "impute_sd")}

made = harmonise(rows, instruments, nodes, settings)
tables.write_table(made.arms, snakemake.output.arms)
tables.write_table(made.excluded, snakemake.output.excluded)
