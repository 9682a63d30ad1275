"""Is a release reproduced? Exactly, within Monte Carlo error, or not."""

import shutil

import pytest
from lived import ROOT, network, released, results, run, settings

from nma import tables
from nma.living import verify


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = run(tmp_path_factory.mktemp("verify") / "run", network(), settings("acute"))
    return released(folder)


@pytest.fixture
def rerun(release, tmp_path):
    """results/ as a rerun on the same machine leaves it."""
    return shutil.copytree(release.folder.parents[1] / "results", tmp_path / "results")


def verified(release, rerun):
    return verify.compare(release, rerun, ROOT)


def edit(path, column, row, change):
    table = tables.read_back(path)
    table.loc[row, column] = str(change(float(table.loc[row, column])))
    tables.write_table(table, path)


def test_the_same_bytes_are_reproduced_exactly(release, rerun):
    found = verified(release, rerun)
    assert found.verdict == verify.EXACTLY
    assert found.identical == found.tables > 8
    assert "reproduced exactly" in verify.terminal(found)


def test_other_draws_of_the_same_posterior_are_within_monte_carlo_error(release, tmp_path):
    results(tmp_path, network(), settings("acute"), seed=7)
    found = verified(release, tmp_path / "results")
    assert found.verdict == verify.WITHIN, verify.terminal(found)
    assert {"main/acute/effects.csv", "main/acute/league.csv", "main/acute/ranks.csv"} <= set(
        found.differences["table"]
    )
    assert (found.differences["verdict"] == verify.WITHIN).all()


def test_an_effect_elsewhere_is_not_reproduced(release, rerun):
    edit(rerun / "main/acute/effects.csv", "mean", 0, lambda x: x + 3)
    found = verified(release, rerun)
    assert found.verdict == verify.NOT
    (line,) = found.differences.to_dict("records")
    assert (line["table"], line["column"]) == ("main/acute/effects.csv", "mean")
    assert line["difference"] == pytest.approx(3)
    assert line["in_mcse"] > 5


def test_the_order_of_rows_is_no_difference(release, rerun):
    path = rerun / "main/acute/effects.csv"
    tables.write_table(tables.read_back(path).iloc[::-1], path)
    found = verified(release, rerun)
    assert found.verdict == verify.WITHIN
    assert found.differences.empty


def test_what_has_no_monte_carlo_error_has_none_to_hide_in(release, rerun):
    edit(rerun / "main/acute/arms.csv", "y", 0, lambda x: x + 0.001)
    assert verified(release, rerun).verdict == verify.NOT


def test_last_digits_of_another_processor_are_rounding(release, rerun):
    edit(rerun / "main/acute/arms.csv", "y", 0, lambda x: x * (1 + 1e-10))
    path = rerun / "main/acute/arms.csv"
    path.write_text(path.read_text() + "\n")
    assert verified(release, rerun).verdict == verify.WITHIN


def test_a_verdict_that_changes_is_always_named(release, rerun):
    treatment = tables.read_back(rerun / "main/acute/effects.csv").loc[0, "treatment"]
    edit(rerun / "main/acute/effects.csv", "p_below_0", 0, lambda x: 0.9999 if x < 0.975 else 0.5)
    found = verified(release, rerun)
    assert found.verdict == verify.NOT
    assert len(found.verdicts) == 1
    assert treatment in found.verdicts[0]
    assert "VERDICTS THAT DIFFER" in verify.terminal(found)


@pytest.mark.parametrize("name", ["main/acute/effects.csv", "main/acute/network.json"])
def test_a_missing_table_is_not_reproduced(release, rerun, name):
    (rerun / name).unlink()
    found = verified(release, rerun)
    assert found.verdict == verify.NOT
    assert name in verify.terminal(found)


def test_inputs_that_were_tampered_with_are_named(release, rerun):
    path = release.folder / "inputs/data/trials.csv"
    kept = path.read_text()
    path.write_text(kept + "\n")
    try:
        found = verified(release, rerun)
        assert found.inputs == ["data/trials.csv"]
        assert found.verdict == verify.NOT
    finally:
        path.write_text(kept)


def test_a_change_of_verdict_within_monte_carlo_error_is_named_too(release, rerun):
    path, kept = rerun / "main/acute/effects.csv", release.tables / "main/acute/effects.csv"
    before = kept.read_text()
    edit(kept, "p_below_0", 0, lambda x: 0.976)
    edit(path, "p_below_0", 0, lambda x: 0.974)
    try:
        found = verified(release, rerun)
        assert found.verdict == verify.WITHIN
        assert len(found.verdicts) == 1
    finally:
        kept.write_text(before)
