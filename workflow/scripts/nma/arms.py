"""The arrays that both engines fit: arms of studies, and the matrix X of arm means.

Everything linear is one matrix (DESIGN section 2): the mean of an arm is mu_study + X beta.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array


@dataclass(frozen=True)
class Pairs:
    """Every two arms of one study, and what their difference tells of the parameters.

    With c = w_a w_b / W of its pairs a study's information, study mean out, is sum c D'D, its
    score sum c D'(y_a - y_b), its squared residual sum c (y_a - y_b)^2: no difference of
    large numbers, and as sparse as the network.

    a, b : (pairs,) arms; study : (pairs,); y : (pairs,) y_a - y_b; D : (pairs, parameters)
    cells : (2, cells) places (i >= j) of the information that are not zero
    products : (cells, pairs) D_i D_j of every pair at these places
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    study: NDArray[np.int64]
    y: NDArray[np.float64]
    D: csr_array
    cells: NDArray[np.int64]
    products: csr_array

    @classmethod
    def of(cls, y: ArrayLike, study: NDArray[np.int64], X: csr_array) -> "Pairs":
        """The pairs of arms that are sorted by study."""
        size = np.bincount(study)
        # How many arms of its study follow each arm.
        after = np.cumsum(size)[study] - np.arange(len(study)) - 1
        a = np.repeat(np.arange(len(study)), after)
        step = np.arange(len(a)) - np.repeat(np.cumsum(after) - after, after)
        b = a + 1 + step
        D = (X[a] - X[b]).tocsr()
        D.eliminate_zeros()
        cells, products = _products(D)
        y = np.asarray(y, float)
        return cls(a, b, study[a], y[a] - y[b], D, cells, products)


def _products(D: csr_array) -> tuple[NDArray[np.int64], csr_array]:
    """Places i >= j where D'D may differ from zero, and (places, rows) D_i D_j of every row."""
    count = np.diff(D.indptr)
    # Every cell of a row with every cell of it.
    many = np.repeat(count, count)
    first = np.repeat(np.arange(D.nnz), many)
    start = np.repeat(np.repeat(D.indptr[:-1], count), many)
    step = np.arange(len(first)) - np.repeat(np.cumsum(many) - many, many)
    second = start + step
    i, j = D.indices[first].astype(np.int64), D.indices[second].astype(np.int64)
    lower = i >= j
    place, at = np.unique(i[lower] * D.shape[1] + j[lower], return_inverse=True)
    row = np.repeat(np.arange(D.shape[0]), count)[first[lower]]
    value = D.data[first[lower]] * D.data[second[lower]]
    products = coo_array((value, (at, row)), shape=(len(place), D.shape[0])).tocsr()
    return np.stack(np.divmod(place, D.shape[1])), products


@dataclass(frozen=True)
class Arms:
    """Arms sorted by study then treatment.

    y, v : (arms,) value and known variance (sd^2 / n), 0-100 points and points^2
    study, treatment : (arms,) positions in ``studies`` and ``treatments``
    X : (arms, parameters) design matrix; ``parameters`` names its columns
    prior_sd : (parameters,) sd of the independent Normal(0, sd) priors

    What only other models than the plain network need (see ``structure``):

    contrasts : (treatments, parameters) d = contrasts @ beta, the reference's row zero
    spread : (parameters,) hyperparameter that multiplies the prior sd, "" for none
    variances, share : names of heterogeneity sds, and (arms, variances): an arm's
        u has variance share @ sds^2 / 2
    prediction : (treatments, variances) likewise for an effect in a new study; tau^2 if None
    responsive : (arms,) 1 where the arm's mean also moves with the study's level mu, by
        ``slope`` x mu; y is then centred on the level that effects are stated at
    levelled : (studies,) 1 where mu ~ Normal(0, ``level_sd``^2), 0 where it is flat
    """

    y: NDArray[np.float64]
    v: NDArray[np.float64]
    study: NDArray[np.int64]
    treatment: NDArray[np.int64]
    X: NDArray[np.float64]
    prior_sd: NDArray[np.float64]
    studies: tuple[str, ...]
    treatments: tuple[str, ...]
    parameters: tuple[str, ...]
    contrasts: NDArray[np.float64] | None = None
    spread: tuple[str, ...] | None = None
    variances: tuple[str, ...] = ("tau",)
    share: NDArray[np.float64] | None = None
    responsive: NDArray[np.float64] | None = None
    prediction: NDArray[np.float64] | None = None
    levelled: NDArray[np.float64] | None = None

    @cached_property
    def effects(self) -> NDArray[np.float64]:
        """(treatments, parameters) the matrix that makes effects of parameters."""
        if self.contrasts is not None:
            return self.contrasts
        return np.vstack([np.zeros(len(self.parameters)), np.eye(len(self.parameters))])

    @property
    def is_plain(self) -> bool:
        """Whether the parameters are the effects themselves."""
        return self.contrasts is None

    @property
    def is_flat(self) -> bool:
        """Whether the study means are flat and no arm moves with them."""
        return self.responsive is None and self.levelled is None

    def half(self, hyper: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(T, arms) variance of every arm's u, or (T, 1) if it is the same for all.

        ``hyper`` has every heterogeneity sd as (T,) and, if study effects are Student t,
        ``scale`` (T, studies).
        """
        if self.share is None:
            half = 0.5 * np.square(hyper["tau"])[:, None]
        else:
            sds = np.stack([hyper[name] for name in self.variances], axis=-1)
            half = 0.5 * np.square(sds) @ self.share.T
        return half / hyper["scale"][:, self.study] if "scale" in hyper else half

    def sds(self, hyper: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(T, parameters) or (parameters,) sds of the priors of the parameters."""
        if not any(self.spread or ()):
            return self.prior_sd
        # A floor keeps the precision finite; a millionth of a point is no spread.
        times = [np.maximum(hyper[name], 1e-6) if name else np.array([1.0]) for name in self.spread]
        return self.prior_sd * np.stack(np.broadcast_arrays(*times), axis=-1)

    def level(self, hyper: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64] | None:
        """(T, arms) what the study's level is multiplied by, None if by 1 everywhere."""
        if self.responsive is None:
            return None
        return 1.0 + np.asarray(hyper["slope"])[:, None] * self.responsive

    def pull(self, hyper: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64] | None:
        """(T, studies) precision of the priors of the study means, None if all are flat."""
        if self.levelled is None:
            return None
        return self.levelled / np.square(np.maximum(hyper["level_sd"], 1e-6))[:, None]

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """(studies,) first arm of each study, for ``np.add.reduceat``."""
        return np.flatnonzero(np.diff(self.study, prepend=-1))

    @cached_property
    def sparse(self) -> csr_array:
        """X by its cells that are not zero."""
        return csr_array(self.X)

    @cached_property
    def pairs(self) -> Pairs:
        """Every two arms of one study."""
        return Pairs.of(self.y, self.study, self.sparse)

    def linear(self, beta: NDArray[np.float64]) -> NDArray[np.float64]:
        """(draws, arms) X beta of beta (draws, parameters)."""
        return (self.sparse @ beta.T).T

    @property
    def labels(self) -> list[str]:
        """(arms,) "study | treatment", unique."""
        return [
            f"{self.studies[s]} | {self.treatments[t]}"
            for s, t in zip(self.study, self.treatment, strict=True)
        ]

    def with_prior_sd(self, sd: float) -> "Arms":
        """The same arms under Normal(0, sd) priors for every effect."""
        return replace(self, prior_sd=np.full(len(self.parameters), float(sd)))


def treatment_order(treatments: Sequence[str], reference: str) -> list[str]:
    """The reference first, the others alphabetically without regard to case."""
    others = sorted(set(treatments) - {reference}, key=lambda name: (name.casefold(), name))
    return [reference, *others]


def build(
    table: pd.DataFrame, reference: str, prior_sd: float = 100.0, virtual: bool = False
) -> Arms:
    """Arms of the consistency model from a table with study, treatment, y, se.

    A ``virtual`` reference is what no arm received: the mean of kinds of placebo.

    Rows are sorted and figures rounded to 1e-9 first: a difference of 1e-14 in the data
    can change which NUTS draws come out. Raises ValueError if the reference is absent, a
    study has one arm or two of one treatment, or a standard error is not positive.
    """
    table = table.sort_values(["study", "treatment"], key=lambda s: s.astype(str), kind="stable")
    if not virtual and reference not in set(table["treatment"]):
        raise ValueError(f"no arm received the reference '{reference}'")
    if table.duplicated(["study", "treatment"]).any():
        raise ValueError("two arms of one study have the same treatment; combine them first")
    if table.groupby("study").size().min() < 2:
        raise ValueError("a study with one arm carries no comparison")
    y = table["y"].to_numpy(float).round(9)
    v = (table["se"].to_numpy(float) ** 2).round(9)
    if not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all()):
        raise ValueError("every arm needs a finite y and a standard error above 0")
    treatments = treatment_order(list(table["treatment"]), reference)
    position = {name: i for i, name in enumerate(treatments)}
    treatment = table["treatment"].map(position).to_numpy(np.int64)
    study, studies = pd.factorize(table["study"])
    return Arms(
        y=y,
        v=v,
        study=study.astype(np.int64),
        treatment=treatment,
        X=np.eye(len(treatments))[treatment][:, 1:],
        prior_sd=np.full(len(treatments) - 1, float(prior_sd)),
        studies=tuple(map(str, studies)),
        treatments=tuple(treatments),
        parameters=tuple(f"d[{name}]" for name in treatments[1:]),
    )
