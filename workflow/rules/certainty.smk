# effects, checks, human judgements -> certainty of every effect, verdicts, summary of findings


rule rate_certainty:
    """Rate the certainty of every effect and sum up the findings."""
    input:
        arms="results/{analysis}/{stratum}/arms.csv",
        posterior="results/{analysis}/{stratum}/posterior.nc",
        network="results/{analysis}/{stratum}/network.json",
        effects="results/{analysis}/{stratum}/effects.csv",
        ranks="results/{analysis}/{stratum}/ranks.csv",
        splits="results/{analysis}/{stratum}/checks/node_splits.csv",
        splittable="results/{analysis}/{stratum}/checks/splittable.csv",
        interaction="results/{analysis}/{stratum}/checks/interaction.csv",
        judgements=existing(config["inputs"]["certainty"]),
        code=modules(
            *("certainty", "gather", "judgements", "verdict", "summary", "specify", "draws"),
            "checks/contributions",
        ),
    output:
        certainty="results/{analysis}/{stratum}/certainty.csv",
        sof="results/{analysis}/{stratum}/sof.csv",
    log:
        "logs/rate_certainty/{analysis}_{stratum}.log",
    # Before the figures: what follows from it is the end of the run.
    priority: 6
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(1200),
    params:
        settings=lambda wildcards: {
            key: SETTINGS[wildcards.analysis][key]
            for key in ("reference", "outcome", "model", "mid", "headline", "certainty")
        },
        seed=seed,
    script:
        "../scripts/rate_certainty.py"
