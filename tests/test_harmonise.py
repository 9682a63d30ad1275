"""From rows as reported to arms on 0-100 points, and the account of every row."""

import numpy as np
import pandas as pd
import pytest
import tabular
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st
from tabular import arm, committed, committed_config, contrast, edit, settings, text_table

from nma import corrections, strata
from nma.account import EXCLUDED_COLUMNS, account
from nma.corrections import EXCLUDED
from nma.derive import Unusable
from nma.harmonise import ARM_COLUMNS, harmonise
from nma.scale import to_points
from nma.study_arms import solve_arm_variances
from nma.tables import FILE, ROW

NODES = tabular.nodes()


def run(rows, scales=None, **changes):
    table = rows if isinstance(rows, pd.DataFrame) else text_table(rows)
    scales = tabular.instruments() if scales is None else scales
    return harmonise(table, scales, NODES, settings(**changes))


def line(result, treatment, study="S"):
    found = result.arms[(result.arms["study"] == study) & (result.arms["treatment"] == treatment)]
    (row,) = found.to_dict("records")
    return row


def reasons(result):
    return dict(zip(result.excluded["row"], result.excluded["reason"], strict=True))


def pair(**more):
    return [arm("S", "ibuprofen", **more), arm("S", "placebo", **more)]


# ---- points ----------------------------------------------------------------------------

WORSE = {"_min": 1.0, "_max": 11.0, "_higher_is": "worse"}
BETTER = {"_min": 0.0, "_max": 10.0, "_higher_is": "better"}


@pytest.mark.parametrize(
    ("scale", "measure", "mean", "points"),
    [
        (WORSE, "final", 6, 50),
        (WORSE, "final", 1, 0),
        (WORSE, "change", -2, -20),
        (WORSE, "improvement", 2, -20),
        (WORSE, "difference", -1.5, -15),
        (BETTER, "final", 7, 30),
        (BETTER, "final", 10, 0),
        (BETTER, "change", 2, -20),
        (BETTER, "improvement", 2, -20),
        (BETTER, "difference", 1.5, -15),
    ],
)
def test_to_points(scale, measure, mean, points):
    assert to_points({"measure": measure, **scale}, mean, 2.0) == pytest.approx((points, 20))


def test_a_baseline_is_a_final_score_on_any_row():
    rows = pair(measure="improvement", mean=2, sd=1, instrument="comfort 0-10", baseline_mean=4)
    assert line(run(rows), "NSAID")["baseline"] == pytest.approx(60)


def test_a_blank_instrument_is_0_to_100_points():
    got = run(pair(instrument="", mean=35, sd=15))
    assert got.arms[["mean", "sd"]].to_numpy().tolist() == [[35, 15]] * 2


def test_an_arm_by_hand():
    # NRS 0-10, 4.2 (2.5), n 25: 42 points, SD 25, SE 5
    row = line(run(pair(instrument="NRS 0-10", n=25, mean=4.2, sd=2.5)), "NSAID")
    told = [row[c] for c in ("n", "mean", "sd", "se", "y", "basis", "derivation", "rows", "merged")]
    assert told[:5] == pytest.approx([25, 42, 25, 5, 42])
    assert told[5:] == ["arm", "as reported", "2", 0]
    assert (row["reported"], row["kind"]) == ("ibuprofen", "final")


def test_columns():
    got = run(pair())
    assert got.arms.columns.tolist() == ARM_COLUMNS
    assert got.excluded.columns.tolist() == EXCLUDED_COLUMNS
    empty = run(text_table(pair()).head(0))
    assert empty.arms.columns.tolist() == ARM_COLUMNS
    assert len(empty.arms) == len(empty.excluded) == 0


# ---- a table with everything in it -----------------------------------------------------


def rich():
    """Arms, combined arms, changes both ways, contrasts of two and three arms, leftovers."""
    base = {"baseline_mean": 60}
    return text_table(
        [
            *tabular.valid_trials().drop(columns=[FILE, ROW, EXCLUDED]).to_dict("records"),
            arm("Three", "ibuprofen", 20, 31, 15, **base),
            arm("Three", "naproxen", 25, 35, 18, **base),
            arm("Three", "placebo", 22, 44, 21, **base),
            arm("Three", "placebo", 22, 41, 20, weeks=12),
            arm("Comfort", "exercise", 30, 7, 2, instrument="comfort 0-10"),
            arm("Comfort", "usual care", 31, 5.5, 2.1, instrument="comfort 0-10"),
            contrast("Net", "ibuprofen", "placebo", -9, se=3, n=40, n_comparator=42),
            contrast("Net", "exercise", "placebo", -6, se=3.2, n=38),
            contrast("Dose", "ibuprofen", "placebo", -9, se=3, n=40, n_comparator=42),
            contrast("Dose", "naproxen", "placebo", -6, se=3, n=40, n_comparator=42),
            contrast("Better", "exercise", "placebo", 1, se=0.4, instrument="comfort 0-10"),
            arm("Bare", "exercise", 30, 33, ""),
            arm("Bare", "placebo", 30, 41, ""),
            arm("Knee", "exercise", 30, 3, 1, instrument="RMDQ 0-24", outcome="disability"),
            arm("Alone", "exercise", 30, 3, 1),
        ]
    )


RICH = run(rich())


def numbers(result):
    """What must not change: figures by study and treatment, and the fate of every row."""
    keys = ["study", "treatment"]
    arms = result.arms.sort_values(keys)[
        [*keys, "n", "mean", "sd", "se", "y", "baseline", "merged"]
    ]
    return arms.reset_index(drop=True), set(result.excluded["row"])


@options(max_examples=12, deadline=None)
@given(order=st.permutations(range(len(rich()))))
def test_the_order_of_rows_does_not_matter(order):
    table = rich()
    one, two = numbers(RICH), numbers(run(table.iloc[order]))
    pd.testing.assert_frame_equal(one[0], two[0], rtol=1e-9)
    assert one[1] == two[1]


def test_the_direction_of_a_contrast_does_not_matter():
    told = {"se": 3, "n": 40, "n_comparator": 30}
    back = {"se": 3, "n": 30, "n_comparator": 40}
    one = run([contrast("S", "ibuprofen", "placebo", -9, **told)])
    two = run([contrast("S", "placebo", "ibuprofen", 9, **back)])
    for got in (one, two):
        a, p = line(got, "NSAID"), line(got, "placebo")
        assert (a["y"] - p["y"], a["n"], p["n"]) == pytest.approx((-9, 40, 30))
        assert a["se"] ** 2 + p["se"] ** 2 == pytest.approx(9)


def flipped(table, scales, reflect):
    """The same results on scales that run the other way: x -> reflect(min, max, x)."""
    table, scales = table.copy(), scales.copy()
    bounds = scales.set_index("instrument")[["min", "max"]]
    for i in table.index:
        low, high = (float(b) for b in bounds.loc[table.at[i, "instrument"]])
        for column in ("mean", "baseline_mean", "ci_low", "ci_high"):
            if table.at[i, column] == "":
                continue
            x, final = float(table.at[i, column]), table.at[i, "measure"] == "final"
            if column == "baseline_mean" or final:
                table.at[i, column] = repr(reflect(low, high, x))
            elif table.at[i, "measure"] != "improvement":
                table.at[i, column] = repr(-x)
        if table.at[i, "measure"] == "difference" and table.at[i, "ci_low"]:
            low_high = table.loc[i, ["ci_high", "ci_low"]].tolist()
            table.loc[i, ["ci_low", "ci_high"]] = low_high
    for i in scales.index[scales["min"] != ""]:
        low, high = float(scales.at[i, "min"]), float(scales.at[i, "max"])
        ends = sorted([reflect(low, high, low), reflect(low, high, high)])
        scales.loc[i, ["min", "max"]] = [repr(end) for end in ends]
        other = {"worse": "better", "better": "worse"}
        scales.at[i, "higher_is"] = other[scales.at[i, "higher_is"]]
    return table, scales


@pytest.mark.parametrize(
    "reflect", [lambda low, high, x: low + high - x, lambda low, high, x: -x], ids=["ends", "sign"]
)
def test_flipping_every_scale_and_its_direction_changes_nothing(reflect):
    table, scales = flipped(rich(), tabular.instruments(), reflect)
    one, two = numbers(RICH), numbers(run(table, scales))
    pd.testing.assert_frame_equal(one[0], two[0], rtol=1e-9, atol=1e-9)
    assert one[1] == two[1]


# ---- arms ------------------------------------------------------------------------------


def test_two_arms_of_one_treatment_are_combined():
    rows = [
        arm("S", "ibuprofen", 20, 30, 10),
        arm("S", "naproxen", 30, 40, 20),
        arm("S", "placebo"),
    ]
    got = run(rows)
    row = line(got, "NSAID")
    # N 50, M (20 30 + 30 40)/50 = 36, SD^2 = (19 100 + 29 400 + 12 100)/49 = 14700/49 = 300
    assert [row[c] for c in ("n", "mean", "sd", "se")] == pytest.approx([50, 36, 300**0.5, 6**0.5])
    assert (row["rows"], row["merged"]) == ("2 3", 1)
    assert row["derivation"].startswith("combined 2 arms")
    assert account(3, got.arms, got.excluded) == {
        "rows_in": 3, "rows_used": 2, "rows_merged": 1, "rows_excluded": 0,
    }  # fmt: skip


def test_combined_arms_of_a_cluster_trial_keep_their_design_effect():
    told = {"design": "cluster", "cluster_size": 11, "icc": 0.1}  # design effect 2
    got = run(
        [arm("S", "ibuprofen", **told), arm("S", "naproxen", **told), arm("S", "placebo", **told)]
    )
    row = line(got, "NSAID")
    assert (row["se"] / (row["sd"] / row["n"] ** 0.5)) ** 2 == pytest.approx(2)


def test_combining_needs_n():
    rows = [arm("S", t, n="", sd="", se=3) for t in ("ibuprofen", "naproxen", "placebo")]
    got = run(rows)
    assert got.arms.empty
    assert set(reasons(got).values()) == {"two arms of 'NSAID' can be combined only with n and sd"}


def test_a_study_with_one_node_is_excluded_with_its_reason():
    got = run([arm("S", "ibuprofen"), arm("S", "naproxen")])
    assert got.arms.empty
    why = "all its usable arms are one treatment (NSAID) in this map"
    assert reasons(got) == {2: why, 3: why}
    got = run([contrast("S", "placebo", "sham", se=2)])
    assert "one treatment (placebo)" in reasons(got)[2]


def test_an_arm_alone_is_excluded_with_its_reason():
    got = run([arm("S", "ibuprofen"), arm("S", "placebo", "", 40, 9)])
    assert reasons(got) == {
        2: "no other usable arm at the same assessment to compare with",
        3: "no number of participants, and no standard error or interval",
    }


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"outcome": "disability"}, "outcome disability, not pain"),
        ({"outcome": "", "instrument": "RMDQ 0-24", "mean": 9}, "outcome disability, not pain"),
        ({"instrument": "relief 0-4", "mean": 2}, "relief 0-4 measures relief"),
        ({"instrument": "no range"}, "the range of no range is not known"),
        ({"weeks": 0.2}, "assessed before 0.28 weeks"),
        ({"weeks": 53}, "assessed after 52 weeks"),
        ({"treatment_weeks": 6}, "assessed before treatment ended"),
        ({"mean": ""}, "no mean, and no median"),
        ({"design": "cluster"}, "cluster trial without cluster_size and icc"),
    ],
)
def test_reasons(more, why):
    got = run(pair(**more))
    assert got.arms.empty
    assert set(got.excluded["row"]) == {2, 3}
    assert got.excluded["reason"].str.startswith(why).all()


def test_cluster_differences_are_left_out_or_inflated():
    told = {"se": 2, "design": "cluster"}
    assert reasons(run([contrast("S", "ibuprofen", "placebo", **told)]))[2].startswith("cluster")
    got = run([contrast("S", "ibuprofen", "placebo", **told, cluster_size=11, icc=0.1)])
    assert (got.arms["se"] ** 2).sum() == pytest.approx(8)  # 2^2 times a design effect of 2


def test_a_declared_exclusion_keeps_its_words():
    rows = edit(
        text_table([*pair(), arm("S", "exercise")]), {(4, EXCLUDED): "excluded by declaration: x"}
    )
    got = run(rows)
    assert reasons(got) == {4: "excluded by declaration: x"}
    assert got.arms["treatment"].tolist() == ["NSAID", "placebo"]


@pytest.mark.parametrize(
    ("data", "out"),
    [
        ({"keep": {"rob": ["low"]}}, {4: "left out of this analysis: rob is not low",
            5: "left out of this analysis: rob is not low"}),
        ({"keep": {"pedro": [8, 9.5]}}, {4: "left out of this analysis: pedro is not 8 or 9.5",
            5: "left out of this analysis: pedro is not 8 or 9.5"}),
        ({"keep": {"pedro": ["8.0"], "rob": ["low"]}},
            {4: "left out of this analysis: pedro is not 8.0",
            5: "left out of this analysis: pedro is not 8.0"}),
        ({"drop": {"doubt": ["yes"]}}, {4: "left out of this analysis: doubt is yes",
            5: "left out of this analysis: doubt is yes"}),
        ({"drop": {"year": [2019]}}, {4: "left out of this analysis: year is 2019",
            5: "left out of this analysis: year is 2019"}),
        ({"drop": {"pedro": [""]}}, {4: "left out of this analysis: pedro is ",
            5: "left out of this analysis: pedro is "}),
        ({"drop": {"doubt": ["no"]}, "keep": {"rob": ["low", "high"]}}, {}),
    ],
)  # fmt: skip
def test_filters(data, out):
    rows = pair(rob="low", pedro=8, year=2020)
    rows += [arm("T", t, rob="high", doubt="yes", year=2019) for t in ("exercise", "placebo")]
    got = run(rows, data={"keep": {}, "drop": {}} | data)
    assert reasons(got) == out


# ---- which assessment ------------------------------------------------------------------


def at(result):
    return set(result.arms["weeks"]), set(result.arms["kind"]), set(result.arms["instrument"])


def test_the_first_assessment_in_the_window_is_used():
    rows = [*pair(weeks=12), *pair(weeks=6), *pair(weeks=0.1), *pair(weeks="")]
    got = run(rows)
    assert at(got)[0] == {6}
    assert set(got.arms["rows"]) == {"4", "5"}
    told = reasons(got)
    assert told[2] == "S is used with final scores of VAS 0-100 at week 6"
    assert told[6] == "assessed before 0.28 weeks"
    assert told[8] == told[2]


def test_an_assessment_without_two_treatments_is_passed_over():
    got = run([arm("S", "ibuprofen", weeks=2), *pair(weeks=8)])
    assert at(got)[0] == {8}


def test_an_assessment_without_a_time_is_better_than_none():
    got = run([*pair(weeks=""), contrast("S", "ibuprofen", "placebo", se=2, weeks="")])
    assert len(got.arms) == 2
    assert "an assessment without a time" in reasons(got)[4]


@pytest.mark.parametrize(
    ("prefer", "kind"),
    [(["final", "change", "difference"], "final"), (["change", "final", "difference"], "change"),
     (["difference", "final", "change"], "difference")],
)  # fmt: skip
def test_kinds_in_the_order_of_the_config(prefer, kind):
    rows = [contrast("S", "ibuprofen", "placebo", se=2), *pair(measure="change", mean=-9), *pair()]
    window = settings()["assessment"] | {"prefer": prefer}
    got = run(rows, assessment=window)
    assert at(got)[1] == {kind}
    # An earlier assessment goes before a preferred kind.
    got = run([*rows, *pair(weeks=2, measure="improvement")], assessment=window)
    assert at(got)[:2] == ({2}, {"change"})


def test_more_arms_decide_between_instruments():
    rows = [*pair(), *pair(instrument="NRS 0-10", mean=3, sd=2)]
    more = arm("S", "exercise", instrument="NRS 0-10", mean=3, sd=2)
    assert at(run(rows))[2] == {"NRS 0-10"}  # alphabetical
    assert at(run([*rows[:2], arm("S", "exercise"), *rows[2:]]))[2] == {"VAS 0-100"}
    assert at(run([*rows, more]))[2] == {"NRS 0-10"}


# ---- imputation ------------------------------------------------------------------------

DONORS = [
    arm("D1", "exercise", 41, 30, 20),
    arm("D1", "placebo", 11, 30, 10),
    arm("D2", "exercise", 31, 30, 30),
    arm("D2", "placebo", 21, 30, 15),
]


def test_imputed_sd_by_hand_and_flagged():
    got = run([*DONORS, *pair(n=25, sd="")])
    row = line(got, "NSAID")
    # (40 400 + 10 100 + 30 900 + 20 225) / 100 = 485
    assert (row["sd"], row["se"]) == pytest.approx((485**0.5, 485**0.5 / 5))
    assert row["derivation"] == "sd_imputed"
    assert line(got, "exercise", "D1")["derivation"] == "as reported"


def test_imputation_is_in_points():
    rows = [row | {"instrument": "NRS 0-10", "mean": 3, "sd": row["sd"] / 10} for row in DONORS]
    got = run([*rows, *pair(n=25, sd="", instrument="NRS 0-10", mean=4)])
    assert line(got, "NSAID")["sd"] == pytest.approx(485**0.5)
    assert line(got, "NSAID")["mean"] == pytest.approx(40)


NO_DONORS = {
    "turned off": (DONORS, {}, {"impute": "none"}),
    "one study only": (DONORS[:2], {}, {}),
    "another instrument": (DONORS, {"instrument": "NRS 0-10", "mean": 3}, {}),
    "another kind": (DONORS, {"measure": "change", "mean": -9}, {}),
}


@pytest.mark.parametrize(("donors", "more", "changes"), NO_DONORS.values(), ids=NO_DONORS)
def test_no_imputation(donors, more, changes):
    got = run([*donors, *pair(sd="", **more)], **changes)
    told = reasons(got)
    assert set(told.values()) == {"no spread: neither sd, se, interval nor quartiles"}
    assert set(told) == {len(donors) + 2, len(donors) + 3}


def test_a_study_is_no_donor_to_itself():
    rows = [*DONORS[:2], arm("S", "ibuprofen", sd=20), arm("S", "placebo", sd="")]
    assert reasons(run(rows))[5].startswith("no spread")


def test_imputed_figures_come_last():
    rows = [*DONORS, *pair(sd=""), *pair(measure="change", mean=-9, sd=12)]
    assert set(run(rows).arms.query("study == 'S'")["kind"]) == {"change"}
    assert set(run(rows[:-2]).arms.query("study == 'S'")["kind"]) == {"final"}
    # but not after a later assessment
    later = [*DONORS, *pair(sd=""), *pair(weeks=8)]
    assert set(run(later).arms.query("study == 'S'")["weeks"]) == {4}


# ---- contrasts -------------------------------------------------------------------------


def variances(result):
    return {row.treatment: row.se**2 for row in result.arms.itertuples()}


def test_a_contrast_is_two_pseudo_arms():
    got = run(
        [
            contrast(
                "S", "ibuprofen", "placebo", -1.1, instrument="NRS 0-10", ci_low=-1.9, ci_high=-0.3
            )
        ]
    )
    a, p = line(got, "NSAID"), line(got, "placebo")
    assert (a["y"], p["y"]) == pytest.approx((-11, 0))
    # 16 points / (2 x 1.959964) = 4.08171
    assert np.sqrt(a["se"] ** 2 + p["se"] ** 2) == pytest.approx(4.08171, abs=5e-6)
    assert a["se"] == p["se"]
    assert (a["basis"], a["derivation"], a["rows"], p["rows"]) == (
        "contrast",
        "se_from_ci",
        "2",
        "2",
    )
    assert np.isnan([a["mean"], a["sd"], p["mean"], p["sd"]]).all()


THREE = ("ibuprofen", "exercise", "placebo")


def three(se, **more):
    """Contrasts against placebo, and between the others if a third SE is given."""
    rows = [
        contrast("S", "ibuprofen", "placebo", -9, se=se[0], n=50, n_comparator=25, **more),
        contrast("S", "exercise", "placebo", -5, se=se[1], n=25, n_comparator=25, **more),
    ]
    return rows + [contrast("S", "ibuprofen", "exercise", -4, se=x, **more) for x in se[2:]]


def test_three_arms_from_all_pairwise_ses():
    # variances 1, 3, 8: squares 1 + 8, 3 + 8, 1 + 3
    got = run(three([3, 11**0.5, 2]))
    assert variances(got) == pytest.approx({"NSAID": 1, "exercise": 3, "placebo": 8})
    values = dict(zip(got.arms["treatment"], got.arms["y"], strict=True))
    assert values == pytest.approx({"NSAID": -9, "exercise": -5, "placebo": 0})


def test_three_arms_from_n():
    # 100/n: 2, 4, 4
    got = run(three([6**0.5, 8**0.5]))
    assert variances(got) == pytest.approx({"NSAID": 2, "exercise": 4, "placebo": 4})


def test_three_arms_from_the_se_of_the_common_arm():
    rows = [*three([5, 4]), arm("S", "placebo", 25, 40, 15)]
    got = run(rows)
    # 15^2/25 = 9; 25 - 9 = 16; 16 - 9 = 7
    assert variances(got) == pytest.approx({"NSAID": 16, "exercise": 7, "placebo": 9})
    assert reasons(got) == {4: "S is used with difference scores of VAS 0-100 at week 4"}
    rows[-1]["sd"] = 20  # SE 4, all of the SE of exercise against placebo
    assert "exceeds that of a difference" in reasons(run(rows))[2]


def test_a_common_arm_without_a_spread_is_no_source():
    got = run([*three([6**0.5, 8**0.5]), arm("S", "placebo", 25, 40, "")])
    assert variances(got) == pytest.approx({"NSAID": 2, "exercise": 4, "placebo": 4})
    assert reasons(got)[4].startswith("no spread")


MISFITS = {
    "n contradicts": (three([2, 6]), "misfit"),
    "no n": ([row | {"n": "", "n_comparator": ""} for row in three([3, 3])],
        "need arm SEs, all pairwise"),
    "no triangle": (three([1, 1, 5]), "an arm variance <= 0"),
    "twice": ([*three([3, 3]), three([3, 3])[0]], "two differences of the same pair"),
    "apart": (
        [contrast("S", "ibuprofen", "placebo", se=2, n=9, n_comparator=9),
         contrast("S", "exercise", "usual care", se=2, n=9, n_comparator=9)],
        "do not link all its arms",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "why"), MISFITS.values(), ids=MISFITS)
def test_differences_that_do_not_fit_together(rows, why):
    got = run(rows)
    assert got.arms.empty
    assert set(reasons(got)) == set(range(2, len(rows) + 2))
    assert all(why in reason for reason in reasons(got).values())


@pytest.mark.parametrize(("stretch", "fits"), [(1.08, True), (1.15, False)])
def test_a_misfit_of_5_percent_is_allowed(stretch, fits):
    # n is equal, so both SEs are fitted by one: for squares 1 and s^2 it is (1 + s^2)/2,
    # off by sqrt((1 + s^2)/2) - 1 = 4.0% and 7.8%
    pairs = [("a", "c", 1.0), ("b", "c", stretch)]
    n = dict.fromkeys("abc", 10)
    if fits:
        v = solve_arm_variances(list("abc"), pairs, n)
        assert v == pytest.approx(dict.fromkeys("abc", (1 + stretch**2) / 4))
    else:
        with pytest.raises(Unusable, match="misfit 8%, allowed 5%"):
            solve_arm_variances(list("abc"), pairs, n)


@options(max_examples=40, deadline=None)
@given(v=st.lists(st.floats(0.1, 50), min_size=2, max_size=5))
def test_pairwise_ses_add_up(v):
    names = [f"t{i}" for i in range(len(v))]
    pairs = [
        (a, b, np.sqrt(v[i] + v[j]))
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i < j
    ]
    solved = solve_arm_variances(names, pairs, {})
    for a, b, se in pairs:
        assert solved[a] + solved[b] == pytest.approx(se**2)
    if len(v) > 2:
        assert list(solved.values()) == pytest.approx(v)


def test_contrasts_of_two_reported_arms_of_one_node_are_combined():
    rows = [
        contrast("S", "ibuprofen", "placebo", -9, se=8**0.5, n=25, n_comparator=25),
        contrast("S", "naproxen", "placebo", -3, se=6**0.5, n=50, n_comparator=25),
    ]
    got = run(rows)
    row = line(got, "NSAID")
    # shares 1/3, 2/3; variances 4 and 2: -9/3 - 6/3 = -5; 4/9 + 8/9 = 4/3
    assert (row["y"], row["se"] ** 2, row["n"]) == pytest.approx((-5, 4 / 3, 75))
    assert (row["rows"], row["merged"], row["reported"]) == ("2 3", 1, "ibuprofen / naproxen")
    assert account(2, got.arms, got.excluded)["rows_merged"] == 1


def test_the_n_of_a_common_comparator_may_stand_in_one_row():
    rows = three([6**0.5, 8**0.5])
    rows[1]["n_comparator"] = ""
    assert variances(run(rows)) == pytest.approx({"NSAID": 2, "exercise": 4, "placebo": 4})


# ---- the account -----------------------------------------------------------------------


@st.composite
def tables(draw):
    """Small tables of anything that passes validation's errors, and some that would not."""
    rows = []
    for _ in range(draw(st.integers(1, 9))):
        measure = draw(st.sampled_from(["final", "change", "improvement", "difference"]))
        treatment = draw(st.sampled_from(["ibuprofen", "naproxen", "placebo", "exercise"]))
        row = arm(
            draw(st.sampled_from("ABC")),
            treatment,
            n=draw(st.sampled_from(["", 2, 30, 31])),
            mean=draw(st.sampled_from(["", 3, 4.5])),
            sd=draw(st.sampled_from(["", 2])),
            se=draw(st.sampled_from(["", 1])),
            weeks=draw(st.sampled_from(["", 4, 0.1, 8])),
            measure=measure,
            instrument=draw(
                st.sampled_from(["NRS 0-10", "comfort 0-10", "VAS 0-100", "relief 0-4"])
            ),
            doubt=draw(st.sampled_from(["", "yes"])),
        )
        if measure == "difference":
            others = [t for t in ("placebo", "exercise", "sham") if t != treatment]
            row |= {"comparator": draw(st.sampled_from(others)), "difference_of": "final"}
            row |= {"n_comparator": draw(st.sampled_from(["", 30]))}
        rows.append(row)
    return text_table(rows)


def assert_every_row_has_one_place(table, result):
    used = [(row.file, int(r)) for row in result.arms.itertuples() for r in row.rows.split()]
    out = list(zip(result.excluded["file"], result.excluded["row"], strict=True))
    assert set(used) | set(out) == set(zip(table[FILE], table[ROW], strict=True))
    assert not set(used) & set(out)
    assert len(set(out)) == len(out)
    assert result.excluded["reason"].str.len().gt(0).all()
    told = account(len(table), result.arms, result.excluded)
    assert told["rows_used"] + told["rows_merged"] + told["rows_excluded"] == len(table)


@options(max_examples=50, deadline=None)
@given(table=tables())
def test_every_row_ends_in_one_place(table):
    got = run(table, data={"keep": {}, "drop": {"doubt": ["yes"]}})
    assert_every_row_has_one_place(table, got)
    if len(got.arms):
        assert got.arms["se"].gt(0).all()
        assert np.isfinite(got.arms["y"]).all()
        assert not got.arms.duplicated(["study", "treatment"]).any()
        assert got.arms.groupby("study")["treatment"].nunique().min() >= 2
        assert got.arms.groupby("study")[["weeks", "kind", "instrument"]].nunique().max().max() <= 1


def test_the_rich_table_is_accounted_for():
    table, got = rich(), RICH
    assert_every_row_has_one_place(table, got)
    assert set(table["study"]) - set(got.arms["study"]) == {"Knee", "Alone"}
    assert set(got.excluded["study"]) == {"Three", "Knee", "Alone"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda arms, out: (arms.iloc[:-1], out),
        lambda arms, out: (arms, out.iloc[:-1]),
        lambda arms, out: (arms, pd.concat([out, out])),
        lambda arms, out: (arms, pd.concat([out, out.assign(row=int(arms["rows"].iloc[0]))])),
    ],
)
def test_lost_and_doubled_rows_are_noticed(spoil):
    got = run([*pair(), arm("S", "exercise", weeks=8)])
    assert account(3, got.arms, got.excluded)["rows_excluded"] == 1
    with pytest.raises(AssertionError, match="rows were lost or counted twice"):
        account(3, *spoil(got.arms, got.excluded))


# ---- the committed data ----------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    trials = corrections.correct(committed("trials"), committed("corrections"))[0]
    trials = corrections.exclude(trials, committed("exclusions"))[0]
    config, reported = committed_config(), committed("treatments")
    nodes = dict(zip(reported["reported"], reported["treatment"], strict=True))
    belongs = strata.assign(trials, config["strata"])
    return {
        name: (rows, harmonise(rows, committed("instruments"), nodes, config))
        for name in config["strata"]
        for rows in [trials[belongs == name]]
    }


@pytest.mark.parametrize("stratum", ["acute", "chronic"])
def test_every_committed_row_ends_in_one_place(real, stratum):
    rows, got = real[stratum]
    assert len(got.arms) > 0
    assert_every_row_has_one_place(rows, got)
    declared = rows.loc[rows[EXCLUDED] != "", ROW]
    assert set(declared) <= set(got.excluded["row"])


@pytest.mark.parametrize("stratum", ["acute", "chronic"])
def test_committed_arms_lie_on_the_scale(real, stratum):
    arms = real[stratum][1].arms
    assert arms.loc[arms["kind"] == "final", "mean"].dropna().between(0, 100).all()
    assert arms["y"].between(-100, 100).all()
    assert arms["se"].between(0.1, 50).all()
    assert arms["sd"].dropna().between(1, 60).all()


def test_a_committed_contrast_by_hand(real):
    # Kinesio taping v sham, VAS 0-10, week 1: -1.1 (95% CI -1.9 to -0.3): -11, 16/3.919928
    arms = real["chronic"][1].arms
    two = arms[arms["study"].str.startswith("ACTRN12612000402842")]
    assert sorted(two["y"]) == pytest.approx([-11, 0])
    assert np.sqrt((two["se"] ** 2).sum()) == pytest.approx(4.08171, abs=5e-6)
    assert set(two["weeks"]) == {1}


def test_a_committed_correction_reaches_the_arms(real):
    # Skljarevski 2009a, corrected SD 23.39 (declared: SE 2.2 of the whole group, n 113)
    arms = real["chronic"][1].arms
    row = arms[(arms["study"] == "Skljarevski 2009a") & (arms["rows"] == "279")].iloc[0]
    assert row["se"] == pytest.approx(2.2, abs=0.005)
