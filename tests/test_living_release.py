"""Releases: kept whole, never changed, in the order in which they were recorded."""

import json
import shutil

import pytest
from lived import ROOT, network, record, released, run, settings

from nma.living import release
from nma.living.release import Refused


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run(tmp_path_factory.mktemp("finished") / "run", network(), settings("acute"))


@pytest.fixture
def folder(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def test_a_release_holds_inputs_tables_and_manifest(folder):
    made = released(folder, "1.2")
    assert made.folder == folder / "releases/1.2"
    for name in ("data/trials.csv", "config/config.yaml", "config/treatments.csv"):
        assert (made.folder / "inputs" / name).read_bytes() == (folder / name).read_bytes()
    for name in ("main/acute/effects.csv", "main/acute/arms.csv", "validation/trials.csv"):
        assert (made.tables / name).read_bytes() == (folder / "results" / name).read_bytes()
    assert made.registry("treatments").exists()
    assert not list((folder / "releases").glob(".*"))


def test_the_last_release_is_the_last_recorded(folder):
    for version in ("1.10", "1.9", "0.1-fix"):
        released(folder, version)
    found = release.releases(folder / "releases")
    assert [r.version for r in found] == ["1.10", "1.9", "0.1-fix"]
    assert release.last(folder / "releases").version == "0.1-fix"
    assert release.called(folder / "releases", "1.9").version == "1.9"
    assert release.called(folder / "releases", "").version == "0.1-fix"


def test_a_version_is_recorded_once(folder):
    released(folder)
    with pytest.raises(Refused, match=r"The release 1\.0 exists\. Hint"):
        released(folder)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../up", "a/b", "a\\b", "-n", ".hidden", "a b", "x" * 99, "1..2", "a\n"]
)
def test_names_that_are_no_safe_folder_are_refused(folder, name):
    with pytest.raises(Refused, match="cannot name a release"):
        released(folder, name)
    assert not (folder / "releases").exists()


def test_without_a_release_it_says_how_to_make_one(tmp_path):
    with pytest.raises(Refused, match="make release VERSION"):
        release.last(tmp_path / "releases")


def test_an_unknown_release_is_answered_with_the_known_ones(folder):
    released(folder, "1.2")
    with pytest.raises(Refused, match=r"recorded are 1\.2"):
        release.called(folder / "releases", "1.3")


def test_a_broken_manifest_is_named(folder):
    made = released(folder)
    (made.folder / "manifest.json").write_text("{")
    with pytest.raises(Refused, match="is no manifest of a release"):
        release.last(folder / "releases")


def test_every_fault_of_a_run_is_named_at_once(folder):
    (folder / "data/trials.csv").write_text("changed\n")
    (folder / "results/main/acute/effects.csv").write_text("edited\n")
    (folder / "results/main/acute/ranks.csv").unlink()
    (folder / "config/treatments.csv").unlink()
    told = json.loads((folder / "results/manifest.json").read_text())
    told["code"]["Snakefile"] = "0"
    told["run"]["command_line"] = {"new": ["trials_2027.csv"]}
    (folder / "results/manifest.json").write_text(json.dumps(told))
    with pytest.raises(Refused) as refused:
        released(folder)
    for words in (
        "took new from the command line",
        "the input data/trials.csv has changed since the run",
        "the input config/treatments.csv is gone",
        "the code Snakefile has changed since the run",
        "results/main/acute/effects.csv is not what the run wrote",
        "results/main/acute/ranks.csv is gone",
        "Hint: run make",
    ):
        assert words in str(refused.value)
    assert not (folder / "releases").exists()


def test_a_run_without_a_manifest_is_not_complete(folder):
    (folder / "results/manifest.json").unlink()
    assert release.faults(folder, ROOT) == [
        "there is no results/manifest.json: the run is not complete"
    ]


def test_a_complete_run_has_no_fault(folder):
    record(folder)
    assert release.faults(folder, ROOT) == []
