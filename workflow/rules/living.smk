# a finished run -> its manifest; the last release and this run -> what an update changed;
# two reviewers' sheets -> where they disagree


def every_input():
    """Every file that the config names and that is there, and the config itself."""
    own = ("columns", "corrections", "exclusions")  # what a folder does not inherit
    paths = [
        path if key in own else inherited(path)
        for key, path in config["inputs"].items()
        if key != "trials"
    ]
    sheets = list(dict.fromkeys(path for path, sheet in trials_sheets()))
    return ["config/config.yaml", *sheets, *(p for p in paths if Path(p).exists())]


def from_command_line():
    """What the config file does not say, without paths of this machine."""
    given = {key: value for key, value in sorted(COMMAND_LINE.items()) if key != "compare"}
    if "new" in given:
        given["new"] = [manifests.named(path, REPOSITORY)[0] for path in NEW]
    if others := workflow.config_settings.configfiles:
        given["configfile"] = [manifests.named(path, REPOSITORY)[0] for path in others]
    return given


rule write_manifest:
    """Record what went into the run, what made it and what came out, with fingerprints."""
    input:
        *RESULTS,
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
        mem_mb=300,
    params:
        settings=SETTINGS,
        command_line=from_command_line(),
        repository=str(REPOSITORY),
        seeds={
            name: {
                stratum: stratum_seed(settings["sampling"]["seed"], name, stratum)
                for stratum in strata(name)
            }
            for name, settings in SETTINGS.items()
        },
    script:
        "../scripts/write_manifest.py"


def last_release(wildcards):
    """The manifest of the last release; without one the run says how to make one."""
    try:
        return str(releases.last(Path("releases")).folder / manifests.NAME)
    except releases.Refused as error:
        raise WorkflowError(str(error)) from None


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
            *modules(*(f"living/{name}" for name in ("release", "standing", "update"))),
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
        mem_mb=800,
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


def two_sheets(wildcards):
    """The sheets of --config 'compare=[A, B]'."""
    if len(SHEETS) != 2:
        raise WorkflowError(
            "compare needs two sheets. Hint: make compare A=first.csv B=second.csv, or "
            "snakemake compare --config 'compare=[first.csv, second.csv]'"
        )
    return SHEETS


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
            *modules(*(f"living/{name}" for name in ("compare", "extraction", "movers", "pairs", "refit"))),
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
        mem_mb=800,
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
