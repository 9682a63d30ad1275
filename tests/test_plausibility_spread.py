"""SDs against their own row, the other arms and the scale: examples and near misses."""

from suspects import CHANGE, NRS, UNKNOWN, P, a, d, examples

# rule: [(rows of a study, {row: proposal})] that it must find.
HITS = {
    "se_above_sd": [([a(sd=3, se=20), a(P)], {0: "3"}), ([a(sd=3, se=5), a(P)], {0: ""})],
    "sd_against_se": [([a(se=2), a(P)], {0: ""})],
    "sd_against_ci": [([a(ci_low=28, ci_high=32), a(P)], {0: ""})],
    "sd_of_part": [
        ([a(sd=21, n=101), a(P, sd=14, n=52)], {1: "19.8"}),
        ([a(sd=21, n=60), a("exercise", sd=22, n=60), a(P, sd=13, n=60)], {2: "22.52"}),
        ([a(sd=20, n=120), a("exercise", sd=14, n=60)], {1: "19.8"}),
    ],
    "sd_unlike_arms": [([a(sd=32, n=60), a(P, sd=15, n=60)], {0: ""})],
    "sd_impossible": [([a(mean=5, sd=30), a(P)], {0: ""})],
    "derived_sd_impossible": [([a(mean=5, sd="", ci_low=-5, ci_high=15), a(P)], {0: ""})],
    "same_sd": [
        ([a(sd=20.31), a(P, mean=35, sd=20.31)], {0: ""}),
        ([a(sd=20.3), a(P, mean=35, sd=20.3), a("exercise", mean=32, sd=20.3)], {0: ""}),
    ],
    "mean_is_sd": [([a(mean=31.5, sd=31.5), a(P)], {0: ""})],
}  # fmt: skip

# Rows that it must not find.
MISSES = {
    "se_above_sd": [[a(sd=20, se=3.2), a(P)]],
    "sd_against_se": [
        [a(se=3.16), a(P)],
        [a(mean=5, sd=2.1, se=0.3, **NRS), a(P)],  # 0.33 rounded
        [d(sd=20, se=4.5, n=40, n_comparator=40)],
    ],
    "sd_against_ci": [[a(ci_low=23.6, ci_high=36.4), a(P)], [a(sd=1, ci_low=30, ci_high=30)]],
    "sd_of_part": [
        [a(sd=21, n=60), a(P, sd=14, n=60)],  # nobody shares it
        [a(sd=21, n=101), a(P, sd=17, n=52)],
        [a(sd=14, n=52), a(P, sd=21, n=101)],  # not the control
    ],
    "sd_unlike_arms": [
        [a(sd=24, n=60), a(P, sd=17, n=60)],
        [a(sd=21, n=101), a(P, sd=10.5, n=52)],  # sd_of_part says it better
    ],
    "sd_impossible": [
        [a(mean=5, sd=21), a(P)],
        [a(mean=5, sd=23), a(P)],  # the mean may be 5.49
        [a(mean=-5, sd=30, **CHANGE), a(P, **CHANGE)],
        [a(mean=5, sd=30, **UNKNOWN)],
    ],
    "derived_sd_impossible": [[a(mean=5, sd="", ci_low=0, ci_high=10), a(P)]],
    "same_sd": [
        [a(sd=20.31), a(P, mean=35, sd=20.41)],
        [a(sd=21), a(P, mean=35, sd=21), a("exercise", mean=32, sd=21)],  # a chance of 2%
        [a(sd="21.00"), a(P, mean=35, sd="21.00")],  # zeros that a spreadsheet added
        [a(sd=20.31), a(P, sd=20.31)],  # identical_arms says it better
        [a(sd=20.31), a(P, mean=35, sd=20.31), a("exercise", sd="")],
    ],
    "mean_is_sd": [[a(mean=30, sd=30), a(P)], [a(mean=31.5, sd=31.4), a(P)]],
}  # fmt: skip

test_finds, test_passes, test_has_both = examples("spread", HITS, MISSES)
