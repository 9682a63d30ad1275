# harmonised arms -> the component with the reference, and what lies outside it


rule describe_network:
    """Keep the component that holds the reference; list islands and what would join them."""
    input:
        rows=FOLDER + "rows.csv",
        arms=FOLDER + "harmonised.csv",
        excluded=FOLDER + "set_aside.csv",
        treatments=inherited(config["inputs"]["treatments"]),
        code=modules("tables", "harmonise", "network"),
    output:
        arms=FOLDER + "arms.csv",
        excluded=FOLDER + "excluded.csv",
        account=FOLDER + "account.csv",
        network=FOLDER + "network.json",
    log:
        "logs/describe_network/{analysis}_{stratum}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        reference=setting("reference"),
        treatment_map=setting("treatment_map"),
        tables=TABLES,
    script:
        "../scripts/describe_network.py"


# The one checkpoint that decides what follows: which strata can be estimated.
checkpoint list_networks:
    """List which strata of which analyses can be estimated."""
    input:
        NETWORKS,
    output:
        "results/networks.json",
    log:
        "logs/list_networks.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=100,
    script:
        "../scripts/list_networks.py"


rule state_not_estimable:
    """Say why a stratum cannot be estimated."""
    input:
        network=FOLDER + "network.json",
    output:
        FOLDER + "not_estimable.txt",
    log:
        "logs/state_not_estimable/{analysis}_{stratum}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=100,
    script:
        "../scripts/state_not_estimable.py"
