# Trials -> arms -> network -> fit -> tables -> figures -> report, per analysis and stratum.
import sys

from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"


rule all:
    default_target: True
    input:
        "results/report.html",
        "results/summary.txt",
        "results/networks.json",
        "results/exports/tables.xlsx",
        results_of_every_stratum,


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


onsuccess:
    print_closing("results/summary.txt", since=STARTED)


onerror:
    print_closing("results/validation/errors.txt")
