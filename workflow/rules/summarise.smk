# posterior -> tables


rule summarise_posterior:
    """Tabulate effects, league, ranks and heterogeneity."""
    input:
        posterior="results/{analysis}/{stratum}/posterior.nc",
        code=modules("posterior", "draws", "summary", "tables"),
    output:
        **{name: f"results/{{analysis}}/{{stratum}}/{name}.csv" for name in TABLES},
    log:
        "logs/summarise/{analysis}_{stratum}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=800,
    params:
        thresholds=lambda wildcards: sorted(
            {5, 10, 15, 20, *SETTINGS[wildcards.analysis]["mid"]["grid"]}
        ),
        effects_model=setting("model", "effects"),
        seed=seed,
    script:
        "../scripts/summarise_posterior.py"
