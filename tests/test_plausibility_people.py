"""Numbers of participants: examples and near misses."""

from suspects import CHANGE, P, a, d, examples

# rule: [(rows of a study, {row: proposal})] that it must find.
HITS = {
    "tiny_arm": [([a(n=4), a(P)], {0: ""})],
    "n_imbalance": [
        ([a(n=4), a(P, n=30)], {0: ""}),
        ([a(n=31), a(P, n=300)], {1: "30"}),
    ],
    "n_grows": [([a(n=40), a(n=50, weeks=12), a(n=38, weeks=26)], {1: ""})],
    "n_contradicts_arms": [([a(n=40), a(P), d(n=60, n_comparator=40, se=4)], {2: ""})],
}  # fmt: skip

# Rows that it must not find.
MISSES = {
    "tiny_arm": [[a(n=5), a(P)]],
    "n_imbalance": [
        [a(n=30), a(P, n=100)],
        [a("ibuprofen + pooled with: naproxen", n=170), a(P, n=32)],
        [a(n=2), a(P, n=9)],  # within chance
    ],
    "n_grows": [[a(n=40), a(n=42, weeks=12)], [a(n=50), a(n=40, weeks=12)]],
    "n_contradicts_arms": [
        [a(n=40), a(P), d(n=41, n_comparator=40, se=4)],
        [a(n=40), a(n=60, **CHANGE), a(P), d(n=60, n_comparator=40, se=4)],  # that of the changes
    ],
}  # fmt: skip

test_finds, test_passes, test_has_both = examples("people", HITS, MISSES)
