"""One study at a time: its contrasts, the network without it, what it holds together."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nma.arms import Arms

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Contrasts:
    """A study of c + 1 arms as differences from its baseline, the arm first in treatment order.

    y (c,) observed differences; A (c, p) their design matrix; S (c, c) sampling covariance;
    rows (c + 1,) its arms, the baseline first. The covariance of the true differences is that
    of their u: with one tau, tau^2 and tau^2 / 2 between two (Higgins & Whitehead 1996).
    """

    y: Array
    A: Array
    S: Array
    rows: NDArray[np.int64]

    @property
    def df(self) -> int:
        """Number of contrasts, arms - 1."""
        return len(self.y)

    def covariance(self, half: ArrayLike) -> Array:
        """(T, c, c) marginal covariance, from the variance (T, arms) of every arm's u."""
        half = np.asarray(half)[:, self.rows]
        return self.S + half[:, :1, None] + half[:, 1:, None] * np.eye(self.df)

    def inside(self, covs: Array) -> Array:
        """(T, c, c) covariance A C A' of the study's mean differences."""
        used = np.flatnonzero(self.A.any(axis=0))
        A = self.A[:, used]
        return A @ covs[:, used[:, None], used] @ A.T

    def loading(self, covs: Array) -> Array:
        """(T, p, c) covariance C A' of the effects with the study's mean differences."""
        used = np.flatnonzero(self.A.any(axis=0))
        return covs[:, :, used] @ self.A[:, used].T


def contrasts(arms: Arms) -> list[Contrasts]:
    """The contrasts of every study, in the order of ``arms.studies``."""
    return [_contrasts(arms, rows) for rows in study_rows(arms)]


def _contrasts(arms: Arms, rows: NDArray[np.int64]) -> Contrasts:
    base, others = rows[0], rows[1:]
    return Contrasts(
        y=arms.y[others] - arms.y[base],
        A=arms.X[others] - arms.X[base],
        S=np.diag(arms.v[others]) + arms.v[base],
        rows=rows,
    )


def study_rows(arms: Arms) -> list[NDArray[np.int64]]:
    """Arms of every study, in treatment order (reference first, then alphabetical)."""
    ends = [*arms.starts[1:], len(arms.y)]
    rows = [np.arange(a, b) for a, b in zip(arms.starts, ends, strict=True)]
    return [r[np.argsort(arms.treatment[r])] for r in rows]


def subset(arms: Arms, studies: Collection[int]) -> Arms:
    """Only the studies at these positions; treatments and parameters stay as they are, so
    that an effect without data keeps its prior."""
    kept = np.isin(arms.study, list(studies))
    names = [i for i in range(len(arms.studies)) if i in set(studies)]
    return replace(
        arms,
        y=arms.y[kept],
        v=arms.v[kept],
        study=np.searchsorted(names, arms.study[kept]),
        treatment=arms.treatment[kept],
        X=arms.X[kept],
        share=None if arms.share is None else arms.share[kept],
        responsive=None if arms.responsive is None else arms.responsive[kept],
        levelled=None if arms.levelled is None else arms.levelled[names],
        studies=tuple(arms.studies[i] for i in names),
    )


def without(arms: Arms, study: int) -> Arms:
    """All studies but one."""
    return subset(arms, set(range(len(arms.studies))) - {study})


def pieces(arms: Arms, dropped: Collection[int] = ()) -> NDArray[np.int64]:
    """(treatments,) label of the connected piece each treatment is in without the dropped
    studies. A treatment in no other study is a piece of its own."""
    kept = ~np.isin(arms.study, list(dropped))
    K, size = len(arms.treatments), len(arms.treatments) + len(arms.studies)
    links = coo_array(
        (np.ones(kept.sum()), (arms.treatment[kept], K + arms.study[kept])), shape=(size, size)
    )
    return connected_components(links, directed=False)[1][:K]


def separating(arms: Arms) -> NDArray[np.bool_]:
    """(studies,) whether the arms of a study are not all linked to one another without it.

    Studies and treatments as one graph: two arms stay linked if their edges lie in one
    biconnected component of it (Hopcroft & Tarjan 1973). One pass for all studies.
    """
    K = len(arms.treatments)
    links = zip(arms.treatment.tolist(), (K + arms.study).tolist(), strict=True)
    blocks = np.zeros(len(arms.studies), dtype=int)
    for block in nx.biconnected_components(nx.Graph(links)):
        within = [node - K for node in block if node >= K]
        blocks[within] += 1
    return blocks > 1


def lost(arms: Arms, study: int) -> list[str]:
    """Treatments that have no link to the reference without the study."""
    label = pieces(arms, [study])
    return [t for t, piece in zip(arms.treatments, label, strict=True) if piece != label[0]]
