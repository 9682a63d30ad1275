# arms + posterior -> is the network to be believed? tables and figures of every check


rule check_network:
    """Run every check: consistency, fit, influence, priors, thresholds, contributions, ..."""
    input:
        arms="results/{analysis}/{stratum}/arms.csv",
        posterior="results/{analysis}/{stratum}/posterior.nc",
        treatments=inherited(config["inputs"]["treatments"]),
        code=[
            *modules("arms", "priors", "specify", "exact", "draws", "posterior", "summary"),
            *sorted(map(str, (REPOSITORY / "workflow/scripts/nma/checks").glob("[!_f]*.py"))),
        ],
    output:
        **{name: f"results/{{analysis}}/{{stratum}}/checks/{name}.csv" for name in CHECKS},
    log:
        "logs/check_network/{analysis}_{stratum}.log",
    priority: 8
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1500),
        runtime=minutes(30),
    params:
        settings=lambda wildcards: {
            key: SETTINGS[wildcards.analysis][key]
            for key in ("reference", "treatment_map", "model", "mid", "headline")
        },
        seed=seed,
    script:
        "../scripts/check_network.py"


rule draw_checks:
    """Draw every check, and every effect under every analysis."""
    input:
        **{name: f"results/{{analysis}}/{{stratum}}/checks/{name}.csv" for name in CHECKS},
        effects=effects_of_every_analysis,
        code=[
            *modules("style", "palette", "tables"),
            *sorted(map(str, (REPOSITORY / "workflow/scripts/nma/checks").glob("figure*.py"))),
        ],
    output:
        # SVG unless the config asks for more: three formats take three times as long.
        **figure_files([*CHECK_FIGURES, "sensitivity"], config["figures"]["check_formats"]),
    log:
        "logs/draw_checks/{analysis}_{stratum}.log",
    priority: 4
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200),
    params:
        reference=setting("reference"),
        figures=setting("figures"),
        mid=setting("mid", "value"),
        outcome=setting("outcome"),
        analyses=plain_analyses(),
    script:
        "../scripts/draw_checks.py"
