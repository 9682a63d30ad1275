"""Whole runs on input that is wrong, or that cannot be estimated."""

import json

import pandas as pd
import pytest
import yaml
from runs import folder, run, said, small


def test_errors_stop_the_run_and_are_all_named(tmp_path):
    trials = small()
    trials.loc[trials.index[0], "sd"] = "about 20"
    trials.loc[trials.index[5], "treatment"] = "placeboo"
    path = folder(tmp_path / "run", trials)
    done = run(path)
    assert done.returncode != 0
    assert "number_sd" in said(done)
    assert "data/trials.csv, row 2, column sd" in said(done)
    assert "Did you mean 'placebo'" in said(done)
    findings = pd.read_csv(path / "results/validation/findings.csv")
    assert set(findings.query("level == 'error'")["rule"]) >= {"number_sd", "unknown_treatment"}
    assert not list((path / "results").rglob("arms.csv"))
    assert not (path / "results/report.html").exists()


def test_a_stratum_that_cannot_be_estimated_says_why(tmp_path):
    trials = small()
    gone = (trials["duration"] == "acute") & ~trials["study"].isin(["Videman 1984"])
    analyses = {"main": {"impute": "none"}}
    path = folder(tmp_path / "run", trials[~gone], only="acute", analyses=analyses)
    done = run(path)
    assert done.returncode == 0, said(done)
    acute = path / "results/main/acute"
    assert "No study of this stratum" in (acute / "not_estimable.txt").read_text()
    assert not (acute / "effects.csv").exists()
    page = (path / "results/report.html").read_text()
    assert "cannot be estimated" in page
    assert json.loads((path / "results/networks.json").read_text())["results/main/acute"] is False


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"refrence": "placebo"}, "refrence"),
        ({"sampling": {"draw": 100}}, "draw"),
        ({"analyses": {"main": {"model": {"efects": "fixed"}}}}, "efects"),
        ({"analyses": {"main": {"engine": "exact"}}}, "main"),
        ({"mid": {"value": 7}}, "mid.value"),
        ({"analyses": {"main": {"model": None}}}, "config of 'main': model: None is not of type"),
        ({"__use_yte__": True, "?open('made', 'w')": 1}, "Python in a config is not run"),
    ],
)
def test_a_wrong_config_stops_at_once(tmp_path, changes, words):
    path = folder(tmp_path / "run")
    config = yaml.safe_load((path / "config/config.yaml").read_text())
    for key, value in changes.items():
        config[key] = config[key] | value if isinstance(value, dict) and key in config else value
    (path / "config/config.yaml").write_text(yaml.safe_dump(config))
    done = run(path, "-n")
    assert done.returncode != 0
    assert words in said(done)
    assert "Traceback" not in said(done)
    assert {file.name for file in path.iterdir()} <= {"config", "data", ".snakemake"}
