# tables of every analysis -> what each changes, how each fits, whether verdicts survive


rule compare_analyses:
    """Set every analysis of one stratum side by side."""
    input:
        networks=lambda wildcards: [
            f"results/{name}/{wildcards.stratum}/network.json" for name in analyses_of(wildcards)
        ],
        tables=compared_tables,
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
        mem_mb=400,
    params:
        settings=lambda wildcards: {name: SETTINGS[name] for name in analyses_of(wildcards)},
        tables=COMPARED,
    script:
        "../scripts/compare_analyses.py"
