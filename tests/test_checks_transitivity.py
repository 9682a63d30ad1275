"""Effect modifiers by comparison: counts, medians, and when no test is made."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nma.checks.transitivity import describe, differences, modifiers, placebo_kinds

PLACEBOS = {"sham tablet": "pill", "sham massage": "sham_manual"}


def arm(study, treatment, reported, **known):
    base = dict.fromkeys(["n", "weeks", "year", "baseline"], np.nan)
    base |= {"rob": None, "doubt": None, "kind": "final", "instrument": "VAS 0-100"}
    return {"study": study, "treatment": treatment, "reported": reported} | base | known


def trials():
    """Three comparisons with the placebo, one of them with one study; a three-arm study."""
    pill, sham = "sham tablet", "sham massage"
    rows = [
        arm("s1", "placebo", pill, n=20, year=1990, weeks=4, baseline=50, rob="low"),
        arm("s1", "NSAID", "ibuprofen", n=30, year=1990, weeks=4, baseline=60, rob="low"),
        arm("s2", "placebo", pill, n=10, year=2000, weeks=6, rob="high", doubt="yes"),
        arm("s2", "NSAID", "naproxen", n=10, year=2000, weeks=6, rob="high", doubt="yes"),
        arm("s3", "placebo", sham, n=40, year=2010, kind="change"),
        arm("s3", "massage", "massage", n=40, year=2010, kind="change"),
        arm("s4", "placebo", sham, year=2012),
        arm("s4", "massage", "massage", n=25, year=2012),
        arm("s4", "exercise", "walking", n=25, year=2012),
        arm("s5", "placebo", sham, n=15, year=2014),
        arm("s5", "exercise", "walking / running", n=15, year=2014),
    ]
    return pd.DataFrame(rows)


def row(table, treatment, modifier, comparator="placebo"):
    found = table.query("treatment == @treatment and comparator == @comparator")
    return found[found["modifier"] == modifier].iloc[0]


def test_values_of_studies():
    order = ["placebo", "NSAID", "massage", "exercise"]
    values = modifiers(trials(), PLACEBOS, order)
    pairs = values[["study", "treatment", "comparator"]].drop_duplicates()
    assert len(pairs) == 7  # four two-arm studies and three pairs of s4
    one = values[(values["study"] == "s1")].set_index("modifier")
    assert one.loc["n", "value"] == 50
    assert one.loc["baseline", "value"] == pytest.approx((20 * 50 + 30 * 60) / 50)
    assert one.loc["rob", ["value", "level"]].tolist() == [0.0, "low"]
    assert one.loc["doubt", ["value", "level", "reported"]].tolist() == [0.0, "no", True]
    assert one.loc["placebo_kind", "level"] == "pill"
    four = values[(values["study"] == "s4") & (values["modifier"] == "n")]
    known = four.set_index(["treatment", "comparator"])["reported"]
    assert known.to_dict() == {
        ("massage", "placebo"): False,
        ("exercise", "placebo"): False,
        ("exercise", "massage"): True,
    }
    assert "placebo_kind" not in set(
        values.query("treatment == 'exercise' and comparator == 'massage'")["modifier"]
    )


def test_table_of_comparisons():
    table = describe(modifiers(trials(), PLACEBOS, ["placebo", "NSAID", "massage", "exercise"]))
    year = row(table, "NSAID", "year")
    assert (year["studies"], year["reported"]) == (2, 2)
    assert year[["median", "q1", "q3", "low", "high"]].tolist() == [
        1995,
        1992.5,
        1997.5,
        1990,
        2000,
    ]
    baseline = row(table, "NSAID", "baseline")
    assert (baseline["studies"], baseline["reported"]) == (2, 1)
    nothing = row(table, "massage", "baseline")
    assert nothing["reported"] == 0
    assert np.isnan(nothing["median"])
    assert row(table, "massage", "kind")["levels"] == "change 1, final 1"
    assert row(table, "massage", "placebo_kind")["levels"] == "sham_manual 2"
    assert row(table, "NSAID", "rob")["levels"] == "high 1, low 1"
    assert table["modifier"].iloc[0] == "year"


def test_kruskal_wallis_only_where_there_is_something_to_compare():
    table = differences(modifiers(trials(), PLACEBOS)).set_index("modifier")
    year = table.loc["year"]
    H, p = stats.kruskal([1990, 2000], [2010, 2012], [2012, 2014])
    assert (year["comparisons"], year["studies"], year["df"]) == (3, 6, 2)
    assert (year["H"], year["p"]) == pytest.approx((H, p))
    assert "fewer than 3" in table.loc["weeks", "note"]
    assert np.isnan(table.loc["weeks", "p"])
    assert table.loc["weeks", "missing"] == 3
    same = trials().assign(year=2000)
    flat = differences(modifiers(same, PLACEBOS)).set_index("modifier").loc["year"]
    assert np.isnan(flat["p"])
    assert "same value" in flat["note"]


def test_missing_columns_are_left_out():
    plain = trials()[["study", "treatment", "n", "year"]]
    values = modifiers(plain, {})
    assert set(values["modifier"]) == {"n", "year"}
    assert set(differences(values)["modifier"]) == {"n", "year"}


def test_placebo_kinds_of_a_treatment_map():
    table = pd.DataFrame(
        {"reported": ["a", "b", "c"], "placebo_kind": ["pill", None, ""], "treatment": "x"}
    )
    assert placebo_kinds(table) == {"a": "pill"}
    assert placebo_kinds(table[["reported"]]) == {}


def test_one_study_of_five_people():
    two = pd.DataFrame([arm("s", "placebo", "p", n=5), arm("s", "a", "a", n=5)])
    values = modifiers(two, {}, ["placebo", "a"])
    table = describe(values)
    assert row(table, "a", "n")["median"] == 10
    assert differences(values)["p"].isna().all()
