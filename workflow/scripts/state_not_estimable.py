"""Say why a stratum cannot be estimated."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

import json
from pathlib import Path

from nma.whole import whole

reason = json.loads(Path(snakemake.input.network).read_text(encoding="utf-8"))["reason"]
with whole(snakemake.output[0]) as part:
    part.write_text(reason + "\n", encoding="utf-8")
