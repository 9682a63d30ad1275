"""Meta-regression: effects that change with a study's covariate, or with its level.

    mean of an arm = mu + d[treatment] + B (x - centre), for active arms

so that d is the effect at the centre. B is shared, or one per class. Dias et al. 2013 (NICE DSU
TSD 3). With ``control`` the covariate is the study's own level mu (baseline risk): mu is
integrated out, so the slope is a hyperparameter and y is stated from the centre. The levels
need a distribution of their own, Normal(0, level_sd^2) around it: with flat ones the error
of an observed level, e, pulls a slope of 0 to about -e / (e + level_sd^2), because nothing
says that an extreme level is partly chance (regression to the mean; Sharp & Thompson 1997,
Stat Med 16:2741; a simulation shows it).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nma.priors import Prior
from nma.structure import Structure

Array = NDArray[np.float64]
CONTROL = "control"


@dataclass(frozen=True)
class Covariate:
    """A covariate: what it is of the study, on which scale it enters (with its inverse),
    and the unit of its slope in words."""

    column: str
    scale: Callable[[Array], Array]
    back: Callable[[Array], Array]
    unit: str


COVARIATES = {
    "year": Covariate("year", lambda x: x / 10, lambda x: 10 * x, "per 10 years"),
    "size": Covariate("n", np.log2, np.exp2, "per doubling of participants"),
    "baseline": Covariate("baseline", lambda x: x / 10, lambda x: 10 * x, "per 10 points at entry"),
    "weeks": Covariate("weeks", np.log2, np.exp2, "per doubling of weeks"),
}
JUDGEMENTS = ("some_concerns", "high", "not_reported")


def values(studies: pd.DataFrame, covariate: str) -> Array:
    """(studies,) of a continuous covariate on its scale; missing where not reported."""
    chosen = COVARIATES[covariate]
    x = studies[chosen.column].to_numpy(float)
    return chosen.scale(np.where(x > 0, x, np.nan))


def centre(x: Array) -> float:
    """Where effects are stated: the mean over studies that report the covariate."""
    return float(np.nanmean(x)) if np.isfinite(x).any() else 0.0


def regressed(structure: Structure, covariate: str, by_class: str, slope_sd: float) -> Structure:
    """With ``slope[...]`` columns, Normal(0, slope_sd) priors.

    ``by_class`` names the column of classes that have slopes of their own, "" for one
    shared by all active treatments. Studies without the covariate are taken at its centre,
    where the slope does not touch them: the pipeline leaves them out before (data.require).
    Risk of bias enters by its words, against low.
    """
    arms, middle = structure.arms, 0.0
    if covariate == "rob":
        words = structure.studies["rob"]
        columns = {f"rob={word}": (words == word).to_numpy(float) for word in JUDGEMENTS}
    else:
        x = values(structure.studies, covariate)
        middle = centre(x)
        columns = {covariate: np.nan_to_num(x - middle)}
    groups = _groups(structure, by_class)
    names, X = [], []
    for label, x in columns.items():
        for group, treatments in groups.items():
            column = x[arms.study] * treatments[arms.treatment]
            if _varies(arms.starts, column):
                names.append(f"slope[{label}{', ' if group else ''}{group}]")
                X.append(column)
    if not names:
        return structure
    return replace(structure, centre=middle).with_columns(names, np.column_stack(X), slope_sd)


def on_level(
    structure: Structure, level: float, slope: Prior, sd: Prior | None = None
) -> Structure:
    """With effects that change by ``slope`` per point of the study's level mu, the true mean
    of its reference-type arms; effects are stated at ``level``. Studies without such an
    arm, or given as a difference, have no level and say nothing of the slope. ``sd`` is the
    prior of level_sd; None leaves the levels flat, which is to show what that does."""
    arms = structure.arms
    passive = ~structure.active[arms.treatment]
    basis = (structure.studies["basis"] == "arm").to_numpy()
    has = np.logical_or.reduceat(passive, arms.starts) & basis
    made = replace(
        structure,
        centre=level,
        arms=replace(
            arms,
            y=arms.y - level * basis[arms.study],
            responsive=(~passive & has[arms.study]).astype(float),
            contrasts=arms.effects,
            levelled=None if sd is None else has.astype(float),
        ),
    ).with_prior("slope", slope)
    return made if sd is None else made.with_prior("level_sd", sd)


def mean_level(structure: Structure) -> float:
    """Mean over studies of the observed value of reference-type arms."""
    arms = structure.arms
    passive = ~structure.active[arms.treatment]
    basis = (structure.studies["basis"] == "arm").to_numpy()[arms.study]
    chosen = passive & basis
    return float(arms.y[chosen].mean()) if chosen.any() else 0.0


def _groups(structure: Structure, by_class: str) -> dict[str, Array]:
    """Name of a slope's group -> (treatments,) 1 where it applies."""
    if not by_class:
        return {"": structure.active.astype(float)}
    labels = [structure.nodes.get(name, {}).get(by_class, "") for name in structure.arms.treatments]
    found = sorted({label for label, on in zip(labels, structure.active, strict=True) if on})
    return {label: (np.array(labels) == label).astype(float) * structure.active for label in found}


def _varies(starts: NDArray[np.int64], column: Array) -> bool:
    """Whether a column differs within any study: else it says nothing."""
    return bool((np.maximum.reduceat(column, starts) > np.minimum.reduceat(column, starts)).any())
