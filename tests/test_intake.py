"""Files to one validated table: all faults of all files at once, and what was read how."""

import json

import pandas as pd
import pytest
from openpyxl import Workbook
from tabular import ROOT, arm, committed_config

from nma import intake, validation
from nma.contract import FLAGGED, NAMES
from nma.corrections import EXCLUDED
from nma.tables import FILE, ROW

CONFIG = committed_config()


def take(trials, corrections=(), exclusions=(), columns=(), maps=("treatment",), **registries):
    known = {name: ROOT / f"config/{name}.csv" for name in ("treatments", "instruments")}
    return intake.take(
        [entry if isinstance(entry, tuple) else (entry, None) for entry in trials],
        known | registries,
        {"corrections": corrections, "exclusions": exclusions, "columns": columns},
        maps,
        strata=CONFIG["strata"],
        correlation=CONFIG["correlation"],
        limits=CONFIG["plausibility"],
    )


def rules_in(came, path):
    return set(came.findings.loc[came.findings["file"].str.startswith(str(path)), "rule"])


@pytest.fixture(scope="module")
def committed():
    """The committed data, as a run reads them."""
    data = ROOT / "data"
    return take([data / "trials.csv"], [data / "corrections.csv"], [data / "exclusions.csv"])


def test_the_committed_data_have_no_error(committed):
    assert committed.errors.empty
    assert validation.stopped(committed, "x") == ""
    assert len(committed.trials) == 346
    assert committed.sources["layout"].tolist() == ["long"]
    assert set(committed.columns["use"]) == {"same name"}


def test_rows_that_a_rule_of_plausibility_suspects_are_flagged(committed):
    from nma.rules import SUSPICIONS

    suspect = committed.findings[committed.findings["rule"].isin(SUSPICIONS)]
    flagged = committed.trials[committed.trials[FLAGGED] == "yes"]
    assert set(flagged[ROW].astype(str)) == set(suspect["row"])
    assert 0 < len(flagged) < len(committed.trials) / 2


def test_the_faults_of_all_files_come_at_once(tmp_path):
    (tmp_path / "two.csv").write_text(
        "study,measure,treatment,colour\nNew 2020,final,placebo,red\n"
    )
    (tmp_path / "instruments.csv").write_bytes(b"%PDF-1.7\x00\xff\xfe")
    came = take(
        [ROOT / "data/trials.csv", tmp_path / "two.csv", tmp_path / "none.csv"],
        instruments=tmp_path / "instruments.csv",
    )
    assert rules_in(came, tmp_path / "none.csv") == {"file_missing"}
    assert rules_in(came, tmp_path / "instruments.csv") == {"not_a_table"}
    assert {"unknown_column", "one_arm", "insufficient"} <= rules_in(came, tmp_path / "two.csv")
    said = validation.stopped(came, "findings.csv")
    assert "nothing was fitted" in said
    assert f"Hint: {came.findings.loc[0, 'hint']}" in said


def test_a_map_without_its_column_is_named():
    came = take([ROOT / "data/trials.csv"], maps=("treatment", "by_dose"))
    (row,) = came.errors[came.errors["rule"] == "wrong_header"].itertuples()
    assert (row.file, row.column) == (str(ROOT / "config/treatments.csv"), "by_dose")


def test_an_unreadable_trials_file_does_not_make_corrections_stale(tmp_path):
    came = take(
        [tmp_path / "none.csv"], [ROOT / "data/corrections.csv"], [ROOT / "data/exclusions.csv"]
    )
    assert came.errors["rule"].tolist() == ["file_missing"]


# ---- somebody else's sheets ------------------------------------------------------------

MAP = """column,contract,values,default
Studie,study,,
Gruppe,treatment,Ibuprofen=ibuprofen; Scheinmittel=placebo,
Mittelwert,mean,,
SD nach Ende,sd,,
Anzahl,n,,
Kommentar,-,,
,measure,,final
,instrument,,NRS 0-10
,duration,,acute
,weeks,,4
"""


@pytest.fixture
def german(tmp_path):
    """A sheet as a German spreadsheet writes it: semicolons, decimal commas, cp1252."""
    sheet = tmp_path / "daten.csv"
    sheet.write_bytes(
        "Studie;Gruppe;Mittelwert;SD nach Ende;Anzahl;Kommentar\n"
        "Müller 2001;Ibuprofen;3,1;2,0;40;a\n"
        "Müller 2001;Scheinmittel;4,2;-2,1;41;b\n".encode("cp1252")
    )
    (tmp_path / "columns.csv").write_text(MAP, encoding="utf-8")
    return sheet, tmp_path / "columns.csv"


def test_a_german_sheet_is_read_and_its_fault_named_by_its_own_column(german, tmp_path):
    sheet, columns = german
    treatments = tmp_path / "treatments.csv"
    treatments.write_text(
        "reported,treatment,class,modality,kind,placebo_kind\n"
        "ibuprofen,NSAID,NSAID,drug,active,\nplacebo,placebo,placebo,none,placebo,pill\n"
    )
    came = take([sheet], columns=[columns], treatments=treatments)
    (error,) = came.errors.itertuples()
    assert (error.rule, error.row, error.column, error.value) == (
        "sd_positive", "3", "SD nach Ende (sd)", "-2.1",
    )  # fmt: skip
    row = came.trials.iloc[0]
    assert (row["study"], row["mean"], row["instrument"]) == ("Müller 2001", "3.1", "NRS 0-10")
    assert json.loads(row[NAMES])["mean"] == "Mittelwert"
    assert {"encoding", "decimal_comma"} <= rules_in(came, sheet)
    assert "semicolon" in came.sources["how"].iloc[0]
    (line,) = (
        f["correction"] for g in validation.page(came)["groups"] for f in g["findings"]
        if f["rule"] == "sd_positive"
    )  # fmt: skip
    assert line.startswith("Müller 2001,3,sd,-2.1,")


def test_several_files_sheets_and_a_wide_one(tmp_path):
    book = Workbook()
    book.active.title = "readme"
    book.active.append(["nothing here"])
    sheet = book.create_sheet("wide")
    arm_columns = [f"{c}{k}" for k in (1, 2) for c in ("treatment", "mean", "sd", "n")]
    sheet.append(["study", "duration", "instrument", "weeks", "measure", *arm_columns])
    sheet.append(["Wide 2001", "chronic", "VAS 0-100", 8, "final",
                  "exercise", 33.5, 20, 40, "placebo", 41, -3, 42])  # fmt: skip
    book.save(tmp_path / "b.xlsx")
    pd.DataFrame([arm("Long 2002", "exercise"), arm("Long 2002", "placebo")]).to_csv(
        tmp_path / "a.csv", index=False
    )
    came = take([tmp_path / "a.csv", (tmp_path / "b.xlsx", "wide")])
    assert came.sources["layout"].tolist() == ["long", "wide"]
    wide = came.trials[came.trials["study"] == "Wide 2001"]
    assert wide[ROW].tolist() == ["2.1", "2.2"]
    assert wide["mean"].tolist() == ["33.5", "41"]
    assert set(wide[FILE]) == {f"{tmp_path / 'b.xlsx'} [wide]"}
    (error,) = came.errors.itertuples()
    assert (error.row, error.column, error.value) == ("2.2", "sd2 (sd)", "-3")


def test_exclusions_of_a_wide_row_take_one_arm(tmp_path):
    (tmp_path / "w.csv").write_text(
        "study,measure,duration,treatment1,mean1,sd1,n1,treatment2,mean2,sd2,n2\n"
        "W,final,acute,exercise,3,2,30,placebo,4,2,30\n"
    )
    (tmp_path / "x.csv").write_text("study,row,reason\nW,2.2,odd\n")
    came = take([tmp_path / "w.csv"], exclusions=[tmp_path / "x.csv"])
    assert came.trials[EXCLUDED].tolist() == ["", "excluded by declaration: odd"]


def test_the_page_says_what_was_not_used(tmp_path):
    (tmp_path / "a.csv").write_text(
        "study,measure,treatment,mean,sd,n,meen,_\nA,final,exercise,3,2,30,9,\n"
    )
    page = validation.page(take([tmp_path / "a.csv"]))
    assert [c["column"] for c in page["unused"]] == ["meen", "_"]
    assert page["errors"] >= 1
    assert page["groups"][0]["errors"] >= 1


def test_a_map_that_knows_none_of_the_treatments(tmp_path):
    (tmp_path / "treatments.csv").write_text(
        ",treatment,class,modality,kind,placebo_kind\nx,y,z,drug,active,\n"
    )
    came = take([ROOT / "data/trials.csv"], treatments=tmp_path / "treatments.csv")
    assert "wrong_header" in rules_in(came, tmp_path)
    (tmp_path / "treatments.csv").write_text(
        "reported,treatment,class,modality,kind,placebo_kind\nx,y,z,drug,active,\n"
    )
    came = take([ROOT / "data/trials.csv"], treatments=tmp_path / "treatments.csv")
    assert "unknown_treatment" in set(came.errors["rule"])
