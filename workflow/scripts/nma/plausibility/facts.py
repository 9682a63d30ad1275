"""What the detectors look at: every row with what is typical of it, and pairs of arms."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import numpy as np
import pandas as pd

from nma.corrections import EXCLUDED
from nma.plausibility.wording import Findings
from nma.tables import ROW

Limits = Mapping[str, float | None]
Columns = dict[str, pd.Series]

LEAST_SCATTER = {"sd": 0.2, "mean": 8.0}  # of log SD, and of means in points
PRINTED = ("mean", "sd", "se", "ci_low", "ci_high")  # whose digits are counted
LOOKED_AT = (
    *("study", "doi", "outcome", "instrument", "weeks", "measure", "difference_of", "treatment"),
    *("comparator", "n", "n_comparator", "mean", "sd", "se", "ci_low", "ci_high", "ci_level"),
    *("p", "p_bound", "p_value", "median", "baseline_mean", "baseline_sd", "note", ROW),
    *("_min", "_max", "_higher_is", "_node", "_role", "_kind", "_mean", "_sd", "_se", "_how"),
)
MANY_STUDIES = 100  # from here on one study no longer moves the median: it is not left out
MANY_ARMS = 30  # a larger "study" is a blank or repeated label, not a trial


@dataclass(frozen=True, eq=False)
class Facts:
    """The trials as ``text`` and as ``value`` (see ``Rule``); ``rows``: what is looked at of
    them, see ``gather``; ``pairs``: any two arms of one assessment, in both orders, by index
    (``a``, ``b``) and by position; ``kept``: see ``once``."""

    text: pd.DataFrame
    value: pd.DataFrame
    limits: Limits
    rows: pd.DataFrame
    pairs: pd.DataFrame
    kept: dict[Callable[..., Any], Any] = field(default_factory=dict)


Detector = Callable[[Facts], Findings]


def once[T](make: Callable[[Facts], T]) -> Callable[[Facts], T]:
    """Work out what several detectors need once for each Facts."""

    @wraps(make)
    def kept(f: Facts) -> T:
        if make not in f.kept:
            f.kept[make] = make(f)
        return f.kept[make]

    return kept


def gather(text: pd.DataFrame, value: pd.DataFrame, limits: Limits) -> Facts:
    """Rows with what is typical elsewhere and in the other arms, and pairs.

    ``_sd_centre`` and ``_sd_scatter`` are of log SD in points in other studies,
    ``_mean_centre`` and ``_mean_scatter`` of ``_level``; see ``_rows`` and ``_mates``.
    """
    t = _rows(text, value)
    t |= _places(t)
    judges, ranged = t["_used"] & t["_kind"].ne("difference"), t["_span"].notna()
    narrow = t["instrument"] + "\t" + t["_as"]
    wide = (t["outcome"] + "\t" + t["_as"]).where(ranged, narrow)
    directed = (wide + "\t" + t["_higher_is"]).where(ranged, narrow)
    log_sd = log(t["_sd"] * t["_scale"])
    for name, x, pool in (("sd", log_sd, wide), ("mean", t["_level"], directed)):
        centre, scatter = _typical(x.where(judges), t["study"], (narrow, pool), limits["peers"])
        t[f"_{name}_centre"] = centre
        t[f"_{name}_scatter"] = np.maximum(scatter, LEAST_SCATTER[name])
    pairs = _pairs(t)
    # A table only now: columns put into one by one take longer than all the rest.
    return Facts(text, value, limits, pd.DataFrame(t | _mates(t, pairs), text.index), pairs)


def _rows(text: pd.DataFrame, value: pd.DataFrame) -> Columns:
    """The columns that are looked at, and: ``_as_``... cells as typed; ``_step_``... half a
    unit of their last digit, 0 if blank; ``_used`` not excluded; ``_most`` the largest SD;
    ``_span`` of the instrument; ``_scale`` points of 0-100 per unit (1 if it has no range);
    ``_as`` final or change, of what a figure is; ``_higher`` +1 if a higher score is worse;
    ``_worse`` +1 if a higher figure is; ``_root`` SD/SE; ``_level`` final mean or change in
    points, higher is worse."""
    t = {c: value[c] for c in LOOKED_AT} | {f"_as_{c}": text[c] for c in PRINTED}
    # Text as objects: cells are picked from them one by one.
    t = {c: x.astype(object) if isinstance(x.dtype, pd.StringDtype) else x for c, x in t.items()}
    for column in PRINTED:
        step = 0.5 * 10.0 ** -decimals(t[f"_as_{column}"])
        t[f"_step_{column}"] = pd.Series(step, text.index).where(t[column].notna(), 0.0)
    t["_used"] = text[EXCLUDED].eq("")
    span = t["_max"] - t["_min"]
    t["_span"] = span.where(span > 0)
    t["_scale"] = (100 / t["_span"]).fillna(1.0)
    difference, better = t["_kind"].eq("difference"), t["_higher_is"].eq("better")
    t["_as"] = t["_kind"].where(~difference, t["difference_of"].replace("", "final"))
    t["_higher"] = 1 - 2 * better
    t["_worse"] = t["_higher"].where(t["measure"].ne("improvement"), -1)
    root = np.sqrt(t["n"]).where(~difference, 1 / np.sqrt(1 / t["n"] + 1 / t["n_comparator"]))
    t["_root"] = root.where(root > 0)
    from_best = (t["_mean"] - t["_min"]).where(~better, t["_max"] - t["_mean"])
    level = from_best.where(t["_kind"].eq("final"), t["_worse"] * t["_mean"]) * t["_scale"]
    t["_level"] = level.where(~difference)
    t["_most"] = _largest_sd(t)
    return t


def _places(t: Columns) -> Columns:
    """Numbers that rows share: ``_set`` of one assessment and kind; ``_series`` of the same at
    any week; ``_arm`` of one treatment in one assessment, ``_control`` of the comparator's."""
    scale = alike(t["study"], t["outcome"], t["instrument"])
    week = alike(scale, t["weeks"])
    arms = alike(np.tile(week, 2), pd.concat([t["treatment"], t["comparator"]]))
    made = {
        "_series": alike(scale, t["_kind"]),
        "_set": alike(week, t["_kind"]),
        "_arm": arms[: len(week)],
        "_control": arms[len(week) :],
    }
    return {name: pd.Series(number, t["study"].index) for name, number in made.items()}


def alike(*columns: Any) -> np.ndarray:
    """A number for every row, the same for rows that agree in all columns (blanks agree)."""
    number = np.zeros(len(columns[0]), dtype=int)
    for column in columns:
        code, values = pd.factorize(column, use_na_sentinel=False)
        number = pd.factorize(number * len(values) + code)[0]
    return number


def decimals(cells: Iterable[str]) -> np.ndarray:
    """Digits after the point, as typed; 0 for cells with exponents."""
    found = (re.fullmatch(r"[^eE]*\.(\d*)", cell) for cell in cells)
    return np.array([len(match[1]) if match else 0 for match in found], dtype=float)


def digits(cells: Iterable[str]) -> np.ndarray:
    """Significant digits as typed; zeros at the end do not count (30.0 has one)."""
    bare = (re.sub(r"[eE].*|[^0-9]", "", cell) for cell in cells)
    return np.array([len(figure.strip("0")) for figure in bare], dtype=int)


def log(x: pd.Series) -> pd.Series:
    """Of what is above 0."""
    return np.log(x.where(x > 0))


def sd_z(t: pd.DataFrame, sd: pd.Series) -> pd.Series:
    """Robust z of log SD among the other studies: (log sd - median) / (1.4826 MAD) [IH]."""
    return (log(sd * t["_scale"]) - t["_sd_centre"]) / t["_sd_scatter"]


def mean_z(t: pd.DataFrame, level: pd.Series) -> pd.Series:
    """The same of a mean in points, higher is worse."""
    return (level - t["_mean_centre"]) / t["_mean_scatter"]


def _largest_sd(t: Columns) -> pd.Series:
    """Of values within [min, max] with this mean: sqrt((mean - min)(max - mean) n/(n - 1)) [BD].

    The mean may be anything that rounds to what is printed.
    """
    half, step = (t["_max"] + t["_min"]) / 2, t["_step_mean"]
    mean = t["mean"] + (half - t["mean"]).clip(-step, step)
    room = ((mean - t["_min"]) * (t["_max"] - mean)).clip(lower=0)
    return np.sqrt(room * (t["n"] / (t["n"] - 1)).where(t["n"] > 1, 1.0))


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
                    centre[mine] = _median(values[others])
                    scatter[mine] = 1.4826 * _median(np.abs(values[others] - centre[mine][0]))
    return pd.Series(centre, x.index), pd.Series(scatter, x.index)


def _median(x: np.ndarray) -> float:
    """As np.median, which takes ten times as long on so few."""
    x, half = np.sort(x), len(x) // 2
    return x[half] if len(x) % 2 else (x[half - 1] + x[half]) / 2


def _pairs(t: Columns) -> pd.DataFrame:
    """Any two arms of one assessment, in both orders. An arm that is excluded by declaration
    does not speak (as ``b``) about one that is not."""
    at = np.flatnonzero(t["_kind"].ne("difference") & t["study"].ne(""))
    arms = pd.DataFrame({"at": at, **{c: t[c].to_numpy()[at] for c in ("_set", "_used")}})
    size = arms.groupby("_set")["at"].transform("size")
    arms = arms[size.between(2, MANY_ARMS)]
    both = arms.merge(arms, on="_set", suffixes=("_a", "_b"))
    speaks = both["at_a"].ne(both["at_b"]) & (both["_used_b"] | ~both["_used_a"])
    pairs = both.loc[speaks, ["at_a", "at_b"]].reset_index(drop=True)
    index = t["study"].index
    return pairs.assign(a=index[pairs["at_a"]], b=index[pairs["at_b"]])


def couples(t: pd.DataFrame | Columns, pairs: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The pairs with these columns of both arms, as sd_a and sd_b, too."""
    made = {name: pairs[name] for name in pairs}
    for side in ("a", "b"):
        at = pairs[f"at_{side}"].to_numpy()
        for column in columns:
            cells = t[column].to_numpy()[at]
            made[f"{column}_{side}"] = pd.Series(cells, pairs.index, dtype=cells.dtype)
    return pd.DataFrame(made)


def once_each(couples: pd.DataFrame) -> pd.DataFrame:
    """Pairs by their first arm, each arm once."""
    return couples.drop_duplicates("a").set_index("a")


def _mates(t: Columns, pairs: pd.DataFrame) -> Columns:
    """Pooled SD of the other arms, sqrt(sum (n - 1) sd^2 / sum (n - 1)), its df, their n."""
    c = couples(t, pairs, "_sd", "n")
    c = c[(c["_sd_b"] > 0) & (c["n_b"] > 1)]
    c = c.assign(square=(c["n_b"] - 1) * c["_sd_b"] ** 2, df=c["n_b"] - 1)
    total = c.groupby("a")[["square", "df", "n_b"]].sum().reindex(t["n"].index)
    sd = np.sqrt(total["square"] / total["df"])
    return {"_mates_sd": sd, "_mates_df": total["df"], "_mates_n": total["n_b"]}
