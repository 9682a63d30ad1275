"""Standardised mean differences: metafor's figures, and Gleser & Olkin's covariance."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import tabular
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st
from networks import REFERENCE
from tabular import arm, contrast, text_table

from nma import smd
from nma.arms import build
from nma.derive import Unusable
from nma.exact import conditional
from nma.harmonise import harmonise


def run(rows, **changes):
    choices = tabular.settings(effect_measure="smd", smd_sd=20, **changes)
    return harmonise(text_table(rows), tabular.instruments(), tabular.nodes(), choices)


def covariance(n, g, base):
    """Gleser & Olkin 2009: of the differences against arm ``base``, from the formulas."""
    others = [a for a in range(len(n)) if a != base]
    d, N = np.array([g[a] - g[base] for a in others]), sum(n)
    return np.diag([1 / n[a] for a in others]) + 1 / n[base] + np.outer(d, d) / (2 * N)


def implied(v, base):
    """The same from independent arm variances."""
    others = [a for a in range(len(v)) if a != base]
    return np.diag([v[a] for a in others]) + v[base]


# ---- against metafor -------------------------------------------------------------------


def test_hedges_g_and_its_variance_are_metafors():
    for case in pd.read_csv(REFERENCE / "smd.csv").itertuples():
        arms = run(
            [
                arm("S", "ibuprofen", case.n1, case.mean1, case.sd1),
                arm("S", "placebo", case.n2, case.mean2, case.sd2),
            ]
        ).arms
        g = (arms["y"].iloc[0] - arms["y"].iloc[1]) / 20
        v = (arms["se"] ** 2).sum() / 20**2
        assert g == pytest.approx(case.g, rel=1e-6)
        assert v == pytest.approx(case.v, rel=1e-6)


# ---- several arms ----------------------------------------------------------------------

sizes = st.integers(10, 200)
values = st.floats(-0.8, 0.8)


@options(max_examples=60, deadline=None)
@given(n=st.tuples(sizes, sizes, sizes), g=st.tuples(values, values, values))
def test_three_arms_have_gleser_and_olkins_covariance_exactly(n, g):
    people = sum(n)
    pairs = [
        (str(a), str(b), smd.pair_variance(g[a] - g[b], 1 / n[a] + 1 / n[b], people) ** 0.5)
        for a, b in combinations(range(3), 2)
    ]
    v = smd.solve_arm_variances(list("012"), pairs, {})
    for base in range(3):
        assert implied([v[a] for a in "012"], base) == pytest.approx(
            covariance(n, g, base), rel=1e-9, abs=1e-12
        )


def test_a_network_with_a_three_arm_study_equals_generalised_least_squares():
    """Effects at a fixed tau against a dense GLS on differences with their covariance."""
    studies = {
        "A": [("ibuprofen", 30, 41, 18), ("exercise", 28, 47, 21), ("placebo", 33, 55, 19)],
        "B": [("ibuprofen", 50, 4.1, 2.2), ("placebo", 52, 5.3, 2.0)],
        "C": [("exercise", 40, 38, 25), ("placebo", 44, 44, 22)],
    }
    rows = [
        arm(s, t, n, m, sd, instrument="NRS 0-10" if s == "B" else "VAS 0-100")
        for s, arms in studies.items()
        for t, n, m, sd in arms
    ]
    made = run(rows).arms
    tau = 6.0
    fitted = build(made, "placebo", 1e6)
    mean, cov, _ = conditional(fitted, [tau])
    y, V, X = [], [], []
    for arms in studies.values():
        n, m, sd = (np.array(column, float) for column in list(zip(*arms, strict=True))[1:])
        pooled = np.sqrt((n - 1) @ sd**2 / (n - 1).sum())
        g = smd.small_sample((n - 1).sum()) * m / pooled
        V.append(400 * covariance(n, g, len(n) - 1) + tau**2 / 2 * (np.eye(len(n) - 1) + 1))
        y += list(20 * (g[:-1] - g[-1]))
        X += [[float(t == name) for name in ("exercise", "NSAID")] for t in
              ["NSAID" if t == "ibuprofen" else t for t, *_ in arms[:-1]]]  # fmt: skip
    W = np.zeros((len(y), len(y)))
    at = 0
    for block in V:
        k = len(block)
        W[at : at + k, at : at + k] = np.linalg.inv(block)
        at += k
    X = np.array(X)
    C = np.linalg.inv(X.T @ W @ X)
    assert fitted.treatments[1:] == ("exercise", "NSAID")
    assert mean[0] == pytest.approx(C @ X.T @ W @ np.array(y), rel=1e-6)
    assert np.sqrt(np.diag(cov[0])) == pytest.approx(np.sqrt(np.diag(C)), rel=1e-6)


# ---- what may enter --------------------------------------------------------------------


def test_a_scale_of_unknown_range_enters_a_standardised_analysis_only():
    rows = [arm("S", t, 40, m, 2, instrument="no range") for t, m in
            (("ibuprofen", 5), ("placebo", 6))]  # fmt: skip
    assert len(run(rows).arms) == 2
    points = harmonise(text_table(rows), tabular.instruments(), tabular.nodes(), tabular.settings())
    assert points.arms.empty


def test_the_scale_and_its_direction_do_not_matter():
    worse = run([arm("S", "ibuprofen", 40, 3, 2, instrument="NRS 0-10"),
                 arm("S", "placebo", 40, 4, 2, instrument="NRS 0-10")]).arms  # fmt: skip
    better = run([arm("S", "ibuprofen", 40, 7, 2, instrument="comfort 0-10"),
                  arm("S", "placebo", 40, 6, 2, instrument="comfort 0-10")]).arms  # fmt: skip
    assert np.diff(worse["y"]) == pytest.approx(np.diff(better["y"]))
    assert worse["se"].tolist() == pytest.approx(better["se"].tolist())


def test_final_values_and_changes_never_meet():
    rows = [arm("F", "ibuprofen"), arm("F", "placebo", mean=40),
            arm("C", "ibuprofen", mean=-20, measure="change"),
            arm("C", "placebo", mean=-10, measure="change"),
            contrast("D", "ibuprofen", "placebo", -8, n=30, n_comparator=30, se=4,
                     difference_of="change")]  # fmt: skip
    got = run(rows)
    assert set(got.arms["study"]) == {"F"}
    assert got.excluded["reason"].eq("only final scores enter this standardised analysis").all()


def test_a_difference_with_n_equals_its_arms():
    n, other, sd = 30, 34, 18.0
    arms = run([arm("S", "ibuprofen", n, 30, sd), arm("S", "placebo", other, 42, sd)]).arms
    difference = run([contrast("S", "ibuprofen", "placebo", -12, n=n, n_comparator=other,
                               se=sd * (1 / n + 1 / other) ** 0.5)]).arms  # fmt: skip
    one, two = (a.set_index("treatment")["y"] for a in (arms, difference))
    assert two["NSAID"] - two["placebo"] == pytest.approx(one["NSAID"] - one["placebo"])
    assert (difference["se"] ** 2).sum() == pytest.approx((arms["se"] ** 2).sum())


def test_what_a_standardised_difference_cannot_do_without():
    assert (
        "needs n and n_comparator"
        in run([contrast("S", "ibuprofen", "placebo", -12, se=4)]).excluded["reason"].iloc[0]
    )
    with pytest.raises(Unusable, match="n and sd of every arm"):
        smd.of_arms([dict.fromkeys(("n", "mean", "sd", "se"), np.nan)] * 2, 20)


def test_without_a_known_range_the_sd_in_points_must_be_given():
    rows = [arm("S", t, 40, 5, 2, instrument="no range") for t in ("ibuprofen", "placebo")]
    choices = tabular.settings(effect_measure="smd")
    got = harmonise(text_table(rows), tabular.instruments(), tabular.nodes(), choices)
    assert got.excluded["reason"].str.contains("set smd_sd").all()
