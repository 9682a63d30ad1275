"""Q within and between designs at a fixed tau, and the net heat matrix.

A design is the set of treatments of a study. With flat priors, Krahn, Binder & König 2013
(BMC Med Res Methodol 13:35) and netmeta's ``decomp.design``: pool each design's studies;
what they scatter about their pool is heterogeneity, what the pools scatter about the
consistency model is inconsistency. The net heat matrix shows how much of a design's part
in the latter goes when another design is detached, that is gets effects of its own. It
has one row per design here; netmeta prints one per pair of arms of a design, the same
where all designs have two arms.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from nma.arms import Arms
from nma.checks.studies import Contrasts, contrasts, study_rows

Array = NDArray[np.float64]
Key = tuple[int, ...]
NO_LOOPS = "no loops: no two designs inform the same comparison"
# Share of its own information below which the network is taken to say nothing of a design.
ALONE = 1e-9


@dataclass(frozen=True)
class Design:
    """Pooled contrasts of one design against its first arm: y (c,), A (c, p), covariance
    V (c, c); Q of its studies about y and its df."""

    y: Array
    A: Array
    V: Array
    Q: float
    df: int


def design_of(arms: Arms) -> list[Key]:
    """Design of every study: positions of its treatments, in treatment order."""
    return [tuple(arms.treatment[rows].tolist()) for rows in study_rows(arms)]


def design_name(arms: Arms, design: Key) -> str:
    """Its treatments, joined by colons."""
    return " : ".join(arms.treatments[k] for k in design)


def design_table(arms: Arms) -> pd.DataFrame:
    """One row per design: design, arms, studies, df_within (of heterogeneity), labels."""
    of = design_of(arms)
    rows = []
    for design in sorted(set(of)):
        names = [s for s, d in zip(arms.studies, of, strict=True) if d == design]
        df = (len(names) - 1) * (len(design) - 1)
        rows.append((design_name(arms, design), len(design), len(names), df, "; ".join(names)))
    return pd.DataFrame(rows, columns=["design", "arms", "studies", "df_within", "labels"])


def pooled_designs(arms: Arms, tau: float) -> dict[Key, Design]:
    """The pool of each design's studies, in the order of ``design_table``."""
    of, studies = design_of(arms), contrasts(arms)
    return {
        design: _pool([s for s, d in zip(studies, of, strict=True) if d == design], tau)
        for design in sorted(set(of))
    }


def _pool(studies: list[Contrasts], tau: float) -> Design:
    half = np.full((1, 1 + max(s.rows.max() for s in studies)), tau**2 / 2)
    inverse = [np.linalg.inv(s.covariance(half)[0]) for s in studies]
    V = np.linalg.inv(sum(inverse))
    y = V @ sum(W @ s.y for W, s in zip(inverse, studies, strict=True))
    Q = sum(float((s.y - y) @ W @ (s.y - y)) for W, s in zip(inverse, studies, strict=True))
    return Design(y, studies[0].A, V, Q, (len(studies) - 1) * studies[0].df)


def decomposition(arms: Arms, tau: float = 0.0) -> pd.DataFrame:
    """Rows ``total``, ``heterogeneity`` (within designs), ``inconsistency`` (between) and
    one ``within`` per design of two or more studies: part, design, Q, df, p (missing
    where df is 0). At tau = 0 whatever heterogeneity there is counts against consistency
    too; a tau learned within designs (the interaction model's) sets it apart."""
    designs = pooled_designs(arms, tau)
    residual, M, _ = _residuals(list(designs.values()))
    between, df_between = float(residual @ residual), round(float(np.trace(M)))
    Q, df = sum(d.Q for d in designs.values()), sum(d.df for d in designs.values())
    rows = [
        ("total", "", Q + between, df + df_between),
        ("heterogeneity", "", Q, df),
        ("inconsistency", "", between, df_between),
        *(("within", design_name(arms, key), d.Q, d.df) for key, d in designs.items() if d.df),
    ]
    table = pd.DataFrame(rows, columns=["part", "design", "Q", "df"])
    table["p"] = np.where(table["df"] > 0, chdtrc(np.maximum(table["df"], 1), table["Q"]), np.nan)
    return table


def net_heat(arms: Arms, tau: float = 0.0) -> tuple[pd.DataFrame | None, str]:
    """(matrix, "") or (None, reason).

    Element [i, j] is Q of design i between designs minus the same with design j detached;
    [i, i] is Q of i itself, the sum of a column what detaching j takes from the whole.
    Above 0: design j disagrees with what supports i. Only designs of which the rest of the
    network says something are in it; the others fit perfectly.
    """
    designs = pooled_designs(arms, tau)
    residual, M, part = _residuals(list(designs.values()))
    if round(float(np.trace(M))) == 0:
        return None, NO_LOOPS

    def by_design(e: Array) -> Array:
        return np.bincount(part, e * e, minlength=len(designs))

    columns, informed = [], []
    for j in range(len(designs)):
        own = part == j
        values, vectors = np.linalg.eigh(M[np.ix_(own, own)])
        inverse = np.where(values > ALONE, 1 / np.maximum(values, ALONE), 0.0)
        shift = M[:, own] @ (vectors * inverse) @ vectors.T @ residual[own]
        columns.append(by_design(residual) - by_design(residual - shift))
        informed.append(values.max() > ALONE)
    names = [design_name(arms, key) for key in designs]
    matrix = pd.DataFrame(np.array(columns).T, index=names, columns=names)
    return matrix.loc[informed, informed], ""


def _residuals(designs: list[Design]) -> tuple[Array, Array, NDArray[np.int64]]:
    """Residuals (n,) of the designs' contrasts about the consistency fit, scaled to unit
    variance; the projection M (n, n) that makes them; the design of each (n,)."""
    roots = [np.linalg.inv(np.linalg.cholesky(d.V)) for d in designs]
    rows = np.vstack([R @ d.A for R, d in zip(roots, designs, strict=True)])
    values = np.concatenate([R @ d.y for R, d in zip(roots, designs, strict=True)])
    U, s, _ = np.linalg.svd(rows, full_matrices=False)
    U = U[:, s > ALONE * s.max()]
    M = np.eye(len(values)) - U @ U.T
    part = np.repeat(np.arange(len(designs)), [len(d.y) for d in designs])
    return M @ values, M, part
