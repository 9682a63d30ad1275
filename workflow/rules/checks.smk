# arms + posterior -> is the network to be believed? tables and figures of every check
from nma.checks.programme import TABLES as CHECKS


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
    conda:
        "../../environment.yml"
    priority: 5
    threads: 1
    resources:
        mem_mb=1500,
    params:
        settings=lambda wildcards: {
            key: SETTINGS[wildcards.analysis][key]
            for key in ("reference", "treatment_map", "model", "mid", "headline")
        },
        seed=seed,
    script:
        "../scripts/check_network.py"
