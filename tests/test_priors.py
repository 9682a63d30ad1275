"""Priors of tau: densities, and the config blocks that ask for them."""

import numpy as np
import pytest

from nma.priors import RHODES, Prior, describe, tau_prior


@pytest.mark.parametrize("prior", [Prior("half_normal", (15.0,)), Prior("uniform", (50.0,))])
def test_density_integrates_to_one(prior):
    x = np.linspace(*prior.support, 200_001)
    assert np.trapezoid(np.exp(prior.logpdf(x)), x) == pytest.approx(1.0, abs=1e-6)


def test_log_t_is_the_density_of_tau_for_t_distributed_log_tau_squared():
    """By sampling: the share of draws in an interval is the integral of the density."""
    prior = Prior("log_t", (2.0, 1.5, 5.0, 1e9))
    rng = np.random.default_rng(1)
    tau = np.exp((2.0 + 1.5 * rng.standard_t(5, 400_000)) / 2)
    for low, high in [(0.5, 1.5), (2.0, 4.0), (5.0, 20.0)]:
        x = np.linspace(low, high, 20_001)
        integral = np.trapezoid(np.exp(prior.logpdf(x)), x)
        share = ((tau > low) & (tau < high)).mean()
        assert abs(share - integral) < 4.5 * np.sqrt(share * (1 - share) / 400_000)


def test_outside_the_support():
    assert Prior("uniform", (5.0,)).logpdf(6.0) == -np.inf
    assert Prior("half_normal", (5.0,)).logpdf(-1.0) == -np.inf
    assert Prior("log_t", (0.0, 1.0, 5.0, 5.0)).logpdf(0.0) == -np.inf


def test_rhodes_is_moved_to_points():
    """A ten times larger SD_ref moves log tau^2 by 2 log 10."""
    spec = {"dist": "rhodes", "comparison": "non_drug"}
    small, large = (tau_prior(spec, sd_ref=sd) for sd in (2.0, 20.0))
    assert large["location"] - small["location"] == pytest.approx(2 * np.log(10))
    assert small["location"] == pytest.approx(RHODES["non_drug"][0] + 2 * np.log(2))
    assert (large["scale"], large["df"], large["upper"]) == (2.27, 5.0, 100.0)


def test_fixed_overrules():
    prior = tau_prior({"dist": "half_normal", "scale": 15}, effects="fixed")
    assert prior.is_fixed
    assert prior["value"] == 0.0
    assert describe(prior) == "fixed(0)"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"dist": "half_normal"}, "needs"),
        ({"dist": "cauchy", "scale": 1}, "unknown prior 'cauchy'"),
        ({"dist": "rhodes", "comparison": "non_drug"}, "needs reported SDs"),
    ],
)
def test_what_cannot_be_used_is_said(spec, words):
    with pytest.raises(ValueError, match=words):
        tau_prior(spec)
