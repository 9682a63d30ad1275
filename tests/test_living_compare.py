"""Two reviewers: every disagreement, and which of them move a conclusion."""

from pathlib import Path

import pandas as pd
import tabular
from lived import network, registries, settings, trials, two_arms

from nma import pages
from nma.intake import Intake
from nma.living import compare, compare_page, extraction

TEMPLATE = Path(__file__).parent.parent / "workflow/report/compare.html.jinja"
EVIL = '<script>alert(1)</script> "><img src=x onerror=alert(2)>'
NO_OVERLAYS = {"columns": [], "corrections": [], "exclusions": []}


def read(rows, folder, name="A.csv"):
    """A sheet as the project reads it."""
    keep = [c for c in rows.columns if not c.startswith("_")]
    rows[keep].to_csv(folder / name, index=False)
    chosen = settings("acute", plausibility={})
    return extraction.read(str(folder / name), registries(folder), NO_OVERLAYS, chosen)


def both(a, b):
    """What two sheets without a finding disagree on."""
    none = pd.DataFrame()
    sheets = [Intake(rows.assign(_file=f"{side}.csv"), none, none, none, none)
              for side, rows in (("A", a), ("B", b))]  # fmt: skip
    chosen = settings("acute")
    return compare.compare(*sheets, tabular.instruments(), tabular.treatments(), chosen)


def acute():
    rows = network()
    return rows[rows["duration"] == "acute"].reset_index(drop=True)


def test_the_same_with_other_spelling_agrees():
    a, b = acute(), acute().iloc[::-1].copy()
    b["mean"] = b["mean"] + ".0"
    b["duration"] = "  acute "
    found = both(a, b)
    assert found.disagreements.empty
    assert found.consequences.empty
    page = pages.render(compare_page.page(found, ["A.csv", "B.csv"], settings("acute")), TEMPLATE)
    assert "The two extractions agree" in page


def test_a_cell_is_named_with_both_places(tmp_path):
    a, b = acute(), acute()
    b.loc[0, "mean"] = "43"
    sheets = read(a, tmp_path, "A.csv"), read(b, tmp_path, "B.csv")
    assert not any(len(came.errors) for came in sheets)
    registry = tabular.instruments(), tabular.treatments()
    (line,) = compare.compare(*sheets, *registry, settings("acute")).disagreements.to_dict(
        "records"
    )
    assert (line["study"], line["column"], line["a"], line["b"]) == (
        "Adams 2001", "mean", "34", "43",
    )  # fmt: skip
    assert (line["a_row"], line["b_row"]) == ("2", "2")
    assert line["a_file"].endswith("A.csv")
    assert line["b_file"].endswith("B.csv")


def test_what_moves_a_conclusion_comes_first():
    a = acute()
    a.loc[a["treatment"] == "ibuprofen", ["mean", "n"]] = ["20", "400"]
    b = a.copy()
    b.loc[b["study"] == "Dunn 2004", "n"] = "41"
    b.loc[(b["study"] == "Baker 2002") & (b["treatment"] == "ibuprofen"), "mean"] = "60"
    b.loc[b["study"] == "Cole 2003", "note"] = "seen"
    told = both(a, b).consequences
    assert told["study"].iloc[0] == "Baker 2002"
    assert (told["flip"].iloc[0], told["treatment"].iloc[0]) == ("yes", "NSAID")
    assert told["shift"].iloc[0] > 5
    small = told[told["study"] == "Dunn 2004"]
    assert (small["flip"] == "no").all()
    # A remark is a disagreement, but nothing to compute.
    assert "Cole 2003" not in set(told["study"])


def test_rows_that_one_sheet_alone_has():
    a, b = acute(), acute()
    b = b[b["study"] != "Cole 2003"]
    found = both(a, b)
    assert found.disagreements["what"].tolist() == [compare.ONLY_A] * 2
    assert (found.consequences["study"] == "Cole 2003").all()


def test_no_cell_of_the_page_can_act():
    extra = pd.concat([acute(), trials(*two_arms(EVIL)).assign(_row=[98, 99])], ignore_index=True)
    other = extra.copy()
    other.loc[len(other) - 1, "note"] = EVIL
    other.loc[len(other) - 1, "mean"] = "44"
    found = both(extra, other)
    page = pages.render(compare_page.page(found, [EVIL, "B.csv"], settings("acute")), TEMPLATE)
    assert "<script" not in page
    assert "<img src=x" not in page
    assert page.count("&lt;script&gt;") >= 3


def test_errors_of_a_sheet_come_all_at_once(tmp_path):
    rows = acute()
    rows.loc[0, "treatment"], rows.loc[2, "sd"] = "no such drug", "-3"
    came = read(rows, tmp_path)
    assert {"treatment", "sd"} <= set(came.errors["column"])


def test_a_correction_fits_the_cell_as_printed_wherever_it_stands():
    rows = acute()
    line = {"study": "Adams 2001", "row": "99", "column": "mean", "old": "34", "new": "43",
            "reason": "typo"}  # fmt: skip
    fixes = pd.DataFrame([line, line | {"old": "77"}, line | {"study": "Nobody"}])
    found = extraction.corrections_of(rows, fixes)
    assert found[["study", "row"]].to_numpy().tolist() == [["Adams 2001", "2"]]


def test_exclusions_fit_the_studies_and_rows_that_are_there():
    lines = [{"study": "Adams 2001", "row": ""}, {"study": "Adams 2001", "row": "99"},
             {"study": "Nobody", "row": ""}]  # fmt: skip
    found = extraction.exclusions_of(acute(), pd.DataFrame(lines))
    assert len(found) == 1
