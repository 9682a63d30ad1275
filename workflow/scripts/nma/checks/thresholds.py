"""Threshold analysis: how far a result would have to move before a decision changes.

Phillippo, Dias, Ades, Didelez & Welton 2018 (J R Stat Soc A 181:843): given tau the
posterior mean of the effects is linear in the data, so the shift at which a decision
changes is a ratio. Here every shift is ``y + u * direction``:

- of a study: the direction is 1 on one arm, so one contrast against the study's baseline
  arm (the earliest treatment in order) moves by u and its other contrasts stay;
- of a comparison: the pooled direct estimate moves by u. In a two-arm study the contrast
  moves by u; in a multi-arm study with arm weights w the arms a, b move by -u w_b/sum(w)
  and u w_a/sum(w), which moves the edge a-b of its star-mesh form and no other edge.

Two answers. ``linear``: tau stays at its posterior mean. ``exact``: the posterior of tau
reacts to the shifted data, the whole mixture is recomputed, and the shift is found by a
scan and bisection; the log likelihood is quadratic in u at every tau, so no refit is
needed. It can differ from the linear one: a result far from its fellows raises tau. The
first change on the way out is reported; a larger shift may undo it.

Decisions: ``best``, the treatment with the lowest posterior mean; ``verdict``, the set of
treatments that beat the reference by the minimal important difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from nma.arms import Arms
from nma.checks.contributions import pair_weights
from nma.checks.studies import study_rows
from nma.exact import NODES, Posterior, conditional

Array = NDArray[np.float64]
DECISIONS, LEVELS = ("best", "verdict"), ("study", "comparison")
Z95 = float(ndtri(0.975))
SCAN, BISECTIONS = 61, 40
# A slope below this share of the largest is rounding error.
FLAT = 1e-12


@dataclass(frozen=True)
class Rule:
    """When a treatment beats the reference by more than ``mid`` points (lower = better).

    P(d < -mid) >= cut, or, with ``cut`` None, posterior mean < -mid.
    """

    mid: float = 10.0
    cut: float | None = 0.975

    def slack(self, mean: Array, sd: Array) -> Array:
        """Above 0 where a Gaussian effect beats the reference by the MID, in points."""
        return -self.mid - mean - (0.0 if self.cut is None else ndtri(self.cut)) * sd

    def holds(self, mean: Array, sd: Array, weights: Array) -> NDArray[np.bool_]:
        """The rule for mixtures: mean and sd (..., T, K), weights (..., T) -> (..., K)."""
        if self.cut is None:
            return np.einsum("...t,...tk->...k", weights, mean) < -self.mid
        below = ndtr((-self.mid - mean) / np.maximum(sd, 1e-300))
        return np.einsum("...t,...tk->...k", weights, below) >= self.cut


def thresholds(
    fit: Posterior,
    rule: Rule,
    decision: str = "best",
    level: str = "study",
    candidates: Sequence[str] | None = None,
    exact_for: int = 10,
    limit: float = 100.0,
) -> pd.DataFrame:
    """One row per contrast of a study, or per direct comparison; most sensitive first.

    ``fit`` is the consistency model. ``candidates``: treatments that may be recommended
    (default all, with the reference), or whose verdicts count (default all others).
    ``exact_for``: rows, the most sensitive by the linear answer, that get the exact one.
    ``limit``: the largest shift, either way, that is worth a report (points): on 0-100
    points a difference of more than 100 cannot be.

    Columns: decision, level, study (or ``studies``, their number), treatment, comparator,
    estimate, se, ci_low, ci_high (0-100 points; a study's own, without tau; of a pooled
    comparison with tau); ``now``, the decision; threshold_low, threshold_high: the interval
    of the estimate inside which the decision stays (infinite: no shift up to the limit
    changes it); change_low, change_high: what it changes to just outside; ci_inside: the
    95% interval lies within; margin: distance to the nearer threshold in standard errors;
    and the last seven again with the prefix ``exact_``, where computed.
    """
    if decision not in DECISIONS or level not in LEVELS:
        raise ValueError(f"decision is one of {DECISIONS}, level one of {LEVELS}")
    tau = fit.tau_moments()[0]
    table, D = (_contrasts if level == "study" else _comparisons)(fit.arms, tau)
    chosen = _candidates(fit.arms, candidates, decision)
    margins = _linear_best if decision == "best" else _linear_verdict
    state, low, high, at_low, at_high = margins(fit.arms, tau, D, chosen, rule)
    low, high = np.where(low < -limit, -np.inf, low), np.where(high > limit, np.inf, high)
    table.insert(0, "decision", decision)
    table.insert(1, "level", level)
    table["now"] = state
    _write(table, "", low, high, at_low, at_high)
    nearest = np.minimum(-low, high) / table["se"].to_numpy()
    order = np.argsort(nearest, kind="stable")
    search = _Search(fit, rule, decision, chosen, limit)
    _write_exact(table, search, D, order[:exact_for])
    return table.iloc[order].reset_index(drop=True)


def every_threshold(fit: Posterior, rule: Rule, **options: object) -> pd.DataFrame:
    """``thresholds`` of both decisions at both levels, stacked."""
    return pd.concat(
        [thresholds(fit, rule, d, at, **options) for d in DECISIONS for at in LEVELS],
        ignore_index=True,
    )


def _contrasts(arms: Arms, tau: float) -> tuple[pd.DataFrame, Array]:
    """Every non-baseline arm of every study, and directions (arms, rows)."""
    rows, moved = [], []
    for i, (base, *others) in enumerate(study_rows(arms)):
        for arm in others:
            se = np.sqrt(arms.v[arm] + arms.v[base])
            names = [arms.treatments[arms.treatment[a]] for a in (arm, base)]
            rows.append((arms.studies[i], *names, arms.y[arm] - arms.y[base], se))
            moved.append(arm)
    names = ["study", "treatment", "comparator", "estimate", "se"]
    return pd.DataFrame(rows, columns=names), np.eye(len(arms.y))[:, moved]


def _comparisons(arms: Arms, tau: float) -> tuple[pd.DataFrame, Array]:
    """Every direct comparison with its pooled estimate at tau; its se holds tau too."""
    weights = pair_weights(arms, tau)
    arm = {(s, t): a for a, (s, t) in enumerate(zip(arms.study, arms.treatment, strict=True))}
    study = {name: i for i, name in enumerate(arms.studies)}
    treatment = {name: k for k, name in enumerate(arms.treatments)}
    w = 1.0 / (arms.v + 0.5 * tau**2)
    W = np.add.reduceat(w, arms.starts)
    rows, columns = [], []
    for (b, a), group in weights.groupby(["treatment", "comparator"], sort=False):
        i = np.array([study[name] for name in group["study"]])
        later = np.array([arm[s, treatment[b]] for s in i])
        earlier = np.array([arm[s, treatment[a]] for s in i])
        q = group["weight"].to_numpy()
        rows.append(
            (len(i), b, a, q @ (arms.y[later] - arms.y[earlier]) / q.sum(), q.sum() ** -0.5)
        )
        direction = np.zeros(len(arms.y))
        direction[later], direction[earlier] = w[earlier] / W[i], -w[later] / W[i]
        columns.append(direction)
    # In a two-arm study w_a / W and -w_b / W differ by 1, as the contrast should.
    names = ["studies", "treatment", "comparator", "estimate", "se"]
    return pd.DataFrame(rows, columns=names), np.column_stack(columns)


def _candidates(arms: Arms, names: Sequence[str] | None, decision: str) -> NDArray[np.int64]:
    """Positions in ``arms.treatments``; the reference has no verdict."""
    kept = [
        k
        for k, name in enumerate(arms.treatments)
        if (names is None or name in names) and (k or decision == "best")
    ]
    if not kept:
        raise ValueError("no candidate treatment is in the network")
    return np.array(kept)


def _slopes(arms: Arms, tau: float, D: Array) -> tuple[Array, Array, Array]:
    """Given tau: effects (K,), sds (K,) and change of the effects per point of shift
    (rows, K), the reference first as zeros."""
    mean, cov, _ = conditional(arms, tau)
    J = _score(arms, tau, D.T) @ arms.X @ cov[0]
    sd = np.sqrt(np.diagonal(cov[0]))
    return np.r_[0.0, mean[0]], np.r_[0.0, sd], np.c_[np.zeros(len(J)), J]


def _score(arms: Arms, tau: ArrayLike, direction: Array) -> Array:
    """(..., arms) weight times (direction less its weighted study mean). Times X it is
    the change of the score of the effects; times the covariance, of their means."""
    w = 1.0 / (arms.v + 0.5 * np.asarray(tau, dtype=float)[..., None] ** 2)
    W = np.add.reduceat(w, arms.starts, axis=-1)
    centre = np.add.reduceat(w * direction, arms.starts, axis=-1) / W
    return w * (direction - centre[..., arms.study])


def _first_crossing(slack: Array, slope: Array) -> tuple[Array, Array, Array, Array]:
    """Shifts (rows,) down and up at which the first of ``slack + u slope`` (rows, F) falls
    below 0, and which; all slacks start at or above 0."""
    flat = FLAT * max(float(np.abs(slope).max(initial=0.0)), 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = -slack / slope
    up = np.where(slope < -flat, ratio, np.inf)
    down = np.where(slope > flat, ratio, -np.inf)
    return down.max(axis=1), up.min(axis=1), down.argmax(axis=1), up.argmin(axis=1)


def _linear_best(
    arms: Arms, tau: float, D: Array, chosen: NDArray[np.int64], rule: Rule
) -> tuple[str, Array, Array, list[str], list[str]]:
    m, _, J = _slopes(arms, tau, D)
    m, J = m[chosen], J[:, chosen]
    best = int(m.argmin())
    name = [arms.treatments[k] for k in chosen]
    low, high, which_low, which_high = _first_crossing(m - m[best], J - J[:, [best]])
    return name[best], low, high, [name[k] for k in which_low], [name[k] for k in which_high]


def _linear_verdict(
    arms: Arms, tau: float, D: Array, chosen: NDArray[np.int64], rule: Rule
) -> tuple[str, Array, Array, list[str], list[str]]:
    m, sd, J = _slopes(arms, tau, D)
    slack, J = rule.slack(m, sd)[chosen], J[:, chosen]
    holds = slack > 0
    sign = np.where(holds, 1.0, -1.0)
    low, high, which_low, which_high = _first_crossing(sign * slack, -sign * J)
    change = [
        _change([arms.treatments[k]], holds=not h) for k, h in zip(chosen, holds, strict=True)
    ]
    now = _list([arms.treatments[k] for k, h in zip(chosen, holds, strict=True) if h])
    return now, low, high, [change[k] for k in which_low], [change[k] for k in which_high]


def _list(names: Sequence[str]) -> str:
    return "; ".join(names) or "none"


def _change(names: Sequence[str], holds: bool) -> str:
    return f"{_list(names)} {'beats' if holds else 'no longer beats'} the reference by the MID"


def _write(
    table: pd.DataFrame,
    prefix: str,
    low: Array,
    high: Array,
    at_low: Sequence[str],
    at_high: Sequence[str],
) -> None:
    """Shifts as thresholds of the estimate, beside its interval."""
    estimate, se = table["estimate"], table["se"]
    table["ci_low"], table["ci_high"] = estimate - Z95 * se, estimate + Z95 * se
    table[f"{prefix}threshold_low"] = estimate + low
    table[f"{prefix}threshold_high"] = estimate + high
    for side, shift, text in (("low", low, at_low), ("high", high, at_high)):
        pairs = zip(shift, text, strict=True)
        table[f"{prefix}change_{side}"] = [t if np.isfinite(u) else "" for u, t in pairs]
    table[f"{prefix}ci_inside"] = (-Z95 * se > low) & (Z95 * se < high)
    table[f"{prefix}margin"] = np.minimum(-low, high) / se


def _write_exact(table: pd.DataFrame, search: "_Search", D: Array, rows: NDArray[np.int64]) -> None:
    """The exact columns; rows that were not searched stay blank."""
    found = [search.row(D[:, r]) for r in rows]
    part = table.iloc[rows].copy()
    part["exact_now"] = search.now if len(rows) else ""
    low, high, at_low, at_high = zip(*found, strict=True) if found else ((), (), (), ())
    _write(part, "exact_", np.array(low), np.array(high), at_low, at_high)
    for name in [column for column in part if column.startswith("exact_")]:
        table[name] = part[name]


class _Search:
    """The whole posterior as a function of a shift: a fixed grid of tau (T,), at every
    node means and log density that are linear and quadratic in the shift."""

    def __init__(
        self,
        fit: Posterior,
        rule: Rule,
        decision: str,
        chosen: NDArray[np.int64],
        limit: float,
    ) -> None:
        self.arms, self.rule, self.decision, self.chosen = fit.arms, rule, decision, chosen
        self.limit = limit
        x, step = _wide_grid(fit)
        self.tau = np.exp(x) if fit.prior.on_log_scale else x
        mean, cov, logp = conditional(fit.arms, self.tau)
        jacobian = x if fit.prior.on_log_scale else 0.0
        self.joint = logp + fit.prior.logpdf(self.tau) + jacobian + np.log(step)
        self.cov, self.full_mean, self.mean = cov, mean, self._wide(mean)
        self.sd = self._wide(np.sqrt(np.diagonal(cov, axis1=1, axis2=2)))
        zero = np.zeros(len(self.tau))
        self.base = self._state(np.zeros(1), np.zeros_like(self.mean), zero, zero)[0]
        names = [fit.arms.treatments[k] for k in chosen]
        self.names = np.array(names)
        self.now = names[int(self.base[0])] if decision == "best" else _list(self.names[self.base])

    def row(self, direction: Array) -> tuple[float, float, str, str]:
        """Shifts down and up at which the decision changes, and what to."""
        slope, linear, quadratic = self._derivatives(direction)
        ends = [self._first_change(side, slope, linear, quadratic) for side in (-1.0, 1.0)]
        (low, at_low), (high, at_high) = ends
        return low, high, at_low, at_high

    def _first_change(
        self, side: float, slope: Array, linear: Array, quadratic: Array
    ) -> tuple[float, str]:
        # Closer steps near 0, where the thresholds that matter are.
        scan = side * self.limit * np.linspace(0.0, 1.0, SCAN) ** 2
        states = self._state(scan, slope, linear, quadratic)
        changed = np.flatnonzero((states != self.base).any(axis=1))
        if not len(changed):
            return side * np.inf, ""
        first = int(changed[0])
        stays, moves, state = scan[max(first - 1, 0)], scan[first], states[first]
        for _ in range(BISECTIONS):
            middle = 0.5 * (stays + moves)
            here = self._state(np.array([middle]), slope, linear, quadratic)[0]
            if (here != self.base).any():
                moves, state = middle, here
            else:
                stays = middle
        return float(moves), self._describe(state)

    def _describe(self, state: Array) -> str:
        if self.decision == "best":
            return str(self.names[int(state[0])])
        gained, lost = self.names[state & ~self.base], self.names[self.base & ~state]
        parts = [(gained, True), (lost, False)]
        return "; ".join(_change(names, holds) for names, holds in parts if len(names))

    def _state(self, u: Array, slope: Array, linear: Array, quadratic: Array) -> Array:
        """(U, 1) position of the best candidate, or (U, candidates) who beats by the MID,
        with the data shifted by u (U,)."""
        joint = self.joint + u[:, None] * linear + 0.5 * u[:, None] ** 2 * quadratic
        weights = np.exp(joint - joint.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        if self.decision == "best":
            mean = weights @ self.mean + u[:, None] * (weights @ slope)
            return mean.argmin(axis=1)[:, None]
        return np.array([self._holds(shift, slope, w) for shift, w in zip(u, weights, strict=True)])

    def _holds(self, shift: float, slope: Array, weights: Array) -> NDArray[np.bool_]:
        # The grid is wide, so that the data can move tau: at each shift most nodes add nothing
        # to a probability, not in its last digit.
        used = weights > np.finfo(float).eps / len(weights)
        mean = self.mean[used] + shift * slope[used]
        return self.rule.holds(mean, self.sd[used], weights[used])

    def _derivatives(self, direction: Array) -> tuple[Array, Array, Array]:
        """Per node of tau: change of the means (T, candidates) per point of shift, first
        and second derivative (T,) of the log likelihood in the shift at 0.

        With g the direction less its weighted study means and s = X'Wg, DESIGN section 3
        gives log L = const - (y + ug)'W(y + ug)/2 + (b + us)'C(b + us)/2.
        """
        score = _score(self.arms, self.tau, direction)
        s = score @ self.arms.X
        change = np.einsum("tij,tj->ti", self.cov, s)
        linear = np.einsum("ti,ti->t", self.full_mean, s) - score @ self.arms.y
        quadratic = np.einsum("ti,ti->t", s, change) - score @ direction
        return self._wide(change), linear, quadratic

    def _wide(self, x: Array) -> Array:
        """(T, p) -> (T, candidates), the reference as zeros."""
        return np.c_[np.zeros(len(x)), x][:, self.chosen]


def _wide_grid(fit: Posterior) -> tuple[Array, Array]:
    """Quadrature nodes and weights in tau (or log tau) over the whole support of the
    prior: shifted data can move the posterior of tau. Panels of the fit inside its own
    range, beyond it panels that widen by a quarter each."""
    if fit.prior.is_fixed:
        return fit.x, np.ones(1)
    low, high = fit.prior.support
    if fit.prior.on_log_scale:
        low, high = np.log(low), np.log(high)
    edges = fit.edges
    first = np.ptp(edges) / len(edges)
    edges = np.r_[_beyond(edges[0], low, -first)[::-1], edges, _beyond(edges[-1], high, first)]
    node, weight = np.polynomial.legendre.leggauss(NODES)
    half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    return (middle[:, None] + half[:, None] * node).ravel(), (half[:, None] * weight).ravel()


def _beyond(start: float, end: float, step: float) -> Array:
    """Edges after ``start`` up to ``end``, each step a quarter longer than the last."""
    edges = []
    while (end - start) * np.sign(step) > 1e-12 * abs(step):
        start = start + step
        step *= 1.25
        if (end - start) * np.sign(step) < 0.5 * abs(step):
            start = end
        edges.append(start)
    return np.array(edges)
