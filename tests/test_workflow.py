"""Whole runs: the contract of files, reruns, the same results on any number of cores."""

import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from runs import ROOT, folder, run, said

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
KINDS = {
    "placebo_kinds": {"engine": "exact", "model": {"placebo": "exchangeable"}},
    "nobody": {"engine": "exact", "data": {"keep": {"study": ["no such study"]}}},
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    path = folder(tmp_path_factory.mktemp("first") / "run", analyses=KINDS)
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
        rated = pd.read_csv(results / "certainty.csv")
        assert len(rated) == K * (K - 1) / 2
        assert set(rated["reporting_bias"]) == {"not judged"}  # this folder has no judgements
        sof = pd.read_csv(results / "sof.csv")
        assert set(sof["treatment"]) == treatments - {"placebo"}
        assert sof["sentence"].str.contains("95% interval").all()
    else:
        assert len(tables["heterogeneity"]) == 1
        assert tables["heterogeneity"].loc[0, "mean"] == 0


@pytest.mark.parametrize("stratum", STRATA)
def test_a_model_is_judged_and_compared(finished, stratum):
    folder = finished / "results/placebo_kinds" / stratum
    learned = pd.read_csv(folder / "learned.csv")
    assert learned["parameter"].tolist()[:2] == ["tau", "sigma_p"]
    treatments = set(pd.read_csv(folder / "effects.csv")["treatment"])
    assert any(name.startswith("placebo (") for name in treatments)
    # The common placebo is the reference, which has no row.
    assert "placebo" not in treatments
    details = pd.read_csv(folder / "details.csv")
    assert set(details.loc[details["what"] == "sigma_p", "value"]) == {0, 1, 2, 5, 10, 20}
    compared = pd.read_csv(finished / "results/comparison" / stratum / "analyses.csv")
    assert compared["analysis"].tolist()[0] == "main"
    assert set(compared["analysis"]) == {"main", "fixed_effect", *KINDS}
    assert not (finished / "results/nobody" / stratum / "effects.csv").exists()
    assert (finished / "results/nobody" / stratum / "not_estimable.txt").stat().st_size
    page = (finished / "results/comparison.html").read_text()
    assert "What if kinds of placebo differ" in page


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
    assert page.count('src="data:image/svg+xml,') == 2 * (8 + 14) + 1  # the flow of trials
    assert page.count("<script") == 2  # ours and its data
    assert len(page) < 8e6
    for stratum in STRATA:
        for kind in ("svg", "pdf", "png"):
            assert (finished / f"results/main/{stratum}/figures/forest.{kind}").stat().st_size


def test_snakemakes_own_report_holds_the_figures_with_captions(finished, tmp_path):
    done = run(finished, "--report", str(tmp_path / "report.zip"))
    assert done.returncode == 0, said(done)
    with zipfile.ZipFile(tmp_path / "report.zip") as packed:
        names = packed.namelist()
        (page,) = (packed.read(n).decode() for n in names if n.endswith("report.html"))
    for stratum in STRATA:
        assert f'"{stratum}": {{' in page  # a category
    for caption in ("forest", "network", "flow", "node_splits", "models"):
        text = (ROOT / f"workflow/report/{caption}.rst").read_text(encoding="utf-8")
        # The first words: what follows may hold a character that HTML or JSON escapes.
        assert " ".join(text.split()[:5]) in page, caption
    assert sum(name.endswith("forest.svg") for name in names) == len(STRATA)


def test_nothing_to_do_twice(finished):
    done = run(finished)
    assert done.returncode == 0
    assert "Nothing to be done" in said(done)


@pytest.mark.slow
def test_same_results_with_one_core(tmp_path):
    one, two = (tmp_path / name for name in ("one", "two"))
    for path, cores in ((one, 2), (two, 1)):
        done = run(folder(path, only="acute"), cores=cores)
        assert done.returncode == 0, said(done)
    compared = 0
    for path in sorted((one / "results").rglob("*")):
        # The manifest has the times of its run; its fingerprints are of the files compared here.
        timed = path == one / "results/manifest.json"
        if path.suffix in {".csv", ".html", ".json", ".txt", ".svg"} and not timed:
            twin = two / path.relative_to(one)
            assert twin.read_bytes() == path.read_bytes(), path.name
            compared += 1
    assert compared > 40


@pytest.mark.slow
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
    # What leads to the arms is rewritten with the same content; nothing that follows is.
    changed = {p.name for p, t in before.items() if p.stat().st_mtime_ns != t}
    tables = {f"{name}.csv" for name in ("rows", "arms", "excluded", "account", "trace")}
    assert changed == {*tables, "network.json"}
    after, old = (
        pd.read_csv(p / "results/main/chronic/arms.csv")["mean"] for p in (path, finished)
    )
    assert (after - old).abs().sum() == pytest.approx(1.0)
