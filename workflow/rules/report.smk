# everything -> report.html, summary.txt


rule write_report:
    """Write the report a clinician can read and the summary for the terminal."""
    input:
        findings="results/validation/findings.csv",
        corrections="results/validation/corrections_applied.csv",
        networks="results/networks.json",
        results=results_of_every_stratum,
        template=str(REPOSITORY / "workflow/report/report.html.jinja"),
        frame=page_frame(),
        code=modules("report", "pages", "summary", "tables"),
    output:
        report="results/report.html",
        summary="results/summary.txt",
        config="results/config.json",
    log:
        "logs/write_report.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=800,
    params:
        settings=SETTINGS,
    script:
        "../scripts/write_report.py"
