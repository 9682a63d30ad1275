# tables, posterior -> figures (SVG for the report; PDF and PNG beside it)


rule draw_results:
    """Draw the network, the forest plot and the ranking."""
    input:
        network="results/{analysis}/{stratum}/network.json",
        effects="results/{analysis}/{stratum}/effects.csv",
        ranks="results/{analysis}/{stratum}/ranks.csv",
        probabilities="results/{analysis}/{stratum}/rank_probabilities.csv",
        code=modules("figures", "style", "palette"),
    output:
        **figure_files(FIGURES),
    log:
        "logs/draw_results/{analysis}_{stratum}.log",
    priority: 4
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(800),
    params:
        mid=setting("mid", "value"),
        figures=setting("figures"),
        outcome=setting("outcome"),
        reference=setting("reference"),
    script:
        "../scripts/draw_results.py"


rule draw_posterior:
    """Draw posterior densities, traces, rank plots and prior against posterior (ArviZ)."""
    input:
        arms="results/{analysis}/{stratum}/arms.csv",
        posterior="results/{analysis}/{stratum}/posterior.nc",
        effects="results/{analysis}/{stratum}/effects.csv",
        convergence="results/{analysis}/{stratum}/convergence.csv",
        code=modules("posterior_figures", "posterior", "priors", "specify", "style", "palette"),
    output:
        **figure_files(POSTERIOR_FIGURES),
    log:
        "logs/draw_posterior/{analysis}_{stratum}.log",
    priority: 4
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200),
    params:
        mid=setting("mid", "value"),
        figures=setting("figures"),
        outcome=setting("outcome"),
        model=setting("model"),
    script:
        "../scripts/draw_posterior.py"
