"""Every check of one network, in the order in which a referee asks: one table each.

Consistency (splits, UME, designs), fit (deviance, leave-one-out, prediction), influence,
priors, thresholds, small studies, transitivity, contributions. All by the exact engine,
given the draws of the fit where a check is of the draws themselves.
"""

from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import Any

import pandas as pd
import xarray as xr

from nma import exact
from nma.arms import Arms
from nma.checks import (
    consistency,
    contributions,
    designs,
    deviance,
    influence,
    leave_out,
    predictive,
    prior_grid,
    small_study,
    splits,
    thresholds,
    transitivity,
)
from nma.posterior import effect_draws, hyper_draws
from nma.specify import specify, typical_sd

Tables = Iterator[tuple[str, pd.DataFrame]]
ENOUGH = 4000  # draws of a p-value: its Monte Carlo error is then below 0.01


def every_check(
    table: pd.DataFrame,
    tree: xr.DataTree,
    treatments: pd.DataFrame,
    settings: Mapping[str, Any],
    seed: int,
) -> Tables:
    """(name, table) of every check, in the order of ``names.TABLES``.

    ``table`` is arms.csv, ``tree`` posterior.nc, ``treatments`` treatments.csv as text;
    ``settings`` has reference, treatment_map, model, mid and headline.
    """
    arms, prior = specify(table, settings["reference"], settings["model"])
    fit = exact.fit(arms, prior)
    tau = float(fit.tau_quantile(0.5))
    mid, cuts = settings["mid"]["value"], settings["headline"]
    by_node = treatments.drop_duplicates(settings["treatment_map"])
    kinds = dict(zip(by_node[settings["treatment_map"]], by_node["kind"], strict=True))

    yield from _consistency(arms, prior)
    yield from _fit(arms, prior, tree, seed)
    yield from zip(
        ("influence", "influence_effects"),
        influence.influence(arms, prior, mid, cuts["beats"], cuts["worthwhile"]),
        strict=True,
    )
    cases = prior_grid.cases(prior, settings["model"]["priors"]["d"]["sd"], typical_sd(table))
    yield from zip(
        ("prior_tau", "prior_effects"),
        prior_grid.prior_grid(arms, cases, mid, cuts["beats"], cuts["worthwhile"]),
        strict=True,
    )
    yield "power_scaling", prior_grid.power_scaling(tree)
    rule = thresholds.Rule(mid, cuts["worthwhile"])
    yield "thresholds", thresholds.every_threshold(fit, rule)
    order = funnel_order(arms, kinds)
    points = small_study.funnel(arms, order, tau)
    yield "funnel", points
    yield "egger", small_study.egger(points, tau)
    yield "small_study", small_study.precision_regression(arms, prior, kinds)
    values = transitivity.modifiers(
        table, transitivity.placebo_kinds(treatments), list(arms.treatments)
    )
    yield "modifiers", values
    yield "modifiers_by_comparison", transitivity.describe(values)
    yield "modifier_tests", transitivity.differences(values)
    shares = contributions.matrix(arms, tau)
    yield "contributions", contributions.by_comparison(shares)
    yield "contributions_studies", contributions.by_study(shares, arms, tau)


def _consistency(arms: Arms, prior: Any) -> Tables:
    yield "splittable", splits.splittable(arms)
    yield "node_splits", splits.node_splits(arms, prior)
    compared = consistency.compare(arms, prior)
    yield "models", compared.models
    yield "dev_dev", compared.studies
    yield "interaction", compared.interaction
    yield "designs", designs.design_table(arms)
    # At tau = 0 heterogeneity counts against consistency; at the tau that is learned within
    # designs it does not. Both are shown.
    within = _tau_within(compared.models)
    parts = [designs.decomposition(arms, at).assign(tau=at) for at in dict.fromkeys((0.0, within))]
    yield "decomposition", pd.concat(parts, ignore_index=True)
    heat, why = designs.net_heat(arms, within)
    yield "net_heat", pd.DataFrame({"reason": [why]}) if heat is None else _long(heat)


def _fit(arms: Arms, prior: Any, tree: xr.DataTree, seed: int) -> Tables:
    yield "fit", deviance.deviance(arms, prior)
    yield "fixed_and_random", deviance.fixed_and_random(arms, prior)
    log_lik = tree["log_likelihood"]["y"].to_numpy()
    log_lik = log_lik.reshape(-1, log_lik.shape[-1])
    left = leave_out.leave_one_out(arms, prior, log_lik=log_lik)
    yield "loo", left
    yield "loo_totals", leave_out.loo_totals(left)
    _, d = effect_draws(tree)
    tau = hyper_draws(tree)["tau"]
    thin = slice(None, None, -(-len(tau) // ENOUGH))
    sample = (d[thin, 1:], tau[thin])
    yield "predictive", predictive.predictive_check(arms, prior, seed=seed, sample=sample)


def funnel_order(arms: Arms, kinds: Mapping[str, str]) -> list[str]:
    """The order of the comparison-adjusted funnel: the reference, placebos, no treatment,
    then active treatments alphabetically. A small study is expected to favour the later."""
    rank = {"placebo": 0, "none": 1}
    reference = arms.treatments[0]
    return sorted(
        arms.treatments,
        key=lambda name: (name != reference, rank.get(kinds.get(name, "active"), 2), name),
    )


def timed(tables: Tables) -> Iterator[tuple[str, pd.DataFrame, float]]:
    """The same with the seconds that each took."""
    start = perf_counter()
    for name, table in tables:
        yield name, table, perf_counter() - start
        start = perf_counter()


def _tau_within(models: pd.DataFrame) -> float:
    row = models.loc[models["model"].str.contains("design")]
    return round(float(row["tau_median"].iloc[0]), 6) if len(row) else 0.0


def _long(matrix: pd.DataFrame) -> pd.DataFrame:
    """A square matrix as rows design, detached, change."""
    named = matrix.rename_axis(index="design", columns="detached")
    return named.stack().rename("change").reset_index()
