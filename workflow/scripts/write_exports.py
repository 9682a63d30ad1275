"""Write what a manuscript needs: workbook, document, references, data, flow diagram."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

from nma.job import begin

begin(snakemake.log[0])

from pathlib import Path

from nma import contract, flow_figure, narrative, style, tables
from nma.manuscript import export

out, params = snakemake.output, snakemake.params
style.configure(params.settings["main"]["figures"])
root = Path("results")
told = narrative.collect(root, params.settings)
lines = [tables.read_input(p, contract.CERTAINTY, "certainty") for p in snakemake.input.judgements]
export.write(
    root, Path(out.workbook).parent, params.settings["main"], told, lines, out.bibliography
)
style.save(flow_figure.draw(told["flow"]), [out.flow_svg, out.flow_pdf, out.flow_png])
