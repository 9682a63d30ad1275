"""References: every work that the methods cite is there; BibTeX prints what it is given."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nma import references


def test_works_are_found_in_the_order_of_citation_and_once():
    found = references.cited(["a [Lu 2004; Dias 2013] b [PyMC] [not one]", "c [Lu 2004]"])
    assert [work.key for work in found] == ["Lu 2004", "Dias 2013", "PyMC"]


@pytest.mark.parametrize("key", references.WORKS)
def test_entries_are_balanced_and_have_what_a_journal_asks_for(key):
    work = references.WORKS[key]
    entry = work.bibtex()
    assert entry.count("{") == entry.count("}")
    assert re.match(r"@(article|book)\{\w+,\n", entry)
    for field in ("author", "title", "year"):
        assert f"  {field} = {{" in entry
    assert str(work.year) in work.text()
    if work.doi:
        assert re.fullmatch(r"10\.\d{4,}/\S+", work.doi)


def test_names_keep_family_and_initials():
    entry = references.WORKS["Spiegelhalter 2002"].bibtex()
    assert "Spiegelhalter, D. J. and Best, N. G. and Carlin, B. P. and van der Linde, A." in entry
    assert "Mölder, F. and others" in references.WORKS["Snakemake"].bibtex()


@given(st.text())
def test_no_text_breaks_out_of_its_braces(text):
    told = references.escape(text)
    bare = re.sub(r"\\text\w+\{\}|\\[&%$#_{}]", "", told)
    assert not set(bare) & set("\\{}%$#_&^~")
