"""Rules of plausibility: each on a minimal example and its near miss, on the errors known to be
in the committed data, on clean trials, and on errors planted in them."""

import re
import time
from functools import cache
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import tabular
from tabular import ROOT, arm, committed, committed_config, text_table

from nma import corrections, plausibility, rules
from nma.contract import TRIALS, numbers
from nma.corrections import EXCLUDED
from nma.plausibility import DEFAULTS, NAMES, OFF
from nma.tables import ROW

P = "placebo"


# ---- helpers ---------------------------------------------------------------------------


def numbers_of(trials, registries=None):
    """``value`` as rules.check prepares it."""
    instruments, treatments = registries or (tabular.instruments(), tabular.treatments())
    config = committed_config()
    with patch.object(rules, "_run", return_value=[]) as run:
        rules.check(
            trials,
            instruments,
            treatments,
            ["treatment"],
            strata=config["strata"],
            correlation=config["correlation"],
        )
    return run.call_args.args[2]


def alarms(trials, limits=None, registries=None, only=NAMES):
    """{rule: {index: (evidence, proposal)}}."""
    value, found = numbers_of(trials, registries), {}
    for rule in plausibility.rules(limits or {}):
        if rule.name not in only:
            continue
        broken = rule.broken(trials, value)
        assert broken.dtype == bool
        found[rule.name] = {i: rule.evidence(i) for i in trials.index[broken]}
    return found


def crowd():
    """Studies with nothing odd: 50 with final scores and 30 with changes on VAS 0-100."""
    rows = []
    for i in range(50):
        mean, sd, n = 28 + 7 * i % 17, 15 + 5 * i % 11, 31 + 3 * i % 23
        rows += [
            arm(f"Crowd {1000 + i}", "ibuprofen", n, mean, sd),
            arm(f"Crowd {1000 + i}", P, n + 2, mean + 5, sd + 2),
        ]
    for i in range(30):
        mean, sd, n = -15 - 7 * i % 13, 17 + 5 * i % 7, 31 + 3 * i % 23
        rows += [
            arm(f"Throng {1900 + i}", "ibuprofen", n, mean, sd, measure="change"),
            arm(f"Throng {1900 + i}", P, n + 2, mean + 4, sd + 2, measure="change"),
        ]
    rows.append(arm("Lone 1999", P, instrument="VAS 0-10", mean=4, sd=2))
    rows.append(arm("Lone 1999", "exercise", instrument="VAS 0-10", mean=3, sd=1.9))
    return rows


def a(treatment="ibuprofen", **cells):
    return {"treatment": treatment, **cells}


def d(mean=-10, **cells):
    """A difference ibuprofen - placebo."""
    blank = {"n": "", "sd": "", "measure": "difference", "comparator": P, "difference_of": "final"}
    return {"treatment": "ibuprofen", "mean": mean, **blank, **cells}


CHANGE, GAIN = {"measure": "change"}, {"measure": "improvement"}
NRS = {"instrument": "NRS 0-10"}
UNKNOWN = {"instrument": "no range"}

# rule: [(rows of a study, {row: proposal})] that it must find, and rows that it must not.
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
    "transposed_mean": [([a(mean=18, sd=44, n=22), a(P)], {0: "44"})],
    "transposed_sd": [([a(mean=18, sd=44, n=22), a(P)], {0: "18"})],
    "same_sd": [
        ([a(sd=20.31), a(P, mean=35, sd=20.31)], {0: ""}),
        ([a(sd=20.3), a(P, mean=35, sd=20.3), a("exercise", mean=32, sd=20.3)], {0: ""}),
    ],
    "mean_is_sd": [([a(mean=31.5, sd=31.5), a(P)], {0: ""})],
    "digit_slip_mean": [
        ([a(mean=3.4, sd=8), a(P, mean=36)], {0: "34"}),
        ([a(mean=-2.2, n=80, **CHANGE), a(P, mean=-19, n=80, **CHANGE)], {0: "-22"}),
    ],
    "direction_reversed": [
        ([a(mean=67), a(P, mean=69, sd=21)], {0: "33", 1: "31"}),
    ],
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
    "tiny_arm": [([a(n=4), a(P)], {0: ""})],
    "n_imbalance": [
        ([a(n=4), a(P, n=30)], {0: ""}),
        ([a(n=31), a(P, n=300)], {1: "30"}),
    ],
    "n_grows": [([a(n=40), a(n=50, weeks=12), a(n=38, weeks=26)], {1: ""})],
    "n_contradicts_arms": [([a(n=40), a(P), d(n=60, n_comparator=40, se=4)], {2: ""})],
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
    "date_like_mean": [
        ([a(mean="3-May", **NRS), a(P, mean="45050", **NRS)], {0: "3.5", 1: "4.5"}),
        ([a(mean="2003-05-03 00:00:00", **NRS), a(P, mean="03.12.2003", **NRS)],
         {0: "3.5", 1: "3.12"}),
    ],
    "date_like_sd": [([a(sd="Mai 2", **NRS), a(P, sd="2. Mär", **NRS)], {0: "2.5", 1: "2.3"})],
}  # fmt: skip

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
    "transposed_mean": [[a(mean=18, sd=25), a(P)], [a(mean=5, sd=44), a(P)]],
    "transposed_sd": [[a(mean=18, sd=25), a(P)]],
    "same_sd": [
        [a(sd=20.31), a(P, mean=35, sd=20.41)],
        [a(sd=21), a(P, mean=35, sd=21), a("exercise", mean=32, sd=21)],  # a chance of 2%
        [a(sd="21.00"), a(P, mean=35, sd="21.00")],  # zeros that a spreadsheet added
        [a(sd=20.31), a(P, sd=20.31)],  # identical_arms says it better
        [a(sd=20.31), a(P, mean=35, sd=20.31), a("exercise", sd="")],
    ],
    "mean_is_sd": [[a(mean=30, sd=30), a(P)], [a(mean=31.5, sd=31.4), a(P)]],
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
    "tiny_arm": [[a(n=5), a(P)]],
    "n_imbalance": [
        [a(n=30), a(P, n=100)],
        [a("ibuprofen + pooled with: naproxen", n=170), a(P, n=32)],
        [a(n=2), a(P, n=9)],  # within chance
    ],
    "n_grows": [[a(n=40), a(n=42, weeks=12)], [a(n=50), a(n=40, weeks=12)]],
    "n_contradicts_arms": [[a(n=40), a(P), d(n=41, n_comparator=40, se=4)]],
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
    "date_like_mean": [
        [a(mean="-5", **CHANGE), a(P, mean="1e-4")],
        [a(mean="45050", **UNKNOWN)],  # an area under a curve, for all one can tell
        [a(mean="3,5"), a(P, mean="30-40")],
    ],
    "date_like_sd": [[a(sd="2.5"), a(P, sd="about 5")]],
}  # fmt: skip


def placed(cases):
    """The crowd and every study of ``cases``; (rule, number) -> index of its rows."""
    rows, at = crowd(), {}
    for rule, studies in cases.items():
        for i, cells in enumerate(studies):
            at[rule, i] = list(range(len(rows), len(rows) + len(cells)))
            rows += [arm(**{"study": f"{rule} {i} {2000 + len(at)}", **c}) for c in cells]
    return text_table(rows), at


@cache
def found(which):
    cases = {rule: [case[0] for case in hits] for rule, hits in HITS.items()}
    trials, at = placed(cases if which == "hits" else MISSES)
    return alarms(trials), at


@pytest.mark.parametrize(
    ("rule", "i"), [(rule, i) for rule, hits in HITS.items() for i in range(len(hits))]
)
def test_rule_finds(rule, i):
    fired, at = found("hits")
    told = {k: fired[rule][index][1] for k, index in enumerate(at[rule, i]) if index in fired[rule]}
    assert told == HITS[rule][i][1]


@pytest.mark.parametrize(
    ("rule", "i"), [(rule, i) for rule, near in MISSES.items() for i in range(len(near))]
)
def test_rule_passes_its_near_miss(rule, i):
    fired, at = found("misses")
    assert [fired[rule][index] for index in at[rule, i] if index in fired[rule]] == []


def test_every_rule_has_an_example_and_a_near_miss():
    listed = {name for name in NAMES if not name.startswith("date_like")}
    listed |= {"date_like_mean", "date_like_sd"}
    assert set(HITS) == set(MISSES) == listed
    dates = {name.removeprefix("date_like_") for name in NAMES if name.startswith("date_like")}
    assert dates == set(numbers(TRIALS))


def test_evidence_shows_figures():
    for rule, rows in found("hits")[0].items():
        for evidence, proposal in rows.values():
            assert re.search(r"\d", evidence) or rule == "label_typo", rule
            assert "nan" not in evidence, (rule, evidence)
            assert isinstance(proposal, str)


def test_the_crowd_and_the_small_valid_table_have_no_alarm():
    both = pd.concat([text_table(crowd()), tabular.valid_trials()], ignore_index=True)
    assert not any(alarms(both).values())
    assert not any(alarms(tabular.valid_trials()).values())


# ---- limits and robustness -------------------------------------------------------------


def test_a_limit_of_none_switches_its_rule_off():
    assert [rule.name for rule in plausibility.rules({})] == list(NAMES)
    assert [rule.name for rule in plausibility.rules(OFF)] == []
    names = {rule.name for rule in plausibility.rules({"skewed": None, "date_like": None})}
    gone = {name for name in NAMES if name.startswith("date_like")} | {"skewed"}
    assert set(NAMES) - names == gone
    fewer = {rule.name for rule in plausibility.rules({"sd_outlier": None})}
    assert {"se_as_sd", "sd_outlier_low", "transposed_mean"} == (set(NAMES) - fewer) & {
        *("se_as_sd", "sd_outlier_low", "transposed_mean", "sd_of_part", "sd_impossible")
    }


def test_every_limit_is_needed_by_a_rule():
    assert [key for key in DEFAULTS if len(plausibility.rules({key: None})) == len(NAMES)] == []


@pytest.mark.parametrize("key", ["peers", "se_as_sd", "digit_slip_sd", "transposed"])
def test_rules_run_without_each_other(key):
    assert not any(alarms(tabular.valid_trials(), {key: None}).values())


def test_a_limit_can_be_moved():
    trials = text_table([arm("Adams 2001", "ibuprofen", n=9), arm("Adams 2001", P)])
    only = {"tiny_arm"}
    assert alarms(trials, only=only) == {"tiny_arm": {}}
    assert list(alarms(trials, {"tiny_arm": 10}, only=only)["tiny_arm"]) == [0]
    with pytest.raises(ValueError, match="no such limit of plausibility: tiny_arms"):
        plausibility.rules({"tiny_arms": 10})


def test_every_rule_says_what_to_do():
    made = plausibility.rules({})
    assert [r.name for r in made if len(r.hint) < 15 or r.hint[-1] not in ".?"] == []
    columns = {field.name for field in TRIALS}
    assert {rule.column for rule in made} <= columns
    errors = {r.name for r in made if r.level == "error" and not r.name.startswith("date_like")}
    assert errors == {"sd_impossible", "se_above_sd"}


def test_findings_carry_evidence_and_proposal():
    odd = [arm("Adams 2001", "ibuprofen", 22, 18, 44), arm("Adams 2001", P)]
    trials = text_table([*odd, *crowd()])
    value = numbers_of(trials)
    made = rules._run(plausibility.rules({}), trials, value, lambda rule, cell: "")
    told = {finding.rule: finding for finding in made}
    assert set(told) == {"sd_impossible", "transposed_mean", "transposed_sd", "skewed"}
    swapped = told["transposed_sd"]
    assert (swapped.row, swapped.column, swapped.value, swapped.proposal) == (2, "sd", "44", "18")
    assert "at most" in swapped.evidence
    assert told["sd_impossible"].level == "error"


def rows_with(rule, trials):
    """Index of the rows that one rule suspects."""
    return list(alarms(trials, only={rule})[rule])


def test_excluded_rows_are_judged_but_do_not_judge():
    odd = [arm("Adams 2001", "ibuprofen", sd=3.2), arm("Adams 2001", P, sd=3.4)]
    trials = text_table([*odd, *crowd()])
    others_out = trials.assign(**{EXCLUDED: ["", ""] + ["not used"] * (len(trials) - 2)})
    out = trials.assign(**{EXCLUDED: ["not used"] * 2 + [""] * (len(trials) - 2)})
    assert rows_with("se_as_sd", trials) == [0, 1]
    assert rows_with("se_as_sd", others_out) == []
    assert rows_with("se_as_sd", out) == [0, 1]
    # An excluded arm says nothing about the other arm of its study.
    pair = text_table([arm("Adams 2001", "ibuprofen", n=4), arm("Adams 2001", P, n=30)])
    assert rows_with("n_imbalance", pair) == [0]
    assert rows_with("n_imbalance", pair.assign(**{EXCLUDED: ["", "not used"]})) == []


def test_a_study_is_not_its_own_peer():
    """Eight odd SDs of one study among seven other studies are not judged, among eight they are."""
    own = [arm("Adams 2001", t, sd=3 + k / 10, weeks=w) for w in (1, 2, 4, 8)
           for k, t in enumerate(("ibuprofen", P))]  # fmt: skip
    others = crowd()[:16]
    assert rows_with("se_as_sd", text_table([*own, *others[:14]])) == []
    assert rows_with("se_as_sd", text_table([*own, *others])) == list(range(8))


def test_one_scale_in_other_units_gives_the_same_alarms():
    """The crowd and an SE on NRS 0-10: SDs are compared in points."""
    rows = [
        row | {"mean": row["mean"] / 10, "sd": row["sd"] / 10, "instrument": "NRS 0-10"}
        for row in [arm("Adams 2001", "ibuprofen", sd=3.2), arm("Adams 2001", P, sd=3.4), *crowd()]
        if row["instrument"] == "VAS 0-100"
    ]
    fired = alarms(text_table(rows), only={"se_as_sd"})["se_as_sd"]
    assert {i: proposal for i, (_, proposal) in fired.items()} == {0: "2.024", 1: "2.15"}


@pytest.mark.parametrize("cell", ["", "about 9", "0", "1e90"])
def test_any_cell_may_hold_anything(cell):
    trials = tabular.valid_trials().assign(**dict.fromkeys(numbers(TRIALS), cell))
    blank = dict.fromkeys(("study", "treatment", "instrument", "outcome", "measure"), "")
    fired = alarms(pd.concat([trials, trials.assign(**blank)], ignore_index=True))
    assert all(evidence for rows in fired.values() for evidence, _ in rows.values())
    assert any(fired.values()) == (cell == "1e90")


def test_parts_of_a_table():
    trials = tabular.valid_trials()
    differences = trials[trials["measure"] == "difference"]  # its index does not begin with 0
    for part in (trials.head(0), trials.head(1), differences):
        assert not any(alarms(part).values())
    assert not any(alarms(trials.assign(**{EXCLUDED: "not used"})).values())


def test_dates_are_found_in_every_numeric_column():
    columns = numbers(TRIALS)
    trials = text_table([arm(f"Adams {k}", P) for k in range(len(columns))])
    for k, column in enumerate(columns):
        trials.loc[k, column] = "3-May"
    fired = alarms(trials, only={f"date_like_{column}" for column in columns})
    for k, column in enumerate(columns):
        assert {i: told[1] for i, told in fired[f"date_like_{column}"].items()} == {k: "3.5"}


# ---- the committed data ----------------------------------------------------------------

# Where the errors behind data/corrections.csv and data/exclusions.csv show, in the data as
# printed. Blank: the printed figures do not show it; docs/plausibility.md says why.
CORRECTED = {
    ("De Oliveira 2020a", "56", "mean"): "transposed_mean",
    ("De Oliveira 2020a", "56", "sd"): "transposed_sd",
    ("Kurniawati 2020", "185", "n"): "n_imbalance",
    ("Skljarevski 2009a", "279", "sd"): "sd_of_part",
    ("Tavares 2017", "293", "sd"): "digit_slip_sd",
    ("Thomas 2020", "295", "sd"): "sd_of_part",
    ("Xia 2016", "323", "sd"): "sd_of_part",
}
LEFT_OUT = {
    ("Dehghan 2014", ""): "se_as_sd",
    ("Eskin 2014", ""): "",
    ("Hoiriis 2004", "145"): "",
    ("Irvine 2015", ""): "",
    ("Kocak 2019", ""): "skewed",
    ("Lau 2008", "188"): "",
    ("Metscher 2001", ""): "se_as_sd",
    ("Miki 2018", ""): "",
    ("Nejati 2019", ""): "se_as_sd",
    ("Pabst 2013", ""): "",
    ("Patel 2019", ""): "",
    ("Pengel 2007", "241"): "",
    ("Pengel 2007", "242"): "",
    ("Preyde 2000", ""): "grim",
    ("Tavares 2017", ""): "digit_slip_mean",
    ("Xia 2016", "325"): "",
    ("Xia 2016", "326"): "",
    ("Xia 2016", "327"): "entered_twice",
    ("Yang 2017", ""): "tiny_arm",
}


@cache
def of_committed(corrected):
    """Trials and alarms, before (as printed) or after the declared corrections."""
    trials = committed("trials")
    if corrected:
        trials = corrections.correct(trials, committed("corrections"))[0]
    trials, _ = corrections.exclude(trials, committed("exclusions"))
    return trials, alarms(trials, None, (committed("instruments"), committed("treatments")))


def test_every_declared_correction_is_found_in_its_cell():
    trials, fired = of_committed(False)
    columns = {rule.name: rule.column for rule in plausibility.rules({})}
    fixes = committed("corrections")
    assert set(CORRECTED) == set(zip(fixes["study"], fixes["row"], fixes["column"], strict=True))
    for fix in fixes.itertuples():
        rule = CORRECTED[fix.study, fix.row, fix.column]
        (index,) = trials.index[trials[ROW].astype(str) == fix.row]
        assert columns[rule] == fix.column
        evidence, proposal = fired[rule][index]
        assert evidence
        assert not proposal or float(proposal) == pytest.approx(float(fix.new), rel=0.15)


def test_corrected_cells_raise_no_alarm():
    trials, fired = of_committed(True)
    for study, row, column in CORRECTED:
        (index,) = trials.index[trials[ROW].astype(str) == row]
        if study != "Tavares 2017":  # excluded: its other arm is odd still
            assert [rule for rule, rows in fired.items() if index in rows] == [], (row, column)


def test_declared_exclusions_are_found_or_the_docs_say_why_not():
    trials, fired = of_committed(False)
    leave = committed("exclusions")
    assert set(LEFT_OUT) == set(zip(leave["study"], leave["row"], strict=True))
    page = (ROOT / "docs/plausibility.md").read_text(encoding="utf-8")
    for (study, row), rule in LEFT_OUT.items():
        own = trials["study"].eq(study) & (trials[ROW].astype(str).eq(row) | (row == ""))
        told = {name for name, rows in fired.items() if set(rows) & set(trials.index[own])}
        assert (rule in told) if rule else not told, (study, row, told)
        assert rule or study in page, f"{study} is not explained"


def test_few_rows_of_the_committed_data_are_suspect():
    """After corrections and exclusions: at most 1 row in 20, and no error."""
    trials, fired = of_committed(True)
    used = set(trials.index[trials[EXCLUDED] == ""])
    suspect = {index for rows in fired.values() for index in rows} & used
    assert 0 < len(suspect) <= len(used) / 20
    errors = [rule.name for rule in plausibility.rules({}) if rule.level == "error"]
    assert [name for name in errors if set(fired[name]) & used] == []


# ---- clean trials and planted errors ---------------------------------------------------


@cache
def simulated(studies=200, seed=1):
    """Two-arm trials on NRS 0-10: scores of persons, rounded to whole numbers and to the scale,
    then mean and SD to two digits. Means 2 to 6, SDs of 1.4 to 2.6, 12 to 120 persons an arm."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(studies):
        mean, sd, n = rng.normal(4, 1), rng.normal(2, 0.3), int(rng.integers(12, 120))
        for treatment, effect in (("ibuprofen", rng.normal(-0.7, 0.5)), (P, 0.0)):
            size = max(n - int(rng.integers(0, 6)), 8)
            scores = np.clip(np.rint(rng.normal(max(mean, 2) + effect, max(sd, 1.4), size)), 0, 10)
            cells = {"n": size, "mean": f"{scores.mean():.2f}", "sd": f"{scores.std(ddof=1):.2f}"}
            rows.append(arm(f"Simulated {i} 2020", treatment, instrument="NRS 0-10", **cells))
    return rows


def test_clean_simulated_trials_raise_almost_no_alarm():
    rows = simulated()
    fired = alarms(text_table(rows))
    assert len({index for found in fired.values() for index in found}) <= len(rows) / 100


def planted(error, seed=1):
    """Every tenth study with an error in its first arm (SE: in both)."""
    rows, at = [dict(row) for row in simulated(seed=seed)], []
    for i in range(0, len(rows), 20):
        own, other = rows[i], rows[i + 1]
        at.append(i)
        sd, mean, n = float(own["sd"]), float(own["mean"]), int(own["n"])
        if error == "SE for SD":
            own["sd"] = f"{sd / n**0.5:.2f}"
            other["sd"] = f"{float(other['sd']) / int(other['n']) ** 0.5:.2f}"
        elif error == "SD ten times too small":
            own["sd"] = f"{sd / 10:.2f}"
        elif error == "mean ten times too small":
            own["mean"] = f"{mean / 10:.2f}"
        elif error == "SD with a third of a shared arm":
            own["treatment"], own["sd"] = "sham", f"{sd / 3**0.5:.2f}"
            other["treatment"], other["n"] = "ibuprofen + pooled with: naproxen", str(2 * n)
        elif error == "n without its last digit":
            own["n"] = str(max(n // 10, 2))
        elif error == "mean and SD exchanged":
            own["mean"], own["sd"] = own["sd"], own["mean"]
    return rows, at


@pytest.mark.parametrize(
    ("error", "among", "least"),
    [
        ("SE for SD", {"se_as_sd", "digit_slip_sd"}, 0.9),
        ("SD ten times too small", {"se_as_sd", "digit_slip_sd"}, 0.9),
        ("mean ten times too small", {"digit_slip_mean"}, 0.6),
        ("SD with a third of a shared arm", {"sd_of_part"}, 0.6),
        ("n without its last digit", {"n_imbalance"}, 0.9),
        ("mean and SD exchanged", {"transposed_mean"}, 0.3),
    ],
)
def test_planted_errors_are_found(error, among, least):
    rows, at = planted(error)
    fired = alarms(text_table(rows), only=among)
    caught = [any(i in fired[rule] for rule in among) for i in at]
    assert np.mean(caught) >= least


# ---- speed and the page ----------------------------------------------------------------


def test_twenty_thousand_rows_take_seconds():
    rows = simulated()
    copies = [
        {**row, "study": f"{row['study']} {k}", "mean": f"{float(row['mean']) + k / 100:.2f}"}
        for k in range(50)
        for row in rows
    ]
    trials = text_table(copies)
    assert len(trials) == 20_000
    value = numbers_of(trials)
    start = time.process_time()
    for rule in plausibility.rules({}):
        rule.broken(trials, value)
    assert time.process_time() - start < 15  # some 3 s on an idle machine


def test_the_page_names_every_rule_and_every_limit():
    page = (ROOT / "docs/plausibility.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| `")]
    named = [name for line in table for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert sorted(named) == sorted(
        {"date_like" if name.startswith("date_like") else name for name in NAMES}
    )
    stated = dict(re.findall(r"`(\w+)` = ([\d.e-]+)", page))
    assert {key: float(number) for key, number in stated.items()} == DEFAULTS
