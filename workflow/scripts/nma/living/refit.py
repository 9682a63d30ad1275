"""Refits: what a table of trials says of one stratum, by the exact engine.

The whole way from validated rows to effects is taken anew (arms, imputed spreads, islands),
so that a study added or changed has every consequence it would have in a run. No Markov
chain: two refits differ by their data alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nma import exact
from nma.checks.mixtures import cdf, describe
from nma.living.standing import verdicts
from nma.prepare import prepare
from nma.specify import specify


@dataclass(frozen=True)
class Fit:
    """One refit. ``effects`` by treatment (against the reference, which has no row): mean,
    sd, ci_low, ci_high (points), p_below_0, p_mid, verdict; empty if not estimable, for the
    ``reason``. ``tau`` is its posterior median."""

    arms: pd.DataFrame
    excluded: pd.DataFrame
    network: Mapping[str, Any]
    effects: pd.DataFrame
    tau: float

    @property
    def reason(self) -> str:
        """Why nothing can be estimated, "" if something can."""
        return self.network["reason"]


@dataclass
class Refits:
    """Refits of one stratum under one analysis's settings and the same registries."""

    instruments: pd.DataFrame
    treatments: pd.DataFrame
    settings: Mapping[str, Any]

    def of_rows(self, rows: pd.DataFrame) -> Fit:
        """From validated rows (text) of the stratum."""
        made = prepare(rows, self.instruments, self.treatments, self.settings)
        return of_arms(made.arms, made.network, self.settings, made.excluded)


def of_arms(
    arms: pd.DataFrame,
    network: Mapping[str, Any],
    settings: Mapping[str, Any],
    excluded: pd.DataFrame | None = None,
) -> Fit:
    """From arms.csv and network.json."""
    out = pd.DataFrame() if excluded is None else excluded
    columns = ["mean", "sd", "ci_low", "ci_high", "p_below_0", "p_mid", "verdict"]
    none = pd.DataFrame(columns=columns, index=pd.Index([], name="treatment"))
    if not network["estimable"]:
        return Fit(arms, out, network, none, np.nan)
    built, prior = specify(arms, settings["reference"], settings["model"])
    fit = exact.fit(built, prior)
    m, s = fit.means.T, np.sqrt(np.diagonal(fit.covs, axis1=1, axis2=2)).T
    told = describe(fit.weights, m, s)
    effects = pd.DataFrame(
        {
            "mean": told["mean"],
            "sd": told["sd"],
            "ci_low": told["low"],
            "ci_high": told["high"],
            "p_below_0": cdf(fit.weights, m, s, np.zeros(len(m))),
            "p_mid": cdf(fit.weights, m, s, np.full(len(m), -float(settings["mid"]["value"]))),
        },
        index=pd.Index(built.treatments[1:], name="treatment"),
    )
    kinds = {node["treatment"]: node.get("kind", "active") for node in network["nodes"]}
    effects["verdict"] = verdicts(effects, kinds, settings["headline"])
    return Fit(arms, out, network, effects, float(fit.tau_quantile(0.5)))
