# results -> workbook, document, references, data for other software, flow of trials


rule write_exports:
    """Write league, findings and studies as XLSX and DOCX, cite.bib, and CSV for netmeta and CINeMA."""
    input:
        tables=exported_tables,
        trials="results/validation/trials.csv",
        judgements=existing(config["inputs"]["certainty"]),
        networks="results/networks.json",
        code=[
            *modules("narrative", "flow", "flow_figure", "methods", "prisma", "references"),
            *modules("style", "palette"),
            *sorted(map(str, (REPOSITORY / "workflow/scripts/nma/manuscript").glob("*.py"))),
        ],
    output:
        workbook="results/exports/tables.xlsx",
        document="results/exports/manuscript.docx",
        prisma="results/exports/prisma_nma.csv",
        bibliography="results/cite.bib",
        flow_svg=report(
            "results/figures/flow.svg",
            caption=str(REPOSITORY / "workflow/report/flow.rst"),
            category="all strata",
            labels={"figure": "flow of trials"},
        ),
        flow_pdf="results/figures/flow.pdf",
        flow_png="results/figures/flow.png",
    log:
        "logs/write_exports.log",
    # Before the figures: what follows from it is the end of the run.
    priority: 5
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(600),
    params:
        settings=SETTINGS,
    script:
        "../scripts/write_exports.py"
