"""Networks at the edge of what can be estimated; every check must answer honestly."""

import numpy as np
import pandas as pd

from nma.arms import Arms, build

SMALL = 5  # people in each arm of the smallest study
PATIENTS_SD = 20.0  # points


def network(*studies: tuple[tuple[str, float, float], ...]) -> Arms:
    """Arms from studies of (treatment, y, se); the reference is p."""
    rows = [(f"s{i}", *arm) for i, study in enumerate(studies) for arm in study]
    return build(pd.DataFrame(rows, columns=["study", "treatment", "y", "se"]), "p")


def star() -> Arms:
    """Three treatments, each against the reference only."""
    return network(
        (("p", 50.0, 3.0), ("a", 42.0, 3.0)),
        (("p", 48.0, 2.0), ("a", 44.0, 2.5)),
        (("p", 55.0, 4.0), ("b", 40.0, 4.0)),
        (("p", 51.0, 2.0), ("b", 39.0, 3.0)),
        (("p", 47.0, 3.0), ("c", 47.5, 3.0)),
        (("p", 52.0, 5.0), ("c", 46.0, 5.0)),
    )


def two_nodes() -> Arms:
    """One study, two arms."""
    return network((("p", 50.0, 4.0), ("a", 41.0, 4.0)))


def one_multi_arm() -> Arms:
    """One study with three arms and nothing else."""
    return network((("p", 50.0, 4.0), ("a", 41.0, 3.0), ("b", 45.0, 5.0)))


def lone_small_study() -> Arms:
    """A star and a treatment that only a study of five people an arm carries."""
    se = PATIENTS_SD / np.sqrt(SMALL)
    return network(
        (("p", 50.0, 3.0), ("a", 42.0, 3.0)),
        (("p", 48.0, 2.0), ("a", 44.0, 2.5)),
        (("p", 55.0, 4.0), ("b", 40.0, 4.0)),
        (("p", 52.0, se), ("lone", 30.0, se)),
    )


EDGE = {
    "star": star,
    "two nodes": two_nodes,
    "one multi-arm study": one_multi_arm,
    "lone small study": lone_small_study,
}
