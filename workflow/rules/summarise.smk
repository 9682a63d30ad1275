# posterior -> tables


rule summarise_posterior:
    """Tabulate effects, league, ranks and heterogeneity."""
    input:
        posterior="results/{analysis}/{stratum}/posterior.nc",
        code=modules("posterior", "draws", "summary", "tables"),
    output:
        **table_files(TABLES),
    log:
        "logs/summarise/{analysis}_{stratum}.log",
    wildcard_constraints:
        analysis=fits_with("nuts"),
    # Before the figures: what follows from it is the end of the run.
    priority: 7
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(800),
    params:
        thresholds=thresholds,
        seed=seed,
    script:
        "../scripts/summarise_posterior.py"
