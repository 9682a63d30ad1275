"""Changes and differences: examples and near misses."""

from suspects import CHANGE, GAIN, P, a, d, examples

# rule: [(rows of a study, {row: proposal})] that it must find.
HITS = {
    "change_sign": [
        ([a(mean=15, **CHANGE), a(P, mean=9, **CHANGE)], {0: "improvement", 1: "improvement"}),
        ([a(mean=-15, **GAIN), a(P, mean=-9, **GAIN)], {0: "change", 1: "change"}),
    ],
    "arm_sign": [
        ([a(mean=18, **CHANGE), a(P, mean=-20, **CHANGE)], {0: "-18"}),
        ([a(mean=20, **GAIN), a(P, mean=-18, **GAIN)], {1: "18"}),
    ],
    "change_mismatch": [
        ([a(mean=-30, baseline_mean=60, **CHANGE), a(mean=50)], {0: "-10"}),
        ([a(mean=20, **CHANGE), a(mean=40, baseline_mean=60)], {0: "-20"}),
        (
            [a(mean=3, instrument="comfort 0-10", baseline_mean=5, **GAIN),
             a(mean=3, instrument="comfort 0-10")],
            {0: "-2"},
        ),
    ],
    "change_beyond_baseline": [
        ([a(mean=-50, baseline_mean=40, **CHANGE)], {0: ""}),
        ([a(mean=6, sd=2, baseline_mean=7, instrument="comfort 0-10", **CHANGE)], {0: ""}),
        ([a(mean=50, baseline_mean=40, **GAIN)], {0: ""}),
    ],
    "difference_contradicts_arms": [
        ([a(mean=30), a(P, mean=40), d(10, se=3)], {2: "-10"}),
        ([a(mean=30), a(P, mean=40), d(-25, se=3)], {2: ""}),
        ([a(mean=20, **GAIN), a(P, mean=10, **GAIN), d(10, se=3)], {2: "-10"}),
    ],
}  # fmt: skip

# Rows that it must not find.
MISSES = {
    "change_sign": [
        [a(mean=15, **CHANGE), a(P, mean=-5, **CHANGE)],
        [a(mean=2, **CHANGE), a(P, mean=1, **CHANGE)],
        [a(mean=2, sd=2, instrument="comfort 0-10", **CHANGE)],
    ],
    "arm_sign": [
        [a(mean=5, **CHANGE), a(P, mean=-20, **CHANGE)],
        [a(mean=-20, **CHANGE), a(P, mean=-9, **CHANGE)],
    ],
    "change_mismatch": [
        [a(mean=-20, baseline_mean=60, **CHANGE), a(mean=38)],
        [a(mean=20, baseline_mean=60, **GAIN), a(mean=38)],
        [a(mean=-20, baseline_mean=60, **CHANGE), a(mean=20, weeks=12)],
        [a(mean=2, instrument="comfort 0-10", baseline_mean=5, **GAIN),
         a(mean=7, instrument="comfort 0-10")],
    ],
    "change_beyond_baseline": [
        [a(mean=-40, baseline_mean=40, **CHANGE)],
        [a(mean=50, baseline_mean=40, **CHANGE)],
        [a(mean=3, sd=2, baseline_mean=7, instrument="comfort 0-10", **CHANGE)],
    ],
    "difference_contradicts_arms": [
        [a(mean=30), a(P, mean=40), d(-9, se=3)],
        [a(mean=20, **GAIN), a(P, mean=10, **GAIN), d(-10, se=3)],
        [a(mean=30), a(P, mean=31), d(1, se=3)],  # within chance
        [a(mean=30), a(P, mean=40), d(10, se=3, weeks=12)],
    ],
}  # fmt: skip

test_finds, test_passes, test_has_both = examples("changes", HITS, MISSES)
