"""The methods text follows the settings, and cites only what is in the references."""

import re

import pytest
import report_site

from nma import methods, references
from nma.settings import merge

SETTINGS = report_site.settings()
VERSIONS = {"pymc": "6.4.0", "snakemake": "9.27.1"}


def text(**changes):
    main = merge(SETTINGS["main"], changes)
    return " ".join(methods.paragraphs(SETTINGS | {"main": main}, VERSIONS))


@pytest.mark.parametrize(
    ("changes", "there", "gone"),
    [
        ({}, "half-normal with scale 15 points", "fixed: one common"),
        ({"model": {"priors": {"tau": {"dist": "uniform", "upper": 50}}}}, "uniform from 0 to 50",
         "half-normal"),
        ({"model": {"effects": "fixed"}}, "Study effects were fixed", "one between-study"),
        ({"impute": "none"}, "trials without any were left out", "imputed from"),
        ({"effect_measure": "smd"}, "standardised (Hedges' g)", "from the range and direction"),
        ({"assessment": {"rule": "nearest", "weeks": 26}}, "nearest to 26 weeks", "the first"),
        ({"correlation": {"change": 0.7}}, "correlation of 0.7", "correlation of 0.5"),
        ({"data": {"keep": {"rob": ["low"]}}}, "Only rows with rob in low were used", "zzz"),
        ({"mid": {"value": 15}}, "difference of 15 points", "difference of 10 points"),
        ({"headline": {"certainty": {"worthwhile": "moderate"}}}, "certainty at least moderate",
         "zzz"),
        ({"certainty": {"within_study_bias": "worst"}}, "the worst of the studies", "average of"),
        ({"reference": "usual care"}, "with usual care as the reference", "with placebo as"),
        ({"sampling": {"chains": 6}}, "6 chains of", "4 chains of"),
    ],
)  # fmt: skip
def test_the_text_follows_the_settings(changes, there, gone):
    said = text(**changes)
    assert there in said
    assert gone not in said


def test_every_citation_is_a_work():
    said = methods.paragraphs(SETTINGS, VERSIONS)
    keys = [k for group in re.findall(r"\[([^\]]+)\]", " ".join(said)) for k in group.split("; ")]
    assert len(keys) > 15
    assert set(keys) <= set(references.WORKS)
    assert {work.key for work in references.cited(said)} == set(keys)


def test_analyses_are_named_by_what_they_change():
    said = methods.paragraphs(SETTINGS, VERSIONS)[-1]
    assert "Sensitivity analyses (2)" in said
    assert "priors and effects: fixed effect, uniform tau" in said
    assert "Sensitivity" not in " ".join(methods.paragraphs({"main": SETTINGS["main"]}, VERSIONS))
