"""What a spreadsheet shows beyond the text of its cells is said."""

from datetime import date, datetime, time, timedelta

import pytest
from files import book, fail, only, patch
from openpyxl.styles import Font

from nma.grid import read_grid

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
