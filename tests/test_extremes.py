"""Numbers at their edge: the exact engine against rational arithmetic, NUTS by its audit."""

import numpy as np
import pytest
from extremes import EXTREMES, rational

from nma import exact
from nma.arms import Arms
from nma.priors import Prior

PRIOR = Prior("half_normal", (15.0,))
SMALL = [name for name in EXTREMES if "200" not in name]


@pytest.mark.parametrize("tau", [0.0, 1e-6, 3.0, 100.0])
@pytest.mark.parametrize("name", SMALL)
def test_given_tau_the_exact_engine_keeps_its_digits(name, tau):
    """Means to a millionth of their sd, sds to a millionth."""
    arms = EXTREMES[name]()
    mean, cov = rational(arms, tau)
    got_mean, got_cov, logp = exact.conditional(arms, [tau])
    sd = np.sqrt(np.diag(cov))
    # A double holds 16 digits of y itself: of a million no more than 1e-10.
    digits = 1e-15 * np.abs(arms.y).max()
    assert np.isfinite(logp).all()
    np.testing.assert_allclose(got_mean[0], mean, atol=digits + 1e-6 * sd.min(), rtol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(got_cov[0])), sd, rtol=1e-6)


@pytest.mark.parametrize("name", EXTREMES)
def test_the_whole_posterior_is_finite_and_sums_to_one(name):
    arms = EXTREMES[name]()
    fit = exact.fit(arms, PRIOR)
    assert fit.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.isfinite(fit.means).all()
    assert (np.diagonal(fit.covs, axis1=1, axis2=2) > 0).all()
    beta, tau = fit.draws(500, seed=1)
    assert np.isfinite(beta).all()
    assert (tau >= 0).all()


def test_two_hundred_arms_against_the_dense_formula():
    """The marginal covariance of 201 differences at once, in place of pairs of arms."""
    arms: Arms = EXTREMES["a study of 200 arms"]()
    tau, p = 4.0, len(arms.parameters)
    P, b = np.diag(arms.prior_sd**-2.0), np.zeros(p)
    for study in range(len(arms.studies)):
        first, *rest = np.flatnonzero(arms.study == study)
        u = arms.v + tau**2 / 2
        V = np.diag(u[rest]) + u[first]
        A = arms.X[rest] - arms.X[first]
        P += A.T @ np.linalg.solve(V, A)
        b += A.T @ np.linalg.solve(V, arms.y[rest] - arms.y[first])
    mean, cov, _ = exact.conditional(arms, [tau])
    np.testing.assert_allclose(mean[0], np.linalg.solve(P, b), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(cov[0], np.linalg.inv(P), rtol=1e-8, atol=1e-10)


def test_a_large_network_has_the_posterior_of_a_small_one(monkeypatch):
    """A quarter of the nodes and shared values of tau, which more than 200 parameters get, on a
    network that the full grid serves too."""
    arms = EXTREMES["a study of 200 arms"]()
    full = exact.fit(arms, PRIOR)
    monkeypatch.setattr(exact, "LARGE", 50)
    few = exact.fit(arms, PRIOR)
    assert len(few.weights) < len(full.weights) / 3
    for k in (0, 1, 100):
        c = np.eye(len(arms.parameters))[k]
        np.testing.assert_allclose(few.moments(c), full.moments(c), rtol=1e-6)
        ends = [fit.quantile(c, [0.025, 0.975]) for fit in (few, full)]
        np.testing.assert_allclose(*ends, rtol=1e-5)
    np.testing.assert_allclose(few.tau_moments(), full.tau_moments(), rtol=1e-6)
    beta, tau = few.draws(6000, seed=1)
    mean, sd = full.moments(np.eye(len(arms.parameters))[1])
    assert beta[:, 1].mean() == pytest.approx(mean, abs=5 * sd / 6000**0.5)
    assert beta[:, 1].std() == pytest.approx(sd, rel=5 / (2 * 6000) ** 0.5)
    # Strata of equal mass: the share below a quantile is met to one stratum.
    below = (tau < full.tau_quantile(0.25)).mean()
    assert below == pytest.approx(0.25, abs=2 / exact.STRATA)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["no heterogeneity at all", "nearly disconnected"])
def test_nuts_is_audited_there(name):
    from nma import audit, model

    arms = EXTREMES[name]()
    tree = model.sample(
        model.build(arms, PRIOR), chains=4, draws=3000, tune=1000, target_accept=0.95, seed=1
    )
    d, tau = (tree["posterior"][part].to_numpy() for part in ("d", "tau"))
    audit.gate(audit.audit(exact.fit(arms, PRIOR), d, {"tau": tau}))
