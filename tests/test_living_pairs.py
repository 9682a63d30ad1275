"""Rows of two tables that are about the same result."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lived import network, trials, two_arms
from tabular import arm

from nma.living import pairs
from nma.living.pairs import Pair


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [("1.0", "1", True), ("YES", " yes ", True), ("1e1", "10", True), ("", "0", False),
     ("VAS  0-100", "vas 0-100", True), ("<0.05", "0.05", False), ("-0", "0", True)],
)  # fmt: skip
def test_cells_count_by_what_they_say(a, b, same):
    assert (pairs.plain(a) == pairs.plain(b)) == same


def test_a_corrected_key_is_a_changed_cell_and_no_new_row():
    old = trials(*two_arms("A", weeks=4), *two_arms("B"))
    new = trials(*two_arms("A", weeks=6), *two_arms("B"))
    assert pairs.pair(old, new) == [Pair(i, i) for i in range(4)]
    assert pairs.differing(old.iloc[0], new.iloc[0]) == ["weeks"]


def test_the_same_row_twice_pairs_once():
    old, new = trials(arm("A", "ibuprofen")), trials(arm("A", "ibuprofen"), arm("A", "ibuprofen"))
    assert pairs.pair(old, new) == [Pair(0, 0), Pair(None, 1)]


def test_rows_of_other_studies_never_pair():
    found = pairs.pair(trials(arm("A", "ibuprofen")), trials(arm("B", "ibuprofen")))
    assert found == [Pair(0, None), Pair(None, 0)]


@settings(max_examples=12, deadline=None)
@given(st.permutations(range(12)), st.sets(st.integers(0, 11)))
def test_order_and_missing_rows_do_not_confuse(order, gone):
    old = network()
    new = old.iloc[[i for i in order if i not in gone]]
    found = pairs.pair(old, new)
    assert sorted(p.a for p in found) == list(range(12))
    for p in found:
        assert (p.b is None) == (p.a in gone)
        if p.b is not None:
            assert pairs.differing(old.iloc[p.a], new.iloc[p.b]) == []


def test_where_a_row_stands_is_no_touch():
    old = network()
    moved = old.iloc[::-1].assign(_file="other.csv", note="seen again")
    assert pairs.touched(old, moved) == []
    assert pairs.touched(old, old[old["study"] != "Baker 2002"]) == ["Baker 2002"]
    assert pairs.touched(old, old.assign(_excluded="by declaration")) == list(
        dict.fromkeys(old["study"])
    )
