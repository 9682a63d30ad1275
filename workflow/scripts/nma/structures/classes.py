"""Treatments exchangeable within their class.

    d[k] ~ Normal(m[class of k], omega^2)

written with deviations: d[k] = m + dev[k], dev[k] ~ Normal(0, omega^2), so that given tau and
omega all parameters are Gaussian. Owen et al. 2015 (Value Health 18:673); Dias et al. 2018,
Network Meta-Analysis for Decision-Making, ch. 8. A treatment alone in its class stays as it is:
nothing says how far it lies from others of its class.
"""

from dataclasses import replace

import numpy as np

from nma.priors import Prior
from nma.structure import Structure


def members(structure: Structure, column: str) -> dict[str, list[str]]:
    """Treatments of every class of two or more, in their order, the reference and kinds of
    placebo left out."""
    found: dict[str, list[str]] = {}
    for name in structure.arms.treatments[1:]:
        node = structure.nodes.get(name, {})
        if (label := node.get(column, "")) and node.get("kind") != "placebo":
            found.setdefault(label, []).append(name)
    return {label: names for label, names in sorted(found.items()) if len(names) > 1}


def exchangeable(
    structure: Structure, column: str, sd: Prior, own_from: int | None, mean_sd: float
) -> Structure:
    """With class means ``m[class]`` ~ Normal(0, mean_sd) and deviations ``dev[treatment]``.

    ``sd`` is the prior of omega, one for all classes; with ``own_from``, a class of that
    many members or more has its own, ``omega[class]``. Without a class of two nothing
    changes.
    """
    classes = members(structure, column)
    if not classes:
        return structure
    arms = structure.arms
    place = {name: k for k, name in enumerate(arms.treatments)}
    of = {name: label for label, names in classes.items() for name in names}
    omega = {label: _omega(label, names, own_from) for label, names in classes.items()}
    names = [f"dev[{t}]" if t in of else f"d[{t}]" for t in arms.treatments[1:]]
    spread = [omega[of[t]] if t in of else "" for t in arms.treatments[1:]]
    prior_sd = np.where([t in of for t in arms.treatments[1:]], 1.0, arms.prior_sd)
    held = replace(
        arms,
        parameters=tuple(names),
        spread=tuple(spread),
        prior_sd=prior_sd,
        contrasts=arms.effects,
    )
    belongs = np.zeros((len(arms.treatments), len(classes)))
    for c, treatments in enumerate(classes.values()):
        belongs[[place[t] for t in treatments], c] = 1.0
    structure = replace(structure, arms=held).with_columns(
        [f"m[{label}]" for label in classes], belongs[arms.treatment], mean_sd, belongs
    )
    for name in dict.fromkeys(omega.values()):
        structure = structure.with_prior(name, sd)
    return structure


def _omega(label: str, names: list[str], own_from: int | None) -> str:
    return f"omega[{label}]" if own_from and len(names) >= own_from else "omega"
