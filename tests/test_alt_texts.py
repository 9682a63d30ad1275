"""Alternative texts hold the numbers of their figures."""

import pandas as pd

from nma import alt_texts


def test_every_figure_says_its_numbers():
    row = {"treatment": "drug", "median": -7.31, "ci_low": -12.2, "ci_high": -2.5}
    stratum = {
        "rows": [row],
        "ranks": pd.DataFrame([{"treatment": "drug", "mean_rank": 1.4, "rank_low": 1,
                                "rank_high": 3, "p_best": 0.61}]),
        "network": {"nodes": [1, 2], "edges": [{"a": "drug", "b": "placebo", "studies": 4}]},
        "heterogeneity": pd.DataFrame([{"parameter": "tau"} | row]),
        "checks": [{"figures": ("funnel",), "sentences": ["Slope 0.2."]}],
    }  # fmt: skip
    alt = alt_texts.of_stratum(stratum, "placebo")
    assert "drug −7.3 (−12.2 to −2.5)" in alt["forest"]
    assert "drug and placebo 4" in alt["network"]
    assert "drug 1.4 (1 to 3)" in alt["ranks"]
    assert "drug 61%" in alt["rank_probabilities"]
    assert "tau −7.3" in alt["tau"]
    assert alt["funnel"] == "Funnel. Slope 0.2."
