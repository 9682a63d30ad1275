"""Studies at risk of bias: counted for less, or with a bias of their own."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from structured import TAU, example, plain

from nma import exact
from nma.arms import build
from nma.checks.studies import without
from nma.priors import Hyper, Prior
from nma.structures import bias

KAPPA = Prior("half_normal", (5.0,))
HIGH = [1, 5, 9, 13]


def agree(a, b, names, atol):
    for name in names:
        got, expected = (fit.moments(fit.contrast(name, "p")) for fit in (a, b))
        np.testing.assert_allclose(got, expected, atol=atol)


def test_suspect_studies():
    made = plain()
    assert np.flatnonzero(bias.suspect(made, ["high"])).tolist() == HIGH
    assert np.flatnonzero(bias.suspect(made, ["not_reported"])).tolist() == [2, 6, 10, 14]
    assert bias.suspect(made, ["low", "high", "some_concerns", "not_reported"]).all()
    assert not bias.suspect(made, []).any()


def test_a_weight_of_one_is_the_plain_network():
    made = bias.down_weighted(plain(), ["high"], 1.0)
    a, b = exact.fit(made.arms, made.hyper), exact.fit(plain().arms, TAU)
    assert a.log_evidence == pytest.approx(b.log_evidence, abs=1e-12)
    agree(a, b, b.arms.treatments[1:], 1e-12)


def test_a_weight_of_nearly_nothing_leaves_the_study_out():
    """1e-9 of a study: variances of 4 become 4e9, its share in an effect of 10 under 1e-7."""
    tau = Prior("fixed", (3.0,))
    made = bias.down_weighted(plain(tau=tau), ["high"], 1e-9)
    arms = plain().arms
    for study in reversed(HIGH):
        arms = without(arms, study)
    a, b = exact.fit(made.arms, made.hyper), exact.fit(arms, tau)
    agree(a, b, arms.treatments[1:], 1e-6)


def test_half_a_weight_twice_is_the_study_once():
    """Two copies of a study, each counting for half, are the study: given tau, effects have
    the same information."""
    table = example()
    copy = table[table["study"].isin([f"s{i:02d}" for i in HIGH])]
    twice = plain(
        # A copy beside each: rob high in both.
        pd.concat([table, copy.assign(study=copy["study"] + " again")])
    )
    made = bias.down_weighted(twice, ["high"], 0.5)
    got = exact.conditional(made.arms, 3.0)
    expected = exact.conditional(plain().arms, 3.0)
    np.testing.assert_allclose(got[0], expected[0], atol=1e-10)
    np.testing.assert_allclose(got[1], expected[1], atol=1e-10)


def test_who_has_a_bias():
    """Suspect studies that compare an active with a reference-type arm: 9 is a1 against b1,
    and 6, of placebo against sham, has no active arm."""
    made = bias.term(plain(), ["high", "not_reported"], 7.0, KAPPA)
    expected = ("b", *(f"bias[s{i:02d}]" for i in (1, 2, 5, 10, 13)))
    assert made.arms.parameters[-6:] == expected
    assert made.arms.spread[-6:] == ("", *["kappa"] * 5)
    assert made.hyper.free == ("tau", "kappa")


def test_columns_by_hand():
    """s13 is b1, c1 and care: both active treatments are off by the same."""
    arms = bias.term(plain(), ["high"], 7.0, KAPPA).arms
    rows = {label: row for label, row in zip(arms.labels, arms.X[:, -4:], strict=True)}
    assert rows["s13 | b1"].tolist() == rows["s13 | c1"].tolist() == [1, 0, 0, 1]
    assert rows["s13 | care"].tolist() == rows["s09 | a1"].tolist() == [0, 0, 0, 0]
    assert rows["s01 | a2"].tolist() == [1, 1, 0, 0]
    # An effect is that of a study without bias.
    assert (arms.effects[:, -4:] == 0).all()


@pytest.mark.parametrize("judgements", [[], ["none such"]])
def test_no_suspect_study_changes_nothing(judgements):
    base = plain()
    assert bias.term(base, judgements, 7.0, KAPPA) is base


def test_suspects_between_active_treatments_only_change_nothing():
    base = plain()
    rob = np.where(np.arange(16) == 9, "high", "low")
    only = replace(base, studies=base.studies.assign(rob=rob))
    assert bias.term(only, ["high"], 7.0, KAPPA) is only


def test_no_bias_is_the_plain_network():
    """Mean and spread of 1e-6 or so beside sds of 2."""
    made = bias.term(plain(), ["high"], 1e-6, Prior("fixed", (0.0,)))
    a, b = exact.fit(made.arms, made.hyper), exact.fit(plain().arms, TAU)
    assert a.log_evidence == pytest.approx(b.log_evidence, abs=1e-9)
    agree(a, b, b.arms.treatments[1:], 1e-8)


def test_a_bias_without_bounds_takes_a_two_arm_study_out():
    """kappa = 1e5: s01 and s05 then say nothing; s13 only of b1 against c1, as a study of
    these two arms alone would. s09 between active treatments counts as ever."""
    tau, wide = Prior("fixed", (3.0,)), Prior("fixed", (1e5,))
    made = bias.term(plain(tau=tau), ["high"], 1.0, wide)
    table = example()
    table = table[~table["study"].isin(["s01", "s05"])]
    rest = build(table[~((table["study"] == "s13") & (table["treatment"] == "care"))], "p", 20.0)
    a = exact.fit(made.arms, made.hyper)
    b = exact.fit(rest, Hyper({"tau": tau}))
    # 10 / 1e10 of an effect is left of them.
    agree(a, b, rest.treatments[1:], 1e-6)


def test_a_planted_bias_is_found():
    """Suspect studies off by -20 in a network of hardly any noise: b is, and d is not."""
    table = example(seed=4)
    d = {"a1": -8.0, "a2": -6.0, "a3": -4.0, "b1": -5.0, "b2": -3.0, "c1": -7.0}
    off = table["study"].isin(["s01", "s05", "s13"]) & table["treatment"].isin(d)
    rng = np.random.default_rng(6)
    table["se"] = 0.4
    table["y"] = (
        45 + table["treatment"].map(d).fillna(0.0) - 20.0 * off + rng.normal(0, 0.4, len(table))
    )
    made = bias.term(plain(table, tau=Prior("half_normal", (1.0,))), ["high"], 30.0, KAPPA)
    fit = exact.fit(made.arms, made.hyper)
    b = np.eye(len(made.arms.parameters))[made.arms.parameters.index("b")]
    mean, sd = fit.moments(b)
    assert abs(mean + 20) < 4.5 * sd
    assert sd < 3
    for name, value in d.items():
        mean, sd = fit.moments(fit.contrast(name, "p"))
        assert abs(mean - value) < 4.5 * sd
        assert sd < 2
