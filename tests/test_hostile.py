"""Spreadsheet content is data: it never reaches a shell, a path, HTML or a formula."""

import csv
import re

import pandas as pd
import pytest
import runs
from tabular import arm

from nma.tables import NUMBER, guard, read_back, read_typed, unguard, write_table

LABELS = [
    '=HYPERLINK("http://example.org","open me")',
    "<script>alert(1)</script>",
    "$(touch hacked) `touch hacked`",
    "../../outside",
    "{wildcards.analysis} {0} %s",
    "'; touch hacked #",
    "NA",
    "2001",
    "-1+1",
]
PILL = r"@SUM(A1) <b>pill</b> a/b $x^2$ \frac %s"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A whole run on trials whose every label is an attack."""
    rows = [
        arm(label, treatment, 40, 30 + 5 * k + i, 20, note="=1+1", doi="<i>x</i>")
        for i, label in enumerate(LABELS)
        for k, treatment in enumerate((PILL, "placebo"))
    ]
    rows[2]["n"] = 40.5  # a finding, so that the validation page names the study
    path = runs.folder(tmp_path_factory.mktemp("hostile") / "run", pd.DataFrame(rows), only="acute")
    (path / "config/treatments.csv").write_text(
        "reported,treatment,class,modality,kind,placebo_kind\n"
        f'"{PILL}","{PILL}",NSAID,drug,active,\nplacebo,placebo,placebo,none,placebo,pill\n'
    )
    return path, runs.run(path)


@pytest.mark.slow
def test_the_run_is_unmoved(done):
    path, result = done
    assert result.returncode == 0, runs.said(result)
    arms = read_typed(path / "results/main/acute/arms.csv")
    assert set(arms["study"]) == set(LABELS)
    assert set(arms["treatment"]) == {PILL, "placebo"}


@pytest.mark.slow
def test_nothing_was_executed_and_nothing_lies_outside(done):
    path, _ = done
    assert not list(path.parent.rglob("hacked"))
    assert {p.name for p in path.parent.iterdir()} == {"run"}
    assert {p.name for p in path.iterdir()} <= {"config", "data", "results", "logs", ".snakemake"}


@pytest.mark.slow
def test_pages_show_labels_as_text(done):
    path, _ = done
    for page in ("results/report.html", "results/validation/report.html"):
        html = (path / page).read_text(encoding="utf-8")
        assert "<script>alert" not in html
        assert "<b>pill</b>" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.slow
def test_no_exported_cell_is_a_formula(done):
    path, _ = done
    tables = sorted((path / "results").rglob("*.csv"))
    assert len(tables) > 10
    guarded = 0
    for table in tables:
        with table.open(newline="", encoding="utf-8") as lines:
            for row in csv.reader(lines):
                for cell in row:
                    assert not re.match(r"[=+\-@\t\r]", cell) or re.fullmatch(
                        f"{NUMBER}|-inf", cell
                    ), table
                    guarded += cell.startswith("'=")
    assert guarded > 0


@pytest.mark.parametrize(
    "cells",
    [["=1+1", "+x", "-x", "@x", "\tx", "-1.5", "+2", "'=1", "''=1", "plain", "'quoted'", "", "-"]],
)
def test_guarded_cells_come_back(cells, tmp_path):
    column = pd.Series(cells)
    assert unguard(guard(column)).tolist() == cells
    write_table(pd.DataFrame({"a": column, "b": range(len(cells))}), tmp_path / "a.csv")
    assert read_back(tmp_path / "a.csv")["a"].tolist() == cells


def test_plain_numbers_and_other_types_are_left_alone():
    column = pd.Series(["-1.5", "1e-3", None, 2.5, True], dtype=object)
    assert guard(column).tolist() == column.tolist()
