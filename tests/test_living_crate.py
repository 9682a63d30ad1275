"""The RO-Crate: inputs, workflow, outputs, authors and licence, each file listed and there."""

import json
import zipfile

import pytest
from lived import ROOT, network, run, settings

from nma.living import crate


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = run(tmp_path_factory.mktemp("crate") / "run", network(), settings("acute"))
    return crate.write(folder, ROOT)


def entities(folder):
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    return {entity["@id"]: entity for entity in graph}


def test_every_file_of_the_crate_is_there(packed):
    folder, archive = packed
    known = entities(folder)
    files = [i for i, e in known.items() if "File" in e["@type"]]
    assert {"Snakefile", "inputs/data/trials.csv", "results/main/acute/effects.csv",
            "results/manifest.json", "uv.lock", "LICENSE"} <= set(files)  # fmt: skip
    with zipfile.ZipFile(archive) as zipped:
        assert {*files, "ro-crate-metadata.json"} <= set(zipped.namelist())
    assert all((folder / name).is_file() for name in files)


def test_authors_licence_and_run_are_described(packed):
    known = entities(packed[0])
    root = known["./"]
    assert root["license"] == "https://spdx.org/licenses/MIT"
    assert known[root["author"][0]["@id"]]["name"] == "The lowback-nma authors"
    workflow = known[root["mainEntity"]["@id"]]
    assert workflow["@id"] == "Snakefile"
    action = known["#run"]
    assert action["@type"] == "CreateAction"
    assert {"@id": "inputs/data/trials.csv"} in action["object"]
    assert {"@id": "results/main/acute/effects.csv"} in action["result"]


def test_nothing_in_it_names_this_machine(packed):
    assert str(ROOT) not in (packed[0] / "ro-crate-metadata.json").read_text()


def test_a_file_that_is_gone_stops_it(tmp_path):
    folder = run(tmp_path / "run", network(), settings("acute"))
    (folder / "results/main/acute/effects.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"in the manifest but gone\. Hint"):
        crate.build(folder, ROOT)
