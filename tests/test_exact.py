"""The exact engine against brute force and against published numbers."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import BASELINE, brute_logp, effects, published, simulate, table

from nma import exact
from nma.arms import build
from nma.priors import Prior

HALF_NORMAL, UNIFORM = Prior("half_normal", (5.0,)), Prior("uniform", (5.0,))


def summary(fit, treatment, reference, predictive=False):
    c = fit.contrast(treatment, reference)
    return np.array(
        [*fit.moments(c, predictive), *fit.quantile(c, [0.5, 0.025, 0.975], predictive)]
    )


@pytest.mark.parametrize("name", list(BASELINE))
@pytest.mark.parametrize("tau", [0.0, 0.3, 4.0])
def test_density_given_tau_is_the_brute_force_integral(name, tau):
    arms = published(name)
    mean, _, logp = exact.conditional(arms, tau)
    expected, expected_mean = brute_logp(arms, tau)
    # The brute-force form puts prior variances of 1e4 beside sampling ones of 0.1: 1e-9 is
    # what double precision leaves of 1e-12.
    assert logp[0] == pytest.approx(expected, abs=1e-8)
    np.testing.assert_allclose(mean[0], expected_mean, atol=1e-8)


@pytest.mark.parametrize(
    ("label", "prior"), [("half_normal(5)", HALF_NORMAL), ("uniform(0,5)", UNIFORM)]
)
@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        # Printed to 1e-6 from a grid; its interpolated quantiles carry about 1e-4.
        ("senn2013", 1e-4),
        ("stowe2010", 1e-4),
        ("linde2016", 1e-4),
        # The reference gives study means Normal(0, 100), ours are flat: see the next test.
        ("parkinsons", 1.5e-3),
    ],
)
def test_agrees_with_exact_reference(name, tolerance, label, prior):
    fit, reference = exact.fit(published(name), prior), BASELINE[name]
    rows = effects(name, "exact")
    rows = rows[rows["tau_prior"] == label]
    assert len(rows) > 6
    for row in rows.itertuples():
        expected = [row.mean, row.sd, row.median, row.q2_5, row.q97_5]
        if row.parameter == "tau":
            got = [*fit.tau_moments(), *fit.tau_quantile([0.5, 0.025, 0.975])]
        else:
            got = summary(fit, row.treatment, reference, row.parameter == "predictive")
        np.testing.assert_allclose(got, expected, atol=tolerance, err_msg=str(row.treatment))


def test_parkinson_offset_is_the_prior_of_the_study_means():
    """With Normal(0, 100) study means brute force gives the reference's own figures."""
    arms, grid = published("parkinsons"), np.linspace(0, 5, 1501)
    parts = [brute_logp(arms, tau, mu_sd=100.0) for tau in grid]
    weight = np.exp(np.array([p[0] for p in parts]) - max(p[0] for p in parts))
    weight[[0, -1]] /= 2
    weight /= weight.sum()
    rows = effects("parkinsons", "exact").query("tau_prior == 'uniform(0,5)'")
    expected = rows[rows["parameter"] == "d"].sort_values("treatment")["mean"]
    np.testing.assert_allclose(weight @ np.array([p[1] for p in parts]), expected, atol=1e-4)
    assert weight @ grid == pytest.approx(rows.query("parameter == 'tau'")["mean"].item(), abs=1e-4)


@pytest.mark.parametrize("name", ["senn2013", "stowe2010", "linde2016"])
def test_agrees_with_multinma_within_its_monte_carlo_error(name):
    """12,000 draws, bulk ESS about 3,000: se of a mean sd/sqrt(3000), of a sd relative
    1/sqrt(6000); 4.5 of them over some sixty comparisons."""
    rows = effects(name, "multinma").query("model == 'random' and tau_prior == 'half_normal(5)'")
    fit = exact.fit(published(name), HALF_NORMAL)
    compared = rows[rows["parameter"] == "d"]
    assert len(compared) >= 3
    for row in compared.itertuples():
        mean, sd = fit.moments(fit.contrast(row.treatment, BASELINE[name]))
        assert abs(row.mean - mean) < 4.5 * sd / np.sqrt(3000), row.treatment
        assert abs(row.sd / sd - 1) < 4.5 / np.sqrt(6000), row.treatment
    tau = rows[rows["parameter"] == "tau"].iloc[0]
    mean, sd = fit.tau_moments()
    assert abs(tau["mean"] - mean) < 4.5 * sd / np.sqrt(1000)  # tau mixes worst


@pytest.mark.parametrize("name", list(BASELINE))
@pytest.mark.parametrize("source", ["netmeta", "metafor"])
def test_agrees_with_frequentist_fits_at_their_tau(name, source):
    """At a fixed tau and with a flat prior the estimates are the same weighted least
    squares, printed to 1e-6."""
    arms, compared = published(name, prior_sd=1e6), 0
    for row in effects(name, source).query("parameter == 'd'").itertuples():
        tau = float(re.search(r"tau(?:=| fixed at )([\d.e-]+)", row.tau_prior)[1])
        fit = exact.fit(arms, Prior("fixed", (tau,)))
        mean, sd = fit.moments(fit.contrast(row.treatment, BASELINE[name]))
        assert mean == pytest.approx(row.mean, abs=2e-6)
        assert sd == pytest.approx(row.sd, abs=2e-6)
        compared += 1
    assert compared >= 3


def test_published_parkinson_result():
    """NICE DSU TSD 2: d ~ N(0, 100^2), tau ~ U(0, 5), printed to two digits."""
    fit = exact.fit(published("parkinsons"), UNIFORM)
    names = ["Pramipexole", "Ropinirole", "Bromocriptine", "Cabergoline"]
    mean, sd = np.transpose([fit.moments(fit.contrast(n, "Placebo")) for n in names])
    np.testing.assert_allclose(mean, [-1.85, -0.50, -0.53, -0.83], atol=0.006)
    np.testing.assert_allclose(sd, [0.54, 0.66, 0.65, 0.80], atol=0.006)


def test_choice_of_reference_does_not_change_contrasts():
    data = table("senn2013")
    fits = {r: exact.fit(build(data, r, 1e4), HALF_NORMAL) for r in ("plac", "metf")}
    for pair in (("rosi", "plac"), ("acar", "metf"), ("sulf", "piog")):
        a, b = (summary(fit, *pair) for fit in fits.values())
        # Normal(0, 1e4) against sds of 0.2: the prior's share is 1e-10 of the information.
        np.testing.assert_allclose(a, b, atol=1e-6)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_order_of_rows_and_shift_of_studies_change_nothing(seed):
    rng = np.random.default_rng(seed)
    data = simulate(rng, np.array([0.0, -5.0, 3.0]), 3.0, 8)
    shifted = data.assign(y=data["y"] + data["study"].str[1:].astype(float))
    shuffled = data.sample(frac=1.0, random_state=seed)
    prior = Prior("half_normal", (15.0,))
    base = exact.fit(build(data, "t00"), prior)
    same = exact.fit(build(shuffled, "t00"), prior)
    np.testing.assert_array_equal(base.means, same.means)
    moved = exact.fit(build(shifted, "t00"), prior)
    np.testing.assert_allclose(summary(base, "t01", "t00"), summary(moved, "t01", "t00"), atol=1e-6)


def test_mirrored_data_give_mirrored_effects():
    data = table("senn2013")
    base = exact.fit(build(data, "plac"), HALF_NORMAL)
    flip = exact.fit(build(data.assign(y=-data["y"]), "plac"), HALF_NORMAL)
    c = base.contrast("rosi", "plac")
    np.testing.assert_allclose(
        base.quantile(c, [0.025, 0.5]), -flip.quantile(c, [0.975, 0.5]), atol=1e-9
    )


@pytest.mark.parametrize(
    "prior",
    [
        Prior("half_normal", (15.0,)),
        Prior("uniform", (50.0,)),
        Prior("log_t", (-3.02 + 2 * np.log(20), 2.27, 5.0, 100.0)),
    ],
)
def test_grid_is_wide_and_fine_enough(prior):
    """The last node carries under 1e-6 of the mass (unless the prior ends there), and a
    ten times finer trapezoid gives the same mean."""
    data = simulate(np.random.default_rng(3), np.array([0.0, -5.0, 3.0, 1.0]), 5.0, 12)
    fit = exact.fit(build(data, "t00"), prior)
    assert fit.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert fit.weights[-1] < 1e-6
    x = np.linspace(fit.edges[0], fit.edges[-1], 6001)
    tau = np.exp(x) if prior.on_log_scale else x
    joint = exact.conditional(fit.arms, tau)[2] + prior.logpdf(tau) + prior.on_log_scale * x
    weight = np.exp(joint - joint.max())
    weight[[0, -1]] /= 2
    assert fit.tau_moments()[0] == pytest.approx(weight @ tau / weight.sum(), rel=1e-5)
    F = (np.cumsum(weight) - weight / 2) / weight.sum()
    assert fit.tau_quantile(0.5) == pytest.approx(np.interp(0.5, F, tau), rel=2e-3)


def test_draws_follow_the_posterior():
    fit = exact.fit(published("senn2013"), HALF_NORMAL)
    beta, tau = fit.draws(20_000, seed=1)
    for k, name in enumerate(fit.arms.treatments[1:]):
        mean, sd = fit.moments(fit.contrast(name, "plac"))
        assert abs(beta[:, k].mean() - mean) < 4.5 * sd / np.sqrt(20_000)
        assert abs(beta[:, k].std() / sd - 1) < 4.5 / np.sqrt(20_000)
    for p in (0.1, 0.5, 0.9):
        share = (tau < fit.tau_quantile(p)).mean()
        assert abs(share - p) < 4.5 * np.sqrt(p * (1 - p) / 20_000)


def test_one_small_study_is_answered_by_its_prior():
    """Two nodes, five people an arm: tau is the prior's, the effect near the data's."""
    import pandas as pd

    data = pd.DataFrame(
        {"study": ["a", "a"], "treatment": ["p", "x"], "y": [50.0, 40.0], "se": [9.0, 9.0]}
    )
    fit = exact.fit(build(data, "p"), Prior("half_normal", (15.0,)))
    mean, sd = fit.moments(np.ones(1))
    assert -10 < mean < -9
    assert sd > np.sqrt(2) * 9
    # The mean of a half-normal(15) is 11.97; one difference moves it little.
    assert fit.tau_moments()[0] == pytest.approx(15 * np.sqrt(2 / np.pi), rel=0.05)


@pytest.mark.slow
def test_intervals_cover_what_they_claim():
    """300 simulated networks with known effects: 95% intervals cover about 95%."""
    rng, prior = np.random.default_rng(7), Prior("half_normal", (15.0,))
    hits = []
    for _ in range(300):
        d = np.concatenate([[0.0], rng.normal(0, 8, 5)])
        data = simulate(rng, d, abs(rng.normal(0, 15)), 20)
        fit = exact.fit(build(data, "t00"), prior)
        for k in range(1, 6):
            low, high = fit.quantile(fit.contrast(f"t{k:02d}", "t00"), [0.025, 0.975])
            hits.append(low < d[k] < high)
    # Five effects of a network are correlated: 300 independent units bound the error.
    assert abs(np.mean(hits) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 300)
