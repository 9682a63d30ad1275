"""How much each direct comparison and each study contributes to each network estimate.

Given tau a network estimate is a weighted sum of direct estimates, and its weights are the
current in an electrical network: one edge per direct comparison, conductance = inverse
variance, one unit sent from the treatment to its comparator (Rücker 2012, Res Synth
Methods 3:312). A row of the hat matrix is that current. It becomes percentages by
splitting it into paths and each path's flow evenly over its edges:

- ``randomwalk``: every path, with the probability that a walker who leaves a node in
  proportion to the current takes it (Davies et al. 2022, Stat Med 41:2091). Unique.
- ``shortestpath``: the shortest path first, with all the flow it can carry, and so on
  until no flow is left (Papakonstantinou et al. 2018, F1000Research 7:610). Where two
  shortest paths tie the answer depends on which goes first; ours is the order of
  netmeta (see ``_first_seen``).

A multi-arm study with arm weights w = 1/(v + tau^2/2) is a star; the star-mesh transform
turns it into one edge w_a w_b / sum(w) per pair. These are the adjusted weights of Rücker
& Schwarzer 2014 (Stat Med 33:4353), used by netmeta, without their iterations.

The prior of the effects has no part in this: the figures describe the data.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nma.arms import Arms
from nma.checks.studies import pieces, study_rows

Array = NDArray[np.float64]
Pair = tuple[str, str]
METHODS = ("randomwalk", "shortestpath")
# Of a unit of current, what is rounding error.
NO_FLOW = 1e-10


def pair_weights(arms: Arms, tau: float) -> pd.DataFrame:
    """Weight (points^-2) of every pair of arms of every study: study, treatment,
    comparator, weight. The comparator is the earlier in ``arms.treatments``."""
    w = 1.0 / (arms.v + 0.5 * tau**2)
    total = np.add.reduceat(w, arms.starts)
    rows = []
    for i, members in enumerate(study_rows(arms)):
        for p, q in combinations(members, 2):
            a, b = arms.treatments[arms.treatment[p]], arms.treatments[arms.treatment[q]]
            rows.append((arms.studies[i], b, a, w[p] * w[q] / total[i]))
    return pd.DataFrame(rows, columns=["study", "treatment", "comparator", "weight"])


def every_pair(arms: Arms) -> list[Pair]:
    """(treatment, comparator) of every unordered pair, the comparator earlier in order."""
    return [(b, a) for a, b in combinations(arms.treatments, 2)]


def against_reference(arms: Arms) -> list[Pair]:
    """(treatment, reference) of every other treatment."""
    return [(name, arms.treatments[0]) for name in arms.treatments[1:]]


def hat_matrix(arms: Arms, tau: float, targets: Sequence[Pair] | None = None) -> pd.DataFrame:
    """Rows: estimates (treatment, comparator), by default all against the reference.
    Columns: direct comparisons (treatment, comparator). Row times the direct estimates is
    the network estimate at this tau under flat priors. Raises ValueError if the network
    is not connected."""
    if pieces(arms).any():
        raise ValueError("contributions need a connected network")
    direct, Q = _direct(arms, tau)
    targets = against_reference(arms) if targets is None else list(targets)
    position = {name: k for k, name in enumerate(arms.treatments)}
    potential = _potentials(Q, [(position[t], position[c]) for t, c in targets])
    later, earlier = ([position[pair[side]] for pair in direct] for side in (0, 1))
    H = (potential[:, later] - potential[:, earlier]) * Q[later, earlier]
    names = ["treatment", "comparator"]
    return pd.DataFrame(
        H,
        index=pd.MultiIndex.from_tuples(targets, names=names),
        columns=pd.MultiIndex.from_tuples(direct, names=[f"direct_{name}" for name in names]),
    )


def matrix(
    arms: Arms, tau: float, method: str = "randomwalk", targets: Sequence[Pair] | None = None
) -> pd.DataFrame:
    """Contribution of every direct comparison (columns) to every estimate (rows), as in
    ``hat_matrix``; each row sums to 1."""
    if method not in METHODS:
        raise ValueError(f"unknown method '{method}'. Hint: use one of {list(METHODS)}")
    split = _random_walk if method == "randomwalk" else _shortest_path
    H = hat_matrix(arms, tau, targets)
    order = sorted(arms.treatments, key=lambda name: (name.casefold(), name))
    position = {name: k for k, name in enumerate(order)}
    ends = [[position[t], position[c]] for t, c in H.columns]
    rows = [
        _shares(flow, ends, (position[treatment], position[comparator]), len(order), split)
        for (treatment, comparator), flow in zip(H.index, H.to_numpy(), strict=True)
    ]
    return pd.DataFrame(rows, index=H.index, columns=H.columns)


def by_comparison(contribution: pd.DataFrame) -> pd.DataFrame:
    """``matrix`` as long rows without zeros: treatment, comparator, direct_treatment,
    direct_comparator, contribution (0-1)."""
    long = contribution.stack([0, 1]).rename("contribution").reset_index()
    return long[long["contribution"] > 0].reset_index(drop=True)


def by_study(contribution: pd.DataFrame, arms: Arms, tau: float) -> pd.DataFrame:
    """Long rows treatment, comparator, study, contribution (0-1), without zeros.

    A direct comparison's contribution is split over its studies in proportion to their
    weights in it; a multi-arm study gathers the shares of all its pairs.
    """
    weights = pair_weights(arms, tau)
    pairs = ["treatment", "comparator"]
    weights["share"] = weights["weight"] / weights.groupby(pairs)["weight"].transform("sum")
    share = weights.pivot_table(index=pairs, columns="study", values="share", fill_value=0.0)
    share = share.reindex(pd.MultiIndex.from_tuples(list(contribution.columns), names=pairs))
    total = pd.DataFrame(
        contribution.to_numpy() @ share.to_numpy(),
        index=contribution.index,
        columns=share.columns,
    )
    long = total.stack().rename("contribution").reset_index()
    return long[long["contribution"] > 0].reset_index(drop=True)


def _direct(arms: Arms, tau: float) -> tuple[list[Pair], Array]:
    """Direct comparisons (treatment, comparator) and the conductances (K, K)."""
    weights = pair_weights(arms, tau).groupby(["treatment", "comparator"])["weight"].sum()
    position = {name: k for k, name in enumerate(arms.treatments)}
    direct = sorted(weights.index, key=lambda pair: (position[pair[1]], position[pair[0]]))
    Q = np.zeros((len(position), len(position)))
    for treatment, comparator in direct:
        i, j = position[treatment], position[comparator]
        Q[i, j] = Q[j, i] = weights[treatment, comparator]
    return direct, Q


def _potentials(Q: Array, ends: Sequence[tuple[int, int]]) -> Array:
    """(targets, K) potentials when one unit enters at the first end and leaves at the
    second; node 0 is the ground."""
    current = np.zeros((len(Q), len(ends)))
    for column, (source, sink) in enumerate(ends):
        current[source, column], current[sink, column] = 1.0, -1.0
    laplacian = np.diag(Q.sum(axis=0)) - Q
    solved = np.linalg.solve(laplacian[1:, 1:], current[1:])
    return np.vstack([np.zeros(len(ends)), solved]).T


def _shares(
    flow: Array,
    ends: list[list[int]],
    target: tuple[int, int],
    size: int,
    split: Callable[[Array, int, int], Array],
) -> Array:
    """(direct comparisons,) shares of one row of the hat matrix: its flow as a directed
    graph (size, size) from the target's treatment to its comparator, split into paths."""
    F = np.zeros((size, size))
    for (i, j), x in zip(ends, flow, strict=True):
        if abs(x) > NO_FLOW:
            F[(i, j) if x > 0 else (j, i)] = abs(x)
    order = _first_seen(ends, flow)
    place = np.argsort(order)
    shares = split(F[np.ix_(order, order)], place[target[0]], place[target[1]])
    total = np.array([shares[place[i], place[j]] + shares[place[j], place[i]] for i, j in ends])
    return total / total.sum()


def _first_seen(ends: list[list[int]], flow: Array) -> list[int]:
    """Nodes in the order in which they are first named when the direct comparisons are
    read alphabetically, each written along its flow. netmeta numbers them so, and its
    search takes the lower number where shortest paths tie."""
    seen: dict[int, None] = {}
    for (i, j), x in sorted(zip(ends, flow, strict=True), key=lambda edge: sorted(edge[0])):
        first, second = min(i, j), max(i, j)
        along = x > NO_FLOW if i == first else x < -NO_FLOW
        seen |= dict.fromkeys((first, second) if along else (second, first))
    return list(seen)


def _random_walk(F: Array, source: int, sink: int) -> Array:
    """(K, K) sum over all paths through an edge of P(path) / length of the path.

    No path is listed: P(at i after n steps) times P(from j to the sink in m steps) times
    1 / (n + 1 + m), summed over n and m, is that sum for the edge i -> j.
    """
    out = F.sum(axis=1)
    P = np.divide(F, out[:, None], out=np.zeros_like(F), where=out[:, None] > 0)
    reached, remaining = [np.eye(len(F))[source]], [np.eye(len(F))[sink]]
    while len(reached) < len(F) and (reached[-1].any() or remaining[-1].any()):
        reached.append(reached[-1] @ P)
        remaining.append(P @ remaining[-1])
    step = np.arange(len(reached))
    length = step[:, None] + step[None, :] + 1.0
    return P * (np.array(reached).T @ (1.0 / length) @ np.array(remaining))


def _shortest_path(F: Array, source: int, sink: int) -> Array:
    """(K, K) flow of each shortest path in turn / its length, per edge."""
    F, shares = F.copy(), np.zeros_like(F)
    after = {i: np.flatnonzero(row).tolist() for i, row in enumerate(F)}
    while path := _breadth_first(after, source, sink):
        steps = list(pairwise(path))
        flow = min(F[step] for step in steps)
        for i, j in steps:
            shares[i, j] += flow / len(steps)
            F[i, j] -= flow
            if F[i, j] <= NO_FLOW:
                after[i].remove(j)
    return shares


def _breadth_first(after: dict[int, list[int]], source: int, sink: int) -> list[int]:
    """The shortest path, of several the first in lexical order; empty if there is none."""
    came_from, queue = {source: source}, deque([source])
    while queue and sink not in came_from:
        i = queue.popleft()
        for j in after[i]:
            if j not in came_from:
                came_from[j] = i
                queue.append(j)
    if sink not in came_from:
        return []
    path = [sink]
    while path[-1] != source:
        path.append(came_from[path[-1]])
    return path[::-1]
