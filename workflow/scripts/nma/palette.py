"""Colours, and the order of treatments round a network: for figures and pages alike, without
what draws."""

from collections.abc import Mapping, Sequence
from math import cos, pi, sin
from typing import Any

# Okabe & Ito's colours: told apart by readers with any colour vision.
INK, GREY, LIGHT = "#1f2933", "#7b8794", "#d9dfe6"
BLUE, ORANGE, GREEN, RED, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9"
MODALITY = {
    "drug": BLUE,
    "physical": GREEN,
    "psychological": ORANGE,
    "education": SKY,
    "combined": "#CC79A7",
    "none": GREY,
}


def around(nodes: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], float, float]]:
    """Nodes of a network with x and y on a circle of radius 1: neighbours share a modality."""
    order = {modality: k for k, modality in enumerate(MODALITY)}
    ordered = sorted(
        nodes,
        key=lambda n: (
            order.get(n.get("modality"), len(order)),
            n.get("class", ""),
            n["treatment"],
        ),
    )
    turn = 2 * pi / max(1, len(ordered))
    return [(node, cos(k * turn), sin(k * turn)) for k, node in enumerate(ordered)]
