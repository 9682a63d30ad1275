"""Scales: an instrument's own units as 0-100 points, lower is better."""

from collections.abc import Mapping
from typing import Any


def to_points(row: Mapping[str, Any], mean: float, spread: float) -> tuple[float, float]:
    """A mean and a spread (sd or se) of the instrument as 0-100 points, lower is better.

    ``row`` holds ``measure``, ``_min``, ``_max`` and ``_higher_is``. An improvement is
    positive = better on any instrument, so it is turned once and never again.
    """
    span = row["_max"] - row["_min"]
    if row["measure"] == "final":
        points = 100 * (mean - row["_min"]) / span
        points = points if row["_higher_is"] == "worse" else 100 - points
    else:
        up_is_worse = row["measure"] != "improvement" and row["_higher_is"] == "worse"
        points = (100 if up_is_worse else -100) * mean / span
    return points, 100 * spread / span


def aligned(row: Mapping[str, Any], mean: float) -> float:
    """A mean in the instrument's own units, turned so that lower is better: what a
    standardised difference needs of a scale whose range is not known."""
    worse = row["_higher_is"] == "worse"
    if row["measure"] == "improvement":
        return -mean
    return mean if worse else -mean
