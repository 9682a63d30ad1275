# Trials -> arms -> network -> fit -> tables -> figures -> report, per analysis and stratum.
import sys

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.27")
sys.path.insert(0, str(Path(workflow.basedir) / "workflow/scripts"))
from nma import config_file

# Before Snakemake reads it: that runs Python, and counts to a billion, where the file says so.
try:
    config_file.read("config/config.yaml")
except ValueError as error:
    raise WorkflowError(str(error)) from None


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"


# All that a run makes; its manifest lists them.
RESULTS = [
    "results/report.html",
    "results/summary.txt",
    "results/networks.json",
    "results/exports/tables.xlsx",
    results_of_every_stratum,
]


rule all:
    default_target: True
    input:
        *RESULTS,
        "results/manifest.json",


include: "workflow/rules/validate.smk"
include: "workflow/rules/network.smk"
include: "workflow/rules/fit.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/summarise.smk"
include: "workflow/rules/checks.smk"
include: "workflow/rules/certainty.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/exports.smk"
include: "workflow/rules/draw.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/living.smk"


# Seconds and memory of every job, where they are asked for (benchmarks/simulated_runs.py): to look at the
# processes twice a second is a tenth of a run.
if os.environ.get("NMA_BENCHMARKS"):
    for each in workflow.rules:
        if each.log:
            each.benchmark_modifier = each.log_modifier
            each.benchmark = str(each.log[0]).replace("logs/", "logs/benchmarks/", 1) + ".tsv"


onsuccess:
    print_closing("results/summary.txt", since=STARTED)
    print_closing("results/update/summary.txt", since=STARTED)
    print_closing("results/compare/summary.txt", since=STARTED)


onerror:
    print_closing("results/validation/errors.txt")
    print_closing("results/compare/errors.txt", since=STARTED)
