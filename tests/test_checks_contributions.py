"""Contribution matrices against netmeta, brute force and their own laws."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from edge_networks import EDGE
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import BASELINE, REFERENCE, published, simulate

from nma import exact
from nma.arms import build
from nma.checks import contributions
from nma.priors import Prior

CASES = [
    (name, method, model)
    for name, models in (("parkinsons", ["common"]), ("senn2013", ["common", "random"]))
    for method in contributions.METHODS
    for model in models
]


def simulated(seed, size=6, studies=14, tau=3.0):
    rng = np.random.default_rng(seed)
    return build(simulate(rng, np.r_[0.0, rng.normal(0, 8, size - 1)], tau, studies), "t00")


@pytest.mark.parametrize(("name", "method", "model"), CASES)
def test_agrees_with_netmeta(name, method, model):
    """Every estimate and every direct comparison, to the five printed digits."""
    rows = pd.read_csv(REFERENCE / "contributions.csv")
    rows = rows[(rows["dataset"] == name) & (rows["method"] == method) & (rows["model"] == model)]
    arms, tau = published(name), float(rows["tau"].iloc[0])
    matrix = contributions.matrix(arms, tau, method, contributions.every_pair(arms))
    got = {
        (frozenset((r.treatment, r.comparator)), frozenset(r[3:5])): r.contribution
        for r in contributions.by_comparison(matrix).itertuples()
    }
    expected = {
        (frozenset(r.target.split(":")), frozenset(r.direct_comparison.split(":"))): r.contribution
        for r in rows.itertuples()
    }
    assert len(expected) > 40
    assert set(got) == set(expected)
    for key, value in expected.items():
        assert got[key] == pytest.approx(value, abs=5.1e-6), key


@pytest.mark.parametrize("name", list(BASELINE))
@pytest.mark.parametrize("tau", [0.0, 0.4])
def test_hat_matrix_times_direct_estimates_is_the_network_estimate(name, tau):
    """The exact engine with a flat prior agrees with netmeta (test_exact); so must this."""
    arms = published(name, prior_sd=1e6)
    fit = exact.fit(arms, Prior("fixed", (tau,)))
    weights = contributions.pair_weights(arms, tau)
    value = {
        (arms.studies[s], arms.treatments[t]): y
        for s, t, y in zip(arms.study, arms.treatment, arms.y, strict=True)
    }
    weights["y"] = [
        value[r.study, r.treatment] - value[r.study, r.comparator] for r in weights.itertuples()
    ]
    weights["wy"] = weights["weight"] * weights["y"]
    sums = weights.groupby(["treatment", "comparator"])[["wy", "weight"]].sum()
    direct = sums["wy"] / sums["weight"]
    hat = contributions.hat_matrix(arms, tau, contributions.every_pair(arms))
    expected = [fit.means[0] @ fit.contrast(*pair) for pair in hat.index]
    got = hat.to_numpy() @ direct[list(hat.columns)].to_numpy()
    np.testing.assert_allclose(got, expected, atol=1e-6)


@given(seed=st.integers(0, 10_000), tau=st.sampled_from([0.0, 2.0, 20.0]))
@settings(max_examples=10, deadline=None)
def test_contributions_are_shares(seed, tau):
    arms = simulated(seed)
    pairs = contributions.every_pair(arms)
    hat = contributions.hat_matrix(arms, tau, pairs)
    for method in contributions.METHODS:
        matrix = contributions.matrix(arms, tau, method, pairs)
        assert (matrix.to_numpy() >= 0).all()
        np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-12)
        # No more than the flow itself, and nothing where no current flows.
        assert (matrix.to_numpy() <= np.abs(hat.to_numpy()) + 1e-9).all()
        by_study = contributions.by_study(matrix, arms, tau)
        total = by_study.groupby(["treatment", "comparator"])["contribution"].sum()
        np.testing.assert_allclose(total, 1.0, atol=1e-12)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_random_walk_is_the_sum_over_all_paths(seed):
    """The recursion over steps against a list of every path of the acyclic flow."""
    arms = simulated(seed)
    target = (arms.treatments[-1], arms.treatments[0])
    hat = contributions.hat_matrix(arms, 1.0, [target]).iloc[0]
    flow = nx.DiGraph()
    for (later, earlier), x in hat.items():
        if abs(x) > 1e-10:
            flow.add_edge(*((later, earlier) if x > 0 else (earlier, later)), flow=abs(x))
    expected = dict.fromkeys(map(frozenset, hat.index), 0.0)
    for path in nx.all_simple_paths(flow, *target):
        steps = list(pairwise(path))
        p = np.prod([flow.edges[s]["flow"] / flow.out_degree(s[0], weight="flow") for s in steps])
        for step in steps:
            expected[frozenset(step)] += p / len(steps)
    got = contributions.matrix(arms, 1.0, "randomwalk", [target]).iloc[0]
    for pair, value in got.items():
        assert value == pytest.approx(expected[frozenset(pair)], abs=1e-9)


def test_only_the_direct_comparison_counts_in_a_star():
    arms = EDGE["star"]()
    for method in contributions.METHODS:
        matrix = contributions.matrix(arms, 2.0, method, [("a", "p"), ("b", "a")])
        assert matrix.loc[("a", "p"), ("a", "p")] == 1.0
        assert matrix.loc[("b", "a")].to_numpy() == pytest.approx([0.5, 0.5, 0.0])
    shares = contributions.by_study(matrix.iloc[[0]], arms, 0.0).set_index("study")["contribution"]
    w = np.array([1 / 18.0, 1 / 10.25])
    assert shares["s0"] == pytest.approx(w[0] / w.sum())


@pytest.mark.parametrize("name", list(EDGE))
@pytest.mark.parametrize("method", contributions.METHODS)
def test_edge_networks_get_an_answer(name, method):
    arms = EDGE[name]()
    matrix = contributions.matrix(arms, 0.0, method, contributions.every_pair(arms))
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-12)
    assert len(contributions.by_study(matrix, arms, 0.0)) >= len(matrix)


def test_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="unknown method"):
        contributions.matrix(EDGE["star"](), 0.0, "cccp")
    table = pd.DataFrame(
        {
            "study": ["s1", "s1", "s2", "s2"],
            "treatment": ["p", "a", "x", "y"],
            "y": [0.0, 1.0, 2.0, 3.0],
            "se": 1.0,
        }
    )
    apart = build(table, "p")
    with pytest.raises(ValueError, match="connected"):
        contributions.matrix(apart, 0.0)


def test_large_networks_are_quick():
    """A star-like network of the size of the literature; the bound is generous."""
    import time

    arms = simulated(1, size=56, studies=301)
    start = time.process_time()
    for method in contributions.METHODS:
        contributions.by_study(contributions.matrix(arms, 3.0, method), arms, 3.0)
    assert time.process_time() - start < 10
