"""What is fitted, as data: the arms with their design matrix, and all priors.

Every model of this project is a choice of the columns of X, of their priors and of what the
heterogeneity of an arm is made of (DESIGN section 2). A structure starts as the plain network,
and each module of ``structures`` adds its part to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nma.arms import Arms
from nma.priors import Hyper, Prior

Array = NDArray[np.float64]
REFERENCE_KINDS = ("placebo", "none")


@dataclass(frozen=True)
class Structure:
    """Arms, priors, and what is known of the treatments.

    ``nodes`` maps a treatment to its class, modality and kind; ``studies`` has one row per
    study in the order of ``arms.studies`` (see ``study_table``); ``centre`` is the value of a
    covariate, on its scale, that effects are stated at.
    """

    arms: Arms
    hyper: Hyper
    nodes: Mapping[str, Mapping[str, str]]
    studies: pd.DataFrame
    centre: float = 0.0

    @property
    def active(self) -> NDArray[np.bool_]:
        """(treatments,) which are neither placebo nor no treatment nor usual care."""
        kinds = [self.nodes.get(name, {}).get("kind", "active") for name in self.arms.treatments]
        return np.array([k > 0 and kind not in REFERENCE_KINDS for k, kind in enumerate(kinds)])

    def with_prior(self, name: str, prior: Prior) -> "Structure":
        """The same with one more hyperparameter, or another prior for it."""
        priors = {**self.hyper.priors, name: prior}
        return replace(self, hyper=replace(self.hyper, priors=priors))

    def with_columns(
        self,
        names: Sequence[str],
        X: Array,
        prior_sd: float,
        effects: Array | None = None,
        spread: str = "",
    ) -> "Structure":
        """The same with more parameters: X (arms, new), the treatments' share in them
        ``effects`` (treatments, new; none if left out), Normal(0, prior_sd) priors, times
        the hyperparameter ``spread`` if one is named."""
        arms, new = self.arms, len(names)
        if effects is None:
            effects = np.zeros((len(arms.treatments), new))
        old = arms.spread or ("",) * len(arms.parameters)
        return replace(
            self,
            arms=replace(
                arms,
                X=np.column_stack([arms.X, X]),
                contrasts=np.column_stack([arms.effects, effects]),
                prior_sd=np.concatenate([arms.prior_sd, np.full(new, float(prior_sd))]),
                parameters=(*arms.parameters, *names),
                spread=(*old, *(spread,) * new),
            ),
        )


def study_table(arms: pd.DataFrame, studies: Sequence[str]) -> pd.DataFrame:
    """One row per study from arms.csv: study, year, n (of all arms), baseline (mean over
    arms), weeks, rob ("not_reported" where blank), basis. Missing where no arm has it."""
    groups = arms.groupby("study", sort=False)
    table = pd.DataFrame(
        {
            "year": groups["year"].first(),
            "n": groups["n"].sum(min_count=2),
            "baseline": groups["baseline"].mean(),
            "weeks": groups["weeks"].mean(),
            "rob": groups["rob"].first().fillna("").replace("", "not_reported"),
            "basis": groups["basis"].first(),
        }
    )
    return table.loc[list(studies)].rename_axis("study").reset_index()


def estimable(arms: Arms, rows: Array) -> NDArray[np.bool_]:
    """(n,) which linear combinations of the parameters, ``rows`` (n, parameters), the data
    inform: those in the row space of the information without the wide priors. The priors
    of parameters that are exchangeable around others are part of the model and count."""
    w = 1.0 / arms.v
    W = np.add.reduceat(w, arms.starts)
    centre = np.add.reduceat(w[:, None] * arms.X, arms.starts) / W[:, None]
    X = np.sqrt(w)[:, None] * (arms.X - centre[arms.study])
    tied = np.flatnonzero([bool(name) for name in arms.spread or ()])
    X = np.vstack([X, np.eye(len(arms.parameters))[tied]])
    scale = np.sqrt((X**2).sum(axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    _, s, vt = np.linalg.svd(X / scale)
    null = vt[int((s > 1e-9 * s.max(initial=0.0)).sum()) :]
    rows = np.atleast_2d(rows) / scale
    size = np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-300)
    return (np.abs(rows @ null.T).max(axis=1, initial=0.0) < 1e-6 * size).astype(bool)
