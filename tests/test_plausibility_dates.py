"""Numbers that a spreadsheet turned into dates."""

from suspects import CHANGE, NRS, UNKNOWN, P, a, alarms, examples
from tabular import arm, text_table

from nma.contract import TRIALS, numbers

# rule: [(rows of a study, {row: proposal})] that it must find.
HITS = {
    "date_like_mean": [
        ([a(mean="3-May", **NRS), a(P, mean="45050", **NRS)], {0: "3.5", 1: "4.5"}),
        ([a(mean="2003-05-03 00:00:00", **NRS), a(P, mean="03.12.2003", **NRS)],
         {0: "3.5", 1: "3.12"}),
    ],
    "date_like_sd": [([a(sd="Mai 2", **NRS), a(P, sd="2. Mär", **NRS)], {0: "2.5", 1: "2.3"})],
}  # fmt: skip

# Rows that it must not find.
MISSES = {
    "date_like_mean": [
        [a(mean="-5", **CHANGE), a(P, mean="1e-4")],
        [a(mean="45050", **UNKNOWN)],  # an area under a curve, for all one can tell
        [a(mean="3,5"), a(P, mean="30-40")],
    ],
    "date_like_sd": [[a(sd="2.5"), a(P, sd="about 5")]],
}  # fmt: skip

test_finds, test_passes, test_has_both = examples(
    "dates", HITS, MISSES, rules=("date_like_mean", "date_like_sd")
)


def test_dates_are_found_in_every_numeric_column():
    columns = numbers(TRIALS)
    trials = text_table([arm(f"Adams {k}", P) for k in range(len(columns))])
    for k, column in enumerate(columns):
        trials.loc[k, column] = "3-May"
    fired = alarms(trials, only={f"date_like_{column}" for column in columns})
    assert len(fired) == len(columns)
    for k, column in enumerate(columns):
        assert {i: told[1] for i, told in fired[f"date_like_{column}"].items()} == {k: "3.5"}
