"""From a paper to (mean, sd, se) in the instrument's units: named rules, in order.

Sources: Cochrane Handbook 6.5.2 (v6) and 16.4 (v5.1); Luo et al. 2018 (Stat Methods Med
Res 27:1785) for means from medians; Wan et al. 2014 (BMC Med Res Methodol 14:135) for SDs.
Every derived figure keeps the names of the rules that made it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

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

    ``sd`` is NaN for a difference, ``se`` its standard error; ``how`` names the rules.
    """

    mean: float
    sd: float
    se: float
    how: str


def has(row: Row, *names: str) -> bool:
    """True if all cells are filled."""
    return all(np.isfinite(row[name]) for name in names)


def measure_kind(measure: pd.Series) -> pd.Series:
    """final, change or difference: an improvement is a change with its sign turned."""
    return measure.replace("improvement", "change")


def sufficient(value: pd.DataFrame, p_value: pd.Series) -> pd.Series:
    """True for rows that state a result in one sufficient way (before any imputation)."""
    ci = value["ci_low"].notna() & value["ci_high"].notna()
    quartiles = value["q1"].notna() & value["q3"].notna()
    n, mean = value["n"].notna(), value["mean"].notna()
    spread = value["se"].notna() | (n & (value["sd"].notna() | quartiles)) | (mean & ci)
    arm = (mean | (n & value["median"].notna() & quartiles)) & spread
    p = p_value.ne("") & ~p_value.str.startswith(">")
    both = value["sd"].notna() & n & value["n_comparator"].notna()
    difference = ci | (mean & (value["se"].notna() | p | both))
    return arm.where(value["measure"] != "difference", difference)


def quantile(level: float, df: float | None = None) -> float:
    """Half-width of a two-sided interval of ``level`` percent in standard errors.

    ``df`` finite: Student t; None or NaN: normal.
    """
    p = 0.5 + level / 200
    return float(stdtrit(df, p)) if df is not None and np.isfinite(df) else float(ndtri(p))


# ---- the spread of an arm: first rule that applies -------------------------------------


def sd_reported(row: Row) -> float | None:
    """As reported."""
    return row["sd"] if has(row, "sd") else None


def sd_from_se(row: Row) -> float | None:
    """sd = se sqrt(n). Handbook 6.5.2.2."""
    return row["se"] * np.sqrt(row["n"]) if has(row, "se", "n") else None


def sd_from_ci(row: Row) -> float | None:
    """sd = sqrt(n) (upper - lower) / (2 q), q of t with n - 1 df if n < 60.
    Handbook 6.5.2.2. An interval around a median is not one around a mean."""
    if not has(row, "mean", "ci_low", "ci_high", "n"):
        return None
    q = quantile(_level(row), row["n"] - 1 if row["n"] < SMALL else None)
    return np.sqrt(row["n"]) * (row["ci_high"] - row["ci_low"]) / (2 * q)


def sd_from_iqr(row: Row) -> float | None:
    """sd = (q3 - q1) / 1.35 beside a reported mean. Handbook 6.5.2.5."""
    return (row["q3"] - row["q1"]) / 1.35 if has(row, "mean", "q1", "q3") else None


def sd_from_quartiles(row: Row) -> float | None:
    """Wan 2014, scenario C3: sd = (q3 - q1) / (2 Phi^-1((0.75 n - 0.125)/(n + 0.25)))."""
    if not has(row, "median", "q1", "q3", "n"):
        return None
    n = row["n"]
    return (row["q3"] - row["q1"]) / (2 * ndtri((0.75 * n - 0.125) / (n + 0.25)))


SD_RULES: tuple[Callable[[Row], float | None], ...] = (
    sd_reported,
    sd_from_se,
    sd_from_ci,
    sd_from_iqr,
    sd_from_quartiles,
)


# ---- the mean of an arm ----------------------------------------------------------------


def mean_reported(row: Row) -> float | None:
    """As reported."""
    return row["mean"] if has(row, "mean") else None


def mean_from_quartiles(row: Row) -> float | None:
    """Luo 2018: w (q1 + q3)/2 + (1 - w) median, w = 0.7 + 0.39/n."""
    if not has(row, "median", "q1", "q3", "n"):
        return None
    w = 0.7 + 0.39 / row["n"]
    return w * (row["q1"] + row["q3"]) / 2 + (1 - w) * row["median"]


MEAN_RULES: tuple[Callable[[Row], float | None], ...] = (mean_reported, mean_from_quartiles)


# ---- a difference between two arms -----------------------------------------------------


def se_reported(row: Row) -> float | None:
    """As reported."""
    return row["se"] if has(row, "se") else None


def se_from_ci(row: Row) -> float | None:
    """se = (upper - lower) / (2 q), q of t with n + n_comparator - 2 df where n is known."""
    if not has(row, "ci_low", "ci_high"):
        return None
    return (row["ci_high"] - row["ci_low"]) / (2 * quantile(_level(row), _df(row)))


def se_from_p(row: Row) -> float | None:
    """se = |D| / t(p). Handbook 6.5.2.3. "<0.05" is used at its bound, so the SE is the
    largest the report allows."""
    p = row["p"]
    if not has(row, "mean", "p") or not 0 < p < 1 or row["mean"] == 0:
        return None
    return abs(row["mean"]) / quantile(100 * (1 - p), _df(row))


def se_from_sd(row: Row) -> float | None:
    """se = sd sqrt(1/n + 1/n_comparator), sd pooled between participants."""
    if not has(row, "sd", "n", "n_comparator"):
        return None
    return row["sd"] * np.sqrt(1 / row["n"] + 1 / row["n_comparator"])


SE_RULES: tuple[Callable[[Row], float | None], ...] = (
    se_reported,
    se_from_ci,
    se_from_p,
    se_from_sd,
)


def difference_reported(row: Row) -> float | None:
    """As reported."""
    return row["mean"] if has(row, "mean") else None


def difference_from_ci(row: Row) -> float | None:
    """Midpoint of the interval, where only the interval is printed."""
    return (row["ci_low"] + row["ci_high"]) / 2 if has(row, "ci_low", "ci_high") else None


DIFFERENCE_RULES: tuple[Callable[[Row], float | None], ...] = (
    difference_reported,
    difference_from_ci,
)


# ---- rows ------------------------------------------------------------------------------


def arm(row: Row, design: str = "", adjusted: bool = False) -> Derived:
    """Mean, sd and se of one arm. ``sd`` is NaN where only the se is known (n blank).

    A cluster trial that was not adjusted gets n / (1 + (M - 1) icc) (Handbook 23.1.4).
    Raises Unusable.
    """
    mean, mean_how = _first(MEAN_RULES, row)
    if mean is None:
        raise Unusable("no mean, and no median with both quartiles and n")
    sd, sd_how = _first(SD_RULES, row)
    effective, design_how = _effective_n(row, design, adjusted)
    if sd is not None and np.isfinite(effective):
        if sd <= 0:
            raise Unusable("the spread is 0")
        how = _how(mean_how, sd_how, design_how)
        return Derived(mean, sd, sd / np.sqrt(effective), how)
    if not has(row, "n"):
        se, se_how = _first((se_reported, se_from_ci), row)
        if se is not None and se > 0 and not design_how:
            return Derived(mean, np.nan, se, _how(mean_how, se_how))
        raise Unusable("no number of participants, and no standard error or interval")
    raise NoSpread("no spread: neither sd, se, interval nor quartiles")


def difference(row: Row, design: str = "", adjusted: bool = False) -> Derived:
    """A reported difference and its standard error.

    In a cluster trial that was not adjusted the standard error is multiplied by the root of
    the design effect (Handbook v5.1, 16.3.6). Raises Unusable.
    """
    mean, mean_how = _first(DIFFERENCE_RULES, row)
    if mean is None:
        raise Unusable("no difference is given")
    se, se_how = _first(SE_RULES, row)
    if se is None or not se > 0:
        raise Unusable("the difference has no standard error, interval or p value")
    if se_how == "se_from_p" and row.get("p_bound"):
        se_how = "se_from_p_bound"
    effect = _design_effect(row, design, adjusted)
    design_how = "se_design_effect" if effect is not None else ""
    return Derived(mean, np.nan, se * np.sqrt(effect or 1.0), _how(mean_how, se_how, design_how))


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


def _effective_n(row: Row, design: str, adjusted: bool) -> tuple[float, str]:
    effect = _design_effect(row, design, adjusted)
    return (row["n"], "") if effect is None else (row["n"] / effect, "n_design_effect")


def _design_effect(row: Row, design: str, adjusted: bool) -> float | None:
    """1 + (M - 1) icc, None where none is due."""
    if design != "cluster" or adjusted:
        return None
    if not has(row, "cluster_size", "icc"):
        raise Unusable("cluster trial without cluster_size and icc, not adjusted in the report")
    return 1 + (row["cluster_size"] - 1) * row["icc"]


def _first(rules, row: Row) -> tuple[float | None, str]:
    for rule in rules:
        found = rule(row)
        if found is not None:
            return float(found), rule.__name__
    return None, ""


def _how(*names: str) -> str:
    """Rule names joined; figures taken as reported need no mention."""
    derived = [name for name in names if name and not name.endswith("_reported")]
    return "; ".join(derived) or AS_REPORTED


def _level(row: Row) -> float:
    return row["ci_level"] if has(row, "ci_level") else 95.0


def _df(row: Row) -> float | None:
    return row["n"] + row["n_comparator"] - 2 if has(row, "n", "n_comparator") else None
