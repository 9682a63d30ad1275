"""Two hyperparameters at once: the mesh against a brute quadrature, its draws against itself."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr
from structured import NODES, TAU, plain

from nma import audit, exact
from nma.checks.mixtures import holds, reweight, wide_fit
from nma.checks.removal import removals
from nma.priors import Hyper, Prior
from nma.structures import bias, classes, placebos, regression

SPREAD = Prior("half_normal", (5.0,))
P = np.array([0.025, 0.25, 0.5, 0.75, 0.975])


def with_classes(tau=TAU, sd=SPREAD):
    nodes = {k: v if v["kind"] == "active" else {**v, "class": ""} for k, v in NODES.items()}
    return classes.exchangeable(replace(plain(tau=tau), nodes=nodes), "class", sd, None, 30.0)


MODELS = {
    "classes": with_classes,
    "uniform priors": lambda: with_classes(Prior("uniform", (20.0,)), Prior("uniform", (25.0,))),
    "log t": lambda: with_classes(Prior("log_t", (2.0, 2.0, 5.0, 100.0))),
    "placebos": lambda: placebos.exchangeable(plain(), SPREAD),
    "bias": lambda: bias.term(plain(), ["high"], 7.0, SPREAD),
    "level": lambda: regression.on_level(plain(), 45.0, Prior("normal", (0.0, 1.0))),
}


FAST = ("classes",)
# What 12 panels of 6 nodes leave of a posterior: next to nothing, but where they have 32
# units of log tau to cover, of which the posterior fills two or three.
LOSS = dict.fromkeys(MODELS, 1e-5) | {"log t": 2e-3}


@pytest.fixture(
    scope="module",
    params=[m if m in FAST else pytest.param(m, marks=pytest.mark.slow) for m in MODELS],
)
def fitted(request):
    made = MODELS[request.param]()
    size = 150 if request.param == "log t" else 90
    return made, exact.fit(made.arms, made.hyper), Brute(made, size), LOSS[request.param]


class Brute:
    """Gauss-Legendre over the whole of both priors' supports, cut at 6 sds of a half-normal
    (2e-9 of it) and 3 of a normal (11 posterior sds of the slope): one rule of many nodes for
    the integrand as it is, not panels where mass is."""

    def __init__(self, made, size=150):
        self.made, self.names = made, made.hyper.free
        self.ends = [self._range(made.hyper.priors[name]) for name in self.names]
        self.size = size
        self.weights, self.values, self.means, self.covs, self.log_evidence = self._over(self.ends)

    @staticmethod
    def _range(prior):
        if prior.dist == "half_normal":
            return 0.0, 6 * prior["scale"]
        if prior.dist == "normal":
            return prior["mean"] - 3 * prior["sd"], prior["mean"] + 3 * prior["sd"]
        return tuple(np.log(prior.support)) if prior.on_log_scale else prior.support

    def _over(self, ends):
        node, weight = np.polynomial.legendre.leggauss(self.size)
        axes, steps = [], []
        for low, high in ends:
            axes.append(low + (node + 1) * (high - low) / 2)
            steps.append(weight * (high - low) / 2)
        x = [a.ravel() for a in np.meshgrid(*axes, indexing="ij")]
        values, logp = {}, np.log(np.outer(*steps).ravel())
        for name, each in zip(self.names, x, strict=True):
            prior = self.made.hyper.priors[name]
            values[name] = np.exp(each) if prior.on_log_scale else each
            logp = logp + prior.logpdf(values[name]) + (each if prior.on_log_scale else 0.0)
        means, covs, likelihood = exact.conditional(self.made.arms, values)
        logp = logp + likelihood
        total = np.logaddexp.reduce(logp)
        return np.exp(logp - total), values, means, covs, total

    def below(self, limits):
        """P(all hyperparameters below their limits): the integral up to there, by a rule of
        its own."""
        ends = list(self.ends)
        for name, limit in limits.items():
            k = self.names.index(name)
            log = self.made.hyper.priors[name].on_log_scale
            ends[k] = (ends[k][0], np.log(limit) if log else limit)
        return float(np.exp(self._over(ends)[4] - self.log_evidence))


def test_moments_are_those_of_a_brute_quadrature(fitted):
    """The brute rule with a fifth fewer nodes on a side tells the same to a tenth of what is
    asked of the mesh."""
    made, fit, brute, loss = fitted
    fewer = Brute(made, int(0.8 * brute.size))
    assert fewer.log_evidence == pytest.approx(brute.log_evidence, abs=0.1 * loss)
    assert fit.log_evidence == pytest.approx(brute.log_evidence, abs=loss)
    for name in made.hyper.free:
        x = brute.values[name]
        mean = brute.weights @ x
        sd = np.sqrt(brute.weights @ (x - mean) ** 2)
        assert fit.hyper_moments(name) == pytest.approx((mean, sd), abs=loss * sd)
    for c in audit.functionals(made.arms).values():
        m = brute.means @ c
        mean = brute.weights @ m
        variance = brute.weights @ (np.einsum("i,tij,j->t", c, brute.covs, c) + (m - mean) ** 2)
        sd = np.sqrt(variance)
        assert fit.moments(c) == pytest.approx((mean, sd), abs=loss * sd)


def test_quantiles_are_those_of_a_brute_quadrature(fitted):
    """The mass below each, of an effect by the mixture's own formula at other nodes; of a
    hyperparameter by integrating up to it. Its distribution function is interpolated on 25
    points of a panel: with panels of at most a tenth of the mass or of the range, h^2 f' / 8
    is 1e-5 or so; 1e-4 is asked."""
    made, fit, brute, loss = fitted
    for name in made.hyper.free:
        got = [brute.below({name: q}) for q in fit.hyper_quantile(name, P)]
        np.testing.assert_allclose(got, P, atol=1e-4, err_msg=name)
    c = made.arms.effects[made.arms.treatments.index("a1")]
    m, s = brute.means @ c, np.sqrt(np.einsum("i,tij,j->t", c, brute.covs, c))
    for p, q in zip(P, fit.quantile(c, P), strict=True):
        assert ndtr((q - m) / s) @ brute.weights == pytest.approx(p, abs=loss)


def test_draws_pass_the_audit_of_the_mesh(fitted):
    made, fit, _, _ = fitted
    beta, hyper = fit.all_draws(12_000, seed=3)
    beta = beta.reshape(4, 3000, -1)
    free = {name: hyper[name].reshape(4, -1) for name in made.hyper.free}
    table = audit.audit(fit, beta, free)
    assert set(made.hyper.free) <= set(table["parameter"])
    audit.gate(table)


@pytest.mark.slow
def test_draws_keep_both_hyperparameters_together(fitted):
    """The share of draws in each corner of their plane, against the mesh's mass there. Rows of
    the mesh lie within .1 of an sd of one another where mass is, and a draw takes one of the two
    beside it: an error of the order of .01 of a correlation, .002 of a share, beside the
    Monte Carlo error of 40,000 draws, .002."""
    made, fit, brute, _ = fitted
    _, hyper = fit.all_draws(40_000, seed=4)
    first, second = made.hyper.free
    limits = [fit.hyper_quantile(name, [0.3, 0.7]) for name in (first, second)]
    for a in limits[0]:
        for b in limits[1]:
            expected = brute.below({first: a, second: b})
            share = ((hyper[first] < a) & (hyper[second] < b)).mean()
            error = np.sqrt(expected * (1 - expected) / 40_000)
            assert abs(share - expected) < 4.5 * error + 0.002


@pytest.mark.parametrize("wrong", [pytest.param("tau", marks=pytest.mark.slow), "omega"])
def test_the_audit_of_the_mesh_catches(wrong):
    made = with_classes()
    fit = exact.fit(made.arms, made.hyper)
    beta, hyper = fit.all_draws(8000, seed=5)
    hyper = {name: x.reshape(4, -1) for name, x in hyper.items()}
    hyper[wrong] = hyper[wrong] * 1.15
    with pytest.raises(audit.AuditFailed, match=f"\n  {wrong}: "):
        audit.gate(audit.audit(fit, beta.reshape(4, 2000, -1), hyper))


@pytest.mark.parametrize("known", [pytest.param("tau", marks=pytest.mark.slow), "omega"])
def test_one_of_the_two_known(known):
    """Then the other's grid alone: the slice of the plane, by brute force on a line."""
    made = with_classes().with_prior(known, Prior("fixed", (2.0,)))
    (free,) = made.hyper.free
    fit = exact.fit(made.arms, made.hyper)
    prior = made.hyper.priors[free]
    node, weight = np.polynomial.legendre.leggauss(300)
    x = (node + 1) * 3 * prior["scale"]
    logp = exact.conditional(made.arms, {free: x, known: np.full(300, 2.0)})[2] + prior.logpdf(x)
    mass = np.exp(logp - logp.max()) * weight
    mean = mass @ x / mass.sum()
    assert fit.hyper_moments(free)[0] == pytest.approx(mean, abs=1e-6)
    assert fit.hyper_moments(known) == pytest.approx((2.0, 0.0), abs=1e-12)
    beta, hyper = fit.all_draws(20_000, seed=6)
    audit.gate(audit.audit(fit, beta[None], {free: hyper[free][None]}))
    assert (hyper[known] == 2.0).all()


@pytest.mark.parametrize("known", ["tau", "omega", "neither"])
def test_without_a_study_it_is_the_fit_of_the_others(known):
    """Subtraction on the mesh, or on the one axis left, against a fit anew. The wide grid
    serves both: the same integrals to 1e-4 of an sd, quantiles by interpolation to 1e-3."""
    made = with_classes()
    if known != "neither":
        made = made.with_prior(known, Prior("fixed", (2.0,)))
    free = made.hyper.free
    for removal in list(removals(wide_fit(made.arms, made.hyper)))[:4]:
        got = removal.fit
        refit = exact.fit(got.arms, made.hyper)
        for c in made.arms.effects[1:]:
            mean, sd = refit.moments(c)
            assert got.moments(c) == pytest.approx((mean, sd), abs=1e-4 * sd)
        for name in free:
            mean, sd = refit.hyper_moments(name)
            assert got.hyper_moments(name) == pytest.approx((mean, sd), abs=1e-4 * sd)
            q = refit.hyper_quantile(name, P)
            np.testing.assert_allclose(got.hyper_quantile(name, P), q, atol=1e-3 * sd)


@pytest.mark.parametrize("known", ["tau", "omega"])
def test_a_grid_that_does_not_serve_is_known(known):
    """Weights that all fall between two nodes, or at an end that is none of the prior's."""
    made = with_classes().with_prior(known, Prior("fixed", (2.0,)))
    fit = exact.fit(made.arms, made.hyper)
    (free,) = made.hyper.free
    x = fit.nodes[free]
    assert holds(fit)
    assert not holds(reweight(fit, -0.5 * ((x - 3.0) / 1e-3) ** 2))
    assert not holds(reweight(fit, 20.0 * x))


def test_more_than_two_have_no_grid():
    made = bias.term(with_classes(), ["high"], 7.0, SPREAD)
    assert made.hyper.free == ("tau", "omega", "kappa")
    with pytest.raises(ValueError, match="not over tau, omega, kappa"):
        exact.fit(made.arms, made.hyper)
    student = replace(with_classes().hyper, df=4.0)
    assert not student.on_grid


def test_a_mixture_at_given_values_is_their_average():
    made = with_classes()
    nodes = {"tau": np.array([1.0, 4.0]), "omega": np.array([2.0, 0.5])}
    fit = exact.at(made.arms, made.hyper, nodes)
    c = made.arms.effects[3]
    parts = [
        exact.fit(made.arms, Hyper({k: Prior("fixed", (v[i],)) for k, v in nodes.items()}))
        for i in (0, 1)
    ]
    means, sds = np.transpose([part.moments(c) for part in parts])
    expected = np.sqrt((sds**2).mean() + means.var())
    assert fit.moments(c) == pytest.approx((means.mean(), expected), abs=1e-12)
    assert fit.hyper_moments("omega") == pytest.approx((1.25, 0.75))


def test_a_peak_between_the_points_of_the_first_pass_is_found():
    """Levels 1,000 apart tell the slope to a thousandth, its prior has an sd of 1: at the first
    pass's slopes all studies look a hundred points off, and tau must not be judged by that.
    Against a brute rule laid by hand where the truth is."""
    made = regression.on_level(plain(), 0.0, Prior("normal", (0.0, 1.0)))
    arms, rng = made.arms, np.random.default_rng(7)
    mu, z = rng.normal(0, 1000, 16)[arms.study], 1 + 0.1234 * arms.responsive
    y = z * mu + rng.normal(0, 1, len(z)) * np.sqrt(arms.v + 2.0)
    made = replace(made, arms=replace(arms, y=y))
    fit = exact.fit(made.arms, made.hyper)
    slope, tau = (
        x.ravel() for x in np.meshgrid(np.linspace(0.09, 0.16, 301), np.linspace(0, 16, 81))
    )
    _, _, logp = exact.conditional(made.arms, {"tau": tau, "slope": slope})
    weight = np.exp(logp - logp.max() + TAU.logpdf(tau) - 0.5 * slope**2)
    weight *= np.where((tau == 0) | (tau == 16), 0.5, 1.0) / weight.sum()
    weight /= weight.sum()
    for name, x in (("tau", tau), ("slope", slope)):
        expected = weight @ x
        sd = np.sqrt(weight @ (x - expected) ** 2)
        # The trapezoid rule at tau = 0, where the density ends: step^2 / 12 of its slope.
        assert fit.hyper_moments(name) == pytest.approx((expected, sd), abs=0.01 * sd)
    assert fit.hyper_moments("slope")[1] < 0.01
