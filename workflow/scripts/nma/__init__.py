"""Network meta-analysis of trials: data flow one way.

trials -> arms -> network -> fit -> tables -> figures -> report

The package knows nothing of Snakemake. Words are those of the field: *study* (a
randomised trial), *arm*, *treatment* (a node), *reference* (what effects are stated
against), *stratum* (pain duration), *analysis* (one named set of choices).
Effects are in 0-100 points of pain; below 0 means less pain.
"""
