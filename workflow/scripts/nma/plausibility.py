"""Figures that are possible as typed, yet hardly right: what speaks for it, and a proposal.

Every rule compares a figure with its own row, with the other arms of its study or with the
other studies on its instrument, says which figures speak against it and, where they tell,
how the cell might read. A rule finds errors of entry and of reporting; it does not prove
them. docs/plausibility.md lists the rules, their thresholds, and what they cannot see.

Sources: [H6] Cochrane Handbook v6 6.5.2; [H5] v5.1 9.4.5.3, 16.5.4; [BD]
Bhatia & Davis 2000 (Am Math Mon 107:353); [BH] Brown & Heathers 2017 (Soc Psychol Personal
Sci 8:363); [AB] Altman & Bland 1996 (BMJ 313:1200); [IH] Iglewicz & Hoaglin 1993 (robust z).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import bdtr, fdtrc, ndtri, stdtr, stdtrit

from nma.contract import TRIALS, numbers
from nma.corrections import EXCLUDED
from nma.rule import Rule
from nma.tables import ROW, is_number

Limits = Mapping[str, float | None]
Row = Mapping[str, Any]

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
OUTLIER = ("peers", "sd_outlier", "sd_ratio")  # what it takes to judge an SD
OFF: dict[str, float | None] = dict.fromkeys(DEFAULTS)

LEAST_SCATTER = {"sd": 0.2, "mean": 8.0}  # of log SD, and of means in points
PRINTED = ("mean", "sd", "se", "ci_low", "ci_high")  # whose digits are counted
LOOKED_AT = (
    *("study", "doi", "outcome", "instrument", "weeks", "measure", "difference_of", "treatment"),
    *("comparator", "n", "n_comparator", "mean", "sd", "se", "ci_low", "ci_high", "ci_level"),
    *("p", "p_bound", "p_value", "median", "baseline_mean", "baseline_sd", "note", "year", ROW),
    *("_min", "_max", "_higher_is", "_node", "_role", "_kind", "_mean", "_sd", "_se", "_how"),
)
PLACE = ["study", "outcome", "instrument", "_kind"]  # with weeks, one assessment
DIGITS = {"x 10": 10.0, "x 100": 100.0, "/ 10": 0.1, "/ 100": 0.01}  # slips of the point
MANY_STUDIES = 100  # from here on one study no longer moves the median: it is not left out
MANY_ARMS = 30  # a larger "study" is a blank or repeated label, not a trial
MANY_LABELS = 500  # so many labels with one treatment are no typing errors
LAST_DAY = 55153  # 31 December 2050 as a spreadsheet counts days
WHOLE_ITEMS = r"(NRS|BS-?11|VRS|verbal rating|RMDQ|McGill PPI|pain relief)\b.*"
NO_RAW_MEAN = r"adjusted|least.squares|\bLS mean|imput|ANCOVA|weighted"
POOLED = r"pooled with|combined with"
MONTH = r"(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DATES = (
    rf"(?P<day>\d{{1,2}})[-./ ]+(?P<month>{MONTH})(?:[-./ ]+\d{{2,4}})?",
    rf"(?P<month>{MONTH})[-./ ]+(?P<day>\d{{1,4}})",
    r"\d{4}-(?P<month>\d{2})-(?P<day>\d{2})(?:[ T].*)?",
    r"(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./]\d{2,4}",
)


@dataclass(frozen=True)
class Facts:
    """``rows``: the trials with numbers and what is typical; ``pairs``: index ``a`` and ``b``
    of any two arms of one assessment, in both orders; ``odd``: SDs out of place, as
    ``_readings`` has them; ``dates``: cells that look like dates, by column."""

    rows: pd.DataFrame
    pairs: pd.DataFrame
    odd: pd.DataFrame
    dates: Mapping[str, pd.DataFrame]


Detector = Callable[[Facts, Limits], pd.DataFrame]


@dataclass(frozen=True)
class _Entry:
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
            lambda index, entry=entry: once.evidence(entry, index),
        )
        for entry in ENTRIES
        if all(cuts[key] is not None for key in entry.needs)
    ]


@dataclass
class _Once:
    """Facts of one table, and what every detector finds in it, worked out once."""

    limits: Limits
    text: pd.DataFrame | None = None
    facts: Facts | None = None
    found: dict[str, pd.DataFrame] = field(default_factory=dict)

    def broken(self, entry: _Entry, text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        if text.empty:
            return pd.Series(False, index=text.index)
        with np.errstate(all="ignore"):
            if text is not self.text:
                self.text, self.facts, self.found = text, facts(text, value, self.limits), {}
            self.found[entry.name] = entry.find(self.facts, self.limits)
        return pd.Series(text.index.isin(self.found[entry.name].index), index=text.index)

    def evidence(self, entry: _Entry, index: Any) -> tuple[str, str]:
        row = self.found[entry.name].loc[index]
        return row["evidence"], row["proposal"]


# ---- what the detectors look at --------------------------------------------------------


def facts(text: pd.DataFrame, value: pd.DataFrame, limits: Limits) -> Facts:
    """Rows with what is typical elsewhere and in the other arms, pairs, odd SDs, dates.

    ``_sd_centre`` and ``_sd_scatter`` are of log SD in points in other studies,
    ``_mean_centre`` and ``_mean_scatter`` of ``_level``; see ``_rows`` and ``_mates``.
    """
    t = _rows(text, value)
    difference = t["_kind"].eq("difference")
    judges, ranged = t["_used"] & ~difference, t["_span"].notna()
    narrow = t["instrument"] + "\t" + t["_as"]
    wide = (t["outcome"] + "\t" + t["_as"]).where(ranged, narrow)
    directed = (wide + "\t" + t["_higher_is"]).where(ranged, narrow)
    log_sd = _log(t["_sd"] * t["_scale"])
    for name, x, pool in (("sd", log_sd, wide), ("mean", t["_level"], directed)):
        found = _typical(x.where(judges), t["study"], (narrow, pool), limits["peers"])
        t[f"_{name}_centre"] = found[0]
        t[f"_{name}_scatter"] = found[1].clip(lower=LEAST_SCATTER[name])
    pairs = _pairs(t[~difference & t["study"].ne("")])
    t = t.join(_mates(t, pairs)).copy()  # in one piece, which is faster to select from
    judged = all(limits[key] is not None for key in OUTLIER)
    odd = _readings(t, limits) if judged else t.head(0)
    return Facts(t, pairs, odd, _dates(text, value, ranged, limits["date_like"]))


def _rows(text: pd.DataFrame, value: pd.DataFrame) -> pd.DataFrame:
    """The columns that are looked at, and: ``_as_``... cells as typed; ``_step_``... half a
    unit of their last digit, 0 if blank; ``_used`` not excluded; ``_most`` the largest SD;
    ``_span`` of the instrument; ``_scale`` points of 0-100 per unit (1 if it has no range);
    ``_as`` final or change, of what a figure is; ``_higher`` +1 if a higher score is worse;
    ``_worse`` +1 if a higher figure is; ``_root`` SD/SE; ``_set`` the assessment; ``_level``
    final mean or change in points, higher is worse."""
    t = value[list(LOOKED_AT)].copy()
    t = t.astype({c: object for c in t if isinstance(t[c].dtype, pd.StringDtype)})
    for column in PRINTED:
        t[f"_as_{column}"] = text[column]
        t[f"_step_{column}"] = (0.5 * 10 ** -_decimals(text[column])).where(t[column].notna(), 0.0)
    t["_used"] = text[EXCLUDED].eq("")
    span = t["_max"] - t["_min"]
    t["_span"] = span.where(span > 0)
    t["_scale"] = (100 / t["_span"]).fillna(1.0)
    difference, better = t["_kind"].eq("difference"), t["_higher_is"].eq("better")
    t["_as"] = t["_kind"].where(~difference, t["difference_of"].replace("", "final"))
    t["_higher"] = np.where(better, -1, 1)
    t["_worse"] = np.where(t["measure"].eq("improvement"), -1, t["_higher"])
    root = np.sqrt(t["n"]).where(~difference, 1 / np.sqrt(1 / t["n"] + 1 / t["n_comparator"]))
    t["_root"] = root.where(root > 0)
    t["_set"] = t.groupby([*PLACE, "weeks"], dropna=False, sort=False).ngroup()
    from_best = np.where(better, t["_max"] - t["_mean"], t["_mean"] - t["_min"])
    level = np.where(t["_kind"].eq("final"), from_best, t["_worse"] * t["_mean"]) * t["_scale"]
    t["_level"] = pd.Series(level, t.index).where(~difference)
    t["_most"] = _largest_sd(t)
    return t


def _log(x: pd.Series) -> pd.Series:
    return np.log(x.where(x > 0))


def _typical(
    x: pd.Series, study: pd.Series, groups: Sequence[pd.Series], least: float | None
) -> tuple[pd.Series, pd.Series]:
    """Median and 1.4826 MAD [IH] of the other studies' x in the first of ``groups`` that
    holds ``least`` other studies."""
    least = np.inf if least is None else least
    values, owner = x.to_numpy(dtype=float), pd.factorize(study)[0]
    known = np.isfinite(values)
    centre, scatter = np.full(len(x), np.nan), np.full(len(x), np.nan)
    for group in groups:
        for rows in group.groupby(group).indices.values():
            have = rows[known[rows]]
            owners = np.unique(owner[have])
            alone = owners if len(owners) <= MANY_STUDIES else owners[:0]
            parts = [(rows[owner[rows] == own], have[owner[have] != own]) for own in alone]
            parts.append((rows[~np.isin(owner[rows], alone)], have))
            for mine, others in parts:
                mine = mine[np.isnan(centre[mine])]
                if len(mine) and len(others) and len(np.unique(owner[others])) >= least:
                    centre[mine] = np.median(values[others])
                    spread = np.abs(values[others] - centre[mine][0])
                    scatter[mine] = 1.4826 * np.median(spread)
    return pd.Series(centre, x.index), pd.Series(scatter, x.index)


def _pairs(arms: pd.DataFrame) -> pd.DataFrame:
    """Any two arms of one assessment, in both orders. An arm that is excluded by declaration
    does not speak (as ``b``) about one that is not."""
    size = arms.groupby("_set")["_set"].transform("size")
    one = arms.loc[size.between(2, MANY_ARMS), ["_set", "_used"]].rename_axis("a").reset_index()
    both = one.merge(one.rename(columns={"a": "b"}), on="_set", suffixes=("", "_b"))
    speaks = (both["a"] != both["b"]) & (both["_used_b"] | ~both["_used"])
    return both.loc[speaks, ["a", "b"]].reset_index(drop=True)


def couples(t: pd.DataFrame, pairs: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The pairs with these columns of both arms, as sd_a and sd_b."""
    sides = [
        t.loc[pairs[side], list(columns)].add_suffix(f"_{side}").reset_index(drop=True)
        for side in ("a", "b")
    ]
    return pd.concat([pairs, *sides], axis=1)


def _mates(t: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Pooled SD of the other arms, sqrt(sum (n - 1) sd^2 / sum (n - 1)), its df, their n."""
    c = couples(t, pairs, "_sd", "n")
    c = c[(c["_sd_b"] > 0) & (c["n_b"] > 1)]
    c = c.assign(square=(c["n_b"] - 1) * c["_sd_b"] ** 2, df=c["n_b"] - 1)
    total = c.groupby("a")[["square", "df", "n_b"]].sum()
    made = {"sd": np.sqrt(total["square"] / total["df"]), "df": total["df"], "n": total["n_b"]}
    return pd.DataFrame(made).add_prefix("_mates_").reindex(t.index)


def _found(
    rows: pd.DataFrame,
    say: Callable[[Row], str],
    propose: Callable[[Row], str] = lambda row: "",
) -> pd.DataFrame:
    """``rows`` (the suspects) as evidence and proposal, by their index."""
    listed = rows.to_dict("records") if len(rows) else []
    made = {
        "evidence": [say(row) for row in listed],
        "proposal": [propose(row) for row in listed],
    }
    return pd.DataFrame(made, index=rows.index, dtype=object)


NOTHING = _found(pd.DataFrame(), lambda row: "")


def _once_each(rows: pd.DataFrame) -> pd.DataFrame:
    """Pairs by their first arm, each arm once."""
    return rows.drop_duplicates("a").set_index("a")


def _g(x: float) -> str:
    """A figure in four digits, without exponent where it can be."""
    return f"{x:.4g}"


def _where(row: Row, side: str = "") -> str:
    return f"row {row[ROW + side]} ({row['treatment' + side]})"


def _decimals(cells: pd.Series) -> pd.Series:
    """Digits after the point, as typed; 0 for cells with exponents."""
    after = cells.str.extract(r"^[^eE]*\.(\d*)$", expand=False)
    return after.str.len().fillna(0).astype(float)


def _digits(cells: pd.Series) -> pd.Series:
    """Significant digits as typed; zeros at the end do not count (30.0 has one)."""
    bare = cells.str.replace(r"[eE].*|[^0-9.]", "", regex=True)
    bare = bare.str.replace(".", "", regex=False).str.strip("0")
    return bare.str.len()


def _z(t: pd.DataFrame, sd: pd.Series) -> pd.Series:
    """Robust z of log SD among the other studies: (log sd - median) / (1.4826 MAD) [IH]."""
    return (_log(sd * t["_scale"]) - t["_sd_centre"]) / t["_sd_scatter"]


def _largest_sd(t: pd.DataFrame) -> pd.Series:
    """Of values within [min, max] with this mean: sqrt((mean - min)(max - mean) n/(n - 1)) [BD].

    The mean may be anything that rounds to what is printed.
    """
    half, step = (t["_max"] + t["_min"]) / 2, t["_step_mean"]
    mean = t["mean"] + (half - t["mean"]).clip(-step, step)
    room = ((mean - t["_min"]) * (t["_max"] - mean)).clip(lower=0)
    return np.sqrt(room * (t["n"] / (t["n"] - 1)).where(t["n"] > 1, 1.0))


# ---- the SD ----------------------------------------------------------------------------


def _readings(t: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """SDs that are out of place, and how they are best read (``_reading``, ``_new``).

    Out of place: untypical among other studies (``sd_outlier``), or ``sd_ratio`` times off the
    other arms of the study with p < 1e-4 (F test). Read as an SE (times SD/SE) or as slipped
    digits (10, 100), whichever comes nearest to what is typical: the mean of the |z| among
    other studies and, if the other arms speak against it, among them. A reading fits up to its
    own limit, and as an SE only if every arm of the assessment that is half as odd fits as one.
    """
    cut, ratio = limits["sd_outlier"], limits["sd_ratio"]
    every = t[t["sd"] > 0]
    z, times, df = _z(every, every["sd"]), every["sd"] / every["_mates_sd"], every["n"] - 1
    low_here = (times < 1 / ratio) & (fdtrc(every["_mates_df"], df, times**-2) < 1e-4)
    high_here = (times > ratio) & (fdtrc(df, every["_mates_df"], times**2) < 1e-4)
    low = (z < -cut) | (low_here & ~(z > 0))
    high = (z > cut) | (high_here & ~(z < 0))
    t = every.assign(_z=z, _low=low, _among=z.abs() > cut)[low | high]
    here = (low_here | high_here).reindex(t.index)
    factors = pd.DataFrame({"se": t["_root"]})
    for name, factor in DIGITS.items():
        factors[name] = np.where(t["_low"] == (factor > 1), factor, np.nan)
    far = pd.DataFrame(index=t.index)
    for name in factors:
        sd = t["sd"] * factors[name]
        of_arms = _log(sd / t["_mates_sd"]).abs() / t["_sd_scatter"].fillna(0.35)
        far[name] = pd.concat([_z(t, sd).abs(), of_arms.where(here)], axis=1).mean(axis=1)
    far["se"] = far["se"].where(t["_low"] & (limits["se_as_sd"] is not None))
    if limits["digit_slip_sd"] is None:
        far[list(DIGITS)] = np.nan
    best = far.fillna(np.inf).idxmin(axis=1) if len(far) else pd.Series(dtype=object)
    is_se = best.eq("se")
    limit = pd.Series(np.where(is_se, limits["se_as_sd"], limits["digit_slip_sd"]), t.index)
    fits = far.min(axis=1) <= limit.astype(float)
    half = every[(z < -cut / 2) & ~every.index.isin(t.index)]
    misfit = _z(half, half["sd"] * half["_root"]).abs() > (limits["se_as_sd"] or 0)
    misfits = {*half.loc[misfit, "_set"], *t.loc[is_se & ~fits, "_set"]}
    fits &= ~is_se | ~t["_set"].isin(misfits)
    factor = factors.stack().reindex(pd.MultiIndex.from_arrays([t.index, best])).to_numpy()
    reading = np.where(fits, np.where(is_se, "se", "digit"), "")
    return t.assign(_reading=reading, _new=t["sd"] * factor)


def _against(row: Row) -> str:
    """What speaks against an SD: other studies, other arms."""
    said = []
    if np.isfinite(row["_z"]):
        usual = _g(np.exp(row["_sd_centre"]) / row["_scale"])
        said.append(f"other studies' typical SD is {usual} (robust z {row['_z']:.1f})")
    if row["_mates_sd"] > 0:
        said.append(f"the other arms' SD is {_g(row['_mates_sd'])}")
    return " and ".join(said)


def se_as_sd(f: Facts, limits: Limits) -> pd.DataFrame:
    """sd far too small, sd sqrt(n) typical [H6 6.5.2.2]."""
    t = f.odd
    return _found(
        t[t["_reading"].eq("se")],
        lambda r: (
            f"sd {_g(r['sd'])}: {_against(r)}; as a standard error it gives "
            f"{_g(r['sd'])} x {_g(r['_root'])} = {_g(r['_new'])}"
        ),
        lambda r: _g(r["_new"]),
    )


def digit_slip_sd(f: Facts, limits: Limits) -> pd.DataFrame:
    """sd far off, ten or a hundred times as large or small typical."""
    t = f.odd
    return _found(
        t[t["_reading"].eq("digit")],
        lambda r: f"sd {_g(r['sd'])}: {_against(r)}; {_g(r['_new'])} would fit",
        lambda r: _g(r["_new"]),
    )


def sd_outlier_low(f: Facts, limits: Limits) -> pd.DataFrame:
    """sd far too small, and neither an SE nor a slipped digit explains it."""
    t = f.odd
    return _found(
        t[t["_among"] & t["_low"] & t["_reading"].eq("")],
        lambda r: (
            f"sd {_g(r['sd'])}: {_against(r)}"
            + (
                f"; as a standard error it would be an SD of {_g(r['sd'] * r['_root'])}"
                if r["_root"] > 0
                else ""
            )
        ),
    )


def sd_outlier_high(f: Facts, limits: Limits) -> pd.DataFrame:
    """sd far too large, and neither a slipped digit nor an exchange with the mean explains it."""
    t = f.odd
    suspect = t["_among"] & ~t["_low"] & t["_reading"].eq("")
    if limits["transposed"] is not None:
        suspect &= ~t.index.isin(_exchanged(f, limits).index)
    return _found(t[suspect], lambda r: f"sd {_g(r['sd'])}: {_against(r)}")


def sd_as_se(f: Facts, limits: Limits) -> pd.DataFrame:
    """se sqrt(n) far too large, se itself typical as an SD."""
    t = f.rows[(f.rows["se"] > 0) & f.rows["sd"].isna()]
    t = t.assign(_z=_z(t, t["se"] * t["_root"]), _z_as_sd=_z(t, t["se"]))
    suspect = (t["_z"] > limits["sd_outlier"]) & (t["_z_as_sd"].abs() <= limits["sd_as_se"])
    return _found(
        t[suspect],
        lambda r: (
            f"se {_g(r['se'])} gives an SD of {_g(r['se'] * r['_root'])}, {_against(r)}; "
            f"{_g(r['se'])} is itself a typical SD"
        ),
        lambda r: _g(r["se"] / r["_root"]),
    )


def se_above_sd(f: Facts, limits: Limits) -> pd.DataFrame:
    """se > sd, which no n >= 2 allows."""
    t = f.rows
    return _found(
        t[(t["sd"] > 0) & (t["se"] > limits["se_above_sd"] * t["sd"] + t["_step_se"])],
        lambda r: f"se {_g(r['se'])} is above sd {_g(r['sd'])}",
        lambda r: _g(r["sd"]) if abs(np.log(r["sd"] * r["_root"] / r["se"])) < 0.1 else "",
    )


def sd_against_se(f: Facts, limits: Limits) -> pd.DataFrame:
    """sd and se sqrt(n) disagree [H6 6.5.2.2] beyond what rounding allows."""
    t = f.rows.assign(_implied=f.rows["se"] * f.rows["_root"])
    low = (t["se"] - t["_step_se"]) * t["_root"] / (t["sd"] + t["_step_sd"])
    high = (t["se"] + t["_step_se"]) * t["_root"] / (t["sd"] - t["_step_sd"])
    cut = limits["sd_against_se"]
    off = (low > cut) | (high < 1 / cut)
    return _found(
        t[off & (t["sd"] > 0) & (t["se"] <= t["sd"])],
        lambda r: (
            f"se {_g(r['se'])} with n {_g(r['n'])} is an SD of {_g(r['_implied'])}, "
            f"the row says {_g(r['sd'])}"
        ),
    )


def sd_against_ci(f: Facts, limits: Limits) -> pd.DataFrame:
    """sd and the SD behind the interval, sqrt(n) width/(2 q), disagree [H6 6.5.2.2].

    q of t or of the normal, whichever is kinder; rounding is allowed for.
    """
    t = f.rows
    half, step = (t["ci_high"] - t["ci_low"]) / 2, t["_step_ci_low"] + t["_step_ci_high"]
    p = 0.5 + t["ci_level"].fillna(95) / 200
    of_t, normal = stdtrit((t["_root"] ** 2 - 1).clip(lower=1), p), ndtri(p)
    t = t.assign(_implied=half * t["_root"] / of_t)
    low = (half - step / 2) * t["_root"] / of_t / (t["sd"] + t["_step_sd"])
    high = (half + step / 2) * t["_root"] / normal / (t["sd"] - t["_step_sd"])
    cut = limits["sd_against_ci"]
    off = ((low > cut) | (high < 1 / cut)) & (t["sd"] > 0) & (half > 0)
    return _found(
        t[off],
        lambda r: (
            f"the interval {_g(r['ci_low'])} to {_g(r['ci_high'])} with n {_g(r['n'])} is an SD "
            f"of {_g(r['_implied'])}, the row says {_g(r['sd'])}"
        ),
    )


def sd_of_part(f: Facts, limits: Limits) -> pd.DataFrame:
    """A shared control whose SD was made with a part of its n [H5 16.5.4].

    sd' = se sqrt(n/m) instead of se sqrt(n): smaller than the other arms' pooled SD (one-sided
    F test), and sd sqrt(m) for m = 2, 3 or 4 within 25% of it. Only arms that can be shared:
    a control beside two other arms, or any arm (of a study with a control: the control) beside
    one of 1.5 times its n, as pooled arms have.
    """
    t = f.rows
    control = t["_role"].isin(["placebo", "none"])
    controlled = control.groupby(t["_set"]).transform("any")
    arms = t.assign(_one=1).groupby("_set")["_one"].transform("sum")
    pooled = t.groupby("_set")["n"].transform("max") >= 1.5 * t["n"]
    shared = (control & (arms > 2)) | ((control | ~controlled) & pooled)
    p = fdtrc(t["_mates_df"], t["n"] - 1, (t["_mates_sd"] / t["sd"]) ** 2)
    off = pd.DataFrame({m: np.log(t["sd"] * np.sqrt(m) / t["_mates_sd"]).abs() for m in (2, 3, 4)})
    fits = off.min(axis=1) < np.log(1.25)
    t = t.assign(_p=p, _m=off.fillna(np.inf).idxmin(axis=1))
    told = f.odd.index[f.odd["_reading"].ne("")] if len(f.odd) else []
    suspect = shared & fits & (t["_p"] < limits["sd_of_part"]) & (t["sd"] > 0)
    return _found(
        t[suspect & ~t.index.isin(told)],
        lambda r: (
            f"sd {_g(r['sd'])} (n {_g(r['n'])}) beside {_g(r['_mates_sd'])} in the other arms "
            f"(n {_g(r['_mates_n'])}; F test p {r['_p']:.1g}): made with 1/{r['_m']} of a shared "
            f"group it would be {_g(r['sd'])} x sqrt({r['_m']}) = {_g(r['sd'] * r['_m'] ** 0.5)}"
        ),
        lambda r: _g(r["sd"] * r["_m"] ** 0.5),
    )


def sd_unlike_arms(f: Facts, limits: Limits) -> pd.DataFrame:
    """Two-sided F test of an arm's SD against the pooled SD of the other arms, where no other
    rule explains an SD of the assessment. Of two arms the one less typical is named."""
    t = f.rows
    ratio, df = (t["sd"] / t["_mates_sd"]) ** 2, t["n"] - 1
    p = 2 * np.minimum(fdtrc(df, t["_mates_df"], ratio), fdtrc(t["_mates_df"], df, 1 / ratio))
    t = t.assign(_p=p)[(p < limits["sd_unlike_arms"]) & (t["sd"] > 0)]
    if t.empty:
        return NOTHING
    told = set()
    for entry in ENTRIES:
        if entry.name in EXPLAIN_SD and all(limits[key] is not None for key in entry.needs):
            told |= set(f.rows.loc[entry.find(f, limits).index, "_set"])
    # Of two arms both have the same p; rounded, so that the z decides.
    t = t.assign(_z=_z(t, t["sd"]), _rank=-np.log10(t["_p"].clip(lower=1e-300)).round(6))
    order = t.assign(_odd=t["_z"].abs().fillna(0)).sort_values(
        ["_rank", "_odd"], ascending=False, kind="stable"
    )
    first = order[~order["_set"].isin(told)].drop_duplicates("_set").sort_index()
    return _found(first, lambda r: f"sd {_g(r['sd'])}: {_against(r)} (F test p {r['_p']:.1g})")


def sd_impossible(f: Facts, limits: Limits) -> pd.DataFrame:
    """sd of a final score above sqrt((mean - min)(max - mean) n/(n - 1)) [BD]."""
    t = f.rows
    inside = t["mean"].between(t["_min"], t["_max"])
    large = t["sd"] - t["_step_sd"] > limits["sd_impossible"] * t["_most"]
    return _found(
        t[t["_kind"].eq("final") & inside & large],
        lambda r: (
            f"scores of {_g(r['_min'])} to {_g(r['_max'])} with mean {_g(r['mean'])} have an SD "
            f"of at most {_g(r['_most'])}, not {_g(r['sd'])}"
        ),
    )


def derived_sd_impossible(f: Facts, limits: Limits) -> pd.DataFrame:
    """The same of the SD that the se or the interval gives."""
    t = f.rows
    inside = t["mean"].between(t["_min"], t["_max"])
    large = t["_sd"] > limits["derived_sd_impossible"] * t["_most"]
    return _found(
        t[t["_kind"].eq("final") & inside & large & t["sd"].isna()],
        lambda r: (
            f"{r['_how']} gives an SD of {_g(r['_sd'])}; scores of {_g(r['_min'])} to "
            f"{_g(r['_max'])} with mean {_g(r['mean'])} have one of at most {_g(r['_most'])}"
        ),
    )


def _exchanged(f: Facts, limits: Limits) -> pd.DataFrame:
    """Final rows whose SD is too large for the mean, while mean and SD exchanged are typical."""
    t = f.rows
    level = np.where(t["_higher_is"].eq("better"), t["_max"] - t["sd"], t["sd"] - t["_min"])
    z_mean = (level * t["_scale"] - t["_mean_centre"]) / t["_mean_scatter"]
    z_sd = _z(t, t["mean"])
    t = t.assign(_z_mean=z_mean, _z_sd=z_sd)
    large = (t["sd"] > limits["transposed"] * t["_most"]) & (t["sd"] > t["mean"])
    fits = (z_mean.abs() < 2) & (z_sd.abs() < limits["sd_outlier"] / 2)
    return t[t["_kind"].eq("final") & large & fits]


def _say_exchanged(r: Row) -> str:
    return (
        f"mean {_g(r['mean'])} allows an SD of at most {_g(r['_most'])}, not {_g(r['sd'])}; "
        f"exchanged, mean {_g(r['sd'])} (robust z {r['_z_mean']:.1f}) and SD {_g(r['mean'])} "
        f"(z {r['_z_sd']:.1f}) are typical of other studies"
    )


def transposed_mean(f: Facts, limits: Limits) -> pd.DataFrame:
    """Mean and SD in each other's cells: the mean."""
    return _found(_exchanged(f, limits), _say_exchanged, lambda r: _g(r["sd"]))


def transposed_sd(f: Facts, limits: Limits) -> pd.DataFrame:
    """Mean and SD in each other's cells: the SD."""
    return _found(_exchanged(f, limits), _say_exchanged, lambda r: _g(r["mean"]))


def same_sd(f: Facts, limits: Limits) -> pd.DataFrame:
    """Every arm of an assessment has the same SD while the means differ: pooled or imputed.

    By chance an SD agrees with that of the first arm to the last digit with probability step /
    (sqrt(2 pi) sd sqrt(1/(2 n) + 1/(2 n1))), the density of their difference at 0.
    """
    t = f.rows[f.rows["_set"].isin(f.rows.loc[f.pairs["a"], "_set"])]
    group = t.groupby("_set")
    count, n1 = group["sd"].transform("size"), group["n"].transform("first")
    one = group["sd"].transform("nunique").eq(1) & group["sd"].transform("count").eq(count)
    scatter = t["sd"] * np.sqrt(0.5 / t["n"] + 0.5 / n1)
    step = 10 ** -_decimals(t["_as_sd"].str.replace(r"\.?0+$", "", regex=True))
    chance = np.log(step / (np.sqrt(2 * np.pi) * scatter)).where(group.cumcount() > 0, 0.0)
    t = t.assign(_count=count, _chance=np.exp(chance.groupby(t["_set"]).transform("sum")))
    suspect = one & group["mean"].transform("nunique").gt(1) & (t["_chance"] < limits["same_sd"])
    return _found(
        t[suspect].drop_duplicates("_set"),
        lambda r: f"all {r['_count']} arms have the SD {_g(r['sd'])} (chance {r['_chance']:.1g})",
    )


def mean_is_sd(f: Facts, limits: Limits) -> pd.DataFrame:
    """Mean and SD are the same figure."""
    t = f.rows
    same = (t["mean"] == t["sd"]) & (_digits(t["_as_mean"]) >= limits["mean_is_sd"])
    return _found(t[same], lambda r: f"mean and sd are both {_g(r['sd'])}")


# ---- the mean --------------------------------------------------------------------------


def digit_slip_mean(f: Facts, limits: Limits) -> pd.DataFrame:
    """A mean ten times off the other arms': 3 times and 4 SEs from the nearest, and ten times
    (or a tenth of) it within the limit of their geometric mean. Of two such arms of one
    assessment the one less typical among other studies is named."""
    c = couples(f.rows, f.pairs, "mean", "_se")
    c = c[c["mean_a"] * c["mean_b"] > 0]
    c["_log"] = np.log(c["mean_b"] / c["mean_a"])
    c["_near"] = c["_log"].abs()
    error = np.sqrt(c["_se_a"] ** 2 + c["_se_b"] ** 2)
    c["_se_off"] = (c["mean_a"] - c["mean_b"]).abs() / error
    group = c.groupby("a")
    of_arm = group[["_near", "_se_off"]].min().assign(_ratio=np.exp(group["_log"].mean()))
    t = f.rows.join(of_arm, how="inner")
    up = t["_ratio"] > 1
    t["_new"] = t["mean"] * np.where(up, 10.0, 0.1)
    t["_others"] = t["mean"] * t["_ratio"]
    fits = np.log(t["_others"] / t["_new"]).abs() <= np.log(limits["digit_slip_mean"])
    fits &= t["_new"].abs() <= t[["_max", "_span"]].max(axis=1).fillna(np.inf)
    t["_odd"] = ((t["_level"] - t["_mean_centre"]) / t["_mean_scatter"]).abs()
    t = t[(t["_near"] >= np.log(3)) & ~(t["_se_off"] < 4) & fits]
    t = t[t["_odd"].isna() | (t["_odd"] >= t.groupby("_set")["_odd"].transform("max"))]
    return _found(
        t,
        lambda r: (
            f"mean {_g(r['mean'])} where the other arms have about {_g(r['_others'])}; "
            f"{_g(r['_new'])} would fit"
        ),
        lambda r: _g(r["_new"]),
    )


def direction_reversed(f: Facts, limits: Limits) -> pd.DataFrame:
    """Final means of a whole study far out among other studies, typical once reversed."""
    t = f.rows[f.rows["_kind"].eq("final") & f.rows["_span"].notna()]
    z = (t["_level"] - t["_mean_centre"]) / t["_mean_scatter"]
    turned = (100 - t["_level"] - t["_mean_centre"]) / t["_mean_scatter"]
    cut = limits["direction_reversed"]
    t = t.assign(_z=z, _turned=turned, _off=z.abs())
    of_study = t.groupby("_set")
    suspect = (
        (of_study["_off"].transform("min") > cut / 2)
        & (of_study["_z"].transform("median").abs() > cut)
        & (of_study["_turned"].transform("median").abs() < cut / 2)
        & (t["_turned"].abs() < t["_off"])
    )
    return _found(
        t[suspect],
        lambda r: (
            f"mean {_g(r['mean'])} has robust z {r['_z']:.1f} among other studies, as all arms of "
            f"this one; {_g(r['_min'] + r['_max'] - r['mean'])}, the scale reversed, has "
            f"{r['_turned']:.1f}"
        ),
        lambda r: _g(r["_min"] + r["_max"] - r["mean"]),
    )


def change_sign(f: Facts, limits: Limits) -> pd.DataFrame:
    """Every arm of a study gets worse: an improvement entered as change, or the reverse.

    Silent where more than a tenth of the other studies' changes are for the worse too.
    """
    t = f.rows[f.rows["_kind"].eq("change")]
    level = t["_level"]
    worse = level.groupby(t["_set"])
    suspect = (worse.transform("min") > 0) & (worse.transform("mean") >= limits["change_sign"])
    known = level.notna() & t["_used"]
    ups, all_ = (level > 0) & known, known
    others_up = ups.sum() - ups.groupby(t["study"]).transform("sum")
    others = all_.sum() - all_.groupby(t["study"]).transform("sum")
    usual = ~((others >= limits["peers"]) & (others_up > 0.1 * others))
    t = t.assign(_others=others, _down=others - others_up)
    return _found(
        t[suspect & usual],
        lambda r: (
            f"{r['measure']} {_g(r['mean'])}: every arm of the study gets worse, while "
            f"{r['_down']} of {r['_others']} changes in other studies are for the better"
        ),
        lambda r: "improvement" if r["measure"] == "change" else "change",
    )


def arm_sign(f: Facts, limits: Limits) -> pd.DataFrame:
    """One arm gets worse, the others better, and with its sign turned it is like them."""
    c = couples(f.rows, f.pairs, "_level", "_kind", "mean", ROW, "treatment")
    c = c[c["_kind_a"].eq("change") & c["_level_b"].notna()]
    group = c.groupby("a")
    best = c["a"].map(group["_level_b"].max()) < 0
    mean = c["a"].map(group["_level_b"].mean())
    like = (c["_level_a"] + mean).abs() <= 0.5 * mean.abs()
    return _found(
        _once_each(c[best & like & (c["_level_a"] >= limits["arm_sign"])]),
        lambda r: (
            f"{_g(r['mean_a'])} is for the worse, {_where(r, '_b')} with {_g(r['mean_b'])} for "
            f"the better; {_g(-r['mean_a'])} would be like it"
        ),
        lambda r: _g(-r["mean_a"]),
    )


def change_mismatch(f: Facts, limits: Limits) -> pd.DataFrame:
    """A change is not the end minus the start of the same arm."""
    arm = ["study", "outcome", "instrument", "weeks", "treatment"]
    t = f.rows
    final = t[t["_kind"].eq("final") & t["mean"].notna() & t["_used"]].drop_duplicates(arm)
    final = final[[*arm, "mean", "baseline_mean", ROW]]
    change = t[t["_kind"].eq("change") & t["mean"].notna()].rename_axis("a").reset_index()
    if final.empty or change.empty:
        return NOTHING
    c = change.merge(final, on=arm, suffixes=("", "_end")).set_index("a")
    start = c["baseline_mean"].fillna(c["baseline_mean_end"])
    sign = np.where(c["measure"].eq("improvement"), c["_worse"] * c["_higher"].to_numpy(), 1)
    made = (c["mean_end"] - start) * sign
    c = c.assign(_made=made, _start=start, _gap=(c["mean"] - made).abs() * c["_scale"])
    turned = (c["mean"] + made).abs() * c["_scale"] < limits["change_mismatch"] / 2
    c = c.assign(_turned=turned)
    return _found(
        c[c["_gap"] > limits["change_mismatch"]],
        lambda r: (
            f"{r['measure']} {_g(r['mean'])}; row {r[ROW + '_end']} ends at {_g(r['mean_end'])} "
            f"after {_g(r['_start'])}, which is {_g(r['_made'])}"
        ),
        lambda r: _g(-r["mean"]) if r["_turned"] else _g(r["_made"]),
    )


def change_beyond_baseline(f: Facts, limits: Limits) -> pd.DataFrame:
    """An improvement larger than from the baseline mean to the best end of the scale."""
    t = f.rows
    better = t["_higher_is"].eq("better")
    room = t["baseline_mean"] - t["_min"]
    t = t.assign(_room=room.where(~better, t["_max"] - t["baseline_mean"]))
    gain = -t["_worse"] * t["mean"]
    large = gain > limits["change_beyond_baseline"] * t["_room"] + t["_step_mean"]
    return _found(
        t[t["_kind"].eq("change") & large & (t["_room"] >= 0)],
        lambda r: (
            f"{r['measure']} {_g(r['mean'])} from a baseline of {_g(r['baseline_mean'])}, which "
            f"leaves {_g(r['_room'])} to gain"
        ),
    )


def difference_contradicts_arms(f: Facts, limits: Limits) -> pd.DataFrame:
    """A difference against the difference of its own arms: more SEs apart than the limit, or
    with the sign turned nearly equal and 2 SEs (without an SE: 10 points) apart."""
    t = f.rows
    place = ["study", "outcome", "instrument", "weeks"]
    arms = t[t["_kind"].ne("difference") & t["_mean"].notna() & t["_used"]]
    arms = arms.assign(_up=np.where(arms["measure"].eq("improvement"), -arms["_higher"], 1))
    arms = arms[[*place, "_kind", "treatment", "_mean", "_up", ROW]]
    arms = arms.drop_duplicates([*place, "_kind", "treatment"])
    d = t[t["_kind"].eq("difference") & t["_mean"].notna()].rename_axis("a").reset_index()
    if d.empty or arms.empty:
        return NOTHING
    c = d.merge(arms, on=[*place, "treatment"], suffixes=("", "_t"))
    c = c.merge(
        arms.rename(columns={"treatment": "comparator", "_kind": "_kind_t"}),
        on=[*place, "comparator", "_kind_t"],
        suffixes=("", "_c"),
    )
    c = c.assign(_same=c["_kind_t"].eq(c["_as"])).sort_values("_same", ascending=False)
    c["_made"] = c["_mean_t"] * c["_up"] - c["_mean_c"] * c["_up_c"]
    gap, turned = (c["_mean"] - c["_made"]).abs(), (c["_mean"] + c["_made"]).abs()
    c["_ses"] = gap / c["_se"]
    apart = (c["_ses"] > 2) | (c["_se"].isna() & (gap * c["_scale"] > 10))
    c["_turn"] = (turned < gap / 4) & apart
    c = _once_each(c)
    return _found(
        c[c["_turn"] | (c["_ses"] > limits["difference_contradicts_arms"])].sort_index(),
        lambda r: (
            f"difference {_g(r['_mean'])}, but rows {r[ROW + '_t']} and {r[ROW + '_c']} differ by "
            f"{_g(r['_made'])}" + (f" ({r['_ses']:.1f} SEs apart)" if r["_ses"] > 0 else "")
        ),
        lambda r: _g(-r["mean"]) if r["_turn"] and np.isfinite(r["mean"]) else "",
    )


def scale_0_10_as_0_100(f: Facts, limits: Limits) -> pd.DataFrame:
    """Every mean and SD of a study on an instrument of 50 points or more would fit 0-10."""
    t = f.rows[f.rows["_kind"].ne("difference") & (f.rows["_span"] >= 50)]
    top = limits["scale_0_10_as_0_100"]
    t = t.assign(
        _mean_size=t["_mean"].abs(),
        _given=t["_sd"].notna() | t["baseline_mean"].notna(),
    )
    group = t.groupby(["study", "instrument"])
    most = {c: group[c].transform("max") for c in ("_mean_size", "_sd", "baseline_mean")}
    small = (most["_mean_size"] <= top) & ~(most["_sd"] > 0.4 * top)
    small &= ~(most["baseline_mean"] > top) & group["_given"].transform("all")
    names = set(t["instrument"]) | set(f.rows["instrument"])
    t = t.assign(_most=most["_mean_size"], _most_sd=most["_sd"])

    def propose(r: Row) -> str:
        name = r["instrument"].replace("0-100", "0-10")
        return name if name in names and name != r["instrument"] else ""

    def say(r: Row) -> str:
        sd = f" and no SD above {_g(r['_most_sd'])}" if r["_most_sd"] > 0 else ""
        usual = (
            f"; other studies' means are about {_g(r['_mean_centre'] / r['_scale'])}"
            if np.isfinite(r["_mean_centre"])
            else ""
        )
        return (
            f"the study has no mean above {_g(r['_most'])}{sd} on {_g(r['_min'])}-"
            f"{_g(r['_max'])}{usual}"
        )

    return _found(t[small & (t["_mean_size"] > 0)], say, propose)


def baseline_imbalance(f: Facts, limits: Limits) -> pd.DataFrame:
    """Baseline means further apart than chance allows: |a - b| / sqrt(sa^2/na + sb^2/nb)."""
    c = _baselines(f)
    c = c[c["_z"] > limits["baseline_imbalance"]]
    return _found(
        _once_each(c),
        lambda r: (
            f"baseline {_g(r['baseline_mean_a'])}, {_where(r, '_b')} has "
            f"{_g(r['baseline_mean_b'])}: {r['_z']:.1f} standard errors apart"
        ),
    )


def baseline_gap(f: Facts, limits: Limits) -> pd.DataFrame:
    """The same without SDs: points of 0-100."""
    c = _baselines(f)
    c = c[c["_z"].isna() & (c["_gap"] * c["_scale_a"] > limits["baseline_gap"])]
    return _found(
        _once_each(c),
        lambda r: (
            f"baseline {_g(r['baseline_mean_a'])}, {_where(r, '_b')} has {_g(r['baseline_mean_b'])}"
        ),
    )


def _baselines(f: Facts) -> pd.DataFrame:
    """Pairs whose baselines can be compared, the later row first, each pair of arms once."""
    columns = ("study", "instrument", "treatment", "baseline_mean", "baseline_sd", "n", "_scale")
    c = couples(f.rows, f.pairs, *columns, ROW)
    c = c[(c["a"] > c["b"]) & c["baseline_mean_a"].notna() & c["baseline_mean_b"].notna()]
    c = c.drop_duplicates(
        ["study_a", "instrument_a", "treatment_a", "treatment_b", "baseline_mean_a"]
    )
    error = c["baseline_sd_a"] ** 2 / c["n_a"] + c["baseline_sd_b"] ** 2 / c["n_b"]
    gap = (c["baseline_mean_a"] - c["baseline_mean_b"]).abs()
    return c.assign(_gap=gap, _z=gap / np.sqrt(error.where(error > 0)))


def skewed(f: Facts, limits: Limits) -> pd.DataFrame:
    """A final mean within a fraction of an SD of the end of the scale [AB; H5 9.4.5.3]."""
    t = f.rows
    best = pd.concat([t["_mean"] - t["_min"], t["_max"] - t["_mean"]], axis=1).min(axis=1)
    t = t.assign(_ratio=best / t["_sd"])
    return _found(
        t[t["_kind"].eq("final") & (t["_ratio"] >= 0) & (t["_ratio"] < limits["skewed"])],
        lambda r: (
            f"mean {_g(r['_mean'])} lies {r['_ratio']:.2f} SDs ({_g(r['_sd'])}) from the end of "
            f"{_g(r['_min'])}-{_g(r['_max'])}"
        ),
    )


def improbable_effect(f: Facts, limits: Limits) -> pd.DataFrame:
    """Arms further apart than any treatment sets them: |a - b| / pooled SD. The arm furthest
    from the others is named, of two arms both."""
    c = couples(f.rows, f.pairs, "_set", "_mean", "_sd", "n", ROW, "treatment")
    pooled = (c["n_a"] - 1) * c["_sd_a"] ** 2 + (c["n_b"] - 1) * c["_sd_b"] ** 2
    c["_pooled"] = np.sqrt(pooled / (c["n_a"] + c["n_b"] - 2))
    c["_smd"] = (c["_mean_a"] - c["_mean_b"]).abs() / c["_pooled"]
    total = c["a"].map(c.groupby("a")["_smd"].sum())
    c = c[(total >= total.groupby(c["_set_a"]).transform("max") * (1 - 1e-9))]
    c = c[c["_smd"] > limits["improbable_effect"]].sort_values("_smd", ascending=False)
    return _found(
        _once_each(c).sort_index(),
        lambda r: (
            f"mean {_g(r['_mean_a'])} against {_g(r['_mean_b'])} in {_where(r, '_b')}: "
            f"{r['_smd']:.1f} SDs of {_g(r['_pooled'])}"
        ),
    )


def improbable_points(f: Facts, limits: Limits) -> pd.DataFrame:
    """A difference of more points of 0-100 than any treatment makes."""
    t = f.rows
    large = t["_kind"].eq("difference") & t["_span"].notna()
    large &= t["_mean"].abs() * t["_scale"] > limits["improbable_points"]
    return _found(
        t[large], lambda r: f"a difference of {_g(abs(r['_mean']) * r['_scale'])} points of 0-100"
    )


def grim(f: Facts, limits: Limits) -> pd.DataFrame:
    """The mean of n whole numbers is a whole number over n [BH]. Judged where n < 10^decimals,
    on instruments of whole numbers, and not where the note says that the mean is adjusted."""
    t = f.rows
    step = t["_step_mean"]
    below, above = np.floor(t["mean"] * t["n"]), np.ceil(t["mean"] * t["n"])
    near = np.minimum((t["mean"] - below / t["n"]).abs(), (t["mean"] - above / t["n"]).abs())
    judged = t["_kind"].ne("difference") & t["n"].mod(1).eq(0) & (t["n"] >= 2)
    judged &= (t["n"] < 10 ** _decimals(t["_as_mean"])) & t["instrument"].str.match(
        rf"{WHOLE_ITEMS}", case=False
    )
    judged &= ~t["note"].str.contains(NO_RAW_MEAN, case=False, regex=True)
    t = t.assign(_below=below, _above=above)
    return _found(
        t[judged & (near > step * (1 + 1e-6))],
        lambda r: (
            f"{r['_as_mean']} x {_g(r['n'])} is no whole number: totals of {r['_below']:.0f} and "
            f"{r['_above']:.0f} give {r['_below'] / r['n']:.4f} and {r['_above'] / r['n']:.4f}"
        ),
    )


# ---- intervals and p -------------------------------------------------------------------


def ci_without_mean(f: Facts, limits: Limits) -> pd.DataFrame:
    """The mean lies outside its own interval."""
    t = f.rows
    slack = limits["ci_without_mean"] * (t["ci_high"] - t["ci_low"]).abs() + 1e-9
    outside = (t["mean"] < t["ci_low"] - slack) | (t["mean"] > t["ci_high"] + slack)
    return _found(
        t[outside],
        lambda r: f"mean {_g(r['mean'])}, interval {_g(r['ci_low'])} to {_g(r['ci_high'])}",
        lambda r: _g(-r["mean"]) if r["ci_low"] <= -r["mean"] <= r["ci_high"] else "",
    )


def ci_asymmetric(f: Facts, limits: Limits) -> pd.DataFrame:
    """The mean is not in the middle of its interval [H6 6.5.2.2], beyond rounding."""
    t = f.rows
    width, middle = t["ci_high"] - t["ci_low"], (t["ci_high"] + t["ci_low"]) / 2
    step = t["_step_mean"] + (t["_step_ci_low"] + t["_step_ci_high"]) / 2
    off = (t["mean"] - middle).abs()
    t = t.assign(_middle=middle)
    suspect = (off > limits["ci_asymmetric"] * width + step * (1 + 1e-9)) & t["median"].isna()
    return _found(
        t[suspect & t["mean"].between(t["ci_low"], t["ci_high"])],
        lambda r: (
            f"mean {_g(r['mean'])}, the middle of {_g(r['ci_low'])} to {_g(r['ci_high'])} is "
            f"{_g(r['_middle'])}"
        ),
    )


def p_against_ci(f: Facts, limits: Limits) -> pd.DataFrame:
    """The p of a difference against the p behind its mean and interval [H6 6.5.2.3].

    From (|mean| -+ rounding) / (half width +- rounding) a range of p: off if the printed p
    lies beyond it by the limit, or by 1.5 on the other side of 1 - ci_level.
    """
    t = f.rows[f.rows["p"].notna() & f.rows["_kind"].eq("difference")]
    half = (t["ci_high"] - t["ci_low"]) / 2
    step = (t["_step_ci_low"] + t["_step_ci_high"]) / 2
    level = t["ci_level"].fillna(95)
    df = (t["n"] + t["n_comparator"] - 2).fillna(1e6).clip(lower=1)
    q = stdtrit(df, 0.5 + level / 200)
    size, of_mean = t["mean"].abs(), t["_step_mean"]

    def p_of(mean: pd.Series, width: pd.Series) -> np.ndarray:
        return 2 * stdtr(df, -q * mean.clip(lower=0) / width.where(width > 0))

    most, least = p_of(size - of_mean, half + step), p_of(size + of_mean, half - step)
    t = t.assign(_p=p_of(size, half))
    alpha, cut = 1 - level / 100, limits["p_against_ci"]
    p = t["p"].clip(lower=1e-4)
    above = (p > cut * most) | ((p > alpha) & (most * 1.5 < alpha))
    below = (p * cut < least) | ((p < alpha) & (least > 1.5 * alpha))
    # A bound ("<0.05") only says that p is below it.
    below |= t["p_bound"] & (p <= alpha) & (least > 1.5 * alpha)
    suspect = (below | (above & ~t["p_bound"])) & t["p"].notna()
    suspect &= (half > 0) & t["mean"].notna()
    return _found(
        t[suspect],
        lambda r: (
            f"mean {_g(r['mean'])} with {_g(r['ci_low'])} to {_g(r['ci_high'])} is p = "
            f"{r['_p']:.2g}, the row says {r['p_value']}"
        ),
    )


# ---- the number of participants --------------------------------------------------------


def tiny_arm(f: Facts, limits: Limits) -> pd.DataFrame:
    """Too few participants for a mean and an SD to say anything."""
    t = f.rows
    few = (t["n"] < limits["tiny_arm"]) & (t["n"] >= 2)
    return _found(t[few], lambda r: f"{_g(r['n'])} participants")


def n_imbalance(f: Facts, limits: Limits) -> pd.DataFrame:
    """Arm sizes that no usual allocation gives: the ratio above the limit, and too few even for
    1:2 (binomial p < 0.01). An arm "pooled with" others counts as several."""
    t = f.rows
    merged = t["treatment"].str.count(f"(?i){POOLED}") + 1
    sized = t.assign(_size=t["n"] / merged)
    c = couples(sized, f.pairs, "_set", "_size", "n", ROW, "treatment")
    c = c[c["_size_a"] * limits["n_imbalance"] < c["_size_b"]]
    p = bdtr(np.floor(c["_size_a"]), (c["_size_a"] + c["_size_b"]).astype(int), 1 / 3)
    c = c[p < 0.01].sort_values("_size_b", ascending=False).drop_duplicates("_set_a")
    tens = (c["n_b"] % 10 == 0) & (np.log(c["n_b"] / 10 / c["n_a"]).abs() < np.log(1.15))
    large = c[tens].rename(columns=_turn_sides(c.columns))
    return pd.concat(
        [
            _found(
                _once_each(c[~tens]),
                lambda r: f"n {_g(r['n_a'])}, {_where(r, '_b')} has {_g(r['n_b'])}",
            ),
            _found(
                _once_each(large),
                lambda r: (
                    f"n {_g(r['n_a'])}, {_where(r, '_b')} has {_g(r['n_b'])}; "
                    f"{_g(r['n_a'] / 10)} would fit"
                ),
                lambda r: _g(r["n_a"] / 10),
            ),
        ]
    ).sort_index()


def _turn_sides(columns: pd.Index) -> dict[str, str]:
    """Names with a and b exchanged."""
    other = {"a": "b", "b": "a"}
    turned = {c: c[:-1] + other[c[-1]] for c in columns if c.endswith(("_a", "_b"))}
    return turned | other


def n_grows(f: Facts, limits: Limits) -> pd.DataFrame:
    """An arm with more participants than at an earlier assessment."""
    t = f.rows[f.rows["n"].notna() & f.rows["weeks"].notna() & f.rows["study"].ne("")]
    t = t.sort_values("weeks", kind="stable")
    arm = ["study", "outcome", "instrument", "measure", "treatment", "comparator", "_set"]
    t = t.drop_duplicates(arm)
    group = t.groupby(arm[:-1], sort=False)["n"]
    before = group.cummin().groupby([t[c] for c in arm[:-1]], sort=False).shift()
    t = t.assign(_before=before)
    suspect = (t["n"] > limits["n_grows"] * before) & (t["n"] >= before + 3)
    return _found(
        t[suspect].sort_index(),
        lambda r: f"n {_g(r['n'])} at week {_g(r['weeks'])}, {_g(r['_before'])} before",
    )


def n_contradicts_arms(f: Facts, limits: Limits) -> pd.DataFrame:
    """The n of a difference is not that of its arm in the same assessment."""
    t = f.rows
    place = ["study", "outcome", "instrument", "weeks", "treatment"]
    arms = t[t["_kind"].ne("difference") & t["n"].notna() & t["_used"]]
    arms = arms.assign(_most=arms.groupby(place, dropna=False)["n"].transform("max"))
    arms = arms.drop_duplicates(place)[[*place, "_most", "n", ROW]]
    d = t[t["_kind"].eq("difference")].rename_axis("a").reset_index()
    if d.empty or arms.empty:
        return NOTHING
    c = d.merge(arms, on=place, suffixes=("", "_arm"))
    off = np.log(c["n"] / c["n_arm"]).abs() > np.log(limits["n_contradicts_arms"])
    c = c[off & ((c["n"] - c["n_arm"]).abs() >= 3) & (c["n"] != c["_most"])]
    return _found(
        _once_each(c),
        lambda r: f"n {_g(r['n'])}, row {r[ROW + '_arm']} of the same arm has {_g(r['n_arm'])}",
    )


# ---- entries ---------------------------------------------------------------------------


def identical_arms(f: Facts, limits: Limits) -> pd.DataFrame:
    """The same mean, SD and n in two studies, or the same mean and SD in two treatments of one
    assessment. Figures of fewer digits may agree by chance."""
    t = f.rows
    least = limits["identical_arms"]
    exact = t[(_digits(t["_as_mean"]) >= least) & (_digits(t["_as_sd"]) >= least)]
    exact = exact[exact["n"].notna() & exact["study"].ne("")]
    across = _found(
        _twins(exact, ["outcome", "instrument", "mean", "sd", "n"], "study"),
        lambda r: (
            f"mean {_g(r['mean'])}, sd {_g(r['sd'])} and n {_g(r['n'])} as in row {r['_twin']} "
            f"of {r['_other']}"
        ),
    )
    c = couples(f.rows, f.pairs, "mean", "sd", "_as_sd", "_as_mean", "_node", ROW, "treatment")
    c = c[(c["a"] > c["b"]) & (c["mean_a"] == c["mean_b"]) & (c["sd_a"] == c["sd_b"])]
    digits = (_digits(c["_as_sd_a"]) >= least) | (
        _digits(c["_as_sd_a"]) + _digits(c["_as_mean_a"]) > least + 1
    )
    within = _found(
        _once_each(c[digits & c["_node_a"].ne(c["_node_b"])]),
        lambda r: f"mean {_g(r['mean_a'])} and sd {_g(r['sd_a'])} as in {_where(r, '_b')}",
    )
    return pd.concat([across, within[~within.index.isin(across.index)]]).sort_index()


def _twins(t: pd.DataFrame, same: list[str], differ: str) -> pd.DataFrame:
    """Rows that agree in ``same`` with a row of another ``differ``: ``_other`` and its row
    ``_twin``. Rows excluded by declaration do not speak about the others."""

    def among(rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows[rows.duplicated(same, keep=False)]
        once = rows.drop_duplicates([*same, differ])
        twice = once[once.groupby(same)[differ].transform("nunique") > 1]
        group = twice.groupby(same)[[differ, ROW]]
        first, last = group.transform("first"), group.transform("last")
        other = last.where(twice[differ].eq(first[differ]), first)
        return twice.assign(_other=other[differ], _twin=other[ROW])

    t = t[t.duplicated(same, keep=False) & t[same].notna().all(axis=1)]
    if t.empty:
        return t
    everywhere = among(t)
    return pd.concat([among(t[t["_used"]]), everywhere[~everywhere["_used"]]]).sort_index()


def entered_twice(f: Facts, limits: Limits) -> pd.DataFrame:
    """An arm of one study under two instruments of one range: the same week, n and mean."""
    t = f.rows[f.rows["_kind"].ne("difference") & f.rows["study"].ne("")]
    exact = t[(_digits(t["_as_mean"]) >= limits["entered_twice"]) & t["n"].notna()]
    same = ["study", "outcome", "weeks", "_kind", "_min", "_max", "n", "mean"]
    return _found(
        _twins(exact, same, "instrument"),
        lambda r: (
            f"n {_g(r['n'])} and mean {_g(r['mean'])} as in row {r['_twin']} under '{r['_other']}'"
        ),
    )


def shared_arm_split(f: Facts, limits: Limits) -> pd.DataFrame:
    """One arm entered twice, whole or halved, to serve two comparisons [H5 16.5.4]."""
    c = couples(f.rows, f.pairs, "mean", "sd", "n", "_node", ROW, "treatment")
    same = (c["mean_a"] == c["mean_b"]) & (c["sd_a"] == c["sd_b"]) & c["_node_a"].eq(c["_node_b"])
    ratio = c["n_a"] / c["n_b"]
    part = ((ratio - 1).abs() < 0.06) | ((ratio - 2).abs() < 0.12) | ((ratio - 0.5).abs() < 0.03)
    return _found(
        _once_each(c[same & part & (c["a"] > c["b"])]),
        lambda r: (
            f"mean {_g(r['mean_a'])} and sd {_g(r['sd_a'])} as in {_where(r, '_b')}: the rows are "
            f"combined into one arm of {_g(r['n_a'])} + {_g(r['n_b'])} = "
            f"{_g(r['n_a'] + r['n_b'])}; right if the group was split, else delete one"
        ),
    )


def several_reports(f: Facts, limits: Limits) -> pd.DataFrame:
    """One DOI under several labels, one label with several DOIs, or labels a and b of one year
    with the same arm sizes. Labels that share name and year and differ by a word are parts of
    one report on purpose."""
    t = f.rows[f.rows["study"].ne("") & f.rows["_used"]]
    doi = t["doi"].str.lower().str.extract(r"(10\.\d{4,9}/\S+)", expand=False).str.rstrip(".,;")
    stem = t["study"].str.extract(r"^(.*?\d{4})[^\w]+\w.*$", expand=False).fillna(t["study"])
    t = t.assign(_doi=doi, _stem=stem)
    labels = t.dropna(subset="_doi").drop_duplicates(["_doi", "study"])
    many = labels.groupby("_doi")["_stem"].transform("nunique") > 1
    one_doi = labels[many]
    names = one_doi.groupby("_doi")["study"].agg(", ".join)
    one_doi = one_doi.assign(_names=one_doi["_doi"].map(names))
    one_label = labels[labels.groupby("study")["_doi"].transform("nunique") > 1]
    names = one_label.groupby("study")["_doi"].agg(", ".join)
    one_label = one_label.drop_duplicates("study")
    one_label = one_label.assign(_names=one_label["study"].map(names))
    lettered = t[t["study"].str.fullmatch(r".*\d{4}[a-z]") & t["n"].notna()]
    sizes = lettered.groupby("study")["n"].agg(lambda x: tuple(sorted(x)))
    lettered = lettered.drop_duplicates("study")
    lettered = lettered.assign(_sizes=lettered["study"].map(sizes))
    lettered["_year"] = lettered["study"].str[:-1]
    twins = lettered[lettered.groupby(["_year", "_sizes"])["study"].transform("nunique") > 1]
    found = [
        _found(one_doi, lambda r: f"doi {r['_doi']} stands under {r['_names']}"),
        _found(one_label, lambda r: f"one label, several DOIs: {r['_names']}"),
        _found(
            twins,
            lambda r: (
                f"another label {r['_year']} with a letter has the same arm sizes: "
                + ", ".join(_g(n) for n in r["_sizes"])
            ),
        ),
    ]
    all_ = pd.concat(found)
    return all_[~all_.index.duplicated()].sort_index()


def unpaired_assessment(f: Facts, limits: Limits) -> pd.DataFrame:
    """Arms of one study that stand alone at nearly the same week: they are never compared."""
    t = f.rows[f.rows["_kind"].ne("difference") & f.rows["study"].ne("") & f.rows["weeks"].notna()]
    size = t.groupby("_set")["treatment"].transform("nunique")
    alone = t.assign(_size=size)[size.eq(1)].rename_axis("a").reset_index()
    if alone.empty:
        return NOTHING
    # A treatment that is compared at another week is merely followed for longer.
    arm = alone["study"] + "\t" + alone["treatment"]
    alone = alone[~arm.isin((t["study"] + "\t" + t["treatment"])[size > 1])]
    others = t.assign(_size=size)[[*PLACE, "weeks", "treatment", "_size", ROW]]
    crowded = t.groupby(PLACE)["treatment"].transform("size") > MANY_ARMS
    c = alone.merge(others[~crowded], on=PLACE, suffixes=("_a", "_b"))
    ratio = np.maximum(c["weeks_a"], c["weeks_b"]) / np.minimum(c["weeks_a"], c["weeks_b"])
    near = (ratio <= limits["unpaired_assessment"]) | (ratio.between(9.99, 10.01))
    c = c[near & c["treatment_a"].ne(c["treatment_b"]) & c["weeks_a"].ne(c["weeks_b"])]
    c = c.sort_values("_size_b", ascending=False, kind="stable")
    return _found(
        _once_each(c).sort_index(),
        lambda r: f"week {_g(r['weeks_a'])}, but {_where(r, '_b')} stands at {_g(r['weeks_b'])}",
        lambda r: _g(r["weeks_b"]) if r["_size_b"] > 1 else "",
    )


def label_typo(f: Facts, limits: Limits) -> pd.DataFrame:
    """A label with one treatment only, spelt nearly as another one."""
    t = f.rows[f.rows["study"].ne("")]
    both = ("treatment", "comparator")
    sides = [t[["study", side]].set_axis(["study", "arm"], axis=1) for side in both]
    arms = pd.concat(sides)
    arms = arms[arms["arm"].ne("")].drop_duplicates()
    count = arms.groupby("study").size()
    blocks: dict[str, list[str]] = {}
    for label in count.index:
        for block in {label[:3].casefold(), label[-4:].casefold()}:
            blocks.setdefault(block, []).append(label)
    near: dict[str, str] = {}
    alone = count.index[count == 1]
    for label in alone if len(alone) <= MANY_LABELS else alone[:0]:
        others = {*blocks[label[:3].casefold()], *blocks[label[-4:].casefold()]} - {label}
        match = get_close_matches(label, sorted(others), 1, limits["label_typo"])
        if match:
            near[label] = match[0]
    first = t[t["study"].isin(near)].drop_duplicates("study")
    first = first.assign(_near=first["study"].map(near), _arms=first["study"].map(near).map(count))
    return _found(
        first,
        lambda r: f"one arm only; '{r['_near']}' ({r['_arms']} arms) is spelt nearly the same",
        lambda r: r["_near"] if r["_arms"] > 0 else "",
    )


def date_like(column: str) -> Detector:
    """A number that a spreadsheet turned into a date: 3.5 into 3-May or 45050."""

    def find(f: Facts, limits: Limits) -> pd.DataFrame:
        return _found(
            f.dates[column],
            lambda r: f"'{r['cell']}' is a date, day.month {r['day']}",
            lambda r: r["day"],
        )

    return find


def _dates(
    text: pd.DataFrame, value: pd.DataFrame, ranged: pd.Series, first: float | None
) -> dict[str, pd.DataFrame]:
    """Cells that are dates in words or, where the range is known, day numbers."""
    made = {}
    for column in numbers(TRIALS):
        cells, number = text[column], value[column]
        # Where the range is unknown (area under a curve) a large number may be a score.
        known = ranged | (column in ("n", "n_comparator", "weeks", "year"))
        serial = number.between(first or np.inf, LAST_DAY) & number.mod(1).eq(0) & known
        filled = cells[cells.ne("")]
        worded = filled[~is_number(filled)].items()
        read = {i: _of_serial(number[i]) for i in text.index[serial]}
        read |= {i: day for i, cell in worded if (day := _as_date(cell))}
        day = pd.Series(read, dtype=object)
        made[column] = pd.DataFrame({"cell": cells.reindex(day.index), "day": day}).sort_index()
    return made


def _as_date(cell: str) -> str | None:
    """ "3-May" as "3.5", None if the cell is no date."""
    for pattern in DATES:
        match = re.fullmatch(pattern, cell.strip(), flags=re.IGNORECASE)
        if match:
            month = match["month"].lower()
            if not month.isdigit():
                known = month[:3].replace("ä", "a").replace("mai", "may")
                known = known.replace("okt", "oct").replace("dez", "dec")
                month = MONTHS.index(known) + 1
            if 1 <= int(month) <= 12:
                return f"{int(match['day'])}.{int(month)}"
    return None


def _of_serial(number: float) -> str:
    """Days since 30 December 1899 as "day.month"."""
    when = date(1899, 12, 30) + timedelta(days=int(number))
    return f"{when.day}.{when.month}"


# ---- the table of rules ----------------------------------------------------------------

# sd_unlike_arms is silent about the assessments that these rules name.
EXPLAIN_SD = ("se_as_sd", "digit_slip_sd", "sd_of_part", "sd_impossible")


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
    _entry(se_as_sd, "sd", "Is it a standard error? Then move it to se or multiply by sqrt(n).",
        OUTLIER),
    _entry(sd_as_se, "se", "Is it a standard deviation? Then move it to sd.", OUTLIER),
    _entry(digit_slip_sd, "sd", "Has a decimal point slipped, or was one figure left on 0-10?",
        OUTLIER),
    _entry(sd_outlier_low, "sd",
        "Far smaller than other studies' SDs: a standard error, another scale, or a misprint?",
        OUTLIER),
    _entry(sd_outlier_high, "sd",
        "Far larger than other studies' SDs: another scale, or a slipped digit?", OUTLIER),
    _entry(se_above_sd, "se", "An SE is below its SD: are they in each other's cells?",
        level="error"),
    _entry(sd_against_se, "sd", "SD and SE of the row disagree: of which n, adjusted, misprint?"),
    _entry(sd_against_ci, "sd",
        "SD and interval of the row disagree: another n, an adjusted interval, a misprint?"),
    _entry(sd_of_part, "sd",
        "Was it calculated from an SE with a part of a shared group's n? Use the whole n."),
    _entry(sd_unlike_arms, "sd",
        "The arms' SDs differ by more than chance: imputed, misprinted, or a floor effect?"),
    _entry(sd_impossible, "sd", "Impossible for this mean on this scale; correct mean or SD.",
        level="error"),
    _entry(derived_sd_impossible, "mean",
        "Mean, interval or SE, and n do not fit together on this scale; check all of them."),
    _entry(transposed_mean, "mean", "Are mean and SD in each other's cells?",
        ("transposed", *OUTLIER)),
    _entry(transposed_sd, "sd", "Are mean and SD in each other's cells?",
        ("transposed", *OUTLIER)),
    _entry(same_sd, "sd", "One SD for all arms: pooled, imputed, or copied?"),
    _entry(mean_is_sd, "sd", "Was a cell copied?"),
    _entry(digit_slip_mean, "mean", "Has a decimal point slipped, or was one arm left on 0-10?"),
    _entry(direction_reversed, "mean",
        "Does a higher score mean the opposite in this report? Reverse it or see higher_is.",
        ("peers",)),
    _entry(change_sign, "measure",
        "Is positive better here? Then measure is improvement (a change is end minus start).",
        ("peers",)),
    _entry(arm_sign, "mean", "Has the sign been lost?"),
    _entry(change_mismatch, "mean", "The change is not end minus start; check sign and figures."),
    _entry(change_beyond_baseline, "mean",
        "Larger than the baseline allows: another scale, a percentage, or a wrong baseline?"),
    _entry(difference_contradicts_arms, "mean",
        "The difference is not that of its arms: it must be treatment minus comparator."),
    _entry(scale_0_10_as_0_100, "instrument", "Are these figures on 0-10? Name that instrument."),
    _entry(baseline_imbalance, "baseline_mean",
        "Randomised arms do not start so far apart: a misprint, or exchanged figures?"),
    _entry(baseline_gap, "baseline_mean",
        "Randomised arms do not start so far apart: a misprint, or exchanged figures?"),
    _entry(skewed, "mean",
        "So close to the end of the scale the scores are not near normal; or is the mean wrong?"),
    _entry(improbable_effect, "mean",
        "Larger than any plausible effect of treatment: check mean and SD (an SE?)."),
    _entry(improbable_points, "mean",
        "Larger than any plausible effect of treatment: check scale and sign."),
    _entry(grim, "mean",
        "No mean of so many whole numbers: another n, an adjusted mean, several items averaged?"),
    _entry(ci_without_mean, "mean", "The mean lies outside its own interval."),
    _entry(ci_asymmetric, "mean",
        "The mean is not in the middle of its interval: a median, a log scale, a misprint?"),
    _entry(p_against_ci, "p_value", "p and interval disagree: p of another test, or a misprint?"),
    _entry(tiny_arm, "n", "Too few participants; check n."),
    _entry(n_imbalance, "n", "No usual allocation gives such arm sizes; check n."),
    _entry(n_grows, "n", "More participants than earlier on; check both n."),
    _entry(n_contradicts_arms, "n", "The difference and its arm have different n; check both."),
    _entry(identical_arms, "mean", "The same figures twice: one trial twice, or a row copied?"),
    _entry(entered_twice, "instrument",
        "Is it one arm under two names of its scale? Keep one row."),
    _entry(shared_arm_split, "n",
        "One group entered more than once? Its rows are combined, so n must add up to the group."),
    _entry(several_reports, "study", "One trial under two labels counts twice; use one label."),
    _entry(unpaired_assessment, "weeks",
        "The arms of the study are never compared, as their weeks differ; correct one."),
    _entry(label_typo, "study", "Is it the other label misspelt?"),
    *(
        _entry(date_like(column), column,
            "A spreadsheet turned a number into a date; type the number again.", ("date_like",),
            "error", f"date_like_{column}")
        for column in numbers(TRIALS)
    ),
)  # fmt: skip
NAMES: tuple[str, ...] = tuple(entry.name for entry in ENTRIES)
