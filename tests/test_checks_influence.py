"""Influence of a study against refits, draws and hand-made networks."""

import numpy as np
import pandas as pd
import pytest
from edge_networks import EDGE, network
from networks import BASELINE, published, simulate, table

from nma import exact
from nma.arms import build
from nma.checks.influence import influence, most_influential
from nma.checks.mixtures import node_draws
from nma.checks.studies import lost, without
from nma.priors import Prior
from nma.summary import rank_draws

HALF_NORMAL, FIXED = Prior("half_normal", (5.0,)), Prior("fixed", (0.0,))


def test_influence_is_that_of_refits_from_the_table():
    """Refits that share nothing with the removal: the study's rows are dropped first."""
    data, reference = table("senn2013"), BASELINE["senn2013"]
    arms = build(data, reference)
    studies, effects = influence(arms, HALF_NORMAL, mid=1.0)
    full = exact.fit(arms, HALF_NORMAL)
    for name in list(arms.studies)[:8]:
        refit = exact.fit(build(data[data["study"].astype(str) != name], reference), HALF_NORMAL)
        mine = effects[effects["study"] == name].set_index("treatment")
        row = studies.set_index("study").loc[name]
        for t in arms.treatments[1:]:
            if t not in refit.arms.treatments:
                assert not mine.loc[t, "estimable"]
                assert np.isnan(mine.loc[t, "mean"])
                assert f"without it {t} is not estimable" == row["note"]
                continue
            c = refit.contrast(t, reference)
            mean, sd = refit.moments(c)
            before, spread = full.moments(full.contrast(t, reference))
            assert mine.loc[t, "mean"] == pytest.approx(mean, abs=2e-6)
            assert mine.loc[t, "sd"] == pytest.approx(sd, abs=2e-6)
            assert mine.loc[t, "change_sd"] == pytest.approx((mean - before) / spread, abs=1e-5)
            assert mine.loc[t, "p_below_0"] == pytest.approx(float(refit.cdf(c, 0.0)), abs=1e-6)
            assert mine.loc[t, "p_below_mid"] == pytest.approx(float(refit.cdf(c, -1.0)), abs=1e-6)
        assert row["max_change"] == pytest.approx(mine["change"].abs().max())
        assert row["moved"] == mine["change"].abs().idxmax()
        assert row["moved_sd"] == mine["change_sd"].abs().idxmax()
        assert row["tau_median"] == pytest.approx(float(refit.tau_quantile(0.5)), rel=1e-3)


def test_mean_ranks_are_those_of_draws():
    arms = build(simulate(np.random.default_rng(4), np.array([0.0, -6.0, 2.0, 1.0]), 3.0, 9), "t00")
    _, effects = influence(arms, HALF_NORMAL)
    name = arms.studies[0]
    fit = exact.fit(without(arms, 0), HALF_NORMAL)
    beta, _ = node_draws(fit, 20_000, seed=1)
    rank = rank_draws(np.column_stack([np.zeros(len(beta)), beta]))[:, 1:]
    got = effects.loc[effects["study"] == name, "mean_rank"]
    assert (np.abs(got - rank.mean(axis=0)) < 4.5 * rank.std(axis=0) / np.sqrt(20_000)).all()


def test_cook_is_a_quadratic_form_of_the_remaining_effects():
    arms = published("senn2013")
    studies, effects = influence(arms, HALF_NORMAL)
    fit = exact.fit(arms, HALF_NORMAL)
    mean = fit.weights @ fit.means
    cov = np.einsum("t,tij->ij", fit.weights, fit.covs)
    cov += (fit.means - mean).T @ (fit.weights[:, None] * (fit.means - mean))
    for row in studies.itertuples():
        mine = effects[effects["study"] == row.study]
        kept = np.flatnonzero(mine["estimable"])
        delta = mine["change"].to_numpy()[kept]
        expected = delta @ np.linalg.inv(cov[np.ix_(kept, kept)]) @ delta / len(kept)
        assert row.cook == pytest.approx(expected, rel=1e-4)
    top = most_influential(studies, 5)
    assert top["cook"].tolist() == sorted(studies["cook"], reverse=True)[:5]


def test_a_verdict_that_hangs_on_one_study_is_named():
    arms = network(
        (("p", 50.0, 2.0), ("a", 49.0, 2.0)),
        (("p", 50.0, 2.0), ("a", 48.0, 2.0)),
        (("p", 50.0, 0.5), ("a", 38.0, 0.5)),
        (("p", 50.0, 2.0), ("b", 52.0, 2.0)),
        (("p", 50.0, 2.0), ("b", 51.0, 2.0)),
    )
    studies, _ = influence(arms, FIXED, mid=8.0)
    row = studies.set_index("study").loc["s2"]
    assert row["flips"] == 2
    assert row["flipped"] == "a no longer beats p; a no longer beats p by 8"
    assert most_influential(studies).loc[0, "study"] == "s2"
    others = studies[studies["study"] != "s2"]
    assert (others["flips"] == 0).all()
    assert not studies["best_changes"].any()


def test_lost_treatments_are_those_beyond_a_bridge():
    arms = network(
        (("p", 50.0, 3.0), ("a", 42.0, 3.0)),
        (("a", 50.0, 3.0), ("b", 44.0, 3.0)),
    )
    assert lost(arms, 0) == ["a", "b"]
    assert lost(arms, 1) == ["b"]
    studies, effects = influence(arms, HALF_NORMAL)
    assert studies["note"].tolist() == [
        "without it a, b are not estimable",
        "without it b is not estimable",
    ]
    assert np.isnan(studies.loc[0, "cook"])
    assert studies.loc[0, "moved"] == ""
    assert effects["estimable"].tolist() == [False, False, True, False]


@pytest.mark.parametrize("name", list(EDGE))
@pytest.mark.parametrize("prior", [Prior("half_normal", (15.0,)), FIXED])
def test_edge_networks_get_an_answer(name, prior):
    arms = EDGE[name]()
    studies, effects = influence(arms, prior)
    assert studies["study"].tolist() == list(arms.studies)
    assert len(effects) == len(arms.studies) * len(arms.parameters)
    assert (effects["mean"].isna() == ~effects["estimable"]).all()
    assert ((studies["note"] != "") == (studies["not_estimable"] != "")).all()
    if len(arms.studies) == 1:
        assert np.isnan(studies.loc[0, "max_change"])


def test_tables_have_one_row_per_study_whatever_the_order():
    data = table("senn2013")
    a, _ = influence(build(data, "plac"), HALF_NORMAL)
    b, _ = influence(build(data.sample(frac=1, random_state=1), "plac"), HALF_NORMAL)
    pd.testing.assert_frame_equal(a, b)
