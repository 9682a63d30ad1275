"""How much do the answers hang on the priors?

Two views: every reasonable prior side by side, refitted by the exact engine; and
power-scaling of the saved draws (Kallioinen et al. 2024, Stat Comput 34:57), which raises
the prior, or the likelihood, to a power near 1 and measures how the posterior moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from nma import exact
from nma.arms import Arms
from nma.checks.marginals import marginals
from nma.priors import RHODES, Prior, describe, tau_prior
from nma.summary import INTERVAL, headline

EFFECT_SDS = (30.0, 1e4)
# Kallioinen et al.: sensitivity from which a prior, or the data, count as felt.
FELT = 0.05


@dataclass(frozen=True)
class Case:
    """One set of priors: tau's, and Normal(0, effect_sd) for the effects (points)."""

    name: str
    tau: Prior
    effect_sd: float


def cases(main: Prior, effect_sd: float, sd_ref: float | None) -> list[Case]:
    """The analysis's own priors first, then those of DESIGN section 4: other priors of tau
    with its effect sd, other effect sds with its prior of tau.

    ``sd_ref``: median reported sd (points), for the Rhodes priors; without it they are
    left out. A prior equal to the first is not repeated; with tau fixed only the effect
    sd varies.
    """
    taus = [Prior("half_normal", (15.0,)), Prior("uniform", (50.0,))]
    names = [describe(tau) for tau in taus]
    if sd_ref and np.isfinite(sd_ref):
        for comparison in RHODES:
            spec = {"dist": "rhodes", "comparison": comparison}
            taus.append(tau_prior(spec, sd_ref=sd_ref))
            names.append(f"rhodes({comparison})")
    rows = [Case(f"tau ~ {describe(main)}, d sd {effect_sd:g}", main, effect_sd)]
    if not main.is_fixed:
        rows += [
            Case(f"tau ~ {name}", tau, effect_sd)
            for name, tau in zip(names, taus, strict=True)
            if tau != main
        ]
    return rows + [Case(f"d sd {sd:g}", main, sd) for sd in EFFECT_SDS if sd != effect_sd]


def prior_grid(
    arms: Arms,
    grid: Sequence[Case],
    mid: float = 10.0,
    level: float = 0.975,
    mid_level: float = 0.975,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Heterogeneity and effects under every case, in the order of the grid.

    First table: case, mean, sd, median, ci_low, ci_high of tau. Second: case, treatment, mean,
    sd, median, ci_low, ci_high, p_below_0, ``p_below_-{mid}``, verdict ("worthwhile": beats
    the reference by more than the MID; "beats"; "not shown"), ``changed``: the verdict is
    not that of the first case; all by the rule of ``summary.headline``.
    """
    tau_rows, tables = [], []
    for case in grid:
        fit = exact.fit(arms.with_prior_sd(case.effect_sd), case.tau)
        mean, sd = fit.tau_moments()
        low, median, high = fit.tau_quantile([INTERVAL[0], 0.5, INTERVAL[1]])
        row = {"case": case.name, "mean": mean, "sd": sd, "median": median, "ci_low": low}
        tau_rows.append(row | {"ci_high": high})
        table = effects(fit, mid)
        said = headline(table, list(table["treatment"]), mid, level, mid_level)
        table["verdict"] = [_verdict(name, said) for name in table["treatment"]]
        table.insert(0, "case", case.name)
        table["changed"] = table["verdict"] != (tables[0] if tables else table)["verdict"]
        tables.append(table)
    return pd.DataFrame(tau_rows), pd.concat(tables, ignore_index=True)


def effects(fit: exact.Posterior, mid: float) -> pd.DataFrame:
    """Exact summary of every effect against the reference, with the columns of
    ``summary.effects`` that need no draws."""
    table = marginals(fit, (0.0, mid))
    table.insert(0, "treatment", list(fit.arms.treatments[1:]))
    return table.drop(columns="parameter")


def power_scaling(tree: xr.DataTree) -> pd.DataFrame:
    """Power-scaling sensitivity of a saved posterior (posterior.nc): one row per effect
    and tau, by the functions of arviz_stats.

    Columns: parameter, prior (all priors scaled together), prior_d, prior_tau (only the
    effects' or tau's), likelihood, reading. Scaling all priors mixes the two: with many
    effects read the separate columns. A tau that is fixed has no row.
    """
    from arviz_stats import psense

    names = ["d"] if float(tree["posterior"]["tau"].std()) == 0 else ["d", "tau"]
    parts = {"prior": names}
    parts |= {f"prior_{name}": [name] for name in names}
    columns = {
        column: _flat(psense(tree, var_names=names, group="prior", group_var_names=scaled))
        for column, scaled in parts.items()
    }
    columns["likelihood"] = _flat(psense(tree, var_names=names, group="likelihood"))
    table = pd.DataFrame(columns).rename_axis("parameter").reset_index()
    if "prior_tau" not in table:
        table.insert(3, "prior_tau", np.nan)
    table["reading"] = [_reading(row) for row in table.to_dict("records")]
    return table


def _verdict(name: str, said: Mapping[str, object]) -> str:
    if name in said["worthwhile"]:
        return "worthwhile"
    return "beats" if name in said["beats"] else "not shown"


def _flat(sensitivity: xr.Dataset) -> pd.Series:
    d = sensitivity["d"]
    values = {
        f"d[{name}]": float(x)
        for name, x in zip(d["treatment"].to_numpy(), d.to_numpy(), strict=True)
    }
    if "tau" in sensitivity:
        values["tau"] = float(sensitivity["tau"])
    return pd.Series(values)


def _reading(row: Mapping[str, float]) -> str:
    """The two warnings of Kallioinen et al., in words."""
    felt = max(x for key, x in row.items() if str(key).startswith("prior") and x == x) >= FELT
    if not felt:
        return "the prior matters little"
    if row["likelihood"] >= FELT:
        return "prior and data both pull: they may disagree"
    return "the prior dominates or the data are weak"
