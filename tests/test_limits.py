"""What is too large is said, before it costs minutes."""

from pathlib import Path

import pytest
from files import book, fail, patch, put, zipped

from nma import csv_sheet, limits
from nma.grid import read_grid


@pytest.mark.parametrize(
    ("suffix", "name"), [("csv", "MAX_TEXT_BYTES"), ("xlsx", "MAX_WORKBOOK_BYTES")]
)
def test_size_is_looked_at_before_reading(tmp_path, monkeypatch, suffix, name):
    path = put(tmp_path, "a,b\n1,2\n", f"trials.{suffix}")
    monkeypatch.setattr(limits, name, 7)
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
    monkeypatch.setattr(limits, name, limit)
    found = fail(path)
    assert (found.rule, found.row, found.column) == ("too_large", row, column)
    assert said in found.hint


def test_blank_cells_and_rows_count_for_no_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ROWS", 2)
    monkeypatch.setattr(limits, "MAX_COLUMNS", 2)
    assert len(read_grid(put(tmp_path, "a,b,,,\n\n,,,\n1,2,,,\n\n\n")).rows) == 1


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("a,b\n" + "\n" * 7, 9),
        ("a,b\r" + "\r\n" * 7, 9),
        ("a,b\n1,2\n" + "," * 5, 9),
        ("sep=;\na;b\n" + "x;" * 7, 9),
        ('a,b\n"' + "x\n" * 7, 9),
    ],
)
def test_cells_are_counted_before_a_text_is_parsed(tmp_path, monkeypatch, text, cells):
    monkeypatch.setattr(limits, "MAX_CELLS", 8)
    monkeypatch.setattr(csv_sheet, "_records", None)
    found = fail(put(tmp_path, text))
    assert found.rule == "too_large"
    assert found.hint.startswith(f"{cells} cells, blank ones included; the limit is 8. Delete")


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_rows_times_columns_are_limited(tmp_path, monkeypatch, suffix):
    rows = [["a", "b", "c"], ["1"], ["2"]]
    path = tmp_path / f"trials.{suffix}"
    if suffix == "csv":
        path.write_text("\n".join(map(",".join, rows)))
    else:
        book(tmp_path, rows)
    monkeypatch.setattr(limits, "MAX_CELLS", 8)
    assert fail(path).hint == "9 cells (3 rows of 3 columns); the limit is 8."


def test_cells_are_counted_before_a_worksheet_is_parsed(tmp_path, monkeypatch):
    path = book(tmp_path, [["a", "b"], [1, 2], [3]])
    patch(path, ('<c r="B2"', '<x:c r="B2"'), ('r="A3" t="n"><v>3</v>', "><v>3</v>"))
    monkeypatch.setattr(limits, "MAX_WORKBOOK_CELLS", 4)
    found = fail(path)
    said = "5 cells, blank ones with a format included; the limit is 4. Delete the blank rows"
    assert (found.file, found.hint.startswith(said)) == (f"{path} [Sheet]", True)


def test_findings_about_characters_are_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ODD", 2)
    path = put(tmp_path, "a,b\n\x07,1\n\x07,2\n")
    assert len(read_grid(path).findings) == 2
    found = fail(put(tmp_path, "a,b\n\x07,1\n\x07,\x07\n"))
    assert (found.rule, found.row, found.column) == ("too_large", 3, "b")


def test_a_quote_left_open_over_a_long_text(tmp_path):
    found = fail(put(tmp_path, "a,b\n1,2\n" + '"x,y\n' + "z,1\n" * 100_000))
    assert (found.rule, found.row) == ("too_large", 3)
    assert "quote that is opened here and never closed" in found.hint


def test_zip_bombs(tmp_path, monkeypatch):
    found = fail(zipped(tmp_path, {"xl/worksheets/sheet1.xml": bytes(2_000_000)}))
    assert found.rule == "too_large"
    assert "times its packed size is 'xl/worksheets/sheet1.xml'; the limit is 200" in found.hint
    monkeypatch.setattr(limits, "MAX_UNPACKED", 1000)
    found = fail(zipped(tmp_path, {"a": bytes(600), "b": bytes(600)}))
    assert found.hint == "1,200 bytes when unpacked; the limit is 1,000."
