"""Which rows belong to which duration of pain."""

import pandas as pd
import pytest
import yaml
from tabular import ROOT, committed, committed_config, text_table

from nma.strata import assign

STRATA = {
    "acute": {"min_weeks": 0, "max_weeks": 12, "durations": ["acute", "subacute"]},
    "chronic": {"min_weeks": 12, "durations": ["chronic", "mixed"]},
}


@pytest.mark.parametrize(
    ("weeks", "word", "stratum"),
    [
        ("", "acute", "acute"),
        ("", "subacute", "acute"),
        ("", "chronic", "chronic"),
        ("", "mixed", "chronic"),
        ("", "", ""),
        ("", "long", ""),
        ("0", "", "acute"),
        ("11.99", "", "acute"),
        ("12", "", "chronic"),
        ("520", "", "chronic"),
        ("6", "chronic", "acute"),
        ("20", "acute", "chronic"),
        ("-1", "acute", ""),
        ("about 6", "chronic", "chronic"),
    ],
)
def test_weeks_decide_before_words(weeks, word, stratum):
    rows = pd.DataFrame({"pain_weeks": [weeks], "duration": [word]})
    assert assign(rows, STRATA).tolist() == [stratum]


def test_first_stratum_that_fits():
    overlapping = {"any": {"min_weeks": 0, "durations": ["acute", "chronic"]}, **STRATA}
    rows = pd.DataFrame({"pain_weeks": ["3", "", ""], "duration": ["", "chronic", "mixed"]})
    assert assign(rows, overlapping).tolist() == ["any", "any", "chronic"]


def test_a_gap_belongs_to_no_stratum():
    gap = {"acute": STRATA["acute"] | {"max_weeks": 6}, "chronic": STRATA["chronic"]}
    rows = pd.DataFrame({"pain_weeks": ["5", "6", "12"], "duration": ["", "acute", ""]})
    assert assign(rows, gap).tolist() == ["acute", "", "chronic"]


def test_index_and_empty_tables():
    rows = pd.DataFrame({"pain_weeks": ["1", "20"], "duration": ["", ""]}, index=[7, 3])
    assert assign(rows, STRATA).to_dict() == {7: "acute", 3: "chronic"}
    assert assign(rows.head(0), STRATA).empty


def test_no_committed_study_lies_in_two_strata():
    trials = committed("trials")
    found = assign(trials, committed_config()["strata"])
    assert found[found != ""].groupby(trials["study"]).nunique().max() == 1
    assert set(found[trials["duration"] != ""]) == {"acute", "chronic"}
    assert set(trials.loc[found == "", "duration"]) <= {""}


def test_the_6_12_split_is_one_line_of_the_config():
    text = (ROOT / "config/config.yaml").read_text(encoding="utf-8")
    assert text.count("  # subacute: {") == 1
    split = yaml.safe_load(text.replace("  # subacute: {", "  subacute: {"))["strata"]
    rows = text_table(
        [{"pain_weeks": w} for w in (1, 5.9, 6, 11.9, 12, 30)]
        + [{"duration": d} for d in ("acute", "subacute", "chronic", "mixed", "")]
    )
    assert assign(rows, split).tolist() == [
        *("acute", "acute", "subacute", "subacute", "chronic", "chronic"),
        *("acute", "subacute", "chronic", "chronic", ""),
    ]
