# harmonised arms -> the component with the reference, and what lies outside it


rule describe_network:
    """Keep the component that holds the reference; list islands and what would join them."""
    input:
        rows="results/{analysis}/{stratum}/rows.csv",
        arms="results/{analysis}/{stratum}/harmonised.csv",
        excluded="results/{analysis}/{stratum}/set_aside.csv",
        treatments=inherited(config["inputs"]["treatments"]),
        code=modules("tables", "account", "network"),
    output:
        arms="results/{analysis}/{stratum}/arms.csv",
        excluded="results/{analysis}/{stratum}/excluded.csv",
        account="results/{analysis}/{stratum}/account.csv",
        network="results/{analysis}/{stratum}/network.json",
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
        network="results/{analysis}/{stratum}/network.json",
    output:
        "results/{analysis}/{stratum}/not_estimable.txt",
    log:
        "logs/state_not_estimable/{analysis}_{stratum}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=100,
    script:
        "../scripts/state_not_estimable.py"
