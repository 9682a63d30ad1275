"""Summaries of every parameter of an exact posterior at once."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nma.checks import mixtures
from nma.exact import Posterior

# Nodes of tau with less mass cannot move a figure that is read to six digits.
NO_MASS = 1e-14


def marginals(fit: Posterior, thresholds: Sequence[float] = (0.0,)) -> pd.DataFrame:
    """One row per parameter, in order: parameter, mean, sd, median, ci_low, ci_high (95%,
    equal-tailed) and, for every threshold t, ``p_below_-t`` (``p_below_0`` for 0)."""
    seen = fit.weights > NO_MASS
    weights, m = fit.weights[seen], fit.means[seen].T
    s = np.sqrt(np.diagonal(fit.covs[seen], axis1=1, axis2=2)).T
    found = mixtures.describe(weights, m, s)
    table = pd.DataFrame(
        {
            "parameter": list(fit.arms.parameters),
            "mean": found["mean"],
            "sd": found["sd"],
            "median": mixtures.quantile(weights, m, s, 0.5),
            "ci_low": found["low"],
            "ci_high": found["high"],
        }
    )
    for t in thresholds:
        table[f"p_below_{-t:g}" if t else "p_below_0"] = mixtures.cdf(weights, m, s, -t)
    return table
