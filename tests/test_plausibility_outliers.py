"""SDs that are untypical among other studies: examples and near misses."""

from suspects import UNKNOWN, P, a, d, examples

# rule: [(rows of a study, {row: proposal})] that it must find.
HITS = {
    "se_as_sd": [
        ([a(sd=3.2), a(P, sd=3.4, n=41)], {0: "20.24", 1: "21.77"}),
        ([a(sd=4, n=36, **UNKNOWN), a(P, sd=23, n=36, **UNKNOWN)], {0: "24"}),
        ([d(-5, sd=4, n=40, n_comparator=40)], {0: "17.89"}),
    ],
    "sd_as_se": [([a(sd="", se=20), a(P, sd="", se=21)], {0: "3.162", 1: "3.32"})],
    "digit_slip_sd": [
        ([a(sd=2.1, n=16), a(P, sd=20, n=16)], {0: "21"}),
        ([a(sd=200), a(P, sd=21)], {0: "20"}),
    ],
    "sd_outlier_low": [([a(sd=5, n=400), a(P, sd=5.5, n=400)], {0: "", 1: ""})],
    "sd_outlier_high": [([a(mean=50, sd=47), a(P, mean=52, sd=48)], {0: "", 1: ""})],
    "transposed_mean": [([a(mean=18, sd=44, n=22), a(P)], {0: "44"})],
    "transposed_sd": [([a(mean=18, sd=44, n=22), a(P)], {0: "18"})],
}  # fmt: skip

# Rows that it must not find.
MISSES = {
    "se_as_sd": [
        [a(sd=11), a(P, sd=12)],
        [a(sd=5, n=400), a(P, sd=5.5, n=400)],  # no SE either: the SDs would be 100
        [a(sd=3.3, n=40), a(P, sd=9.5, n=150)],  # one arm would fit, the other would not
        [d(-5, sd=18, n=40, n_comparator=40)],
    ],
    "sd_as_se": [[a(sd="", se=3.2), a(P, sd="", se=3.3)]],
    "digit_slip_sd": [[a(sd=12), a(P, sd=20)], [a(sd=3.2), a(P, sd=3.4)]],
    "sd_outlier_low": [[a(sd=12), a(P, sd=12.5)], [a(sd=3.2), a(P, sd=3.4)]],
    "sd_outlier_high": [[a(mean=50, sd=28), a(P, mean=52, sd=29)]],
    "transposed_mean": [[a(mean=18, sd=25), a(P)], [a(mean=5, sd=44), a(P)]],
    "transposed_sd": [[a(mean=18, sd=25), a(P)]],
}  # fmt: skip

test_finds, test_passes, test_has_both = examples("outliers", HITS, MISSES)
