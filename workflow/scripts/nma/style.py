"""How figures look and how they are saved: one place, reproducible to the byte."""

import re
from collections.abc import Iterable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

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

plt.rcParams.update(
    {
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


def save(figure: Figure, paths: Iterable[str | Path]) -> None:
    """Write one figure to .svg, .pdf and .png paths without dates, then close it."""
    # Measured once: "tight" would draw every figure twice a format.
    box = figure.get_tightbbox(figure.canvas.get_renderer()).padded(0.08)
    for path in map(Path, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        dates = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}
        figure.savefig(path, metadata=dates[path.suffix], dpi=150, bbox_inches=box)
        if path.suffix == ".svg":
            # A hundredth of a point is enough; six decimals are a third of the file.
            path.write_text(re.sub(r"(\.\d\d)\d+", r"\1", path.read_text("utf-8")), "utf-8")
    plt.close(figure)
