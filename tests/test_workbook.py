"""A workbook: the sheet that is meant, and files that only look like one."""

import io
import zipfile
from datetime import date

import pytest
from files import (
    FUZZ,
    OLE,
    book,
    expected,
    fail,
    holds,
    mutated,
    only,
    patch,
    put,
    scratch,
    tables,
    zipped,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from nma.grid import read_grid


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


def test_what_openpyxl_does_not_support_is_no_warning(tmp_path):
    path = book(tmp_path, [["a", "b"], [1, 2]])
    bad = '<dataValidations count="1"><dataValidation type="nonsense"/></dataValidations>'
    known = '<extLst><ext uri="{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}"/></extLst>'
    patch(path, ("</worksheet>", f"{bad}{known}</worksheet>"))
    patch(path, ('name="Normal"', 'name="None"'), member="xl/styles.xml")
    assert read_grid(path).rows == [(2, ["1", "2"])]


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"PK not a workbook", b"PK\x05\x06" + bytes(18)]
)
def test_no_workbook(tmp_path, content):
    found = fail(put(tmp_path, content, "trials.xlsx"))
    assert found.rule == "xlsx"
    assert "save it again" in found.hint


def test_another_archive(tmp_path):
    assert fail(zipped(tmp_path, {"content.xml": "<a/>"})).rule == "xlsx"


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


def valid_book():
    made, content = Workbook(), io.BytesIO()
    made.active.append(["study", "mean", "note"])
    made.active.append(["Adams", 3.5, date(2026, 5, 3)])
    made.active.append(["Baker", "=1+1", "#N/A"])
    made.active.merge_cells("A3:B4")
    made.save(content)
    return content.getvalue()


VALID = valid_book()
with zipfile.ZipFile(io.BytesIO(VALID)) as archive:
    PARTS = {name: archive.read(name) for name in archive.namelist()}


@FUZZ
@given(st.one_of(st.binary(max_size=200), mutated(VALID)))
def test_any_bytes_as_workbook(tmp_path_factory, content):
    holds(scratch(tmp_path_factory, content, "fuzz.xlsx"))


@FUZZ
@given(st.sampled_from(sorted(PARTS)).flatmap(
    lambda name: st.tuples(st.just(name), mutated(PARTS[name]))
))  # fmt: skip
def test_any_bytes_inside_a_workbook(tmp_path_factory, change):
    folder = tmp_path_factory.getbasetemp()
    holds(zipped(folder, PARTS | {change[0]: change[1]}, "fuzz.xlsx"))
