# posterior + arms -> audit of NUTS by the exact engine; fit; what a model adds


rule audit_fit:
    """Compare every NUTS estimate with the exact engine and stop if they disagree; tabulate
    fit and what the model adds to the plain network."""
    input:
        arms="results/{analysis}/{stratum}/arms.csv",
        posterior="results/{analysis}/{stratum}/posterior.nc",
        network="results/{analysis}/{stratum}/network.json",
        code=[*structures(), *modules("exact", "audit", "judge")],
    output:
        **table_files(JUDGED),
        audit="results/{analysis}/{stratum}/audit.csv",
    log:
        "logs/audit/{analysis}_{stratum}.log",
    wildcard_constraints:
        analysis=fits_with("nuts"),
    priority: 9
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(800),
    params:
        model=setting("model"),
        mid=setting("mid", "value"),
    script:
        "../scripts/audit_fit.py"
