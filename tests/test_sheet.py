"""The header of any sheet: names that can be told apart, in row 1."""

import pytest
from files import HEADER, book, fail, fails, put

from nma.grid import column_letter, read_grid


def test_repeated_names(tmp_path):
    found = fails(
        put(tmp_path, "n,mean,N ,sd,ci low,CI  Low,mean,,\n1,2,3\n1,2,3,4,5,6,7,8,9,10\n")
    )
    assert [(f.rule, f.row, f.column) for f in found] == [
        ("header", 1, "n"),
        ("header", 1, "mean"),
        ("header", 1, "ci low"),
        ("ragged_row", 3, ""),
    ]
    assert "appear twice: 'n', 'N' (columns A, C)" in found[0].hint
    assert "appear twice: 'mean' (columns B, G)" in found[1].hint


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_cells_under_no_name_are_said(tmp_path, kind):
    rows = [["a", "", "b", ""], ["1", "x", "2", ""], ["", "y", "", "z"], ["3", "", "4", ""]]
    path = book(tmp_path, rows) if kind == "xlsx" else put(tmp_path, "\n".join(map(",".join, rows)))
    read = read_grid(path)
    assert read.header == ["a", "", "b"]
    assert read.rows == [(2, ["1", "x", "2"]), (4, ["3", "", "4"])]
    assert [(f.level, f.rule, f.row, f.column) for f in read.findings] == [
        ("warning", "blank_header", 1, "B"),
        ("warning", "blank_header", 1, "D"),
    ]
    assert "its 2 filled cells are not used" in read.findings[0].hint


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (f"My trials\n\n{HEADER}\nA,1,x\n", 3),
        (f"My trials,,\nof 2024,,\n{HEADER}\nA,1,x\n", 3),
        (f",,\n{HEADER}\nA,1,x\n", 2),
        ("My trials\na;b;c\n1,5;2;3\n", 2),
        ("sep=,\nMy trials\na,b,c\n", 2),
    ],
)
def test_a_title_above_the_header(tmp_path, text, row):
    found = fail(put(tmp_path, text))
    assert (found.rule, found.row) == ("header", 1)
    assert f"they seem to be in row {row}. Delete the rows above it" in found.hint


def test_no_title_is_seen_where_there_is_none(tmp_path):
    assert read_grid(put(tmp_path, "study\nA\nB\n")).header == ["study"]
    late = "study\n" + "\n" * 10 + "A,b,c\n"
    assert fail(put(tmp_path, late)).rule == "ragged_row"


@pytest.mark.parametrize("text", ["", "\n\n", " , \n", "\ufeff", "\u200b\n", ",\na,b\n"])
def test_empty_files(tmp_path, text):
    found = fail(put(tmp_path, text))
    assert (found.rule, found.row) == ("empty_file", None)


def test_column_letters():
    assert [column_letter(n) for n in (1, 26, 27, 702, 703, 16384)] == [
        *("A", "Z", "AA", "ZZ", "AAA", "XFD"),
    ]
