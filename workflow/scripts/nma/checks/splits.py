"""Node-splitting: does direct evidence on a comparison agree with the rest of the network?

Dias et al. 2010 (Stat Med 29:932); which comparisons can be split: van Valkenhoef et al.
2016 (Res Synth Methods 7:80). The split of A-B adds one column, 1 on the later-ordered arm
(reference first, then alphabetical) in every study that holds both:

    direct = d[B] - d[A] + omega      indirect = d[B] - d[A]      omega ~ Normal(0, sd of d)

as multinma does. A multi-arm study that holds both then still informs ``indirect`` through
its other arms, so ``indirect`` depends a little on which arm takes omega. netmeta's
back-calculation (König et al. 2013, Stat Med 32:5414) is the same at a fixed tau and with
flat priors if no multi-arm study holds both; else it takes 1/var(indirect) =
1/var(network) - 1/var(direct), where the two parts are not independent.

Given tau, one more column is a bordered matrix: all splits follow from the one fit of the
consistency model by rank-one updates at every node of its grid.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nma import exact
from nma.arms import Arms
from nma.checks.mixtures import cdf, describe, holds, reweight, wide_fit
from nma.checks.studies import pieces, study_rows
from nma.exact import Posterior
from nma.priors import Prior

Array = NDArray[np.float64]
NO_PATH = "no path between them without the studies that hold both"
PARTS = ("direct", "indirect", "network", "difference")
STATISTICS = ("mean", "sd", "low", "high")
COLUMNS = (
    "treatment",
    "comparator",
    "studies",
    *(f"{part}_{statistic}" for part in PARTS for statistic in STATISTICS),
    "p",
    "tau_median",
)


def splittable(arms: Arms) -> pd.DataFrame:
    """Every observed comparison: treatment (the later-ordered), comparator, studies,
    testable, reason (empty if testable)."""
    rows = []
    for (a, b), studies in _observed(arms).items():
        label = pieces(arms, studies)
        testable = bool(label[a] == label[b])
        reason = "" if testable else NO_PATH
        rows.append((arms.treatments[b], arms.treatments[a], len(studies), testable, reason))
    return pd.DataFrame(
        rows, columns=["treatment", "comparator", "studies", "testable", "reason"]
    ).astype({"testable": bool, "studies": int})


def node_splits(arms: Arms, prior: Prior) -> pd.DataFrame:
    """One row per comparison that can be split; ``COLUMNS``, points, 95% intervals.

    ``difference`` is omega, ``p`` = 2 min(P(omega < 0), P(omega > 0)), ``studies`` the
    number that hold both, ``tau_median`` that of the split model. ``arms`` is the
    consistency model. No row, and no verdict, where nothing can be split.
    """
    table = splittable(arms)
    pairs = table.loc[table["testable"], ["treatment", "comparator"]]
    if pairs.empty:
        return pd.DataFrame(columns=COLUMNS)
    fit, observed = wide_fit(arms, prior), _observed(arms)
    rows = []
    for treatment, comparator in pairs.itertuples(index=False):
        pair = (arms.treatments.index(comparator), arms.treatments.index(treatment))
        rows.append(_split(fit, pair, observed[pair]))
    return pd.DataFrame(rows, columns=COLUMNS)


def split_arms(arms: Arms, treatment: str, comparator: str) -> Arms:
    """The split model of one comparison: one more column, ``omega[treatment, comparator]``."""
    pair = (arms.treatments.index(comparator), arms.treatments.index(treatment))
    z = _column(arms, pair, _observed(arms)[pair])
    return replace(
        arms,
        X=np.column_stack([arms.X, z]),
        prior_sd=np.append(arms.prior_sd, _omega_sd(arms)),
        parameters=(*arms.parameters, f"omega[{treatment}, {comparator}]"),
    )


def _observed(arms: Arms) -> dict[tuple[int, int], list[int]]:
    """Studies that hold both treatments, per pair of positions (earlier, later)."""
    found: dict[tuple[int, int], list[int]] = {}
    for study, rows in enumerate(study_rows(arms)):
        for pair in combinations(arms.treatment[rows].tolist(), 2):
            found.setdefault(pair, []).append(study)
    return dict(sorted(found.items()))


def _column(arms: Arms, pair: tuple[int, int], studies: Sequence[int]) -> Array:
    """(arms,) 1 on the later-ordered arm of the studies that hold both."""
    return (np.isin(arms.study, studies) & (arms.treatment == pair[1])).astype(float)


def _omega_sd(arms: Arms) -> float:
    return float(arms.prior_sd.max())


def _split(fit: Posterior, pair: tuple[int, int], studies: Sequence[int]) -> list[object]:
    """One row of ``COLUMNS``."""
    arms = fit.arms
    comparator, treatment = (arms.treatments[k] for k in pair)
    c = fit.contrast(treatment, comparator)
    split, m, s = _bordered(fit, c, _column(arms, pair, studies))
    if not holds(split):
        split, m, s = _refitted(split_arms(arms, treatment, comparator), fit.prior, c)
    parts = describe(split.weights, m, s)
    network = describe(fit.weights, *(x[None] for x in fit.components(c)))
    below = float(cdf(split.weights, m[2], s[2], 0.0))
    values = [
        *(parts[name][0] for name in STATISTICS),
        *(parts[name][1] for name in STATISTICS),
        *(network[name][0] for name in STATISTICS),
        *(parts[name][2] for name in STATISTICS),
    ]
    p = 2 * min(below, 1 - below)
    return [treatment, comparator, len(studies), *values, p, float(split.tau_quantile(0.5))]


def _bordered(fit: Posterior, c: Array, z: Array) -> tuple[Posterior, Array, Array]:
    """The split model's posterior of tau, and means and sds (3, T) of direct, indirect,
    omega at every node, from the consistency fit.

    With q = X'Mz, M the precision of the arms with study means integrated out: omega has
    precision s = z'Mz + 1/sd^2 - q'Cq and mean (z'My - q'm)/s given tau; d follows as
    d - C q omega.
    """
    arms = fit.arms
    touched = np.isin(arms.study, arms.study[z > 0])
    starts = np.flatnonzero(np.diff(arms.study[touched], prepend=-1))
    index = np.cumsum(np.diff(arms.study[touched], prepend=-1) > 0) - 1
    w = 1.0 / (arms.v[touched] + 0.5 * fit.tau[:, None] ** 2)
    W = np.add.reduceat(w, starts, axis=1)
    wz = w * z[touched]
    Mz = wz - w * (np.add.reduceat(wz, starts, axis=1) / W)[:, index]
    # Of the parameters only those of these arms and of the contrast are concerned.
    used = np.flatnonzero(arms.X[touched].any(axis=0) | (c != 0))
    whole = fit.components(c)
    q, c = Mz @ arms.X[touched][:, used], c[used]
    Cq = np.einsum("tij,tj->ti", fit.covs[:, used[:, None], used], q)
    sd = _omega_sd(arms)
    precision = Mz @ z[touched] + sd**-2.0 - (q * Cq).sum(axis=1)
    score = Mz @ arms.y[touched] - (q * fit.means[:, used]).sum(axis=1)
    omega, variance, lean = score / precision, 1.0 / precision, Cq @ c
    split = reweight(fit, 0.5 * (score * omega - np.log(precision)) - np.log(sd))
    mean, spread = whole
    indirect = mean - lean * omega
    m = np.array([indirect + omega, indirect, omega])
    v = np.array([spread**2 + (1 - lean) ** 2 * variance, spread**2 + lean**2 * variance, variance])
    return split, m, np.sqrt(v)


def _refitted(arms: Arms, prior: Prior, c: Array) -> tuple[Posterior, Array, Array]:
    """The same from a fit of the split model itself."""
    fit = exact.fit(arms, prior)
    rows = [np.append(c, 1.0), np.append(c, 0.0), np.append(0.0 * c, 1.0)]
    m, s = zip(*(fit.components(row) for row in rows), strict=True)
    return fit, np.array(m), np.array(s)
