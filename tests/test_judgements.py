"""config/certainty.csv: every line that cannot be used is an error that says what to do."""

import pytest
from tabular import committed, text_table

from nma import judgements
from nma.tables import ROW

GOOD = {"domain": "reporting_bias", "judgement": "some concerns", "reason": "no register"}


def check(*rows):
    table = text_table(rows, "certainty", "config/certainty.csv")
    return judgements.check(table, ["acute", "chronic"], ["Adams 2001"], ["placebo", "NSAID"])


def test_good_lines_pass():
    study = {"study": "Adams 2001", "domain": "indirectness", "judgement": "high", "reason": "x"}
    pair = GOOD | {"stratum": "acute", "treatment": "NSAID", "comparator": "placebo"}
    top = {"treatment": "NSAID", "domain": "certainty", "judgement": "very low", "reason": "x"}
    assert check(GOOD, pair, study, top) == []


@pytest.mark.parametrize(
    ("change", "column", "hint"),
    [
        ({"stratum": "chronical"}, "stratum", "Did you mean 'chronic'"),
        ({"study": "Adams 2010", "domain": "indirectness", "judgement": "low"}, "study", "2001"),
        ({"treatment": "NSAIDs"}, "treatment", "Did you mean 'NSAID'"),
        ({"treatment": "NSAID", "comparator": "plcebo"}, "comparator", "placebo"),
        ({"comparator": "placebo"}, "comparator", "Name the treatment"),
        ({"domain": "bias"}, "domain", "reporting_bias"),
        ({"study": "Adams 2001"}, "domain", "within_study_bias and indirectness"),
        ({"judgement": "fine"}, "judgement", "some concerns"),
        ({"domain": "certainty"}, "judgement", "very low"),
        ({"reason": "  "}, "reason", "needs a reason"),
        ({"study": "Adams 2001", "treatment": "NSAID"}, "treatment", "not both"),
    ],
)
def test_a_bad_line_names_its_cell_and_what_to_write(change, column, hint):
    found = {f.column: f for f in check(GOOD, GOOD | change)}
    assert column in found
    finding = found[column]
    assert (finding.level, finding.file, finding.row) == ("error", "config/certainty.csv", 3)
    assert hint in finding.hint


def test_two_lines_for_the_same_thing_are_an_error():
    assert [f.row for f in check(GOOD, GOOD | {"judgement": "no concerns"})] == [2, 3]


def test_lines_of_a_stratum_are_its_own_and_those_for_all():
    table = text_table([GOOD, GOOD | {"stratum": "acute"}, GOOD | {"stratum": "chronic"}],
                       "certainty")  # fmt: skip
    assert judgements.of_stratum(table, "acute")[ROW].tolist() == [2, 3]
    assert judgements.of_stratum(judgements.together([]), "acute").empty


def test_the_committed_judgements_are_usable():
    table, trials = committed("certainty"), committed("trials")
    assert judgements.check(table, ["acute", "chronic"], trials["study"], []) == []
    assert len(table) > 3
