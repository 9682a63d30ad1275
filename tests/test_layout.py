"""Any sheet becomes the same rows of the contract; nothing is dropped in silence."""

import pandas as pd
import pytest
import tabular
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st

from nma import contract, exports, tables
from nma.contract import COLUMNS
from nma.corrections import EXCLUDED
from nma.exports import Sheet, arm_cell, fold
from nma.findings import InputError
from nma.grid import read_grid
from nma.harmonise import harmonise
from nma.layout import ColumnLine, arrange, column_lines, stale
from nma.tables import FILE, ROW

EXPORTS = tabular.ROOT / "tests/exports"
OFF_TIME = [
    ColumnLine("instrument", default="off time 0-24 h"),
    ColumnLine("measure", default="change"),
]
HBA1C = [ColumnLine("instrument", default="HbA1c 0-20 %")]


def sheet(header, *rows, file="data/a.csv"):
    """A grid from lines of comma separated cells."""
    split = [[cell.strip() for cell in row.split(",")] for row in rows]
    return Sheet(file, header.split(","), list(enumerate(split, 2)))


def export(name, *lines):
    return arrange(read_grid(EXPORTS / f"{name}.csv"), lines)


def cells(made, *columns):
    """Rows as tuples of the cells of these columns."""
    return list(made.rows[list(columns)].itertuples(index=False, name=None))


def uses(made):
    return {row.column: (row.contract, row.arm, row.use) for row in made.columns.itertuples()}


def rules(findings):
    return [finding.rule for finding in findings]


def errors(grid, *lines):
    """Findings of a sheet that cannot be used."""
    with pytest.raises(InputError) as caught:
        arrange(grid, lines)
    return [finding for finding in caught.value.findings if finding.level == "error"]


def harmonised(made):
    """Arms of the model from arranged rows, one line per study and treatment."""
    rows = made.rows.assign(**{EXCLUDED: ""})
    columns = ("instrument", "outcome", "min", "max", "higher_is", "measures")
    scales = [
        ("off time 0-24 h", "pain", "0", "24", "worse", "intensity"),
        ("HbA1c 0-20 %", "pain", "0", "20", "worse", "intensity"),
    ]
    registry = tabular.text_table(
        [dict(zip(columns, line, strict=True)) for line in scales], "instruments"
    )
    names = {*rows["treatment"], *rows["comparator"]} - {""}
    arms = harmonise(rows, registry, dict(zip(names, names, strict=True)), tabular.settings()).arms
    # Differences fix the arms of a study up to a constant.
    arms["y"] -= arms.groupby("study")["y"].transform("mean")
    return arms.set_index(["study", "treatment"]).sort_index()


# ---- the same trials in every layout ---------------------------------------------------

PARKINSON = {
    "parkinson_wide": "wide",
    "parkinson_netmeta_arms": "netmeta arms",
    "parkinson_netmeta_pairwise": "netmeta pairwise",
    "parkinson_gemtc": "gemtc arms",
    "parkinson_multinma": "multinma arms",
    "parkinson_cinema_long": "CINeMA long",
    "parkinson_cinema_wide": "CINeMA wide",
}
SENN = {
    "senn_netmeta": "netmeta contrasts",
    "senn_gemtc": "gemtc relative effects",
    "senn_multinma": "multinma contrasts",
    "senn_cinema": "CINeMA contrasts",
}


@pytest.mark.parametrize(("name", "layout"), PARKINSON.items())
def test_arms_are_the_same_in_every_layout(name, layout):
    plain, other = export("parkinson_long"), export(name, *OFF_TIME)
    assert (plain.layout, other.layout) == ("long", layout)
    assert [finding for finding in other.findings if finding.level == "error"] == []
    first, second = harmonised(plain), harmonised(other)
    assert len(first) == 15
    figures = ["n", "mean", "sd", "se", "y"]
    pd.testing.assert_frame_equal(first[figures], second[figures], rtol=1e-8)
    assert (first["kind"] == second["kind"]).all()


@pytest.mark.parametrize(("name", "layout"), SENN.items())
def test_differences_are_the_same_in_every_layout(name, layout):
    plain, other = export("senn_netmeta", *HBA1C), export(name, *HBA1C)
    assert other.layout == layout
    first, second = harmonised(plain), harmonised(other)
    assert len(first) == 9
    figures = ["se", "y"]
    pd.testing.assert_frame_equal(first[figures], second[figures], rtol=1e-6, atol=1e-8)
    assert set(second["basis"]) == {"contrast"}


def test_an_arm_of_several_comparisons_comes_once():
    made = export("parkinson_cinema_wide", *OFF_TIME)
    guttman = made.rows[made.rows["study"] == "Guttman 1997"]
    assert guttman["treatment"].tolist() == ["Placebo", "Pramipexole", "Bromocriptine"]
    assert guttman[ROW].tolist() == ["4.1", "4.2", "5.2"]


def test_an_arm_with_other_figures_in_another_comparison_stays():
    grid = sheet(
        "study,t1,y1,sd1,n1,t2,y2,sd2,n2,rob",
        "S,a,5,1,20,b,6,1,20,1",
        "S,a,5,1,21,c,7,1,20,1",
    )
    assert cells(arrange(grid, []), "treatment", "n") == [
        ("a", "20"), ("b", "20"), ("a", "21"), ("c", "20"),
    ]  # fmt: skip


def test_pairwise_output_uses_the_arms_and_says_so():
    made = export("parkinson_netmeta_pairwise", *OFF_TIME)
    assert uses(made)["TE"] == ("", "", "not used: the arms' own figures are")
    assert uses(made)["mean2"] == ("mean", "2", "netmeta pairwise")
    assert made.columns["use"].tolist()[0] == "not used"  # the row numbers that R writes
    assert "unknown_column" not in rules(made.findings)


def test_pairwise_rows_without_arm_figures_are_differences():
    grid = sheet(
        "studlab,treat1,treat2,TE,seTE,n1,mean1,sd1,n2,mean2,sd2",
        "S,a,b,-1,0.5,20,5,2,20,6,2",
        "T,a,b,-2,0.6,30,NA,NA,31,NA,NA",
    )
    made = arrange(grid, [])
    assert cells(made, ROW, "treatment", "comparator", "measure", "n", "n_comparator", "mean") == [
        ("2.1", "a", "", "final", "20", "", "5"),
        ("2.2", "b", "", "final", "20", "", "6"),
        (3, "a", "b", "difference", "30", "31", "-2"),
    ]
    assert uses(made)["TE"] == ("mean", "", "netmeta pairwise")


def test_cinema_risk_of_bias_in_our_words():
    for name in ("parkinson_cinema_long", "parkinson_cinema_wide"):
        made = export(name, *OFF_TIME)
        by_study = dict(cells(made, "study", "rob"))
        assert list(by_study.values())[:3] == ["low", "some_concerns", "high"]
        assert uses(made)["indirectness"][2].startswith("not used: ")
    assert set(export("senn_cinema").rows["rob"]) == {"some_concerns"}


# ---- differences from a baseline arm ---------------------------------------------------


@pytest.mark.parametrize("name", ["senn_gemtc", "senn_multinma"])
def test_the_se_of_a_common_arm_is_a_row_without_a_mean(name):
    made = export(name)
    willms = made.rows[made.rows["study"] == "Willms1999"]
    told = ["measure", "difference_of", "treatment", "comparator", "mean", "se"]
    assert willms[told].to_numpy().tolist() == [
        ["final", "", "plac", "", "", "0.3399476724"],
        ["difference", "final", "metf", "plac", "-1.2", "0.3758"],
        ["difference", "final", "acar", "plac", "-1", "0.4669"],
    ]
    others = made.rows[made.rows["study"] != "Willms1999"]
    assert set(others["measure"]) == {"difference"}


def test_a_measure_for_the_sheet_says_what_differences_are_of():
    made = export("senn_gemtc", ColumnLine("measure", default="change"))
    assert set(cells(made, "measure", "difference_of")) == {
        ("difference", "change"),
        ("change", ""),
    }


def test_counts_go_with_the_arms_of_a_difference():
    grid = sheet("study,trt,y,se,sample_size", "S,p,NA,,30", "S,a,-2,1,31")
    made = arrange(grid, [])
    assert made.layout == "multinma contrasts"
    assert cells(made, "n", "n_comparator", "mean", "se") == [("31", "30", "-2", "1")]


def test_one_blank_y_does_not_make_a_table_of_differences():
    rows = ("S,p,5,1", "S,a,,1", "T,p,4,1", "T,a,6,1")
    made = arrange(sheet("study,trt,y,se", *rows), [])
    assert made.layout == "multinma arms"
    assert cells(made, "mean") == [("5",), ("",), ("4",), ("6",)]


def test_differences_need_one_baseline_row():
    grid = sheet("study,treatment,diff,std.err", "S,a,1,1", "S,b,2,1", "T,a,NA,NA", "T,b,NA,1")
    found = errors(grid)
    assert [(f.rule, f.row, f.column) for f in found] == [
        ("baseline_row", 2, "diff"),
        ("baseline_row", 4, "diff"),
    ]


# ---- RevMan ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["revman5", "revman_data_rows"])
def test_revman_gives_arms_and_differences(name):
    lines = [ColumnLine("measure", default="change")]
    if name == "revman_data_rows":
        values = {"1": "Pramipexole", "2": "Ropinirole"}
        lines += [
            ColumnLine("treatment", "Analysis group", arm="1", values=values),
            ColumnLine("treatment", arm="2", default="Placebo"),
        ]
    made = export(name, *lines)
    assert cells(made, "study", "year", "treatment", "measure", "n", "mean")[:6] == [
        ("Lieberman 1997", "1997", "Pramipexole", "change", "173", "-2.4"),
        ("Lieberman 1997", "1997", "Placebo", "change", "172", "-0.7"),
        ("Guttman 1997", "1997", "Pramipexole", "change", "71", "-2.6"),
        ("Guttman 1997", "1997", "Placebo", "change", "76", "-0.3"),
        ("Lieberman 1998", "1998", "Ropinirole", "change", "95", "-1.53"),
        ("Lieberman 1998", "1998", "Placebo", "change", "54", "-1.22"),
    ]
    last = made.rows.iloc[-1]
    assert last[["measure", "difference_of", "comparator", "mean", "se"]].tolist() == [
        "difference", "change", "Placebo", "-0.9", "0.695",
    ]  # fmt: skip
    assert len(made.rows) == 7
    assert "analysis 1.1" in made.rows["source"][0]
    assert "Late disease" in made.rows["source"][0]
    left = [finding.hint for finding in made.findings if finding.rule == "not_a_mean"]
    assert ["dichotomous" in hint for hint in left] == [True] + [False] * (len(left) - 1)
    assert ("difference_assumed" in rules(made.findings)) == (name == "revman_data_rows")
    assert "unknown_column" not in rules(made.findings)


def test_a_control_group_split_in_halves_comes_through_as_printed():
    header = "Analysis group,Analysis number,Study,Experimental mean,Experimental SD,"
    header += "Experimental N,Control mean,Control SD,Control N"
    grid = sheet(header, "1,1,S,5,1,40,6,1,20", "1,1,S,4,1,41,6,1,20")
    lines = [ColumnLine("treatment", arm=arm, default=arm) for arm in "12"]
    assert cells(arrange(grid, lines), ROW, "n") == [
        ("2.1", "40"), ("2.2", "20"), ("3.1", "41"), ("3.2", "20"),
    ]  # fmt: skip


def test_revman_leaves_ratios_on_a_log_scale_out():
    lines = [ColumnLine("measure", default="change")]
    lines += [ColumnLine("treatment", arm=arm, default=arm) for arm in "12"]
    made = export("revman_data_rows", *lines)
    hints = [finding.hint for finding in made.findings if finding.rule == "not_a_mean"]
    assert any("analysis 2.3 Survival: 1 log-scale rows" in hint for hint in hints)


def test_revman_totals_with_thousands_are_people():
    made = export("revman5", ColumnLine("measure", default="change"))
    assert made.rows["n"].tolist()[-1] == "1081"


def test_revman_data_rows_need_names_of_treatments():
    found = errors(read_grid(EXPORTS / "revman_data_rows.csv"))
    assert rules(found) == ["treatment_names"]
    assert "arm 1" in found[0].hint


def test_revman_outcome_names_can_be_recoded():
    lines = [
        ColumnLine("outcome", "Outcome Name", values={"off time": "pain"}, file="revman5.csv"),
        ColumnLine("measure", default="change"),
    ]
    assert export("revman5", *lines).rows["outcome"].tolist()[0] == "pain"
    assert stale(lines, [read_grid(EXPORTS / "revman5.csv")]) == []


# ---- wide sheets -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("mean1", ("mean", "1")),
        ("Mean 2", ("mean", "2")),
        ("sd_3", ("sd", "3")),
        ("n.1", ("n", "1")),
        ("t1", ("treatment", "1")),
        ("Arm 2", ("treatment", "2")),
        ("arm1_mean", ("mean", "1")),
        ("Treatment 2 SD", ("sd", "2")),
        ("arm2_name", ("treatment", "2")),
        ("y[,2]", ("mean", "2")),
        ("baseline_mean2", ("baseline_mean", "2")),
        ("q1_1", ("q1", "1")),
        ("q32", ("q3", "2")),
        ("q1", None),
        ("q3", None),
        ("mean", None),
        ("min", None),
        ("min1", ("min", "1")),
        ("age1", None),
        ("mean0", None),
    ],
)
def test_names_of_arm_cells(name, cell):
    assert arm_cell(name) == cell


def test_arms_that_are_not_there_are_skipped_and_figures_without_a_treatment_are_not():
    grid = sheet(
        "study,measure,treat1,mean1,sd1,treat2,mean2,sd2,treat3,mean3,sd3",
        "S,final,a,5,1,b,6,1,,,",
        "T,final,a,5,1,b,6,1,NA,NA,NA",
        "U,final,a,5,1,,6,1,c,7,1",
    )
    made = arrange(grid, [])
    assert cells(made, "study", ROW, "treatment") == [
        ("S", "2.1", "a"),
        ("S", "2.2", "b"),
        ("T", "3.1", "a"),
        ("T", "3.2", "b"),
        ("U", "4.1", "a"),
        ("U", "4.2", ""),
        ("U", "4.3", "c"),
    ]


def test_a_wide_sheet_by_its_lines():
    grid = sheet("Trial,drug,score drug,sham,score sham,SD", "S,a,5,b,6,2")
    lines = [
        ColumnLine("study", "trial"),
        ColumnLine("treatment", "drug", arm="1"),
        ColumnLine("mean", "score drug", arm="1"),
        ColumnLine("treatment", "sham", arm="2"),
        ColumnLine("mean", "score_sham", arm="2"),
        ColumnLine("sd", "SD", arm="1"),
        ColumnLine("sd", "SD", arm="2"),
        ColumnLine("measure", default="final"),
    ]
    made = arrange(grid, lines)
    assert made.layout == "wide"
    assert cells(made, "treatment", "mean", "sd") == [("a", "5", "2"), ("b", "6", "2")]


def test_a_total_is_not_the_n_of_every_arm():
    made = arrange(sheet("study,n,treat1,mean1,treat2,mean2", "S,40,a,5,b,6"), [])
    assert set(made.rows["n"]) == {""}
    assert uses(made)["n"] == ("", "", "not used")
    (finding,) = [f for f in made.findings if f.rule == "unknown_column"]
    assert "n1, n2" in finding.hint


ARM_LEVEL = ["mean", "sd", "n", "se", "median", "q1", "q3", "min", "max", "baseline_mean"]
NUMBER = st.integers(0, 99).map(str)


@st.composite
def long_tables(draw):
    """A table with an arm a row; every arm has a treatment, other cells may be blank."""
    columns = ["mean", *draw(st.lists(st.sampled_from(ARM_LEVEL[1:]), unique=True))]
    rows = []
    for study in range(draw(st.integers(1, 4))):
        whole = {"study": f"S{study}", "year": draw(NUMBER), "measure": "final"}
        for arm in range(1, draw(st.integers(2, 4)) + 1):
            figures = {column: draw(NUMBER | st.just("")) for column in columns}
            treatment = draw(st.sampled_from(["placebo", "a + b", "exercise 1"]))
            rows.append(whole | {"treatment": treatment, ROW: f"{study + 2}.{arm}"} | figures)
    return columns, rows


@options(max_examples=60, deadline=None)
@given(long_tables(), st.sampled_from(["{c}{a}", "{c}_{a}", "{c}.{a}", "{c} {a}", "arm{a}_{c}"]))
def test_long_made_wide_and_arranged_is_long_again(table, style):
    columns, rows = table
    named = [
        (style.format(c=column, a=arm), column, arm)
        for arm in range(1, 5)
        for column in ("treatment", *columns)
    ]
    at = {row[ROW]: row for row in rows}
    lines = {}
    for row in rows:
        number = int(row[ROW].split(".")[0])
        lines[number] = [row["study"], row["year"], row["measure"]] + [
            at.get(f"{number}.{arm}", {}).get(column, "") for _, column, arm in named
        ]
    header = ["study", "year", "measure", *(name for name, _, _ in named)]
    made = arrange(Sheet("a.csv", header, list(lines.items())), [])
    told = ["study", "year", "measure", "treatment", *columns, ROW]
    assert made.layout == "wide"
    assert made.rows[told].to_dict("records") == [{c: row[c] for c in told} for row in rows]


# ---- columns ---------------------------------------------------------------------------

LONG = "study,measure,treatment,mean,sd,n"


def test_our_own_table_stays_as_it_is():
    grid = read_grid(tabular.ROOT / "data/trials.csv")
    made = arrange(grid, [])
    plain = tables.read_input(tabular.ROOT / "data/trials.csv", contract.TRIALS, "trials")
    assert made.layout == "long"
    assert made.findings == []
    names = [column.name for column in contract.TRIALS] + [ROW]
    pd.testing.assert_frame_equal(made.rows[names], plain[names], check_dtype=False)


def test_arranged_rows_have_every_column():
    made = arrange(sheet(LONG, "S,final,a,5,1,20"), [])
    assert made.rows.columns.tolist() == [c.name for c in contract.TRIALS] + [FILE, ROW]
    assert made.rows[FILE].tolist() == ["data/a.csv"]
    assert made.rows[ROW].tolist() == [2]
    assert made.columns.columns.tolist() == ["file", "column", "contract", "arm", "use"]


def test_every_unknown_column_is_listed_and_warned_of():
    made = arrange(sheet(LONG + ",Zeta,Durations", "S,final,a,5,1,20,1,2"), [])
    found = [f for f in made.findings if f.rule == "unknown_column"]
    assert [f.column for f in found] == ["Zeta", "Durations"]
    assert "'duration'" in found[1].hint
    assert uses(made)["Zeta"] == ("", "", "not used")


def test_the_order_of_the_listing_is_that_of_the_sheet():
    made = arrange(sheet("Zeta," + LONG, "1,S,final,a,5,1,20"), [ColumnLine("weeks", default="4")])
    assert made.columns["column"].tolist() == ["Zeta", *LONG.split(","), ""]
    assert made.columns["use"].tolist() == ["not used", *["same name"] * 6, "constant"]


@pytest.mark.parametrize("name", ["Pain Score", " pain_score ", "PAIN.SCORE", "pain  score"])
def test_names_match_whatever_their_case_and_blanks(name):
    grid = Sheet("a.csv", ["study", "measure", "treatment", name], [(2, ["S", "final", "a", "5"])])
    made = arrange(grid, [ColumnLine("mean", "pain score")])
    assert made.rows["mean"].tolist() == ["5"]


def test_recoding_defaults_and_constants():
    grid = sheet(LONG + ",bias,wk", "S,final,a,5,1,20,Low Risk,4", "S,final,b,5,1,NR,odd,")
    lines = [
        ColumnLine("rob", "bias", values={"low risk": "low"}),
        ColumnLine("weeks", "wk", default="12"),
        ColumnLine("duration", default="acute"),
        ColumnLine("n", "n", values={"nr": ""}),
    ]
    made = arrange(grid, lines)
    assert cells(made, "rob", "weeks", "duration", "n") == [
        ("low", "4", "acute", "20"),
        ("odd", "12", "acute", ""),
    ]
    assert uses(made)["bias"] == ("rob", "", "columns.csv")


def test_a_column_can_be_left_out_on_purpose():
    made = arrange(sheet(LONG + ",zeta", "S,final,a,5,1,20,1"), [ColumnLine("-", "zeta")])
    assert made.findings == []
    assert uses(made)["zeta"] == ("", "", "not used: columns.csv")


def test_lines_hold_for_the_files_that_they_name():
    line = ColumnLine("mean", "score", file="b*.xlsx")
    assert line.holds_for("data/b1.xlsx [Trials]")
    assert not line.holds_for("data/c.xlsx [b1.xlsx]")
    assert ColumnLine("mean", "score", file="data/*").holds_for("data/a.csv")
    assert ColumnLine("mean", "score", file="b.xlsx [Trials]").holds_for("data/b.xlsx [Trials]")


def test_two_columns_for_one_cell():
    found = errors(sheet(LONG + ",score,Mean", "S,final,a,5,1,20,5,5"), ColumnLine("mean", "score"))
    assert rules(found) == ["column_twice", "column_twice"]
    assert {f.column for f in found} == {"mean", "Mean"}
    assert "'score' and 'mean' both stand for mean" in found[0].hint


def test_a_layout_gives_way_to_the_lines():
    grid = sheet("studlab,treat1,treat2,TE,seTE,treat1.long", "S,a,b,1,1,aspirin")
    made = arrange(grid, [ColumnLine("treatment", "treat1.long")])
    assert cells(made, "treatment", "comparator") == [("aspirin", "b")]
    assert uses(made)["treat1"][2] == "not used: 'treat1.long' is"
    assert uses(made)["treat1.long"] == ("treatment", "", "columns.csv")
    assert uses(made)["treat2"] == ("comparator", "", "netmeta contrasts")


def test_the_columns_that_pairwise_carries_over_do_no_harm():
    header = "treat1,treat2,TE,seTE,mean1,mean2,sd1,sd2,n1,n2,studlab,Study,Treatment1,y1"
    made = arrange(sheet(header, "a,b,-1,1,5,6,1,1,9,9,S,S,a,5"), [])
    assert cells(made, "study", "treatment", "mean") == [("S", "a", "5"), ("S", "b", "6")]
    assert uses(made)["Study"] == ("", "", "not used: 'studlab' is")
    assert [f.column for f in made.findings if f.rule == "unknown_column"] == ["Treatment1", "y1"]


def test_missing_columns_all_at_once():
    found = errors(sheet("Studie,maen,sd", "S,5,1"))
    assert [(f.rule, f.column) for f in found] == [
        ("wrong_header", "study"),
        ("wrong_header", "measure"),
        ("wrong_header", "treatment"),
    ]
    assert "Did you mean 'Studie'?" in found[0].hint
    assert "columns.csv" in found[2].hint


def test_no_rows():
    assert rules(errors(Sheet("a.csv", LONG.split(","), []))) == ["empty_file"]


@pytest.mark.parametrize(
    "header",
    ["study,treatment,responders,sampleSize", "studyc,trtc,r,n", "id,t1,r1,n1,t2,r2,n2,rob",
     "studlab,treat1,treat2,TE,seTE,event1,n1,event2,n2"],
)  # fmt: skip
def test_binary_outcomes(header):
    found = errors(sheet(header, ",".join("1" * len(header.split(",")))))
    assert rules(found) == ["binary_outcome"]


def test_an_arm_line_on_a_sheet_with_an_arm_a_row():
    line = ColumnLine("sd", "sd", arm="1", row=3)
    (found,) = errors(sheet("studlab,treat,mean,sd", "S,a,5,1"), line)
    assert (found.rule, found.file, found.row) == ("needless_arm", "config/columns.csv", 3)


# ---- measure ---------------------------------------------------------------------------


def test_arms_of_an_export_are_final_values_unless_a_mean_is_negative():
    made = arrange(sheet("studlab,treat,mean,sd,n", "S,a,5,1,20", "S,b,6,1,20"), [])
    assert set(made.rows["measure"]) == {"final"}
    assert rules(made.findings) == ["measure_assumed"]
    (found,) = errors(sheet("studlab,treat,mean,sd,n", "S,a,5,1,20", "S,b,-6,1,20"))
    assert (found.rule, found.row, found.column) == ("measure_needed", 3, "mean")
    (found,) = errors(sheet("study,t1,y1,sd1,n1,t2,y2,sd2,n2,rob", "S,a,5,1,20,b,-6,1,20,1"))
    assert (found.row, found.column) == ("2.2", "y2")


# ---- decimal comma and missing values --------------------------------------------------


def semicolons(*rows, header="study;measure;treatment;mean;sd;p_value"):
    split = [row.split(";") for row in rows]
    return Sheet("a.csv", header.split(";"), list(enumerate(split, 2)))


def test_decimal_commas_become_points():
    made = arrange(semicolons("S;final;a, b;5,5;1;", "S;final;b;-0,25;,5;<0,05"), [])
    assert cells(made, "treatment", "mean", "sd", "p_value") == [
        ("a, b", "5.5", "1", ""),
        ("b", "-0.25", ".5", "<0.05"),
    ]
    (finding,) = made.findings
    assert finding.rule == "decimal_comma"
    assert "4 cells of mean, sd, p_value" in finding.hint


def test_commas_beside_points_stay():
    made = arrange(semicolons("S;final;a;5,5;1.5;", "S;final;b;5;1;"), [])
    assert made.rows["mean"].tolist() == ["5,5", "5"]
    assert made.findings == []


def test_thousands_or_decimals():
    made = arrange(semicolons("S;final;a;1,234;1;", "S;final;b;5;1;"), [])
    assert made.rows["mean"].tolist() == ["1,234", "5"]
    assert rules(made.findings) == ["thousands_or_decimal"]
    made = arrange(semicolons("S;final;a;1,234;1;", "S;final;b;0,123;1;"), [])
    assert made.rows["mean"].tolist() == ["1.234", "0.123"]


def test_words_for_missing_are_blank_in_exports_only():
    made = arrange(sheet("studlab,treat,mean,sd,n", "S,a,5,NA,.", "S,n/a,6,1,not reported"), [])
    assert cells(made, "treatment", "sd", "n") == [("a", "", ""), ("n/a", "1", "")]
    made = arrange(sheet(LONG, "S,final,a,5,NA,."), [])
    assert cells(made, "sd", "n") == [("NA", ".")]


# ---- columns.csv -----------------------------------------------------------------------


def lines_of(tmp_path, *rows):
    path = tmp_path / "columns.csv"
    path.write_text("\n".join(["file,column,contract,arm,values,default", *rows]) + "\n")
    return column_lines(tables.read_input(path, COLUMNS, "columns"))


def test_lines_are_read(tmp_path):
    (line,) = lines_of(tmp_path, "*.csv,Bias,rob,2,Low risk = low; a=b=high ;NR=,low")
    assert line == ColumnLine(
        "rob",
        "Bias",
        "*.csv",
        "2",
        {"low risk": "low", "a=b": "high", "nr": ""},
        "low",
        str(tmp_path / "columns.csv"),
        2,
    )


def test_everything_wrong_with_the_lines_is_said_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        lines_of(tmp_path, ",a,maen,,,", ",a,mean,one,,", ",a,mean,,x,", ",,mean,,,", ",,-,,,")
    found = caught.value.findings
    assert [(f.rule, f.row, f.column) for f in found] == [
        ("unknown_contract", 2, "contract"),
        ("bad_arm", 3, "arm"),
        ("bad_values", 4, "values"),
        ("empty_line", 5, "column"),
        ("empty_line", 6, "column"),
    ]
    assert "'mean'" in found[0].hint


def test_stale_lines():
    grids = [sheet(LONG, file="data/a.csv"), sheet("score", file="data/b.csv")]
    lines = [
        ColumnLine("mean", "Score"),
        ColumnLine("mean", "scores", row=3),
        ColumnLine("mean", "score", file="a.csv", row=4),
        ColumnLine("mean", "score", file="c.csv", row=5),
        ColumnLine("weeks", default="4"),
        ColumnLine("treatment", arm="2", default="placebo", row=6),
    ]
    found = stale(lines, grids)
    assert [(f.rule, f.row, f.column) for f in found] == [
        ("stale_column", 3, "column"),
        ("stale_column", 4, "column"),
        ("stale_column", 5, "file"),
        ("needless_arm", 6, "arm"),
    ]
    assert "'score'" in found[0].hint
    assert stale(lines, []) == []


# ---- the table of layouts --------------------------------------------------------------


def test_every_layout_maps_to_the_contract():
    names = {column.name for column in contract.TRIALS}
    pseudo = {exports.DIFFERENCE, exports.DIFFERENCE_SE}
    for layout in exports.LAYOUTS:
        for place in layout.columns.values():
            column, _, arm = place.partition(" ")
            assert place.startswith("-") or column in names | pseudo, (layout.name, place)
            assert place.startswith("-") or (layout.shape == "pairs") >= bool(arm)
        known = {fold(name) for name in layout.columns} | {fold(n) for n in names}
        known |= {fold(name) for name in layout.joins}
        assert {fold(n) for group in layout.needs for n in group} <= known


def test_the_page_for_users_names_every_layout_and_column_of_the_map():
    page = (tabular.ROOT / "docs/your_sheet.md").read_text(encoding="utf-8")
    told = [layout.name for layout in (*exports.LAYOUTS, exports.WIDE, exports.LONG)]
    assert [name for name in told if f"`{name}`" not in page] == []
    assert [column.name for column in COLUMNS if f"| `{column.name}` |" not in page] == []
