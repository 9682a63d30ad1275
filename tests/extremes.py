"""Networks at the edge of what numbers can hold, and rational arithmetic to compare with."""

from fractions import Fraction

import numpy as np
import pandas as pd
from edge_networks import network

from nma.arms import Arms, build


def _star(effects, se, repeats=3, level=50.0):
    """Every active treatment against p, ``repeats`` times."""
    return network(
        *(
            (("p", level + i, se), (name, level + i + d, se))
            for name, d in effects.items()
            for i in range(repeats)
        )
    )


def _many_arms(size=200) -> Arms:
    """One study of 200 arms, and one that compares two of them again."""
    rng = np.random.default_rng(1)
    names = ["p", *(f"t{k:03d}" for k in range(1, size))]
    rows = [("s0", name, 50 + rng.normal(0, 5), rng.uniform(1, 4)) for name in names]
    rows += [("s1", "p", 50.0, 2.0), ("s1", "t001", 44.0, 2.0)]
    return build(pd.DataFrame(rows, columns=["study", "treatment", "y", "se"]), "p")


EXTREMES = {
    "no heterogeneity at all": lambda: _star({"a": -5.0, "b": -8.0}, 1.0),
    "huge variances": lambda: _star({"a": -5.0, "b": -8.0}, 1e4),
    "tiny variances": lambda: _star({"a": -5.0, "b": -8.0}, 1e-4),
    "two people an arm": lambda: _star({"a": -5.0, "b": -8.0}, 20 / 2**0.5),
    "a study of 200 arms": _many_arms,
    "nearly disconnected": lambda: network(
        (("p", 50.0, 2.0), ("a", 44.0, 2.0)),
        (("p", 52.0, 2.0), ("a", 47.0, 2.0)),
        (("a", 45.0, 1e4), ("b", 30.0, 1e4)),
        (("b", 40.0, 2.0), ("c", 35.0, 2.0)),
        (("b", 41.0, 2.0), ("c", 37.0, 2.0)),
    ),
    "effects of a million": lambda: _star({"a": -1e6, "b": 1e6}, 3.0),
    "levels of a million": lambda: _star({"a": -5.0, "b": -8.0}, 3.0, level=1e6),
    "weights from 1 to 10^16 in a study": lambda: network(
        (("p", 50.0, 1e-4), ("a", 44.0, 1e4), ("b", 47.0, 1.0)),
        (("p", 51.0, 2.0), ("a", 45.0, 2.0)),
        (("p", 49.0, 2.0), ("b", 43.0, 2.0)),
    ),
    "one study": lambda: network((("p", 50.0, 3.0), ("a", 44.0, 3.0))),
}


def rational(arms: Arms, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the effects given tau, in rational arithmetic: no digit is lost.

    The contrast form: every study as differences from its first arm with their full covariance.
    """
    p, half = len(arms.parameters), Fraction(tau) ** 2 / 2
    P = [[Fraction(0)] * p for _ in range(p)]
    b = [Fraction(0)] * p
    for i in range(p):
        P[i][i] = 1 / Fraction(float(arms.prior_sd[i])) ** 2
    for study in range(len(arms.studies)):
        first, *rest = np.flatnonzero(arms.study == study).tolist()
        u = {k: Fraction(float(arms.v[k])) + half for k in (first, *rest)}
        V = [[u[first] + (u[k] if k == m else 0) for m in rest] for k in rest]
        A = [[int(arms.X[k, j]) - int(arms.X[first, j]) for j in range(p)] for k in rest]
        y = [Fraction(float(arms.y[k])) - Fraction(float(arms.y[first])) for k in rest]
        # V^-1 (A, y) at once.
        solved = _solve(V, [[*row, value] for row, value in zip(A, y, strict=True)])
        for i in range(p):
            for k, row in enumerate(solved):
                if A[k][i]:
                    for j in range(p):
                        P[i][j] += A[k][i] * row[j]
                    b[i] += A[k][i] * row[p]
    identity = [[Fraction(i == j) for j in range(p)] for i in range(p)]
    out = _solve(P, [[*row, value] for row, value in zip(identity, b, strict=True)])
    return (
        np.array([float(row[p]) for row in out]),
        np.array([[float(x) for x in row[:p]] for row in out]),
    )


def _solve(A: list[list[Fraction]], B: list[list[Fraction]]) -> list[list[Fraction]]:
    """A^-1 B by elimination; A is positive definite, so no row is exchanged."""
    rows = [[*map(Fraction, a), *map(Fraction, b)] for a, b in zip(A, B, strict=True)]
    size = len(rows)
    for i in range(size):
        pivot = rows[i][i]
        rows[i] = [x / pivot for x in rows[i]]
        for k in range(size):
            if k != i and rows[k][i]:
                factor = rows[k][i]
                rows[k] = [x - factor * z for x, z in zip(rows[k], rows[i], strict=True)]
    return [row[size:] for row in rows]
