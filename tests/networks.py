"""Published data sets as arms, simulated networks, and brute force to compare with."""

from pathlib import Path

import numpy as np
import pandas as pd

from nma.arms import Arms, build

REFERENCE = Path(__file__).parent / "reference"
BASELINE = {"parkinsons": "Placebo", "senn2013": "plac", "stowe2010": "Placebo", "linde2016": "UC"}


def table(name: str) -> pd.DataFrame:
    """study, treatment, y, se; a multi-arm contrast with its baseline arm's variance."""
    data = pd.read_csv(REFERENCE / f"data_{name}.csv")
    if "n" in data:
        return data[["study", "treatment", "y", "se"]]
    rows = []
    for study, group in data.groupby("study", sort=False):
        base, others = group[group["y"].isna()].iloc[0], group[group["y"].notna()]
        shared = base["se"] ** 2 if np.isfinite(base["se"]) else others["se"].iloc[0] ** 2 / 2
        rows.append((study, base["treatment"], 0.0, np.sqrt(shared)))
        for arm in others.itertuples():
            rows.append((study, arm.treatment, arm.y, np.sqrt(arm.se**2 - shared)))
    return pd.DataFrame(rows, columns=["study", "treatment", "y", "se"])


def published(name: str, prior_sd: float = 100.0) -> Arms:
    """The arms of a published data set under Normal(0, prior_sd) effects."""
    return build(table(name), BASELINE[name], prior_sd)


def effects(name: str, source: str) -> pd.DataFrame:
    """Rows of effects.csv of one data set from one source (start of its name)."""
    every = pd.read_csv(REFERENCE / "effects.csv")
    return every[(every["dataset"] == name) & every["source"].str.startswith(source)]


def simulate(
    rng: np.random.Generator, d: np.ndarray, tau: float, studies: int, se: float = 4.0
) -> pd.DataFrame:
    """Studies of two or three arms of a connected network with effects d (d[0] = 0)."""
    rows = []
    for i in range(studies):
        size = 3 if i % 4 == 0 else 2
        # The first studies walk round the treatments, so that the network is connected.
        first = i % (len(d) - 1)
        picked = {first, first + 1} if i < len(d) - 1 else set()
        while len(picked) < size:
            picked.add(int(rng.integers(len(d))))
        mu = rng.normal(40, 10)
        for k in sorted(picked):
            error = se * rng.uniform(0.6, 1.6)
            y = mu + d[k] + rng.normal(0, tau / np.sqrt(2)) + rng.normal(0, error)
            rows.append((f"s{i:03d}", f"t{k:02d}", y, error))
    return pd.DataFrame(rows, columns=["study", "treatment", "y", "se"])


def brute_logp(arms: Arms, tau: float, mu_sd: float | None = None) -> tuple[float, np.ndarray]:
    """log p(y | tau) and the mean of the effects by one dense Gaussian.

    With ``mu_sd`` None the study means are integrated over a flat prior by contrasts to the
    first arm; else they get Normal(0, mu_sd). Nothing is shared with the exact engine.
    """
    V, y, X = np.diag(arms.v + tau**2 / 2), arms.y, arms.X
    if mu_sd is None:
        C = []
        for i in range(len(arms.studies)):
            first, *rest = np.flatnonzero(arms.study == i)
            for arm in rest:
                row = np.zeros(len(y))
                row[arm], row[first] = 1.0, -1.0
                C.append(row)
        C = np.array(C)
        V, y, X = C @ V @ C.T, C @ y, C @ X
    else:
        same = arms.study[:, None] == arms.study
        V = V + mu_sd**2 * same
    prior = np.diag(arms.prior_sd**2)
    full = V + X @ prior @ X.T
    sign, logdet = np.linalg.slogdet(full)
    assert sign > 0
    solved = np.linalg.solve(full, y)
    logp = -0.5 * (y @ solved + logdet + len(y) * np.log(2 * np.pi))
    return float(logp), prior @ X.T @ solved
