# Settings and the helpers that every rule file uses.
import json
import os
import time

from snakemake.exceptions import WorkflowError
from snakemake.jobs import GroupJob, GroupJobFactory

# A group that was divided (group-components) keeps its parts when a checkpoint divides it again,
# and their jobs would run twice (snakemake/snakemake#1628): begin with new ones each time.
GroupJobFactory.new = lambda self, name, jobs, limits: GroupJob(name, frozenset(jobs), limits)

STARTED = time.time()
# Jobs of this run inherit it: the manifest says when the run began.
os.environ.setdefault("NMA_RUN_STARTED", str(STARTED))
REPOSITORY = Path(workflow.basedir)
from nma.checks.figures import OF_A_NETWORK as CHECK_FIGURES
from nma.checks.names import TABLES as CHECKS
from nma.living import manifest as manifests
from nma.living import release as releases
from nma.settings import parts_of
from nma.settings import stratum_seed

SCHEMA = str(REPOSITORY / "workflow/schemas/config.schema.yaml")
try:
    for path in workflow.config_settings.configfiles:
        config_file.read(path)
    config_file.complete(config, SCHEMA)
except ValueError as error:
    raise WorkflowError(str(error)) from None
# What was asked for on the command line alone; new trials are one more input of the run.
COMMAND_LINE = dict(workflow.config_settings.overwrite_config or {})
NEW, SHEETS = config.pop("new"), config.pop("compare")
NEW = NEW.split() if isinstance(NEW, str) else NEW
config["inputs"]["trials"] = [*config["inputs"]["trials"], *NEW]
try:
    SETTINGS = config_file.analyses(config, SCHEMA)
except ValueError as error:
    raise WorkflowError(str(error)) from None

# Exact results differ in the last bits between one and two BLAS threads.
for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
    os.environ[f"{library}_NUM_THREADS"] = "1"


wildcard_constraints:
    analysis="[a-z][a-z0-9_]*",
    stratum="[a-z][a-z0-9_]*",


# The settings that decide what the arms and the network of an analysis are.
OF_ARMS = (
    *("outcome", "reference", "treatment_map", "strata", "assessment", "data", "impute"),
    *("correlation", "effect_measure", "smd_sd"),
)
# Of the model, what decides which treatments are nodes and how they hang together.
OF_NETWORK = ("placebo", "structure", "interactions")
TABLES = ("effects", "league", "ranks", "rank_probabilities", "heterogeneity")
JUDGED = ("fit_statistics", "pointwise", "learned", "shifts", "details")
FIGURES = ("network", "forest", "ranks", "rank_probabilities")
STYLES = ("style.css", "explorer.css")
POSTERIOR_FIGURES = ("posterior", "trace", "rank_plot", "tau")


def table_files(names):
    """Tables of one stratum of one analysis, by their names."""
    return {name: f"results/{{analysis}}/{{stratum}}/{name}.csv" for name in names}


def figure_files(names, kinds=("svg", "pdf", "png")):
    """Outputs of a drawing rule; the SVG files also go into Snakemake's own --report."""
    files = {
        f"{name}_{kind}": f"results/{{analysis}}/{{stratum}}/figures/{name}.{kind}"
        for name in names
        for kind in kinds
    }
    for name in names:
        files[f"{name}_svg"] = report(
            files[f"{name}_svg"],
            caption=str(REPOSITORY / f"workflow/report/{name}.rst"),
            category="{stratum}",
            labels={"analysis": "{analysis}", "figure": name.replace("_", " ")},
        )
    return files


def memory(megabytes):
    """What a job may need, measured (docs/benchmarks.md) and half as much again; a second
    attempt gets twice."""
    return lambda wildcards, attempt: attempt * megabytes


def minutes(count):
    """Likewise of its time."""
    return lambda wildcards, attempt: attempt * count


def modules(*names):
    """Modules of the package as inputs, so that editing one reruns what imports it."""
    return [str(REPOSITORY / f"workflow/scripts/nma/{name}.py") for name in names]


def structures():
    """Modules that make the model of an analysis."""
    folder = REPOSITORY / "workflow/scripts/nma/structures"
    return [
        *modules("arms", "priors", "specify", "structure", "draws", "posterior"),
        *sorted(map(str, folder.glob("*.py"))),
    ]


def page_frame():
    """What every page is set in."""
    return [str(REPOSITORY / f"workflow/report/{name}") for name in ("base.html.jinja", *STYLES)]


def inherited(path):
    """A registry of the working directory, else the repository's own."""
    return path if Path(path).exists() else str(REPOSITORY / path)


def trials_sheets():
    """(path, sheet or None) of every trials table."""
    return [
        (entry, None) if isinstance(entry, str) else (entry["file"], entry.get("sheet"))
        for entry in config["inputs"]["trials"]
    ]


def existing(path):
    """An optional input: a list of one, or none."""
    return [path] if Path(path).exists() else []


def strata(analysis):
    return list(SETTINGS[analysis]["strata"])


def setting(*keys):
    """A params function that looks up one setting of the wildcard's analysis."""

    def look(wildcards):
        value = SETTINGS[wildcards.analysis]
        for key in keys:
            value = value[key]
        return value

    return look


def seed(wildcards):
    base = SETTINGS[wildcards.analysis]["sampling"]["seed"]
    return stratum_seed(base, wildcards.analysis, wildcards.stratum)


def thresholds(wildcards):
    """Points of the columns p_below_-x: the contract's and the analysis's grid of the MID."""
    return sorted({5, 10, 15, 20, *SETTINGS[wildcards.analysis]["mid"]["grid"]})


def is_nuts(analysis):
    return SETTINGS[analysis]["engine"] == "nuts"


def fits_with(engine):
    names = [name for name, settings in SETTINGS.items() if settings["engine"] == engine]
    return "|".join(names) or "no_such_analysis"


def estimable():
    """Folder of every stratum of every analysis -> whether it can be estimated.

    Known only after the networks are, so asking makes Snakemake run that checkpoint first.
    """
    return json.loads(Path(checkpoints.know_networks.get().output[0]).read_text())


def plain_analyses():
    """Analyses of the plain network with main's treatments and reference."""
    main = SETTINGS["main"]
    return [
        name
        for name, settings in SETTINGS.items()
        if not parts_of(settings["model"])
        and all(settings[key] == main[key] for key in ("treatment_map", "reference"))
    ]


def effects_of_every_analysis(wildcards):
    """Effects of the wildcard's stratum under its own analysis and then all others that
    change the data or a prior; models have a page of their own."""
    names = [wildcards.analysis, *(n for n in plain_analyses() if n != wildcards.analysis)]
    known = estimable()
    folders = [f"results/{name}/{wildcards.stratum}" for name in names]
    return [f"{folder}/effects.csv" for folder in folders if known.get(folder)]


# What the comparison of analyses reads of each, and what the figures of their models.
COMPARED = ("effects", "heterogeneity", "fit_statistics", "pointwise", "learned")
DRAWN = ("arms", "effects", "learned", "shifts", "details")


def analyses_of(wildcards):
    """Analyses that know the stratum, main first."""
    names = ["main", *(name for name in SETTINGS if name != "main")]
    return [name for name in names if wildcards.stratum in strata(name)]


def tables_of_fits(wildcards, names, audited=False):
    """Tables of every analysis of the stratum that can be estimated."""
    known, found = estimable(), []
    for name in analyses_of(wildcards):
        folder = f"results/{name}/{wildcards.stratum}"
        if known.get(folder):
            wanted = [*names, *["audit"] * (audited and is_nuts(name))]
            found += [f"{folder}/{table}.csv" for table in wanted]
    return found


EXPORTED = ("sof", "league", "arms", "certainty", "ranks", "excluded", "account")


def exported_tables(wildcards):
    """Tables of main that a manuscript takes, of every stratum that can be estimated."""
    known = estimable()
    return [
        f"results/main/{stratum}/{table}.csv"
        for stratum in strata("main")
        if known[f"results/main/{stratum}"]
        for table in EXPORTED
    ]


def results_of_every_stratum(wildcards):
    """Every result of every stratum, or the file that says why there is none."""
    found = [path for folder, fits in estimable().items() for path in results_of(folder, fits)]
    for stratum in strata("main"):
        folder = f"results/comparison/{stratum}"
        found += [f"{folder}/{name}" for name in ("analyses.csv", "verdicts.csv", "figures")]
    return found


def results_of(folder, fits):
    analysis = Path(folder).parent.name
    made = ["arms.csv", "excluded.csv", "account.csv", "network.json"]
    if fits:
        made += ["posterior.nc", *(f"{name}.csv" for name in (*TABLES, *JUDGED))]
    else:
        made += ["not_estimable.txt"]
    if fits and is_nuts(analysis):
        made += ["audit.csv", "convergence.csv"]
    # Figures of a sensitivity analysis are drawn when asked for by name.
    if fits and analysis == "main":
        made += [f"checks/{name}.csv" for name in CHECKS]
        made += ["certainty.csv", "sof.csv"]
        made += [f"figures/{name}.svg" for name in (*FIGURES, *POSTERIOR_FIGURES)]
        made += [f"figures/{name}.svg" for name in (*CHECK_FIGURES, "sensitivity")]
    return [f"{folder}/{name}" for name in made]


def every_input():
    """Every file that the config names and that is there, and the config itself."""
    own = ("columns", "corrections", "exclusions", "certainty")  # what a folder does not inherit
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


def last_release(wildcards):
    """The manifest of the last release; without one the run says how to make one."""
    try:
        return str(releases.last(Path("releases")).folder / manifests.NAME)
    except releases.Refused as error:
        raise WorkflowError(str(error)) from None


def two_sheets(wildcards):
    """The sheets of --config 'compare=[A, B]'."""
    if len(SHEETS) != 2:
        raise WorkflowError(
            "compare needs two sheets. Hint: make compare A=first.csv B=second.csv, or "
            "snakemake compare --config 'compare=[first.csv, second.csv]'"
        )
    return SHEETS


def print_closing(path, since=0.0):
    """The last words on the terminal: a short summary, or what stopped the run. With
    ``since`` only what was written after it: an older summary would mislead."""
    path = Path(path)
    if path.exists() and path.stat().st_mtime >= since and path.stat().st_size:
        print(f"\n{path.read_text(encoding='utf-8')}", file=sys.stderr)
