# trials.csv -> rows of each stratum -> arms on 0-100 points


# A checkpoint, so that a changed row reruns its own stratum only: the strata that come out
# as they were keep their results.
checkpoint split_strata:
    """Stop if validation found an error; else give each stratum its rows."""
    input:
        trials="results/validation/trials.csv",
        findings="results/validation/findings.csv",
        code=modules("strata", "tables", "findings"),
    output:
        rows=[f"results/{a}/{s}/rows.csv" for a in SETTINGS for s in strata(a)],
        unassigned=[f"results/{a}/unassigned.csv" for a in SETTINGS],
    log:
        "logs/split_strata.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        strata={name: settings["strata"] for name, settings in SETTINGS.items()},
    script:
        "../scripts/split_strata.py"


rule harmonise_arms:
    """Bring every arm to 0-100 points, one assessment per study, each row accounted for."""
    input:
        rows="results/{analysis}/{stratum}/rows.csv",
        treatments=inherited(config["inputs"]["treatments"]),
        instruments=inherited(config["inputs"]["instruments"]),
        code=modules("contract", "tables", "derive", "account", "harmonise"),
    output:
        arms=temp("results/{analysis}/{stratum}/harmonised.csv"),
        excluded=temp("results/{analysis}/{stratum}/set_aside.csv"),
    log:
        "logs/harmonise_arms/{analysis}_{stratum}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        treatment_map=setting("treatment_map"),
        outcome=setting("outcome"),
        assessment=setting("assessment"),
        data=setting("data"),
        impute_sd=setting("impute_sd"),
    script:
        "../scripts/harmonise_arms.py"
