"""The trace: every figure of an arm leads back to its cells."""

import tabular
from tabular import arm, contrast, text_table

from nma import corrections
from nma.contract import NAMES
from nma.harmonise import harmonise
from nma.trace import TRACE_COLUMNS


def traced(table):
    got = harmonise(table, tabular.instruments(), tabular.nodes(), tabular.settings())
    assert got.trace.columns.tolist() == TRACE_COLUMNS
    return got.trace


def cells(trace, treatment, figure):
    one = trace[(trace["treatment"] == treatment) & (trace["figure"] == figure)]
    return {
        (row, column): cell
        for row, column, cell in zip(one["row"], one["column"], one["cell"], strict=True)
    }


def test_an_arm_leads_back_to_its_cells():
    trace = traced(
        text_table([
            arm("S", "ibuprofen", 49, "30.0", "", se="3"),
            arm("S", "placebo", 40, 42, 21),
        ])
    )  # fmt: skip
    assert cells(trace, "NSAID", "mean") == {
        (2, "mean"): "30.0", (2, "measure"): "final", (2, "instrument"): "VAS 0-100",
    }  # fmt: skip
    assert cells(trace, "NSAID", "sd") == {(2, "se"): "3", (2, "n"): "49"}
    assert cells(trace, "NSAID", "n") == {(2, "n"): "49"}
    assert set(trace.loc[trace["treatment"] == "NSAID", "derivation"]) == {"sd_from_se"}


def test_combined_arms_name_both_rows():
    trace = traced(text_table([arm("S", t) for t in ("ibuprofen", "naproxen", "placebo")]))
    assert {row for row, _ in cells(trace, "NSAID", "mean")} == {2, 3}


def test_a_difference_names_what_its_se_came_from():
    row = contrast("S", "ibuprofen", "placebo", -9, p_value="<0.05", n=30, n_comparator=31)
    trace = traced(text_table([row]))
    for treatment in ("NSAID", "placebo"):
        assert cells(trace, treatment, "se") == {(2, "mean"): "-9", (2, "p_value"): "<0.05"}
        assert (2, "mean") in cells(trace, treatment, "y")


def test_a_correction_keeps_the_printed_cell():
    table = text_table([arm("S", "ibuprofen"), arm("S", "placebo", sd="1.827")])
    fix = {"study": "S", "row": 3, "column": "sd", "old": "1.827", "new": "18.27", "reason": "x"}
    table, findings, _ = corrections.correct(table, text_table([fix], "corrections"))
    assert findings == []
    line = traced(table).query("treatment == 'placebo' and column == 'sd'").iloc[0]
    assert (line["cell"], line["printed"]) == ("18.27", "1.827")


def test_the_users_own_column_is_named():
    table = text_table([arm("S", "ibuprofen"), arm("S", "placebo")])
    table[NAMES] = '{"mean": "Mittelwert"}'
    trace = traced(table)
    assert set(trace.loc[trace["column"] == "mean", "sheet_column"]) == {"Mittelwert"}
    assert set(trace.loc[trace["column"] == "n", "sheet_column"]) == {"n"}
