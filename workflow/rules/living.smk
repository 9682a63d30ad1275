# a finished run -> its manifest; the last release and this run -> what an update changed;
# two reviewers' sheets -> where they disagree


rule write_manifest:
    """Record what went into the run, what made it and what came out, with fingerprints."""
    input:
        *RESULTS,
        snakefile=str(REPOSITORY / "Snakefile"),
        inputs=every_input(),
        code=[str(path) for path in manifests.code_files(REPOSITORY)],
    output:
        "results/manifest.json",
    log:
        "logs/write_manifest.log",
    # Last of all: it lists what is there.
    priority: -10
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(300),
    params:
        settings=SETTINGS,
        command_line=from_command_line(),
        seeds={
            name: {
                stratum: stratum_seed(settings["sampling"]["seed"], name, stratum)
                for stratum in strata(name)
            }
            for name, settings in SETTINGS.items()
        },
    script:
        "../scripts/write_manifest.py"


rule write_update:
    """Compare this run with the last release: what changed, and which studies did it."""
    input:
        results_of_every_stratum,
        release=last_release,
        trials="results/validation/trials.csv",
        treatments=inherited(config["inputs"]["treatments"]),
        instruments=inherited(config["inputs"]["instruments"]),
        template=str(REPOSITORY / "workflow/report/update.html.jinja"),
        frame=page_frame(),
        code=[
            *modules("specify", "exact", "prepare", "pages", "tables"),
            *modules(*(f"living/{name}" for name in ("changes", "movers", "pairs", "refit"))),
            *modules(
                *(f"living/{name}" for name in ("release", "standing", "update", "update_page"))
            ),
        ],
    output:
        page="results/update.html",
        summary="results/update/summary.txt",
        rows="results/update/rows.csv",
        effects="results/update/effects.csv",
        movers="results/update/movers.csv",
        network="results/update/network.csv",
    log:
        "logs/write_update.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(800),
    params:
        settings=SETTINGS["main"],
    script:
        "../scripts/write_update.py"


rule update:
    """The whole run with new trials (--config new=FILE), beside the last release."""
    input:
        rules.all.input,
        "results/update.html",
    # Nothing is made here.
    localrule: True


rule compare_extractions:
    """Compare two reviewers' sheets: every disagreement, and which of them move a conclusion."""
    input:
        a=lambda wildcards: two_sheets(wildcards)[0],
        b=lambda wildcards: two_sheets(wildcards)[1],
        columns=existing(config["inputs"]["columns"]),
        corrections=existing(config["inputs"]["corrections"]),
        exclusions=existing(config["inputs"]["exclusions"]),
        treatments=inherited(config["inputs"]["treatments"]),
        instruments=inherited(config["inputs"]["instruments"]),
        template=str(REPOSITORY / "workflow/report/compare.html.jinja"),
        frame=page_frame(),
        code=[
            *modules("intake", "specify", "exact", "prepare", "pages", "tables"),
            *modules(*(f"living/{name}" for name in ("compare", "compare_page", "extraction"))),
            *modules(*(f"living/{name}" for name in ("movers", "pairs", "refit", "standing"))),
        ],
    output:
        disagreements="results/compare/disagreements.csv",
        consequences="results/compare/consequences.csv",
        page="results/compare/compare.html",
        summary="results/compare/summary.txt",
    log:
        "logs/compare_extractions.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(800),
    params:
        settings=SETTINGS["main"],
        errors="results/compare/errors.txt",
    script:
        "../scripts/compare_extractions.py"


rule compare:
    """Two reviewers' sheets beside each other (--config 'compare=[A, B]')."""
    input:
        "results/compare/compare.html",
    localrule: True
