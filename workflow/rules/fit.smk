# arms -> posterior


def fits_with(engine):
    names = [name for name, settings in SETTINGS.items() if settings["engine"] == engine]
    return "|".join(names) or "no_such_analysis"


rule fit_nuts:
    """Sample the network meta-analysis with PyMC's NUTS and stop unless it converged."""
    input:
        arms=FOLDER + "arms.csv",
        code=modules("arms", "priors", "specify", "model", "draws", "posterior", "convergence"),
    output:
        posterior=FOLDER + "posterior.nc",
        convergence=FOLDER + "convergence.csv",
    log:
        "logs/fit/{analysis}_{stratum}.log",
    wildcard_constraints:
        analysis=fits_with("nuts"),
    conda:
        "../../environment.yml"
    # One thread: compilation dominates, and two strata at once beat two chains at once.
    threads: 1
    resources:
        mem_mb=1500,
    params:
        reference=setting("reference"),
        model=setting("model"),
        sampling=setting("sampling"),
        seed=seed,
        compiled=str(REPOSITORY / ".cache/pytensor"),
    script:
        "../scripts/fit_nuts.py"


rule fit_exact:
    """Draw from the exact posterior of the network meta-analysis."""
    input:
        arms=FOLDER + "arms.csv",
        code=modules("arms", "priors", "specify", "exact", "draws", "posterior"),
    output:
        posterior=FOLDER + "posterior.nc",
    log:
        "logs/fit/{analysis}_{stratum}.log",
    wildcard_constraints:
        analysis=fits_with("exact"),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=800,
    params:
        reference=setting("reference"),
        model=setting("model"),
        sampling=setting("sampling"),
        seed=seed,
    script:
        "../scripts/fit_exact.py"
