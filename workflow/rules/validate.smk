# trials, corrections, exclusions, registries -> findings.csv, trials.csv, report.html


rule validate_trials:
    """Check every cell of the input and list all findings at once."""
    input:
        trials=[path for path, sheet in trials_sheets()],
        columns=existing(config["inputs"]["columns"]),
        corrections=existing(config["inputs"]["corrections"]),
        exclusions=existing(config["inputs"]["exclusions"]),
        certainty=existing(config["inputs"]["certainty"]),
        treatments=inherited(config["inputs"]["treatments"]),
        instruments=inherited(config["inputs"]["instruments"]),
        template=str(REPOSITORY / "workflow/report/validation.html.jinja"),
        frame=page_frame(),
        code=modules(
            *("grid", "limits", "cells", "sheet", "encoding", "csv_sheet"),
            *("workbook", "worksheet", "formatting"),
            *("contract", "tables", "findings", "layout", "derive", "strata"),
            *("corrections", "rule", "rules", "intake", "pages", "validation"),
            *("judgements", "certainty"),
            *(f"plausibility/{name}" for name in ("__init__", "wording", "facts", "outliers")),
            *(f"plausibility/{name}" for name in ("spread", "means", "changes", "intervals")),
            *(f"plausibility/{name}" for name in ("people", "entries", "dates")),
        ),
    output:
        findings="results/validation/findings.csv",
        corrections="results/validation/corrections_applied.csv",
        sources="results/validation/sources.csv",
        columns="results/validation/columns.csv",
        trials="results/validation/trials.csv",
        report="results/validation/report.html",
        errors="results/validation/errors.txt",
    log:
        "logs/validate_trials.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(500),
    params:
        sheets=trials_sheets(),
        # main's first
        maps=list(dict.fromkeys(s["treatment_map"] for s in SETTINGS.values())),
        strata=SETTINGS["main"]["strata"],
        correlation=SETTINGS["main"]["correlation"],
        limits=SETTINGS["main"]["plausibility"],
    script:
        "../scripts/validate_trials.py"
