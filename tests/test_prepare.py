"""One stratum of one analysis on the committed data, for any outcome and choice."""

import pytest
from tabular import committed, committed_config, committed_trials

from nma import strata
from nma.contract import FLAGGED
from nma.prepare import prepare
from nma.settings import merge


@pytest.fixture(scope="module")
def inputs():
    return committed_trials(), committed("instruments"), committed("treatments")


def made(inputs, stratum, **changes):
    settings = merge(committed_config(), changes)
    trials, instruments, treatments = inputs
    rows = trials[strata.assign(trials, settings["strata"]) == stratum]
    return prepare(rows, instruments, treatments, settings), len(rows)


@pytest.mark.parametrize("stratum", ["acute", "chronic"])
def test_every_row_is_accounted_for_and_every_arm_traced(inputs, stratum):
    got, rows = made(inputs, stratum)
    counts = got.account.iloc[0]
    assert counts["rows_in"] == rows
    assert counts[["rows_used", "rows_merged", "rows_excluded"]].sum() == rows
    assert got.network["estimable"]
    arms = set(zip(got.arms["study"], got.arms["treatment"], strict=True))
    assert arms <= set(zip(got.trace["study"], got.trace["treatment"], strict=True))
    for figure in ("mean", "y", "se"):
        assert (got.trace["figure"] == figure).any()


@pytest.mark.parametrize(
    ("stratum", "reference"), [("acute", "usual care"), ("chronic", "placebo")]
)
def test_disability_goes_the_same_way(inputs, stratum, reference):
    got, rows = made(inputs, stratum, outcome="disability", reference=reference)
    assert got.account.iloc[0]["rows_in"] == rows
    assert got.network["estimable"]
    assert set(got.arms["instrument"]) <= {"RMDQ 0-24", "ODI 0-100", "QBPDS 0-100", "FRI 0-100"}


def test_no_imputation_leaves_out_what_was_imputed(inputs):
    pooled, _ = made(inputs, "acute")
    none, _ = made(inputs, "acute", impute="none")
    imputed = set(pooled.arms.loc[pooled.arms["derivation"].str.contains("imputed"), "study"])
    assert imputed
    assert imputed.isdisjoint(none.arms["study"])
    assert none.excluded["reason"].str.startswith("no spread").any()


def test_flagged_rows_can_be_left_out(inputs):
    trials, instruments, treatments = inputs
    suspect = trials.assign(
        **{FLAGGED: trials["study"].eq("Krekoukias 2017").map({True: "yes", False: "no"})}
    )
    got, _ = made((suspect, instruments, treatments), "chronic",
                  data={"drop": {"flagged": ["yes"]}})  # fmt: skip
    assert "Krekoukias 2017" not in set(got.arms["study"])
    reasons = got.excluded.loc[got.excluded["study"] == "Krekoukias 2017", "reason"]
    assert set(reasons) == {"left out of this analysis: flagged is yes"}


def test_standardised_analysis_of_the_committed_data(inputs):
    points, _ = made(inputs, "chronic")
    smd, _ = made(inputs, "chronic", effect_measure="smd")
    assert smd.network["estimable"]
    assert not smd.arms["kind"].eq("change").any()
    both = points.arms.merge(smd.arms, on=["study", "treatment"])
    assert len(both) > 100
    assert both["se_y"].median() == pytest.approx(both["se_x"].median(), rel=0.5)
