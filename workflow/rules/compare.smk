# tables of every analysis -> what each changes, how each fits, whether verdicts survive


rule compare_analyses:
    """Set every analysis of one stratum side by side."""
    input:
        networks=lambda wildcards: [
            f"results/{name}/{wildcards.stratum}/network.json" for name in analyses_of(wildcards)
        ],
        tables=lambda wildcards: tables_of_fits(wildcards, COMPARED, audited=True),
        code=modules("comparison", "settings", "tables"),
    output:
        analyses="results/comparison/{stratum}/analyses.csv",
        verdicts="results/comparison/{stratum}/verdicts.csv",
    log:
        "logs/compare_analyses/{stratum}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(400),
    params:
        settings=lambda wildcards: {name: SETTINGS[name] for name in analyses_of(wildcards)},
        tables=COMPARED,
    script:
        "../scripts/compare_analyses.py"


rule draw_models:
    """Draw what every model adds, all hyperparameters, and what lumping hides."""
    input:
        networks=lambda wildcards: [
            f"results/{name}/{wildcards.stratum}/network.json" for name in analyses_of(wildcards)
        ],
        tables=lambda wildcards: tables_of_fits(wildcards, DRAWN),
        treatments=inherited(config["inputs"]["treatments"]),
        code=[
            *structures(),
            *modules(
                "style", "palette", "checks/figure_parts", "model_figures", "model_figures_choice"
            ),
            *modules("model_figures_data", "model_figures_learned", "model_figures_nodes"),
            *modules("model_figures_parts"),
        ],
    output:
        report(
            directory("results/comparison/{stratum}/figures"),
            patterns=["{name}.svg"],
            caption=str(REPOSITORY / "workflow/report/models.rst"),
            category="{stratum}",
            subcategory="models",
            labels={"figure": "{name}"},
        ),
    log:
        "logs/draw_models/{stratum}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(800),
    params:
        settings=lambda wildcards: {name: SETTINGS[name] for name in analyses_of(wildcards)},
        tables=DRAWN,
        figures=SETTINGS["main"]["figures"],
    script:
        "../scripts/draw_models.py"
