"""CINeMA's rules: what crosses which border, who judged what, and how far certainty falls."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tabular import committed_config, text_table

from nma import certainty
from nma.certainty import DOMAINS, LEVELS, NOT_JUDGED, NOT_REPORTED, NOT_TESTABLE

NO, SOME, MAJOR = LEVELS
CONFIG = committed_config()
RULES, MID = CONFIG["certainty"], 10.0
SETTINGS = {"reference": "placebo", "mid": {"value": MID}, "certainty": RULES}


def interval(low, high, pred_low=None, pred_high=None, median=None):
    middle = (low + high) / 2 if median is None else median
    wide = (low if pred_low is None else pred_low, high if pred_high is None else pred_high)
    return {"median": middle, "ci_low": low, "ci_high": high} | dict(
        zip(("pred_low", "pred_high"), wide, strict=True)
    )


@pytest.mark.parametrize(
    ("low", "high", "level"),
    [
        (-20, -1, NO),  # one conclusion: better
        (-30, -12, NO),
        (-20, 1, SOME),  # no effect is inside
        (-20, 11, MAJOR),  # an important harm is inside
        (-9, 9, NO),  # within the range of equivalence
        (1, 20, NO),
        (-1, 20, SOME),
        (-11, 20, MAJOR),
    ],
)
def test_imprecision_is_the_borders_that_the_credible_interval_crosses(low, high, level):
    assert certainty.imprecision(interval(low, high), MID)[0] == level


@pytest.mark.parametrize(
    ("row", "level"),
    [
        (interval(-20, -1, -25, -0.5), NO),
        (interval(-20, -1, -25, 5), SOME),
        (interval(-20, -1, -30, 12), MAJOR),
        (interval(-20, 1, -30, 5), NO),  # what the credible interval crosses counts once
        (interval(-20, 1, -30, 12), SOME),
        (interval(-20, 11, -40, 40), NO),
        (interval(-8, 2, -9, 9), NO),  # both say: no important difference
        (interval(-8, 2, -12, 4), SOME),
        (interval(-8, 2, -12, 12), MAJOR),
    ],
)
def test_heterogeneity_is_what_only_the_prediction_interval_crosses(row, level):
    assert certainty.heterogeneity(row, MID)[0] == level


numbers = st.floats(-60, 60, allow_nan=False)


@given(st.tuples(numbers, numbers), st.floats(0, 40), st.floats(0, 40))
def test_turning_the_scale_round_changes_no_level(ends, below, above):
    low, high = sorted(ends)
    row = interval(low, high, low - below, high + above)
    turned = interval(-high, -low, -high - above, -low + below)
    for rule in (certainty.imprecision, certainty.heterogeneity):
        assert rule(row, MID)[0] == rule(turned, MID)[0] or row["median"] == 0


@given(st.tuples(numbers, numbers), st.floats(0, 40), st.floats(0, 40))
def test_imprecision_and_heterogeneity_together_are_the_prediction_interval(ends, below, above):
    """No border counts twice: the two levels add up to what the wider interval crosses."""
    low, high = sorted(ends)
    row = interval(low, high, low - below, high + above)
    if low > -MID and high < MID:
        return
    levels = [
        LEVELS.index(r(row, MID)[0]) for r in (certainty.imprecision, certainty.heterogeneity)
    ]
    other = MID if row["median"] < 0 else -MID
    crossed = sum(row["pred_low"] < b < row["pred_high"] for b in (0.0, other))
    assert sum(levels) == crossed


def split(p, direct, indirect):
    ends = zip(("direct_low", "direct_high", "indirect_low", "indirect_high"),
               (*direct, *indirect), strict=True)  # fmt: skip
    return {"p": p, **dict(ends)}


@pytest.mark.parametrize(
    ("kind", "found", "p", "level"),
    [
        ("direct", None, 1e-9, NO),
        ("mixed", split(0.2, (-30, -20), (5, 15)), 1e-9, NO),
        ("mixed", split(0.01, (-30, -5), (-20, 5)), 0.5, NO),  # the same areas: it does not matter
        ("mixed", split(0.01, (-30, -5), (-9, 5)), 0.5, SOME),
        ("mixed", split(0.01, (-30, -12), (-9, 5)), 0.5, MAJOR),
        ("mixed", split(0.01, (-30, -12), (12, 30)), 0.5, MAJOR),
        ("indirect", None, 0.2, NO),
        ("indirect", None, 0.05, SOME),
        ("indirect", None, 0.005, MAJOR),
        ("indirect", None, np.nan, NOT_TESTABLE),
    ],
)
def test_incoherence(kind, found, p, level):
    assert certainty.incoherence(kind, found, p, MID)[0] == level


@pytest.mark.parametrize(
    ("scores", "rule", "level"),
    [
        ([0, 0, 0], "average", NO),
        ([0, 2, 0], "average", SOME),  # 0.3 * 2 = 0.6
        ([0, 2, 0], "majority", NO),
        ([0, 2, 0], "worst", MAJOR),
        ([2, 2, 0], "average", MAJOR),
        ([np.nan, np.nan, np.nan], "average", NOT_REPORTED),
        ([np.nan, 0, 0], "average", NOT_REPORTED),  # 60% of the information is unjudged
        ([0, np.nan, 0], "majority", NO),
        ([0, np.nan, np.nan], "average", NO),  # 40% unknown counts as some: 0.4
        ([0, np.nan, 1], "average", NO),
        ([1, np.nan, np.nan], "average", SOME),
    ],
)
def test_bias_of_studies_by_their_contribution(scores, rule, level):
    share = np.array([0.6, 0.3, 0.1])
    rules = RULES | {"within_study_bias": rule}
    found = certainty.from_studies(share, np.array(scores, float), rules, NOT_REPORTED, "bias")
    assert found[0] == level


@given(st.lists(st.tuples(st.floats(0.01, 1), st.sampled_from([0, 1, 2, np.nan])), min_size=1))
def test_unreported_bias_is_never_low(studies):
    share, score = np.array(studies, float).T
    share = share / share.sum()
    for rule in ("average", "worst"):  # by majority another level may well lead
        rules = RULES | {"within_study_bias": rule}
        level, _ = certainty.from_studies(share, score, rules, NOT_REPORTED, "bias")
        if np.isnan(score).all():
            assert level == NOT_REPORTED
        known, _ = certainty.from_studies(
            share, np.nan_to_num(score, nan=0.0), rules, NOT_REPORTED, "bias"
        )
        if level in LEVELS:  # an unjudged study never looks better than one at low risk
            assert LEVELS.index(level) >= LEVELS.index(known)


def evidence(**changes):
    """Two treatments against placebo, one of them by an unjudged study."""
    effects = pd.DataFrame(
        [
            {"treatment": "drug", "comparator": "placebo", **interval(-20, -11)},
            {"treatment": "yoga", "comparator": "placebo", **interval(-20, -11)},
            {"treatment": "yoga", "comparator": "drug", **interval(-3, 4)},
        ]
    )
    shares = [("drug", "placebo", "A", 1.0), ("yoga", "placebo", "B", 1.0),
              ("yoga", "drug", "A", 0.5), ("yoga", "drug", "B", 0.5)]  # fmt: skip
    columns = ["treatment", "comparator", "study", "contribution"]
    base = {
        "effects": effects,
        "contributions": pd.DataFrame(shares, columns=columns),
        "splits": pd.DataFrame(columns=["treatment", "comparator", "p"]),
        "splittable": effects.iloc[:2][["treatment", "comparator"]],
        "interaction_p": float("nan"),
        "rob": {"A": "low", "B": ""},
    }
    return certainty.Evidence(**(base | changes))


def lines(*rows):
    return text_table(rows, "certainty")


def rated(*judgements):
    table = certainty.rate(evidence(), lines(*judgements), SETTINGS)
    return table.set_index(["treatment", "comparator"])


def test_what_nobody_judged_is_named_and_the_rating_is_an_upper_bound():
    drug = rated().loc["drug", "placebo"]
    assert [drug[d] for d in DOMAINS] == [NO, NOT_JUDGED, NOT_JUDGED, NO, NO, NO]
    assert (drug["certainty"], drug["at_most"], drug["overridden"]) == ("high", True, "")
    yoga = rated().loc["yoga", "placebo"]
    assert yoga["within_study_bias"] == NOT_REPORTED
    assert (yoga["certainty"], yoga["at_most"]) == ("moderate", True)
    # Nothing tests indirect evidence without a loop: never "consistent".
    assert rated().loc["yoga", "drug"]["incoherence"] == NOT_TESTABLE


def test_an_override_is_shown_beside_its_proposal_and_the_specific_one_wins():
    table = rated(
        {"domain": "reporting_bias", "judgement": SOME, "reason": "registers not searched"},
        {"treatment": "drug", "domain": "reporting_bias", "judgement": NO, "reason": "searched"},
        {"treatment": "drug", "domain": "imprecision", "judgement": MAJOR, "reason": "120 people"},
        {"study": "A", "domain": "indirectness", "judgement": "low", "reason": "as asked"},
    )
    drug = table.loc["drug", "placebo"]
    assert (drug["reporting_bias"], drug["reporting_bias_proposed"]) == (NO, NOT_JUDGED)
    assert (drug["imprecision"], drug["imprecision_proposed"]) == (MAJOR, NO)
    assert (drug["imprecision_reason"], drug["overridden"]) == ("120 people", "imprecision")
    assert (drug["certainty"], drug["at_most"]) == ("low", False)
    assert table.loc["yoga", "placebo"]["reporting_bias"] == SOME


def test_a_reader_may_set_the_rating_itself():
    line = {"treatment": "drug", "domain": "certainty", "judgement": "low", "reason": "fraud"}
    drug = rated(line).loc["drug", "placebo"]
    assert (drug["certainty"], drug["certainty_proposed"]) == ("low", "high")
    assert (drug["overridden"], drug["at_most"]) == ("certainty", False)


@given(st.lists(st.sampled_from([*LEVELS, NOT_REPORTED, NOT_TESTABLE, NOT_JUDGED]),
                min_size=6, max_size=6), st.integers(0, 5))  # fmt: skip
def test_a_graver_concern_never_raises_certainty(levels, which):
    before, _ = certainty.rating(levels, RULES)
    levels[which] = MAJOR
    after, _ = certainty.rating(levels, RULES)
    assert certainty.RATINGS.index(after) >= certainty.RATINGS.index(before)
