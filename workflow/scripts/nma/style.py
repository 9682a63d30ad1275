"""How figures look and how they are saved: one place, reproducible to the byte."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from nma.palette import GREY, INK
from nma.whole import whole

# Of the PNG, unless configured. A figure that is laid out at fewer measures its text narrower
# than it is drawn, and so cuts it.
DPI = 300
SIMPLER = 1 / 1350  # inches by which a line may be simplified, whatever the resolution
WIDTH = 9.5  # inches of a figure, unless configured

plt.rcParams.update(
    {
        "figure.dpi": DPI,
        "figure.figsize": (WIDTH, 5.0),
        "path.simplify_threshold": DPI * SIMPLER,
        "text.parse_math": False,  # a name may hold "$"
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "axes.edgecolor": GREY,
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "figure.facecolor": "white",
        "svg.hashsalt": "lowback-nma",
        "svg.fonttype": "path",
    }
)


def configure(figures: Mapping[str, Any]) -> None:
    """Take resolution and width from config's ``figures`` (dpi, width_mm) for all that is
    drawn after it in this process."""
    plt.rcParams["figure.dpi"] = figures["dpi"]
    plt.rcParams["path.simplify_threshold"] = figures["dpi"] * SIMPLER
    plt.rcParams["figure.figsize"] = (figures["width_mm"] / 25.4, 5.0)


def inches(width: float, height: float) -> tuple[float, float]:
    """(width, height) in inches of a figure that is ``width`` wide among those of ``WIDTH``;
    the height follows its rows and stays."""
    return width * plt.rcParams["figure.figsize"][0] / WIDTH, height


def saved_box(figure: Figure) -> Bbox:
    """What of a figure is saved, in inches: all that is drawn, and a margin.

    A layout engine would move the axes after this has been measured: use none.
    """
    return figure.get_tightbbox(figure.canvas.get_renderer()).padded(0.08)


def save(figure: Figure, paths: Iterable[str | Path]) -> None:
    """Write one figure to .svg, .pdf and .png paths without dates, then close it."""
    # Measured once: "tight" would draw every figure twice a format.
    box = saved_box(figure)
    for path in map(Path, paths):
        # Less than the most that PNG can be packed: half the time for a tenth more bytes.
        packed = {"pil_kwargs": {"compress_level": 3}} if path.suffix == ".png" else {}
        dates = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}
        with whole(path) as part:
            figure.savefig(
                part,
                metadata=dates[path.suffix],
                dpi=plt.rcParams["figure.dpi"],
                bbox_inches=box,
                **packed,
            )
            if path.suffix == ".svg":
                part.write_text(_shorter(part.read_text("utf-8")), "utf-8")
    plt.close(figure)


def _shorter(svg: str) -> str:
    """Places to a hundredth of a point, which is enough; six decimals are a third of the
    file. A scale is no place: cut, 0.015625 of a letter is 0.01 and the letter a third smaller.
    """
    return re.sub(
        r"((?:scale|matrix)\([^)]*\))|(\.\d\d)\d+", lambda found: found[1] or found[2], svg
    )


def points_of(outcome: str) -> str:
    """The unit of every effect, of a config's outcome."""
    return f"points of 0-100 {outcome}"


def direction(outcome: str, than: str = "") -> str:
    """What lies to the left and to the right of 0; lower is better throughout."""
    return f"less {outcome}{than}   ←   0   →   more {outcome}"


def effects_label(reference: str, outcome: str, what: str = "") -> str:
    """The label of an axis of effects against the reference."""
    return (
        f"Difference from {reference}, {points_of(outcome)}{what}\n"
        f"{direction(outcome, f' than {reference}')}"
    )
