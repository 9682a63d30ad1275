"""Tables from draws: effects, league, ranks, heterogeneity. Intervals 95%, equal-tailed.

Draws come as (draws, treatments) with the reference first as zeros; lower is better.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from xarray import DataTree

from nma import posterior
from nma.draws import named, predictive

Array = NDArray[np.float64]
INTERVAL = (0.025, 0.975)
TOGETHER = 64  # columns whose draws fit a processor's cache
SUMMARY = ("mean", "sd", "median", "ci_low", "ci_high")
# The other way round: of which the negative is taken.
TURNED = {"mean": "mean", "median": "median", "ci_low": "ci_high", "ci_high": "ci_low"}


def tables(
    names: Sequence[str],
    d: Array,
    hyper: Mapping[str, Array],
    new_study_sd: Array,
    thresholds: Sequence[float],
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Every table of a posterior by its name."""
    return {
        "effects": effects(names, d, new_study_sd, thresholds, seed),
        "league": league(names, d, thresholds),
        "ranks": ranks(names, d),
        "rank_probabilities": rank_probabilities(names, d),
        "heterogeneity": heterogeneity(hyper),
    }


def of_posterior(tree: DataTree, thresholds: Sequence[float], seed: int) -> dict[str, pd.DataFrame]:
    """Every table of posterior.nc."""
    names, d = posterior.effect_draws(tree)
    hyper, sd = posterior.hyper_draws(tree), posterior.new_study_sd(tree)
    return tables(names, d, hyper, sd, thresholds, seed)


def effects(
    names: Sequence[str], d: Array, new_study_sd: Array, thresholds: Sequence[float], seed: int
) -> pd.DataFrame:
    """Effects against the reference, which has no row. One column ``p_below_-t`` per
    threshold t (points), beside ``p_below_0``. ``new_study_sd``: see ``draws.predictive``."""
    new = predictive(d[:, 1:], new_study_sd, seed)
    table = _describe(d[:, 1:])
    table.insert(0, "treatment", list(names[1:]))
    table["pred_low"], table["pred_high"] = quantiles(new, INTERVAL)
    for t in (0, *thresholds):
        table[f"p_below_{-t:g}" if t else "p_below_0"] = (d[:, 1:] < -t).mean(axis=0)
    return table


def league(names: Sequence[str], d: Array, thresholds: Sequence[float] = ()) -> pd.DataFrame:
    """Treatment minus comparator for every ordered pair of different treatments, with
    P(difference < -t) for 0 and every threshold t (points).

    Each pair is computed once; the other way round its signs and tails turn.
    """
    K = len(names)
    below = {t: f"p_below_{-t:g}" if t else "p_below_0" for t in (0, *thresholds)}
    cells = {name: np.empty((K, K)) for name in (*SUMMARY, *below.values())}
    # By draw within pair: a quantile over draws that lie apart in memory takes thrice as long.
    d = np.ascontiguousarray(d.T)
    for j in range(K - 1):
        x = d[j + 1 :] - d[j]
        described = _describe(x.T)
        for name in SUMMARY:
            cells[name][j + 1 :, j] = described[name]
            cells[name][j, j + 1 :] = described["sd"] if name == "sd" else -described[TURNED[name]]
        for t, name in below.items():
            cells[name][j + 1 :, j] = (x < -t).mean(axis=1)
            cells[name][j, j + 1 :] = (x > t).mean(axis=1)
    order = np.argsort(np.array(names, dtype=object), kind="stable")
    row, column = np.divmod(np.flatnonzero(~np.eye(K, dtype=bool)), K)
    row, column = order[row], order[column]
    known = pd.Series(names, dtype="str")
    table = {"treatment": known.take(row).array, "comparator": known.take(column).array}
    return pd.DataFrame(table | {name: values[row, column] for name, values in cells.items()})


def quantiles(x: Array, p: Sequence[float]) -> Array:
    """(len(p), k) quantiles of x (draws, k), those of ``numpy.quantile``; missing where a draw
    is. A few columns at a time are sorted, each by itself in memory, and read off: a quarter
    of the time."""
    at = np.asarray(p) * (len(x) - 1)
    below, above, part = at.astype(int), np.ceil(at).astype(int), at % 1
    made = np.empty((len(at), x.shape[1]))
    for start in range(0, x.shape[1], TOGETHER):
        columns = slice(start, start + TOGETHER)
        ordered = np.sort(np.ascontiguousarray(x[:, columns].T), axis=1)
        low, high = ordered[:, below], ordered[:, above]
        # From the nearer of the two, as numpy does: the same to the last digit.
        found = np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part))
        made[:, columns] = np.where(np.isnan(ordered[:, -1:]), np.nan, found).T
    return made


def rank_draws(d: Array) -> NDArray[np.int64]:
    """(draws, treatments) ranks, 1 = best = lowest."""
    return d.argsort(axis=1).argsort(axis=1) + 1


def ranks(names: Sequence[str], d: Array) -> pd.DataFrame:
    """SUCRA with its interval, mean rank with its interval, P(best); Salanti 2011.

    SUCRA = (K - E[rank]) / (K - 1); its interval is the transform of the rank's.
    """
    rank, K = rank_draws(d), d.shape[1]
    low, high = np.quantile(rank, INTERVAL, axis=0, method="inverted_cdf")
    return pd.DataFrame(
        {
            "treatment": list(names),
            "sucra": (K - rank.mean(axis=0)) / (K - 1),
            "sucra_low": (K - high) / (K - 1),
            "sucra_high": (K - low) / (K - 1),
            "mean_rank": rank.mean(axis=0),
            "rank_low": low,
            "rank_high": high,
            "p_best": (rank == 1).mean(axis=0),
        }
    ).sort_values(["mean_rank", "treatment"], ignore_index=True)


def rank_probabilities(names: Sequence[str], d: Array) -> pd.DataFrame:
    """P(rank = r) for every treatment: columns treatment, rank, p, cumulative."""
    rank, (size, K) = rank_draws(d), d.shape
    # Counted in one pass: rank r of treatment k is cell (r, k).
    cell = (rank - 1) * K + np.arange(K)
    p = np.bincount(cell.ravel(), minlength=K * K).reshape(K, K) / size
    return pd.DataFrame(
        {
            "treatment": np.repeat(list(names), K),
            "rank": np.tile(np.arange(1, K + 1), K),
            "p": p.T.ravel(),
            "cumulative": p.cumsum(axis=0).T.ravel(),
        }
    )


def heterogeneity(hyper: Array | Mapping[str, Array]) -> pd.DataFrame:
    """The between-study sd and every other hyperparameter; what is fixed says so."""
    rows = []
    for name, draws in named(hyper).items():
        row = _describe(draws[:, None]).iloc[0].to_dict()
        fixed = bool(np.ptp(draws) == 0)
        row = {"parameter": name, **row, "note": ""}
        if fixed:
            note = f"fixed at {draws[0]:g}, not estimated"
            row |= dict.fromkeys(["mean", "median", "ci_low", "ci_high"], float(draws[0]))
            row |= {"sd": 0.0, "note": note}
        rows.append(row)
    return pd.DataFrame(rows)


def headline(
    effects: pd.DataFrame, active: Sequence[str], mid: float, level: float, mid_level: float
) -> dict[str, object]:
    """The plain sentence: of K active treatments, how many beat the reference and how
    many by more than the minimal important difference ``mid`` (points)."""
    table = effects[effects["treatment"].isin(active)]
    beats = table.loc[table["p_below_0"] >= level, "treatment"].tolist()
    worthwhile = table.loc[table[f"p_below_-{mid:g}"] >= mid_level, "treatment"].tolist()
    return {"active": len(table), "beats": beats, "worthwhile": worthwhile}


def _describe(x: Array) -> pd.DataFrame:
    low, median, high = quantiles(x, (INTERVAL[0], 0.5, INTERVAL[1]))
    return pd.DataFrame(
        {
            "mean": x.mean(axis=0),
            "sd": x.std(axis=0, ddof=1),
            "median": median,
            "ci_low": low,
            "ci_high": high,
        }
    )
