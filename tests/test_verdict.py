"""Verdicts: the rule of config, and sentences that never leave out the size."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tabular import committed_config

from nma import verdict
from nma.certainty import RATINGS

CONFIG = committed_config()
RULE = CONFIG["headline"]


@pytest.mark.parametrize(
    ("p_below_0", "p_mid", "certainty", "said"),
    [
        (0.999, 0.98, "high", verdict.WORTHWHILE),
        (0.999, 0.98, "low", verdict.WORTHWHILE),
        (0.999, 0.98, "very low", verdict.BEATS),  # a claim of size needs more
        (0.98, 0.5, "very low", verdict.BEATS),
        (0.98, 0.01, "high", verdict.BEATS),
        (0.6, 0.01, "low", verdict.NO_WORTHWHILE),
        (0.6, 0.01, "very low", verdict.INCONCLUSIVE),  # so does a claim of absence
        (0.6, 0.2, "high", verdict.INCONCLUSIVE),
        (0.01, 0.0, "moderate", verdict.WORSE),
    ],
)
def test_the_rule(p_below_0, p_mid, certainty, said):
    assert verdict.verdict(p_below_0, p_mid, certainty, RULE) == said


ORDER = [verdict.INCONCLUSIVE, verdict.BEATS, verdict.WORTHWHILE]


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(RATINGS))
def test_less_certainty_never_strengthens_a_claim(p_below_0, share, certainty):
    found = verdict.verdict(p_below_0, p_below_0 * share, certainty, RULE)
    worst = verdict.verdict(p_below_0, p_below_0 * share, "very low", RULE)
    if found in ORDER and worst in ORDER:
        assert ORDER.index(worst) <= ORDER.index(found)


EVERY = [*ORDER, verdict.WORSE, verdict.NO_WORTHWHILE, verdict.COMPARATOR]
EFFECT = {"median": -7.3, "ci_low": -12.2, "ci_high": -2.5, "p_mid": 0.14}


@pytest.mark.parametrize("said", EVERY)
@pytest.mark.parametrize("certainty", RATINGS)
def test_every_sentence_says_how_much(said, certainty):
    row = EFFECT | {"verdict": said, "certainty": certainty}
    text = verdict.sentence(row, "placebo", 10, "pain")
    assert "7.3 points better (95% interval 2.5 to 12.2 better)" in text
    assert text[0].isupper()
    assert text.endswith(".")
    assert not re.search(r"\beffective\b|significant|proven", text)


def test_words_of_an_interval_follow_its_sides():
    row = EFFECT | {"verdict": verdict.INCONCLUSIVE, "certainty": "low"}
    across = verdict.sentence(row | {"ci_high": 3.0}, "placebo", 10, "pain")
    assert "95% interval 12.2 better to 3.0 worse" in across
    worse = {"median": 6.0, "ci_low": 1.0, "ci_high": 11.0}
    assert "6.0 points worse (95% interval 1.0 to 11.0 worse)" in verdict.sentence(
        row | worse, "placebo", 10, "pain"
    )


def test_summary_of_findings():
    settings = {key: CONFIG[key] for key in ("reference", "mid", "headline", "outcome")}
    effects = pd.DataFrame(
        {
            "treatment": ["yoga", "drug", "usual care"],
            **{name: [-12.0, -20.0, -15.0] for name in ("mean", "median")},
            "sd": 2.0, "ci_low": -25.0, "ci_high": -8.0, "pred_low": -30.0, "pred_high": 0.0,
            "p_below_0": [0.999, 0.9, 0.999], "p_below_-10": [0.8, 0.6, 0.9],
        }
    )  # fmt: skip
    ranks = pd.DataFrame({"treatment": ["drug", "yoga", "usual care", "placebo"], "sucra": 0.5,
                          "mean_rank": 2.0, "rank_low": 1, "rank_high": 3})  # fmt: skip
    rated = pd.DataFrame({"treatment": ["drug", "yoga", "usual care"], "comparator": "placebo",
                          "certainty": ["low", "high", "low"], "at_most": True})  # fmt: skip
    node = {"class": "x", "modality": "y", "studies": 2}
    network = {
        "nodes": [
            {"treatment": "drug", "kind": "active", "n": 80.0, **node},
            {"treatment": "yoga", "kind": "active", "n": None, **node},
            {"treatment": "usual care", "kind": "none", "n": 20.0, **node},
        ],
        "edges": [
            {"a": "drug", "b": "placebo", "studies": 2},
            {"a": "drug", "b": "yoga", "studies": 1},
        ],
    }
    sof = verdict.summary_of_findings(effects, ranks, rated, network, settings)
    assert list(sof.columns) == verdict.COLUMNS
    assert sof["treatment"].tolist() == ["drug", "usual care", "yoga"]  # best first, no placebo
    assert sof["verdict"].tolist() == [verdict.INCONCLUSIVE, verdict.COMPARATOR, verdict.BEATS]
    assert sof["direct_studies"].tolist() == [2, 0, 0]
    assert sof["p_mid"].tolist() == [0.6, 0.9, 0.8]
