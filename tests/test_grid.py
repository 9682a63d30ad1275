"""Reading a file: which reader it goes to, and why it goes to none."""

import subprocess
import sys
from pathlib import Path

import pytest
from files import HEADER, OLE, book, fail, put

import nma
from nma.grid import Grid, read_grid


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


@pytest.mark.parametrize("name", ["trials.xlsm", "trials.XLSX"])
def test_workbook_suffixes(tmp_path, name):
    path = book(tmp_path, [["a", "b"], [1, 2]], name="plain.xlsx").rename(tmp_path / name)
    assert read_grid(path).rows == [(2, ["1", "2"])]


def test_openpyxl_is_imported_for_a_workbook_only(tmp_path):
    path = put(tmp_path, "a,b\n1,2\n")
    code = "import sys; from nma.grid import read_grid; read_grid(sys.argv[1])"
    code += "; sys.exit('openpyxl' in sys.modules)"
    scripts = Path(nma.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code, path], cwd=scripts).returncode == 0
