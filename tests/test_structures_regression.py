"""Meta-regression: slopes by hand, and when there are none."""

from dataclasses import replace

import numpy as np
import pytest
from structured import D_SD, NODES, TAU, example, plain, received

from nma import exact
from nma.priors import Hyper, Prior
from nma.structures import regression

ZERO = Prior("fixed", (0.0,))


def test_columns_by_hand():
    """Year per ten years, centred on the mean over studies (2005), active arms only."""
    made = regression.regressed(plain(), "year", "", 5.0)
    assert made.centre == pytest.approx(200.5)
    assert made.arms.parameters[-1] == "slope[year]"
    expected = [
        (1990 + 2 * s - 2005) / 10 * (NODES[t]["kind"] == "active")
        for s, t in zip(made.arms.study, received(made.arms), strict=True)
    ]
    np.testing.assert_allclose(made.arms.X[:, -1], expected, atol=1e-12)
    # Effects are stated at the centre: the slope has no share in them.
    assert (made.arms.effects[:, -1] == 0).all()
    assert made.arms.prior_sd[-1] == 5.0


@pytest.mark.parametrize(
    ("covariate", "column", "scale"),
    [
        ("size", "n", np.log2),
        ("weeks", "weeks", np.log2),
        ("baseline", "baseline", lambda x: x / 10),
        ("year", "year", lambda x: x / 10),
    ],
)
def test_scales(covariate, column, scale):
    """Size is that of the whole study; at entry, the mean over arms; on the named scale,
    which its inverse undoes."""
    table, made = example(), plain()
    by = table.groupby("study")[column]
    raw = (by.sum() if covariate == "size" else by.mean()).to_numpy()
    got = regression.values(made.studies, covariate)
    np.testing.assert_allclose(got, scale(raw))
    np.testing.assert_allclose(regression.COVARIATES[covariate].back(got), raw)


def test_slopes_by_class():
    made = regression.regressed(plain(), "weeks", "class", 5.0)
    assert made.arms.parameters[-3:] == ("slope[weeks, A]", "slope[weeks, B]", "slope[weeks, C]")
    names = np.array(received(made.arms))
    for k, label in enumerate("ABC", start=-3):
        held = np.array([NODES[t]["class"] == label for t in names])
        assert (made.arms.X[~held, k] == 0).all()
        assert (made.arms.X[held, k] != 0).any()


def test_risk_of_bias_by_its_words():
    """Against low; a judgement that no study of an active treatment has gets no slope."""
    made = regression.regressed(plain(), "rob", "", 5.0)
    assert made.arms.parameters[-3:] == (
        "slope[rob=some_concerns]", "slope[rob=high]", "slope[rob=not_reported]",
    )  # fmt: skip
    few = plain()
    few = replace(few, studies=few.studies.assign(rob=few.studies["rob"].replace("high", "low")))
    assert "slope[rob=high]" not in regression.regressed(few, "rob", "", 5.0).arms.parameters


def test_a_study_without_the_covariate_does_not_touch_the_slope():
    made = plain()
    gone = replace(
        made, studies=made.studies.assign(year=made.studies["year"].where(lambda y: y != 1990))
    )
    column = regression.regressed(gone, "year", "", 5.0).arms.X[:, -1]
    assert (column[made.arms.study == 0] == 0).all()
    assert regression.regressed(gone, "year", "", 5.0).centre == pytest.approx(
        np.mean([1992 + 2 * i for i in range(15)]) / 10
    )


@pytest.mark.parametrize("damage", ["constant", "missing"])
def test_nothing_to_regress_on(damage):
    made = plain()
    year = 2000.0 if damage == "constant" else np.nan
    flat = replace(made, studies=made.studies.assign(year=year))
    assert regression.regressed(flat, "year", "", 5.0) is flat


def test_a_covariate_of_studies_between_active_treatments_only_says_nothing():
    """Shared by both arms it cancels: no column."""
    made = plain()
    year = np.where(
        np.isin(np.arange(16), [9, 14]), [1990.0 + 5 * (i == 14) for i in range(16)], np.nan
    )
    only = replace(made, studies=made.studies.assign(year=year))
    assert regression.regressed(only, "year", "", 5.0) is only


def test_a_slope_known_to_be_zero_is_the_plain_network():
    made, base = regression.regressed(plain(), "year", "", 1e-7), plain()
    a, b = exact.fit(made.arms, made.hyper), exact.fit(base.arms, TAU)
    # A slope of 1e-7 times 1.5 decades beside sds of 2: nothing to 1e-9.
    assert a.log_evidence == pytest.approx(b.log_evidence, abs=1e-9)
    for name in base.arms.treatments[1:]:
        got, expected = (fit.moments(fit.contrast(name, "p")) for fit in (a, b))
        np.testing.assert_allclose(got, expected, atol=1e-9)


def test_a_shift_of_the_covariate_changes_no_effect():
    """It is centred: dates of another era are the same."""
    made = plain()
    later = replace(made, studies=made.studies.assign(year=made.studies["year"] + 500))
    a, b = (regression.regressed(each, "year", "", 5.0).arms.X for each in (made, later))
    np.testing.assert_allclose(a, b, atol=1e-12)


def test_a_slope_on_the_level_of_zero_is_the_plain_network():
    """y stated from the centre: a shift of whole studies, which says nothing. A difference
    of 45 rounded to 1e-14 changes log densities by 1e-12."""
    made, base = regression.on_level(plain(), 45.0, ZERO), plain()
    a, b = exact.fit(made.arms, made.hyper), exact.fit(base.arms, TAU)
    assert a.log_evidence == pytest.approx(b.log_evidence, abs=1e-9)
    for name in base.arms.treatments[1:]:
        got, expected = (fit.moments(fit.contrast(name, "p")) for fit in (a, b))
        np.testing.assert_allclose(got, expected, atol=1e-9)
    assert a.nodes["slope"].tolist() == [0.0] * len(a.weights)


def test_who_responds_to_the_level():
    """Active arms of studies that report arms, one of them reference-type."""
    made = regression.on_level(plain(), 45.0, Prior("normal", (0.0, 1.0)))
    expected = [
        NODES[t]["kind"] == "active" and s not in (9, 14)
        for s, t in zip(made.arms.study, received(made.arms), strict=True)
    ]
    np.testing.assert_array_equal(made.arms.responsive, np.array(expected, dtype=float))
    assert made.hyper.free == ("tau", "slope")


def test_mean_level():
    """Of the reference-type arms of studies that report arms, each arm once."""
    table = example()
    passive = table["treatment"].map(lambda t: NODES[t]["kind"] != "active")
    assert regression.mean_level(plain()) == pytest.approx(table.loc[passive, "y"].mean())


def test_restated_at_another_level():
    """d at level L + h is d + slope h, and the slope is the same, whatever L: with d's prior
    flat (sd 1e3, where a shift of 4 changes 8e-6 of an sd) and the slope known."""
    known = Hyper({"tau": Prior("fixed", (3.0,)), "slope": Prior("fixed", (-0.3,))})
    fits = []
    for level in (40.0, 44.0):
        made = regression.on_level(plain(), level, ZERO)
        fits.append(exact.fit(made.arms.with_prior_sd(1e3), known))
    for name in ("a1", "b2", "c1"):
        at_40, at_44 = (fit.moments(fit.contrast(name, "p")) for fit in fits)
        assert at_44[0] - at_40[0] == pytest.approx(-0.3 * 4, abs=1e-3)
        assert at_44[1] == pytest.approx(at_40[1], abs=1e-9)
    assert D_SD < 1e3


def test_a_planted_slope_is_found():
    """Effects that shrink by 0.5 per point of the level, with little noise: the posterior of
    the slope holds it, and not 0, within five of its sds."""
    table = example(seed=3)
    rng = np.random.default_rng(5)
    d = {"a1": -8.0, "a2": -6.0, "a3": -4.0, "b1": -5.0, "b2": -3.0, "c1": -7.0}
    mu = {study: rng.normal(45, 12) for study in table["study"].unique()}
    table["se"] = 0.5
    table["y"] = [
        mu[s] + (d[t] - 0.5 * (mu[s] - 45) if t in d else 0.0) + rng.normal(0, 0.5)
        for s, t in zip(table["study"], table["treatment"], strict=True)
    ]
    # Between active treatments there is no such arm: s09 and s14 hold no slope.
    held = ~table["study"].isin(["s09", "s14"])
    made = regression.on_level(plain(table[held]), 45.0, Prior("normal", (0.0, 1.0)))
    mean, sd = exact.fit(made.arms, made.hyper).hyper_moments("slope")
    assert abs(mean + 0.5) < 4.5 * sd
    assert abs(mean) > 10 * sd
