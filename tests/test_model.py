"""The PyMC model: its density, its priors, and NUTS against the exact engine."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from networks import brute_logp, published, simulate

from nma import audit, convergence, draws, exact, model
from nma.arms import build
from nma.priors import Prior

PRIORS = [
    Prior("half_normal", (5.0,)),
    Prior("uniform", (5.0,)),
    Prior("log_t", (-3.0, 2.3, 5.0, 5.0)),
]


def evaluate(built, variables, point):
    """Log densities at a point, in plain Python: nothing is compiled."""
    values = built.rvs_to_values
    logps = built.logp(vars=variables, jacobian=False, sum=False)
    given = {values[rv]: transformed(built, rv, point) for rv in built.free_RVs}
    return [logp.eval(given, mode="FAST_COMPILE", on_unused_input="ignore") for logp in logps]


def transformed(built, rv, point):
    transform = built.rvs_to_transforms[rv]
    value = pt.constant(np.asarray(point[rv.name]), dtype="float64")
    return (value if transform is None else transform.forward(value, *rv.owner.inputs)).eval()


@pytest.mark.parametrize("tau", [0.05, 0.7])
def test_likelihood_is_the_numpy_formula(tau):
    arms = published("parkinsons")
    built = model.build(arms, PRIORS[0])
    d = np.array([-0.5, -0.8, -1.8, -0.5])
    (logp,) = evaluate(built, [built["y"]], {"d": d, "tau": tau})
    expected = draws.log_likelihood(arms, d[None], np.array([tau]))[0]
    size = np.diff(arms.starts, append=len(arms.y))
    np.testing.assert_allclose(logp - (size - 1) / 2 * np.log(2 * np.pi), expected, atol=1e-9)


@pytest.mark.parametrize("prior", PRIORS, ids=lambda p: p.dist)
def test_priors_are_the_numpy_ones(prior):
    arms = published("parkinsons")
    built = model.build(arms, prior)
    point = {"d": np.array([1.0, -20.0, 3.0, 0.0]), "tau": 0.4}
    d, tau = evaluate(built, [built["d"], built["tau"]], point)
    expected_d, expected_tau = draws.log_prior(arms, prior, point["d"][None], np.array([0.4]))
    np.testing.assert_allclose(d, expected_d[0], atol=1e-9)
    # A density and not only a shape: half-normal and uniform with their constants; the
    # log t without that of its truncation, in both engines.
    assert tau == pytest.approx(expected_tau["tau"][0], abs=1e-9)


def test_model_is_labelled():
    built = model.build(published("parkinsons"), PRIORS[0])
    assert list(built.coords["treatment"]) == [
        "Bromocriptine",
        "Cabergoline",
        "Pramipexole",
        "Ropinirole",
    ]
    assert len(built.coords["study"]) == 7
    assert [rv.name for rv in built.observed_RVs] == ["y"]


def test_fixed_tau_has_no_free_variable():
    built = model.build(published("parkinsons"), Prior("fixed", (0.0,)))
    assert [rv.name for rv in built.free_RVs] == ["d"]


def nuts(arms, prior, seed=1, size=1500):
    tree = model.sample(
        model.build(arms, prior), chains=4, draws=size, tune=1000, target_accept=0.95, seed=seed
    )
    drawn = tree["posterior"]
    tau = drawn["tau"].to_numpy() if "tau" in drawn else None
    return drawn["d"].to_numpy(), tau, int(tree["sample_stats"]["diverging"].sum())


def test_nuts_passes_its_gates_and_the_audit():
    """Parkinson's: seven studies, tau near 0, the case on which other chains diverge."""
    arms, prior = published("parkinsons"), PRIORS[0]
    d, tau, divergences = nuts(arms, prior)
    named = dict(zip(arms.parameters, d.transpose(2, 0, 1), strict=True)) | {"tau": tau}
    convergence.gate(convergence.diagnose(named), divergences)
    table = audit.audit(exact.fit(arms, prior), d, tau)
    audit.gate(table)
    assert list(table["parameter"]) == [*arms.parameters, "tau"]


def test_same_seed_same_draws():
    arms = published("parkinsons")
    a, b = (nuts(arms, PRIORS[0], size=200)[0] for _ in range(2))
    np.testing.assert_array_equal(a, b)
    other = nuts(arms, PRIORS[0], seed=2, size=200)[0]
    assert not np.array_equal(a, other)


@pytest.mark.slow
@pytest.mark.parametrize("prior", [*PRIORS[1:], Prior("fixed", (0.0,))], ids=lambda p: p.dist)
def test_nuts_agrees_under_every_prior(prior):
    arms = published("parkinsons")
    d, tau, divergences = nuts(arms, prior, size=3000)
    assert divergences == 0
    audit.gate(audit.audit(exact.fit(arms, prior), d, tau))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_nuts_agrees_on_simulated_networks(seed):
    rng, prior = np.random.default_rng(seed), Prior("half_normal", (15.0,))
    data = simulate(rng, np.array([0.0, -6.0, 2.0, -9.0, 4.0]), [0.0, 2.0, 8.0, 20.0][seed], 15)
    arms = build(data, "t00")
    d, tau, divergences = nuts(arms, prior, size=2000)
    assert divergences == 0
    audit.gate(audit.audit(exact.fit(arms, prior), d, tau))


def test_brute_force_and_draws_agree():
    """The sum of the study densities given effects is what brute force integrates."""
    arms = published("parkinsons", prior_sd=1e-6)
    logp = draws.log_likelihood(arms, np.zeros((1, 4)), np.array([0.5])).sum()
    assert logp == pytest.approx(brute_logp(arms, 0.5)[0], abs=1e-6)
    assert pm.__version__.startswith("6.")
