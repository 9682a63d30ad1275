"""Reading and writing tables: every fault of a file is a finding that says where and what to do."""

import pandas as pd
import pytest
from openpyxl import Workbook

from nma.contract import EXCLUSIONS, INSTRUMENTS, TRIALS
from nma.findings import COLUMNS, Finding, as_table, describe, nearest
from nma.tables import (
    FILE,
    ROW,
    Folder,
    InputError,
    is_number,
    read_input,
    read_text,
    to_number,
    unknown_columns,
    write_table,
    write_text,
)

HEADER = "study,measure,treatment,n,mean,sd"
LINE = "Adams 2001,final,placebo,40,30,20"


def put(tmp_path, content, name="trials.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def put_xlsx(tmp_path, grid, name="trials.xlsx"):
    book = Workbook()
    for cells in grid:
        book.active.append(cells)
    book.save(tmp_path / name)
    book.close()
    return tmp_path / name


def faults(path, fields=TRIALS, name="trials"):
    with pytest.raises(InputError) as caught:
        read_input(path, fields, name)
    return caught.value.findings


# content, rule, row, column, part of the hint
FAULTS = {
    "empty": (b"", "empty_file", None, "", "first row must hold the column names"),
    "blank rows": (",,\n\n", "empty_file", None, "", "column names"),
    "blank first row": (f",,\n{HEADER}\n", "header", 1, "", "they seem to be in row 2"),
    "no rows": (f"{HEADER}\n", "empty_file", None, "", "trials table has no rows"),
    "blank rows only": (f"{HEADER}\n,,,,,\n\n", "empty_file", None, "", "trials table has no rows"),
    "cut UTF-16": (f"{HEADER}\n{LINE}\n".encode("utf-16")[:-1], "encoding", None, "",
        "CSV UTF-8"),
    "no text": (b"%PDF-1.7", "not_a_table", None, "", "seems to be a PDF"),
    "open quote": (f'{HEADER}\n"Adams,final', "csv_syntax", 2, "", "check the quotes"),
    "text after a quote": (f'{HEADER}\n"A"b,final,c,,,\n', "csv_syntax", 2, "",
        "check the quotes"),
    "repeated column": (f"{HEADER},mean\n{LINE},31\n", "header", 1, "mean", "appear twice: 'mean'"),
    "ragged row": (f"{HEADER}\n{LINE}\n\n{LINE},7\n", "ragged_row", 4, "",
        "more cells than the header's 6"),
    "missing column": ("study,measure,n\nA,final,4\n", "wrong_header", 1, "treatment",
        "what the arm received"),
    "misspelt column": (
        "study,measure,treatmnt\nA,final,placebo\n",
        "wrong_header", 1, "treatment", "Did you mean 'treatmnt'?",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "rule", "row", "column", "hint"), FAULTS.values(), ids=FAULTS)
def test_fault_of_a_csv_file(tmp_path, content, rule, row, column, hint):
    path = put(tmp_path, content)
    (finding,) = faults(path)
    assert (finding.level, finding.file) == ("error", str(path))
    assert (finding.rule, finding.row, finding.column) == (rule, row, column)
    assert hint in finding.hint


def test_missing_file(tmp_path):
    (finding,) = faults(tmp_path / "none.csv")
    assert (finding.level, finding.rule, finding.row) == ("error", "file_missing", None)
    assert finding.file.endswith("none.csv")
    assert "check the path in config/config.yaml" in finding.hint


def test_a_folder_is_no_file(tmp_path):
    assert faults(tmp_path)[0].rule == "file_missing"


def test_every_ragged_row_and_every_missing_column_is_listed(tmp_path):
    ragged = put(tmp_path, f"{HEADER}\n{LINE},7\n{LINE}\n{LINE},,8\n")
    assert [finding.row for finding in faults(ragged)] == [2, 4]
    bare = put(tmp_path, "outcome\npain\n")
    assert [finding.column for finding in faults(bare)] == ["study", "measure", "treatment"]


def test_a_suggestion_is_never_a_column_with_a_place_of_its_own(tmp_path):
    (finding,) = faults(put(tmp_path, "measure,treatment,source\nfinal,placebo,p. 3\n"))
    assert finding.column == "study"
    assert "Did you mean" not in finding.hint


def test_error_text_carries_file_and_hint(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: The file does not exist"):
        read_text(tmp_path / "none.csv")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_encoding_and_delimiter(tmp_path, encoding, delimiter):
    content = f"{HEADER}\n{LINE}\nMüller 2002,final,placebo,40,30,20\n"
    table = read_text(put(tmp_path, content.replace(",", delimiter).encode(encoding)))
    assert table.columns.tolist() == [*HEADER.split(","), FILE, ROW]
    assert table.loc[1, ["study", "sd"]].tolist() == ["Müller 2002", "20"]


def test_cells_that_cannot_be_read_are_faults(tmp_path):
    grid = [HEADER.split(","), ["A", "final", "b", "#N/A", "=1+1", 2], ["#REF!"]]
    found = faults(put_xlsx(tmp_path, grid))
    assert [(f.rule, f.row, f.column) for f in found] == [
        ("spreadsheet_error", 2, "n"),
        ("formula_without_value", 2, "mean"),
        ("spreadsheet_error", 3, "study"),
    ]


def test_a_named_sheet(tmp_path):
    path = put_xlsx(tmp_path, [["a", "b"], [1, 2]])
    assert read_text(path, sheet="Sheet")[FILE].tolist() == [f"{path} [Sheet]"]
    with pytest.raises(InputError, match="no sheet 'Data'"):
        read_text(path, sheet="Data")


def test_columns_without_a_name_are_dropped(tmp_path):
    table = read_text(put(tmp_path, "a,,b,\n1,x,2,\n,y,,z\n"))
    assert table.drop(columns=FILE).values.tolist() == [["1", "2", 2]]


def test_broken_xlsx(tmp_path):
    (finding,) = faults(put(tmp_path, b"PK not a workbook", "trials.xlsx"))
    assert (finding.level, finding.rule) == ("error", "xlsx")
    assert "save it again" in finding.hint


def test_empty_xlsx(tmp_path):
    (finding,) = faults(put_xlsx(tmp_path, []))
    assert finding.rule == "empty_file"


def test_xlsx_reads_as_the_same_csv(tmp_path):
    grid = [
        [*HEADER.split(","), "p_value"],
        ["Adams 2001", "final", "placebo", 40, 30.5, 20, "<0.05"],
        [],
        ["Baker", "final", " sham ", 41, None, 2],
    ]
    csv = "\n".join(",".join("" if c is None else f"{c}" for c in cells) for cells in grid)
    left = read_text(put_xlsx(tmp_path, grid)).drop(columns=FILE)
    right = read_text(put(tmp_path, csv)).drop(columns=FILE)
    pd.testing.assert_frame_equal(left, right)
    assert left[ROW].tolist() == [2, 4]
    assert left.loc[0, ["n", "mean", "p_value"]].tolist() == ["40", "30.5", "<0.05"]


def test_xlsx_has_the_same_header_faults(tmp_path):
    (finding,) = faults(put_xlsx(tmp_path, [["study", "measure", "treatmnt"], ["A", "final", "b"]]))
    assert (finding.rule, finding.column) == ("wrong_header", "treatment")
    assert "Did you mean 'treatmnt'?" in finding.hint


def test_nothing_is_guessed(tmp_path):
    content = f'\ufeff{HEADER},note\r\nNA, final ,placebo,007,"1,5",1e3,"two\nlines, müde"\r\n'
    table = read_input(put(tmp_path, content), TRIALS, "trials")
    row = table.iloc[0]
    assert row["study"] == "NA"
    assert (row["measure"], row["n"], row["mean"], row["sd"]) == ("final", "007", "1,5", "1e3")
    assert row["note"] == "two\nlines, müde"
    assert [row["se"], row["doi"]] == ["", ""]
    assert {field.name for field in TRIALS} <= set(table.columns)


def test_rows_count_as_a_spreadsheet_does(tmp_path):
    table = read_text(put(tmp_path, f"{HEADER}\n\n{LINE}\n,,,,,\nBaker,final,sham\n"))
    assert table[ROW].tolist() == [3, 5]
    assert table.loc[1, ["treatment", "sd"]].tolist() == ["sham", ""]


def test_trailing_blank_cells_are_not_ragged(tmp_path):
    table = read_text(put(tmp_path, f"{HEADER},,\n{LINE},,, ,\n"))
    assert table.columns.tolist() == [*HEADER.split(","), FILE, ROW]


def test_declarations_may_be_empty_and_registries_may_not(tmp_path):
    path = put(tmp_path, "study,row,reason\n")
    assert read_input(path, EXCLUSIONS, "exclusions").empty
    path = put(tmp_path, "instrument,outcome,min,max,higher_is,measures\n")
    assert faults(path, INSTRUMENTS, "instruments")[0].rule == "empty_file"


def test_unknown_columns_are_named_in_order(tmp_path):
    table = read_input(put(tmp_path, f"zeta,{HEADER},alpha\n1,{LINE},2\n"), TRIALS, "trials")
    assert unknown_columns(table, TRIALS) == ["zeta", "alpha"]


NUMBERS = {"1": 1, "-0.5": -0.5, "+3": 3, ".5": 0.5, "5.": 5, "1e3": 1000, "2E-2": 0.02, "007": 7}
NO_NUMBERS = [
    "",
    "1,5",
    "1 000",
    "NA",
    "nan",
    "inf",
    "1e999",
    "0x10",
    "5%",
    "--3",
    "1.2.3",
    "1e",
    "٣",
]


def test_numbers():
    cells = pd.Series(list(NUMBERS))
    assert is_number(cells).all()
    assert to_number(cells).tolist() == list(NUMBERS.values())


@pytest.mark.parametrize("cell", NO_NUMBERS)
def test_no_numbers(cell):
    cells = pd.Series([cell, "1"])
    assert is_number(cells).tolist() == [False, True]
    assert to_number(cells).isna().tolist() == [True, False]


def test_written_tables_read_back(tmp_path):
    path = tmp_path / "new" / "folder" / "out.csv"
    write_table(pd.DataFrame({"a": [1 / 3, 2.0], "b": ["x, y", 'say "z"']}), path)
    assert path.read_bytes() == b'a,b\n0.3333333333,"x, y"\n2,"say ""z"""\n'
    assert read_text(path)["b"].tolist() == ["x, y", 'say "z"']
    assert [p.name for p in path.parent.iterdir()] == ["out.csv"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "out.csv"
    write_text("old", path)

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(OSError, match="disk full"):
        write_table(pd.DataFrame({"a": [1]}), path)
    assert path.read_text() == "old"


def test_written_text_is_utf8(tmp_path):
    write_text("τ ≤ 5", tmp_path / "new" / "a.txt")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "τ ≤ 5".encode()


# ---- findings --------------------------------------------------------------------------

ERROR = Finding("error", "trials.csv", "sd_positive", "Above 0.", 7, "sd", "0", "Adams 2001")
WARNING = Finding("warning", "trials.csv", "no_instrument", "Name it.", 3, "instrument")
WHOLE_FILE = Finding("error", "trials.csv", "encoding", "Save as UTF-8.")


def test_findings_are_listed_once_errors_first():
    table = as_table([WARNING, ERROR, WHOLE_FILE, ERROR])
    assert table.columns.tolist() == COLUMNS
    assert table["rule"].tolist() == ["encoding", "sd_positive", "no_instrument"]
    assert table["row"].tolist()[1:] == ["7", "3"]


def test_no_findings_is_a_table_too():
    assert as_table([]).columns.tolist() == COLUMNS


def test_findings_as_lines():
    lines = describe(as_table([ERROR, WHOLE_FILE])).splitlines()
    assert lines == [
        "ERROR: trials.csv: (encoding)",
        "    Hint: Save as UTF-8.",
        "ERROR: trials.csv, row 7, column sd [Adams 2001]: value '0' (sd_positive)",
        "    Hint: Above 0.",
    ]


def test_a_long_list_is_cut_and_says_so():
    many = as_table(Finding("error", "f", "r", "h", row) for row in range(50))
    assert describe(many, limit=40).endswith("... and 10 more")


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("treatmnt", " Did you mean 'treatment'?"),
        ("TREATMENT", " Did you mean 'treatment'?"),
        ("xyz", ""),
    ],
)
def test_nearest(word, answer):
    assert nearest(word, ["treatment", "Study", "measure"]) == answer


def test_a_folder_reads_a_table_when_it_is_asked_for(tmp_path):
    write_table(pd.DataFrame({"p": [0.25]}), tmp_path / "egger.csv")
    (tmp_path / "net_heat.csv").write_bytes(b"\xff")  # no text: to read it would raise
    folder = Folder(tmp_path)
    assert list(folder) == ["egger", "net_heat"]
    assert folder["egger"]["p"].tolist() == [0.25]
    assert folder["egger"] is folder["egger"]
    assert "funnel" not in folder
    assert not Folder(tmp_path / "absent")
