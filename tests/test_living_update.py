"""A release beside a run: rows, effects, movers, the network, and what did not change."""

import json
from pathlib import Path

import pandas as pd
import pytest
from lived import network, record, released, results, run, settings, sof, trials, two_arms

from nma import pages
from nma.living import movers, update
from nma.living.update import Run, compare

TEMPLATE = Path(__file__).parent.parent / "workflow/report/update.html.jinja"
EVIL = '<script>alert(1)</script> "><img src=x onerror=alert(2)>'


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    return released(run(tmp_path_factory.mktemp("baseline") / "old", network()))


@pytest.fixture(scope="module")
def acute(tmp_path_factory):
    """One stratum, which takes half the time."""
    folder = tmp_path_factory.mktemp("acute") / "old"
    return released(run(folder, network(), settings("acute")))


def updated(release, folder, rows, chosen=None):
    chosen = chosen or release.settings["main"]
    results(folder, rows, chosen)
    return beside(release, folder, chosen)


def beside(release, folder, chosen):
    config = folder / "config"
    return compare(
        release,
        Run(folder / "results", chosen, config / "instruments.csv", config / "treatments.csv"),
    )


def with_trial(*rows):
    return pd.concat([network(), trials(*rows).assign(_file="new.csv")], ignore_index=True)


@pytest.fixture(scope="module")
def strong(baseline, tmp_path_factory):
    new = [*two_arms("Strong 2027", "ibuprofen", 20, 40, n=900),
           *two_arms("Weak 2027", "paracetamol", 39, 40, n=12)]  # fmt: skip
    return updated(baseline, tmp_path_factory.mktemp("strong") / "new", with_trial(*new))


def test_the_strong_trial_is_named_as_the_mover(strong):
    told = strong.tables["effects"].set_index("treatment")
    assert told.loc["NSAID", "mover"] == "Strong 2027"
    assert told.loc["NSAID", "old_verdict"] != told.loc["NSAID", "new_verdict"]
    assert told.loc["NSAID", "change"] == "verdict"
    assert "The mover is Strong 2027" in told.loc["NSAID", "sentence"]
    assert told.loc["NSAID", "mover_shift"] < -3
    moves = strong.tables["movers"]
    own = moves[(moves["study"] == "Weak 2027") & (moves["treatment"] == "NSAID")].iloc[0]
    assert abs(own["shift"]) < 0.5


def test_published_and_exact_shifts_agree_within_monte_carlo_error(strong):
    told = strong.tables["effects"]
    gap = (told["shift"].astype(float) - told["exact_shift"].astype(float)).abs()
    assert (gap <= 5 * told["mcse"].astype(float) + 1e-9).all()
    assert (told["mcse"].astype(float) > 0).all()


def test_another_stratum_says_that_nothing_changed(strong):
    chronic = next(s for s in strong.strata if s["name"] == "chronic")
    assert chronic["unchanged"]
    assert chronic["lead"].startswith("nothing changed: the arms analysed are the same")
    assert "same byte for byte" in chronic["lead"]
    assert not chronic["unlike"]
    assert (strong.tables["effects"].query("stratum == 'chronic'")["change"] == "same").all()
    assert "chronic" not in set(strong.tables["movers"]["stratum"])


def test_added_rows_are_listed_once(strong):
    rows = strong.tables["rows"]
    assert rows["change"].tolist() == ["added"] * 4
    assert set(rows["file"]) == {"new.csv"}


def test_the_same_run_changes_nothing_anywhere(baseline, tmp_path):
    found = updated(baseline, tmp_path / "new", network())
    assert all(s["unchanged"] and not s["rows"] for s in found.strata)
    assert all(found.tables[name].empty for name in ("rows", "movers", "network"))


def test_changed_removed_and_excluded_rows(acute, tmp_path):
    rows = network()
    rows.loc[rows["study"] == "Adams 2001", "mean"] = ["20", "40"]
    rows = rows[rows["study"] != "Dunn 2004"]
    found = updated(acute, tmp_path / "new", rows)
    cells = found.tables["rows"]
    changed = cells[cells["change"] == "changed"].iloc[0]
    assert (changed["column"], changed["old"], changed["new"]) == ("mean", "34", "20")
    assert cells[cells["change"] == "removed"]["study"].tolist() == ["Dunn 2004"] * 2
    assert {"Adams 2001", "Dunn 2004", movers.ALL} == set(found.tables["movers"]["study"])
    gone = found.tables["network"].query("what == 'study' and change == 'gone'")
    assert gone["name"].tolist() == ["Dunn 2004"]


def test_treatments_that_come_and_go_and_an_island_that_is_joined(tmp_path):
    island = two_arms("Isle 2001", "exercise")
    island[1]["treatment"] = "usual care"
    rows = pd.concat([network(), trials(*island).assign(_file="isle.csv")], ignore_index=True)
    release = released(run(tmp_path / "old", rows, settings("acute")))
    bridge = trials(*two_arms("Bridge 2027", "usual care", 40, 41)).assign(_file="new.csv")
    rows = rows[~rows["study"].isin(["Cole 2003", "Dunn 2004"])]
    found = updated(release, tmp_path / "new", pd.concat([rows, bridge], ignore_index=True))
    joined = found.tables["network"].query("change == 'joined'")
    assert joined["name"].tolist() == ["exercise, usual care"]
    told = found.tables["effects"].set_index("treatment")
    assert told.loc["exercise", ["change", "mover"]].tolist() == ["new", "Bridge 2027"]
    assert told.loc["paracetamol", "change"] == "gone"
    assert "no longer linked to placebo" in told.loc["paracetamol", "sentence"]


def test_rows_of_no_stratum_are_told_too(acute, tmp_path):
    rows = with_trial(*two_arms("Late 2027", "exercise", duration="chronic"))
    told = updated(acute, tmp_path / "new", rows).strata
    assert [s["name"] for s in told] == ["acute", "outside"]
    assert told[0]["unchanged"]
    assert "Late 2027" in told[1]["lead"]
    assert "no stratum" in told[1]["lead"]


def test_settings_alone_are_told_apart_from_studies(acute, tmp_path):
    chosen = settings("acute")
    chosen["model"]["priors"]["d"]["sd"] = 5
    found = updated(acute, tmp_path / "new", network(), chosen)
    assert set(found.tables["movers"]["study"]) == {movers.SETTINGS, movers.ALL}
    assert found.strata[0]["lead"].startswith("settings, treatments or scales changed")


def test_verdict_and_certainty_come_from_the_summary_of_findings(tmp_path):
    chosen = settings("acute")
    old = run(tmp_path / "old", network(), chosen)
    sof(old / "results/main/acute", chosen, NSAID="moderate")
    record(old)
    release = released(old)
    at = old / "results/main/acute"
    sof(at, chosen, NSAID="high")
    table = pd.read_csv(at / "sof.csv")
    table.loc[table["treatment"] == "NSAID", "verdict"] = "beats"
    table.to_csv(at / "sof.csv", index=False)
    nsaid = beside(release, old, chosen).tables["effects"].set_index("treatment").loc["NSAID"]
    assert [nsaid["old_certainty"], nsaid["new_certainty"]] == ["moderate", "high"]
    # The same arms: no study can have done this.
    assert nsaid["change"] == "noise"
    assert "Monte Carlo error" in nsaid["sentence"]


def test_no_cell_of_the_page_can_act(acute, tmp_path):
    found = updated(acute, tmp_path / "new", with_trial(*two_arms(EVIL, n=900, mean=10)))
    page = pages.render(update.page(found, settings("acute")), TEMPLATE)
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert EVIL in update.terminal(found, "results/update.html")


def test_the_page_states_the_plain_sentences_first(strong):
    page = pages.render(update.page(strong, settings()), TEMPLATE)
    assert page.index("The mover is Strong 2027") < page.index("Every treatment before and after")
    assert "nothing changed: the arms analysed are the same" in page
    assert json.dumps(strong.strata[0]["lead"])[1:-1].split(".")[0] in page
