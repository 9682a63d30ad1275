"""Parts that the figures of the checks share: axes measured in inches, intervals, columns of
text beside an axis, labels that do not cover one another."""

from collections.abc import Iterable, Sequence
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from nma.palette import BLUE, GREEN, GREY, INK, LIGHT, ORANGE, RED, SKY
from nma.style import effects_label, inches, plt

Array = NDArray[np.float64]
SMALL = 7.5  # font size of labels and columns of text
STRIPE = "#f3f5f7"
REACH = (4.0, 10.0, 18.0, 28.0, 42.0, 60.0, 84.0)  # points from a point to its name
# Ten colours and markers; the first is for the main one.
STYLES = (
    *((INK, "D"), (BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (RED, "v"), (SKY, "P")),
    *(("#CC79A7", "X"), (GREY, "<"), ("#8c6d1f", ">"), ("#444e86", "h")),
)
GAP = 0.042  # inches between the intervals of one row
# No difference on 0-100 points can be larger; most axes need less.
LIMIT = 100.0


def said(sentence: str) -> Figure:
    """A figure that has nothing to draw says why."""
    figure = canvas(9.5, 0.9)
    figure.text(0.01, 0.5, fill(sentence, 110), va="center", fontsize=10)
    return figure


def canvas(width: float, height: float) -> Figure:
    """An empty figure, in inches."""
    return plt.figure(figsize=inches(width, height))


def frame(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of one axes, in inches; text may stand outside it, ``style.save`` finds it."""
    figure = canvas(width, height)
    return figure, figure.add_axes((0, 0, 1, 1))


def place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """One more axes at a place in inches from the figure's lower left corner."""
    w, h = figure.get_size_inches()
    return figure.add_axes((left / w, bottom / h, width / w, height / h))


def flags(column: pd.Series) -> NDArray[np.bool_]:
    """A column of True and False, also as it comes back from a CSV."""
    return column.astype(str).str.casefold().isin({"true", "1", "1.0"}).to_numpy(dtype=bool)


def texts(column: pd.Series) -> list[str]:
    """A column of names, blank where missing."""
    return ["" if pd.isna(value) else str(value) for value in column]


def numbers(column: pd.Series) -> Array:
    """A column as floats, missing where it is blank."""
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)


def short(name: object, width: int = 42) -> str:
    text = str(name)
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def pair(treatment: object, comparator: object, width: int = 32) -> str:
    return f"{short(treatment, width)} v {short(comparator, width)}"


def num(value: float, digits: int = 1, sign: bool = False) -> str:
    """With a true minus, and no minus before a zero."""
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def p_value(p: float) -> str:
    if not np.isfinite(p):
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def shown(some: int, all_: int, things: str) -> str:
    """ "12 of 56 treatments shown", or nothing where all are."""
    return "" if some == all_ else f"{some} of {all_} {things} shown. "


def heading(ax: Axes, text: str, width: int = 125, pad: float = 8) -> None:
    """What the reader must know, above the axes; ``pad`` 20 leaves room for the titles of
    columns."""
    wrapped = "\n".join(fill(line, width) for line in text.split("\n"))
    ax.set_title(wrapped, fontsize=8.5, fontweight="normal", pad=pad, linespacing=1.35)


def span(*values: ArrayLike, limit: float = LIMIT) -> tuple[float, float]:
    """Axis limits in points that hold 0 and all values up to the limit."""
    every = np.concatenate([np.ravel(np.asarray(v, dtype=float)) for v in values])
    every = np.clip(every[np.isfinite(every)], -limit, limit)
    low, high = min(every.min(initial=0.0), 0.0), max(every.max(initial=0.0), 0.0)
    room = 0.04 * max(high - low, 1.0)
    return low - room, high + room


def rows_axis(ax: Axes, labels: Sequence[str], stripes: bool = True) -> Array:
    """Rows from the top down, one a label; gives their heights."""
    n = len(labels)
    y = np.arange(n - 1, -1, -1, dtype=float)
    ax.set_yticks(y, labels, fontsize=8)
    ax.set_ylim(-0.5, n - 0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    if stripes:
        ax.barh(y[1::2], 1, height=1, color=STRIPE, zorder=0, transform=ax.get_yaxis_transform())
    return y


def intervals(
    ax: Axes,
    y: ArrayLike,
    low: ArrayLike,
    point: ArrayLike,
    high: ArrayLike,
    limits: tuple[float, float],
    colour: str,
    marker: str = "o",
    hollow: ArrayLike = False,
    width: float = 1.5,
    size: float = 4.5,
) -> None:
    """Intervals with their points; an arrow where the axis ends before the interval does."""
    y, low, point, high = (np.asarray(v, dtype=float) for v in (y, low, point, high))
    given = np.isfinite(point)
    hollow = np.broadcast_to(np.asarray(hollow, dtype=bool), y.shape)[given]
    y, low, point, high = y[given], low[given], point[given], high[given]
    clipped = np.clip([low, high], *limits)
    ax.hlines(y, *clipped, color=colour, lw=width, zorder=2)
    inside = (point >= limits[0]) & (point <= limits[1])
    for which, face in ((inside & ~hollow, colour), (inside & hollow, "white")):
        if which.any():
            ax.plot(point[which], y[which], marker, color=colour, mfc=face, ms=size, zorder=3)
    arrows(ax, y, low, high, limits, colour)


def arrows(
    ax: Axes, y: Array, low: Array, high: Array, limits: tuple[float, float], colour: str
) -> None:
    """An arrow where the axis ends before an interval does."""
    for end, beyond, arrow in (
        (limits[0], low < limits[0], "<"),
        (limits[1], high > limits[1], ">"),
    ):
        if beyond.any():
            at = np.full(beyond.sum(), end)
            ax.plot(at, y[beyond], arrow, color=colour, ms=3.5, clip_on=False, zorder=3)


def column(
    ax: Axes,
    inches: float,
    y: Iterable[float],
    cells: Sequence[str],
    title: str,
    align: str = "left",
    bold: Sequence[bool] | None = None,
) -> None:
    """A column of text to the right of the axes, its title level with the top."""
    x = 1 + inches / (ax.get_position().width * ax.figure.get_figwidth())
    style = {"transform": ax.get_yaxis_transform(), "ha": align, "fontsize": SMALL}
    for i, (at, cell) in enumerate(zip(y, cells, strict=True)):
        weight = "bold" if bold is not None and bold[i] else "normal"
        if cell:
            ax.text(x, at, cell, va="center", fontweight=weight, linespacing=1.2, **style)
    top = ax.get_ylim()[1]
    ax.annotate(
        title,
        (x, top),
        xycoords=ax.get_yaxis_transform(),
        xytext=(0, 3),
        textcoords="offset points",
        ha=align,
        va="bottom",
        fontsize=SMALL,
        fontweight="bold",
    )


def label_points(
    ax: Axes,
    x: ArrayLike,
    y: ArrayLike,
    labels: Sequence[str],
    crowd: tuple[ArrayLike, ArrayLike] | None = None,
) -> None:
    """Names beside points, none over another, over a point or beyond the axes where that
    can be had; a fine line leads to a point whose name stands apart. ``crowd``: what not to
    cover, by default the points themselves.

    The limits of the axes must be final.
    """
    if len(labels) == 0:
        return
    renderer, scale = ax.figure.canvas.get_renderer(), ax.figure.dpi / 72

    def points(*xy: ArrayLike) -> Array:
        return ax.transData.transform(np.column_stack(xy)) / scale

    at, others = points(x, y), points(*(crowd or (x, y)))
    edges = ax.get_window_extent(renderer).extents / scale
    angle = np.linspace(0, 2 * np.pi, 25)[:-1]
    reach = np.repeat(REACH, len(angle))[:, None]
    way = np.tile(np.column_stack([np.cos(angle), np.sin(angle)]), (len(REACH), 1))
    taken, leaders = np.empty((0, 4)), []
    for here, where, label in zip(at, np.column_stack([x, y]), labels, strict=True):
        text = ax.annotate(
            label,
            tuple(where),
            textcoords="offset points",
            xytext=(0, 0),
            fontsize=SMALL,
            annotation_clip=False,
            va="bottom",
            zorder=6,
        )
        size = text.get_window_extent(renderer)
        half = np.array([size.width, size.height]) / 2 / scale
        centre = here + way * reach + half * np.clip(1.5 * way, -1, 1)
        boxes = np.hstack([centre - half, centre + half])
        beyond = np.maximum(edges[:2] - boxes[:, :2], 0) + np.maximum(boxes[:, 2:] - edges[2:], 0)
        cost = reach[:, 0] + 20 * beyond.sum(axis=1)
        cost += 1e4 * _overlaps(boxes, taken, 1.0).sum(axis=1)
        cost += 1e3 * _crossed(here, boxes, taken).sum(axis=1)
        cost += 25 * _overlaps(boxes, np.hstack([others, others]), 3.5).sum(axis=1)
        best = int(cost.argmin())
        taken = np.vstack([taken, boxes[best]])
        text.set_position(tuple(boxes[best, :2] - here))
        if reach[best, 0] > REACH[0]:
            leaders.append([here, np.clip(here, boxes[best, :2], boxes[best, 2:])])
    back = ax.transData.inverted()
    lines = [back.transform(np.array(line) * scale) for line in leaders]
    ax.add_collection(LineCollection(lines, colors=GREY, linewidths=0.6, zorder=5), autolim=False)


def _crossed(here: Array, boxes: Array, others: Array) -> NDArray[np.bool_]:
    """(boxes, others) which of the others a line from a point to a box runs through."""
    ends = np.clip(here, boxes[:, :2], boxes[:, 2:])
    way = np.linspace(0, 1, 9)[:, None, None]
    steps = here + way * (ends - here)  # (steps, boxes, 2)
    return (
        _overlaps(np.dstack([steps, steps]).reshape(-1, 4), others, 0.0)
        .reshape(len(way), len(boxes), len(others))
        .any(axis=0)
    )


def _overlaps(boxes: Array, others: Array, room: float) -> NDArray[np.bool_]:
    """(boxes, others) which of x0, y0, x1, y1 meet, with room between them."""
    a, b = boxes[:, None, :], others[None, :, :]
    return (
        (a[..., 0] < b[..., 2] + room)
        & (a[..., 2] > b[..., 0] - room)
        & (a[..., 1] < b[..., 3] + room)
        & (a[..., 3] > b[..., 1] - room)
    )


def cells(ax: Axes, values: Array, **options: object) -> None:
    """A heat map with its first row at the top, and room for ticks at the cells' middles."""
    ax.pcolormesh(values, edgecolors="white", linewidth=0.6, **options)
    ax.set_xlim(0, values.shape[1])
    ax.set_ylim(values.shape[0], 0)
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def legend(ax: Axes, inches: float, columns: int, **options: object) -> None:
    """A legend below the axes, ``inches`` under it."""
    down = inches / (ax.get_position().height * ax.figure.get_figheight())
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(0, -down),
        ncol=columns,
        frameon=False,
        fontsize=8,
        labelcolor=INK,
        borderaxespad=0,
        **options,
    )


def effects_axis(
    ax: Axes,
    limits: tuple[float, float],
    reference: str,
    outcome: str,
    what: str = "",
    mid: float | None = None,
) -> None:
    """The axis of effects against the reference, with the band of the MID."""
    if mid is not None:
        ax.axvspan(-mid, mid, color=LIGHT, alpha=0.55, lw=0, zorder=0.5)
    ax.axvline(0, color=INK, lw=0.8, zorder=1)
    ax.set_xlim(limits)
    ax.set_xlabel(effects_label(reference, outcome, what))
