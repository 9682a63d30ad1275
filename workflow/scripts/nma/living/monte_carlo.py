"""Monte Carlo standard errors of published figures, from their effective sample sizes (ESS).

Of a mean sd / sqrt(ESS), of an sd sd / sqrt(2 ESS), of a probability
sqrt(p (1 - p) / ESS), of a quantile sqrt(p (1 - p) / ESS) / density (Vehtari et al. 2021, Bayesian
Anal 16:667), with the density of a normal of that sd.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from nma.tables import read_back

# As for the audit of every fit: beyond it two runs of one posterior do not lie.
LIMIT = 5.0
# Tables that come from draws, or state in words what draws say.
SAMPLED = ("effects", "league", "ranks", "heterogeneity", "sof", "certainty", "verdicts")
QUANTILES = {
    "ci_low": 0.025,
    "median": 0.5,
    "ci_high": 0.975,
    "pred_low": 0.025,
    "pred_high": 0.975,
}


def errors_of(
    kind: str, path: Path, table: pd.DataFrame, settings: Mapping[str, Any]
) -> dict[str, pd.Series]:
    """Monte Carlo standard errors of the difference of two runs, by column, of every row.

    ``table`` is the text of one published table at ``path``, indexed by what its rows are
    called; ``kind`` its name. Empty for tables that do not come from draws.
    """
    if kind not in SAMPLED:
        return {}
    number = table.apply(pd.to_numeric, errors="coerce")
    bulk, tail = _sizes(path.parent, table.index, settings)
    found: dict[str, pd.Series] = {}
    for column in table.columns:
        p = number[column]
        if column == "sd":
            found[column] = number["sd"] / np.sqrt(2 * bulk)
        elif column == "mean" and "sd" in number:
            found[column] = number["sd"] / np.sqrt(bulk)
        elif column in QUANTILES and "sd" in number:
            q = QUANTILES[column]
            wide = (
                (number["pred_high"] - number["pred_low"]) / (2 * norm.ppf(0.975))
                if (column.startswith("pred"))
                else number["sd"]
            )
            found[column] = np.sqrt(q * (1 - q) / tail) * wide / norm.pdf(norm.ppf(q))
        elif column in QUANTILES and "ci_high" in number:
            q = QUANTILES[column]
            wide = (number["ci_high"] - number["ci_low"]) / (2 * norm.ppf(0.975))
            found[column] = np.sqrt(q * (1 - q) / tail) * wide / norm.pdf(norm.ppf(q))
        elif column.startswith("p_"):
            # A probability near 0 or 1 still changes by single draws.
            known = p.clip(1 / bulk, 1 - 1 / bulk)
            found[column] = np.sqrt(known * (1 - known) / bulk)
    if "mean_rank" in number:
        ranks = len(table) + (0 if kind == "ranks" else 1)
        wide = ((number["rank_high"] - number["rank_low"]) / (2 * norm.ppf(0.975))).clip(lower=0.25)
        found["mean_rank"] = wide / np.sqrt(bulk)
        found["sucra"] = found["mean_rank"] / max(ranks - 1, 1)
        # A rank is whole: at its limits two runs may differ by one.
        step = pd.Series(1.0 / LIMIT, index=table.index)
        for name in ("rank_low", "rank_high"):
            found[name] = step
        for name in ("sucra_low", "sucra_high"):
            found[name] = step / max(ranks - 1, 1)
    return {name: np.sqrt(2) * error for name, error in found.items()}


def _sizes(folder: Path, index: pd.Index, settings) -> tuple[pd.Series, pd.Series]:
    """Effective sample sizes of every row, in the bulk and the tails: the smaller of the two
    treatments of a contrast; of independent draws their number."""
    sampling = settings["sampling"]
    size = float(max(sampling["draws"] // sampling["chains"] * sampling["chains"], 1))
    even = pd.Series(size, index=index)
    path = folder / "convergence.csv"
    if not path.exists():
        return even, even
    table = read_back(path).set_index("parameter")
    sizes = {}
    for column in ("ess_bulk", "ess_tail"):
        known = pd.to_numeric(table[column], errors="coerce")
        least = float(known.min())
        sizes[column] = pd.Series(
            [
                min(
                    float(known.get(f"d[{part}]", known.get(part, least)))
                    for part in str(name).split(" : ")
                )
                for name in index
            ],
            index=index,
        )
    return sizes["ess_bulk"], sizes["ess_tail"]
