"""Figures of consistency: node splits, deviance with and without it, the net heat plot."""

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nma.checks.figure_parts import (
    SMALL,
    cells,
    column,
    frame,
    heading,
    intervals,
    label_points,
    legend,
    num,
    numbers,
    p_value,
    pair,
    place,
    rows_axis,
    said,
    short,
    shown,
    span,
    texts,
)
from nma.palette import BLUE, INK, LIGHT, ORANGE
from nma.style import direction, plt, points_of

MOST_SPLITS, MOST_DESIGNS, MOST_LABELS = 30, 25, 8
STRONG = 8.0  # changes of Q beyond this all have the strongest colour
CUT = 0.05  # p below which a split is set in bold
DIVERGING = LinearSegmentedColormap.from_list("less and more", ["#0a4f82", "#f7f7f7", "#b34700"])


def node_splits(splits: pd.DataFrame, outcome: str = "pain") -> Figure:
    """Direct, indirect and network estimate of every comparison that can be split, the
    smallest p first. ``splits`` is node_splits.csv."""
    if splits.empty:
        return said(
            "No comparison can be split: every comparison of this network rests on its own "
            "studies alone."
        )
    table = splits.sort_values(["p", "treatment", "comparator"], kind="stable").head(MOST_SPLITS)
    figure, ax = frame(4.2, 0.36 * len(table))
    names = zip(texts(table["treatment"]), texts(table["comparator"]), strict=True)
    y = rows_axis(ax, [pair(*name) for name in names])
    parts = [
        (part, *(numbers(table[f"{part}_{s}"]) for s in ("low", "mean", "high")))
        for part in ("direct", "indirect", "network")
    ]
    limits = span(*(values for _, *each in parts for values in each))
    styles = {"direct": (BLUE, "o"), "indirect": (ORANGE, "s"), "network": (INK, "D")}
    ax.axvline(0, color=INK, lw=0.8, zorder=1)
    for shift, (part, low, mean, high) in zip((0.25, 0.0, -0.25), parts, strict=True):
        intervals(ax, y + shift, low, mean, high, limits, *styles[part], size=4)
    p = numbers(table["p"])
    change = [
        f"{num(m)} ({num(a)} to {num(b)})"
        for m, a, b in table[["difference_mean", "difference_low", "difference_high"]].to_numpy()
    ]
    column(ax, 0.45, y, [f"{n:.0f}" for n in table["studies"]], "studies", "right")
    column(ax, 0.65, y, change, "direct − indirect (95% CrI)")
    column(ax, 2.65, y, [p_value(each) for each in p], "p", "right", p < CUT)
    ax.set_xlim(limits)
    ax.set_xlabel(
        f"treatment − comparator, {points_of(outcome)}\n"
        f"{direction(outcome, ' with the first named')}"
    )
    total, below = len(splits), int((numbers(splits["p"]) < CUT).sum())
    heading(
        ax,
        shown(len(table), total, "split comparisons")
        + f"p < {CUT:g} in {below} of {total} {'split' if total == 1 else 'splits'} (bold); "
        f"by chance alone about {CUT * total:.1f} would be.",
        pad=20,
    )
    handles = [
        Line2D([], [], color=colour, marker=marker, ms=4, lw=1.5, label=f"{part}, 95% CrI")
        for part, (colour, marker) in styles.items()
    ]
    legend(ax, 0.62, 3, handles=handles)
    return figure


def dev_dev(studies: pd.DataFrame) -> Figure:
    """Residual deviance of every study under consistency and under unrelated mean effects,
    a contrast. ``studies`` is dev_dev.csv."""
    if studies.empty:
        return said("There is no study whose fit could be compared.")
    df = numbers(studies["df"])
    x, y = (numbers(studies[f"{m}_deviance"]) / df for m in ("consistency", "ume"))
    figure, ax = frame(6.0, 6.0)
    top = 1.08 * max(x.max(), y.max(), 1.5)
    ax.fill_between([0, top], [0, 0], [0, top], color=LIGHT, alpha=0.35, lw=0, zorder=0)
    ax.plot([0, top], [0, top], color=INK, lw=0.8, zorder=1)
    for marker, which, label in (
        ("o", df == 1, "two-arm study"),
        ("s", df > 1, "multi-arm study"),
    ):
        if which.any():
            ax.plot(
                x[which],
                y[which],
                marker,
                color=BLUE,
                mec="white",
                mew=0.5,
                ms=6,
                alpha=0.75,
                label=label,
                zorder=3,
            )
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    off, high = np.abs(x - y), np.maximum(x, y)
    odd = [i for i in np.argsort(-off, kind="stable")[: MOST_LABELS // 2] if off[i] > 0.1]
    odd += [i for i in np.argsort(-high, kind="stable")[: MOST_LABELS // 2] if high[i] > 1.5]
    odd = list(dict.fromkeys(odd))
    names = texts(studies["study"])
    line = np.linspace(0, top, 120)
    crowd = (np.concatenate([x, line]), np.concatenate([y, line]))
    label_points(ax, x[odd], y[odd], [short(names[i], 30) for i in odd], crowd)
    ax.text(
        0.97,
        0.03,
        "below the line: the study fits\nbetter without consistency",
        transform=ax.transAxes,
        ha="right",
        fontsize=8,
        color=INK,
    )
    ax.set_xlabel("residual deviance per contrast, consistency model")
    ax.set_ylabel("residual deviance per contrast, unrelated mean effects")
    note = "About 1 per contrast (arms − 1 a study) is expected of a study that fits. "
    note += "Named: furthest from the line, and largest." if odd else "No study stands out."
    heading(ax, note, 90)
    ax.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def net_heat(changes: pd.DataFrame) -> Figure:
    """How much of a design's (row) part in Q goes when another (column) is detached.
    ``changes`` is net_heat.csv: design, detached, change; or reason."""
    if "reason" in changes or changes.empty:
        why = texts(changes["reason"])[0] if "reason" in changes and len(changes) else "no designs"
        return said(f"There is no net heat plot of this network: {why}.")
    matrix = changes.pivot(index="design", columns="detached", values="change").fillna(0.0)
    matrix = matrix.loc[matrix.index, matrix.index]
    own = pd.Series(np.diag(matrix), index=matrix.index)
    weight = pd.DataFrame({"own": own, "all": matrix.abs().max(axis=1)})
    kept = weight.sort_values("all", ascending=False, kind="stable").head(MOST_DESIGNS)
    order = kept.sort_values(["own", "all"], ascending=False, kind="stable").index
    part = matrix.loc[order, order].to_numpy(dtype=float)
    n = len(order)
    side = float(np.clip(0.3 * n, 1.2, 6.6))
    figure, ax = frame(side, side)
    most = float(np.clip(np.abs(part).max(), 0.1, STRONG))
    cells(ax, part, cmap=DIVERGING, vmin=-most, vmax=most)
    ax.set_yticks(
        np.arange(n) + 0.5, [f"{short(d, 60)}  {i}" for i, d in enumerate(order, 1)], fontsize=SMALL
    )
    ax.set_xticks(np.arange(n) + 0.5, range(1, n + 1), fontsize=SMALL)
    ax.xaxis.tick_top()
    for i, j in zip(*np.nonzero(np.abs(part) >= max(0.1 * most, 0.05)), strict=True):
        ax.text(
            j + 0.5,
            i + 0.5,
            num(part[i, j], 0 if abs(part[i, j]) >= 9.95 else 1),
            ha="center",
            va="center",
            fontsize=6,
            color="white" if abs(part[i, j]) > 0.6 * most else INK,
        )
    ax.set_xlabel("design that is detached, numbered as the rows", loc="left", fontsize=8)
    ax.xaxis.set_label_position("top")
    heading(
        ax,
        shown(n, len(matrix), "designs") + "Row: a design's part in Q between designs. Positive "
        "(orange): detaching the column (giving it effects of its own) takes that much away, so "
        "the two disagree; negative (blue): it adds. Ordered by the diagonal.",
        90,
    )
    bar = place(figure, 0, -0.3, min(side, 3.0), 0.12)
    figure.colorbar(
        plt.cm.ScalarMappable(plt.Normalize(-most, most), DIVERGING),
        cax=bar,
        orientation="horizontal",
    )
    bar.tick_params(labelsize=SMALL)
    bar.set_xlabel(
        "change of Q" + (f" (colour ends at ±{STRONG:g})" if most == STRONG else ""),
        loc="left",
        fontsize=8,
    )
    return figure
