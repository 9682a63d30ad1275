"""The tables and the methods as a Word document, ready to be edited for a manuscript."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import docx
import pandas as pd
from docx.enum.section import WD_ORIENT
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Cm, Pt

from nma.manuscript.stable import legal, write_office
from nma.pages import number, percent, whole

WHEN = datetime(1980, 1, 1)
PAGE = 25.0  # centimetres between the margins of a landscape page
ACROSS = 8  # columns of a league table that fit a page
FOOTNOTE = (
    "CrI: credible interval. New study: 95% prediction interval. MID: minimal important "
    "difference. n.s.: not stated. Differences are points of 0-100, below 0 better."
)


class Paper:
    """A document that is filled from top to bottom."""

    def __init__(self, title: str) -> None:
        self._doc = docx.Document()
        about = self._doc.core_properties
        about.created = about.modified = WHEN
        about.author, about.title, about.last_modified_by = "lowback-nma", legal(title), ""
        self._doc.styles["Normal"].font.size = Pt(10)
        section = self._doc.sections[0]
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
        section.left_margin = section.right_margin = Cm(1.5)
        self._doc.add_heading(legal(title), 0)

    def heading(self, text: str, level: int = 1) -> None:
        """A heading of Word's own outline."""
        self._doc.add_heading(legal(text), level)

    def text(self, *paragraphs: str) -> None:
        """Plain paragraphs."""
        for paragraph in paragraphs:
            self._doc.add_paragraph(legal(paragraph))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> None:
        """A Word table with a caption above; its first row repeats on every page."""
        self._doc.add_paragraph(legal(caption), style="Caption")
        table = self._doc.add_table(rows=0, cols=len(head), style="Light List Accent 1")
        table.autofit = False
        widths = _widths(head, rows)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        # As XML: cell by cell through the library a league of 56 treatments takes seconds.
        for place, cells in enumerate((head, *rows)):
            table._tbl.append(_row(cells, widths, repeats=place == 0))

    def save(self, path: str | Path) -> None:
        """Write it whole or not at all; the same content gives the same bytes."""
        saved = io.BytesIO()
        self._doc.save(saved)
        write_office(saved, path)


def _row(cells: Sequence[str], widths: Sequence[Cm], repeats: bool) -> Any:
    """One row of 8 point text; ``repeats`` at the top of every page."""
    made = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width.twips}" w:type="dxa"/></w:tcPr><w:p>'
        f'<w:r><w:rPr><w:sz w:val="16"/></w:rPr>{_text(legal(str(cell)))}</w:r></w:p></w:tc>'
        for cell, width in zip(cells, widths, strict=True)
    )
    head = '<w:trPr><w:tblHeader w:val="true"/></w:trPr>' if repeats else ""
    return parse_xml(f"<w:tr {nsdecls('w')}>{head}{made}</w:tr>")


def _text(text: str) -> str:
    lines = (f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    return "<w:br/>".join(lines)


def _widths(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Cm]:
    """Widths by the text of each column, none too narrow for a word or too wide for a page."""
    columns = zip(head, *rows, strict=True)
    needs = [min(max(len(str(cell)) for cell in column), 34) for column in columns]
    needs = [max(need, 8) for need in needs]
    return [Cm(PAGE * need / sum(needs)) for need in needs]


def findings(paper: Paper, sof: pd.DataFrame, label: str, reference: str, mid: float) -> None:
    """The summary of findings of one stratum."""
    head = ("Treatment", "Difference (95% CrI)", "New study", "Studies", "People",
            "Mean rank (95%)", f"P(>{mid:g} better)", "Certainty", "Verdict")  # fmt: skip
    rows = [
        (
            r["treatment"],
            _interval(r),
            f"{number(r['pred_low'])} to {number(r['pred_high'])}",
            whole(r["studies"]),
            whole(r["people"]),
            f"{number(r['mean_rank'])} ({whole(r['rank_low'])} to {whole(r['rank_high'])})",
            percent(r["p_mid"]),
            ("at most " if str(r["at_most"]) == "True" else "") + r["certainty"],
            r["verdict"],
        )
        for r in sof.to_dict("records")
    ]
    paper.table(head, rows, f"Summary of findings against {reference}. {label}")
    paper.text(FOOTNOTE)
    paper.text(*(f"{r['treatment']}: {r['sentence']}" for r in sof.to_dict("records")
                 if r["verdict"] not in ("inconclusive", "comparator")))  # fmt: skip


def league(paper: Paper, table: pd.DataFrame, order: Sequence[str], label: str) -> None:
    """Row against column, best rank first, in blocks of ``ACROSS`` columns."""
    cells = {
        (t, c): _interval({"median": m, "ci_low": low, "ci_high": high})
        for t, c, m, low, high in table[
            ["treatment", "comparator", "median", "ci_low", "ci_high"]
        ].itertuples(index=False)
    }
    for start in range(0, len(order), ACROSS):
        across = order[start : start + ACROSS]
        rows = [(row, *(cells.get((row, column), "-") for column in across)) for row in order]
        part = f", columns {start + 1} to {start + len(across)}" if len(order) > ACROSS else ""
        caption = f"League table{part}: row minus column, points (95% CrI). {label}"
        paper.table(("", *across), rows, caption)


def studies(paper: Paper, arms: pd.DataFrame, label: str) -> None:
    """Every arm analysed."""
    head = ("Study", "Year", "Treatment (as reported)", "n", "Mean", "SD", "SE", "Kind", "Week",
            "Risk of bias", "How derived")  # fmt: skip
    rows = [
        (
            a["study"],
            "" if pd.isna(a["year"]) else f"{a['year']:.0f}",
            f"{a['treatment']} ({a['reported']})",
            whole(a["n"]),
            number(a["mean"]) if a["basis"] == "arm" else f"{number(a['y'])}*",
            number(a["sd"]),
            number(a["se"], 2),
            a["kind"],
            number(a["weeks"]),
            a["rob"] if isinstance(a["rob"], str) and a["rob"] else "not reported",
            a["derivation"],
        )
        for a in arms.to_dict("records")
    ]  # fmt: skip
    paper.table(head, rows, f"Studies and arms analysed. {label}")
    paper.text("* Reported as a difference: relative to the comparator at 0.")


def checklist(paper: Paper, items: Sequence[Mapping[str, Any]]) -> None:
    """The PRISMA-NMA table."""
    rows = [(i["item"], i["section"], i["topic"], i["status"], i["where"]) for i in items]
    paper.table(("Item", "Section", "Topic", "Status", "Where, or by whom"), rows, "PRISMA-NMA")


def _interval(row: Mapping[str, Any]) -> str:
    return f"{number(row['median'])} ({number(row['ci_low'])} to {number(row['ci_high'])})"
