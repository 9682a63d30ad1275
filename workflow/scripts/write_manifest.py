"""Record what went into the run, what made it and what came out, with fingerprints."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

import json
import os
import time
from pathlib import Path

from nma import tables
from nma.living import manifest

params, repository = snakemake.params, Path(snakemake.input.snakefile).parent
out = Path(snakemake.output[0])
made = manifest.outputs(out.parent, params.settings)
jobs = manifest.jobs([f"results/{name}" for name in made], Path(".snakemake/metadata"))
started, ended = float(os.environ.get("NMA_RUN_STARTED", time.time())), time.time()
told = {
    "run": {
        "started": manifest.iso(started),
        "ended": manifest.iso(ended),
        "seconds": round(ended - started, 1),
        "command_line": params.command_line,
    },
    "git": manifest.git(repository),
    "versions": manifest.versions(),
    "machine": manifest.machine(),
    "config": manifest.of_value(params.settings),
    "seeds": params.seeds,
    "inputs": manifest.inputs(snakemake.input.inputs, repository),
    "code": manifest.code(repository),
    "outputs": made,
    "jobs": jobs,
}
tables.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", out)
