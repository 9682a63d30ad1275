"""Consistency of the whole network: two models without it beside the one with it.

- unrelated mean effects (UME; NICE DSU TSD 4): one effect per observed pair of a study's
  baseline (its first arm in treatment order) and another of its treatments.
- design-by-treatment interaction (Higgins et al. 2012, Res Synth Methods 3:98; White et
  al. 2012, ibid. 3:111): every design has effects of its own. White et al. write them as
  consistency plus inconsistency parameters in some order of designs; the same space is
  spanned here by one column per design and treatment beyond its baseline, so that the
  prior treats all designs alike. Inconsistency is what the consistency model cannot
  express of these effects; its Wald test does not depend on how they are written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.special import chdtrc

from nma import exact
from nma.arms import Arms
from nma.checks.blocks import fit_blocks
from nma.checks.designs import ALONE, NO_LOOPS, design_name, design_of, design_table
from nma.checks.deviance import study_deviance, totals
from nma.checks.mixtures import describe, describe_tau
from nma.checks.studies import study_rows
from nma.exact import Posterior
from nma.priors import Prior

Array = NDArray[np.float64]
CONSISTENCY, UME, INTERACTION = "consistency", "unrelated mean effects", "design-by-treatment"
ONE_EACH = "every design has one study: tau, and so this test, rests on its prior"


@dataclass(frozen=True)
class Comparison:
    """Three models side by side.

    models : model, parameters, ``deviance.totals``, tau_mean, _sd, _median, _low, _high
    studies : study, treatments, df, residual deviance and leverage under consistency and
        UME (``consistency_deviance``, ``ume_leverage``, ...): the dev-dev plot
    interaction : one row, the Wald test: chi2, df, p (missing without loops), df_within,
        note. It leans on tau as learned within designs: with few df_within it is rough
    effects : UME estimates by treatment and comparator: mean, sd, low, high, and
        ``network_*`` of the consistency model
    """

    models: pd.DataFrame
    studies: pd.DataFrame
    interaction: pd.DataFrame
    effects: pd.DataFrame


def compare(arms: Arms, prior: Prior) -> Comparison:
    """Consistency, UME and design-by-treatment interaction of a consistency model's arms."""
    fits = {
        CONSISTENCY: [exact.fit(arms, prior)],
        UME: fit_blocks(unrelated_means(arms), prior),
        INTERACTION: fit_blocks(design_effects(arms), prior),
    }
    rows, tables = [], {}
    for model, blocks in fits.items():
        table = pd.concat([study_deviance(block) for block in blocks])
        tables[model] = table.set_index("study").loc[list(arms.studies)]
        size = sum(len(block.arms.parameters) for block in blocks)
        rows.append({"model": model, "parameters": size} | totals(table) | describe_tau(blocks[0]))
    studies = tables[CONSISTENCY][["treatments", "df"]].copy()
    for short, model in (("consistency", CONSISTENCY), ("ume", UME)):
        studies[f"{short}_deviance"] = tables[model]["residual_deviance"]
        studies[f"{short}_leverage"] = tables[model]["leverage"]
    return Comparison(
        models=pd.DataFrame(rows),
        studies=studies.reset_index(),
        interaction=_wald(arms, fits[INTERACTION]),
        effects=_effects(arms, fits[UME], fits[CONSISTENCY][0]),
    )


def unrelated_means(arms: Arms, baselines: Mapping[str, str] | None = None) -> Arms:
    """The UME model: columns ``d[treatment, comparator]``, the comparator earlier in order.

    ``baselines`` names the baseline treatment of studies where it is not the first in
    order; it matters for multi-arm studies only. (multinma takes the arm that a study's
    differences are reported against.)
    """
    named, effects = baselines or {}, []
    for study, design in zip(arms.studies, design_of(arms), strict=True):
        base = arms.treatments.index(named[study]) if study in named else design[0]
        effects.append(
            {k: ((min(base, k), max(base, k)), np.sign(k - base)) for k in design if k != base}
        )

    def name(key: tuple[int, int]) -> str:
        return f"d[{arms.treatments[key[1]]}, {arms.treatments[key[0]]}]"

    return _own_effects(arms, effects, name)


def design_effects(arms: Arms) -> Arms:
    """The interaction model: columns ``d[treatment, baseline | design]``."""

    def name(key: tuple[tuple[int, ...], int]) -> str:
        design, k = key
        pair = f"{arms.treatments[k]}, {arms.treatments[design[0]]}"
        return f"d[{pair} | {design_name(arms, design)}]"

    effects = [{k: ((design, k), 1) for k in design[1:]} for design in design_of(arms)]
    return _own_effects(arms, effects, name)


def _own_effects(
    arms: Arms, effects: list[dict[int, tuple[Any, int]]], name: Callable[[Any], str]
) -> Arms:
    """Arms with one column per distinct key; ``effects`` holds, per study, the key and the
    sign of each treatment beyond the baseline."""
    order = sorted({key for study in effects for key, _ in study.values()})
    place = {key: i for i, key in enumerate(order)}
    X = np.zeros((len(arms.y), len(order)))
    for row, (study, treatment) in enumerate(zip(arms.study, arms.treatment, strict=True)):
        if treatment in effects[study]:
            key, sign = effects[study][treatment]
            X[row, place[key]] = sign
    return replace(
        arms,
        X=X,
        prior_sd=np.full(len(order), float(arms.prior_sd.max())),
        parameters=tuple(name(key) for key in order),
    )


def _effects(arms: Arms, ume: list[Posterior], network: Posterior) -> pd.DataFrame:
    pairs = sorted({(rows[0], k) for rows in design_of(arms) for k in rows[1:]})
    where = {name: (block, j) for block in ume for j, name in enumerate(block.arms.parameters)}
    rows = []
    for (b, k), name in zip(pairs, unrelated_means(arms).parameters, strict=True):
        block, j = where[name]
        treatment, comparator = arms.treatments[k], arms.treatments[b]
        own = describe(block.weights, block.means[:, j], np.sqrt(block.covs[:, j, j]))
        c = network.contrast(treatment, comparator)
        whole = describe(network.weights, *network.components(c))
        rows.append(
            {"treatment": treatment, "comparator": comparator}
            | {statistic: float(value) for statistic, value in own.items()}
            | {f"network_{statistic}": float(value) for statistic, value in whole.items()}
        )
    return pd.DataFrame(rows)


def _wald(arms: Arms, blocks: list[Posterior]) -> pd.DataFrame:
    """Wald test at the posterior mean and covariance of the design effects, over tau too."""
    m = np.concatenate([block.means for block in blocks], axis=1)
    mean = blocks[0].weights @ m
    within = [np.einsum("t,tij->ij", block.weights, block.covs) for block in blocks]
    cov = block_diag(*within) + (m - mean).T @ (blocks[0].weights[:, None] * (m - mean))
    names = [name for block in blocks for name in block.arms.parameters]
    U, s, _ = np.linalg.svd(_consistent(arms, names))
    L = U[:, int((s > ALONE * s.max()).sum()) :]
    df = L.shape[1]
    chi2 = float(mean @ L @ np.linalg.solve(L.T @ cov @ L, L.T @ mean)) if df else 0.0
    df_within = int(design_table(arms)["df_within"].sum())
    note = NO_LOOPS if df == 0 else "" if df_within else ONE_EACH
    p = float(chdtrc(df, chi2)) if df else np.nan
    return pd.DataFrame([{"chi2": chi2, "df": df, "p": p, "df_within": df_within, "note": note}])


def _consistent(arms: Arms, names: list[str]) -> Array:
    """(design effects, p) each design effect as the consistency model has it."""
    own, place = design_effects(arms), {name: i for i, name in enumerate(names)}
    rows = np.zeros((len(names), arms.X.shape[1]))
    for base, *others in study_rows(arms):
        for arm in others:
            name = own.parameters[int(np.flatnonzero(own.X[arm])[0])]
            rows[place[name]] = arms.X[arm] - arms.X[base]
    return rows
