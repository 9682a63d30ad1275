"""Leave-one-out densities of models beyond the plain network, and Student t study effects."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import digamma
from structured import D_SD, NODES, TAU, dense, example, one_hot, plain

from nma import exact
from nma.checks.leave_out import exact_elpd
from nma.checks.mixtures import wide_fit
from nma.checks.removal import dropped
from nma.checks.studies import contrasts, without
from nma.draws import log_likelihood, scale_nodes, student_log_likelihood
from nma.priors import Hyper, Prior
from nma.structures import bias, classes, modality

SPREAD = Prior("half_normal", (5.0,))


def grouped(table=None, tau=TAU):
    nodes = {k: v if v["kind"] == "active" else {**v, "class": ""} for k, v in NODES.items()}
    made = replace(plain(table, tau=tau), nodes=nodes)
    return classes.exchangeable(made, "class", SPREAD, None, 30.0)


def two_modalities(table=None):
    nodes = {**NODES, "c1": {**NODES["c1"], "modality": "drug"}}
    return modality.by_modality(replace(plain(table), nodes=nodes), TAU)


def log_evidence(made, size=80):
    """By Gauss-Legendre over both priors up to six of their sds, nothing adaptive."""
    node, weight = np.polynomial.legendre.leggauss(size)
    a, b = (made.hyper.priors[name] for name in made.hyper.free)
    x, y = ((node + 1) * 3 * prior["scale"] for prior in (a, b))
    steps = np.outer(weight * 3 * a["scale"], weight * 3 * b["scale"]).ravel()
    x, y = (each.ravel() for each in np.meshgrid(x, y, indexing="ij"))
    values = dict(zip(made.hyper.free, (x, y), strict=True))
    logp = exact.conditional(made.arms, values)[2] + a.logpdf(x) + b.logpdf(y) + np.log(steps)
    return np.logaddexp.reduce(logp)


@pytest.mark.parametrize("make", [grouped, pytest.param(two_modalities, marks=pytest.mark.slow)])
def test_elpd_on_a_mesh_is_a_ratio_of_brute_evidences(make):
    """Of models built anew from the table without the study's rows. No study of these is alone
    in carrying a treatment, so that the parameters are the same."""
    table = example()
    found = exact_elpd(wide_fit(make().arms, make().hyper))
    whole = log_evidence(make())
    for study in (2, 8):
        rest = make(table[table["study"] != f"s{study:02d}"])
        assert rest.arms.parameters == make().arms.parameters
        assert found[study] == pytest.approx(whole - log_evidence(rest), abs=1e-5)
    assert len(found) == 16


@pytest.mark.parametrize("known", ["tau", "omega"])
def test_elpd_with_one_of_two_known(known):
    made = grouped().with_prior(known, Prior("fixed", (2.0,)))
    found = exact_elpd(wide_fit(made.arms, made.hyper))
    whole = exact.fit(made.arms, made.hyper).log_evidence
    for study, elpd in enumerate(found):
        rest = exact.fit(without(made.arms, study), made.hyper).log_evidence
        assert elpd == pytest.approx(whole - rest, abs=1e-5)


def importance_error(fit, found):
    """Standard error (studies,) of log mean 1 / p over draws of the hyperparameters, from the
    spread of the ratios themselves."""
    errors = []
    for study, c in enumerate(contrasts(fit.arms)):
        means, covs = dropped(fit, study, c)
        V = c.covariance(fit.half) + c.A @ c.loading(covs)
        r = c.y - means @ c.A.T
        logp = [stats.multivariate_normal.logpdf(x, cov=v) for x, v in zip(r, V, strict=True)]
        ratio = np.exp(found[study] - np.array(logp))
        errors.append(ratio.std() / np.sqrt(len(ratio)))
    return np.array(errors)


@pytest.mark.slow
@pytest.mark.parametrize("make", [plain, two_modalities])
def test_elpd_from_draws_is_the_grid_s(make):
    """16 studies, the largest of so many |z| beyond 4.5 once in 10,000; the ratios here have
    moderate tails (their error is below .1), else this would be no test."""
    made = make()
    exactly = wide_fit(made.arms, made.hyper)
    _, hyper = exactly.all_draws(400, seed=1)
    fit = exact.at(made.arms, made.hyper, hyper)
    found = exact_elpd(fit)
    error = importance_error(fit, found)
    assert error.max() < 0.1
    assert (np.abs(found - exact_elpd(exactly)) < 4.5 * error + 1e-9).all()


@pytest.mark.parametrize("make", [plain, grouped, two_modalities])
def test_without_a_study_given_the_hyperparameters(make):
    """``dropped`` against a fit of the others, at a few draws, for every study: also those that
    alone carry a treatment, where subtraction gives way."""
    made = make()
    rng = np.random.default_rng(2)
    values = {name: rng.uniform(0.5, 6, 3) for name in made.hyper.free}
    fit = exact.at(made.arms, made.hyper, values)
    for study, c in enumerate(contrasts(made.arms)):
        means, covs = dropped(fit, study, c)
        expected = exact.conditional(without(made.arms, study), values)
        np.testing.assert_allclose(means, expected[0], atol=1e-6)
        np.testing.assert_allclose(covs, expected[1], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("weights", [False, True])
def test_elpd_of_a_student_study_integrates_its_own_scale(weights):
    """At one set of tau and scales: the others' scales count, its own is integrated over its
    prior, by an adaptive rule and dense Gaussians of the whole and the rest."""
    base = plain()
    made = bias.down_weighted(base, ["high"], 0.5) if weights else base
    made = replace(made, hyper=replace(made.hyper, df=4.0))
    arms, tau = made.arms, 5.0
    q = np.where(np.isin(arms.study, [1, 5, 9, 13]) & weights, 0.5, 1.0)
    scale = np.random.default_rng(3).gamma(2.0, 0.5, 16)
    fit = exact.at(arms, made.hyper, {"tau": np.array([tau]), "scale": scale[None]})
    found = exact_elpd(fit, 4.0)
    X, prior = one_hot(arms), D_SD**2 * np.eye(len(arms.parameters))

    def logp(scales, kept):
        chosen = np.isin(arms.study, kept)
        part = replace(
            arms, y=arms.y[chosen], v=arms.v[chosen], treatment=arms.treatment[chosen],
            study=np.searchsorted(kept, arms.study[chosen]), X=X[chosen],
            studies=tuple(arms.studies[i] for i in kept), share=None,
        )  # fmt: skip
        u = (tau**2 / 2 / scales[arms.study] / q)[chosen]
        return dense(part, X[chosen], prior, u)[0]

    for study in (1, 13):
        rest = logp(scale, [i for i in range(16) if i != study])

        def density(s, study=study, rest=rest):
            scales = np.where(np.arange(16) == study, s, scale)
            return np.exp(logp(scales, list(range(16))) - rest) * stats.gamma.pdf(s, 2.0, scale=0.5)

        pieces = [(0, 0.2), (0.2, 1), (1, 3), (3, 12)]
        # Gamma(2, 2) beyond 12 is 1e-9, the adaptive rule good to 1e-8.
        total = sum(integrate.quad(density, *ends, epsrel=1e-7, limit=30)[0] for ends in pieces)
        assert found[study] == pytest.approx(np.log(total), abs=1e-6)


@pytest.mark.parametrize("df", [2.0, 4.0, 10.0, 50.0])
def test_scale_nodes(df):
    """Gamma(df/2, df/2): mass, mean and variance, and E[log]. The trapezoid rule errs by the
    density's Fourier transform at 2 pi / step, below 1e-7 at steps of .7 sds or .35; the
    tail cut below is 1e-9 of the mass."""
    x, log_weight = scale_nodes(df)
    weight = np.exp(log_weight)
    assert weight.sum() == pytest.approx(1.0, abs=1e-7)
    assert weight @ x == pytest.approx(1.0, abs=1e-7)
    assert weight @ (x - 1) ** 2 == pytest.approx(2 / df, rel=1e-6)
    assert weight @ np.log(x) == pytest.approx(digamma(df / 2) - np.log(df / 2), abs=1e-6)


@pytest.mark.parametrize("tau", [5.0, 0.2])
@pytest.mark.parametrize("df", [2.0, 4.0, 10.0, 30.0])
def test_student_likelihood_is_the_integral_over_the_scale(df, tau):
    """By an adaptive rule, study by study, one of them 60 points out: up to 300 between-study
    sds, where nearly all of the integral is far below the prior's own mass."""
    table = example()
    table.loc[table.index[1], "y"] += 60
    arms = plain(table).arms
    beta = np.random.default_rng(4).normal(0, 4, (1, len(arms.parameters)))
    hyper = {"tau": np.array([tau])}
    got = student_log_likelihood(arms, beta, hyper, df)[0]
    for study in (0, 2, 9):

        def density(t, study=study):
            s = np.full((1, 16), np.exp(t))
            given = log_likelihood(arms, beta, {**hyper, "scale": s})[0, study]
            return np.exp(
                given - got[study] + stats.gamma.logpdf(np.exp(t), df / 2, scale=2 / df) + t
            )

        ends = [-25, -16, -12, -8, -4, -2, 0, 1, 4]
        total = sum(integrate.quad(density, a, b, epsrel=1e-9)[0] for a, b in pairwise(ends))
        assert np.log(total) == pytest.approx(0.0, abs=1e-6)


def test_many_degrees_of_freedom_are_the_normal():
    """A scale of variance 2/df = 2e-6 about 1: a change of the log density of that order."""
    arms = plain().arms
    beta = np.random.default_rng(5).normal(0, 4, (2, len(arms.parameters)))
    hyper = {"tau": np.array([5.0, 2.0])}
    got = student_log_likelihood(arms, beta, hyper, 1e6)
    np.testing.assert_allclose(got, log_likelihood(arms, beta, hyper), atol=1e-3)
    assert not Hyper({"tau": TAU}, df=1e6).on_grid
