"""The page of all analyses says what the tables say, and no cell of theirs acts as HTML."""

from pathlib import Path

import pandas as pd
import pytest
from tabular import ROOT

from nma import comparison, comparison_page, pages
from nma.settings import merge

TEMPLATE = ROOT / "workflow/report/comparison.html.jinja"
EVIL = '<script>alert("x")</script>'
PLAIN = {
    "structure": "network",
    "placebo": "lumped",
    "regression": {"covariate": ""},
    "bias": {"method": "none"},
    "heterogeneity": "common",
    "study_effects": "normal",
}
MAIN = {
    "engine": "nuts",
    "outcome": "pain",
    "reference": "placebo",
    "treatment_map": "treatment",
    "strata": {"chronic": {"label": "Chronic pain"}},
    "mid": {"value": 10},
    "headline": {"beats": 0.975, "worthwhile": 0.975},
    "model": PLAIN,
}


def results(root: Path, treatment: str = "drug") -> dict:
    """Tables of main and a class model, as a run leaves them; their settings."""
    settings = {"main": MAIN, "classes": merge(MAIN, {"model": {"structure": "classes"}})}
    verdicts = []
    for analysis, verdict in (("main", comparison.BEATS), ("classes", comparison.NOT_SHOWN)):
        row = {"treatment": treatment, "analysis": analysis, "reference": "placebo", "mean": -5.5}
        row |= {"ci_low": -9.0, "ci_high": -1.0, "p_below_0": 0.98, "p_mid": 0.1}
        verdicts.append(row | {"verdict": verdict, "changed": analysis != "main"})
    rows = [
        {"analysis": "main", "comparable": "yes", "variances": "tau 3.0", "dic_difference": 0.0},
        {"analysis": "classes", "changes": EVIL, "comparable": comparison.OTHER_ARMS},
        {"analysis": "none", "reason": "no trial links it", "comparable": "not estimable"},
    ]
    folder = root / "comparison/chronic"
    folder.mkdir(parents=True)
    pd.DataFrame(verdicts, columns=comparison.VERDICTS).to_csv(folder / "verdicts.csv", index=False)
    pd.DataFrame(rows, columns=comparison.ANALYSES).to_csv(folder / "analyses.csv", index=False)
    own = root / "classes/chronic"
    own.mkdir(parents=True)
    learned = {
        "parameter": ["omega", "dev[a]"],
        "prior": "half_normal(5)",
        "prior_sd": 3.0,
        "mean": 3.1,
        "sd": 2.9,
        "median": 2.0,
        "ci_low": 0.1,
        "ci_high": 9.0,
        "prior_driven": [True, False],
        "note": "",
    }
    pd.DataFrame(learned).to_csv(own / "learned.csv", index=False)
    shifts = {
        "treatment": [treatment, "b"],
        "mean": [-5.0, 1.0],
        "ci_low": -9.0,
        "ci_high": 1.0,
        "plain_mean": [-9.0, None],
        "plain_ci_low": -12.0,
        "plain_ci_high": -6.0,
        "moved": [4.0, None],
        "sd_ratio": [0.5, None],
    }
    pd.DataFrame(shifts).to_csv(own / "shifts.csv", index=False)
    details = [["at year", "a", 2000.0, -3.0, 1.0, -5.0, -1.0, 0.99, 0.0, ""]]
    columns = ["what", "name", "value", "mean", "sd", "ci_low", "ci_high", "p_below_0", "p_mid"]
    pd.DataFrame(details, columns=[*columns, "note"]).to_csv(own / "details.csv", index=False)
    (own / "network.json").write_text('{"nodes": [1, 2], "islands": []}')
    pd.DataFrame({"adds": ["omega"]}).to_csv(own / "fit_statistics.csv", index=False)
    return settings | {"none": MAIN}


def rendered(root, treatment="drug"):
    settings = results(root, treatment)
    return pages.render(comparison_page.collect(root, settings), TEMPLATE)


def test_the_page_says_what_the_tables_say(tmp_path):
    page = rendered(tmp_path)
    assert "drug: beats its reference in main and in 0 of 1 other analyses; not shown" in page
    assert "Only the prior tells omega" in page
    assert (
        "\N{MINUS SIGN}9.0 (\N{MINUS SIGN}12.0 to \N{MINUS SIGN}6.0)" in page
    )  # the plain network
    assert "not comparable: other arms" in page
    assert "not estimable: no trial links it" in page
    assert "1 of 2 effects are told more sharply" in page
    assert "Effects against placebo at values of year" in page
    assert "dev[a]" not in page  # in learned.csv


def test_nothing_from_the_data_acts_as_html(tmp_path):
    page = rendered(tmp_path, EVIL)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4


def test_an_analysis_of_the_data_alone_asks_no_question():
    assert comparison_page.question(MAIN, MAIN) == ""
    fine = MAIN | {"treatment_map": "fine"}
    assert "lumped less, or more" in comparison_page.question(fine, MAIN)


@pytest.mark.parametrize("part", ["structure", "placebo", "heterogeneity", "study_effects"])
def test_every_part_asks_a_question(part):
    values = {
        "structure": ["classes", "additive"],
        "placebo": ["split", "exchangeable"],
        "heterogeneity": ["modality", "modality_shared"],
        "study_effects": ["student_t"],
    }
    for value in values[part]:
        changed = merge(MAIN, {"model": {part: value}})
        assert comparison_page.question(changed, MAIN).endswith("?")
