"""The flow of trials as a figure: from the sheet to the networks, a column a stratum."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from nma.palette import INK, LIGHT
from nma.style import inches, plt

LINE = 0.17  # inches of a line of text
WIDTH = 4.3  # inches of a column


def draw(found: Mapping[str, Any]) -> Figure:
    """Boxes from top to bottom; ``found`` as ``flow.flow`` makes it."""
    parts = found["strata"]
    before = [f"{b['what']}: {'to be filled in' if b['value'] is None else b['value']}"
              for b in found["before"]]  # fmt: skip
    top = ["Before the data sheet (config: search)", *before]
    sheet = [
        "In the data sheet",
        f"{found['rows']} rows, {found['studies']} studies",
        f"of no stratum: {found['unassigned_rows']} rows, {found['unassigned_studies']} studies",
    ]
    stacks = [_boxes(part) for part in parts]
    deepest = max(sum(map(_tall, stack)) + 0.35 * len(stack) for stack in stacks)
    height = _tall(top) + _tall(sheet) + 0.9 + deepest
    wide = WIDTH * max(1, len(parts))
    figure, ax = plt.subplots(figsize=inches(wide, height))
    ax.set_xlim(0, wide)
    ax.set_ylim(0, height)
    ax.set_axis_off()
    y = height - 0.05
    y = _box(ax, wide / 2, y, top) - 0.35
    _arrow(ax, wide / 2, y + 0.35, wide / 2, y)
    y = _box(ax, wide / 2, y, sheet) - 0.35
    for k, stack in enumerate(stacks):
        x, at = WIDTH * (k + 0.5), y
        _arrow(ax, wide / 2, at + 0.35, x, at)
        for i, lines in enumerate(stack):
            if i:
                _arrow(ax, x, at + 0.35, x, at)
            at = _box(ax, x, at, lines) - 0.35
    return figure


def _boxes(part: Mapping[str, Any]) -> list[list[str]]:
    reasons = [f"{rows}: {kind}" for kind, rows in part["reasons"]]
    people = f", {part['people']:,.0f} people where stated" if part["people"] else ""
    return [
        [part["label"], f"{part['rows_in']} rows"],
        [f"Left out: {part['rows_excluded']} rows, {part['studies_out']} studies", *reasons],
        [
            "Analysed",
            f"{part['studies']} studies, {part['arms']} arms of {part['treatments']} treatments"
            + people,
            f"{part['rows_used']} rows used, {part['rows_merged']} merged into another arm",
            f"{part['islands']} islands that no trial links to the reference",
        ],
    ]


def _wrapped(lines: list[str]) -> list[str]:
    return [piece for line in lines for piece in fill(line, 46).split("\n")]


def _tall(lines: list[str]) -> float:
    return LINE * len(_wrapped(lines)) + 0.2


def _box(ax: Axes, x: float, top: float, lines: list[str]) -> float:
    """A box whose first line is bold; returns where it ends."""
    tall, wide = _tall(lines), WIDTH - 0.3
    shape = FancyBboxPatch(
        (x - wide / 2, top - tall),
        wide,
        tall,
        boxstyle="round,pad=0,rounding_size=.06",
        facecolor=LIGHT,
        edgecolor=INK,
        linewidth=0.8,
    )
    ax.add_patch(shape)
    first = len(_wrapped(lines[:1]))
    for k, line in enumerate(_wrapped(lines)):
        weight = "bold" if k < first else "normal"
        ax.text(x - wide / 2 + 0.1, top - 0.1 - LINE * (k + 0.5), line, fontsize=8, va="center",
                fontweight=weight)  # fmt: skip
    return top - tall


def _arrow(ax: Axes, x0: float, y0: float, x1: float, y1: float) -> None:
    ax.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 0.9})
