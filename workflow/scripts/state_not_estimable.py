"""Say why a stratum cannot be estimated."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

sys.stderr = open(snakemake.log[0], "w", buffering=1)

import json
from pathlib import Path

reason = json.loads(Path(snakemake.input.network).read_text(encoding="utf-8"))["reason"]
Path(snakemake.output[0]).write_text(reason + "\n", encoding="utf-8")
