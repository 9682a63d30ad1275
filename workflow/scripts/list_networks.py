"""List which strata of which analyses can be estimated."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.whole import whole

estimable = {
    str(Path(path).parent): json.loads(Path(path).read_text(encoding="utf-8"))["estimable"]
    for path in snakemake.input
}
with whole(snakemake.output[0]) as part:
    part.write_text(json.dumps(estimable, indent=1), encoding="utf-8")
