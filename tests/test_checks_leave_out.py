"""Leave-one-out densities against refits, brute force and importance sampling."""

import numpy as np
import pytest
from edge_networks import EDGE, network
from networks import brute_logp, published

from nma import exact
from nma.checks import leave_out, removal
from nma.checks.mixtures import holds, node_draws, wide_fit
from nma.checks.studies import without
from nma.priors import Prior

HALF_NORMAL, FIXED = Prior("half_normal", (5.0,)), Prior("fixed", (0.0,))
PRIORS = [HALF_NORMAL, Prior("uniform", (5.0,)), Prior("log_t", (-3.0, 2.3, 5.0, 100.0))]


def brute_evidence(arms, grid):
    """log p(y) under tau uniform on the grid's range, by dense Gaussians."""
    logp = np.array([brute_logp(arms, tau)[0] for tau in grid])
    weight = np.full(len(grid), 1 / (len(grid) - 1))
    weight[[0, -1]] /= 2
    return float(np.log(np.exp(logp - logp.max()) @ weight) + logp.max())


@pytest.mark.parametrize("prior", [*PRIORS, FIXED])
@pytest.mark.parametrize("name", ["parkinsons", "senn2013"])
def test_subtraction_is_a_refit(name, prior):
    arms = published(name)
    whole = exact.fit(arms, prior)
    for found in removal.removals(wide_fit(arms, prior)):
        refit = exact.fit(without(arms, found.study), prior)
        elpd = whole.log_evidence - refit.log_evidence
        assert found.elpd == pytest.approx(elpd, abs=2e-6)
        np.testing.assert_allclose(
            found.fit.weights @ found.fit.means, refit.weights @ refit.means, atol=2e-6
        )
        for c in np.eye(len(arms.parameters)):
            np.testing.assert_allclose(found.fit.moments(c), refit.moments(c), atol=2e-6)
        np.testing.assert_allclose(
            found.fit.tau_quantile([0.025, 0.5]),
            refit.tau_quantile([0.025, 0.5]),
            rtol=2e-3,
            atol=2e-4,
        )


def test_elpd_is_a_ratio_of_brute_force_evidences():
    arms, grid = published("parkinsons"), np.linspace(0, 5, 401)
    found = leave_out.leave_one_out(arms, Prior("uniform", (5.0,)), draws=0)
    whole = brute_evidence(arms, grid)
    expected = [whole - brute_evidence(without(arms, i), grid) for i in range(len(arms.studies))]
    np.testing.assert_allclose(found["elpd"], expected, atol=1e-5)
    assert found["psis_elpd"].isna().all()


@pytest.mark.parametrize("prior", [HALF_NORMAL, FIXED])
def test_both_ways_to_leave_a_study_out_agree(prior):
    """Subtraction, and the refit it gives way to: a study that alone carries a treatment
    whose prior is very wide leaves no digits to subtract."""
    arms = published("senn2013")
    fit = wide_fit(arms, prior)
    for i, c in enumerate(removal.contrasts(arms)):
        a, b = removal._subtracted(fit, i, c), removal._refitted(fit, i, c)
        assert a.elpd == pytest.approx(b.elpd, abs=2e-6)
        expected = (b.fit.weights @ np.exp(-b.square / 2), b.fit.weights @ b.square)
        got = (a.fit.weights @ np.exp(-a.square / 2), a.fit.weights @ a.square)
        np.testing.assert_allclose(got, expected, rtol=2e-5)
    vast = published("senn2013", prior_sd=1e5)
    found = leave_out.leave_one_out(vast, prior, draws=0)
    assert found.loc[found["refitted"], "sole"].all()
    assert 1 <= found["refitted"].sum() <= 4


def test_a_grid_that_does_not_serve_is_noticed():
    """Without the only study that deviates tau falls to where the full posterior's own
    grid has no nodes; the refit replaces it."""
    rng = np.random.default_rng(1)
    studies = [(("p", 50.0, 0.1), ("a", 45.0 + rng.normal(0, 0.1), 0.1)) for _ in range(30)]
    arms = network(*studies, (("p", 50.0, 0.1), ("a", 445.0, 0.1)))
    prior = Prior("half_normal", (500.0,))
    last = [*removal.removals(wide_fit(arms, prior))][arms.studies.index("s30")]
    refit = exact.fit(without(arms, last.study), prior)
    assert last.refitted
    assert holds(last.fit)
    assert last.elpd == pytest.approx(
        exact.fit(arms, prior).log_evidence - refit.log_evidence, abs=1e-4
    )
    assert float(last.fit.tau_quantile(0.5)) == pytest.approx(
        float(refit.tau_quantile(0.5)), rel=0.01
    )
    short = exact.fit(arms, prior)
    assert not holds(removal.reweight(short, -500.0 * np.log(short.tau)))


def test_psis_agrees_where_k_is_small_and_warns_where_it_fails():
    arms = published("senn2013")
    found = leave_out.leave_one_out(arms, HALF_NORMAL, draws=4000, seed=1)
    good = found[found["psis_k"] < 0.5]
    assert len(good) > 5
    np.testing.assert_allclose(good["psis_elpd"], good["elpd"], atol=0.1)
    # A sole carrier is predicted by a prior of sd 100: no draw of the full posterior looks
    # like that.
    assert (found.loc[found["sole"], "psis_k"] > leave_out.UNRELIABLE).all()
    at_hand = np.random.default_rng(0).normal(size=(500, len(arms.studies)))
    assert np.isfinite(leave_out.leave_one_out(arms, HALF_NORMAL, log_lik=at_hand)["psis_k"]).all()


def test_prior_driven_studies_are_flagged_and_summed_apart():
    arms = network(
        (("p", 50.0, 3.0), ("a", 42.0, 3.0)),
        (("p", 50.0, 3.0), ("a", 44.0, 3.0)),
        (("a", 50.0, 3.0), ("b", 44.0, 3.0)),
        (("b", 50.0, 3.0), ("c", 44.0, 3.0)),
        (("b", 50.0, 3.0), ("c", 46.0, 3.0)),
    )
    found = leave_out.leave_one_out(arms, HALF_NORMAL, draws=0).set_index("study")
    assert found["prior_driven"].tolist() == [False, False, True, False, False]
    assert not found["sole"].any()  # the bridge carries no treatment alone
    assert found.loc["s2", "lost"] == "b; c"
    total = leave_out.loo_totals(found).set_index("which")
    assert total.loc["driven by the prior", "studies"] == 1
    assert total.loc["all", "elpd"] == pytest.approx(found["elpd"].sum())
    assert np.isnan(total.loc["all", "psis_elpd"])
    small = leave_out.leave_one_out(EDGE["lone small study"](), HALF_NORMAL, draws=0)
    assert small["sole"].tolist() == [False, False, True, True]
    assert (small["sole"] == small["prior_driven"]).all()


def test_node_draws_follow_the_posterior():
    fit, size = exact.fit(published("senn2013"), HALF_NORMAL), 20_000
    beta, tau = node_draws(fit, size, seed=2)
    for k, c in enumerate(np.eye(len(fit.arms.parameters))):
        mean, sd = fit.moments(c)
        assert abs(beta[:, k].mean() - mean) < 4.5 * sd / np.sqrt(size)
        assert abs(beta[:, k].std() / sd - 1) < 4.5 / np.sqrt(size)
    mean, sd = fit.tau_moments()
    assert abs(tau.mean() - mean) < 4.5 * sd / np.sqrt(size)
    covariance = np.cov(beta[:, 0], tau)[0, 1]
    assert abs(covariance) < 1.0
    assert np.array_equal(node_draws(fit, 10, seed=2)[0], node_draws(fit, 10, seed=2)[0])


@pytest.mark.parametrize("name", list(EDGE))
@pytest.mark.parametrize("prior", [Prior("half_normal", (15.0,)), FIXED])
def test_edge_networks_get_an_answer(name, prior):
    arms = EDGE[name]()
    found = leave_out.leave_one_out(arms, prior, draws=400)
    assert np.isfinite(found["elpd"]).all()
    assert len(leave_out.loo_totals(found)) == 3
    if len(arms.studies) == 1:
        # Nothing is left: the study is predicted by the priors alone.
        assert found["prior_driven"].all()
        one = exact.fit(arms, prior).log_evidence
        assert found.loc[0, "elpd"] == pytest.approx(one, abs=1e-6)
