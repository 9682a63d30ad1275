"""The cells of a worksheet arrive as text, whatever wrote its XML."""

import zipfile

import pytest
from files import book, fail, only, patch

from nma.grid import Grid, read_grid


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


def test_formulas(tmp_path):
    path = book(
        tmp_path, [["study", "n", "mean", "note"], ["A", "=1", "=2", "=3"], ["B", 1, 2, "x"]]
    )
    formula = '<c r="{}"><f>{}</f><v></v></c>'  # as openpyxl writes it with lxml
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
