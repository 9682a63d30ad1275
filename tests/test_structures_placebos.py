"""Kinds of placebo around a common one: lumped and split are its limits."""

import numpy as np
import pytest
from structured import D_SD, NODES, TAU, example, plain

from nma import exact
from nma.arms import build
from nma.priors import Hyper, Prior
from nma.structure import Structure, study_table
from nma.structures import placebos

SIGMA = Prior("half_normal", (5.0,))


def kinds_only(seed=1):
    """No arm received the common placebo: p is the mean of three kinds."""
    table = example(seed)
    table["treatment"] = table["treatment"].replace({"p": "device"})
    return table


def virtual(table, sigma, sd=D_SD):
    arms = build(table, "p", sd, virtual=True)
    nodes = {**NODES, "device": NODES["p"]}
    made = Structure(arms, Hyper({"tau": TAU}), nodes, study_table(table, arms.studies))
    return placebos.exchangeable(made, sigma)


def lumped(table):
    """All kinds as one treatment. Two of them in one study are one arm then."""
    kinds = {"device": "p", "sham": "p", "pill": "p"}
    table = table.assign(treatment=table["treatment"].replace(kinds))
    return table.groupby(["study", "treatment"], as_index=False).first()


def test_kinds_are_the_placebos_but_the_reference():
    assert placebos.kinds(plain()) == ["pill", "sham"]
    assert placebos.kinds(virtual(kinds_only(), SIGMA)) == ["device", "pill", "sham"]


def test_prior_is_by_name_of_the_kind():
    made = placebos.exchangeable(plain(), SIGMA)
    told = dict(
        zip(
            made.arms.parameters,
            zip(made.arms.spread, made.arms.prior_sd, strict=True),
            strict=True,
        )
    )
    assert told["d[pill]"] == told["d[sham]"] == ("sigma_p", 1.0)
    assert {told[n] for n in told if n not in ("d[pill]", "d[sham]")} == {("", D_SD)}


def test_no_spread_lumps_them():
    """sigma_p = 0, kept finite at a millionth of a point, against one placebo in all studies.
    Only studies with one kind of it, so that lumping leaves their arms as they are."""
    table = kinds_only()
    table = table[~table["study"].isin(["s06", "s15"])]
    one = build(lumped(table), "p", D_SD)
    known = virtual(table, Prior("fixed", (0.0,)))
    a, b = exact.fit(known.arms, known.hyper), exact.fit(one, TAU)
    # What the floor leaves: variances of 1e-12 beside 4.
    assert a.log_evidence == pytest.approx(b.log_evidence, abs=1e-9)
    for name in one.treatments[1:]:
        got, expected = (fit.moments(fit.contrast(name, "p")) for fit in (a, b))
        np.testing.assert_allclose(got, expected, atol=1e-9)
    np.testing.assert_allclose(a.tau_moments(), b.tau_moments(), atol=1e-9)


def test_a_study_of_two_kinds_says_nothing_once_they_are_lumped():
    """Its contribution to the evidence is then that of a study of noise alone."""
    table = kinds_only()
    both = table["study"] == "s06"
    known = Prior("fixed", (0.0,))
    log_evidence = [
        exact.fit(made.arms, Hyper({"tau": Prior("fixed", (3.0,)), "sigma_p": known})).log_evidence
        for made in (virtual(table, known), virtual(table[~both], known))
    ]
    device, sham = table[both].sort_values("treatment").itertuples()
    variance = device.se**2 + sham.se**2 + 9.0
    expected = -0.5 * ((device.y - sham.y) ** 2 / variance + np.log(2 * np.pi * variance))
    assert log_evidence[0] - log_evidence[1] == pytest.approx(expected, abs=1e-9)


def test_very_wide_it_splits_them():
    """sigma_p = 1e4: treatments against the kind they were compared with are those of a network
    with that kind as reference. The wide prior leaves 4/1e8 of an effect of 10 or so, and
    effects against the common mean have its sd, 1e4 / sqrt(3)."""
    table = kinds_only()
    wide = virtual(table, Prior("fixed", (1e4,)), 1e4)
    fit = exact.fit(wide.arms, wide.hyper)
    split = exact.fit(build(table, "device", 1e4), TAU)
    for name in ("a1", "b1", "sham", "pill"):
        got, expected = (each.moments(each.contrast(name, "device")) for each in (fit, split))
        np.testing.assert_allclose(got, expected, atol=1e-5)


def test_effects_against_the_mean_of_kinds_are_no_surer_than_that_mean():
    """Three kinds tell their mean to sigma_p / sqrt(3) at best: with all effects flat (sd 1e3)
    the sd of an effect against it grows with sigma_p and stays above that."""
    sds = []
    for value in (0.0, 1.0, 3.0, 10.0):
        made = virtual(kinds_only(), Prior("fixed", (value,)), 1e3)
        fit = exact.fit(made.arms, made.hyper)
        sds.append(fit.moments(fit.contrast("a1", "p"))[1])
        assert sds[-1] > value / np.sqrt(3)
    assert sds == sorted(sds)
    assert sds[-1] > 10 / np.sqrt(3) > sds[0]


def test_without_kinds_there_is_nothing_to_spread():
    """sigma_p has no bearing on the data: its posterior is its prior."""
    table = example()
    table = table[~table["treatment"].isin(["sham", "pill"])]
    table = table[table.groupby("study")["treatment"].transform("size") > 1]
    made = placebos.exchangeable(plain(table), SIGMA)
    fit = exact.fit(made.arms, made.hyper)
    base = exact.fit(plain(table).arms, TAU)
    # The mean of a half-normal(5), and its quantiles; the mesh's own error is 1e-6.
    assert fit.hyper_moments("sigma_p")[0] == pytest.approx(5 * np.sqrt(2 / np.pi), rel=1e-6)
    assert fit.log_evidence == pytest.approx(base.log_evidence, abs=1e-6)
    for name in base.arms.treatments[1:]:
        got, expected = (each.moments(each.contrast(name, "p")) for each in (fit, base))
        np.testing.assert_allclose(got, expected, rtol=1e-6)
