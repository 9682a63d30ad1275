"""Tables that the figures of the models take and no rule writes."""

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from nma.structure import REFERENCE_KINDS

POINTS = ["study", "treatment", "comparator", "x", "difference", "residual", "se", "weight"]


def bubble_points(
    arms: pd.DataFrame,
    effects: pd.Series,
    values: pd.Series,
    tau: float,
    nodes: Mapping[str, Mapping[str, str]],
) -> pd.DataFrame:
    """Points of ``model_figures.bubble``: every active arm against its study's reference-type
    arm (kind placebo or none; the first in treatment order, the reference before all), less
    what the model's effects say.

    ``arms`` is arms.csv; ``effects`` by treatment in points, the reference's, 0, left out;
    ``values`` the covariate by study; ``nodes`` kind and modality by treatment. Studies
    without a value or such an arm, and treatments whose effect is missing, give no point.
    Raises ValueError if more than one treatment has no effect: only the reference may.
    """
    absent = sorted(set(arms["treatment"]) - set(effects.index))
    if len(absent) > 1:
        raise ValueError(f"no effect is given for: {', '.join(absent)}")
    effect = {**effects.to_dict(), **dict.fromkeys(absent, 0.0)}
    covariate: dict[Hashable, float] = values.to_dict()

    def place(arm: Mapping[str, object]) -> tuple[bool, str, str]:
        name = str(arm["treatment"])
        return name not in absent, name.casefold(), name

    rows = []
    for study, group in arms.groupby("study", sort=False):
        ordered = sorted(group[["treatment", "y", "se"]].to_dict("records"), key=place)
        kinds = [nodes.get(arm["treatment"], {}).get("kind", "active") for arm in ordered]
        passive = [a for a, kind in zip(ordered, kinds, strict=True) if kind in REFERENCE_KINDS]
        if not passive:
            continue
        other = passive[0]
        for arm, kind in zip(ordered, kinds, strict=True):
            if kind in REFERENCE_KINDS:
                continue
            name, difference = arm["treatment"], arm["y"] - other["y"]
            se = float(np.hypot(arm["se"], other["se"]))
            rows.append(
                {
                    **{"study": study, "treatment": name, "comparator": other["treatment"]},
                    **{"x": covariate.get(study, np.nan), "difference": difference},
                    "residual": difference - (effect[name] - effect[other["treatment"]]),
                    **{"se": se, "weight": 1.0 / (se**2 + tau**2)},
                    "modality": nodes.get(name, {}).get("modality", ""),
                }
            )
    table = pd.DataFrame(rows, columns=[*POINTS, "modality"])
    return table.dropna(subset=["x", "residual", "weight"]).reset_index(drop=True)
