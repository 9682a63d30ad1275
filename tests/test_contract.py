"""The contract, its codebook in data/README.md and the committed tables say the same."""

import csv
import re

import pytest
from tabular import ROOT

from nma.contract import MEASURES, TABLES, TRIALS, numbers

CODEBOOK = (ROOT / "data/README.md").read_text(encoding="utf-8")
FILES = {
    "trials": "data/trials.csv",
    "instruments": "config/instruments.csv",
    "treatments": "config/treatments.csv",
    "corrections": "data/corrections.csv",
    "exclusions": "data/exclusions.csv",
    "certainty": "config/certainty.csv",
}


def documented(heading):
    """(column, type, meaning) of the codebook table under a heading."""
    section = re.split(r"^## ", CODEBOOK, flags=re.M)
    (body,) = [part for part in section if part.startswith(heading + "\n")]
    return re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", body, flags=re.M)


def header(name):
    with (ROOT / FILES[name]).open(encoding="utf-8", newline="") as handle:
        return next(csv.reader(handle))


def test_every_table_of_the_contract_is_checked():
    assert {*FILES, "columns"} == set(TABLES)  # columns: docs/your_sheet.md, test_layout


MAPS = ["fine", "coarse"]  # of the nodes, for analyses that lump less or more


@pytest.mark.parametrize("name", FILES)
def test_codebook_lists_the_columns_of_the_contract_in_order(name):
    heading = FILES[name].removeprefix("data/")
    assert [row[0] for row in documented(heading)] == [field.name for field in TABLES[name]]


@pytest.mark.parametrize("name", FILES)
def test_codebook_types_agree(name):
    allowed = {
        "text": {"text", "word"},
        "number": {"number", "integer"},
        "choice": {"word"},
        "p_value": {"number or text"},
    }
    told = {column: kind for column, kind, _ in documented(FILES[name].removeprefix("data/"))}
    wrong = {f.name: told[f.name] for f in TABLES[name] if told[f.name] not in allowed[f.kind]}
    assert not wrong


@pytest.mark.parametrize("column", ["duration", "measure", "design", "rob"])
def test_codebook_names_every_choice(column):
    (meaning,) = [text for name, _, text in documented("trials.csv") if name == column]
    (field,) = [field for field in TRIALS if field.name == column]
    assert [choice for choice in field.choices if f"`{choice}`" not in meaning] == []


@pytest.mark.parametrize("name", FILES)
def test_committed_columns_are_in_the_contract(name):
    names = [field.name for field in TABLES[name]]
    names += MAPS if name == "treatments" else []
    assert [column for column in header(name) if column not in names] == []
    assert [f.name for f in TABLES[name] if f.required and f.name not in header(name)] == []


def test_no_column_is_named_twice():
    for fields in TABLES.values():
        names = [field.name for field in fields]
        assert len(names) == len(set(names))


def test_choices_belong_to_choice_columns_only():
    for fields in TABLES.values():
        assert [f.name for f in fields if bool(f.choices) != (f.kind == "choice")] == []


def test_numbers_are_the_numeric_columns():
    assert numbers(TABLES["instruments"]) == ["min", "max"]
    assert "p_value" not in numbers(TRIALS)
    assert MEASURES == ("final", "change", "improvement", "difference")
