"""docs/benchmarks.md is what its figures make of it, and the rules ask for what was measured."""

import json
import sys

import pytest
from runs import ROOT

FIGURES = sorted((ROOT / "docs/benchmarks").glob("*.json"))


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import page

    yield page
    sys.modules.pop("page")


def test_the_page_has_no_figure_of_its_own(page):
    assert page.PAGE.read_text(encoding="utf-8") == page.page()
    assert {path.stem for path in FIGURES} <= set(page.SECTIONS)


def test_every_section_says_where_and_when():
    for path in FIGURES:
        kept = json.loads(path.read_text(encoding="utf-8"))
        assert kept["machine"]
        assert kept["date"]
        assert kept["commit"]


def test_rules_ask_for_the_memory_that_was_measured():
    """Of a network of the size of the source review."""
    kept = json.loads((ROOT / "docs/benchmarks/simulated_runs.json").read_text(encoding="utf-8"))
    jobs = kept["figures"]["301 x 56"]["jobs"]
    assert {job["rule"] for job in jobs} >= {"fit_nuts", "check_network", "write_report"}
    for job in jobs:
        assert job["megabytes"] <= job["asked"], job["rule"]


def test_simulated_networks_are_what_was_asked_for(page):
    import generate

    network = generate.Network(studies=400, treatments=12, multi=0.25, star=0.6, acute=0.3, seed=3)
    made = generate.trials(network)
    assert made["study"].nunique() == 400
    arms = made.groupby("study").size()
    assert arms.min() == 2
    assert (arms > 2).mean() == pytest.approx(0.25, abs=5 * (0.25 * 0.75 / 400) ** 0.5)
    acute = made.drop_duplicates("study")["duration"].eq("acute").mean()
    assert acute == pytest.approx(0.3, abs=5 * (0.3 * 0.7 / 400) ** 0.5)
    star = made["treatment"].isin(generate.PLACEBOS).groupby(made["study"]).any().mean()
    assert 0.55 < star < 0.75  # the first studies of a stratum all have a placebo
    assert made["treatment"].nunique() == 11 + len(generate.PLACEBOS)
    assert generate.trials(network).equals(made)
    sys.modules.pop("generate")
