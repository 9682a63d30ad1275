"""Means against other arms, other studies and the scale: examples and near misses."""

from suspects import CHANGE, NRS, UNKNOWN, P, a, d, examples

# rule: [(rows of a study, {row: proposal})] that it must find.
HITS = {
    "digit_slip_mean": [
        ([a(mean=3.4, sd=8), a(P, mean=36)], {0: "34"}),
        ([a(mean=-2.2, n=80, **CHANGE), a(P, mean=-19, n=80, **CHANGE)], {0: "-22"}),
    ],
    "direction_reversed": [
        ([a(mean=67), a(P, mean=69, sd=21)], {0: "33", 1: "31"}),
    ],
    "scale_0_10_as_0_100": [
        ([a(mean=3.1, sd=2), a(P, mean=4.2, sd=2.2)], {0: "VAS 0-10", 1: "VAS 0-10"}),
    ],
    "baseline_imbalance": [
        ([a(baseline_mean=60, baseline_sd=10), a(P, baseline_mean=45, baseline_sd=10)], {1: ""}),
    ],
    "baseline_gap": [([a(baseline_mean=60), a(P, baseline_mean=35)], {1: ""})],
    "skewed": [([a(mean=5, sd=12), a(P)], {0: ""})],
    "improbable_effect": [
        ([a(mean=20, sd=6), a(P, mean=60, sd=6)], {0: "", 1: ""}),
        ([a(mean=15, sd=9), a(P, mean=60, sd=9), a("exercise", mean=62, sd=9)], {0: ""}),
    ],
    "improbable_points": [([d(-70, se=5)], {0: ""}), ([d(-7, se=1, **NRS)], {0: ""})],
    "grim": [([a(mean=5.37, sd=2, n=25, **NRS), a(P, mean=6, sd=2, **NRS)], {0: ""})],
}  # fmt: skip

# Rows that it must not find.
MISSES = {
    "digit_slip_mean": [
        [a(mean=15), a(P, mean=36)],
        [a(mean=8, sd=9), a(P, mean=36)],
        [a(mean=3.4, sd=30, n=5), a(P, mean=36, sd=30, n=5)],  # within chance
    ],
    "direction_reversed": [
        [a(mean=67), a(P, mean=40)],
        [a(mean=30), a(P, mean=33)],
        [a(mean=92), a(P, mean=95)],  # reversed it would be as far out
    ],
    "scale_0_10_as_0_100": [
        [a(mean=3.1, sd=12), a(P, mean=4.2, sd=13)],
        [a(mean=3.1, sd=2, baseline_mean=55), a(P, mean=4.2, sd=2, baseline_mean=56)],
        [a(mean=3.1, sd=""), a(P, mean=4.2, sd="")],  # near recovery, for all one can tell
        [a(mean=3.1, sd=2, **NRS), a(P, mean=4.2, sd=2.2, **NRS)],
    ],
    "baseline_imbalance": [
        [a(baseline_mean=60, baseline_sd=10), a(P, baseline_mean=55, baseline_sd=10)],
    ],
    "baseline_gap": [
        [a(baseline_mean=60), a(P, baseline_mean=45)],
        [a(baseline_mean=60, baseline_sd=30), a(P, baseline_mean=35, baseline_sd=30)],
    ],
    "skewed": [[a(mean=10, sd=12), a(P)], [a(mean=-2, sd=12, **CHANGE), a(P, **CHANGE)]],
    "improbable_effect": [[a(mean=20, sd=6), a(P, mean=30, sd=6)]],
    "improbable_points": [[d(-40, se=5)], [d(-70, se=5, **UNKNOWN)]],
    "grim": [
        [a(mean=5.36, sd=2, n=25, **NRS), a(P, mean=6, sd=2, **NRS)],
        [a(mean=5.37, sd=2, n=120, **NRS)],
        [a(mean=5.37, sd=2, n=25)],
        [a(mean=5.37, sd=2, n=25, note="adjusted mean", **NRS)],
        [a(mean=5.4, sd=2, n=25, **NRS)],
    ],
}  # fmt: skip

test_finds, test_passes, test_has_both = examples("means", HITS, MISSES)
