"""What a reader of a figure sees of its text: measured as it is drawn."""

from collections.abc import Iterator
from io import StringIO
from itertools import pairwise

import numpy as np
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.text import Text

from nma.style import DPI, saved_box

POINT = 1 / 72  # inches


def texts(figure: Figure) -> list[Text]:
    """The text that is drawn, tick labels too."""
    return list(_shown(figure))


def _shown(artist) -> Iterator[Text]:
    if not artist.get_visible():
        return
    if isinstance(artist, Text) and artist.get_text().strip():
        yield artist
    if isinstance(artist, Axis):
        # A locator makes ticks beyond the axes too; these are not drawn.
        yield from (text for text in _labels(artist) if text.get_text().strip())
        yield from _shown(artist.label)
        return
    if getattr(artist, "axison", True) is False:
        yield from (part for text in artist.texts for part in _shown(text))
        return
    for child in artist.get_children():
        yield from _shown(child)


def _labels(axis: Axis) -> list[Text]:
    """Labels of the ticks that are inside the axes."""
    low, high = sorted(axis.get_view_interval())
    room = 1e-9 * (high - low)
    return [
        label
        for tick in axis.get_major_ticks(len(axis.get_majorticklocs()))
        if low - room <= tick.get_loc() <= high + room
        for label in (tick.label1, tick.label2)
        if label.get_visible()
    ]


def box(text: Text, renderer: RendererBase | None = None) -> np.ndarray:
    """x0, y0, x1, y1 in inches, as a renderer draws it."""
    return text.get_window_extent(renderer).extents / text.get_figure(root=True).dpi


def clipped(figure: Figure, svg: bool = False) -> list[str]:
    """Text that is cut by the edge of the file, PNG or SVG, or by its axes."""
    edge = saved_box(figure).extents
    figure.set_dpi(72 if svg else DPI)
    drawing = RendererSVG(100, 100, StringIO(), image_dpi=72) if svg else None
    drawing = drawing or figure.canvas.get_renderer()
    with drawing._draw_disabled():  # places axis labels and legends
        figure.draw(drawing)
    return [
        text.get_text()
        for text in texts(figure)
        if _leaves(at := box(text, drawing), edge)
        or (text.get_clip_on() and _leaves(at, _axes(text)))
    ]


def _axes(text: Text) -> np.ndarray:
    clip = text.get_clip_box()
    return (
        np.array([-np.inf, -np.inf, np.inf, np.inf])
        if clip is None
        else clip.extents / text.get_figure(root=True).dpi
    )


def _leaves(inner: np.ndarray, outer: np.ndarray) -> bool:
    return bool(
        (inner[:2] < outer[:2] - POINT / 2).any() or (inner[2:] > outer[2:] + POINT / 2).any()
    )


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that meet: all that are level or upright, and neighbouring tick labels."""
    if figure.stale:
        figure.draw_without_rendering()
    axes = [axis for ax in figure.axes if ax.axison for axis in (ax.xaxis, ax.yaxis)]
    slanted = [
        (a.get_text(), b.get_text())
        for axis in axes
        for a, b in pairwise(_labels(axis))
        if a.get_rotation() % 90 and _close(a, b)
    ]
    level = [text for text in texts(figure) if text.get_rotation() % 90 == 0]
    boxes = np.array([box(text) for text in level])
    shared = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = shared - np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    # Boxes hold the room for descenders, so that of neighbours may touch.
    meet = np.triu((shared > 1.5 * POINT).all(axis=2), 1)
    return slanted + [(level[i].get_text(), level[j].get_text()) for i, j in np.argwhere(meet)]


def _close(a: Text, b: Text) -> bool:
    """Whether two parallel lines of text are less than a line apart."""
    here, there = (text.get_transform().transform(text.get_position()) for text in (a, b))
    angle = np.radians(a.get_rotation())
    apart = abs((here - there) @ [-np.sin(angle), np.cos(angle)]) / DPI
    return bool(apart < 0.9 * a.get_fontsize() * POINT)
