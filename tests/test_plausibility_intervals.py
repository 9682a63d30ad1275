"""Intervals and p: examples and near misses."""

from suspects import NRS, d, examples

# rule: [(rows of a study, {row: proposal})] that it must find.
HITS = {
    "ci_without_mean": [
        ([d(12, ci_low=-20, ci_high=-4)], {0: "-12"}),
        ([d(-30, ci_low=-20, ci_high=-4)], {0: ""}),
    ],
    "ci_asymmetric": [([d(-6, ci_low=-20, ci_high=-4)], {0: ""})],
    "p_against_ci": [
        ([d(-12, ci_low=-20, ci_high=-4, p_value="0.2")], {0: ""}),
        ([d(-9, ci_low=-20, ci_high=2, p_value="<0.05")], {0: ""}),
        ([d(-12, ci_low=-15, ci_high=-9, p_value="0.03")], {0: ""}),
        ([d(-12, ci_low=-20, ci_high=-4, p_value="<0.0001")], {0: ""}),
    ],
}  # fmt: skip

# Rows that it must not find.
MISSES = {
    "ci_without_mean": [[d(-4, ci_low=-20, ci_high=-4)]],
    "ci_asymmetric": [
        [d(-11, ci_low=-20, ci_high=-4)],
        [d(0.1, ci_low=0, ci_high=0.1, **NRS)],  # 0.05, 0.00 to 0.10
        [d(-6, ci_low=-20, ci_high=-4, median=-6)],
    ],
    "p_against_ci": [
        [d(-12, ci_low=-20, ci_high=-4, p_value="0.003")],
        [d(-12, ci_low=-20, ci_high=-4, p_value="<0.05")],
        [d(-12, ci_low=-20, ci_high=-4, p_value="<0.001")],  # 0.003: another model
        [d(-0.3, ci_low=-0.6, ci_high=0, p_value="0.04", **NRS)],
        [d(-9, ci_low=-20, ci_high=2, p_value=">0.05")],
    ],
}  # fmt: skip

test_finds, test_passes, test_has_both = examples("intervals", HITS, MISSES)
