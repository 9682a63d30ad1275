"""Figures that are possible as typed, yet hardly right: what speaks for it, and a proposal.

Every rule compares a figure with its own row, with the other arms of its study or with the
other studies on its instrument, says which figures speak against it and, where they tell,
how the cell might read. A rule finds errors of entry and of reporting; it does not prove
them. docs/plausibility.md lists the rules, their thresholds, and what they cannot see.

Sources: [H6] Cochrane Handbook v6 6.5.2; [H5] v5.1 9.4.5.3, 16.5.4; [BD]
Bhatia & Davis 2000 (Am Math Mon 107:353); [BH] Brown & Heathers 2017 (Soc Psychol Personal
Sci 8:363); [AB] Altman & Bland 1996 (BMJ 313:1200); [IH] Iglewicz & Hoaglin 1993 (robust z).
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from nma.contract import TRIALS, numbers
from nma.plausibility import changes, dates, entries, intervals, means, outliers, people, spread
from nma.plausibility.facts import Detector, Facts, Limits, gather
from nma.plausibility.outliers import OUTLIER
from nma.plausibility.wording import Findings
from nma.rule import Rule

# Every threshold. A rule of this name goes by it; null in the config switches the rule off.
DEFAULTS: dict[str, float] = {
    # shared: without one of these no rule that needs it runs
    "peers": 8,  # other studies that it takes to say what is typical
    "sd_outlier": 3.5,  # robust z of log SD beyond which an SD is untypical
    "sd_ratio": 2.5,  # times off the other arms beyond which an SD is untypical by them alone
    # the SD
    "se_as_sd": 1.5,  # |robust z| of sd sqrt(n) up to which it is typical
    "sd_as_se": 1.5,  # the same of an SE read as an SD
    "digit_slip_sd": 1.5,  # the same of an SD ten or a hundred times as large or small
    "se_above_sd": 1,  # largest SE in SDs of its row
    "sd_against_se": 1.15,  # ratio of sd and se sqrt(n)
    "sd_against_ci": 1.15,  # ratio of sd and the SD behind the interval
    "sd_of_part": 0.02,  # p of the one-sided F test against the other arms
    "sd_unlike_arms": 2e-5,  # p of the two-sided F test against the other arms
    "sd_impossible": 1.02,  # SD in largest possible SDs for its mean
    "derived_sd_impossible": 1.1,  # the same of an SD from an SE or an interval
    "transposed": 0.85,  # SD in largest possible SDs from which mean and SD may be exchanged
    "same_sd": 0.005,  # chance that all arms' SDs agree to the last digit
    "mean_is_sd": 3,  # digits that a mean equal to its SD must have
    # the mean
    "digit_slip_mean": 1.5,  # factor between ten times the mean and the other arms' means
    "direction_reversed": 3,  # robust z of a study's final means
    "change_sign": 5,  # points by which all arms of a study get worse
    "arm_sign": 10,  # points by which one arm gets worse while the others get better
    "change_mismatch": 10,  # points between a change and end minus start
    "change_beyond_baseline": 1.02,  # improvement in shares of what the baseline leaves
    "difference_contradicts_arms": 2.5,  # SEs between a difference and its own arms
    "scale_0_10_as_0_100": 10,  # largest mean of a study that would fit 0-10
    "baseline_imbalance": 4,  # SEs between baseline means
    "baseline_gap": 20,  # points between baseline means without SDs
    "skewed": 0.5,  # distance of a final mean from the end of the scale in SDs
    "improbable_effect": 3,  # SDs between two arms
    "improbable_points": 60,  # points of a difference
    "grim": 1,  # 1: on
    # intervals and p
    "ci_without_mean": 0,  # share of the width by which the mean may lie outside
    "ci_asymmetric": 0.1,  # share of the width between mean and middle
    "p_against_ci": 10,  # ratio of the p printed and the p behind the interval
    # the number of participants
    "tiny_arm": 5,  # participants below which a mean says nothing
    "n_imbalance": 4,  # ratio of arm sizes
    "n_grows": 1.1,  # n in ns of an earlier assessment
    "n_contradicts_arms": 1.1,  # ratio of the n of a difference and of its arm
    # entries
    "identical_arms": 3,  # digits that equal figures must have
    "entered_twice": 2,  # digits that equal means on two instruments must have
    "shared_arm_split": 1,  # 1: on
    "several_reports": 1,  # 1: on
    "unpaired_assessment": 1.5,  # ratio of weeks up to which two may be one
    "label_typo": 0.85,  # likeness of two labels, 0-1 (difflib)
    "date_like": 36526,  # first day number taken for a date (1 January 2000)
}
OFF: dict[str, float | None] = dict.fromkeys(DEFAULTS)


@dataclass(frozen=True)
class _Entry:
    """One rule: ``needs`` are the limits without which it does not run."""

    name: str
    level: str
    column: str
    hint: str
    find: Detector
    needs: tuple[str, ...] = ()


def rules(limits: Limits) -> list[Rule]:
    """The rules, with ``limits`` on top of DEFAULTS; a limit of None takes its rule out."""
    unknown = set(limits) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"no such limit of plausibility: {', '.join(sorted(unknown))}")
    cuts = {**DEFAULTS, **limits}
    once = _Once(cuts)
    return [
        Rule(
            entry.name,
            entry.level,
            entry.column,
            entry.hint,
            lambda text, value, entry=entry: once.broken(entry, text, value),
            lambda index, entry=entry: once.found[entry.name][index],
        )
        for entry in ENTRIES
        if all(cuts[key] is not None for key in entry.needs)
    ]


@dataclass
class _Once:
    """Facts of one table, and what every detector finds in it, worked out once."""

    limits: Limits
    facts: Facts | None = None
    found: dict[str, Findings] = field(default_factory=dict)

    def broken(self, entry: _Entry, text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        """Rows that break a rule."""
        if text.empty:
            return pd.Series(False, index=text.index)
        with np.errstate(all="ignore"):
            if self.facts is None or text is not self.facts.text:
                self.facts, self.found = gather(text, value, self.limits), {}
            self.found[entry.name] = entry.find(self.facts)
        return pd.Series(text.index.isin(list(self.found[entry.name])), index=text.index)


def _entry(
    find: Detector,
    column: str,
    hint: str,
    needs: tuple[str, ...] = (),
    level: str = "warning",
    name: str = "",
) -> _Entry:
    """``find`` under its own name, which is that of its limit too."""
    own = (find.__name__,) if find.__name__ in DEFAULTS else ()
    return _Entry(name or find.__name__, level, column, hint, find, (*own, *needs))


ENTRIES: tuple[_Entry, ...] = (
    _entry(outliers.se_as_sd, "sd",
        "Is it a standard error? Then move it to se or multiply by sqrt(n).",
        OUTLIER),
    _entry(outliers.sd_as_se, "se", "Is it a standard deviation? Then move it to sd.", OUTLIER),
    _entry(outliers.digit_slip_sd, "sd",
        "Has a decimal point slipped, or was one figure left on 0-10?",
        OUTLIER),
    _entry(outliers.sd_outlier_low, "sd",
        "Far smaller than other studies' SDs: a standard error, another scale, or a misprint?",
        OUTLIER),
    _entry(outliers.sd_outlier_high, "sd",
        "Far larger than other studies' SDs: another scale, or a slipped digit?", OUTLIER),
    _entry(spread.se_above_sd, "se", "An SE is below its SD: are they in each other's cells?",
        level="error"),
    _entry(spread.sd_against_se, "sd",
        "SD and SE of the row disagree: of which n, adjusted, misprint?"),
    _entry(spread.sd_against_ci, "sd",
        "SD and interval of the row disagree: another n, an adjusted interval, a misprint?"),
    _entry(spread.sd_of_part, "sd",
        "Was it calculated from an SE with a part of a shared group's n? Use the whole n."),
    _entry(spread.sd_unlike_arms, "sd",
        "The arms' SDs differ by more than chance: imputed, misprinted, or a floor effect?"),
    _entry(spread.sd_impossible, "sd",
        "Impossible for this mean on this scale; correct mean or SD.",
        level="error"),
    _entry(spread.derived_sd_impossible, "mean",
        "Mean, interval or SE, and n do not fit together on this scale; check all of them."),
    _entry(outliers.transposed_mean, "mean", "Are mean and SD in each other's cells?",
        ("transposed", *OUTLIER)),
    _entry(outliers.transposed_sd, "sd", "Are mean and SD in each other's cells?",
        ("transposed", *OUTLIER)),
    _entry(spread.same_sd, "sd", "One SD for all arms: pooled, imputed, or copied?"),
    _entry(spread.mean_is_sd, "sd", "Was a cell copied?"),
    _entry(means.digit_slip_mean, "mean",
        "Has a decimal point slipped, or was one arm left on 0-10?"),
    _entry(means.direction_reversed, "mean",
        "Does a higher score mean the opposite in this report? Reverse it or see higher_is.",
        ("peers",)),
    _entry(changes.change_sign, "measure",
        "Is positive better here? Then measure is improvement (a change is end minus start).",
        ("peers",)),
    _entry(changes.arm_sign, "mean", "Has the sign been lost?"),
    _entry(changes.change_mismatch, "mean",
        "The change is not end minus start; check sign and figures."),
    _entry(changes.change_beyond_baseline, "mean",
        "Larger than the baseline allows: another scale, a percentage, or a wrong baseline?"),
    _entry(changes.difference_contradicts_arms, "mean",
        "The difference is not that of its arms: it must be treatment minus comparator."),
    _entry(means.scale_0_10_as_0_100, "instrument",
        "Are these figures on 0-10? Name that instrument."),
    _entry(means.baseline_imbalance, "baseline_mean",
        "Randomised arms do not start so far apart: a misprint, or exchanged figures?"),
    _entry(means.baseline_gap, "baseline_mean",
        "Randomised arms do not start so far apart: a misprint, or exchanged figures?"),
    _entry(means.skewed, "mean",
        "So close to the end of the scale the scores are not near normal; or is the mean wrong?"),
    _entry(means.improbable_effect, "mean",
        "Larger than any plausible effect of treatment: check mean and SD (an SE?)."),
    _entry(means.improbable_points, "mean",
        "Larger than any plausible effect of treatment: check scale and sign."),
    _entry(means.grim, "mean",
        "No mean of so many whole numbers: another n, an adjusted mean, several items averaged?"),
    _entry(intervals.ci_without_mean, "mean", "The mean lies outside its own interval."),
    _entry(intervals.ci_asymmetric, "mean",
        "The mean is not in the middle of its interval: a median, a log scale, a misprint?"),
    _entry(intervals.p_against_ci, "p_value",
        "p and interval disagree: p of another test, or a misprint?"),
    _entry(people.tiny_arm, "n", "Too few participants; check n."),
    _entry(people.n_imbalance, "n", "No usual allocation gives such arm sizes; check n."),
    _entry(people.n_grows, "n", "More participants than earlier on; check both n."),
    _entry(people.n_contradicts_arms, "n",
        "The difference and its arm have different n; check both."),
    _entry(entries.identical_arms, "mean",
        "The same figures twice: one trial twice, or a row copied?"),
    _entry(entries.entered_twice, "instrument",
        "Is it one arm under two names of its scale? Keep one row."),
    _entry(entries.shared_arm_split, "n",
        "One group entered more than once? Its rows are combined, so n must add up to the group."),
    _entry(entries.several_reports, "study",
        "One trial under two labels counts twice; use one label."),
    _entry(entries.unpaired_assessment, "weeks",
        "The arms of the study are never compared, as their weeks differ; correct one."),
    _entry(entries.label_typo, "study", "Is it the other label misspelt?"),
    *(
        _entry(dates.date_like(column), column,
            "A spreadsheet turned a number into a date; type the number again.", ("date_like",),
            "error", f"date_like_{column}")
        for column in numbers(TRIALS)
    ),
)  # fmt: skip
NAMES: tuple[str, ...] = tuple(entry.name for entry in ENTRIES)
