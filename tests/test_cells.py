"""Blanks and minus signs are read as meant, characters that are no text are said."""

import pytest
from files import book, put

from nma.grid import read_grid


@pytest.mark.parametrize(
    ("cell", "meant"),
    [("MÃ¼ller", "Müller"), ("3 â€“ 5", "3 – 5"), ("â‰¤ 5", "≤ 5"), ("Â±2", "±2"), ("Ã\x81", "Á"),
     ("Ã¼ and 中", ""), ("Ã¼ é", "")],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_text_encoded_twice(tmp_path, kind, cell, meant):
    rows = [["a", "b"], ["1", cell]]
    path = book(tmp_path, rows) if kind == "xlsx" else put(tmp_path, "\n".join(map(",".join, rows)))
    found = read_grid(path).findings[-1]
    assert (found.level, found.rule, found.row, found.column) == ("warning", "mojibake", 2, "b")
    assert (found.value, found.proposal) == (cell, meant)


@pytest.mark.parametrize("cell", ["Müller", "„MENÜ“", "CAFÉ»", "naïve – 5", "±2 °C", "α ≤ 5", "中"])
def test_text_that_only_looks_a_little_like_it(tmp_path, cell):
    assert read_grid(put(tmp_path, f"a,b\n1,{cell}\n")).findings == []


def test_lost_and_control_characters(tmp_path):
    read = read_grid(put(tmp_path, 'a,b\nM\ufffdller,"x\ty\nz"\nB\x07,2\x1f\n'))
    said = [(f.level, f.rule, f.row, f.column) for f in read.findings]
    assert said == [
        ("warning", "replacement_character", 2, "a"),
        ("warning", "control_character", 3, "a"),
        ("warning", "control_character", 3, "b"),
    ]
    assert "U+0007" in read.findings[1].hint


def test_odd_blanks_are_stripped(tmp_path):
    read = read_grid(
        put(tmp_path, "\u200ba\u00a0,\u2060b\n\u00a0 x y\u200b,\ufeff 5\u202f\n\u200b\n")
    )
    assert (read.header, read.rows, read.findings) == (["a", "b"], [(2, ["x y", "5"])], [])


MINUS = {
    "\u22125": "-5",
    "\u20130.5": "-0.5",
    " \u2212.5": "-.5",
    "\u22121,5": "-1,5",
    "\u22121\u00a0234": "-1\u00a0234",
    "\u22122e-3": "-2e-3",
    "\u2013": "\u2013",
    "\u20133 to 5": "\u20133 to 5",
    "\u2014 5": "\u2014 5",
    "3\u20135": "3\u20135",
    "\u2212x": "\u2212x",
    "1\u202f234": "1\u202f234",
}


@pytest.mark.parametrize(("cell", "reads"), MINUS.items())
def test_typographic_minus(tmp_path, cell, reads):
    read = read_grid(put(tmp_path, f"a;b\n1;{cell}\n"))
    assert read.rows == [(2, ["1", reads])]
    assert ("typographic_minus" in read.how) == reads.startswith("-")
