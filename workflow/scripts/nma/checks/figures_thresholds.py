"""Figure of the threshold analysis: how far a result may move before a decision changes."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nma.checks.figure_parts import (
    SMALL,
    canvas,
    column,
    flags,
    intervals,
    legend,
    num,
    numbers,
    pair,
    place,
    rows_axis,
    said,
    short,
    span,
    texts,
)
from nma.palette import BLUE, GREY, INK, LIGHT, RED
from nma.style import points_of

MOST = 7  # results of each decision at each level
ROW, BETWEEN, WIDTH = 0.3, 0.85, 4.2  # inches
ANSWERS = ("now", "threshold_low", "threshold_high", "change_low", "change_high", "ci_inside")


def thresholds(table: pd.DataFrame, reference: str, mid: float, outcome: str = "pain") -> Figure:
    """The most sensitive results and the interval in which each leaves the decision as it
    is. ``table`` is thresholds.csv; the exact columns are used where they were computed."""
    groups = (
        []
        if table.empty
        else [
            (decision, level, part)
            for (decision, level), part in _answered(table).groupby(
                ["decision", "level"], sort=False
            )
        ]
    )
    groups = [(*names, part, len(part)) for *names, part in groups]
    groups = [
        (*names, part[np.isfinite(part["margin"])].head(MOST), every)
        for *names, part, every in groups
    ]
    groups = [group for group in groups if len(group[2])]
    if not groups:
        return said(
            "No result has to be watched: no shift of up to 100 points in any study or comparison "
            "changes the best treatment or a verdict."
        )
    figure = canvas(WIDTH, sum(ROW * len(part) + BETWEEN for *_, part, _ in groups))
    top = figure.get_figheight()
    for decision, level, part, every in groups:
        height = ROW * len(part)
        top -= height + BETWEEN
        ax = place(figure, 0, top + BETWEEN / 2, WIDTH, height)
        _invariant(ax, part)
        now = texts(part["now"])[0]
        what = f"Best (lowest mean): {short(now, 40)}"
        if decision != "best":
            what = f"Better than {short(reference, 30)} by the MID ({mid:g} points): {_few(now)}"
        ax.set_title(_title(what, level, len(part), every), fontsize=8.5, pad=18)
    ax.set_xlabel(f"estimate, {points_of(outcome)} (below 0: less {outcome} with the first named)")
    handles = [
        Line2D([], [], color=BLUE, marker="o", ms=4, label="95% CI inside"),
        Line2D([], [], color=RED, marker="D", ms=4, label="95% CI reaches a change"),
        Patch(fc=LIGHT, ec=GREY, lw=0.6, label="the decision stays"),
    ]
    legend(ax, 0.55, 3, handles=handles)
    return figure


def _few(now: str) -> str:
    names = now.split("; ")
    return f"{len(names)} treatments" if len(names) > 2 else "; ".join(short(n, 34) for n in names)


def _title(what: str, level: str, some: int, every: int) -> str:
    moves = "if one study moves" if level == "study" else "if a pooled direct comparison moves"
    return f"{what}; {moves} ({some} of {every} shown)"


def _answered(table: pd.DataFrame) -> pd.DataFrame:
    """The exact answer in place of the linear one where there is one; the most sensitive
    first in every group, studies before comparisons."""
    table = table.copy()
    margin = numbers(table["exact_margin"])
    exact = ~np.isnan(margin)
    for name in ANSWERS:
        table[name] = table[name].astype(object)
        table.loc[exact, name] = table.loc[exact, f"exact_{name}"].astype(object)
    table["margin"] = np.where(exact, margin, numbers(table["margin"]))
    by = ["decision", "level", "margin"]
    return table.sort_values(by, ascending=[True, False, True], kind="stable")


def _invariant(ax: Axes, part: pd.DataFrame) -> None:
    """One row a result: its estimate and 95% CI over the interval without a change."""
    names = [
        (f"{short(study, 24)}: " if study else "") + pair(*both, 24 if study else 34)
        for study, *both in zip(
            *(texts(part[name]) for name in ("study", "treatment", "comparator")), strict=True
        )
    ]
    y = rows_axis(ax, names, stripes=False)
    ax.tick_params(axis="both", labelsize=SMALL)
    low, high = numbers(part["threshold_low"]), numbers(part["threshold_high"])
    ci = [numbers(part[name]) for name in ("ci_low", "estimate", "ci_high")]
    limits = span(*ci, low, high)
    left, right = np.clip(low, *limits), np.clip(high, *limits)
    ax.barh(y, right - left, left=left, height=0.62, color=LIGHT, zorder=1)
    ax.axvline(0, color=GREY, lw=0.6, zorder=1)
    for end in (low, high):
        seen = (end > limits[0]) & (end < limits[1])
        ax.vlines(end[seen], y[seen] - 0.31, y[seen] + 0.31, color=INK, lw=1.2, zorder=2)
    inside = flags(part["ci_inside"])
    for which, colour, marker in ((inside, BLUE, "o"), (~inside, RED, "D")):
        intervals(ax, y[which], *(each[which] for each in ci), limits, colour, marker, size=4)
    ax.set_xlim(limits)
    below = _sides("<", low, texts(part["change_low"]))
    above = _sides(">", high, texts(part["change_high"]))
    both = ["\n".join(filter(None, sides)) for sides in zip(below, above, strict=True)]
    column(ax, 0.15, y, both, "where the decision changes, and to what")


def _sides(sign: str, bounds: np.ndarray, changes: list[str]) -> list[str]:
    changes = [change.replace(" the reference by the MID", " by the MID") for change in changes]
    return [
        f"{sign} {num(bound)}: {short(change, 54)}" if np.isfinite(bound) else ""
        for bound, change in zip(bounds, changes, strict=True)
    ]
