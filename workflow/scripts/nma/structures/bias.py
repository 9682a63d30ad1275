"""Studies at risk of bias: count for less, or have a bias of their own.

Down-weighting: all variance of such a study, sampling and between studies, is divided by its
weight. Bias term (Welton et al. 2009, J R Stat Soc A 172:119; NICE DSU TSD 3, section 6): the
effect of an active treatment in such a study is off by beta[i] ~ Normal(b, kappa^2).
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nma.priors import Prior
from nma.structure import Structure


def suspect(structure: Structure, judgements: Collection[str]) -> NDArray[np.bool_]:
    """(studies,) whose risk of bias is among the judgements ("not_reported" is one)."""
    return structure.studies["rob"].isin(list(judgements)).to_numpy()


def down_weighted(structure: Structure, judgements: Collection[str], weight: float) -> Structure:
    """With suspect studies counting as ``weight`` (0 to 1) of a study."""
    arms = structure.arms
    q = np.where(suspect(structure, judgements), weight, 1.0)[arms.study]
    share = np.ones((len(q), len(arms.variances))) if arms.share is None else arms.share
    return replace(structure, arms=replace(arms, v=arms.v / q, share=share / q[:, None]))


def term(structure: Structure, judgements: Collection[str], mean_sd: float, sd: Prior) -> Structure:
    """With the mean bias ``b`` ~ Normal(0, mean_sd), kappa ~ ``sd`` and a deviation
    ``bias[study]`` per suspect study that compares an active with a reference-type arm.

    Without such a study nothing changes. Between two active treatments the bias favours
    neither.
    """
    arms = structure.arms
    active = structure.active[arms.treatment].astype(float)
    mixed = np.maximum.reduceat(active, arms.starts) > np.minimum.reduceat(active, arms.starts)
    chosen = np.flatnonzero(suspect(structure, judgements) & mixed)
    if not len(chosen):
        return structure
    own = (arms.study[:, None] == chosen) * active[:, None]
    with_mean = structure.with_columns(["b"], own.sum(axis=1, keepdims=True), mean_sd)
    names = [f"bias[{arms.studies[i]}]" for i in chosen]
    return with_mean.with_columns(names, own, 1.0, spread="kappa").with_prior("kappa", sd)
