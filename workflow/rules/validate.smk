# trials, corrections, exclusions, registries -> findings.csv, trials.csv


rule validate_trials:
    """Check every cell of the input and list all findings at once."""
    input:
        trials=config["inputs"]["trials"],
        corrections=existing(config["inputs"]["corrections"]),
        exclusions=existing(config["inputs"]["exclusions"]),
        treatments=inherited(config["inputs"]["treatments"]),
        instruments=inherited(config["inputs"]["instruments"]),
        code=modules("contract", "tables", "findings", "corrections", "derive", "rules"),
    output:
        findings="results/validation/findings.csv",
        corrections="results/validation/corrections_applied.csv",
        trials="results/validation/trials.csv",
        errors="results/validation/errors.txt",
    log:
        "logs/validate_trials.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        maps=sorted({s["treatment_map"] for s in SETTINGS.values()}),
    script:
        "../scripts/validate_trials.py"
