"""Tables from draws: published SUCRA values, invariances, the headline."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from networks import BASELINE, REFERENCE, published

from nma import exact, summary
from nma.priors import Prior


@pytest.mark.parametrize("name", ["senn2013", "linde2016", "stowe2010", "parkinsons"])
def test_sucra_agrees_with_a_million_draws(name):
    rows = pd.read_csv(REFERENCE / "ranks.csv")
    rows = rows[(rows["dataset"] == name) & (rows["tau_prior"] == "half_normal(5)")]
    fit, size = exact.fit(published(name), Prior("half_normal", (5.0,))), 100_000
    beta, _ = fit.draws(size, seed=1)
    d = np.column_stack([np.zeros(size), beta])
    # Linde's log odds ratios are better when higher; ours rank lower as better.
    table = summary.ranks(fit.arms.treatments, -d if name == "linde2016" else d)
    got = table.set_index("treatment")["sucra"]
    expected = rows.set_index("treatment")["value"]
    assert set(got.index) == set(expected.index)
    # A rank lies in [1, K], so SUCRA's sd is at most 1/2 a draw; Parkinson's reference has
    # the offset that test_exact.py explains (1e-3 of an effect, under 1e-3 of SUCRA).
    tolerance = 4.5 * 0.5 / np.sqrt(size) + (1e-3 if name == "parkinsons" else 0)
    assert (got - expected[got.index]).abs().max() < tolerance


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_flipping_scale_and_direction_leaves_every_rank(seed):
    d = np.random.default_rng(seed).normal(size=(300, 5))
    d[:, 0] = 0.0
    a = summary.rank_draws(d)
    flipped = d.shape[1] + 1 - summary.rank_draws(-d)
    np.testing.assert_array_equal(a, flipped)


def test_rank_definitions():
    d = np.column_stack([np.zeros(4), [-1.0, -1, -1, 1], [-2.0, -2, 3, 3]])
    table = summary.ranks(["ref", "a", "b"], d).set_index("treatment")
    np.testing.assert_allclose(table.loc["a", "mean_rank"], (2 + 2 + 1 + 2) / 4)
    np.testing.assert_allclose(table.loc["a", "sucra"], (3 - 1.75) / 2)
    assert table.loc["b", "p_best"] == 0.5
    assert table["sucra"].mean() == pytest.approx(0.5)
    # SUCRA is the mean probability of being better than the others.
    better = [np.mean(d[:, 1] < d[:, 0]), np.mean(d[:, 1] < d[:, 2])]
    assert table.loc["a", "sucra"] == pytest.approx(np.mean(better))


def test_rank_probabilities_add_up():
    d = np.random.default_rng(1).normal(size=(500, 4))
    table = summary.rank_probabilities(list("abcd"), d)
    assert table.groupby("treatment")["p"].sum().to_numpy() == pytest.approx(1.0)
    assert table.groupby("rank")["p"].sum().to_numpy() == pytest.approx(1.0)
    assert table.query("rank == 4")["cumulative"].to_numpy() == pytest.approx(1.0)


def test_league_holds_every_ordered_pair_and_is_antisymmetric():
    d = np.random.default_rng(1).normal(size=(500, 3))
    d[:, 0] = 0.0
    table = summary.league(["ref", "a", "b"], d).set_index(["treatment", "comparator"])
    assert len(table) == 6
    assert table.loc[("a", "b"), "mean"] == pytest.approx(-table.loc[("b", "a"), "mean"])
    assert table.loc[("a", "b"), "ci_low"] == pytest.approx(-table.loc[("b", "a"), "ci_high"])
    assert table.loc[("a", "ref"), "mean"] == pytest.approx(d[:, 1].mean())


def test_effects_have_the_contract_columns():
    d = np.column_stack([np.zeros(2000), np.random.default_rng(1).normal(-8, 4, 2000)])
    table = summary.effects(["ref", "x"], d, np.full(2000, 5.0), [5, 10, 15, 20], seed=1)
    assert list(table.columns) == [
        "treatment", "mean", "sd", "median", "ci_low", "ci_high", "pred_low", "pred_high",
        "p_below_0", "p_below_-5", "p_below_-10", "p_below_-15", "p_below_-20",
    ]  # fmt: skip
    row = table.iloc[0]
    assert row["p_below_-5"] == pytest.approx(np.mean(d[:, 1] < -5))
    assert row["pred_low"] < row["ci_low"] < row["ci_high"] < row["pred_high"]
    # 95% prediction interval of Normal(-8, 16 + 25); a 2.5% quantile of 2,000 draws has
    # relative error sqrt(.025 * .975 / 2000) / .0584 = 6% of a sd.
    assert row["pred_low"] == pytest.approx(-8 - 1.96 * np.sqrt(41), abs=4 * 0.06 * np.sqrt(41))


def test_fixed_heterogeneity_says_so_in_one_row():
    table = summary.heterogeneity(np.zeros(10))
    assert len(table) == 1
    assert table.loc[0, "parameter"] == "tau"
    assert table.loc[0, "mean"] == 0
    assert "fixed at 0" in table.loc[0, "note"]


def test_headline_counts_active_treatments_only():
    table = pd.DataFrame(
        {
            "treatment": ["a", "b", "care"],
            "p_below_0": [0.975, 0.97, 0.999],
            "p_below_-10": [0.2, 0.99, 0.999],
        }
    )
    found = summary.headline(table, ["a", "b"], 10, 0.975, 0.975)
    assert found == {"active": 2, "beats": ["a"], "worthwhile": ["b"]}


def test_reference_sets_are_complete():
    assert set(BASELINE) == {"parkinsons", "senn2013", "stowe2010", "linde2016"}


def test_league_tells_the_tails_of_both_directions():
    d = np.random.default_rng(2).normal(size=(2000, 3)) * 8
    table = summary.league(["ref", "a", "b"], d, [5, 10]).set_index(["treatment", "comparator"])
    for one, other, x in (("a", "b", d[:, 1] - d[:, 2]), ("b", "a", d[:, 2] - d[:, 1])):
        row = table.loc[(one, other)]
        assert row["median"] == pytest.approx(np.median(x))
        assert row["ci_low"] == pytest.approx(np.quantile(x, 0.025))
        for t in (0, 5, 10):
            assert row[f"p_below_{-t}" if t else "p_below_0"] == np.mean(x < -t)


@settings(max_examples=200)
@given(
    x=arrays(
        float, st.tuples(st.integers(1, 30), st.integers(1, 70)), elements=st.floats(-1e9, 1e9)
    ),
    p=st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
def test_quantiles_are_numpys_to_the_last_digit(x, p):
    assert np.array_equal(summary.quantiles(x, p), np.quantile(x, p, axis=0))


def test_a_missing_draw_is_a_missing_quantile():
    x = np.array([[1.0, 1.0], [np.nan, 2.0], [3.0, 3.0]])
    found = summary.quantiles(x, (0.0, 0.5))
    assert np.array_equal(found, [[np.nan, 1.0], [np.nan, 2.0]], equal_nan=True)
