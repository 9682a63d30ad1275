"""What the page lets a reader choose is what the tables say, and cannot leave its element."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_report import results, settings  # noqa: F401

from nma import explorer, pages, summary

GRID = [5, 10, 15, 20]


def league(K=4, draws=4000):
    d = np.random.default_rng(5).normal(size=(draws, K)) * 9
    d[:, 0] = 0
    names = ["placebo", *(f"t{k}" for k in range(1, K))]
    return names, d, summary.league(names, d, GRID)


def test_every_pair_is_there_both_ways_round():
    names, d, table = league()
    found = explorer.pairs(table, names, GRID)
    order = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    assert len(found["effect"]) == len(order)
    for (i, j), effect, below, above in zip(
        order, found["effect"], found["below"], found["above"], strict=True
    ):
        x = d[:, j] - d[:, i]
        assert effect[0] == pytest.approx(10 * np.median(x), abs=0.5)
        assert effect[1] == pytest.approx(10 * np.quantile(x, 0.025), abs=0.5)
        for k, t in enumerate([0, *GRID]):
            assert below[k] == pytest.approx(1e5 * np.mean(x < -t), abs=1)
            assert above[k] == pytest.approx(1e5 * np.mean(x > t), abs=1)


def test_a_probability_just_below_a_limit_does_not_reach_it():
    columns = ["p_below_0", *(f"p_below_-{t}" for t in GRID)]
    rows = [
        {"treatment": a, "comparator": b, "median": 0.0, "ci_low": 0.0, "ci_high": 0.0}
        | dict.fromkeys(columns, p)
        for a, b, p in (("x", "placebo", 0.97499999), ("placebo", "x", 0.975))
    ]
    found = explorer.pairs(pd.DataFrame(rows), ["placebo", "x"], GRID)
    assert found["below"] == [[97499] * 5]
    assert found["above"] == [[97500] * 5]


@given(st.recursive(st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)))
def test_json_comes_back_and_cannot_close_its_element(value):
    text = explorer.script_of({"x": value})
    assert json.loads(text) == {"x": value}
    assert not set(text) & set("<>&\u2028\u2029")


def test_choices_of_a_results_folder(tmp_path, settings):  # noqa: F811
    root = results(tmp_path, settings)
    found = explorer.collect(root, settings)
    assert [s["name"] for s in found["strata"]] == ["chronic"]
    assert set(found["fits"]) == {"chronic/main", "chronic/fixed_effect"}
    fit = found["fits"]["chronic/main"]
    assert fit["names"] == ["placebo", "drug", "exercise"]
    effects = pd.read_csv(root / "main/chronic/effects.csv").set_index("treatment")
    assert fit["pairs"]["effect"][0][0] == round(10 * effects.loc["drug", "median"])
    assert fit["new"][1] == [round(10 * effects.loc["drug", c]) for c in ("pred_low", "pred_high")]
    assert found["changes"]["main"] == ""
    assert "engine" in found["changes"]["fixed_effect"]


def test_networks_too_large_for_a_page_keep_main_only(tmp_path, settings, monkeypatch):  # noqa: F811
    monkeypatch.setattr(explorer, "MANY", 2)
    found = explorer.collect(results(tmp_path, settings), settings)
    assert set(found["fits"]) == {"chronic/main"}
    assert found["leftOut"] == ["chronic/fixed_effect"]


def test_the_policy_names_the_script(tmp_path):
    path = tmp_path / "a.js"
    path.write_text("alert(1);\n")
    made = pages.scripted({"x": 1}, [path])
    # openssl dgst -sha256 -binary a.js | base64
    assert made["script"] == "alert(1);\n"
    assert made["script_hash"] == "vyWxnR5/SfkpBXTjK7tyUvoeEZCT+fK2ayxsse+sBvs="
