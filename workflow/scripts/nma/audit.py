"""The audit: the exact engine against the NUTS draws of the same run, per parameter.

z of the mean over its Monte Carlo error, and z of P(draw < exact quantile) at 2.5, 25,
50, 75, 97.5% with se = sqrt(p (1 - p) / ESS of the indicator). A |z| above ``LIMIT``
fails the run; the ratio of sds is reported, not a gate (DESIGN section 3).
"""

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from nma.exact import Posterior

LIMIT = 5.0
PROBABILITIES = np.array([0.025, 0.25, 0.5, 0.75, 0.975])
COLUMNS = [
    "parameter",
    "nuts_mean",
    "exact_mean",
    "mcse",
    "z",
    "z_quantiles",
    "nuts_sd",
    "exact_sd",
]


class AuditFailed(RuntimeError):
    """NUTS and the exact engine disagree beyond chance: one of them is wrong."""


def audit(
    exact: Posterior, d: NDArray[np.float64], tau: NDArray[np.float64] | None
) -> pd.DataFrame:
    """One row per parameter: COLUMNS. d (chains, draws, effects); tau (chains, draws) or
    None if it is fixed. ``z_quantiles`` is the largest over the quantiles, with its sign."""
    rows = []
    for k, name in enumerate(exact.arms.parameters):
        c = np.eye(len(exact.arms.parameters))[k]
        rows.append(
            [name, *_compare(d[..., k], exact.moments(c), exact.quantile(c, PROBABILITIES))]
        )
    if tau is not None:
        quantiles = exact.tau_quantile(PROBABILITIES)
        rows.append(["tau", *_compare(tau, exact.tau_moments(), quantiles)])
    return pd.DataFrame(rows, columns=COLUMNS)


def gate(table: pd.DataFrame) -> None:
    """Raise AuditFailed naming every parameter beyond the limit."""
    z = table[["z", "z_quantiles"]].abs().max(axis=1)
    failed = table[~(z <= LIMIT)]
    if len(failed):
        lines = [
            f"{r.parameter}: NUTS {r.nuts_mean:.4g} (sd {r.nuts_sd:.3g}), exact "
            f"{r.exact_mean:.4g} (sd {r.exact_sd:.3g}), z {r.z:.1f}, quantiles {r.z_quantiles:.1f}"
            for r in failed.itertuples()
        ]
        raise AuditFailed(
            f"NUTS and the exact engine disagree (|z| > {LIMIT:g}):\n  " + "\n  ".join(lines)
        )


def _compare(x, moments: tuple[float, float], quantiles) -> list[float]:
    mcse = float(array_stats.mcse(x, chain_axis=0, draw_axis=1, method="mean"))
    z = []
    for p, q in zip(PROBABILITIES, quantiles, strict=True):
        below = (x < q).astype(float)
        share = below.mean()
        # A constant indicator has no ESS; then the draws themselves are the best guess.
        ess = float(array_stats.ess(below, chain_axis=0, draw_axis=1, method="mean"))
        if not np.isfinite(ess) or share in (0.0, 1.0):
            ess = float(x.size)
        z.append((share - p) / np.sqrt(p * (1 - p) / ess))
    worst = z[int(np.argmax(np.abs(z)))]
    mean, sd = moments
    return [x.mean(), mean, mcse, (x.mean() - mean) / mcse, worst, x.std(ddof=1), sd]
