"""The maps of config/treatments.csv, fine, treatment and coarse, are usable and nested."""

import csv
import re
from collections import defaultdict
from itertools import pairwise

import pytest
from tabular import ROOT

MAPS = ("fine", "treatment", "coarse")  # from narrow to wide nodes
AND = " + "
DESCRIBED = ("class", "modality", "kind")

# Parts of combinations that no trial gave alone.
ONLY_COMBINED = {
    "fine": {
        *("CBT", "behavioural counselling", "health coaching", "sit-stand desk", "pedometer"),
        *("activity tracker", "web-based walking programme", "physical activity"),
        *("cold", "laser", "ultrasound", "continuous ultrasound", "physical modalities"),
        *("mobilisation", "strengthening exercise"),
        *("radiofrequency denervation", "topical ketoprofen", "codeine"),
        *("baclofen", "benzodiazepine", "chlorzoxazone", "diazepam", "metaxalone"),
        *("methocarbamol", "orphenadrine", "tizanidine"),
    },
    "coarse": {"benzodiazepine", "radiofrequency denervation"},
}


@pytest.fixture(scope="module")
def rows():
    with (ROOT / "config/treatments.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def several(rows, node, column):
    """Nodes of a map whose lines give more than one value of a column."""
    found = defaultdict(set)
    for row in rows:
        found[row[node]].add(row[column])
    return {name: sorted(values) for name, values in found.items() if len(values) > 1}


def nodes(rows, column):
    return {row[column] for row in rows}


def parts(name):
    return name.split(AND)


def plain(name):
    """A name without what spellings differ in: case, -ize, hyphens, blanks, plurals."""
    return re.sub(r"[^a-z0-9]|s\b", "", name.lower().replace("z", "s"))


@pytest.mark.parametrize("column", MAPS)
def test_every_cell_is_filled_and_clean(rows, column):
    for row in rows:
        name = row[column]
        assert name, row["reported"]
        assert name == " ".join(name.split())
        assert all(parts(name))
        assert not set(name) & set(',;"/\\<>')  # names go into tables, figures and file names
        assert name.count("+") == name.count(AND)


@pytest.mark.parametrize(("narrow", "wide"), [*pairwise(MAPS)])
def test_maps_are_nested(rows, narrow, wide):
    assert several(rows, narrow, wide) == {}


def test_maps_get_coarser(rows):
    fine, medium, coarse = (len(nodes(rows, column)) for column in MAPS)
    assert fine > medium > coarse


@pytest.mark.parametrize("column", DESCRIBED)
@pytest.mark.parametrize("node", MAPS)
def test_a_node_is_of_one_class_modality_and_kind(rows, node, column):
    assert several(rows, node, column) == {}


@pytest.mark.parametrize("node", MAPS)
def test_the_reference_is_all_the_placebos_and_nothing_else(rows, node):
    placebos = {row["reported"] for row in rows if row["kind"] == "placebo"}
    assert {row["reported"] for row in rows if row[node] == "placebo"} == placebos
    assert "placebo" in placebos
    assert {row["class"] for row in rows if row["kind"] == "placebo"} == {"placebo"}


def test_only_active_treatments_are_told_apart(rows):
    passive = [row for row in rows if row["kind"] != "active"]
    assert [row["fine"] for row in passive] == [row["treatment"] for row in passive]
    assert [row["coarse"] for row in passive] == [row["class"] for row in passive]


def test_a_treatment_reported_by_its_own_name_keeps_it(rows):
    for row in rows:
        if row["reported"] == row["treatment"]:
            assert row["fine"] == row["treatment"]


def test_one_name_is_one_thing_in_every_map(rows):
    """A node named like one of the main map holds, or is held by, that one."""
    medium = nodes(rows, "treatment")
    for row in rows:
        if row["fine"] in medium:
            assert row["fine"] == row["treatment"]
        if row["coarse"] in medium:
            there = {r["coarse"] for r in rows if r["treatment"] == row["coarse"]}
            assert there == {row["coarse"]}


@pytest.mark.parametrize("column", ["fine", "coarse"])
def test_parts_of_a_combination_are_named_as_single_nodes_are(rows, column):
    single = {name for name in nodes(rows, column) if AND not in name}
    inside = {part for name in nodes(rows, column) if AND in name for part in parts(name)}
    assert inside - single == ONLY_COMBINED[column]
    spellings = {plain(name): name for name in single}
    assert {
        part: spellings[plain(part)] for part in inside - single if plain(part) in spellings
    } == {}


@pytest.mark.parametrize("column", MAPS)
def test_no_node_is_spelled_in_two_ways(rows, column):
    """Neither by spelling nor by the order of a combination."""
    found = defaultdict(set)
    for name in nodes(rows, column):
        found[tuple(sorted(map(plain, parts(name))))].add(name)
    assert [names for names in found.values() if len(names) > 1] == []


@pytest.mark.parametrize("column", MAPS)
def test_a_combination_names_no_part_twice(rows, column):
    for name in nodes(rows, column):
        assert len(set(parts(name))) == len(parts(name))


def test_a_combination_stays_one_in_the_fine_map(rows):
    for row in rows:
        if AND in row["treatment"]:
            assert AND in row["fine"], row["reported"]


def test_coarse_is_the_class_except_for_combinations(rows):
    # Its class, physiotherapy, is of another modality.
    own = {"biobehavioural physiotherapy"}
    for row in rows:
        if row["class"] == "combination":
            assert AND in row["coarse"], row["reported"]
        elif row["treatment"] not in own:
            assert row["coarse"] == row["class"], row["reported"]


def test_coarse_parts_are_classes(rows):
    known = nodes(rows, "class") | {"biobehavioural physiotherapy"} | ONLY_COMBINED["coarse"]
    named = {part for name in nodes(rows, "coarse") for part in parts(name)}
    assert named <= known - {"combination"}
