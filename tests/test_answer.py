"""The answer in five lines: counts, sizes, certainty, the rest, and how firm."""

import pandas as pd
import pytest
from tabular import committed_config

from nma import answer, verdict
from nma.certainty import DOMAINS, LEVELS, NOT_JUDGED, NOT_REPORTED

SETTINGS = committed_config()


def findings(*rows):
    """(treatment, median, half width, P(MID), certainty, verdict) as sof.csv has them."""
    return pd.DataFrame(
        [
            {"treatment": t, "median": m, "ci_low": m - h, "ci_high": m + h, "p_mid": p,
             "certainty": c, "verdict": v}
            for t, m, h, p, c, v in rows
        ]
    )  # fmt: skip


def rated(sof, **levels):
    base = dict.fromkeys(DOMAINS, LEVELS[0]) | levels
    return sof[["treatment"]].assign(comparator="placebo", **base)


def lines(sof, firm=(), **levels):
    return answer.lines(sof, rated(sof, **levels), SETTINGS, 7, firm)


BEATS = ("drug", -7.0, 4.0, 0.14, "low", verdict.BEATS)
OPEN = ("yoga", -5.0, 9.0, 0.2, "very low", verdict.INCONCLUSIVE)
NOTHING = ("tape", 0.0, 3.0, 0.001, "moderate", verdict.NO_WORTHWHILE)
CARE = ("usual care", -1.0, 3.0, 0.0, "low", verdict.COMPARATOR)
LARGE = ("exercise", -20.0, 4.0, 0.99, "high", verdict.WORTHWHILE)


def test_five_lines():
    said = lines(findings(BEATS, OPEN, NOTHING, CARE), ["drug beats its reference in 3 of 4."],
                 within_study_bias=NOT_REPORTED)  # fmt: skip
    assert len(said) == 5
    assert said[0].startswith("Of 3 active treatments in 7 studies, 1 beats placebo: drug. It is")
    assert "drug 7.0 points better (95% interval 3.0 to 11.0 better), a chance of 14%" in said[1]
    assert said[2] == (
        "How sure: the certainty of this effect is low, for within-study bias (not reported)."
    )
    assert said[3].startswith("The others: no worthwhile effect: tape; 1 inconclusive")
    assert said[4] == "How firm: drug beats its reference in 3 of 4."


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([OPEN], ("0 beat placebo.", "", "The largest effect is that of yoga")),
        ([LARGE], ("1 beats placebo: exercise.", "1 of them does so by more than 10", "exercise")),
        ([LARGE, BEATS], ("2 beat placebo", "1 of them does so by more", "drug 7.0")),
        ([BEATS, BEATS], ("2 beat placebo", "None of them is shown to do so", "7.0")),
    ],
)
def test_headline(rows, words):
    said = lines(findings(*rows))
    assert words[0] in said[0]
    assert words[1] in said[0]
    assert words[2] in said[1]


def test_many_treatments_are_told_by_their_range():
    many = [(f"t{k}", -float(k), 1.0, k / 10, "low", verdict.BEATS) for k in range(2, 9)]
    assert (
        "medians of 2.0 to 8.0 points of 100 better; the chance of more than 10 is 20% to 80%"
        in (lines(findings(*many))[1])
    )


def test_mixed_certainty_is_counted():
    said = lines(findings(LARGE, BEATS))[2]
    assert "mixed: 1 high and 1 low" in said


def test_what_takes_no_certainty_away_is_no_reason():
    said = lines(findings(BEATS), indirectness=NOT_JUDGED, heterogeneity=LEVELS[2],
                 imprecision=LEVELS[1])[2]  # fmt: skip
    assert said.endswith("for heterogeneity (major concerns) and imprecision (some concerns).")


def test_nothing_but_comparators():
    said = lines(findings(CARE))
    assert said[0].startswith("Of 0 active treatments")
    assert said[1] == "No active treatment is linked to the reference."
