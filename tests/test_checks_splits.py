"""Node-splits against multinma, netmeta, the split model itself, and simulated truth."""

import numpy as np
import pandas as pd
import pytest
from edge_networks import EDGE, network
from networks import REFERENCE, published, simulate
from scipy.stats import kstest

from nma import exact
from nma.arms import build
from nma.checks import splits
from nma.checks.studies import pieces, study_rows
from nma.priors import Prior

HALF_NORMAL, FIXED = Prior("half_normal", (5.0,)), Prior("fixed", (0.0,))
PRIORS = [HALF_NORMAL, Prior("uniform", (5.0,)), Prior("log_t", (-3.0, 2.3, 5.0, 100.0))]


def reference(name, source):
    every = pd.read_csv(REFERENCE / "node_splits.csv")
    return every[(every["dataset"] == name) & every["source"].str.startswith(source)]


def pair_of(table, a, b):
    """The row of one comparison, and the sign of b minus a in it."""
    row = table[table["treatment"].isin([a, b]) & table["comparator"].isin([a, b])].iloc[0]
    return row, 1.0 if row["treatment"] == b else -1.0


@pytest.mark.parametrize("name", ["senn2013", "stowe2010"])
def test_agrees_with_multinma_within_its_monte_carlo_error(name):
    """12,000 draws, bulk ESS about 3,000; 4.5 standard errors over some hundred figures."""
    arms = published(name)
    table, rows = splits.node_splits(arms, HALF_NORMAL), reference(name, "multinma")
    parts = {"d_dir": "direct", "d_ind": "indirect", "d_net": "network", "omega": "difference"}
    pairs = rows.groupby(["treatment_1", "treatment_2"])
    assert len(pairs) == len(table)
    for (a, b), group in pairs:
        row, sign = pair_of(table, a, b)
        for r in group[group["parameter"].isin(parts)].itertuples():
            part = parts[r.parameter]
            sd = row[f"{part}_sd"]
            assert abs(r.mean - sign * row[f"{part}_mean"]) < 4.5 * sd / np.sqrt(3000), (a, b)
            assert abs(r.sd / sd - 1) < 4.5 / np.sqrt(6000), (a, b, part)
        P = row["p"] / 2
        error = 2 * np.sqrt(P * (1 - P) / 3000)
        assert abs(group["p_value"].iloc[0] - row["p"]) < 4.5 * error
        tau = group[group["parameter"] == "tau"].iloc[0]
        fit = exact.fit(splits.split_arms(arms, row["treatment"], row["comparator"]), HALF_NORMAL)
        mean, sd = fit.tau_moments()
        assert abs(tau["mean"] - mean) < 4.5 * sd / np.sqrt(1000)  # tau mixes worst


@pytest.mark.parametrize(
    ("name", "tau", "expected"),
    [("parkinsons", 0.0, 2), ("senn2013", 0.32972249, 8), ("stowe2010", 0.38957659, 0)],
)
def test_is_netmetas_back_calculation_where_two_arm_studies_split(name, tau, expected):
    """At a fixed tau with flat priors, printed to 1e-6: comparisons that no multi-arm study
    holds. With one, back-calculation takes dependent parts as independent."""
    arms = published(name, prior_sd=1e5)
    table = splits.node_splits(arms, Prior("fixed", (tau,)))
    members = [arms.treatment[rows] for rows in study_rows(arms)]
    compared = 0
    for (a, b), group in reference(name, "netmeta").groupby(["treatment_1", "treatment_2"]):
        i, j = (arms.treatments.index(x) for x in (a, b))
        if any(len(m) > 2 and i in m and j in m for m in members):
            continue
        if not ((table["treatment"].isin([a, b])) & (table["comparator"].isin([a, b]))).any():
            continue
        # netmeta states treatment_1 minus treatment_2.
        row, sign = pair_of(table, b, a)
        for r in group.itertuples():
            assert sign * row[f"{r.parameter}_mean"] == pytest.approx(r.mean, abs=3e-6)
            assert row[f"{r.parameter}_sd"] == pytest.approx(r.sd, abs=3e-6)
        assert row["p"] == pytest.approx(group["p_value"].iloc[0], abs=3e-6)
        compared += 1
    assert compared == expected


@pytest.mark.parametrize("prior", [*PRIORS, FIXED])
@pytest.mark.parametrize("name", ["parkinsons", "senn2013"])
def test_rank_one_updates_are_fits_of_the_split_model(name, prior):
    arms = published(name)
    table = splits.node_splits(arms, prior)
    assert len(table) >= 4
    for row in table.iloc[:5].itertuples():
        fit = exact.fit(splits.split_arms(arms, row.treatment, row.comparator), prior)
        c = np.append(exact.fit(arms, FIXED).contrast(row.treatment, row.comparator), 0.0)
        omega = np.eye(len(c))[-1]
        for part, vector in (("direct", c + omega), ("indirect", c), ("difference", omega)):
            expected = [*fit.moments(vector), *fit.quantile(vector, [0.025, 0.975])]
            got = [getattr(row, f"{part}_{s}") for s in splits.STATISTICS]
            np.testing.assert_allclose(got, expected, atol=2e-6)
        below = float(fit.cdf(omega, 0.0))
        assert row.p == pytest.approx(2 * min(below, 1 - below), abs=1e-6)
        # Quantiles of tau come from a spline of the grid's density.
        assert row.tau_median == pytest.approx(float(fit.tau_quantile(0.5)), rel=1e-3, abs=1e-9)


def test_a_grid_that_does_not_serve_is_replaced(monkeypatch):
    arms = published("senn2013")
    expected = splits.node_splits(arms, HALF_NORMAL)
    monkeypatch.setattr(splits, "holds", lambda fit: False)
    got = splits.node_splits(arms, HALF_NORMAL)
    numbers = [c for c in expected if c not in ("treatment", "comparator", "tau_median")]
    np.testing.assert_allclose(got[numbers], expected[numbers], atol=2e-6)


def test_later_ordered_treatment_is_the_treatment():
    table = splits.splittable(published("senn2013"))
    order = ["plac", "acar", "benf", "metf", "migl", "piog", "rosi", "sita", "sulf", "vild"]
    for row in table.itertuples():
        assert order.index(row.treatment) > order.index(row.comparator)


def test_rule_is_a_path_without_the_studies_that_hold_both():
    """On a star only active pairs of multi-arm studies qualify."""
    arms = network(
        (("p", 50.0, 3.0), ("a", 42.0, 3.0)),
        (("p", 50.0, 3.0), ("b", 42.0, 3.0)),
        (("p", 50.0, 3.0), ("a", 41.0, 3.0), ("b", 44.0, 3.0)),
    )
    table = splits.splittable(arms).set_index(["treatment", "comparator"])
    assert table.loc[("b", "a"), "testable"]
    assert not table.loc[("a", "p"), "testable"]
    assert table.loc[("a", "p"), "reason"] == splits.NO_PATH
    assert table.loc[("b", "a"), "reason"] == ""
    assert table["studies"].tolist() == [2, 2, 1]


def test_pieces_are_those_of_a_graph():
    import networkx as nx

    arms = build(simulate(np.random.default_rng(2), np.zeros(8), 1.0, 9), "t00")
    for dropped in ([], [0], [1, 3], list(range(9))):
        g = nx.Graph()
        g.add_nodes_from(range(8))
        for i, rows in enumerate(study_rows(arms)):
            if i not in dropped:
                nx.add_path(g, arms.treatment[rows].tolist())
        label = pieces(arms, dropped)
        found = {frozenset(np.flatnonzero(label == k).tolist()) for k in set(label.tolist())}
        assert found == {frozenset(c) for c in nx.connected_components(g)}


@pytest.mark.parametrize("name", list(EDGE))
@pytest.mark.parametrize("prior", [Prior("half_normal", (15.0,)), FIXED])
def test_edge_networks_have_nothing_to_test_and_say_so(name, prior):
    arms = EDGE[name]()
    table = splits.splittable(arms)
    assert len(table) >= 1
    assert not table["testable"].any()
    assert (table["reason"] != "").all()
    assert splits.node_splits(arms, prior).columns.tolist() == list(splits.COLUMNS)
    assert len(splits.node_splits(arms, prior)) == 0


def two_loops(rng, prior_sd, shift):
    """Loops p-a-b and p-c-d, two studies an edge; those of a-b are off by ``shift``; tau
    from half-normal(prior_sd)."""
    d = {"p": 0.0, "a": -8.0, "b": -3.0, "c": -10.0, "d": 2.0}
    tau, studies = abs(rng.normal(0, prior_sd)), []
    for first, second in ["pa", "pb", "ab", "pc", "pd", "cd"] * 2:
        arms = []
        for t in (first, second):
            se = rng.uniform(2, 5)
            off = shift if (first, second, t) == ("a", "b", "b") else 0.0
            y = 50 + d[t] + off + rng.normal(0, np.hypot(se, tau / np.sqrt(2)))
            arms.append((t, y, se))
        studies.append(tuple(arms))
    return network(*studies)


@pytest.mark.slow
def test_inconsistency_is_found_where_it_is_and_p_is_uniform_where_it_is_not():
    """tau comes from its prior and omega's is nearly flat, so p is uniform without
    inconsistency; one loop's must not reach the other."""
    rng, prior = np.random.default_rng(11), Prior("half_normal", (5.0,))

    def rows(shift, size):
        tables = [splits.node_splits(two_loops(rng, 5.0, shift), prior) for _ in range(size)]
        return [t.set_index(["treatment", "comparator"]) for t in tables]

    none, off = rows(0.0, 300), rows(20.0, 150)
    for pair in (("b", "a"), ("d", "c"), ("c", "p")):
        assert kstest([t.loc[pair, "p"] for t in none], "uniform").pvalue > 1e-3, pair
    assert kstest([t.loc[("d", "c"), "p"] for t in off], "uniform").pvalue > 1e-3
    omega = np.array([t.loc[("b", "a"), "difference_mean"] for t in off])
    assert abs(omega.mean() - 20.0) < 4.5 * omega.std() / np.sqrt(len(omega))
    found = np.mean([t.loc[("b", "a"), "p"] < 0.05 for t in off])
    elsewhere = np.mean([t.loc[("d", "c"), "p"] < 0.05 for t in off])
    assert found > 0.7
    assert elsewhere < 0.05 + 4.5 * np.sqrt(0.05 * 0.95 / 150)
