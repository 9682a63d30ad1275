"""Funnel points and the regression on precision, against hand and simulation."""

import numpy as np
import pandas as pd
import pytest
from edge_networks import EDGE, network
from networks import simulate

from nma import exact
from nma.arms import build
from nma.checks.small_study import (
    egger,
    estimable,
    funnel,
    precision_regression,
    study_se,
    with_precision,
)
from nma.priors import Prior

HALF_NORMAL = Prior("half_normal", (15.0,))
ACTIVE = dict.fromkeys(["a", "b", "c", "lone"], "active") | {"p": "placebo"}


def biased(seed, slope, studies=60, tau=1.0):
    """Star of three treatments whose effects change by slope per point of SE; the wide
    range of SEs is what the regression lives on."""
    rng = np.random.default_rng(seed)
    d = {"a": -4.0, "b": -8.0, "c": 0.0}
    rows = []
    for i in range(studies):
        name, se = list(d)[i % 3], rng.uniform(1, 8)
        arm = se / np.sqrt(2)
        truth = {"p": 0.0, name: d[name] + slope * se}
        for treatment, mean in truth.items():
            y = 50 + mean + rng.normal(0, arm) + rng.normal(0, tau / np.sqrt(2))
            rows.append((f"s{i:02d}", treatment, y, arm))
    return build(pd.DataFrame(rows, columns=["study", "treatment", "y", "se"]), "p")


def test_funnel_by_hand():
    arms = network(
        (("p", 50.0, 3.0), ("a", 42.0, 4.0)),
        (("p", 50.0, 6.0), ("a", 48.0, 8.0)),
        (("p", 50.0, 3.0), ("a", 44.0, 4.0), ("b", 41.0, 4.0)),
    )
    points = funnel(arms, ["p", "a", "b"])
    a = points[points["treatment"] == "a"].set_index("study")
    assert a["benefit"].to_dict() == {"s0": 8.0, "s1": 2.0, "s2": 6.0}
    assert a["se"].to_dict() == {"s0": 5.0, "s1": 10.0, "s2": 5.0}
    pooled = (8 / 25 + 2 / 100 + 6 / 25) / (2 / 25 + 1 / 100)
    np.testing.assert_allclose(a["pooled"], pooled)
    np.testing.assert_allclose(a["adjusted"], a["benefit"] - pooled)
    b = points[points["treatment"] == "b"].iloc[0]
    assert (b["comparator"], b["alone"], b["adjusted"]) == ("p", True, 0.0)
    # Another order: the multi-arm study is told against its earliest arm, b.
    other = funnel(arms, ["b", "p", "a"]).query("study == 's2'").set_index("treatment")
    assert other["comparator"].tolist() == ["b", "b"]
    assert other.loc["p", "benefit"] == -9.0
    # A random-effects pool weighs the small study more.
    assert funnel(arms, ["p", "a", "b"], tau=20.0)["pooled"].iloc[0] < pooled


def test_the_order_must_be_complete():
    arms = EDGE["star"]()
    for order in (["p", "a"], ["p", "a", "b", "c", "c"], ["p", "a", "b", "x"]):
        with pytest.raises(ValueError, match="the order must name every treatment once"):
            funnel(arms, order)


def test_egger_is_weighted_least_squares_with_dummies():
    arms = biased(1, -1.0)
    points = funnel(arms, ["p", "a", "b", "c"])
    row = egger(points).iloc[0]
    X = np.column_stack([points["se"], *(points["treatment"] == t for t in "abc")]).astype(float)
    w = 1 / points["se"].to_numpy()
    X, y = X * w[:, None], points["benefit"].to_numpy() * w
    beta, rss, *_ = np.linalg.lstsq(X, y, rcond=None)
    se = np.sqrt(rss[0] / (len(y) - 4) * np.linalg.inv(X.T @ X)[0, 0])
    assert (row["df"], row["points"], row["comparisons"]) == (56, 60, 3)
    assert row["slope"] == pytest.approx(beta[0])
    assert row["se"] == pytest.approx(se)
    # Effects fall by 1 per point of SE, so the benefit rises by 1.
    assert abs(row["slope"] - 1.0) < 3 * row["se"]
    assert row["p"] < 0.01


def test_egger_says_why_it_has_no_answer():
    few = egger(funnel(EDGE["two nodes"](), ["p", "a"])).iloc[0]
    assert np.isnan(few["slope"])
    assert "too few" in few["note"]
    same = network(*[(("p", 50.0, 3.0), ("a", float(y), 3.0)) for y in range(40, 46)])
    assert "same standard error" in egger(funnel(same, ["p", "a"]))["note"].iloc[0]


def test_regression_finds_the_slope_and_the_effects_behind_it():
    arms = biased(2, -1.0, studies=90)
    table = precision_regression(arms, HALF_NORMAL, ACTIVE).set_index("parameter")
    slope = table.loc["slope[se]"]
    assert abs(slope["mean"] + 1.0) < 3 * slope["sd"]
    assert slope["p"] < 0.01
    assert slope["ci_low"] < -1.0 < slope["ci_high"]
    for name, truth in {"a": -4.0, "b": -8.0, "c": 0.0}.items():
        row = table.loc[f"d[{name}]"]
        assert abs(row["mean"] - truth) < 3 * row["sd"]
        # Without the column every effect is too large: mean SE about 4.5 points.
        assert row["main_mean"] < row["mean"] - 1
    none = precision_regression(biased(3, 0.0), HALF_NORMAL, ACTIVE).iloc[0]
    assert abs(none["mean"]) < 3 * none["sd"]


def test_regression_is_the_exact_engine_with_one_more_column():
    rng = np.random.default_rng(4)
    arms = build(simulate(rng, np.array([0.0, -5.0, 3.0, -2.0]), 3.0, 16), "t00")
    kinds = {"t00": "placebo", "t01": "none"}
    more = with_precision(arms, kinds, slope_sd=10.0)
    column = more.X[:, -1]
    assert more.parameters[-1] == "slope[se]"
    assert (column[arms.treatment < 2] == 0).all()
    assert (column[arms.treatment >= 2] > 0).all()
    fit = exact.fit(more, HALF_NORMAL)
    table = precision_regression(arms, HALF_NORMAL, kinds)
    for k, row in enumerate(table.iloc[1:4].itertuples()):
        c = np.eye(4)[k]
        assert (row.mean, row.sd) == pytest.approx(fit.moments(c), abs=1e-8)
        low, high = fit.quantile(c, [0.025, 0.975])
        assert (row.ci_low, row.ci_high) == pytest.approx((low, high), abs=1e-6)
        below = float(fit.cdf(c, 0.0))
        assert row.p == pytest.approx(2 * min(below, 1 - below), abs=1e-8)
    assert table["parameter"].tolist()[-1] == "tau"
    assert table["kind"].tolist()[1:4] == ["none", "active", "active"]


def test_study_se_of_two_and_three_arms():
    arms = network(
        (("p", 50.0, 3.0), ("a", 42.0, 4.0)), (("p", 5.0, 3.0), ("a", 4.0, 3.0), ("b", 4.0, 3.0))
    )
    np.testing.assert_allclose(study_se(arms), [5.0, np.sqrt(18.0)])


def test_what_the_data_cannot_tell_is_left_blank():
    """One study per treatment: slope and effects are one number."""
    for name in ("two nodes", "one multi-arm study"):
        table = precision_regression(EDGE[name](), HALF_NORMAL, ACTIVE)
        told = table[table["parameter"] != "tau"]
        assert not told["estimable"].any()
        assert told[["mean", "sd", "ci_low", "ci_high", "p"]].isna().to_numpy().all()
        assert told["note"].str.contains("not estimable").all()
        assert told["main_mean"].notna().sum() == len(told) - 1
    # Active against active says nothing of the slope, but the effects stay.
    table = precision_regression(EDGE["star"](), HALF_NORMAL, dict.fromkeys("abc", "none"))
    assert table["estimable"].tolist() == [False, True, True, True, True]


@pytest.mark.parametrize("name", list(EDGE))
@pytest.mark.parametrize("prior", [HALF_NORMAL, Prior("fixed", (0.0,))], ids=["random", "fixed"])
def test_edge_networks_get_an_answer(name, prior):
    arms = EDGE[name]()
    points = funnel(arms, list(arms.treatments))
    assert len(points) == len(arms.y) - len(arms.studies)
    assert np.isfinite(points[["benefit", "se", "adjusted"]]).to_numpy().all()
    assert len(egger(points)) == 1
    table = precision_regression(arms, prior, ACTIVE)
    assert len(table) == len(arms.parameters) + 2
    assert table.loc[table["estimable"], ["mean", "sd"]].notna().to_numpy().all()


def test_estimable_without_the_extra_column():
    for name in EDGE:
        arms = EDGE[name]()
        assert estimable(arms, np.eye(len(arms.parameters))).all()
