"""A whole update and a comparison of two sheets, as a user starts them."""

import json
import shutil

import pandas as pd
import pytest
import yaml
from lived import network, registries, released, settings, two_arms
from lived import run as made_up
from runs import folder, run, said
from tabular import text_table

from nma.living import release
from nma.tables import FILE, ROW

NEW = [*two_arms("Strong 2027", "ibuprofen", 20, 40, n=900), *two_arms("Weak 2027", n=12)]


def plain(table: pd.DataFrame) -> pd.DataFrame:
    return table[[c for c in table if not c.startswith("_")]]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A user's folder with a release of acute trials and a sheet of new ones."""
    root = tmp_path_factory.mktemp("living")
    acute = network().query("duration == 'acute'")
    path = folder(root / "run", plain(acute), only="acute")
    config = yaml.safe_load((path / "config/config.yaml").read_text())
    config["analyses"] = {"main": {}}
    (path / "config/config.yaml").write_text(yaml.safe_dump(config))
    registries(path)
    plain(text_table(NEW)).to_csv(path / "data/new.csv", index=False)
    old = acute.assign(**{FILE: "data/trials.csv", ROW: range(2, len(acute) + 2)})
    made = released(made_up(root / "old", old, settings("acute")), "1.2")
    shutil.copytree(made.folder, path / "releases/1.2")
    return path


@pytest.mark.slow
def test_without_a_release_update_says_how_to_make_one(tmp_path):
    path = folder(tmp_path / "run", only="acute")
    done = run(path, "--dry-run", "update")
    assert done.returncode != 0
    assert "make release VERSION=1.0" in said(done)


@pytest.mark.slow
def test_compare_wants_two_sheets(desk):
    done = run(desk, "--dry-run", "compare", "--config", "compare=[a.csv]")
    assert done.returncode != 0
    assert "make compare A=first.csv B=second.csv" in said(done)


@pytest.mark.slow
def test_an_update_names_its_mover_and_leaves_a_manifest(desk):
    done = run(desk, "update", "--config", "new=data/new.csv")
    assert done.returncode == 0, said(done)
    assert "Compared with release 1.2" in said(done)
    assert "The mover is Strong 2027" in said(done)
    assert (desk / "results/report.html").exists()
    effects = pd.read_csv(desk / "results/update/effects.csv").set_index("treatment")
    assert effects.loc["NSAID", "mover"] == "Strong 2027"
    # NUTS moves as the exact engine says, within the error of both runs.
    gap = (effects["shift"] - effects["exact_shift"]).abs()
    assert (gap < 5 * effects["mcse"]).all()

    told = json.loads((desk / "results/manifest.json").read_text())
    assert told["run"]["command_line"] == {"new": ["data/new.csv"]}
    assert {"data/new.csv", "data/trials.csv", "config/config.yaml"} <= set(told["inputs"])
    assert set(told["seeds"]) == {"main"}
    assert {job["rule"] for job in told["jobs"]} >= {"fit_nuts", "validate_trials"}
    assert "main/acute/effects.csv" in told["outputs"]
    assert not [n for n in told["outputs"] if n.startswith(("update", "manifest"))]
    assert str(desk) not in json.dumps(told)
    with pytest.raises(release.Refused, match="took new from the command line"):
        released(desk, "1.3")

    again = run(desk, "update", "--config", "new=data/new.csv")
    assert again.returncode == 0
    assert "Nothing to be done" in said(again)


@pytest.mark.slow
def test_two_sheets_are_compared_or_their_errors_told(desk):
    a = plain(network().query("duration == 'acute'"))
    b = a.copy()
    b.iloc[0, b.columns.get_loc("mean")] = "13"
    a.to_csv(desk / "A.csv", index=False)
    b.to_csv(desk / "B.csv", index=False)
    done = run(desk, "compare", "--config", "compare=[A.csv, B.csv]")
    assert done.returncode == 0, said(done)
    assert "1 cell differs" in said(done)
    found = pd.read_csv(desk / "results/compare/disagreements.csv")
    assert found["study"].tolist() == ["Adams 2001"]

    for name, sheet in (("A", a), ("B", b)):
        sheet.assign(treatment="no such drug").to_csv(desk / f"{name}.csv", index=False)
    done = run(desk, "compare", "--config", "compare=[A.csv, B.csv]")
    assert done.returncode != 0
    assert "A.csv, row 2, column treatment" in said(done)
    assert "B.csv, row 2, column treatment" in said(done)
