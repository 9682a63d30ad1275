"""The report: plain sentences, honest caveats, and no cell that can act as HTML."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from nma import certainty, comparison, pages, report, summary, tables, verdict
from nma.settings import analyses

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "workflow/report/report.html.jinja"
EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>'


def results(root: Path, settings: dict, treatment: str = "drug", islands=()) -> Path:
    """A results folder as a run leaves it, with draws made up here."""
    rng = np.random.default_rng(1)
    names = ["placebo", treatment, "exercise"]
    for analysis, shift in (("main", -12.0), ("fixed_effect", -1.0)):
        folder = root / analysis / "chronic"
        (folder / "figures").mkdir(parents=True)
        d = np.column_stack([np.zeros(2000), rng.normal(shift, 2, 2000), rng.normal(0, 3, 2000)])
        summary.effects(names, d, np.full(2000, 3.0), [5, 10, 15, 20], 1).to_csv(
            folder / "effects.csv", index=False
        )
        summary.ranks(names, d).to_csv(folder / "ranks.csv", index=False)
        summary.league(names, d, [5, 10, 15, 20]).to_csv(folder / "league.csv", index=False)
        summary.heterogeneity(np.full(10, 3.0 if analysis == "main" else 0.0)).to_csv(
            folder / "heterogeneity.csv", index=False
        )
        parameters = [f"d[{n}]" for n in names[1:]]
        pd.DataFrame(
            {
                "parameter": parameters,
                "r_hat": 1.0,
                "ess_bulk": 900.0,
                "ess_tail": 900.0,
                "attempt": "first",
            }
        ).to_csv(folder / "convergence.csv", index=False)
        pd.DataFrame(
            {
                "parameter": parameters,
                "nuts_mean": 0.0,
                "exact_mean": 0.0,
                "mcse": 0.1,
                "z": 0.5,
                "z_quantiles": -1.0,
                "nuts_sd": 1.0,
                "exact_sd": 1.0,
            }
        ).to_csv(folder / "audit.csv", index=False)
        arms = pd.DataFrame(
            {
                "study": ["A", "A"],
                "treatment": names[:2],
                "n": [20.0, None],
                "mean": [50.0, None],
                "sd": [20.0, None],
                "se": [4.0, 4.0],
                "y": [50.0, 38.0],
                "basis": ["arm", "contrast"],
                "derivation": ["as reported", "sd_imputed"],
                "reported": names[:2],
                "kind": "final",
                "weeks": 4.0,
                "doi": "10.1/x",
                "rob": None,
                "rows": "2",
            }
        )
        arms.to_csv(folder / "arms.csv", index=False)
        pd.DataFrame(
            {"study": ["B"], "row": [9], "reason": [f"odd {EVIL}"], "treatment": ["x"]}
        ).to_csv(folder / "excluded.csv", index=False)
        pd.DataFrame([{"rows_in": 3, "rows_used": 2, "rows_merged": 0, "rows_excluded": 1}]).to_csv(
            folder / "account.csv", index=False
        )
        nodes = [
            {"treatment": n, "n": 20.0, "studies": 1, "kind": "active" if i else "placebo"}
            for i, n in enumerate(names)
        ]
        edges = [{"a": names[0], "b": names[1], "studies": 1, "labels": [EVIL]}]
        network = {
            "estimable": True,
            "reason": "",
            "nodes": nodes,
            "edges": edges,
            "loops": 0,
            "islands": list(islands),
        }
        (folder / "network.json").write_text(json.dumps(network))
        rate(folder, names, network, settings["main"])
        pd.DataFrame(columns=["study"]).to_csv(root / analysis / "unassigned.csv", index=False)
    sides = [
        comparison.Side(
            analysis,
            settings[analysis],
            [],
            network,
            {"effects": pd.read_csv(root / analysis / "chronic/effects.csv")},
        )
        for analysis in ("main", "fixed_effect")
    ]
    (root / "comparison/chronic").mkdir(parents=True)
    comparison.every_verdict(sides).to_csv(root / "comparison/chronic/verdicts.csv", index=False)
    (root / "validation").mkdir()
    pd.DataFrame({"study": ["A", "A", "B"]}).to_csv(root / "validation/trials.csv", index=False)
    pd.DataFrame([{"file": "t.csv", "rows": 3, "studies": 2, "sha256": "ab12"}]).to_csv(
        root / "validation/sources.csv", index=False
    )
    pd.DataFrame(
        [
            {
                "level": "warning",
                "file": "t.csv",
                "row": 2,
                "study": EVIL,
                "column": "sd",
                "value": EVIL,
                "rule": "sd_outlier_low",
                "hint": "look",
            }
        ]
    ).to_csv(root / "validation/findings.csv", index=False)
    pd.DataFrame(
        [{"study": EVIL, "row": 2, "column": "sd", "old": "1", "new": "2", "reason": EVIL}]
    ).to_csv(root / "validation/corrections_applied.csv", index=False)
    return root


def rate(folder: Path, names: list[str], network: dict, settings: dict, level="high") -> None:
    """certainty.csv and sof.csv of a folder that has effects and ranks."""
    levels = dict.fromkeys(certainty.DOMAINS, "no concerns") | {"incoherence": "not testable"}
    rated = pd.DataFrame({"treatment": names[1:], "comparator": "placebo", "evidence": "direct"})
    rated = rated.assign(**levels, certainty=level, at_most=True, overridden="incoherence")
    for name in certainty.DOMAINS:
        rated = rated.assign(**{f"{name}_reason": f"why {EVIL}", f"{name}_proposed": "not judged"})
    effects, ranks = (tables.read_typed(folder / f"{t}.csv") for t in ("effects", "ranks"))
    sof = verdict.summary_of_findings(effects, ranks, rated, network, settings)
    tables.write_table(rated, folder / "certainty.csv")
    tables.write_table(sof, folder / "sof.csv")


@pytest.fixture
def settings() -> dict:
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config["strata"] = {"chronic": config["strata"]["chronic"]}
    config["analyses"] = {"main": {}, "fixed_effect": {"engine": "exact"}}
    return analyses(config)


def test_headline_and_caveat_in_plain_words(tmp_path, settings):
    context = report.collect(results(tmp_path, settings), settings, TEMPLATE.parent)
    page = pages.render(context, TEMPLATE)
    assert "Of 2 active treatments in 1 study, 1 beats placebo: drug." in page
    # Normal(-12, 2) lies below -10 with probability .84 only.
    assert "It is not shown to do so by more than 10 points" in page
    assert "12.0 points better (95% interval" in page
    assert "at most high" in page
    assert "no concerns" in page
    assert "drug beats its reference in 0 of 1 other analyses (not in fixed_effect)." in page
    assert "drug: beats its reference in main and in 0 of 1 other analyses" in page
    assert "<code>ab12</code>" in page  # the input's hash
    assert f"chronic {context['seeds']['chronic']}" in page
    assert f"pymc {context['versions']['pymc']}" in page
    said = report.terminal(context, "results/report.html")
    assert "1 beats placebo: drug" in said
    assert "rows: 3 in, 2 used, 0 merged, 1 left out" in said


def test_nothing_from_the_data_acts_as_html(tmp_path, settings):
    context = report.collect(results(tmp_path, settings, treatment=EVIL), settings, TEMPLATE.parent)
    page = pages.render(context, TEMPLATE)
    assert "<script" not in page
    assert "<img src=x" not in page
    assert page.count("&lt;script&gt;") > 5


def test_islands_are_listed_with_what_would_join_them(tmp_path, settings):
    island = {"treatments": ["x", "y"], "studies": ["Z 2001"], "joined_by": "a trial of x"}
    context = report.collect(
        results(tmp_path, settings, islands=[island]), settings, TEMPLATE.parent
    )
    page = pages.render(context, TEMPLATE)
    assert "x and y (Z 2001)" in page
    assert "Would be joined by a trial of x" in page


def test_a_missing_result_is_an_error_not_a_gap(tmp_path, settings):
    root = results(tmp_path, settings)
    (root / "main/chronic/effects.csv").unlink()
    with pytest.raises(FileNotFoundError):
        report.collect(root, settings, TEMPLATE.parent)


def test_listed():
    assert report.listed(["a"]) == "a"
    assert report.listed(["a", "b", "c"]) == "a, b and c"


def test_a_treatment_on_the_line_is_called_so(tmp_path, settings):
    """At an ESS of 900 the error of a probability near .975 is .005."""
    root = results(tmp_path, settings)
    path = root / "main/chronic/effects.csv"
    effects = pd.read_csv(path)
    for p, expected in ((0.972, ["drug"]), (0.96, []), (0.999, [])):
        effects.loc[effects["treatment"] == "drug", "p_below_0"] = p
        effects.to_csv(path, index=False)
        assert (
            report.collect(root, settings, TEMPLATE.parent)["strata"][0]["borderline"] == expected
        )
