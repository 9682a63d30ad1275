"""Parts that the figures of the models share: priors read back from their text, priors beside
posteriors, labels that make room for one another."""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from nma.checks import figure_parts as parts
from nma.checks.figure_parts import GAP, arrows, flags, num, numbers
from nma.palette import BLUE, GREY, INK, LIGHT
from nma.priors import PARAMETERS, Prior
from nma.style import direction

Array = NDArray[np.float64]
ROW = 0.21  # inches
NAME = 72  # letters of a name that are always shown
WIDEST = 60.0  # points; an interval that goes further ends in an arrow
CREDIBLE = ("ci_low", "ci_high")
SIMULATED = 100_000
INTERVAL = (0.025, 0.975)  # as in summary, which a figure need not import
THE_REFERENCE = "the reference"
# Hyperparameters in words; what they are of stands in brackets after them.
WORDS = {
    "tau": "sd between studies",
    "omega": "sd within classes",
    "sigma_p": "sd between kinds of placebo",
    "kappa": "sd between biases",
    "b": "mean bias",
    "level_sd": "sd between levels of control arms",
    "m": "mean of the class",
    "slope": "slope",
    "log_tau": "mean of log tau",
    "log_tau_sd": "sd of log tau",
}


def unit(outcome: str) -> str:
    return f"points of {outcome} (0-100)"


def name(text: object) -> str:
    return parts.short(text, NAME)


def base(parameter: str) -> tuple[str, str]:
    """("tau", "drug") of "tau[drug]"."""
    found = re.fullmatch(r"(\w+)(?:\[(.*)\])?", parameter, re.DOTALL)
    return (found[1], found[2] or "") if found else (parameter, "")


def meaning(parameter: str) -> str:
    """ "sd between studies (tau), drug" of "tau[drug]"."""
    what, of = base(parameter)
    words = f"{WORDS[what]} ({what})" if what in WORDS and WORDS[what] != what else what
    return f"{words}, {of}" if of else words


def estimate(mean: float, low: float, high: float, digits: int = 1) -> str:
    """ "−7.4 (−11.0 to −3.8)", or a dash."""
    if not np.isfinite(mean):
        return "–"
    return f"{num(mean, digits)} ({num(low, digits)} to {num(high, digits)})"


def prior_of_text(text: object) -> Prior | None:
    """The prior that ``priors.describe`` wrote; None where it is itself learned."""
    found = re.fullmatch(r"(\w+)\((.*)\)", str(text).strip())
    if found is None or found[1] not in PARAMETERS:
        return None
    try:
        return Prior(found[1], tuple(map(float, found[2].split(","))))
    except ValueError:
        return None


@cache
def prior_interval(text: object) -> tuple[float, float]:
    """Central 95% of a prior from its text, simulated; missing where it cannot be told."""
    prior = prior_of_text(text)
    if prior is None:
        return np.nan, np.nan
    draws = prior.draws(SIMULATED, np.random.default_rng(1))
    low, high = np.quantile(draws, INTERVAL)
    return float(low), float(high)


def apart(places: ArrayLike, room: float) -> Array:
    """The same places, moved as little as leaves ``room`` between any two."""
    places = np.asarray(places, dtype=float)
    order = np.argsort(places, kind="stable")
    # Groups of places that touch are spread around the mean of where they would be.
    groups: list[list[int]] = []
    for i in order:
        groups.append([i])
        while len(groups) > 1 and _start(places, groups[-1], room) < (
            _start(places, groups[-2], room) + room * len(groups[-2])
        ):
            last = groups.pop()
            groups[-1] += last
    moved = places.copy()
    for group in groups:
        moved[group] = _start(places, group, room) + room * np.arange(len(group))
    return moved


def _start(places: Array, group: Sequence[int], room: float) -> float:
    return float(places[list(group)].mean() - room * (len(group) - 1) / 2)


def effects_axis(
    ax: Axes,
    limits: tuple[float, float],
    reference: str,
    outcome: str,
    what: str = "",
    mid: float | None = None,
) -> None:
    """The axis of effects against the reference, with 0 and the band of the MID."""
    parts.effects_axis(ax, limits, reference, outcome, mid=mid)
    than = f" than {reference}"
    ax.set_xlabel(f"Difference from {reference}, {unit(outcome)}{what}\n{direction(outcome, than)}")


def with_priors(ax: Axes, table: pd.DataFrame, labels: Sequence[str], positive: bool) -> None:
    """One row a parameter of ``learned``: the prior's central 95% (a wide grey bar) and the
    posterior's median and 95%, hollow where the prior drives it; both in figures beside it."""
    y = parts.rows_axis(ax, labels)
    prior = np.array([prior_interval(text) for text in table["prior"]]).reshape(-1, 2)
    low, high = (numbers(table[bound]) for bound in CREDIBLE)
    median, driven = numbers(table["median"]), flags(table["prior_driven"])
    # A vague prior would leave no room for what was learned.
    reach = 3 * max(float(np.nanmax(np.abs([low, high]), initial=0.0)), 0.1)
    limits = parts.span(low, high, prior, limit=reach)
    if positive:
        limits = (0.0, limits[1])
    told = np.isfinite(prior).all(axis=1)
    ends = np.clip(prior[told], *limits)
    ax.hlines(y[told], *ends.T, color=LIGHT, lw=6, zorder=1.5, label="prior")
    arrows(ax, y[told], *prior[told].T, limits, GREY)
    parts.intervals(ax, y, low, median, high, limits, BLUE, hollow=driven)
    if not positive:
        ax.axvline(0, color=INK, lw=0.8, zorder=1.8)
    ax.set_xlim(limits)
    digits = 2 if reach < 10 else 1
    rows = zip(median, low, high, strict=True)
    parts.column(ax, 0.15, y, [estimate(*row, digits) for row in rows], "median (95% CrI)")
    marks = ["prior-driven" if mark else "" for mark in driven]
    if driven.any():
        parts.column(ax, 1.5, y, marks, "", bold=driven.tolist())


def prior_handles(hollow: bool = True) -> list[Line2D]:
    blue = {"color": BLUE, "marker": "o", "ms": 4.5, "lw": 1.5}
    return [
        Line2D([], [], color=LIGHT, lw=6, label="prior, central 95%"),
        Line2D([], [], label="posterior, median and 95% CrI", **blue),
        *(
            [Line2D([], [], mfc="white", label="prior-driven (sd over 0.8 of the prior's)", **blue)]
            if hollow
            else []
        ),
    ]


def two(y: Array) -> tuple[Array, Array]:
    """Heights of the upper and the lower interval of every row."""
    off = 1.2 * GAP / ROW
    return y + off, y - off


def unless_blank(row: Array) -> str:
    return estimate(*row) if np.isfinite(row[0]) else ""


def rows_of(*columns: Array) -> zip:
    return zip(*columns, strict=True)


def draw_rows(
    ax: Axes,
    y: Array,
    rows: Array,
    limits: tuple[float, float],
    colour: str,
    marker: str = "o",
    **options: object,
) -> None:
    """Intervals from rows of (point, low, high)."""
    given = np.isfinite(rows[:, 0])
    hollow = np.broadcast_to(options.pop("hollow", False), given.shape)[given]
    point, low, high = rows[given].T
    parts.intervals(ax, y[given], low, point, high, limits, colour, marker, hollow, **options)
