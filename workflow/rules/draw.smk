# tables, posterior -> figures (SVG for the report; PDF and PNG beside it)


rule draw_results:
    """Draw the network, the forest plot and the ranking."""
    input:
        network=FOLDER + "network.json",
        effects=FOLDER + "effects.csv",
        ranks=FOLDER + "ranks.csv",
        probabilities=FOLDER + "rank_probabilities.csv",
        code=modules("figures", "style"),
    output:
        **{
            f"{name}_{kind}": FOLDER + f"figures/{name}.{kind}"
            for name in FIGURES
            for kind in ("svg", "pdf", "png")
        },
    log:
        "logs/draw_results/{analysis}_{stratum}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=800,
    params:
        mid=setting("mid", "value"),
        reference=setting("reference"),
    script:
        "../scripts/draw_results.py"


rule draw_posterior:
    """Draw posterior densities, traces, rank plots and prior against posterior (ArviZ)."""
    input:
        arms=FOLDER + "arms.csv",
        posterior=FOLDER + "posterior.nc",
        effects=FOLDER + "effects.csv",
        convergence=FOLDER + "convergence.csv",
        code=modules("posterior_figures", "posterior", "priors", "specify", "style"),
    output:
        **{
            f"{name}_{kind}": FOLDER + f"figures/{name}.{kind}"
            for name in POSTERIOR_FIGURES
            for kind in ("svg", "pdf", "png")
        },
    log:
        "logs/draw_posterior/{analysis}_{stratum}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1200,
    params:
        mid=setting("mid", "value"),
        model=setting("model"),
    script:
        "../scripts/draw_posterior.py"
