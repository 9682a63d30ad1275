"""Exports for a manuscript: the same numbers, inert text, the same bytes twice, and data that
other software, and our own readers, take for the same network."""

import io
import re
import zipfile
from time import sleep

import numpy as np
import openpyxl
import pandas as pd
import pytest
from docx import Document
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st
from tabular import committed, committed_config, committed_trials

from nma import corrections, exact, flow_figure, strata, style
from nma.contract import FLAGGED
from nma.layout import arrange
from nma.manuscript import bibliography, document, elsewhere, sheets, stable, workbook
from nma.prepare import prepare
from nma.specify import specify

CONFIG = committed_config()
HOSTILE = [
    '=HYPERLINK("http://x","y")',
    "+1",
    "@SUM(A1)",
    "<b>&amp;</b>",
    "a\x00b\x1f",
    r"\input{x} 5% $_^~#",
]


@pytest.fixture(scope="module")
def arms():
    """The arms of both strata of the committed data."""
    trials = committed_trials()
    belongs = strata.assign(trials, CONFIG["strata"])
    return {
        name: prepare(trials[belongs == name], committed("instruments"), committed("treatments"),
                      CONFIG).arms
        for name in CONFIG["strata"]
    }  # fmt: skip


def sheet(values, name="SoF"):
    table = pd.DataFrame({"treatment": values, "median": np.linspace(-9, 9, len(values))})
    return sheets.Sheet(name, "t", table, {"treatment": "what", "median": "how much"})


def test_a_workbook_holds_numbers_and_inert_text(tmp_path):
    path = tmp_path / "a.xlsx"
    workbook.write([sheet(HOSTILE)], path, HOSTILE)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["README", "SoF"]
    page = book["SoF"]
    assert page.freeze_panes == "B2"
    for k, text in enumerate(HOSTILE, start=2):
        assert page.cell(k, 1).data_type == "s"
        assert page.cell(k, 1).value == stable.legal(text)
        assert page.cell(k, 2).data_type == "n"
    assert page["B2"].value == -9
    told = [[cell.value for cell in row] for row in book["README"].iter_rows(max_col=2)]
    meanings = dict(told)
    assert meanings["median"] == "how much"
    with zipfile.ZipFile(path) as members:
        assert not any(b"<f>" in members.read(name) for name in members.namelist())


def test_missing_and_infinite_numbers(tmp_path):
    table = pd.DataFrame({"a": [np.nan, np.inf, 1.5], "b": [True, False, True]})
    workbook.write([sheets.Sheet("x", "t", table)], tmp_path / "a.xlsx")
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["x"]
    assert [page.cell(k, 1).value for k in (2, 3, 4)] == [None, "inf", 1.5]
    assert [page.cell(k, 2).value for k in (2, 3, 4)] == ["yes", None, "yes"]


def paper(arms):
    made = document.Paper("A title")
    made.text(*HOSTILE)
    document.studies(made, arms["acute"], "Acute")
    names = list("abcdefghij")
    pairs = [{"treatment": t, "comparator": c, "median": 1.0, "ci_low": -1.0, "ci_high": 3.0}
             for t in names for c in names if t != c]  # fmt: skip
    document.league(made, pd.DataFrame(pairs), names, "Acute")
    document.checklist(made, [{"item": "1", "section": "s", "topic": "t", "status": "filled",
                               "where": "#a"}])  # fmt: skip
    return made


def test_a_document_has_word_tables_whose_heads_repeat(arms, tmp_path):
    paper(arms).save(tmp_path / "a.docx")
    made = Document(tmp_path / "a.docx")
    # Ten treatments take two blocks of columns.
    assert len(made.tables) == 1 + 2 + 1
    assert all("w:tblHeader" in t.rows[0]._tr.xml for t in made.tables)
    assert len(made.tables[0].rows) == 1 + len(arms["acute"])
    assert made.tables[1].cell(1, 2).text == "1.0 (−1.0 to 3.0)"
    assert [p.text for p in made.paragraphs[1 : 1 + len(HOSTILE)]] == [
        stable.legal(t) for t in HOSTILE
    ]
    assert sum(p.style.name == "Caption" for p in made.paragraphs) == 4


def test_the_same_content_gives_the_same_bytes(arms, tmp_path):
    for name in ("a", "b"):
        sleep(1.1 * (name == "b"))  # the files would hold the second
        paper(arms).save(tmp_path / f"{name}.docx")
        workbook.write([sheet(HOSTILE)], tmp_path / f"{name}.xlsx", ["x"])
    for kind in ("docx", "xlsx"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


@options(max_examples=25)
@given(st.text())
def test_legal_text_is_xml(text):
    told = stable.legal(text)
    assert len(told) == len(text)
    book = io.BytesIO()
    made = Document()
    made.add_paragraph(told)
    made.save(book)


def read_back(table, path):
    """Arms as our own reader takes them from an export."""
    from nma.grid import read_grid

    table.to_csv(path, index=False)
    return arrange(read_grid(path, None), []).rows


@pytest.mark.parametrize("stratum", ["acute", "chronic"])
@pytest.mark.parametrize("kind", ["netmeta", "cinema"])
def test_other_software_gets_the_same_network(arms, stratum, kind, tmp_path):
    """Read back by our own readers, the pairs give the same posterior as the arms."""
    table = arms[stratum]
    pairs = elsewhere.netmeta(table) if kind == "netmeta" else elsewhere.cinema(table, {})
    rows = read_back(pairs, tmp_path / f"{kind}.csv")
    assert set(rows["study"]) == set(table["study"])
    names = sorted(set(table["treatment"]))
    own = pd.DataFrame({"reported": names, "treatment": names, "class": "x", "modality": "x",
                        "kind": "active", "placebo_kind": "", "_file": "t", "_row": 2})  # fmt: skip
    rows = rows.assign(duration=stratum, **{FLAGGED: "no", corrections.EXCLUDED: ""})
    again = prepare(rows, committed("instruments"), own, CONFIG).arms
    fits = [exact.fit(*specify(t, "placebo", CONFIG["model"])) for t in (table, again)]
    (names_one, names_two) = (fit.arms.treatments for fit in fits)
    assert names_one == names_two
    for name in names_one[1:]:
        one, two = (fit.contrast(name, "placebo") for fit in fits)
        (m1, s1), (m2, s2) = fits[0].components(one), fits[1].components(two)
        assert fits[0].weights @ m1 == pytest.approx(fits[1].weights @ m2, abs=1e-6)
        assert fits[0].weights @ s1 == pytest.approx(fits[1].weights @ s2, abs=1e-6)


def test_risk_of_bias_and_directness_are_numbers_or_blank(arms):
    table = elsewhere.cinema(arms["chronic"], {"Albert 2013 (Modic 1)": 1})
    own = table[table["study"] == "Albert 2013 (Modic 1)"]
    assert set(own["indirectness"]) == {2}
    assert own["rob"].isna().all()  # not reported stays blank, never low
    assert set(table["rob"].dropna()) <= {1, 2, 3}


def test_every_trial_is_in_the_bibliography_once(arms):
    table = pd.concat(arms.values())
    entries = bibliography.trials(table)
    assert len(entries) == table["study"].nunique()
    keys = [re.match(r"@misc\{(\w+),", e)[1] for e in entries]
    assert len(set(keys)) == len(keys)
    assert any("doi = {10." in e for e in entries)
    assert all(e.count("{") == e.count("}") for e in entries)


def test_hostile_labels_stay_in_their_braces():
    table = pd.DataFrame({"study": HOSTILE, "year": np.nan, "doi": HOSTILE})
    text = bibliography.bibtex(table, [], "1")
    assert text.count("@misc{trial_") == len(HOSTILE)
    assert r"\input" not in text.replace(r"\textbackslash{}input", "")


def test_the_flow_is_drawn_in_its_boxes(tmp_path):
    part = {"label": "Chronic pain", "rows_in": 9, "rows_used": 5, "rows_merged": 1,
            "rows_excluded": 3, "reasons": [("a very long reason " * 6, 2), ("b", 1)],
            "studies": 2, "studies_out": 1, "arms": 5, "people": 120.0,
            "treatments": 3, "islands": 1}  # fmt: skip
    found = {"rows": 9, "studies": 3, "unassigned_rows": 0, "unassigned_studies": 0,
             "strata": [part], "before": [{"what": "records", "value": None}]}  # fmt: skip
    figure = flow_figure.draw(found)
    axes = figure.axes[0]
    renderer = figure.canvas.get_renderer()
    boxes = [p.get_window_extent(renderer) for p in axes.patches]
    assert len(boxes) == 5
    for text in axes.texts:
        if not text.get_text():
            continue
        own = text.get_window_extent(renderer)
        corners = [(own.x0, own.y0), (own.x1, own.y1)]
        assert any(all(box.contains(*corner) for corner in corners) for box in boxes)
    style.save(figure, [tmp_path / "flow.svg"])
