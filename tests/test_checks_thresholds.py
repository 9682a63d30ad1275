"""Threshold analysis against brute-force refits: just inside nothing changes, just
outside the decision is what was foretold."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from edge_networks import EDGE, network
from networks import published, simulate

from nma import exact
from nma.arms import build
from nma.checks.thresholds import DECISIONS, LEVELS, Rule, every_threshold, thresholds
from nma.priors import Prior

HALF_NORMAL = Prior("half_normal", (15.0,))
RULES = {"probability": Rule(5.0, 0.9), "mean": Rule(5.0, None)}
STEP = 1e-4  # points from a threshold at which the refit is made


def chain(seed=3):
    """Six treatments, multi-arm studies among them."""
    rng = np.random.default_rng(seed)
    d = np.array([0.0, -9.0, -6.0, 3.0, -7.0, -2.0])
    return build(simulate(rng, d, 4.0, 18), "t00")


def decide(arms, prior, rule, decision):
    """The decision by a refit that shares nothing with the thresholds but the engine."""
    fit = exact.fit(arms, prior)
    effects = {name: fit.contrast(name, arms.treatments[0]) for name in arms.treatments}
    if decision == "best":
        return min(effects, key=lambda name: fit.moments(effects[name])[0])
    beats = []
    for name in arms.treatments[1:]:
        c = effects[name]
        if rule.cut is None:
            yes = fit.moments(c)[0] < -rule.mid
        else:
            yes = fit.cdf(c, -rule.mid) >= rule.cut
        beats += [name] if yes else []
    return "; ".join(beats) or "none"


def shifted(arms, row, u, tau):
    """The arms with one contrast of a study moved by u; of a comparison, with its edge."""
    y = arms.y.copy()
    names = np.array(arms.treatments)[arms.treatment]
    if row.level == "study":
        y[(np.array(arms.studies)[arms.study] == row.study) & (names == row.treatment)] += u
        return replace(arms, y=y)
    w = 1.0 / (arms.v + tau**2 / 2)
    for i in range(len(arms.studies)):
        inside = arms.study == i
        b, a = inside & (names == row.treatment), inside & (names == row.comparator)
        if a.any() and b.any():
            y[b] += u * w[a] / w[inside].sum()
            y[a] -= u * w[b] / w[inside].sum()
    return replace(arms, y=y)


def ends(row, prefix=""):
    """Finite thresholds of a row: the shift, its sign, and what it changes to."""
    for sign, side in ((-1.0, "low"), (1.0, "high")):
        shift = getattr(row, f"{prefix}threshold_{side}") - row.estimate
        if np.isfinite(shift):
            yield shift, sign, getattr(row, f"{prefix}change_{side}")


def is_as_foretold(decision, now, after, change):
    if decision == "best":
        return after == change
    gained, lost = set(after.split("; ")) - set(now.split("; ")), set(now.split("; "))
    lost -= set(after.split("; "))
    text = [f"{'; '.join(sorted(gained - {'none'}))} beats"] if gained - {"none"} else []
    text += [f"{'; '.join(sorted(lost - {'none'}))} no longer beats"] if lost - {"none"} else []
    return all(part in change for part in text) and bool(text)


def refits_agree(arms, prior, rule, table, tau, prefix=""):
    compared = 0
    for row in table.itertuples():
        now = getattr(row, f"{prefix}now")
        assert now == decide(arms, prior, rule, row.decision)
        for shift, sign, change in ends(row, prefix):
            inside = decide(shifted(arms, row, shift - sign * STEP, tau), prior, rule, row.decision)
            outside = decide(
                shifted(arms, row, shift + sign * STEP, tau), prior, rule, row.decision
            )
            assert inside == now
            assert outside != now
            assert is_as_foretold(row.decision, now, outside, change), (outside, change)
            compared += 1
    return compared


@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize("tau", [0.0, 4.0])
def test_linear_thresholds_at_a_known_tau(rule, tau):
    """With tau known the linear answer is the whole answer, and the exact one equals it."""
    arms, prior = chain(), Prior("fixed", (tau,))
    table = every_threshold(exact.fit(arms, prior), RULES[rule], exact_for=4)
    assert set(table["decision"]) == set(DECISIONS)
    assert set(table["level"]) == set(LEVELS)
    assert refits_agree(arms, prior, RULES[rule], table, tau) > 60
    searched = table[table["exact_now"].notna()]
    assert len(searched) == 16
    for side in ("low", "high"):
        np.testing.assert_allclose(
            searched[f"exact_threshold_{side}"], searched[f"threshold_{side}"], atol=1e-6
        )
        assert (searched[f"exact_change_{side}"] == searched[f"change_{side}"]).all()


@pytest.mark.parametrize("rule", list(RULES))
def test_exact_thresholds_where_tau_reacts(rule):
    """Refits of the whole posterior on grids of their own, over all four tables."""
    arms = chain()
    fit = exact.fit(arms, HALF_NORMAL)
    table = every_threshold(fit, RULES[rule], exact_for=3)
    table = table[table["exact_now"].notna()]
    tau = fit.tau_moments()[0]
    assert refits_agree(arms, HALF_NORMAL, RULES[rule], table, tau, "exact_") > 12


def test_nothing_changes_where_a_threshold_is_infinite():
    """Refits along the way to the limit, on the sides for which no threshold was found."""
    arms, rule, compared = chain(), RULES["probability"], 0
    fit = exact.fit(arms, HALF_NORMAL)
    table = every_threshold(fit, rule, exact_for=5)
    for row in table[table["exact_now"].notna() & (table["level"] == "study")].itertuples():
        for sign, end in ((-1, row.exact_threshold_low), (1, row.exact_threshold_high)):
            for u in () if np.isfinite(end) else (10.0, 40.0, 100.0):
                moved = shifted(arms, row, sign * u, 0.0)
                assert decide(moved, HALF_NORMAL, rule, row.decision) == row.exact_now
                compared += 1
    assert compared >= 9


def test_a_heavy_prior_on_the_log_scale():
    arms, prior = chain(5), Prior("log_t", (-3.02 + 2 * np.log(20), 2.27, 5.0, 100.0))
    fit = exact.fit(arms, prior)
    table = thresholds(fit, RULES["mean"], "verdict", exact_for=3)
    searched = table[table["exact_now"].notna()]
    assert refits_agree(arms, prior, RULES["mean"], searched, fit.tau_moments()[0], "exact_") >= 3


def test_tau_reacts_so_the_linear_answer_is_not_all():
    """Two studies of a agree; a third far from them raises tau and widens every interval,
    so more benefit in one study does not make the verdict surer without end."""
    se = 1.0
    arms = network(*[(("p", 50.0, se), ("a", y, se)) for y in (44.0, 44.5, 43.5)])
    table = thresholds(exact.fit(arms, HALF_NORMAL), Rule(5.0, 0.975), "verdict")
    linear = (table["threshold_low"] - table["estimate"]).abs()
    found = (table["exact_threshold_low"] - table["estimate"]).abs()
    assert (linear < 30).all()
    assert (found > 1.5 * linear).all()


def test_invariant_interval_by_hand():
    """One study a side, tau 0, flat prior: a is at -8, b at -10; a must gain 2 points, b
    must lose 2, before a is the best."""
    arms = network((("p", 50.0, 2.0), ("a", 42.0, 2.0)), (("p", 50.0, 2.0), ("b", 40.0, 1.0)))
    fit = exact.fit(arms.with_prior_sd(1e6), Prior("fixed", (0.0,)))
    table = thresholds(fit, Rule(), "best", "study").set_index("treatment")
    assert table.loc["a", "threshold_low"] == pytest.approx(-10, abs=1e-6)
    assert table.loc["a", "threshold_high"] == np.inf
    assert table.loc["b", "threshold_high"] == pytest.approx(-8, abs=1e-6)
    assert table.loc["b", "change_high"] == "a"
    assert not table["ci_inside"].any()
    assert table.loc["b", "margin"] == pytest.approx(2 / np.sqrt(5), abs=1e-6)
    # The verdict: P(d_a < -5) at se sqrt(8): needs the mean at -5 - 1.96 sqrt(8) = -10.54.
    verdict = thresholds(fit, Rule(5.0, 0.975), "verdict").set_index("treatment")
    assert verdict.loc["a", "threshold_low"] == pytest.approx(-5 - 1.959964 * 8**0.5, abs=1e-5)
    assert verdict.loc["a", "change_low"] == "a beats the reference by the MID"
    assert verdict.loc["a", "now"] == "b"


def test_candidates_and_limit():
    arms = chain()
    fit = exact.fit(arms, HALF_NORMAL)
    some = ["t03", "t05"]
    table = thresholds(fit, Rule(), "best", candidates=some)
    assert set(table["now"]) <= set(some)
    assert set(table["change_low"]) | set(table["change_high"]) <= {*some, ""}
    near = thresholds(fit, Rule(), "best", limit=1.0)
    shift = (near[["threshold_low", "threshold_high"]].sub(near["estimate"], axis=0)).to_numpy()
    assert np.abs(shift[np.isfinite(shift)]).max(initial=0.0) <= 1.0
    with pytest.raises(ValueError, match="no candidate"):
        thresholds(fit, Rule(), candidates=["nothing"])
    with pytest.raises(ValueError, match="decision is one of"):
        thresholds(fit, Rule(), decision="worst")


def test_published_network_in_its_own_units():
    """Senn 2013, HbA1c %: lowest is best; every contrast of every study has its interval."""
    arms = published("senn2013")
    fit = exact.fit(arms, Prior("half_normal", (5.0,)))
    table = thresholds(fit, Rule(0.5, 0.975), "best", exact_for=3)
    assert len(table) == len(arms.y) - len(arms.studies)
    assert (table["threshold_low"] <= table["estimate"]).all()
    assert (table["threshold_high"] >= table["estimate"]).all()
    searched = table.head(3)
    tau = fit.tau_moments()[0]
    assert refits_agree(arms, fit.prior, Rule(0.5, 0.975), searched, tau, "exact_") >= 3


@pytest.mark.parametrize("name", list(EDGE))
@pytest.mark.parametrize("prior", [HALF_NORMAL, Prior("fixed", (0.0,))], ids=["random", "fixed"])
def test_edge_networks_get_an_answer(name, prior):
    arms = EDGE[name]()
    table = every_threshold(exact.fit(arms, prior), Rule(5.0, 0.975))
    assert len(table) == 2 * (len(arms.y) - len(arms.studies)) + 2 * len(
        table.query("decision == 'best' and level == 'comparison'")
    )
    assert not table[["threshold_low", "threshold_high", "margin"]].isna().to_numpy().any()
    assert (table["margin"] >= 0).all()


def test_lone_small_study_is_the_most_sensitive():
    """The best treatment rests on ten people: its threshold is the nearest in its ses."""
    table = thresholds(exact.fit(EDGE["lone small study"](), HALF_NORMAL), Rule())
    assert table.loc[0, "now"] == "lone"
    assert table.loc[0, ["treatment", "comparator"]].tolist() == ["lone", "p"]
    assert isinstance(table, pd.DataFrame)
