"""Exchangeable treatments within classes: multinma's numbers, and the limits of omega."""

import numpy as np
import pandas as pd
import pytest
from networks import REFERENCE, table
from structured import NODES, plain

from nma import exact
from nma.arms import build
from nma.checks.deviance import study_deviance, totals
from nma.checks.studies import contrasts
from nma.priors import Hyper, Prior
from nma.structure import Structure, estimable
from nma.structures import classes

LINDE = pd.read_csv(REFERENCE / "classes_linde2016.csv").set_index("parameter")
DRUGS = ["TCA", "SSRI", "SNRI", "NRI", "NaSSa", "rMAO-A", "Low-dose SARI", "Hypericum", "Ind drug"]
# multinma 0.8.0 prints these three of its fit.
DEVIANCE, PD, DIC = 117.6, 26.3, 143.9
FIXED = Prior("fixed", (0.2,))


def label(name):
    if name in DRUGS:
        return "drug"
    return "combination" if " + SSRI" in name else "psychological"


def linde(sd=None, tau=None, own_from=None, mean_sd=10.0):
    arms = build(table("linde2016"), "Placebo", mean_sd)
    nodes = {t: {"class": label(t)} for t in arms.treatments if t not in ("Placebo", "UC")}
    base = Structure(
        arms, Hyper({"tau": tau or Prior("half_normal", (5.0,))}), nodes, pd.DataFrame()
    )
    sd = sd or Prior("half_normal", (1.0,))
    return classes.exchangeable(base, "class", sd, own_from, mean_sd)


@pytest.fixture(scope="module")
def fit():
    made = linde()
    return exact.fit(made.arms, made.hyper)


def moments(fit, name):
    if name == "tau":
        return fit.hyper_moments("tau")
    if name == "class_sd[All Classes]":
        return fit.hyper_moments("omega")
    if name.startswith("class_mean"):
        place = fit.arms.parameters.index(f"m{name[len('class_mean') :]}")
        return fit.moments(np.eye(len(fit.arms.parameters))[place])
    return fit.moments(fit.contrast(name[2:-1], "Placebo"))


def test_members_of_the_classes():
    sizes = {k: len(v) for k, v in classes.members(linde(), "class").items()}
    assert sizes == {"combination": 3, "drug": 9, "psychological": 8}


def test_linde_is_multinma_within_its_monte_carlo_error(fit):
    """Its means have the error sd / sqrt(bulk ESS). 26 compared: the largest of so many
    correct |z| exceeds 4.5 once in 6,000."""
    assert len(LINDE) == 26
    for name, row in LINDE.iterrows():
        mean, _ = moments(fit, name)
        assert abs(row["mean"] - mean) < 4.5 * row["sd"] / np.sqrt(row["bulk_ess"]), name


def test_linde_sds_are_multinma_s(fit):
    """An sd from n independent draws has the relative error sqrt((kurtosis - 1) / n) / 2: for a
    Gaussian 1/sqrt(2 n). A half-normal shape has a kurtosis of 3.87. Draws of squares mix no
    better than the draws do: half of the bulk ESS."""
    for name, row in LINDE.iterrows():
        _, sd = moments(fit, name)
        error = np.sqrt((3.87 - 1) / (row["bulk_ess"] / 2)) / 2
        assert abs(row["sd"] / sd - 1) < 4.5 * error, name


@pytest.mark.parametrize(("column", "p"), [("q2_5", 0.025), ("q97_5", 0.975)])
def test_linde_quantiles_are_multinma_s(fit, column, p):
    """At multinma's quantile our distribution function is p, give or take the error of a share
    of draws, sqrt(p (1 - p) / ESS), the tail's ESS at least a quarter of the bulk's."""
    for name, row in LINDE.iterrows():
        if name in ("tau", "class_sd[All Classes]"):
            values, F = fit.axes["tau" if name == "tau" else "omega"].cdf
            got = np.interp(row[column], values, F)
        elif name.startswith("class_mean"):
            place = fit.arms.parameters.index(f"m{name[len('class_mean') :]}")
            got = float(fit.cdf(np.eye(len(fit.arms.parameters))[place], row[column]))
        else:
            got = float(fit.cdf(fit.contrast(name[2:-1], "Placebo"), row[column]))
        assert abs(got - p) < 4.5 * np.sqrt(p * (1 - p) / (row["bulk_ess"] / 4)), name


@pytest.fixture(scope="module")
def drawn_deviance(fit):
    """(draws,) residual deviance of independent draws of all unknowns, study effects too."""
    beta, hyper = fit.all_draws(4000, seed=1)
    rng = np.random.default_rng(2)
    D = np.zeros(len(beta))
    half = fit.arms.half(hyper) * np.ones((1, len(fit.arms.y)))
    for c in contrasts(fit.arms):
        # delta | beta, tau, y: the shrunken study effect, with its own spread.
        T = c.covariance(half) - c.S
        gain = T @ np.linalg.inv(T + c.S)
        centre = beta @ c.A.T
        mean = centre + np.einsum("tij,tj->ti", gain, c.y - centre)
        root = np.linalg.cholesky(T - gain @ T + 1e-12 * np.eye(c.df))
        delta = mean + np.einsum("tij,tj->ti", root, rng.standard_normal(mean.shape))
        off = c.y - delta
        D += np.einsum("ti,ij,tj->t", off, np.linalg.inv(c.S), off)
    return D


def test_deviance_in_closed_form_is_that_of_draws(fit, drawn_deviance):
    D = drawn_deviance
    expected = totals(study_deviance(fit))["residual_deviance"]
    assert abs(D.mean() - expected) < 4.5 * D.std() / np.sqrt(len(D))


def test_linde_deviance_is_multinma_s(fit, drawn_deviance):
    """multinma's Dbar is a mean of draws: its error is their sd over sqrt(ESS), the ESS that
    of tau, which D hangs on most. pD = Dbar - D(mean) has Dbar's error, DIC = Dbar + pD twice
    that. 4 of them, and .05 for the rounding: 1.1 of 117.6 here."""
    found = totals(study_deviance(fit))
    error = drawn_deviance.std() / np.sqrt(LINDE.loc["tau", "bulk_ess"])
    assert 4 * error < 1.5
    assert found["points"] == 108
    assert abs(found["residual_deviance"] - DEVIANCE) < 4 * error + 0.05
    assert abs(found["pD"] - PD) < 4 * error + 0.05
    assert abs(found["DIC"] - DIC) < 8 * error + 0.05


def test_no_spread_gives_one_effect_per_class():
    """omega = 0, kept finite at 1e-6 of a point, against the network of classes: treatments
    renamed. Only studies without two of one class, so that renaming leaves them as they are."""
    data = table("linde2016")
    names = data["treatment"].map(lambda t: t if t in ("Placebo", "UC") else label(t))
    once = ~data["study"].isin(
        data[pd.DataFrame({"s": data["study"], "n": names}).duplicated(keep=False)]["study"]
    )
    one = build(data[once].assign(treatment=names[once]), "Placebo", 10.0)
    expected = exact.fit(one, FIXED)
    arms = build(data[once], "Placebo", 10.0)
    nodes = {t: {"class": label(t)} for t in arms.treatments if t not in ("Placebo", "UC")}
    base = Structure(arms, Hyper({"tau": FIXED}), nodes, pd.DataFrame())
    made = classes.exchangeable(base, "class", Prior("fixed", (0.0,)), None, 10.0)
    got = exact.fit(made.arms, made.hyper)
    # Variances of 1e-12 beside .02: 1e-9 of everything; sums of 1e12 lose digits to 1e-6.
    for name in arms.treatments[1:]:
        known = name if name == "UC" else label(name)
        np.testing.assert_allclose(
            got.moments(got.contrast(name, "Placebo")),
            expected.moments(expected.contrast(known, "Placebo")),
            atol=1e-5,
        )


def test_all_spread_gives_the_plain_network():
    """omega = 1e3 against effects of 1 with sds of .6 at most: shrunken by 4e-7 of it."""
    made = linde(Prior("fixed", (1e3,)), FIXED, mean_sd=1e3)
    got = exact.fit(made.arms, made.hyper)
    plain_arms = build(table("linde2016"), "Placebo", 1e3)
    expected = exact.fit(plain_arms, FIXED)
    for name in plain_arms.treatments[1:]:
        pair = (name, "Placebo")
        np.testing.assert_allclose(
            got.moments(got.contrast(*pair)), expected.moments(expected.contrast(*pair)), atol=2e-6
        )


def test_effects_shrink_towards_their_class_as_omega_falls():
    spreads = []
    for omega in (3.0, 0.3, 0.1, 0.03):
        made = linde(Prior("fixed", (omega,)), FIXED)
        got = exact.fit(made.arms, made.hyper)
        d = [got.moments(got.contrast(name, "Placebo"))[0] for name in DRUGS]
        spreads.append(np.std(d))
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[0] > 4 * spreads[-1]


def test_a_treatment_alone_in_its_class_stays_as_it_is():
    """c1 is the only one of C; kinds of placebo are no class: sigma_p is theirs."""
    made = classes.exchangeable(plain(), "class", Prior("half_normal", (5.0,)), None, 30.0)
    arms = made.arms
    assert arms.parameters[-2:] == ("m[A]", "m[B]")
    told = dict(zip(arms.parameters, arms.spread, strict=True))
    assert told["d[c1]"] == told["d[care]"] == told["d[sham]"] == ""
    assert told["dev[a1]"] == told["dev[b2]"] == "omega"
    # d[a1] = m[A] + dev[a1], d[c1] = d[c1].
    rows = dict(zip(arms.treatments, arms.effects, strict=True))
    held = {t: [arms.parameters[k] for k in np.flatnonzero(row)] for t, row in rows.items()}
    assert held["a1"] == ["dev[a1]", "m[A]"]
    assert held["c1"] == ["d[c1]"]
    assert held["p"] == []


@pytest.mark.parametrize("column", ["none such", "modality of nothing"])
def test_without_a_class_of_two_nothing_changes(column):
    base = plain()
    assert classes.exchangeable(base, column, Prior("half_normal", (5.0,)), None, 30.0) is base


def test_own_sds_from_a_number_of_members_on():
    made = linde(own_from=8)
    assert made.hyper.free == ("tau", "omega", "omega[drug]", "omega[psychological]")
    assert not made.hyper.on_grid
    told = dict(zip(made.arms.parameters, made.arms.spread, strict=True))
    assert told["dev[TCA]"] == "omega[drug]"
    assert told["dev[Face-to-face CBT + SSRI]"] == "omega"


def test_own_sds_known_alike_are_the_shared_one():
    shared = linde(Prior("fixed", (0.1,)), FIXED)
    own = linde(Prior("fixed", (0.1,)), FIXED, own_from=3)
    assert len(own.hyper.priors) == 4
    a, b = (exact.fit(made.arms, made.hyper) for made in (shared, own))
    np.testing.assert_array_equal(a.means, b.means)
    assert a.log_evidence == b.log_evidence


def test_a_class_makes_an_effect_estimable():
    """a3 and c1 are in no trial with the network, a3's class is: exchangeable effects are a
    model for it, and c1 is tied to it by a trial."""
    rows = [("s1", "p"), ("s1", "a1"), ("s2", "p"), ("s2", "a2"), ("s3", "a3"), ("s3", "c1")]
    data = pd.DataFrame(rows, columns=["study", "treatment"]).assign(y=0.0, se=1.0)
    arms = build(data, "p")
    base = Structure(arms, Hyper({"tau": FIXED}), NODES, pd.DataFrame())
    assert estimable(arms, arms.effects[1:]).tolist() == [True, True, False, False]
    made = classes.exchangeable(base, "class", Prior("half_normal", (5.0,)), None, 30.0)
    assert estimable(made.arms, made.arms.effects[1:]).all()
