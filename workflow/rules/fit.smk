# arms -> posterior


rule fit_nuts:
    """Sample the network meta-analysis with PyMC's NUTS and stop unless it converged."""
    input:
        arms="results/{analysis}/{stratum}/arms.csv",
        network="results/{analysis}/{stratum}/network.json",
        code=[*structures(), *modules("model", "convergence")],
    output:
        posterior="results/{analysis}/{stratum}/posterior.nc",
        convergence="results/{analysis}/{stratum}/convergence.csv",
    log:
        "logs/fit/{analysis}_{stratum}.log",
    wildcard_constraints:
        analysis=fits_with("nuts"),
    # The longest jobs first, so that both cores end together.
    priority: 10
    conda:
        "../../environment.yml"
    # One thread: compilation dominates, and two strata at once beat two chains at once.
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=minutes(30),
    params:
        model=setting("model"),
        sampling=setting("sampling"),
        seed=seed,
        compiled=str(REPOSITORY / ".cache/pytensor"),
    script:
        "../scripts/fit_nuts.py"


rule fit_exact:
    """Draw from the exact posterior of the network meta-analysis, and tabulate the draws."""
    input:
        arms="results/{analysis}/{stratum}/arms.csv",
        network="results/{analysis}/{stratum}/network.json",
        code=[*structures(), *modules("exact", "summary", "judge")],
    output:
        **table_files([*TABLES, *JUDGED]),
        posterior="results/{analysis}/{stratum}/posterior.nc",
    log:
        "logs/fit/{analysis}_{stratum}.log",
    wildcard_constraints:
        analysis=fits_with("exact"),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(800),
        runtime=minutes(2),
    params:
        model=setting("model"),
        sampling=setting("sampling"),
        thresholds=thresholds,
        mid=setting("mid", "value"),
        seed=seed,
    script:
        "../scripts/fit_exact.py"
