"""Declared corrections and exclusions: each fits the data exactly once, or is stale."""

import pandas as pd
import pytest
from tabular import committed, edit, text_table

from nma.contract import PRINTED
from nma.corrections import EXCLUDED, correct, exclude
from nma.tables import FILE, ROW

FIX = {
    "study": "Adams 2001",
    "row": 2,
    "column": "mean",
    "old": "30",
    "new": "35",
    "reason": "typo",
}


def fixes(*changes):
    return text_table([FIX | change for change in changes], "corrections")


def leave(*rows):
    return text_table([{"reason": "not used", **row} for row in rows], "exclusions")


def test_a_correction_changes_one_cell_and_is_listed(trials):
    before = trials.copy()
    after, findings, applied = correct(trials, fixes({}))
    assert findings == []
    pd.testing.assert_frame_equal(trials, before)
    pd.testing.assert_frame_equal(after.drop(columns=PRINTED), edit(before, {(2, "mean"): "35"}))
    assert applied.to_dict("records") == [
        {"file": "trials.csv", "row": 2, "study": "Adams 2001", "column": "mean", "old": "30",
         "new": "35", "reason": "typo"}
    ]  # fmt: skip


STALE = {
    "the cell was changed": ({"old": "31"}, "the cell now reads '30'; remove or renew"),
    "written otherwise": ({"old": "30.0"}, "the cell now reads '30'"),
    "row of another study": ({"row": 4}, "that row is not of that study"),
    "no such study": ({"study": "Adams 2011"}, "that row is not of that study"),
    "no such row": ({"row": 99}, "that row is not of that study"),
    "no row": ({"row": ""}, "that row is not of that study"),
    "no such column": ({"column": "maen"}, "no such column. Did you mean 'mean'?"),
    "a column of the program": ({"column": ROW}, "no such column"),
}


@pytest.mark.parametrize(("change", "hint"), STALE.values(), ids=STALE)
def test_stale_correction(trials, change, hint):
    after, (finding,), applied = correct(trials, fixes(change))
    assert (finding.level, finding.rule, finding.file) == (
        "error",
        "stale_correction",
        "corrections.csv",
    )
    assert (finding.row, finding.value) == (2, (FIX | change)["old"])
    assert (finding.study, finding.column) == ((FIX | change)["study"], (FIX | change)["column"])
    assert hint in finding.hint
    pd.testing.assert_frame_equal(after.drop(columns=PRINTED), trials)
    assert applied.empty


@pytest.mark.parametrize(
    ("second", "hint"),
    [({}, "the cell now reads '35'"), ({"old": "35", "new": "40"}, "corrected twice")],
)
def test_a_cell_is_corrected_once(trials, second, hint):
    after, (finding,), applied = correct(trials, fixes({}, second))
    assert (finding.rule, finding.row) == ("stale_correction", 3)
    assert hint in finding.hint
    assert after.loc[0, "mean"] == "35"
    assert len(applied) == 1


def test_with_several_files_study_and_old_cell_decide(trials):
    other = edit(trials, {(2, "mean"): "77"}).assign(**{FILE: "more.csv"})
    both = pd.concat([other, trials], ignore_index=True)
    after, findings, applied = correct(both, fixes({}))
    assert findings == []
    assert applied["file"].tolist() == ["trials.csv"]
    assert after.loc[after[ROW] == 2, "mean"].tolist() == ["77", "35"]


def test_no_corrections(trials):
    after, findings, applied = correct(trials, fixes())
    pd.testing.assert_frame_equal(after.drop(columns=PRINTED), trials)
    assert findings == []
    assert applied.columns.tolist() == ["file", "row", "study", "column", "old", "new", "reason"]


def test_exclusion_of_a_row_and_of_a_study(trials):
    after, findings = exclude(
        trials, leave({"study": "Adams 2001", "row": 3}, {"study": "Baker 2002", "reason": "doubt"})
    )
    assert findings == []
    out = after.loc[after[EXCLUDED] != "", [ROW, EXCLUDED]]
    assert out.to_numpy().tolist() == [
        [3, "excluded by declaration: not used"],
        [4, "excluded by declaration: doubt"],
        [5, "excluded by declaration: doubt"],
    ]


@pytest.mark.parametrize(
    ("row", "hint"),
    [
        ({"study": "Adams 2011"}, "no such study. Did you mean 'Adams 2001'?"),
        ({"study": "Adams 2001", "row": 4}, "no such row of that study"),
        ({"study": "Nobody"}, "no such study."),
    ],
)
def test_stale_exclusion(trials, row, hint):
    after, (finding,) = exclude(trials, leave(row))
    assert (finding.level, finding.rule, finding.file) == (
        "error",
        "stale_exclusion",
        "exclusions.csv",
    )
    assert (finding.row, finding.study, finding.value) == (2, row["study"], str(row.get("row", "")))
    assert hint in finding.hint
    assert after[EXCLUDED].eq("").all()


def test_no_exclusions(trials):
    after, findings = exclude(trials.drop(columns=EXCLUDED), leave())
    assert findings == []
    assert after[EXCLUDED].eq("").all()


# ---- the committed data ----------------------------------------------------------------


def test_every_committed_correction_is_used_exactly_once():
    trials, declared = committed("trials"), committed("corrections")
    after, findings, applied = correct(trials, declared)
    assert findings == []
    assert len(applied) == len(declared) > 0
    changed = after.drop(columns=PRINTED).ne(trials)
    assert int(changed.to_numpy().sum()) == len(declared)
    for fix in declared.itertuples():
        at = after[ROW].astype(str) == fix.row
        assert trials.loc[at, fix.column].tolist() == [fix.old]
        assert after.loc[at, fix.column].tolist() == [fix.new]
        assert after.loc[at, "study"].tolist() == [fix.study]


def test_applying_the_committed_corrections_again_is_an_error():
    declared = committed("corrections")
    once = correct(committed("trials"), declared)[0]
    _, findings, applied = correct(once, declared)
    assert [finding.rule for finding in findings] == ["stale_correction"] * len(declared)
    assert applied.empty


def test_transposed_cells_of_de_oliveira_are_put_right():
    after = correct(committed("trials"), committed("corrections"))[0]
    cells = after.loc[after[ROW] == 56, ["study", "mean", "sd"]].iloc[0].tolist()
    assert cells == ["De Oliveira 2020a", "44", "18"]


def test_every_committed_exclusion_fits_and_gives_its_reason():
    declared = committed("exclusions")
    after, findings = exclude(committed("trials"), declared)
    assert findings == []
    given = set(after[EXCLUDED].str.removeprefix("excluded by declaration: ")) - {""}
    assert given == set(declared["reason"])


def test_a_row_taken_out_of_the_committed_data_makes_declarations_stale():
    trials = committed("trials")
    moved = trials.drop(index=0).assign(**{ROW: range(2, len(trials) + 1)})
    _, findings, applied = correct(moved, committed("corrections"))
    assert len(findings) + len(applied) == len(committed("corrections"))
    assert findings
