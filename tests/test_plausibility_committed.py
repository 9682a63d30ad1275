"""Rules of plausibility on the committed data: which of its known errors they find."""

from functools import cache

import pytest
from suspects import alarms
from tabular import ROOT, committed

from nma import corrections, plausibility
from nma.corrections import EXCLUDED
from nma.tables import ROW

# Where the errors behind data/corrections.csv and data/exclusions.csv show, in the data as
# printed. Blank: the printed figures do not show it; docs/plausibility.md says why.
CORRECTED = {
    ("De Oliveira 2020a", "56", "mean"): "transposed_mean",
    ("De Oliveira 2020a", "56", "sd"): "transposed_sd",
    ("Kurniawati 2020", "185", "n"): "n_imbalance",
    ("Skljarevski 2009a", "279", "sd"): "sd_of_part",
    ("Tavares 2017", "293", "sd"): "digit_slip_sd",
    ("Thomas 2020", "295", "sd"): "sd_of_part",
    ("Xia 2016", "323", "sd"): "sd_of_part",
}
LEFT_OUT = {
    ("Dehghan 2014", ""): "se_as_sd",
    ("Eskin 2014", ""): "",
    ("Hoiriis 2004", "145"): "",
    ("Irvine 2015", ""): "",
    ("Kocak 2019", ""): "skewed",
    ("Lau 2008", "188"): "",
    ("Metscher 2001", ""): "se_as_sd",
    ("Miki 2018", ""): "",
    ("Nejati 2019", ""): "se_as_sd",
    ("Pabst 2013", ""): "",
    ("Patel 2019", ""): "",
    ("Pengel 2007", "241"): "",
    ("Pengel 2007", "242"): "",
    ("Preyde 2000", ""): "grim",
    ("Tavares 2017", ""): "digit_slip_mean",
    ("Xia 2016", "325"): "",
    ("Xia 2016", "326"): "",
    ("Xia 2016", "327"): "entered_twice",
    ("Yang 2017", ""): "tiny_arm",
}


@cache
def of_committed(corrected):
    """Trials and alarms, before (as printed) or after the declared corrections."""
    trials = committed("trials")
    if corrected:
        trials = corrections.correct(trials, committed("corrections"))[0]
    trials, _ = corrections.exclude(trials, committed("exclusions"))
    return trials, alarms(trials, None, (committed("instruments"), committed("treatments")))


def test_every_declared_correction_is_found_in_its_cell():
    trials, fired = of_committed(False)
    columns = {rule.name: rule.column for rule in plausibility.rules({})}
    fixes = committed("corrections")
    assert set(CORRECTED) == set(zip(fixes["study"], fixes["row"], fixes["column"], strict=True))
    for fix in fixes.itertuples():
        rule = CORRECTED[fix.study, fix.row, fix.column]
        (index,) = trials.index[trials[ROW].astype(str) == fix.row]
        assert columns[rule] == fix.column
        evidence, proposal = fired[rule][index]
        assert evidence
        assert not proposal or float(proposal) == pytest.approx(float(fix.new), rel=0.15)


def test_corrected_cells_raise_no_alarm():
    trials, fired = of_committed(True)
    for study, row, column in CORRECTED:
        (index,) = trials.index[trials[ROW].astype(str) == row]
        if study != "Tavares 2017":  # excluded: its other arm is odd still
            assert [rule for rule, rows in fired.items() if index in rows] == [], (row, column)


def test_declared_exclusions_are_found_or_the_docs_say_why_not():
    trials, fired = of_committed(False)
    leave = committed("exclusions")
    assert set(LEFT_OUT) == set(zip(leave["study"], leave["row"], strict=True))
    page = (ROOT / "docs/plausibility.md").read_text(encoding="utf-8")
    for (study, row), rule in LEFT_OUT.items():
        own = trials["study"].eq(study) & (trials[ROW].astype(str).eq(row) | (row == ""))
        told = {name for name, rows in fired.items() if set(rows) & set(trials.index[own])}
        assert (rule in told) if rule else not told, (study, row, told)
        assert rule or study in page, f"{study} is not explained"


def test_few_rows_of_the_committed_data_are_suspect():
    """After corrections and exclusions: at most 1 row in 20, and no error."""
    trials, fired = of_committed(True)
    used = set(trials.index[trials[EXCLUDED] == ""])
    suspect = {index for rows in fired.values() for index in rows} & used
    assert 0 < len(suspect) <= len(used) / 20
    errors = [rule.name for rule in plausibility.rules({}) if rule.level == "error"]
    assert [name for name in errors if set(fired[name]) & used] == []
