"""Predictive p-values against simulated data, Gaussian tails, and their own calibration."""

import numpy as np
import pytest
from edge_networks import EDGE, network
from networks import published
from scipy.special import ndtr
from scipy.stats import kstest

from nma import exact
from nma.checks import predictive
from nma.checks.mixtures import node_draws
from nma.checks.studies import contrasts, without
from nma.priors import Prior

HALF_NORMAL, FIXED = Prior("half_normal", (5.0,)), Prior("fixed", (0.0,))


def test_p_loo_of_a_two_arm_study_is_a_gaussian_tail_area():
    arms = published("senn2013")
    table = predictive.predictive_check(arms, HALF_NORMAL, draws=10)
    checked = 0
    for i, study in enumerate(contrasts(arms)):
        if study.df > 1 or table.loc[i, "prior_driven"]:
            continue
        fit = exact.fit(without(arms, i), HALF_NORMAL)
        m, s = fit.components(study.A[0])
        sd = np.sqrt(s**2 + study.S[0, 0] + fit.tau**2)
        expected = fit.weights @ (2 * ndtr(-np.abs(study.y[0] - m) / sd))
        assert table.loc[i, "p_loo"] == pytest.approx(expected, abs=2e-6)
        checked += 1
    assert checked > 15


def test_p_mixed_is_the_share_of_simulated_studies_further_off():
    """Replicates are drawn arm by arm, with study effects of their own."""
    arms, size = published("parkinsons"), 4000
    table = predictive.predictive_check(arms, HALF_NORMAL, draws=size, seed=1)
    rng = np.random.default_rng(0)
    beta, tau = node_draws(exact.fit(arms, HALF_NORMAL), size, seed=5)
    spread = np.sqrt(arms.v + 0.5 * tau[:, None] ** 2)
    w = spread**-2.0
    far = [
        predictive._square(arms, r, w)
        for r in (arms.y - beta @ arms.X.T, rng.standard_normal(spread.shape) * spread)
    ]
    share = (far[1] > far[0]).mean(axis=0)
    error = np.sqrt(0.5 / size)  # of the share, and of p's average over other draws
    assert (np.abs(share - table["p_mixed"]) < 4.5 * error).all()


def test_an_outlier_is_seen_most_by_the_prediction_that_has_not_seen_it():
    studies = [(("p", 50.0, 2.0), ("a", 45.0 + shift, 2.0)) for shift in (-1, 0, 1, 0.5, -0.5, 0)]
    arms = network(*studies, (("p", 50.0, 2.0), ("a", 15.0, 2.0)))
    row = predictive.predictive_check(arms, HALF_NORMAL, draws=1000).iloc[-1]
    assert row["p_loo"] < row["p_mixed"] < row["p_posterior"]
    assert row["p_loo"] < 0.001


def test_draws_at_hand_are_used():
    arms = published("parkinsons")
    sample = node_draws(exact.fit(arms, HALF_NORMAL), 500, seed=9)
    a = predictive.predictive_check(arms, HALF_NORMAL, seed=3, sample=sample)
    b = predictive.predictive_check(arms, HALF_NORMAL, seed=3, sample=sample)
    assert a.equals(b)


def test_uniformity_says_nothing_of_too_few():
    table = predictive.predictive_check(published("parkinsons"), HALF_NORMAL, draws=100)
    table["p_loo"] = np.nan
    summary = predictive.uniformity(table).set_index("kind")
    assert summary.loc["p_loo", "studies"] == 0
    assert np.isnan(summary.loc["p_loo", "ks_p"])
    assert np.isfinite(summary.loc["p_mixed", "ks_p"])


@pytest.mark.parametrize("name", list(EDGE))
@pytest.mark.parametrize("prior", [Prior("half_normal", (15.0,)), FIXED])
def test_edge_networks_get_an_answer(name, prior):
    arms = EDGE[name]()
    table = predictive.predictive_check(arms, prior, draws=200)
    assert table["p_mixed"].between(0, 1).all()
    assert table["p_posterior"].between(0, 1).all()
    assert (table["p_loo"].isna() == table["prior_driven"]).all()
    assert len(predictive.uniformity(table)) == 3


@pytest.mark.slow
def test_p_loo_is_uniform_if_the_model_is_right_and_the_others_are_not():
    """One study of each of 400 networks; tau from its prior, effects under a flat one."""
    rng, prior = np.random.default_rng(8), Prior("half_normal", (5.0,))
    found = []
    for _ in range(400):
        tau, studies = abs(rng.normal(0, 5.0)), []
        for t in ("a", "b", "a", "b", "a", "b"):
            mean = {"a": -5.0, "b": 4.0}
            se = rng.uniform(1, 5)
            spread = np.hypot(se, tau / np.sqrt(2))
            arms = [(k, 50 + mean.get(k, 0) + rng.normal(0, spread), se) for k in ("p", t)]
            studies.append(tuple(arms))
        table = predictive.predictive_check(network(*studies), prior, draws=200)
        found.append(table.loc[0, ["p_posterior", "p_mixed", "p_loo"]].to_numpy(float))
    p = np.array(found)
    assert kstest(p[:, 2], "uniform").pvalue > 1e-3
    assert kstest(p[:, 0], "uniform").pvalue < 1e-3
    assert p[:, 0].std() < p[:, 1].std() < p[:, 2].std() * 1.02
