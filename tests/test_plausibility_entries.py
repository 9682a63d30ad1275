"""Rows entered twice, labels and weeks: examples and near misses."""

from suspects import NRS, P, a, examples

# rule: [(rows of a study, {row: proposal})] that it must find.
HITS = {
    "identical_arms": [
        (
            [a(mean=33.7, sd=21.4, n=57, study="Twin 2001"),
             a(P, n=57, mean=36, study="Twin 2001"),
             a(mean=33.7, sd=21.4, n=57, study="Double 2002"),
             a(P, n=57, mean=38, study="Double 2002")],
            {0: "", 2: ""},
        ),
        ([a(mean=33.7, sd=21.4), a(P, mean=33.7, sd=21.4)], {1: ""}),
    ],
    "entered_twice": [
        ([a(mean=4.7, sd=2, n=33, **NRS), a(mean=4.7, sd="", n=33, instrument="comfort 0-10")],
         {0: "", 1: ""}),
    ],
    "shared_arm_split": [
        ([a(P, mean=41, n=20), a("sham", mean=41, n=20), a(n=40)], {1: ""}),
        ([a(P, mean=41, n=40), a("sham", mean=41, n=20), a(n=40)], {1: ""}),
    ],
    "several_reports": [
        (
            [a(study="Report 2001", doi="https://doi.org/10.1000/ABC.1"),
             a(P, study="Report 2001", doi="10.1000/abc.1"),
             a(study="Paper 2002", doi="doi:10.1000/abc.1"), a(P, study="Paper 2002")],
            {0: "", 2: ""},
        ),
        ([a(doi="10.1000/x1"), a(P, doi="10.1000/x2")], {0: ""}),
        (
            [a(study="Kim 2010a", n=33), a(P, study="Kim 2010a", n=34),
             a(study="Kim 2010b", n=33), a(P, study="Kim 2010b", n=34)],
            {0: "", 2: ""},
        ),
    ],
    "unpaired_assessment": [
        ([a(weeks=4), a(P, weeks=5)], {0: "", 1: ""}),
        ([a(weeks=12), a(P, weeks=12), a("exercise", weeks=1.2)], {2: "12"}),
    ],
    "label_typo": [
        (
            [a(study="Zimmermann 2015"), a("exercise", study="Zimmermann 2015"),
             a(P, study="Zimmerman 2015")],
            {2: "Zimmermann 2015"},
        ),
    ],
}  # fmt: skip

# Rows that it must not find.
MISSES = {
    "identical_arms": [
        [a(mean=33.2, sd=21.3, n=57, study="Solo 2001"), a(P, study="Solo 2001"),
         a(mean=33.2, sd=21.3, n=58, study="Duo 2002"), a(P, study="Duo 2002")],
        [a(), a(P)],
        [a(P, mean=33.7, sd=21.4), a("sham", mean=33.7, sd=21.4)],
    ],
    "entered_twice": [
        [a(mean=4.7, sd=2, n=33, **NRS), a(mean=4.7, sd="", n=34, instrument="comfort 0-10")],
    ],
    "shared_arm_split": [
        [a(P, mean=41, n=20), a("sham", mean=41, n=33), a(n=40)],
        [a(P, mean=41, n=20), a("sham", mean=42, n=20), a(n=40)],
    ],
    "several_reports": [
        [a(study="MINT 2017 facet", doi="10.1000/m"), a(P, study="MINT 2017 facet"),
         a(study="MINT 2017 sacroiliac", doi="10.1000/m"), a(P, study="MINT 2017 sacroiliac")],
        [a(study="Lee 2010a", n=33), a(P, study="Lee 2010a", n=34),
         a(study="Lee 2010b", n=35), a(P, study="Lee 2010b", n=34)],
        [a(doi="10.1000/y"), a(P, doi="PMC123")],
    ],
    "unpaired_assessment": [
        [a(weeks=4), a(P, weeks=4), a(weeks=5)],
        [a(weeks=4), a(P, weeks=12)],
    ],
    "label_typo": [
        [a(study="Zwick 2015"), a(P, study="Zwick 2015"), a(P, study="Vogel 2015")],
        [a(study="Quadflieg 2015"), a(P, study="Quadflieg 2015"),
         a(study="Quadflieg 2016"), a(P, study="Quadflieg 2016")],
    ],
}  # fmt: skip

test_finds, test_passes, test_has_both = examples("entries", HITS, MISSES)
