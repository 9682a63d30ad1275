"""Heterogeneity by modality: what it is of a comparison, and when it is one tau after all."""

from dataclasses import replace

import numpy as np
import pytest
from structured import D_SD, NODES, TAU, example, plain, received

from nma import exact
from nma.arms import build
from nma.checks.studies import contrasts
from nma.priors import Prior
from nma.structures import bias, modality

TAUS = {"tau[drug]": 2.0, "tau[mind]": 7.0, "tau[physical]": 5.0}


def by_modality():
    return modality.by_modality(plain(), TAU)


def nodes(**taus):
    return {name: np.array([value]) for name, value in (taus or TAUS).items()}


def variance(made, study):
    """Covariance of a study's true differences from its first arm, sampling left out."""
    c = contrasts(made.arms)[study]
    return c.covariance(made.arms.half(nodes()))[0] - c.S, made.arms.treatment[c.rows]


@pytest.mark.parametrize(
    ("study", "expected"),
    [
        # p a1, sham b1, care b2: the sd is that of the active treatment's modality.
        (0, [[4.0]]),
        (3, [[25.0]]),
        (7, [[25.0]]),
        # c1 p: named in another order.
        (12, [[49.0]]),
        # a1 b1: half of each.
        (9, [[14.5]]),
        # p sham: nobody knows whose; the mean of all three.
        (6, [[26.0]]),
        # p care a1: both reference-type arms as the drug's, as if by one tau of 2.
        (8, [[4.0, 2.0], [2.0, 4.0]]),
        # p a3 b1: placebo has the mean of 2 and 12.5, 7.25.
        (2, [[9.25, 7.25], [7.25, 19.75]]),
    ],
)
def test_variance_of_true_differences(study, expected):
    np.testing.assert_allclose(variance(by_modality(), study)[0], expected, atol=1e-12)


def test_two_active_arms_that_are_not_alike():
    """c1 care b1: care has the mean of 24.5 and 12.5. In whatever order the arms come."""
    got, treatments = variance(by_modality(), 13)
    names = [by_modality().arms.treatments[k] for k in treatments]
    u = {"b1": 12.5, "c1": 24.5, "care": 18.5}
    expected = u[names[0]] + np.diag([u[names[1]], u[names[2]]])
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_a_new_study_has_the_modality_s_own_variance():
    made = by_modality()
    implied = made.arms.prediction @ np.square([TAUS[name] for name in made.arms.variances])
    got = dict(zip(made.arms.treatments, implied, strict=True))
    assert (got["a1"], got["b2"], got["c1"]) == pytest.approx((4.0, 25.0, 49.0))
    # Between two kinds of no active treatment: the mean of all.
    assert got["sham"] == pytest.approx(26.0)


@pytest.mark.parametrize("tau", [0.0, 0.7, 6.0])
def test_equal_taus_are_one_tau(tau):
    made, base = by_modality(), plain()
    got = exact.conditional(made.arms, nodes(**dict.fromkeys(TAUS, tau)))
    for a, b in zip(got, exact.conditional(base.arms, tau), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


def test_one_modality_alone_stays_as_it_is():
    table = example()
    table = table[~table["treatment"].isin(["b1", "b2", "c1"])]
    sizes = table.groupby("study")["treatment"].transform("size")
    base = plain(table[sizes > 1])
    assert modality.modalities(base) == ["drug"]
    assert modality.by_modality(base, TAU) is base


def test_treatments_without_a_modality_are_one_of_their_own():
    base = plain()
    known = {**NODES, "c1": {"kind": "active", "modality": ""}}
    assert modality.modalities(replace(base, nodes=known)) == ["drug", "physical", "unknown"]


def test_two_modalities_have_a_grid():
    """Two taus and no common one: the exact engine integrates both. Against a trapezoid on
    241 x 241 points over all that matters (the half-normal(6) prior to 5 sds); smooth
    integrands that vanish at the far ends leave an error of order h^2 from the near ones,
    (30/240)^2/12 = .0013 of a density's slope: 2e-3 of the sds here."""
    table = example()
    table = table[table["treatment"] != "c1"]
    sizes = table.groupby("study")["treatment"].transform("size")
    made = modality.by_modality(plain(table[sizes > 1]), TAU)
    assert made.hyper.free == ("tau[drug]", "tau[physical]")
    fit = exact.fit(made.arms, made.hyper)
    grid = np.linspace(0, 30, 241)
    a, b = (x.ravel() for x in np.meshgrid(grid, grid, indexing="ij"))
    mean, _, logp = exact.conditional(made.arms, {"tau[drug]": a, "tau[physical]": b})
    end = np.where((grid == 0) | (grid == 30), 0.5, 1.0)
    weight = np.exp(logp - logp.max() - (a**2 + b**2) / 72) * np.outer(end, end).ravel()
    weight /= weight.sum()
    for name, x in (("tau[drug]", a), ("tau[physical]", b)):
        expected = weight @ x
        sd = np.sqrt(weight @ (x - expected) ** 2)
        assert fit.hyper_moments(name) == pytest.approx((expected, sd), abs=2e-3 * sd)
    for k, name in enumerate(made.arms.treatments[1:]):
        got, sd = fit.moments(fit.contrast(name, "p"))
        assert got == pytest.approx(weight @ mean[:, k], abs=2e-3 * sd)
    beta, hyper = fit.all_draws(100, seed=1)
    assert set(hyper) == {"tau[drug]", "tau[physical]"}
    assert np.isfinite(beta).all()


def test_down_weighting_works_on_it():
    made = bias.down_weighted(by_modality(), ["high"], 0.5)
    before, after = (each.arms.half(nodes())[0] for each in (by_modality(), made))
    np.testing.assert_allclose(
        after / before, np.where(np.isin(made.arms.study, [1, 5, 9, 13]), 2, 1)
    )
    np.testing.assert_array_equal(made.arms.prediction, by_modality().arms.prediction)


def test_exchangeable_taus_are_log_normal():
    """Their density given centre and width integrates to one, and the density of the centre
    given them is prior times likelihood."""
    shared = {"log_tau": Prior("normal", (1.5, 1.0)), "log_tau_sd": Prior("half_normal", (0.5,))}
    hyper = modality.by_modality(plain(), TAU, shared).hyper
    assert hyper.free == ("log_tau", "log_tau_sd", *TAUS)
    assert not hyper.on_grid
    x = np.exp(np.linspace(-8, 8, 4001))
    given = {"log_tau": 0.3, "log_tau_sd": 0.8}
    density = np.exp(hyper.logpdf("tau[drug]", {**given, "tau[drug]": x}))
    # Trapezoid on a smooth density that vanishes at both ends: exact to rounding.
    assert np.trapezoid(density * x, np.log(x)) == pytest.approx(1.0, abs=1e-10)
    assert np.exp(np.trapezoid(density * x * np.log(x), np.log(x))) == pytest.approx(np.exp(0.3))
    centre = np.linspace(0, 3, 7)
    got = hyper.logpdf("log_tau", {**TAUS, "log_tau": centre, "log_tau_sd": 0.8})
    z = (np.log([*TAUS.values()])[:, None] - centre) / 0.8
    expected = -0.5 * (centre - 1.5) ** 2 - 0.5 * (z**2).sum(0)
    np.testing.assert_allclose(got - got[0], expected - expected[0], atol=1e-12)


def test_another_reference_shares_the_same():
    """With usual care as reference, placebo is no active treatment either."""
    table = example()
    made = modality.by_modality(plain(table, "care"), TAU)
    assert modality.modalities(made) == ["drug", "mind", "physical"]
    rows = [k for k, name in enumerate(received(made.arms)) if NODES[name]["kind"] != "active"]
    base = by_modality()
    old = [k for k, name in enumerate(received(base.arms)) if NODES[name]["kind"] != "active"]
    np.testing.assert_allclose(made.arms.share[rows], base.arms.share[old])
    assert build(table, "care", D_SD).labels == base.arms.labels
