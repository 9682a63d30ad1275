"""Named derivations against the Cochrane Handbook's examples and figures worked by hand."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import ndtri, stdtr, stdtrit
from tabular import ROOT

from nma import derive
from nma.contract import TRIALS, numbers

SMALL_RUN = settings(max_examples=60, deadline=None)
means = st.floats(-100, 100).filter(lambda x: abs(x) > 1e-3)
sds = st.floats(0.01, 100)
sizes = st.integers(2, 500)
levels = st.floats(50, 99.9)


def row(**cells):
    """A row of numbers, NaN where nothing is reported."""
    blank = dict.fromkeys([*numbers(TRIALS), "p"], np.nan)
    return blank | {"p_bound": False} | cells


def way(name):
    """The way of that name in any of the tables."""
    (found,) = {w.name: w for w in derive.SD_WAYS if w.name == name}.values()
    return found


# ---- quantiles -------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "width"), [(90, 3.29), (95, 3.92), (99, 5.15)])
def test_normal_divisors_of_the_handbook(level, width):
    # Handbook 6.5.2.2: an interval is 3.29, 3.92 or 5.15 standard errors wide
    assert 2 * derive.quantile(level) == pytest.approx(width, abs=0.005)


def test_t_divisor_of_the_handbook():
    # Handbook 6.5.2.2: t for 95% and n = 25 is 2.0639, divisor 4.128
    assert derive.quantile(95, 24) == pytest.approx(2.0639, abs=5e-5)
    assert 2 * derive.quantile(95, 24) == pytest.approx(4.128, abs=5e-4)


def test_unknown_df_is_normal():
    assert derive.quantile(95, np.nan) == derive.quantile(95, None) == derive.quantile(95)


# ---- the spread of an arm --------------------------------------------------------------


def test_sd_as_reported_wins():
    told = row(mean=30, sd=20, se=1, ci_low=1, ci_high=2, q1=1, q3=2, median=2, n=25)
    assert derive.arm(told) == derive.Derived(30, 20, 4, "as reported")


def test_sd_from_se():
    # Handbook 6.5.2.2: SD = SE sqrt(N); 3 sqrt(49) = 21
    assert derive.arm(row(mean=30, se=3, n=49)) == derive.Derived(30, 21, 3, "sd_from_se")


@pytest.mark.parametrize(
    ("n", "mean", "low", "high", "sd"),
    [(25, 32.1, 30.0, 34.2, 5.09), (22, 28.3, 26.5, 30.1, 4.06)],
)
def test_sd_from_ci_of_a_small_arm(n, mean, low, high, sd):
    # Handbook 6.5.2.2: sqrt(25) (34.2 - 30.0) / 4.128 = 5.09; the second by hand with
    # t(21) = 2.0796: sqrt(22) 3.6 / 4.1592 = 4.06
    got = derive.arm(row(mean=mean, ci_low=low, ci_high=high, n=n))
    assert got.sd == pytest.approx(sd, abs=0.005)
    assert got.how == "sd_from_ci"


def test_sd_from_ci_is_normal_from_60():
    wide = {"mean": 5, "ci_low": 4, "ci_high": 6}
    # sqrt(60) 2 / (2 x 1.959964) = 3.95210
    assert derive.arm(row(**wide, n=60)).sd == pytest.approx(3.95210, abs=5e-6)
    # t(58) = 2.0017: sqrt(59) / 2.0017 = 3.8373
    assert derive.arm(row(**wide, n=59)).sd == pytest.approx(3.8373, abs=1e-4)


def test_sd_from_ci_of_another_level():
    # 90%: 2 x 1.644854; 10 x 2 / 3.289707 = 6.0796
    got = derive.arm(row(mean=5, ci_low=4, ci_high=6, ci_level=90, n=100))
    assert got.sd == pytest.approx(6.0796, abs=5e-5)


def test_interval_of_a_median_is_no_interval_of_a_mean():
    told = row(median=50, ci_low=45, ci_high=55, n=100)
    assert way("sd_from_ci")(told) is None
    with pytest.raises(derive.Unusable, match="no median with both quartiles"):
        derive.arm(told)


def test_sd_from_iqr_beside_a_mean():
    # Handbook 6.5.2.5: 27 / 1.35 = 20
    got = derive.arm(row(mean=50, q1=40, q3=67, n=25))
    assert (got.mean, got.how) == (50, "sd_from_iqr")
    assert got.sd == pytest.approx(20, rel=1e-14)
    assert got.se == pytest.approx(4, rel=1e-14)


def test_mean_from_quartiles_luo():
    # Luo 2018 by hand: w = 0.7 + 0.39/39 = 0.71; 0.71 (40 + 64)/2 + 0.29 x 50 = 51.42
    got = derive.arm(row(median=50, q1=40, q3=64, n=39))
    assert got.mean == pytest.approx(51.42, rel=1e-14)
    assert got.how == "mean_from_quartiles; sd_from_quartiles"


def test_sd_from_quartiles_wan():
    # Wan 2014 by hand: (0.75 x 40 - 0.125)/(40 + 0.25) = 0.742236; from the printed table
    # Phi(0.65) = 0.742154, density 0.32297: z = 0.650254; 24 / (2 z) = 18.4543
    got = derive.arm(row(median=50, q1=40, q3=64, n=40))
    assert got.sd == pytest.approx(18.4543, abs=2e-4)


def test_sd_from_quartiles_of_a_large_arm():
    # Wan 2014: tends to (q3 - q1)/1.349
    assert way("sd_from_quartiles")(row(median=0, q1=-1, q3=1, n=1e8)) == pytest.approx(
        2 / 1.349, abs=5e-4
    )


def test_never_from_a_range():
    with pytest.raises(derive.Unusable):
        derive.arm(row(median=50, min=10, max=90, n=40))
    with pytest.raises(derive.NoSpread):
        derive.arm(row(mean=50, min=10, max=90, n=40))


def test_quartiles_without_n_are_not_enough():
    with pytest.raises(derive.Unusable):
        derive.arm(row(median=50, q1=40, q3=64))


@pytest.mark.parametrize(
    ("cells", "how"),
    [({"se": 2.5}, "as reported"), ({"ci_low": 30 - 4.9, "ci_high": 30 + 4.9}, "se_from_ci")],
)
def test_an_arm_without_n_keeps_its_se(cells, how):
    got = derive.arm(row(mean=30, **cells))
    assert np.isnan(got.sd)
    assert got.se == pytest.approx(2.5, abs=5e-5)  # 4.9 / 1.959964 = 2.50005
    assert got.how == how


def test_what_an_arm_cannot_do_without():
    with pytest.raises(derive.NoSpread):
        derive.arm(row(mean=30, n=20))
    with pytest.raises(derive.Unusable, match="no number of participants") as caught:
        derive.arm(row(mean=30, sd=4))
    assert not isinstance(caught.value, derive.NoSpread)
    with pytest.raises(derive.Unusable, match="spread is 0"):
        derive.arm(row(mean=30, ci_low=30, ci_high=30, n=20))


# ---- cluster trials --------------------------------------------------------------------

CLUSTER = {"cluster_size": 29.8, "icc": 0.02}


@pytest.mark.parametrize(("n", "effective"), [(295, 187.2), (330, 209.4)])
def test_effective_sample_size_of_the_handbook(n, effective):
    # Handbook v5.1, 16.3.5: 1 + (29.8 - 1) 0.02 = 1.576; 295 / 1.576 = 187.2, 330: 209.4
    got = derive.arm(row(mean=30, sd=20, n=n, **CLUSTER), "cluster")
    assert (got.mean, got.sd) == (30, 20)
    assert (got.sd / got.se) ** 2 == pytest.approx(effective, abs=0.05)
    assert got.how == "n_design_effect"


def test_inflated_standard_error_of_a_difference():
    # Handbook v5.1, 16.3.6: times the root of the design effect, sqrt(1.576) = 1.25539
    got = derive.difference(row(mean=-5, se=2, **CLUSTER), "cluster")
    assert got.se == pytest.approx(2 * 1.25539, abs=1e-5)
    assert (got.mean, got.how) == (-5, "se_design_effect")


@pytest.mark.parametrize("kind", [derive.arm, derive.difference])
def test_cluster_trials_that_were_adjusted_or_are_none(kind):
    told = row(mean=30, sd=20, n=100, n_comparator=100, se=2, **CLUSTER)
    # As text: the sd of a difference is nan, which equals nothing.
    assert repr(kind(told, "cluster", True)) == repr(kind(told, "parallel")) == repr(kind(told))
    assert "design_effect" not in kind(told).how


@pytest.mark.parametrize("kind", [derive.arm, derive.difference])
@pytest.mark.parametrize("missing", ["cluster_size", "icc"])
def test_cluster_trials_without_what_it_takes(kind, missing):
    told = row(mean=30, sd=20, n=100, se=2, **CLUSTER) | {missing: np.nan}
    with pytest.raises(derive.Unusable, match="cluster trial without"):
        kind(told, "cluster")


# ---- differences -----------------------------------------------------------------------


def test_se_from_p_of_the_handbook():
    # Handbook 6.5.2.3: MD 3.8, p = 0.008, 25 and 22 participants: t(45) = 2.78, SE = 1.37
    assert derive.quantile(100 * (1 - 0.008), 45) == pytest.approx(2.78, abs=0.005)
    got = derive.difference(row(mean=3.8, p=0.008, n=25, n_comparator=22))
    assert got.se == pytest.approx(1.37, abs=0.005)
    assert (got.mean, got.how) == (3.8, "se_from_p")
    assert np.isnan(got.sd)


def test_se_from_sd_of_the_handbook():
    # Handbook 6.5.2.3, the same trial: SD 4.69 = 1.37 / sqrt(1/25 + 1/22)
    got = derive.difference(row(mean=3.8, sd=4.69, n=25, n_comparator=22))
    assert got.se == pytest.approx(1.37, abs=0.005)
    assert got.how == "se_from_sd"


def test_se_from_p_without_n_is_normal():
    # 1.959964 standard errors at p = 0.05
    got = derive.difference(row(mean=-1.959964, p=0.05))
    assert got.se == pytest.approx(1, abs=5e-7)


def test_a_bound_of_p_is_flagged():
    assert derive.difference(row(mean=-5, p=0.05, p_bound=True)).how == "se_from_p_bound"
    assert derive.difference(row(mean=-5, se=2, p=0.05, p_bound=True)).how == "as reported"


def test_a_normal_quantile_overstates_the_se_of_ten_an_arm_by_7_percent():
    told = {"mean": -5, "ci_low": -9, "ci_high": -1}
    normal = derive.difference(row(**told)).se
    t = derive.difference(row(**told, n=10, n_comparator=10)).se
    assert normal / t == pytest.approx(1.07, abs=0.005)  # 2.1009 / 1.9600 = 1.0719


def test_a_difference_may_be_an_interval_alone():
    got = derive.difference(row(ci_low=-9.92, ci_high=-2.08))
    # midpoint -6; 7.84 / (2 x 1.96) = 2
    assert got.mean == pytest.approx(-6, rel=1e-14)
    assert got.se == pytest.approx(2, abs=1e-4)
    assert got.how == "difference_from_ci; se_from_ci"


@pytest.mark.parametrize(
    "cells",
    [{}, {"se": 2}, {"mean": -5}, {"mean": -5, "p": 0}, {"mean": -5, "p": 1}, {"mean": 0, "p": 0.5},
     {"mean": -5, "se": 0}, {"mean": -5, "ci_low": -6}],
)  # fmt: skip
def test_what_a_difference_cannot_do_without(cells):
    with pytest.raises(derive.Unusable):
        derive.difference(row(**cells))


@pytest.mark.parametrize(
    ("cell", "p", "bound"),
    [("0.03", 0.03, False), ("<0.05", 0.05, True), ("< 0.05", 0.05, True), ("= 0.03", 0.03, False),
     (".04", 0.04, False), ("1e-4", 1e-4, False), ("", np.nan, False), (">0.05", np.nan, False),
     ("NS", np.nan, False)],
)  # fmt: skip
def test_parse_p(cell, p, bound):
    got = derive.parse_p(cell)
    assert got == pytest.approx((p, bound), nan_ok=True)


# ---- sufficiency and derivation agree --------------------------------------------------

CELLS = {"n": 30, "n_comparator": 31, "mean": -6, "sd": 20, "se": 3, "ci_low": -12, "ci_high": -1,
         "median": -6, "q1": -15, "q3": 4}  # fmt: skip


@pytest.mark.parametrize("measure", ["final", "difference"])
def test_sufficient_rows_are_the_rows_that_can_be_derived(measure):
    patterns = list(product([False, True], repeat=len(CELLS)))
    cells = [
        {name: float(v) if on else np.nan for (name, v), on in zip(CELLS.items(), p, strict=True)}
        for p in patterns
        for _ in range(2)
    ]
    p_cells = ["", "0.04"] * len(patterns)
    value = pd.DataFrame(
        [row(**told, p=derive.parse_p(p)[0]) for told, p in zip(cells, p_cells, strict=True)]
    )
    value = value.assign(measure=measure, design="", adjusted="")
    answer = derive.attempt(value)["_problem"].eq("")

    def derivable(told, p):
        on = {name for name, cell in told.items() if cell == cell}
        mean = "mean" in on
        quartiles, has_p = {"q1", "q3"} <= on, p != ""
        if measure == "difference":
            both = {"sd", "n", "n_comparator"} <= on
            return ({"ci_low", "ci_high"} <= on) or (mean and ("se" in on or has_p or both))
        spread = (
            "se" in on
            or ("n" in on and ("sd" in on or quartiles))
            or (mean and {"ci_low", "ci_high"} <= on)
        )
        return (mean or {"n", "median", "q1", "q3"} <= on) and spread

    expected = [derivable(told, p) for told, p in zip(cells, p_cells, strict=True)]
    assert 0 < sum(expected) < len(expected)
    assert answer.tolist() == expected


# ---- properties ------------------------------------------------------------------------


@SMALL_RUN
@given(mean=means, sd=sds, n=sizes, level=levels)
def test_any_way_of_writing_an_arm_gives_it_back(mean, sd, n, level):
    se = sd / np.sqrt(n)
    q = stdtrit(n - 1, 0.5 + level / 200) if n < 60 else ndtri(0.5 + level / 200)
    ways = [
        {"sd": sd},
        {"se": se},
        {"ci_low": mean - q * se, "ci_high": mean + q * se, "ci_level": level},
        {"q1": mean - 1.35 / 2 * sd, "q3": mean + 1.35 / 2 * sd},
    ]
    z = ndtri((0.75 * n - 0.125) / (n + 0.25))
    quartiles = row(median=mean, q1=mean - z * sd, q3=mean + z * sd, n=n)
    got = derive.arm(quartiles)
    assert (got.mean, got.sd) == pytest.approx((mean, sd), rel=1e-6, abs=1e-9)
    for way in ways:
        got = derive.arm(row(mean=mean, n=n, **way))
        # a limit near 100 that holds an SE of 5e-4 has lost 1e-11 of it to rounding
        assert (got.mean, got.sd, got.se) == pytest.approx((mean, sd, se), rel=1e-8)


@SMALL_RUN
@given(mean=means, t=st.floats(0.1, 6), n=sizes, other=sizes, level=levels)
def test_any_way_of_writing_a_difference_gives_it_back(mean, t, n, other, level):
    df, se = n + other - 2, abs(mean) / t
    p = 2 * stdtr(df, -t)
    assume(1e-6 < p < 1 - 1e-6)
    q = stdtrit(df, 0.5 + level / 200)
    known = {"mean": mean, "n": n, "n_comparator": other}
    limits = {"ci_low": mean - q * se, "ci_high": mean + q * se, "ci_level": level}
    ways = [{"se": se}, limits, {"p": p}, {"sd": se / np.sqrt(1 / n + 1 / other)}]
    for way in ways:
        got = derive.difference(row(**known, **way))
        # 1 - p keeps 1e-16 / 1e-6 = 1e-10 of p
        assert (got.mean, got.se) == pytest.approx((mean, se), rel=1e-8)
    assert derive.difference(row(**limits, n=n, n_comparator=other)).mean == pytest.approx(
        mean, rel=1e-8, abs=1e-9
    )


groups = st.lists(st.lists(st.floats(-100, 100), min_size=2, max_size=8), min_size=2, max_size=4)


def test_combine_by_hand():
    # {1, 3} and {5, 7}: mean 4, sum of squares 9 + 1 + 1 + 9 = 20, sd = sqrt(20/3)
    n, mean, sd = derive.combine(np.array([2, 2]), np.array([2, 6]), np.sqrt([2, 2]))
    assert (n, mean) == (4, 4)
    assert sd == pytest.approx(np.sqrt(20 / 3), rel=1e-14)


@SMALL_RUN
@given(raw=groups)
def test_combining_equals_the_raw_data(raw):
    n, mean, sd = np.array([(len(x), np.mean(x), np.std(x, ddof=1)) for x in raw]).T
    whole = np.concatenate(raw)
    got = derive.combine(n, mean, sd)
    # values up to 100 squared keep 1e-12 of absolute precision; its root 1e-6
    assert got == pytest.approx((len(whole), whole.mean(), whole.std(ddof=1)), rel=1e-9, abs=1e-6)


@SMALL_RUN
@given(raw=st.lists(st.tuples(sizes, means, sds), min_size=2, max_size=5), seed=st.randoms())
def test_combining_does_not_depend_on_the_order(raw, seed):
    mixed = list(raw)
    seed.shuffle(mixed)
    one, two = (derive.combine(*np.array(x, float).T) for x in (raw, mixed))
    assert one == pytest.approx(two, rel=1e-9, abs=1e-9)


def test_measure_kind():
    kinds = derive.measure_kind(pd.Series(["final", "change", "improvement", "difference"]))
    assert kinds.tolist() == ["final", "change", "change", "difference"]


# ---- the documented table --------------------------------------------------------------

TABLES = {
    "Mean of an arm": derive.MEAN_WAYS,
    "SD of an arm": derive.SD_WAYS,
    "SE of an arm whose n is not known": derive.ARM_SE_WAYS,
    "Difference": derive.DIFFERENCE_WAYS,
    "SE of a difference": derive.SE_WAYS,
}


def documented():
    """Rows of every table of docs/derivations.md by its heading."""
    found, heading = {}, ""
    for line in (ROOT / "docs/derivations.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.strip("# ")
        elif line.startswith("|") and "|---" not in line and "| rule |" not in line:
            found.setdefault(heading, []).append([c.strip() for c in line.strip("|").split(" | ")])
    return found


@pytest.mark.parametrize("heading", TABLES)
def test_the_documented_ways_are_those_of_the_code(heading):
    told = [(stated, rule.strip("`"), source) for stated, rule, source, _ in documented()[heading]]
    assert told == [(w.stated, w.name, w.source) for w in TABLES[heading]]


def test_every_documented_test_exists():
    named = [row[3].strip("`| ") for rows in documented().values() for row in rows]
    assert len(named) > 20
    for name in named:
        file, _, test = name.partition(": ")
        assert f"def {test}(" in (ROOT / f"tests/{file}.py").read_text(encoding="utf-8"), name
