# trials -> rows of each stratum -> arms on 0-100 points -> the component with the reference

PREPARED = ("rows", "arms", "excluded", "account", "trace")
FOLDERS = [f"results/{a}/{s}" for a in SETTINGS for s in strata(a)]


# One job for all analyses: each takes a fraction of what starting an interpreter takes. A
# checkpoint, so that what comes out as it was keeps its results.
checkpoint prepare_networks:
    """Stop if validation found an error; else make the arms and the network of every stratum."""
    input:
        trials="results/validation/trials.csv",
        findings="results/validation/findings.csv",
        treatments=inherited(config["inputs"]["treatments"]),
        instruments=inherited(config["inputs"]["instruments"]),
        code=modules(
            *("contract", "tables", "findings", "strata", "derive", "account", "scale", "smd"),
            *("trace", "assessment", "study_arms", "harmonise", "network", "prepare"),
            "structures/components",
        ),
    output:
        tables=[f"{folder}/{name}.csv" for folder in FOLDERS for name in PREPARED],
        networks=[f"{folder}/network.json" for folder in FOLDERS],
        unassigned=[f"results/{a}/unassigned.csv" for a in SETTINGS],
    log:
        "logs/prepare_networks.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(500),
    params:
        settings={
            name: {key: settings[key] for key in OF_ARMS}
            | {"model": {key: settings["model"][key] for key in OF_NETWORK}}
            for name, settings in SETTINGS.items()
        },
        tables=[*TABLES, *JUDGED],
    script:
        "../scripts/prepare_networks.py"


rule list_networks:
    """List which strata of which analyses can be estimated."""
    input:
        [f"{folder}/network.json" for folder in FOLDERS],
    output:
        "results/networks.json",
    log:
        "logs/list_networks.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(100),
    script:
        "../scripts/list_networks.py"


# The one checkpoint that decides what follows. A rule of its own: a checkpoint that is fed by
# another checkpoint directly ends the run (Snakemake 9.27).
checkpoint know_networks:
    """Know which strata can be estimated before asking for their results."""
    input:
        "results/networks.json",
    output:
        "results/networks_known.json",
    log:
        "logs/know_networks.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(100),
    shell:
        "cp {input} {output} 2> {log}"


rule state_not_estimable:
    """Say why a stratum cannot be estimated."""
    input:
        network="results/{analysis}/{stratum}/network.json",
    output:
        "results/{analysis}/{stratum}/not_estimable.txt",
    log:
        "logs/state_not_estimable/{analysis}_{stratum}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(100),
    script:
        "../scripts/state_not_estimable.py"
