"""Crossover trials, common arms' standard errors, and which rows of a study are tried."""

import numpy as np
import pytest
import tabular
from tabular import arm, contrast, text_table

from nma import derive
from nma.harmonise import harmonise


def run(rows, **changes):
    choices = tabular.settings(**changes)
    return harmonise(text_table(rows), tabular.instruments(), tabular.nodes(), choices)


def reasons(result):
    return dict(zip(result.excluded["row"], result.excluded["reason"], strict=True))


# ---- crossover trials ------------------------------------------------------------------

BOTH = {"design": "crossover", "period": "both", "instrument": "NRS 0-10"}


def test_paired_se_of_the_handbook():
    # Handbook v5.1, 16.4.6.1: 7.0 (2.38) against 6.5 (2.21), N 10, r 0.68: 0.583
    got = derive.paired_variance(2.38, 2.21, 10, 0.68) ** 0.5
    assert got == pytest.approx(0.583, abs=5e-4)


def handbook(**more):
    return [
        arm("X", "ibuprofen", 10, 7.0, 2.38, **(BOTH | more)),
        arm("X", "placebo", 10, 6.5, 2.21, **(BOTH | more)),
    ]


def test_both_periods_have_the_paired_variance():
    arms = run(handbook(correlation=0.68)).arms
    assert arms["y"].tolist() == pytest.approx([70, 65])
    assert (arms["se"] ** 2).sum() ** 0.5 == pytest.approx(5.83, abs=5e-3)
    assert arms["derivation"].tolist() == ["se_paired", "se_paired"]


def test_the_correlation_of_the_config_is_used_where_none_is_reported():
    told = run(handbook(correlation=0.3)).arms
    assumed = run(handbook(), correlation={"change": 0.9, "crossover": 0.3}).arms
    assert assumed["se"].tolist() == told["se"].tolist()


@pytest.mark.parametrize("period", ["first", ""])
def test_the_first_period_is_a_parallel_trial(period):
    arms = run(handbook(period=period)).arms
    plain = run(handbook(period="", design="parallel")).arms
    assert arms["se"].tolist() == plain["se"].tolist()


def test_three_periods_have_every_paired_variance():
    rows = [*handbook(correlation=0.5), arm("X", "exercise", 10, 6, 2.3, correlation=0.5, **BOTH)]
    arms = run(rows).arms
    v = dict(zip(arms["treatment"], arms["se"] ** 2, strict=True))
    sd = {"NSAID": 23.8, "placebo": 22.1, "exercise": 23.0}
    for a, b in (("NSAID", "placebo"), ("NSAID", "exercise"), ("exercise", "placebo")):
        expected = derive.paired_variance(sd[a], sd[b], 10, 0.5)
        assert v[a] + v[b] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([*handbook()[:1], arm("X", "placebo", 10, 6.5, 2.2, **(BOTH | {"period": "first"}))],
         "some rows of this crossover"),
        ([*handbook(), arm("X", "naproxen", 10, 6, 2.3, **BOTH)], "two periods of a crossover"),
        ([arm("X", t, "", 6, "", se=0.7, **BOTH) for t in ("ibuprofen", "placebo")],
         "need n and sd"),
        ([row | {"sd": 2} for row in handbook(correlation=1)],
         "paired variance of the periods is 0"),
    ],
)  # fmt: skip
def test_crossovers_that_cannot_be_used(rows, why):
    got = run(rows)
    assert got.arms.empty
    assert got.excluded["reason"].str.contains(why).all()


# ---- changes ---------------------------------------------------------------------------


def change(treatment, mean, **more):
    told = {"measure": "change", "baseline_sd": 20, "final_sd": 24, "sd": ""}
    return arm("C", treatment, 36, mean, **{**told, **more})


def test_the_sd_of_a_change_by_hand():
    # sqrt(20^2 + 24^2 - 2 x 0.5 x 20 x 24) = sqrt(496) = 22.2711
    arms = run([change("ibuprofen", -20), change("placebo", -12)]).arms
    assert arms["sd"].tolist() == pytest.approx([22.2711] * 2, abs=5e-5)
    assert arms["derivation"].unique().tolist() == ["sd_of_change"]


def test_a_larger_r_means_a_smaller_sd_and_the_reported_r_wins():
    sd = [
        run([change("ibuprofen", -20, **more), change("placebo", -12, **more)],
            correlation={"change": r, "crossover": 0.5}).arms["sd"].iloc[0]
        for r, more in ((0.3, {}), (0.8, {}), (0.8, {"correlation": 0.3}))
    ]  # fmt: skip
    assert sd[1] < sd[0] == sd[2]


def test_the_final_sd_may_stand_in_the_final_row_of_the_arm():
    rows = [
        change("ibuprofen", -20, final_sd=""), change("placebo", -12, final_sd=""),
        arm("C", "ibuprofen", 36, "", 24), arm("C", "placebo", 36, "", 24),
    ]  # fmt: skip
    assert run(rows).arms["sd"].tolist() == pytest.approx([22.2711] * 2, abs=5e-5)


# ---- the next candidate ----------------------------------------------------------------


def test_if_one_assessment_cannot_be_used_the_next_is():
    rows = [
        contrast("S", "ibuprofen", "placebo", -9, se=3, weeks=2),
        contrast("S", "exercise", "usual care", -6, se=3, weeks=2),
        arm("S", "ibuprofen", 30, 30, 20, weeks=6), arm("S", "placebo", 30, 40, 20, weeks=6),
        arm("S", "placebo", 30, 41, 20, weeks=12), arm("S", "ibuprofen", 30, 31, 20, weeks=12),
    ]  # fmt: skip
    got = run(rows)
    assert got.arms["y"].tolist() == [30, 40]
    why = reasons(got)
    assert why[2] == why[3] == "its differences do not link all its arms to one comparator"
    assert why[6] == why[7] == "S is used with final scores of VAS 0-100 at week 6"


@pytest.mark.parametrize(
    ("rule", "week"),
    [({"rule": "first"}, 2), ({"rule": "nearest", "weeks": 12}, 10),
     ({"rule": "nearest", "weeks": 6}, 2), ({"rule": "nearest", "weeks": 40}, 26)],
)  # fmt: skip
def test_the_rule_of_the_assessment(rule, week):
    rows = [arm("S", t, weeks=w) for w in (26, 10, 2) for t in ("ibuprofen", "placebo")]
    window = tabular.settings()["assessment"] | rule
    assert run(rows, assessment=window).arms["weeks"].unique().tolist() == [week]


# ---- the common arm of several differences ---------------------------------------------


def differences(**more):
    return [
        contrast("M", "ibuprofen", "placebo", -9, se=4, **more),
        contrast("M", "exercise", "placebo", -6, se=5, **more),
    ]


def test_the_common_arms_se_may_stand_in_a_row_without_a_mean():
    got = run([*differences(), arm("M", "placebo", "", "", "", se=3)])
    v = dict(zip(got.arms["treatment"], got.arms["se"] ** 2, strict=True))
    assert v == pytest.approx({"placebo": 9, "NSAID": 16 - 9, "exercise": 25 - 9})
    assert reasons(got)[4].startswith("no mean")


def test_the_se_of_the_kind_that_the_differences_are_of_is_taken():
    rows = [*differences(difference_of="change"),
            arm("M", "placebo", "", "", "", se=3.5, measure="final"),
            arm("M", "placebo", "", "", "", se=3, measure="change")]  # fmt: skip
    v = dict(zip(run(rows).arms["treatment"], run(rows).arms["se"], strict=True))
    assert v["placebo"] == pytest.approx(3)
    assert np.isfinite(list(v.values())).all()
