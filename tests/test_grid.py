"""Reading a sheet: whatever wrote the file, its cells arrive as text or a finding says why not."""

import csv
import io
import string
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.styles import Font

from nma import grid
from nma.findings import InputError
from nma.grid import Grid, column_letter, read_grid

HEADER = "study,mean,note"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)


def put(folder, content, name="trials.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def fails(path, sheet=None):
    with pytest.raises(InputError) as caught:
        read_grid(path, sheet)
    assert {finding.level for finding in caught.value.findings} == {"error"}
    return caught.value.findings


def fail(path, sheet=None):
    (finding,) = fails(path, sheet)
    return finding


def only(read):
    (finding,) = read.findings
    return finding


def book(folder, rows, change=None, name="trials.xlsx"):
    """A workbook of one sheet; ``change`` edits it before it is saved."""
    made = Workbook()
    for cells in rows:
        made.active.append(cells)
    if change:
        change(made.active)
    made.save(folder / name)
    return folder / name


def patch(path, *edits, member="xl/worksheets/sheet1.xml"):
    """Replace text in a member of a workbook, as another program might have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for old, new in edits:
        assert old.encode() in parts[member]
        parts[member] = parts[member].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


# ---- the file --------------------------------------------------------------------------


def test_a_plain_file(tmp_path):
    path = put(tmp_path, f"{HEADER}\nAdams, 3.5 ,a\n\n,,\nBaker\n")
    assert read_grid(path) == Grid(
        file=str(path),
        header=["study", "mean", "note"],
        rows=[(2, ["Adams", "3.5", "a"]), (5, ["Baker", "", ""])],
        how={"format": "CSV", "encoding": "utf-8", "delimiter": "comma"},
        findings=[],
    )


def test_the_label_is_the_path_as_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "a,b\n1,2\n")
    assert read_grid("./trials.csv").file == "./trials.csv"


def test_missing_file_and_folder(tmp_path):
    assert fail(tmp_path / "none.csv").rule == "file_missing"
    assert fail(tmp_path).rule == "file_missing"


def test_unreadable_file(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    path = put(tmp_path, "a,b\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    found = fail(path)
    assert (found.rule, "Permission denied" in found.hint) == ("file_unreadable", True)


@pytest.mark.parametrize("suffix", [".xls", ".XLSB", ".ods", ".numbers"])
def test_other_formats(tmp_path, suffix):
    found = fail(put(tmp_path, OLE, f"trials{suffix}"))
    assert found.rule == "format"
    assert "save it as .xlsx or as CSV UTF-8" in found.hint


@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt", "CSV"])
def test_any_other_suffix_is_text(tmp_path, suffix):
    path = put(tmp_path, "a\tb\n1\t2\n", f"trials.{suffix}")
    assert read_grid(path).rows == [(2, ["1", "2"])]


@pytest.mark.parametrize(
    ("content", "seems"),
    [
        (b"PK\x03\x04 and more", "XLSX workbook"),
        (b"PK\x05\x06" + bytes(18), "ZIP archive"),
        (OLE, ".xls workbook"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"\xff\xd8\xff\xe0JFIF", "JPEG image"),
        (b"GIF89a", "GIF image"),
        (b"\x1f\x8b\x08", "gzip archive"),
        (b"{\\rtf1", "RTF document"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><table>", "web page"),
        (b"<?xml version='1.0'?>", "XML"),
        (b"a,b\n1,\x002\n", "binary"),
        ("a,b\n1,2\n".encode("utf-16-le"), "byte order mark"),
        ("a,b\n1,2\n".encode("utf-32"), "UTF-32"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, content, seems):
    found = fail(put(tmp_path, content))
    assert found.rule == "not_a_table"
    assert seems in found.hint


# ---- limits ----------------------------------------------------------------------------


def test_size_is_looked_at_before_reading(tmp_path, monkeypatch):
    path = put(tmp_path, "a,b\n1,2\n")
    monkeypatch.setattr(grid, "MAX_BYTES", 7)
    monkeypatch.setattr(Path, "read_bytes", None)
    found = fail(path)
    assert (found.rule, found.hint) == ("too_large", "8 bytes; the limit is 7.")


@pytest.mark.parametrize(
    ("name", "limit", "row", "column", "said"),
    [
        ("MAX_ROWS", 2, 3, "", "3 filled rows or more; the limit is 2"),
        ("MAX_COLUMNS", 2, 2, "", "3 columns; the limit is 2"),
        ("MAX_CHARACTERS", 5, 3, "B", "6 characters in a cell; the limit is 5"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_limits(tmp_path, monkeypatch, suffix, name, limit, row, column, said):
    rows = [["a", "b"], ["1", "2", "3"], ["4", "567890"]]
    path = tmp_path / f"trials.{suffix}"
    if suffix == "csv":
        path.write_text("\n".join(map(",".join, rows)))
    else:
        book(tmp_path, rows)
        column = "C" if name == "MAX_COLUMNS" else column
    monkeypatch.setattr(grid, name, limit)
    found = fail(path)
    assert (found.rule, found.row, found.column) == ("too_large", row, column)
    assert said in found.hint


def test_blank_cells_and_rows_count_for_no_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(grid, "MAX_ROWS", 2)
    monkeypatch.setattr(grid, "MAX_COLUMNS", 2)
    assert len(read_grid(put(tmp_path, "a,b,,,\n\n,,,\n1,2,,,\n\n\n")).rows) == 1


def test_a_quote_left_open_over_a_long_text(tmp_path):
    found = fail(put(tmp_path, "a,b\n1,2\n" + '"x,y\n' + "z,1\n" * 100_000))
    assert (found.rule, found.row) == ("too_large", 3)
    assert "quote that is opened here and never closed" in found.hint


# ---- encodings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "bom", "name"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8-sig", b"", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16"),
        ("utf-16-be", b"\xfe\xff", "utf-16"),
    ],
)
def test_unicode_is_read_without_a_word(tmp_path, codec, bom, name):
    read = read_grid(put(tmp_path, bom + "study\tn\nMüller ≤ 5\t4\n".encode(codec)))
    assert (read.header, read.rows) == (["study", "n"], [(2, ["Müller ≤ 5", "4"])])
    assert (read.how["encoding"], read.findings) == (name, [])


def test_a_guessed_encoding_is_said_with_the_first_word(tmp_path):
    text = f'{HEADER}\n"A\nB",1,\n\nC,2,by Müller – 2002\nD,3,é\n'
    read = read_grid(put(tmp_path, text.encode("cp1252")))
    found = only(read)
    assert (found.level, found.rule, found.row) == ("warning", "encoding", 4)
    assert "cp1252" in found.hint
    assert "reads as 'Müller'; if that is wrong" in found.hint
    assert read.rows[1] == (4, ["C", "2", "by Müller – 2002"])
    assert read.how["encoding"] == "cp1252"


def test_bytes_that_cp1252_lacks(tmp_path):
    read = read_grid(put(tmp_path, b"a,b\nM\x81ller,2\n"))
    assert read.how["encoding"] == "latin-1"
    assert [f.rule for f in read.findings] == ["encoding", "control_character"]


def test_a_guess_without_a_word_to_show(tmp_path):
    read = read_grid(put(tmp_path, b"a,b\n1,2\n\xa0,\n"))
    assert (only(read).rule, only(read).row) == ("encoding", None)
    assert read.rows == [(2, ["1", "2"])]


def test_broken_unicode(tmp_path):
    assert fail(put(tmp_path, "a,b\n".encode("utf-16") + b"x")).rule == "encoding"
    read = read_grid(put(tmp_path, b"\xef\xbb\xbfa,b\nM\xfcller,2\n"))
    assert (only(read).rule, only(read).row, only(read).column) == ("replacement_character", 2, "a")


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


# ---- delimiters, lines, quotes -----------------------------------------------------------


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
def test_a_line_that_names_the_delimiter_counts_as_a_row(tmp_path, line):
    read = read_grid(put(tmp_path, f"{line}\r\na,b;c\r\n1,2;3\r\n"))
    assert (read.header, read.rows) == (["a,b", "c"], [(3, ["1,2", "3"])])
    assert fail(put(tmp_path, f"{line}\na;a\n1;2\n")).row == 2


@pytest.mark.parametrize(
    ("text", "row", "line", "said"),
    [
        (f'{HEADER}\n"x\ny",1,2\n"Adams,3,4\nB,1,2\n', 3, 4, "opened in this row and never closed"),
        (f'{HEADER}\n\n"A"b,1,2\n', 3, 3, "Text follows a closing quote"),
        (f'sep=,\n{HEADER}\n"A"b,1,2\n', 3, 3, "Text follows a closing quote"),
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


# ---- header ----------------------------------------------------------------------------


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
        ("sep=,\nMy trials\na,b,c\n", 3),
    ],
)
def test_a_title_above_the_header(tmp_path, text, row):
    found = fail(put(tmp_path, text))
    assert (found.rule, found.row) == ("header", 2 if text.startswith("sep") else 1)
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


# ---- workbooks -------------------------------------------------------------------------


def test_a_plain_workbook(tmp_path):
    path = book(
        tmp_path,
        [
            ["study", "n", "mean", "note"],
            ["Adams", 5.0, 0.1 + 0.2, " two\nlines "],
            [None, " "],
            ["Baker", 123456789012, -1e-7, True],
            ["Cole", 0.00012, 1e21, False],
            ["Dunn", -0.0, 1234.5, "007"],
        ],
    )
    assert read_grid(path) == Grid(
        file=f"{path} [Sheet]",
        header=["study", "n", "mean", "note"],
        rows=[
            (2, ["Adams", "5", "0.3", "two\nlines"]),
            (4, ["Baker", "123456789012", "-1e-07", "TRUE"]),
            (5, ["Cole", "0.00012", "1e+21", "FALSE"]),
            (6, ["Dunn", "0", "1234.5", "007"]),
        ],
        how={"format": "XLSX", "sheet": "Sheet", "other_sheets": "0"},
        findings=[],
    )


@pytest.mark.parametrize("name", ["trials.xlsm", "trials.XLSX"])
def test_workbook_suffixes(tmp_path, name):
    path = book(tmp_path, [["a", "b"], [1, 2]], name="plain.xlsx").rename(tmp_path / name)
    assert read_grid(path).rows == [(2, ["1", "2"])]


def sheets(folder, hide=()):
    made = Workbook()
    made.active.title = "Read me"
    for name in ("Lists", "Trials", "Old"):
        made.create_sheet(name).append(["a", "b"])
        made[name].append([name, 1])
    for name in hide:
        made[name].sheet_state = "hidden"
    made.save(folder / "trials.xlsx")
    return folder / "trials.xlsx"


def test_the_first_sheet_with_cells_is_read_and_the_others_named(tmp_path):
    path = sheets(tmp_path)
    read = read_grid(path)
    assert read.file == f"{path} [Lists]"
    assert read.how == {"format": "XLSX", "sheet": "Lists", "other_sheets": "2"}
    assert (only(read).level, only(read).rule) == ("warning", "several_sheets")
    assert "not used are 'Trials', 'Old'" in only(read).hint


def test_hidden_sheets_are_not_the_first(tmp_path):
    read = read_grid(sheets(tmp_path, hide=["Lists"]))
    assert read.how["sheet"] == "Trials"
    assert "not used are 'Lists', 'Old'" in only(read).hint


def test_the_only_sheet_with_cells_may_be_hidden(tmp_path):
    made = Workbook()
    made.create_sheet("Data").append(["a", "b"])
    made["Data"].sheet_state = "hidden"
    made.save(tmp_path / "trials.xlsx")
    read = read_grid(tmp_path / "trials.xlsx")
    assert (read.how["sheet"], read.how["other_sheets"], read.findings) == ("Data", "0", [])


def test_a_named_sheet(tmp_path):
    read = read_grid(sheets(tmp_path), sheet="Trials")
    assert (read.rows, read.findings) == ([(2, ["Trials", "1"])], [])
    assert fail(sheets(tmp_path), sheet="Read me").rule == "empty_file"


def test_an_unknown_sheet(tmp_path):
    found = fail(sheets(tmp_path), sheet="trial")
    assert found.rule == "unknown_sheet"
    assert "it has 'Read me', 'Lists', 'Trials', 'Old'." in found.hint
    assert found.hint.endswith("Did you mean 'Trials'?")


def test_formulas(tmp_path):
    path = book(
        tmp_path, [["study", "n", "mean", "note"], ["A", "=1", "=2", "=3"], ["B", 1, 2, "x"]]
    )
    formula = '<c r="{}"><f>{}</f><v /></c>'
    patch(
        path,
        (formula.format("B2", 1), '<c r="B2"><f>1</f><v>41.0</v></c>'),
        (formula.format("D2", 3), '<c r="D2" t="str"><f>3</f><v></v></c>'),
    )
    read = read_grid(path)
    assert read.rows[0] == (2, ["A", "41", "", ""])
    found = only(read)
    assert (found.level, found.rule) == ("error", "formula_without_value")
    assert (found.file, found.row, found.column) == (f"{path} [Sheet]", 2, "mean")
    assert "open the file in a spreadsheet program and save it" in found.hint


ERRORS = ["#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#NUM!"]


def test_spreadsheet_errors(tmp_path):
    path = book(tmp_path, [["a", "b"], *([error, "x"] for error in ERRORS), ["1", None, "#N/A"]])
    read = read_grid(path)
    assert [f.rule for f in read.findings] == ["spreadsheet_error"] * 6 + ["blank_header"]
    assert [(f.level, f.row, f.column, f.value) for f in read.findings[:6]] == [
        ("error", row, "a", error) for row, error in enumerate(ERRORS, 2)
    ]


@pytest.mark.parametrize(
    ("header", "level"),
    [
        ("study", "warning"),
        ("Source", "warning"),
        ("mean arm 2", "warning"),
        ("mean", "error"),
        (" SD ", "error"),
        ("p_value", "error"),
        ("year", "error"),
    ],
)
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2026, 5, 3), "2026-05-03"),
        (datetime(2026, 5, 3, 10, 30), "2026-05-03T10:30:00"),
        (time(10, 30), "10:30:00"),
        (timedelta(hours=30), "1 day, 6:00:00"),
    ],
)
def test_dates(tmp_path, header, level, value, text):
    read = read_grid(book(tmp_path, [["x", header], ["A", value]]))
    assert read.rows == [(2, ["A", text])]
    found = only(read)
    assert (found.level, found.rule, found.row) == (level, "date_cell", 2)
    assert (found.column, found.value) == (header.strip(), text)
    assert ("such as 3.5" if level == "error" else "May 2003") in found.hint


@pytest.mark.parametrize(
    ("shape", "percent"),
    [
        ("0%", True),
        ("0.00%", True),
        ("0.0 %", True),
        ('0"%"', False),
        ("0\\%", False),
        ("0", False),
    ],
)
def test_percentages(tmp_path, shape, percent):
    def change(sheet):
        sheet["B2"].number_format = sheet["A2"].number_format = shape

    read = read_grid(book(tmp_path, [["a", "ci_level"], ["95%", 0.95]], change))
    assert read.rows == [(2, ["95%", "0.95"])]
    said = [(f.level, f.rule, f.column, f.value, f.evidence) for f in read.findings]
    shown = [("warning", "percent_cell", "ci_level", "0.95", "shown as 95%")]
    assert said == (shown if percent else [])


def test_merged_cells(tmp_path):
    def change(sheet):
        sheet.merge_cells("A2:A4")
        sheet.merge_cells("B6:C6")
        sheet.merge_cells("D2:E9")  # blank
        sheet.merge_cells("A8:A9")  # row 9 has no cell of its own

    rows = [
        ["study", "n", "note"],
        ["A", 1],
        [None, 2],
        [None, 3],
        ["B", 4, "x"],
        ["C", 5],
        [],
        ["D"],
    ]
    read = read_grid(book(tmp_path, rows, change))
    assert read.rows == [
        (2, ["A", "1", ""]),
        (3, ["A", "2", ""]),
        (4, ["A", "3", ""]),
        (5, ["B", "4", "x"]),
        (6, ["C", "5", "5"]),
        (8, ["D", "", ""]),
    ]
    assert [(f.level, f.rule, f.row, f.column, f.value) for f in read.findings] == [
        ("warning", "merged_cells", 2, "study", "A"),
        ("warning", "merged_cells", 6, "n", "5"),
    ]
    assert "A2:A4" in read.findings[0].hint


@pytest.mark.parametrize("where", ["B1:C1", "B1:B2"])
def test_a_merged_header(tmp_path, where):
    rows = [["study", "mean", None, "n"], ["A", None, 2, 3]]
    found = fail(book(tmp_path, rows, lambda sheet: sheet.merge_cells(where)))
    assert (found.rule, found.row, found.value) == ("header", 1, "mean")
    assert f"{where} are merged" in found.hint


def test_a_merged_title(tmp_path):
    rows = [["My trials"], ["study", "mean", "n"], ["A", 1, 2]]
    found = fail(book(tmp_path, rows, lambda sheet: sheet.merge_cells("A1:C1")))
    assert "they seem to be in row 2" in found.hint


def test_hidden_rows_and_columns_are_read_and_said(tmp_path):
    def change(sheet):
        for row in (3, 4, 6, 50):
            sheet.row_dimensions[row].hidden = True
        for column in ("B", "Z"):
            sheet.column_dimensions[column].hidden = True

    read = read_grid(book(tmp_path, [["a", "b"], *([n, n] for n in range(6))], change))
    assert len(read.rows) == 6
    assert (only(read).level, only(read).rule) == ("warning", "hidden_rows")
    assert "row 3-4, 6 and column B." in only(read).hint


def test_formatting_far_away_costs_nothing(tmp_path):
    def change(sheet):
        sheet["XFD1048576"].font = Font(bold=True)
        sheet["XFD2"] = " "

    path = book(tmp_path, [["a", "b"], [1, 2]], change)
    patch(
        path,
        ("</sheetData>", '</sheetData><mergeCells><mergeCell ref="A3:XFD1048576"/></mergeCells>'),
    )
    read = read_grid(path)
    assert (read.header, read.rows, read.findings) == (["a", "b"], [(2, ["1", "2"])], [])


def test_shared_and_rich_strings(tmp_path):
    path = book(tmp_path, [["a", "b"], ["x", "y"]])
    inline = 't="inlineStr"><is><t>{}</t></is>'
    patch(path, *((inline.format(c), f't="s"><v>{i}</v>') for i, c in enumerate("abxy")))
    rich = "<si><r><t>M</t></r><r><rPr><b/></rPr><t>üller</t></r></si>"
    strings = f"<si><t>a</t></si><si><t>b</t></si>{rich}<si><t xml:space='preserve'> y </t></si>"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/>'
    patch(path, ("</Types>", f"{part}</Types>"), member="[Content_Types].xml")
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{strings}</sst>')
    assert read_grid(path).rows == [(2, ["Müller", "y"])]


def test_rows_and_cells_without_their_places(tmp_path):
    path = book(tmp_path, [["a", "b"], [1, 2]])
    patch(path, *((f' r="{place}"', "") for place in ("1", "A1", "B1", "2", "A2", "B2")))
    assert read_grid(path).rows == [(2, ["1", "2"])]


def test_what_openpyxl_does_not_support_is_no_warning(tmp_path):
    path = book(tmp_path, [["a", "b"], [1, 2]])
    bad = '<dataValidations count="1"><dataValidation type="nonsense"/></dataValidations>'
    known = '<extLst><ext uri="{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}"/></extLst>'
    patch(path, ("</worksheet>", f"{bad}{known}</worksheet>"))
    patch(path, ('name="Normal"', 'name="None"'), member="xl/styles.xml")
    assert read_grid(path).rows == [(2, ["1", "2"])]


# ---- workbooks that are none -----------------------------------------------------------


def zipped(folder, members, name="trials.xlsx"):
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return folder / name


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"PK not a workbook", b"PK\x05\x06" + bytes(18)]
)
def test_no_workbook(tmp_path, content):
    found = fail(put(tmp_path, content, "trials.xlsx"))
    assert found.rule == "xlsx"
    assert "save it again" in found.hint


def test_another_archive(tmp_path):
    assert fail(zipped(tmp_path, {"content.xml": "<a/>"})).rule == "xlsx"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<sheetData>", "<sheetData"),
        ('r="B2"', 'r="B0"'),
        ('r="B2"', 'r="?"'),
        ('r="2"', 'r="two"'),
        ("<v>2</v>", "<v>2x</v>"),
        ('t="inlineStr"><is><t>a</t></is>', 't="s"><v>99</v>'),
        ('r="B2"', 'r="B2" s="999"'),
        ("</sheetData>", '</sheetData><mergeCells><mergeCell ref="?"/></mergeCells>'),
    ],
)
def test_a_broken_sheet(tmp_path, old, new):
    path = patch(book(tmp_path, [["a", "b"], [1, 2]]), (old, new))
    assert fail(path).rule == "xlsx"


def test_an_encrypted_workbook(tmp_path):
    found = fail(put(tmp_path, OLE, "trials.xlsx"))
    assert found.rule == "format"
    assert "encrypted" in found.hint


def test_a_strict_workbook(tmp_path):
    plain = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    path = book(tmp_path, [["a", "b"], [1, 2]])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    patch(path, (main, "http://purl.oclc.org/ooxml/spreadsheetml/main"),
          (plain, "http://purl.oclc.org/ooxml/officeDocument/relationships"),
          member="xl/workbook.xml")  # fmt: skip
    found = fail(path)
    assert (found.rule, "Strict" in found.hint) == ("format", True)


def test_zip_bombs(tmp_path, monkeypatch):
    found = fail(zipped(tmp_path, {"xl/worksheets/sheet1.xml": bytes(2_000_000)}))
    assert found.rule == "too_large"
    assert "times its packed size is 'xl/worksheets/sheet1.xml'; the limit is 200" in found.hint
    monkeypatch.setattr(grid, "MAX_UNPACKED", 1000)
    found = fail(zipped(tmp_path, {"a": bytes(600), "b": bytes(600)}))
    assert found.hint == "1,200 bytes when unpacked; the limit is 1,000."


# ---- properties ------------------------------------------------------------------------

# Cells as a person may type them: no control or zero-width character, no minus that is normalised.
CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cf", "Cs"), exclude_characters="\u2212\u2013"
)
CELLS = st.text(CHARACTERS, max_size=8)
NAMES = st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=6)


@st.composite
def tables(draw):
    header = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=6))
    return header, rows


def expected(rows):
    stripped = [[cell.strip() for cell in cells] for cells in rows]
    return [(row, cells) for row, cells in enumerate(stripped, 2) if any(cells)]


def scratch(tmp_path_factory, content, name):
    folder = tmp_path_factory.getbasetemp() / "scratch"
    folder.mkdir(exist_ok=True)
    return put(folder, content, name)


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
    assert read.how["delimiter"] == grid.DELIMITERS[delimiter]
    assert all(finding.level == "warning" for finding in read.findings)


@settings(max_examples=50, deadline=None)
@given(table=tables())
def test_a_written_workbook_reads_back(tmp_path_factory, table):
    header, rows = table
    made = Workbook()
    for i, cells in enumerate([header, *rows], 1):
        for j, cell in enumerate(cells, 1):
            made.active.cell(i, j).value = cell
            made.active.cell(i, j).data_type = "s"  # no formula, no error
    content = io.BytesIO()
    made.save(content)
    read = read_grid(scratch(tmp_path_factory, content.getvalue(), "property.xlsx"))
    assert (read.header, read.rows) == (header, expected(rows))


def valid_csv():
    return f'{HEADER}\nAdams,3.5,"a ""b"", c"\nMüller,−2,\n'.encode()


def valid_book():
    made, content = Workbook(), io.BytesIO()
    made.active.append(["study", "mean", "note"])
    made.active.append(["Adams", 3.5, date(2026, 5, 3)])
    made.active.append(["Baker", "=1+1", "#N/A"])
    made.active.merge_cells("A3:B4")
    made.save(content)
    return content.getvalue()


VALID_CSV, VALID_BOOK = valid_csv(), valid_book()


def mutated(content):
    """Some bytes replaced, a part cut out."""
    spot = st.integers(0, len(content) - 1)

    def mutate(changes, cut):
        changed = bytearray(content)
        for at, byte in changes:
            changed[at] = byte
        del changed[slice(*sorted(cut))]
        return bytes(changed)

    changes = st.lists(st.tuples(spot, st.integers(0, 255)), max_size=5)
    cuts = st.one_of(st.just((0, 0)), st.tuples(spot, spot))
    return st.builds(mutate, changes, cuts)


def holds(path):
    """A Grid that keeps its promises, or InputError."""
    read, errors = None, []
    try:
        read = read_grid(path)
    except InputError as error:
        errors = error.findings
    assert (read is None) == bool(errors)
    assert all(finding.level == "error" for finding in errors)
    if read:
        assert any(read.header)
        assert all(len(cells) == len(read.header) for _, cells in read.rows)
        assert all(row > 1 for row, _ in read.rows)


FUZZ = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FUZZ
@given(st.one_of(st.binary(max_size=200), mutated(VALID_CSV)))
@example(b"\xff\xfe")
@example(b"\xfe\xff\xd8\x00")
@example(b'"')
def test_any_bytes_as_csv(tmp_path_factory, content):
    holds(scratch(tmp_path_factory, content, "fuzz.csv"))


@FUZZ
@given(st.one_of(st.binary(max_size=200), mutated(VALID_BOOK)))
def test_any_bytes_as_workbook(tmp_path_factory, content):
    holds(scratch(tmp_path_factory, content, "fuzz.xlsx"))


with zipfile.ZipFile(io.BytesIO(VALID_BOOK)) as archive:
    PARTS = {name: archive.read(name) for name in archive.namelist()}


@FUZZ
@given(st.sampled_from(sorted(PARTS)).flatmap(
    lambda name: st.tuples(st.just(name), mutated(PARTS[name]))
))  # fmt: skip
def test_any_bytes_inside_a_workbook(tmp_path_factory, change):
    folder = tmp_path_factory.getbasetemp()
    holds(zipped(folder, PARTS | {change[0]: change[1]}, "fuzz.xlsx"))
