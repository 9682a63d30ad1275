"""Additive effects of the components of combinations written "a + b".

    d[a + b] = c[a] + c[b] (+ their interaction where one is asked for)

Welton et al. 2009 (Am J Epidemiol 169:1158); Ruecker, Petropoulou & Schwarzer 2020 (Biom J
62:808). The reference is the inactive component: "placebo + exercise" is exercise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nma.structure import Structure

Array = NDArray[np.float64]
PLUS = " + "


@dataclass(frozen=True)
class Parts:
    """``names`` of the components and interactions; ``matrix`` (treatments, names), 1 where
    a treatment holds it."""

    names: tuple[str, ...]
    matrix: Array


def split(treatment: str, inactive: str) -> list[str]:
    """Components of a treatment without the inactive one."""
    return [part for part in treatment.split(PLUS) if part != inactive]


def parts(treatments: Sequence[str], interactions: Sequence[str] = ()) -> Parts:
    """Components of treatments, the first of which is the reference and inactive.

    An interaction "a + b" is a part of every treatment that holds a and b. Raises
    ValueError for one whose components are not all among the treatments'.
    """
    held = [split(name, treatments[0]) for name in treatments]
    names = sorted({part for each in held for part in each}, key=lambda n: (n.casefold(), n))
    pairs = [split(pair, treatments[0]) for pair in interactions]
    for pair, written in zip(pairs, interactions, strict=True):
        if len(set(pair)) < 2 or not set(pair) <= set(names):
            raise ValueError(
                f"interaction '{written}': write two or more components as 'a{PLUS}b'. "
                f"Hint: the components are {', '.join(names)}"
            )
    wanted = [[name] for name in names] + pairs
    matrix = [[float(set(part) <= set(each)) for part in wanted] for each in held]
    return Parts(
        (*names, *(PLUS.join(pair).replace(PLUS, " x ") for pair in pairs)), np.array(matrix)
    )


def additive(structure: Structure, interactions: Sequence[str] = ()) -> Structure:
    """With a parameter ``c[component]`` each in place of an effect per treatment.

    Interactions whose components are not in this network are left out.
    """
    arms = structure.arms
    known = {part for name in arms.treatments for part in split(name, arms.treatments[0])}
    usable = [each for each in interactions if set(split(each, arms.treatments[0])) <= known]
    made = parts(arms.treatments, usable)
    sd = float(arms.prior_sd.max())
    return replace(
        structure,
        arms=replace(
            arms,
            X=made.matrix[arms.treatment],
            contrasts=made.matrix,
            prior_sd=np.full(len(made.names), sd),
            parameters=tuple(f"c[{name}]" for name in made.names),
            spread=None,
        ),
    )


def informed(matrix: Array, groups: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    """(treatments,) whose effect against the inactive component the components tell.

    ``groups`` lists the treatments (rows of ``matrix``) that are compared with one another,
    directly or through others: what they inform are the differences of their rows.
    """
    null = _null(matrix, groups)
    return (np.abs(matrix @ null.T).max(axis=1, initial=0.0) < 1e-9).astype(bool)


def inseparable(matrix: Array, names: Sequence[str], groups: Sequence[Sequence[int]]) -> list[str]:
    """For every component, what it cannot be told from, "" if it can (``informed``)."""
    null = _null(matrix, groups)
    # The projection on the null space tells which components move together in it.
    moves = null.T @ null
    found = []
    for k in range(len(names)):
        others = [names[j] for j in np.flatnonzero(np.abs(moves[k]) > 1e-9) if j != k]
        alone = "" if moves[k, k] < 1e-9 else "nothing: no study compares it"
        found.append(", ".join(others) if alone and others else alone)
    return found


def _null(matrix: Array, groups: Sequence[Sequence[int]]) -> Array:
    """Directions of the components that no comparison sees, as rows."""
    rows = [matrix[list(group)] - matrix[group[0]] for group in groups]
    _, s, vt = np.linalg.svd(np.vstack(rows))
    return vt[int((s > 1e-9 * s.max(initial=0.0)).sum()) :]
