"""From a paper to (mean, sd, se) in the instrument's units: named ways, tried in order.

Sources: Cochrane Handbook 6.5.2 (v6) and 16.4 (v5.1); Luo et al. 2018 (Stat Methods Med
Res 27:1785) for means from medians; Wan et al. 2014 (BMC Med Res Methodol 14:135) for SDs.
Every derived figure keeps the names of the ways that made it and the cells they used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from nma.contract import TRIALS, numbers
from nma.tables import to_number

Row = Mapping[str, float]
AS_REPORTED = "as reported"
SMALL = 60  # below this the Handbook takes t quantiles instead of normal ones


class Unusable(ValueError):
    """A row that cannot give a mean and its spread; the message says why."""


class NoSpread(Unusable):
    """A row with a mean and n, whose SD could be imputed."""


@dataclass(frozen=True)
class Derived:
    """A mean (or difference) with its spread in the instrument's units.

    ``sd`` is NaN for a difference, ``se`` its standard error; ``how`` names the ways and
    ``uses`` the cells behind each figure.
    """

    mean: float
    sd: float
    se: float
    how: str
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)


def has(row: Row, *names: str) -> bool:
    """True if all cells are filled."""
    return all(np.isfinite(row[name]) for name in names)


def numbers_of(text: pd.DataFrame, correlation: Mapping[str, float]) -> pd.DataFrame:
    """A trials table with numbers where the contract has numbers, and ``p``, ``p_bound``.

    ``correlation`` maps change and crossover to the r that is used where the report gives
    none; ``final_sd`` of a change is taken from the same arm's final row if blank.
    """
    value = text.copy()
    for column in numbers(TRIALS):
        value[column] = to_number(text[column])
    parsed = text["p_value"].map(parse_p)
    value["p"], value["p_bound"] = parsed.str[0].astype(float), parsed.str[1].astype(bool)
    value["_kind"] = measure_kind(text["measure"])
    assumed = (
        text["design"]
        .eq("crossover")
        .map({True: correlation["crossover"], False: correlation["change"]})
    )
    value["_r_assumed"] = value["correlation"].isna()
    value["correlation"] = value["correlation"].fillna(assumed.astype(float))
    arm = ["study", "outcome", "instrument", "weeks", "treatment"]
    final = value[value["_kind"].eq("final") & value["sd"].notna()].drop_duplicates(arm)
    at_end = value[arm].merge(final[[*arm, "sd"]], on=arm, how="left")["sd"].to_numpy()
    change = value["_kind"].eq("change")
    value.loc[change, "final_sd"] = value["final_sd"].fillna(pd.Series(at_end, value.index))
    return value


def measure_kind(measure: pd.Series) -> pd.Series:
    """final, change or difference: an improvement is a change with its sign turned."""
    return measure.replace("improvement", "change")


def attempt(value: pd.DataFrame) -> pd.DataFrame:
    """What every row of a table gives: ``_mean``, ``_sd``, ``_se`` in the instrument's units,
    ``_how`` and, where it gives nothing, ``_problem``.

    ``value`` holds numbers as ``numbers_of`` makes them. One mechanism for validation and
    for the arms: what is said to be sufficient is what can be derived.
    """
    made = []
    for row in value.to_dict("records"):
        kind = difference if row["measure"] == "difference" else arm
        try:
            # Cells that validation has yet to refuse (n = 0, a level of 0.95) may be in it.
            with np.errstate(all="ignore"):
                got = kind(row, row["design"], row["adjusted"] == "yes")
            made.append((got.mean, got.sd, got.se, got.how, ""))
        except Unusable as problem:
            made.append((np.nan, np.nan, np.nan, "", str(problem)))
        except ArithmeticError:
            made.append((np.nan, np.nan, np.nan, "", "its figures cannot be calculated with"))
    columns = ["_mean", "_sd", "_se", "_how", "_problem"]
    return pd.DataFrame(made, columns=columns, index=value.index)


def quantile(level: float, df: float | None = None) -> float:
    """Half-width of a two-sided interval of ``level`` percent in standard errors.

    ``df`` finite: Student t; None or NaN: normal.
    """
    p = 0.5 + level / 200
    return float(stdtrit(df, p)) if df is not None and np.isfinite(df) else float(ndtri(p))


@dataclass(frozen=True)
class Way:
    """One way in which a report states a figure: ``formula`` of the cells it ``needs``.

    ``formula`` returns None where the cells, though filled, do not give the figure.
    """

    name: str
    stated: str
    needs: tuple[str, ...]
    formula: Callable[[Row], float | None]
    source: str

    def __call__(self, row: Row) -> float | None:
        """The figure, or None if the row does not state it in this way."""
        if not has(row, *self.needs):
            return None
        found = self.formula(row)
        return None if found is None else float(found)


def _sd_from_ci(row: Row) -> float:
    q = quantile(_level(row), row["n"] - 1 if row["n"] < SMALL else None)
    return np.sqrt(row["n"]) * (row["ci_high"] - row["ci_low"]) / (2 * q)


def _sd_of_change(row: Row) -> float | None:
    if row.get("measure") == "final":
        return None
    before, after, r = row["baseline_sd"], row["final_sd"], row["correlation"]
    return np.sqrt(before**2 + after**2 - 2 * r * before * after)


def _sd_from_quartiles(row: Row) -> float:
    n = row["n"]
    return (row["q3"] - row["q1"]) / (2 * ndtri((0.75 * n - 0.125) / (n + 0.25)))


def _mean_from_quartiles(row: Row) -> float:
    w = 0.7 + 0.39 / row["n"]
    return w * (row["q1"] + row["q3"]) / 2 + (1 - w) * row["median"]


def _se_from_ci(row: Row) -> float:
    return (row["ci_high"] - row["ci_low"]) / (2 * quantile(_level(row), _df(row)))


def _se_from_p(row: Row) -> float | None:
    p = row["p"]
    if not 0 < p < 1 or row["mean"] == 0:
        return None
    return abs(row["mean"]) / quantile(100 * (1 - p), _df(row))


def _se_from_sd(row: Row) -> float:
    return row["sd"] * np.sqrt(1 / row["n"] + 1 / row["n_comparator"])


# Each table in the order in which its ways are tried; docs/derivations.md is made of them.
SD_WAYS = (
    Way("sd_reported", "sd", ("sd",), lambda r: r["sd"], "as reported"),
    Way(
        "sd_from_se",
        "se and n: se sqrt(n)",
        ("se", "n"),
        lambda r: r["se"] * np.sqrt(r["n"]),
        "Cochrane Handbook 6.5.2.2",
    ),
    Way(
        "sd_from_ci",
        "mean with interval and n: sqrt(n) (upper - lower)/(2 q), q of t with n - 1 df if n < 60",
        # An interval around a median is not one around a mean.
        ("mean", "ci_low", "ci_high", "n"),
        _sd_from_ci,
        "Cochrane Handbook 6.5.2.2",
    ),
    Way(
        "sd_of_change",
        "change with the sds at baseline and end: sqrt(sb^2 + sf^2 - 2 r sb sf)",
        ("mean", "baseline_sd", "final_sd", "correlation"),
        _sd_of_change,
        "Cochrane Handbook 6.5.2.8",
    ),
    Way(
        "sd_from_iqr",
        "mean with quartiles: (q3 - q1)/1.35",
        ("mean", "q1", "q3"),
        lambda r: (r["q3"] - r["q1"]) / 1.35,
        "Cochrane Handbook 6.5.2.5",
    ),
    Way(
        "sd_from_quartiles",
        "median, quartiles and n: (q3 - q1)/(2 Phi^-1((0.75 n - 0.125)/(n + 0.25)))",
        ("median", "q1", "q3", "n"),
        _sd_from_quartiles,
        "Wan 2014, scenario C3",
    ),
)
MEAN_WAYS = (
    Way("mean_reported", "mean", ("mean",), lambda r: r["mean"], "as reported"),
    Way(
        "mean_from_quartiles",
        "median, quartiles and n: w (q1 + q3)/2 + (1 - w) median, w = 0.7 + 0.39/n",
        ("median", "q1", "q3", "n"),
        _mean_from_quartiles,
        "Luo 2018",
    ),
)
# Where n is not known: the standard error of the mean is all that the fit needs.
ARM_SE_WAYS = (
    Way("se_reported", "se without n", ("se",), lambda r: r["se"], "as reported"),
    Way(
        "se_from_ci",
        "interval without n: (upper - lower)/(2 q), q normal",
        ("ci_low", "ci_high"),
        _se_from_ci,
        "Cochrane Handbook 6.5.2.2",
    ),
)
SE_WAYS = (
    Way("se_reported", "se of the difference", ("se",), lambda r: r["se"], "as reported"),
    Way(
        "se_from_ci",
        "interval: (upper - lower)/(2 q), q of t with n + n_comparator - 2 df where both are known",
        ("ci_low", "ci_high"),
        _se_from_ci,
        "Cochrane Handbook 6.5.2.3",
    ),
    Way(
        "se_from_p",
        'p: abs(D)/t(p); "<0.05" at its bound, the largest SE that the report allows',
        ("mean", "p"),
        _se_from_p,
        "Cochrane Handbook 6.5.2.3",
    ),
    Way(
        "se_from_sd",
        "pooled sd between participants: sd sqrt(1/n + 1/n_comparator)",
        ("sd", "n", "n_comparator"),
        _se_from_sd,
        "Cochrane Handbook 6.5.2.3",
    ),
)
DIFFERENCE_WAYS = (
    Way("difference_reported", "difference", ("mean",), lambda r: r["mean"], "as reported"),
    Way(
        "difference_from_ci",
        "interval alone: its midpoint",
        ("ci_low", "ci_high"),
        lambda r: (r["ci_low"] + r["ci_high"]) / 2,
        "symmetry of the interval",
    ),
)


# ---- rows ------------------------------------------------------------------------------


def arm(row: Row, design: str = "", adjusted: bool = False) -> Derived:
    """Mean, sd and se of one arm. ``sd`` is NaN where only the se is known (n blank).

    A cluster trial that was not adjusted gets n / (1 + (M - 1) icc) (Handbook 23.1.4).
    Raises Unusable.
    """
    mean, of_mean = _first(MEAN_WAYS, row)
    if mean is None:
        raise Unusable("no mean, and no median with both quartiles and n")
    sd, of_sd = _first(SD_WAYS, row)
    effect = _design_effect(row, design, adjusted)
    design_how = "n_design_effect" if effect is not None else ""
    uses = {"mean": of_mean.needs, "sd": of_sd.needs if of_sd else ()}
    if sd is not None and has(row, "n"):
        if not sd > 0:
            raise Unusable("the spread is 0")
        uses["se"] = ("n", "cluster_size", "icc") if design_how else ("n",)
        how = _how(of_mean, of_sd, also=design_how)
        return Derived(mean, sd, sd / np.sqrt(row["n"] / (effect or 1.0)), how, uses)
    if not has(row, "n"):
        se, of_se = _first(ARM_SE_WAYS, row)
        if se is not None and se > 0 and not design_how:
            uses = {"mean": of_mean.needs, "se": of_se.needs}
            return Derived(mean, np.nan, se, _how(of_mean, of_se), uses)
        raise Unusable("no number of participants, and no standard error or interval")
    raise NoSpread("no spread: neither sd, se, interval nor quartiles")


def difference(row: Row, design: str = "", adjusted: bool = False) -> Derived:
    """A reported difference and its standard error.

    In a cluster trial that was not adjusted the standard error is multiplied by the root of
    the design effect (Handbook v5.1, 16.3.6). Raises Unusable.
    """
    mean, of_mean = _first(DIFFERENCE_WAYS, row)
    if mean is None:
        raise Unusable("no difference is given")
    se, of_se = _first(SE_WAYS, row)
    if se is None:
        raise Unusable("no standard error, interval or p value of the difference")
    if not se > 0:
        raise Unusable("the spread is 0")
    effect = _design_effect(row, design, adjusted)
    design_how = "se_design_effect" if effect is not None else ""
    how = _how(of_mean, of_se, also=design_how)
    if row.get("p_bound"):
        how = how.replace("se_from_p", "se_from_p_bound")
    uses = {"mean": of_mean.needs, "se": of_se.needs}
    if design_how:
        uses["se"] += ("cluster_size", "icc")
    return Derived(mean, np.nan, se * np.sqrt(effect or 1.0), how, uses)


def paired_variance(sd: float, other: float, n: float, r: float) -> float:
    """Squared standard error of the difference of two periods of one crossover trial:
    (SE^2 + SC^2 - 2 r SE SC)/N. Cochrane Handbook v5.1, 16.4.6.1."""
    return (sd**2 + other**2 - 2 * r * sd * other) / n


def parse_p(cell: str) -> tuple[float, bool]:
    """A p cell as (value, is a bound): "<0.05" is (0.05, True), blank or ">0.05" is NaN."""
    cell = cell.replace(" ", "")
    if not cell or cell[0] == ">":
        return np.nan, False
    try:
        return float(cell.lstrip("<=")), cell[0] == "<"
    except ValueError:
        return np.nan, False


def combine(n: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> tuple[float, float, float]:
    """Several groups as one: (n, mean, sd). Handbook 6.5.2.10, applied pair by pair."""
    N, M, S = float(n[0]), float(mean[0]), float(sd[0])
    for n2, m2, s2 in zip(n[1:], mean[1:], sd[1:], strict=True):
        total = N + n2
        square = (N - 1) * S**2 + (n2 - 1) * s2**2 + N * n2 / total * (M - m2) ** 2
        M, N, S = (N * M + n2 * m2) / total, total, float(np.sqrt(square / (total - 1)))
    return N, M, S


def _design_effect(row: Row, design: str, adjusted: bool) -> float | None:
    """1 + (M - 1) icc, None where none is due."""
    if design != "cluster" or adjusted:
        return None
    if not has(row, "cluster_size", "icc"):
        raise Unusable("cluster trial without cluster_size and icc, not adjusted in the report")
    return 1 + (row["cluster_size"] - 1) * row["icc"]


def _first(ways: tuple[Way, ...], row: Row) -> tuple[float | None, Way | None]:
    """The figure by the first way that the row states it in, and that way."""
    for way in ways:
        found = way(row)
        if found is not None:
            return found, way
    return None, None


def _how(*ways: Way | None, also: str = "") -> str:
    """Names of the ways; figures taken as reported need no mention."""
    names = [way.name for way in ways if way and not way.name.endswith("_reported")]
    return "; ".join([*names, *([also] if also else [])]) or AS_REPORTED


def _level(row: Row) -> float:
    return row["ci_level"] if has(row, "ci_level") else 95.0


def _df(row: Row) -> float | None:
    return row["n"] + row["n_comparator"] - 2 if has(row, "n", "n_comparator") else None
