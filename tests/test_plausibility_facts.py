"""What is typical of a figure: which studies judge it, and in which units."""

import numpy as np
import pandas as pd
from suspects import P, alarms, crowd, numbers_of, rows_with
from tabular import arm, text_table

from nma.corrections import EXCLUDED
from nma.plausibility import DEFAULTS
from nma.plausibility.facts import alike, couples, decimals, digits, gather

ODD = [arm("Adams 2001", "ibuprofen", sd=3.2), arm("Adams 2001", P, sd=3.4)]


def test_excluded_rows_are_judged_but_do_not_judge():
    trials = text_table([*ODD, *crowd()])
    others_out = trials.assign(**{EXCLUDED: ["", ""] + ["not used"] * (len(trials) - 2)})
    out = trials.assign(**{EXCLUDED: ["not used"] * 2 + [""] * (len(trials) - 2)})
    assert rows_with("se_as_sd", trials) == [0, 1]
    assert rows_with("se_as_sd", others_out) == []
    assert rows_with("se_as_sd", out) == [0, 1]
    # An excluded arm says nothing about the other arm of its study.
    pair = text_table([arm("Adams 2001", "ibuprofen", n=4), arm("Adams 2001", P, n=30)])
    assert rows_with("n_imbalance", pair) == [0]
    assert rows_with("n_imbalance", pair.assign(**{EXCLUDED: ["", "not used"]})) == []


def test_a_study_is_not_its_own_peer():
    """Eight odd SDs of one study among seven other studies are not judged, among eight they are."""
    own = [arm("Adams 2001", t, sd=3 + k / 10, weeks=w) for w in (1, 2, 4, 8)
           for k, t in enumerate(("ibuprofen", P))]  # fmt: skip
    others = crowd()[:16]
    assert rows_with("se_as_sd", text_table([*own, *others[:14]])) == []
    assert rows_with("se_as_sd", text_table([*own, *others])) == list(range(8))


def test_one_scale_in_other_units_gives_the_same_alarms():
    """The crowd and an SE on NRS 0-10: SDs are compared in points."""
    rows = [
        row | {"mean": row["mean"] / 10, "sd": row["sd"] / 10, "instrument": "NRS 0-10"}
        for row in [*ODD, *crowd()]
        if row["instrument"] == "VAS 0-100"
    ]
    fired = alarms(text_table(rows), only={"se_as_sd"})["se_as_sd"]
    assert {i: proposal for i, (_, proposal) in fired.items()} == {0: "2.024", 1: "2.15"}


def test_typical_is_the_median_of_the_other_studies():
    trials = text_table([row for row in crowd() if row["measure"] == "final"])
    rows = gather(trials, numbers_of(trials), DEFAULTS).rows
    log_sd = np.log(trials["sd"].astype(float))
    others = log_sd[(trials["study"] != "Crowd 1000") & (trials["instrument"] == "VAS 0-100")]
    middle = np.median(others)
    assert rows.loc[0, "_sd_centre"] == middle
    assert rows.loc[0, "_sd_scatter"] == max(0.2, 1.4826 * np.median(np.abs(others - middle)))


def test_pairs_are_arms_of_one_assessment():
    arms = [arm("Adams 2001", t, n=n) for t, n in (("ibuprofen", 40), (P, 41), ("exercise", 42))]
    trials = text_table([*arms, arm("Adams 2001", P, weeks=9), arm("Bell 2002", P)])
    trials.index = [10, 11, 12, 13, 14]
    f = gather(trials, numbers_of(trials), DEFAULTS)
    c = couples(f.rows, f.pairs, "n")
    assert list(zip(c["a"], c["b"], strict=True)) == [
        *((10, 11), (10, 12), (11, 10), (11, 12), (12, 10), (12, 11))
    ]
    assert c["n_b"].tolist() == [41, 42, 40, 42, 40, 41]


def test_digits_as_typed():
    assert decimals(["30", "30.0", "0.05", "1.5e2", "", ".5"]).tolist() == [0, 1, 2, 0, 0, 1]
    assert digits(["30", "30.0", "0.05", "1.5e2", "", "-31.5"]).tolist() == [1, 1, 1, 2, 0, 3]


def test_rows_are_alike_where_all_columns_agree():
    table = pd.DataFrame({"a": ["x", "x", "y", "x"], "b": [1, np.nan, 1, np.nan]})
    assert alike(table["a"], table["b"]).tolist() == [0, 1, 2, 1]
