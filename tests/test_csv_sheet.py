"""Delimiters, line ends and quotes: a CSV is read as it was written."""

import csv
import io

import pytest
from files import FUZZ, HEADER, expected, fail, fails, holds, mutated, only, put, scratch, tables
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nma.csv_sheet import DELIMITERS
from nma.grid import read_grid


@pytest.mark.parametrize(
    ("delimiter", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "pipe")]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path, delimiter, name, end):
    lines = ["study|mean (a, b; c)|note", '"x', 'y"|3,5|"p;q, ""r"""', "", "B|2|"]
    text = end.join(lines).replace("|", delimiter)
    if delimiter in ",;":
        text = text.replace(f"mean (a{delimiter} b; c)", "m").replace("mean (a, b; c)", "m")
        text = text.replace("3,5", '"3,5"')
    read = read_grid(put(tmp_path, text))
    assert read.how["delimiter"] == name
    assert [(row, cells[1:]) for row, cells in read.rows] == [
        (2, ["3,5", 'p;q, "r"']),
        (4, ["2", ""]),
    ]
    assert read.rows[0][1][0] == f"x{end}y"


@pytest.mark.parametrize(
    ("text", "name", "columns"),
    [
        ("study;mean;sd\nA, b;3,5;2,1\nC, d;1,0;2,2\n", "semicolon", 3),
        ("study;mean (SD, 95% CI);n\nA;3,5;40\nB;1,5;41\n", "semicolon", 3),
        ("study,mean;sd,n\na,1,2\nb,1,2\n", "comma", 3),
        ("study,mean\nA;b;c,1\nD;e;f,2\n", "comma", 2),
        ("study\nA\n", "comma", 1),
        ("study;n\n", "semicolon", 2),
        ('"a,b";"c,d"\n"1,2";"3,4"\n', "semicolon", 2),
    ],
)
def test_the_delimiter_is_the_one_that_fits(tmp_path, text, name, columns):
    read = read_grid(put(tmp_path, text))
    assert (read.how["delimiter"], len(read.header)) == (name, columns)


def test_decimal_commas_do_not_hide_the_delimiter(tmp_path):
    found = fails(put(tmp_path, "study,mean,n\nA; B,3,5,40\nC; D,2,1,40\n"))
    assert [(f.rule, f.row) for f in found] == [("ragged_row", 2), ("ragged_row", 3)]


def test_a_long_file_is_sampled(tmp_path):
    text = "a;b\n" + "x, y;" + "z" * 90_000 + "\n" + "p,q;" + "r" * 20_000 + "\n"
    read = read_grid(put(tmp_path, text))
    assert (read.how["delimiter"], len(read.rows)) == ("semicolon", 2)


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "sep=; "])
def test_a_line_that_names_the_delimiter_is_no_row(tmp_path, line):
    read = read_grid(put(tmp_path, f"{line}\r\na,b;c\r\n1,2;3\r\n"))
    assert (read.header, read.rows) == (["a,b", "c"], [(2, ["1,2", "3"])])
    assert fail(put(tmp_path, f"{line}\na;a\n1;2\n")).row == 1


@pytest.mark.parametrize(
    ("text", "row", "line", "said"),
    [
        (f'{HEADER}\n"x\ny",1,2\n"Adams,3,4\nB,1,2\n', 3, 4, "opened in this row and never closed"),
        (f'{HEADER}\n\n"A"b,1,2\n', 3, 3, "Text follows a closing quote"),
        (f'sep=,\n{HEADER}\n"A"b,1,2\n', 2, 3, "Text follows a closing quote"),
    ],
)
def test_quotes_that_do_not_close(tmp_path, text, row, line, said):
    found = fail(put(tmp_path, text))
    assert (found.rule, found.row) == ("csv_syntax", row)
    assert found.evidence == f"line {line} of the text"
    assert said in found.hint
    assert "check the quotes" in found.hint


def test_every_ragged_row_is_listed(tmp_path):
    found = fails(put(tmp_path, f"{HEADER}\nA,1,x\nB,1,x,y\nC,1,x,,\nD,3,5,x\n"))
    assert [(f.rule, f.row) for f in found] == [("ragged_row", 3), ("ragged_row", 5)]
    assert "quote cells that hold a comma" in found[0].hint
    assert "decimal comma" not in found[0].hint
    assert "decimal comma" in found[1].hint
    found = fail(put(tmp_path, "a;b\n1;2\n3;4;5\n"))
    assert "hold a semicolon" in found.hint
    assert "decimal" not in found.hint


def test_a_row_that_escapes_being_ragged_by_its_last_blank(tmp_path):
    read = read_grid(put(tmp_path, f"{HEADER}\nA,1,x\nB,3,5,\nC,1,x\n"))
    assert (only(read).level, only(read).rule, only(read).row) == ("warning", "long_row", 3)
    assert read_grid(put(tmp_path, f"{HEADER}\nA,1,x,,\nC,1,x,,\n")).findings == []


def test_a_csv_has_no_sheets(tmp_path):
    read = read_grid(put(tmp_path, "a,b\n1,2\n"), sheet="Data")
    assert (only(read).level, only(read).rule) == ("warning", "no_sheets")


@settings(max_examples=150, deadline=None)
@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@example((["a", "b"], [["1,2;3", "x|y"], ['"', "\t"]]), ";", "utf-8", "\r", csv.QUOTE_MINIMAL)
def test_a_written_csv_reads_back(tmp_path_factory, table, delimiter, encoding, end, quoting):
    header, rows = table
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([header, *rows])
    path = scratch(tmp_path_factory, text.getvalue().encode(encoding), "property.csv")
    read = read_grid(path)
    assert (read.header, read.rows) == (header, expected(rows))
    assert read.how["encoding"] == encoding
    assert read.how["delimiter"] == DELIMITERS[delimiter]
    assert all(finding.level == "warning" for finding in read.findings)


VALID = f'{HEADER}\nAdams,3.5,"a ""b"", c"\nMüller,−2,\n'.encode()


@FUZZ
@given(st.one_of(st.binary(max_size=200), mutated(VALID)))
@example(b"\xff\xfe")
@example(b"\xfe\xff\xd8\x00")
@example(b'"')
def test_any_bytes_as_csv(tmp_path_factory, content):
    holds(scratch(tmp_path_factory, content, "fuzz.csv"))
