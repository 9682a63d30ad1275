"""Whole runs in temporary folders: the contract of files, reruns, bad input, islands.

The folders hold their own config and data and inherit the repository's registries, as a
user's would.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
import yaml

ROOT = Path(__file__).parent.parent
CONTRACT = {
    "arms": ["study", "treatment", "n", "mean", "sd", "se", "basis"],
    "excluded": ["study", "row", "reason"],
    "effects": [
        "treatment", "mean", "sd", "median", "ci_low", "ci_high", "pred_low", "pred_high",
        "p_below_0", "p_below_-5", "p_below_-10", "p_below_-15", "p_below_-20",
    ],
    "league": ["treatment", "comparator", "mean", "sd", "median", "ci_low", "ci_high"],
    "ranks": [
        "treatment", "sucra", "sucra_low", "sucra_high", "mean_rank", "rank_low", "rank_high",
        "p_best",
    ],
    "heterogeneity": ["parameter", "mean", "sd", "median", "ci_low", "ci_high"],
}  # fmt: skip
AUDIT = [
    "parameter", "nuts_mean", "exact_mean", "mcse", "z", "z_quantiles", "nuts_sd", "exact_sd"
]  # fmt: skip
STRATA = ("acute", "chronic")


def folder(path: Path, trials: pd.DataFrame | None = None, **changes) -> Path:
    """A user's folder: a subset of the committed trials and a config with few draws."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config["analyses"] = {"main": {}, "fixed_effect": config["analyses"]["fixed_effect"]}
    config["sampling"] |= {"draws": 1500}
    for key, value in changes.items():
        config[key] = config[key] | value if isinstance(value, dict) else value
    (path / "config").mkdir(parents=True)
    (path / "data").mkdir()
    (path / "config/config.yaml").write_text(yaml.safe_dump(config))
    (trials if trials is not None else small()).to_csv(path / "data/trials.csv", index=False)
    return path


def small() -> pd.DataFrame:
    """Acute trials of drugs and chronic trials of antidepressants: two small networks."""
    every = pd.read_csv(ROOT / "data/trials.csv", dtype=str, keep_default_na=False)
    acute = ["Dreiser 2003", "Szpalski 1994", "Williams 2014 (PACE)", "Jones 2023 (OPAL)",
             "Friedman 2006", "Videman 1984", "Ximenes 2007"]  # fmt: skip
    chronic = every.loc[every["source"].str.contains("CD001703"), "study"]
    return every[every["study"].isin([*acute, *chronic])]


def run(path: Path, *arguments: str, cores: int = 2) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
               "--directory", str(path), "--cores", str(cores), *arguments]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False)


def said(done: subprocess.CompletedProcess) -> str:
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    path = folder(tmp_path_factory.mktemp("first") / "run")
    done = run(path)
    assert done.returncode == 0, said(done)
    assert "Report: results/report.html" in said(done)
    assert "beat placebo" in said(done) or "beats placebo" in said(done)
    return path


@pytest.mark.parametrize("analysis", ["main", "fixed_effect"])
@pytest.mark.parametrize("stratum", STRATA)
def test_results_keep_the_contract(finished, analysis, stratum):
    results = finished / "results" / analysis / stratum
    tables = {name: pd.read_csv(results / f"{name}.csv") for name in CONTRACT}
    for name, columns in CONTRACT.items():
        assert [c for c in tables[name].columns if c in columns] == columns, name
    treatments = set(tables["ranks"]["treatment"])
    assert set(tables["effects"]["treatment"]) == treatments - {"placebo"}
    K = len(treatments)
    assert len(tables["league"]) == K * (K - 1)
    assert (results / "audit.csv").exists() == (analysis == "main")
    if analysis == "main":
        assert list(pd.read_csv(results / "audit.csv").columns) == AUDIT
    else:
        assert len(tables["heterogeneity"]) == 1
        assert tables["heterogeneity"].loc[0, "mean"] == 0


@pytest.mark.parametrize("stratum", STRATA)
def test_rows_in_are_used_merged_or_excluded(finished, stratum):
    results = finished / "results/main" / stratum
    account = pd.read_csv(results / "account.csv").iloc[0]
    assert account["rows_in"] == len(pd.read_csv(results / "rows.csv"))
    assert account["rows_in"] == account[["rows_used", "rows_merged", "rows_excluded"]].sum()
    assert account["rows_excluded"] == len(pd.read_csv(results / "excluded.csv"))


@pytest.mark.parametrize("stratum", STRATA)
def test_posterior_is_readable_by_arviz(finished, stratum):
    with xr.open_datatree(finished / f"results/main/{stratum}/posterior.nc") as tree:
        groups = {"posterior", "sample_stats", "log_likelihood", "log_prior", "observed_data"}
        assert groups <= set(tree.children)
        effects = pd.read_csv(finished / f"results/main/{stratum}/effects.csv")
        draws = tree["posterior"]["d"]
        for row in effects.itertuples():
            mean = float(draws.sel(treatment=row.treatment).mean())
            assert mean == pytest.approx(row.mean, abs=1e-8)
        assert tree["log_likelihood"]["y"].dims == ("chain", "draw", "study")
        assert set(tree["observed_data"].data_vars) >= {"y", "se"}


def test_report_is_one_file_with_figures(finished):
    page = (finished / "results/report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert page.count("data:image/svg+xml;base64,") == 2 * 8
    assert "<script" not in page
    for stratum in STRATA:
        for kind in ("svg", "pdf", "png"):
            assert (finished / f"results/main/{stratum}/figures/forest.{kind}").stat().st_size


def test_nothing_to_do_twice(finished):
    done = run(finished)
    assert done.returncode == 0
    assert "Nothing to be done" in said(done)


@pytest.mark.slow
def test_same_results_with_one_core(finished, tmp_path):
    other = folder(tmp_path / "run")
    done = run(other, cores=1)
    assert done.returncode == 0, said(done)
    compared = 0
    for path in sorted((finished / "results").rglob("*")):
        if path.suffix in {".csv", ".html", ".json", ".txt", ".svg"}:
            twin = other / path.relative_to(finished)
            assert twin.read_bytes() == path.read_bytes(), path.name
            compared += 1
    assert compared > 40


def test_a_changed_row_reruns_its_own_stratum_only(finished, tmp_path):
    path = tmp_path / "run"
    shutil.copytree(finished, path)
    trials = pd.read_csv(path / "data/trials.csv", dtype=str, keep_default_na=False)
    chronic = trials.index[(trials["duration"] == "chronic") & (trials["sd"] != "")][0]
    trials.loc[chronic, "mean"] = str(float(trials.loc[chronic, "mean"]) + 1)
    trials.to_csv(path / "data/trials.csv", index=False)
    before = {p: p.stat().st_mtime_ns for p in (path / "results/main/acute").rglob("*.*")}
    assert len(before) > 20
    done = run(path)
    assert done.returncode == 0, said(done)
    # rows.csv is rewritten with the same content; nothing that follows from it is.
    changed = {p.name for p, t in before.items() if p.stat().st_mtime_ns != t}
    assert changed == {"rows.csv"}
    after, old = (
        pd.read_csv(p / "results/main/chronic/arms.csv")["mean"] for p in (path, finished)
    )
    assert (after - old).abs().sum() == pytest.approx(1.0)


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
    analyses = {"main": {"impute_sd": "none"}}
    path = folder(tmp_path / "run", trials[~gone], analyses=analyses)
    done = run(path)
    assert done.returncode == 0, said(done)
    acute = path / "results/main/acute"
    assert "No study of this stratum" in (acute / "not_estimable.txt").read_text()
    assert not (acute / "effects.csv").exists()
    assert (path / "results/main/chronic/effects.csv").exists()
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
