"""Influence: what changes without each study.

The posterior without the study, from ``removal``. Its scalar measure is Cook's distance in
the form of Viechtbauer & Cheung 2010 (Res Synth Methods 1:112), for the q effects that
remain linked to the reference:

    (E[d] - E[d without])' Cov[d]^-1 (E[d] - E[d without]) / q

with the mean and covariance of the whole posterior, tau integrated out. Effects that only
this study links to the reference are named, not measured: their change is the prior's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import kendalltau

from nma.arms import Arms
from nma.checks.mixtures import wide_fit
from nma.checks.removal import Removal, removals
from nma.checks.studies import pieces
from nma.exact import Posterior
from nma.priors import Prior

Array = NDArray[np.float64]


def influence(
    arms: Arms,
    prior: Prior,
    mid: float = 10.0,
    beats: float = 0.975,
    worthwhile: float = 0.975,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(studies, effects) of the network without each study; consistency model only.

    A verdict is P(d < 0) >= ``beats`` or P(d < -``mid``) >= ``worthwhile``.

    studies: study, treatments, not_estimable (treatments that lose their link to the
    reference), cook, max_change (points) of the treatment ``moved``, max_change_sd (in sds
    of the full posterior) of ``moved_sd``, tau_median (without it), tau_change, kendall
    (of the mean ranks), max_rank_change, best (lowest mean rank), best_changes, flips,
    flipped, note. Ranks are among the treatments that remain linked.

    effects: study, treatment, estimable, mean, sd, change, change_sd, p_below_0,
    p_below_mid, mean_rank; missing where not estimable.
    """
    fit = wide_fit(arms, prior)
    rule = _Rule(mid, beats, worthwhile)
    before = _state(fit, mid)
    studies, effects = [], []
    for removal in removals(fit):
        row, columns = _change(arms, before, removal, rule)
        studies.append(row)
        effects.append(columns)
    table = {name: np.concatenate([part[name][1:] for part in effects]) for name in effects[0]}
    return pd.DataFrame(studies), pd.DataFrame(table)


def most_influential(studies: pd.DataFrame, count: int = 10) -> pd.DataFrame:
    """The ``count`` studies with the largest Cook's distance."""
    order = studies.sort_values(["cook", "study"], ascending=[False, True], na_position="last")
    return order.head(count).reset_index(drop=True)


@dataclass(frozen=True)
class _Rule:
    mid: float
    beats: float
    worthwhile: float


@dataclass(frozen=True)
class _State:
    """Effects (K,) with the reference first: mean, sd, P(d < 0), P(d < -mid);
    better (K, K) P(row has the lower effect than column); tau's median; covariance."""

    mean: Array
    sd: Array
    p_below_0: Array
    p_below_mid: Array
    better: Array
    tau: float
    cov: Array


def _state(fit: Posterior, mid: float) -> _State:
    # A node with less than 1e-12 of the mass adds nothing that can be seen.
    used = fit.weights > 1e-12
    w, m, C = fit.weights[used], fit.means[used], fit.covs[used]
    v = np.diagonal(C, axis1=1, axis2=2)
    mean = w @ m
    cov = np.einsum("t,tij->ij", w, C) + (m - mean).T @ (w[:, None] * (m - mean))
    s = np.sqrt(v)
    return _State(
        mean=np.append(0.0, mean),
        sd=np.append(0.0, np.sqrt(np.diag(cov))),
        p_below_0=np.append(0.0, w @ ndtr(-m / s)),
        p_below_mid=np.append(0.0, w @ ndtr((-mid - m) / s)),
        better=_better(w, m, C),
        tau=float(fit.tau_quantile(0.5)),
        cov=cov,
    )


def _better(w: Array, m: Array, C: Array) -> Array:
    """(K, K) P(d[row] < d[column]), reference first; 0 on the diagonal."""
    K = m.shape[1] + 1
    a, b = np.triu_indices(K, 1)
    # The nodes of a pair together in memory: to pick pairs out of every node takes thrice as
    # long, and without each study in turn it is most of this check.
    mean = np.zeros((K, len(m)))
    mean[1:] = m.T
    full = np.zeros((K, K, len(m)))
    full[1:, 1:] = C.transpose(1, 2, 0)
    v = full[np.arange(K), np.arange(K)]
    spread = full[a, b]
    spread *= -2
    spread += v[a]
    spread += v[b]
    np.sqrt(np.maximum(spread, 1e-300, out=spread), out=spread)
    apart = mean[b]
    apart -= mean[a]
    apart /= spread
    better = np.zeros((K, K))
    better[a, b] = ndtr(apart, out=apart) @ w
    better[b, a] = 1 - better[a, b]
    return better


def _mean_ranks(better: Array, kept: NDArray[np.bool_]) -> Array:
    """Posterior mean ranks among the kept treatments, 1 = lowest; missing elsewhere."""
    return np.where(kept, 1 + better[kept].sum(axis=0), np.nan)


def _change(
    arms: Arms, before: _State, removal: Removal, rule: _Rule
) -> tuple[dict[str, object], dict[str, NDArray]]:
    """One row of ``studies``, and the columns of ``effects`` with the reference first."""
    after = _state(removal.fit, rule.mid)
    names, study = np.array(arms.treatments, dtype=object), arms.studies[removal.study]
    label = pieces(arms, [removal.study])
    kept = label == label[0]
    effects = kept & (np.arange(len(kept)) > 0)
    change = np.where(effects, after.mean - before.mean, np.nan)
    change_sd = change / np.where(effects, before.sd, 1.0)
    old, new = (_mean_ranks(state.better, kept) for state in (before, after))
    best = names[np.nanargmin(new)]
    flips = _flips(names, effects, before, after, rule)
    gone = names[~kept].tolist()
    row = {
        "study": study,
        "treatments": " : ".join(names[np.sort(arms.treatment[arms.study == removal.study])]),
        "not_estimable": "; ".join(gone),
        "cook": _cook(before, change, effects),
        **_largest(names, change, "max_change", "moved"),
        **_largest(names, change_sd, "max_change_sd", "moved_sd"),
        "tau_median": after.tau,
        "tau_change": after.tau - before.tau,
        "kendall": _kendall(old[kept], new[kept]),
        "max_rank_change": float(np.abs(new - old)[kept].max()),
        "best": best,
        "best_changes": bool(best != names[np.nanargmin(old)]),
        "flips": len(flips),
        "flipped": "; ".join(flips),
        "note": _not_estimable(gone),
    }
    columns = {
        "study": np.full(len(names), study, dtype=object),
        "treatment": names,
        "estimable": kept,
        "mean": np.where(kept, after.mean, np.nan),
        "sd": np.where(kept, after.sd, np.nan),
        "change": change,
        "change_sd": change_sd,
        "p_below_0": np.where(kept, after.p_below_0, np.nan),
        "p_below_mid": np.where(kept, after.p_below_mid, np.nan),
        "mean_rank": new,
    }
    return row, columns


def _not_estimable(gone: Sequence[str]) -> str:
    if not gone:
        return ""
    return f"without it {', '.join(gone)} {'is' if len(gone) == 1 else 'are'} not estimable"


def _cook(before: _State, change: Array, effects: NDArray[np.bool_]) -> float:
    k = np.flatnonzero(effects)
    if len(k) == 0:
        return np.nan
    cov = before.cov[np.ix_(k - 1, k - 1)]
    return float(change[k] @ np.linalg.solve(cov, change[k]) / len(k))


def _largest(names: Array, change: Array, value: str, who: str) -> dict[str, object]:
    """The largest absolute change and its treatment; missing if none remains."""
    if np.isnan(change).all():
        return {value: np.nan, who: ""}
    k = int(np.nanargmax(np.abs(change)))
    return {value: float(np.abs(change[k])), who: names[k]}


def _kendall(old: Array, new: Array) -> float:
    """Kendall's tau-b of two rankings; missing with fewer than two treatments."""
    return float(kendalltau(old, new).statistic) if len(old) > 1 else np.nan


def _flips(
    names: Sequence[str],
    effects: NDArray[np.bool_],
    before: _State,
    after: _State,
    rule: _Rule,
) -> list[str]:
    """Verdicts that differ without the study, in words."""
    verdicts = (
        ("p_below_0", rule.beats, f"beats {names[0]}"),
        ("p_below_mid", rule.worthwhile, f"beats {names[0]} by {rule.mid:g}"),
    )
    found = []
    for field, level, words in verdicts:
        was, now = (getattr(state, field) >= level for state in (before, after))
        for k in np.flatnonzero(effects & (was != now)):
            found.append(f"{names[k]} {'now' if now[k] else 'no longer'} {words}")
    return found
