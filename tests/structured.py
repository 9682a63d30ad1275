"""A small network of every kind of treatment, and a dense Gaussian to compare models with."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from nma.arms import Arms, build
from nma.priors import Hyper, Prior
from nma.structure import Structure, study_table

TAU = Prior("half_normal", (6.0,))
D_SD = 20.0
# p is placebo; "sham" a kind of placebo; "care" usual care; "p + a1" tests components.
NODES = {
    "p": {"kind": "placebo", "class": "placebo", "modality": "none"},
    "sham": {"kind": "placebo", "class": "placebo", "modality": "none"},
    "pill": {"kind": "placebo", "class": "placebo", "modality": "none"},
    "care": {"kind": "none", "class": "none", "modality": "none"},
    "a1": {"kind": "active", "class": "A", "modality": "drug"},
    "a2": {"kind": "active", "class": "A", "modality": "drug"},
    "a3": {"kind": "active", "class": "A", "modality": "drug"},
    "b1": {"kind": "active", "class": "B", "modality": "physical"},
    "b2": {"kind": "active", "class": "B", "modality": "physical"},
    "c1": {"kind": "active", "class": "C", "modality": "mind"},
}
STUDIES = [
    "p a1", "p a2", "p a3 b1", "sham b1", "sham b2 a1", "pill a2", "p sham", "care b2",
    "p care a1", "a1 b1", "p b2", "pill a3", "c1 p", "c1 care b1", "a2 b2", "p pill sham",
]  # fmt: skip
ROB = ["low", "high", "", "some_concerns"]


def example(seed: int = 1, tau: float = 4.0) -> pd.DataFrame:
    """arms.csv of 16 studies, of two or three arms, one of them given as a difference."""
    rng = np.random.default_rng(seed)
    d = dict(zip(NODES, rng.normal(0, 6, len(NODES)), strict=True))
    rows = []
    for i, told in enumerate(STUDIES):
        mu = rng.normal(45, 8)
        for name in told.split():
            se = rng.uniform(2, 5)
            y = mu + d[name] + rng.normal(0, tau / np.sqrt(2)) + rng.normal(0, se)
            rows.append(
                {
                    "study": f"s{i:02d}",
                    "treatment": name,
                    "y": y,
                    "se": se,
                    "n": float(rng.integers(10, 80)),
                    "year": 1990 + 2 * i,
                    "weeks": float(rng.integers(2, 20)),
                    "baseline": rng.normal(55, 5),
                    "rob": ROB[i % 4],
                    "basis": "contrast" if i == 9 else "arm",
                }
            )
    return pd.DataFrame(rows)


def plain(table: pd.DataFrame | None = None, reference: str = "p", tau: Prior = TAU) -> Structure:
    """The plain network of a table."""
    table = example() if table is None else table
    arms = build(table, reference, D_SD)
    return Structure(arms, Hyper({"tau": tau}), NODES, study_table(table, arms.studies))


def dense(
    arms: Arms,
    X: np.ndarray,
    prior: np.ndarray,
    u: np.ndarray,
    v: np.ndarray | None = None,
    z: np.ndarray | None = None,
    base: Callable[[np.ndarray], int] = min,
) -> tuple[float, np.ndarray, np.ndarray]:
    """log p(y), mean and covariance of theta, where y = z mu + X theta + u + e with
    theta ~ Normal(0, prior), any covariance, u and e independent, mu flat.

    By the contrasts y_a - (z_a / z_b) y_b to one arm b of every study, whose density times
    1 / |z_b| is the integral over mu: y_b ~ Normal(z_b mu + ..., .) integrates to that. Only
    y, v and the studies are taken from ``arms``.
    """
    v = arms.v if v is None else v
    z = np.ones(len(arms.y)) if z is None else z
    C, jacobian = [], 0.0
    for i in range(len(arms.studies)):
        rows = np.flatnonzero(arms.study == i)
        first = int(base(rows))
        jacobian -= np.log(abs(z[first]))
        for arm in rows[rows != first]:
            line = np.zeros(len(arms.y))
            line[arm], line[first] = 1.0, -z[arm] / z[first]
            C.append(line)
    C = np.array(C)
    y, A = C @ arms.y, C @ X
    full = C @ np.diag(v + u) @ C.T + A @ prior @ A.T
    sign, logdet = np.linalg.slogdet(full)
    assert sign > 0
    gain = prior @ A.T @ np.linalg.inv(full)
    logp = -0.5 * (y @ np.linalg.solve(full, y) + logdet + len(y) * np.log(2 * np.pi))
    return float(logp + jacobian), gain @ y, prior - gain @ A @ prior


def one_hot(arms: Arms) -> np.ndarray:
    """(arms, treatments - 1) by hand, from the labels alone."""
    names = [label.split(" | ")[1] for label in arms.labels]
    return np.array([[float(name == t) for t in arms.treatments[1:]] for name in names])


def received(arms: Arms) -> list[str]:
    """Treatment of every arm."""
    return [label.split(" | ")[1] for label in arms.labels]
