# everything -> report.html, comparison.html, summary.txt


rule write_report:
    """Write the report a clinician can read and the summary for the terminal."""
    input:
        findings="results/validation/findings.csv",
        corrections="results/validation/corrections_applied.csv",
        networks="results/networks.json",
        flow="results/figures/flow.svg",
        results=results_of_every_stratum,
        template=str(REPOSITORY / "workflow/report/report.html.jinja"),
        comparison=str(REPOSITORY / "workflow/report/comparison.html.jinja"),
        frame=page_frame(),
        parts=sorted(map(str, (REPOSITORY / "workflow/report").glob("*/*.jinja"))),
        explorer=str(REPOSITORY / "workflow/report/explorer.html.jinja"),
        scripts=[str(REPOSITORY / f"workflow/report/{name}.js") for name in ("tables", "explorer")],
        code=modules(
            *("report", "comparison", "comparison_page", "pages", "summary", "tables"),
            *(
                "answer",
                "alt_texts",
                "explorer",
                "palette",
                "verdict",
                "certainty",
                "narrative",
                "flow",
            ),
            *("methods", "prisma", "references"),
        ),
    output:
        comparison="results/comparison.html",
        report="results/report.html",
        summary="results/summary.txt",
        config="results/config.json",
    log:
        "logs/write_report.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(800),
    params:
        settings=SETTINGS,
    script:
        "../scripts/write_report.py"
