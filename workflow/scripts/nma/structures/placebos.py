"""Kinds of placebo as nodes of their own, exchangeable around a common placebo.

    p[s] ~ Normal(0, sigma_p^2)

The reference is then the mean of all kinds of placebo, which no arm received: an effect against
it says what a treatment does beyond placebo whatever the sham. sigma_p = 0 lumps all kinds; with
sigma_p very wide they are as good as split. Few kinds inform it, so its grid is shown.
"""

from dataclasses import replace

import numpy as np

from nma.priors import Prior
from nma.structure import Structure


def kinds(structure: Structure) -> list[str]:
    """Nodes that are kinds of placebo, in treatment order."""
    return [
        name
        for name in structure.arms.treatments[1:]
        if structure.nodes.get(name, {}).get("kind") == "placebo"
    ]


def exchangeable(structure: Structure, sd: Prior) -> Structure:
    """With Normal(0, sigma_p) priors for every kind of placebo, a node or a component, ``sd``
    that of sigma_p."""
    arms = structure.arms
    own = {f"{letter}[{name}]" for name in kinds(structure) for letter in "dc"}
    is_kind = np.array([name in own for name in arms.parameters])
    old = arms.spread or ("",) * len(arms.parameters)
    held = replace(
        arms,
        prior_sd=np.where(is_kind, 1.0, arms.prior_sd),
        spread=tuple("sigma_p" if kind else name for kind, name in zip(is_kind, old, strict=True)),
        contrasts=arms.effects,
    )
    return replace(structure, arms=held).with_prior("sigma_p", sd)
