"""Did the chains converge? Gates that fail the run and say which parameter.

R-hat <= 1.01, bulk and tail ESS >= 400 (Vehtari et al. 2021, Bayesian Analysis 16:667),
no divergence.
"""

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from numpy.typing import NDArray

MAX_RHAT, MIN_ESS = 1.01, 400.0
COLUMNS = ["parameter", "r_hat", "ess_bulk", "ess_tail", "mcse_mean", "verdict"]


class NotConverged(RuntimeError):
    """Chains that must not be used."""


def diagnose(parameters: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    """One row per parameter (chains, draws): COLUMNS; verdict "ok" or what fails."""
    rows = []
    for name, x in parameters.items():
        r_hat = float(array_stats.rhat(x, chain_axis=0, draw_axis=1))
        bulk = float(array_stats.ess(x, chain_axis=0, draw_axis=1, method="bulk"))
        tail = float(
            array_stats.ess(x, chain_axis=0, draw_axis=1, method="tail", prob=(0.05, 0.95))
        )
        mcse = float(array_stats.mcse(x, chain_axis=0, draw_axis=1, method="mean"))
        wrong = []
        if not r_hat <= MAX_RHAT:
            wrong.append(f"R-hat {r_hat:.3f} > {MAX_RHAT}")
        if not bulk >= MIN_ESS:
            wrong.append(f"bulk ESS {bulk:.0f} < {MIN_ESS:.0f}")
        if not tail >= MIN_ESS:
            wrong.append(f"tail ESS {tail:.0f} < {MIN_ESS:.0f}")
        rows.append([name, r_hat, bulk, tail, mcse, "; ".join(wrong) or "ok"])
    return pd.DataFrame(rows, columns=COLUMNS)


def gate(table: pd.DataFrame, divergences: int) -> None:
    """Raise NotConverged with every failing parameter if a gate is broken."""
    failed = table[table["verdict"] != "ok"]
    problems = [f"{row.parameter}: {row.verdict}" for row in failed.itertuples()]
    if divergences:
        problems.insert(0, f"{divergences} divergent transitions")
    if problems:
        raise NotConverged(
            "the chains did not converge:\n  "
            + "\n  ".join(problems)
            + "\nHint: raise sampling.draws or sampling.tune in the config, or look for a "
            "treatment that hardly any data inform."
        )
