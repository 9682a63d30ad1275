"""All analyses side by side: verdicts by the stated rule, DIC and elpd only where comparable."""

import numpy as np
import pandas as pd
import pytest

from nma import comparison
from nma.comparison import ABSENT, BEATS, NOT_LINKED, NOT_SHOWN, OTHER_ARMS, WORSE, WORTHWHILE

SETTINGS = {
    "engine": "exact",
    "reference": "placebo",
    "treatment_map": "treatment",
    "mid": {"value": 10},
    "headline": {"beats": 0.975, "worthwhile": 0.975},
}


def side(name, effects, data="a", elpd=(0.0, 0.0), prior_driven=(False, False), **settings):
    """An analysis with (p_below_0, p_mid) per treatment; None: not estimable."""
    chosen = SETTINGS | settings
    nodes = [{"treatment": t, "kind": "active"} for t in effects or {}]
    nodes.append({"treatment": "usual care", "kind": "none"})
    network = {"nodes": nodes, "reason": "no trial"}
    if effects is None:
        return comparison.Side(name, chosen, ["x = 1"], network, {})
    rows = [
        {"treatment": t, "mean": -5.0, "median": -5.0, "ci_low": -9.0, "ci_high": -1.0,
         "p_below_0": p, "p_below_-10": q}
        for t, (p, q) in {**effects, "usual care": (1.0, 1.0)}.items()
    ]  # fmt: skip
    fit = {"studies": 2, "arms": 4, "data": data, "points": 2, "residual_deviance": 2.0,
           "pD": 1.0, "DIC": 3.0 + len(name), "elpd": sum(elpd), "predicted": 2,
           "adds": ""}  # fmt: skip
    points = {"study": ["A", "B"], "elpd": list(elpd), "prior_driven": list(prior_driven)}
    tau = {"parameter": ["tau"], "mean": [2.0], "sd": [1.0], "median": [2.0], "ci_low": [1.0],
           "ci_high": [3.0], "note": [""]}  # fmt: skip
    return comparison.Side(
        name,
        chosen,
        [],
        network,
        {
            "effects": pd.DataFrame(rows),
            "fit_statistics": pd.DataFrame([fit]),
            "pointwise": pd.DataFrame(points),
            "heterogeneity": pd.DataFrame(tau),
            "learned": pd.DataFrame({"parameter": ["tau", "omega"], "prior_driven": [False, True]}),
        },
    )


MAIN = side("main", {"a": (0.99, 0.98), "b": (0.98, 0.2), "c": (0.5, 0.1), "d": (0.01, 0.0)})


def test_verdicts_follow_the_rule_and_only_active_treatments_get_one():
    said = comparison.verdicts(MAIN).set_index("treatment")["verdict"]
    assert said.to_dict() == {"a": WORTHWHILE, "b": BEATS, "c": NOT_SHOWN, "d": WORSE}


def test_treatments_whose_verdict_changes_come_first():
    other = side("other", {"a": (0.99, 0.98), "b": (0.9, 0.1), "c": (0.5, 0.1)})
    coarse = side("coarse", {"a": (0.99, 0.5)}, treatment_map="class")
    table = comparison.every_verdict([MAIN, other, coarse])
    assert table["treatment"].drop_duplicates().tolist()[:2] == ["a", "b"]
    said = table.set_index(["treatment", "analysis"])["verdict"]
    assert said["b", "other"] == NOT_SHOWN
    assert said["d", "other"] == NOT_LINKED
    assert said["b", "coarse"] == ABSENT
    changed = table[table["changed"]]
    assert set(zip(changed["treatment"], changed["analysis"], strict=True)) == {
        ("b", "other"),
        ("a", "coarse"),
    }


def test_survival_says_where_a_verdict_holds_and_where_not():
    other = side("other", {"a": (0.9, 0.1), "b": (0.99, 0.1)})
    lines = comparison.survival(comparison.every_verdict([MAIN, other]))
    assert lines[0] == (
        "a: beats its reference by more than the MID in main and in 0 of 1 other analyses; "
        "not shown to beat it in other."
    )
    assert "b: beats its reference in main and in 1 of 1 other analyses." in lines
    assert any(line.startswith("d: worse") and "not linked in other" in line for line in lines)
    assert not any(line.startswith("c:") for line in lines)


def test_fit_is_compared_only_between_the_same_numbers():
    same = side("same", {"a": (0.9, 0.1)}, elpd=(1.0, 3.0))
    other = side("other", {"a": (0.9, 0.1)}, data="b")
    table = comparison.every_analysis([MAIN, same, other, side("none", None)]).set_index("analysis")
    assert table.loc["same", "comparable"] == "yes"
    assert table.loc["same", "dic_difference"] == 0
    assert table.loc["same", "elpd_difference"] == 4.0
    # Of two differences 1 and 3: sd sqrt(2), times sqrt(2).
    assert table.loc["same", "elpd_se"] == pytest.approx(2.0)
    assert table.loc["other", "comparable"] == OTHER_ARMS
    assert np.isnan(table.loc["other", "dic_difference"])
    assert table.loc["none", "reason"] == "no trial"
    assert table.loc["same", "prior_driven"] == "omega"


def test_studies_that_only_the_prior_predicts_do_not_count():
    one = side("one", {"a": (0.9, 0.1)}, elpd=(1.0, 300.0), prior_driven=(False, True))
    table = comparison.every_analysis([MAIN, one]).set_index("analysis")
    assert table.loc["one", "elpd_difference"] == 1.0


def test_a_stratum_that_main_cannot_estimate_has_no_verdicts():
    assert comparison.every_verdict([side("main", None)]).empty
    assert list(comparison.every_verdict([]).columns) == comparison.VERDICTS
