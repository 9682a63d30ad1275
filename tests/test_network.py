"""The network: what is linked to the reference, and what is listed as an island."""

import json

import pandas as pd
import pytest

from nma.network import describe, graph, split

KINDS = {"placebo": {"class": "placebo", "modality": "none", "kind": "placebo"}}


def arms(**studies):
    """One row per arm from study="treatment treatment ..." with 10 participants each."""
    lines = [(study, t, 10.0) for study, told in studies.items() for t in told.split()]
    return pd.DataFrame(lines, columns=["study", "treatment", "n"])


CHAIN = arms(s1="placebo A", s2="A B placebo", s3="A B", s4="C D", s5="E F", s6="D C")


def test_graph_counts_studies_arms_and_people():
    g = graph(CHAIN)
    assert dict(g.nodes["A"]) == {"studies": 3, "arms": 3, "n": 30.0}
    assert dict(g.edges["A", "B"]) == {"studies": 2, "n": 40.0, "labels": ["s2", "s3"]}
    assert dict(g.edges["C", "D"]) == {"studies": 2, "n": 40.0, "labels": ["s4", "s6"]}
    assert g.number_of_edges() == 5


def test_unknown_numbers_of_participants():
    table = arms(s1="placebo A", s2="placebo B")
    table.loc[table["study"] == "s2", "n"] = float("nan")
    g = graph(table)
    assert (g.nodes["placebo"]["n"], g.nodes["B"]["n"]) == (10.0, None)
    assert (g.edges["A", "placebo"]["n"], g.edges["B", "placebo"]["n"]) == (20.0, 0.0)


def test_only_the_component_of_the_reference_is_analysed():
    told = describe(CHAIN, "placebo", KINDS)
    assert (told["estimable"], told["reason"]) == (True, "")
    assert [node["treatment"] for node in told["nodes"]] == ["A", "B", "placebo"]
    assert (
        told["nodes"][2]
        == {"treatment": "placebo", "studies": 2, "arms": 2, "n": 20.0} | KINDS["placebo"]
    )
    assert [(edge["a"], edge["b"], edge["studies"]) for edge in told["edges"]] == [
        ("A", "B", 2), ("A", "placebo", 2), ("B", "placebo", 1),
    ]  # fmt: skip
    assert told["loops"] == 1
    json.dumps(told)


def test_islands_are_listed_with_what_would_join_them():
    islands = describe(CHAIN, "placebo", KINDS)["islands"]
    assert [(i["treatments"], i["studies"]) for i in islands] == [
        (["C", "D"], ["s4", "s6"]), (["E", "F"], ["s5"]),
    ]  # fmt: skip
    assert "compares C or D with placebo" in islands[0]["joined_by"]


def test_a_joining_trial_joins():
    told = describe(pd.concat([CHAIN, arms(s7="D E B")]), "placebo", KINDS)
    assert told["islands"] == []
    # pairs AB AP BP CD EF DE DB EB: 8 edges, 7 treatments
    assert told["loops"] == 2


def test_a_star_has_no_loop():
    assert (
        describe(arms(s1="placebo A", s2="placebo B", s3="placebo B"), "placebo", {})["loops"] == 0
    )


@pytest.mark.parametrize(
    ("table", "reference", "words"),
    [
        (CHAIN.head(0), "placebo", "No study of this stratum has two usable arms"),
        (CHAIN, "sham", "one of: A, B, C, D, E, F, placebo"),
        (arms(s1="placebo", s2="A B"), "placebo", "No study compares the reference 'placebo'"),
    ],
)
def test_not_estimable(table, reference, words):
    told = describe(table, reference, {})
    assert not told["estimable"]
    assert words in told["reason"]
    assert (told["nodes"], told["edges"], told["loops"]) == ([], [], 0)
    inside, outside = split(table, told)
    assert inside.empty
    assert len(outside) == len(table)
    assert outside["reason"].str.startswith("the stratum is not estimable: No ").all()


def test_without_the_reference_every_component_is_an_island():
    told = describe(CHAIN, "sham", {})
    assert [island["treatments"] for island in told["islands"]] == [
        ["A", "B", "placebo"], ["C", "D"], ["E", "F"],
    ]  # fmt: skip


def test_split_loses_no_arm():
    inside, outside = split(CHAIN, describe(CHAIN, "placebo", KINDS))
    assert set(inside["study"]) == {"s1", "s2", "s3"}
    assert set(outside["study"]) == {"s4", "s5", "s6"}
    assert len(inside) + len(outside) == len(CHAIN)
    reasons = dict(zip(outside["study"], outside["reason"], strict=True))
    assert reasons["s5"] == "not linked to the reference 'placebo' (island: E, F)"


def test_the_order_of_rows_does_not_matter():
    mixed = CHAIN.iloc[::-1].reset_index(drop=True)
    assert describe(mixed, "placebo", KINDS) == describe(CHAIN, "placebo", KINDS)
