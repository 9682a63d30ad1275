"""Heterogeneity of its own for drugs, physical, psychological treatments, ...

u ~ Normal(0, tau_c^2 / 2) with c the modality of the arm's treatment. A reference-type arm
(placebo, no treatment, usual care) takes the mean variance of its study's other arms, so that A
against placebo has sd tau of A's modality; a tau of its own for placebo would leak between them.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from nma.priors import Hyper, Prior
from nma.structure import Structure


def modalities(structure: Structure) -> list[str]:
    """Modalities of the active treatments, in alphabetical order."""
    names = np.array(structure.arms.treatments)[structure.active]
    return sorted({structure.nodes.get(n, {}).get("modality") or "unknown" for n in names})


def by_modality(
    structure: Structure, tau: Prior, shared: Mapping[str, Prior] | None = None
) -> Structure:
    """With ``tau[modality]`` each of prior ``tau``; or, with priors ``shared`` of ``log_tau``
    and ``log_tau_sd``, exchangeable log-normal ones. One modality alone stays ``tau``."""
    arms, labels = structure.arms, modalities(structure)
    if len(labels) < 2:
        return structure
    own = np.zeros((len(arms.treatments), len(labels)))
    for k, name in enumerate(arms.treatments):
        if structure.active[k]:
            modality = structure.nodes.get(name, {}).get("modality") or "unknown"
            own[k, labels.index(modality)] = 1.0
    share, active = own[arms.treatment], structure.active[arms.treatment]
    even = np.full(len(labels), 1.0 / len(labels))
    for i in range(len(arms.studies)):
        rows = arms.study == i
        others = share[rows & active]
        share[rows & ~active] = others.mean(axis=0) if len(others) else even
    prediction = own.copy()
    prediction[~structure.active] = even
    names = tuple(f"tau[{label}]" for label in labels)
    rest = {name: prior for name, prior in structure.hyper.priors.items() if name != "tau"}
    if shared is None:
        hyper = Hyper({name: tau for name in names} | rest, df=structure.hyper.df)
    else:
        hyper = Hyper({**shared, **rest}, exchangeable=names, df=structure.hyper.df)
    held = replace(arms, variances=names, share=share, prediction=prediction)
    return replace(structure, arms=held, hyper=hyper)
