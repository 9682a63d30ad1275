"""Figures from tables: network, forest, ranking. Lower is better throughout."""

from collections.abc import Mapping
from math import ceil
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nma.palette import BLUE, GREY, INK, LIGHT, MODALITY, ORANGE, around
from nma.style import effects_label, inches, plt


def network(described: Mapping[str, Any]) -> Figure:
    """The network on a circle: node area by participants, line width by studies.

    A circle keeps every label readable at any size; neighbours share a modality.
    """
    placed = around(described["nodes"])
    nodes = [node for node, _, _ in placed]
    place = {node["treatment"]: (x, y) for node, x, y in placed}
    figure, ax = plt.subplots(figsize=inches(9.5, 9.5))
    for edge in sorted(described["edges"], key=lambda e: -e["studies"]):
        ends, studies = np.array([place[edge["a"]], place[edge["b"]]]), edge["studies"]
        ax.plot(
            *ends.T,
            color="#9fb3c8",
            lw=0.7 + 0.7 * studies,
            zorder=1,
            alpha=0.8,
            solid_capstyle="round",
        )
        if studies > 1:
            x, y = 0.55 * ends[0] + 0.45 * ends[1]
            ax.text(
                x,
                y,
                str(studies),
                fontsize=7,
                ha="center",
                va="center",
                zorder=4,
                bbox={"boxstyle": "round,pad=.12", "fc": "white", "ec": "none"},
            )
    most = max(node["n"] or 1 for node in nodes)
    for data in nodes:
        t, (x, y) = data["treatment"], place[data["treatment"]]
        size = 50 + 900 * (data["n"] or 0) / most
        colour = MODALITY.get(data.get("modality", "none"), GREY)
        rim = INK if t == described["reference"] else "white"
        ax.scatter(x, y, s=size, color=colour, edgecolor=rim, linewidth=1.6, zorder=3)
        angle = float(np.degrees(np.arctan2(y, x)))
        left = abs(angle) > 90
        people = f"{data['n']:,.0f}" if data["n"] else "n not stated"
        out = 1.06 + 0.0011 * np.sqrt(size) * 2
        ax.text(
            out * x,
            out * y,
            f"{t} ({people})",
            fontsize=8.5,
            rotation_mode="anchor",
            rotation=angle + 180 if left else angle,
            ha="right" if left else "left",
            va="center",
            fontweight="bold" if t == described["reference"] else "normal",
        )
    seen = {node.get("modality", "none") for node in nodes}
    handles = [
        Line2D([], [], marker="o", ls="", color=c, label=m, ms=7)
        for m, c in MODALITY.items()
        if m in seen
    ]
    ax.set_aspect("equal")
    ax.set_axis_off()
    # No name that runs outwards from the circle reaches the corner of the box of them all.
    reach = ax.get_tightbbox(figure.canvas.get_renderer())
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=ax.transAxes.inverted().transform((reach.x0, reach.y1)),
        borderaxespad=0,
        frameon=False,
        fontsize=8.5,
        title="modality",
        alignment="left",
    )
    return figure


def forest(
    effects: pd.DataFrame,
    nodes: pd.DataFrame,
    reference: str,
    mid: float,
    outcome: str = "pain",
) -> Figure:
    """Effects against the reference: median, 95% credible (thick) and prediction (thin)
    interval, with the band of the minimal important difference.

    ``nodes`` gives studies and n per treatment (index).
    """
    table = effects.sort_values("median", ascending=False).reset_index(drop=True)
    figure, ax = plt.subplots(figsize=inches(9.5, 1.6 + 0.27 * len(table)))
    low = min(table["pred_low"].min(), -mid) - 2
    high = max(table["pred_high"].max(), mid) + 2
    low, high = max(low, -80), min(high, 80)
    ax.axvspan(-mid, mid, color=LIGHT, alpha=0.55, lw=0, zorder=0)
    ax.axvline(0, color=INK, lw=0.8, zorder=1)
    for y, row in table.iterrows():
        clear = row["ci_high"] < 0 or row["ci_low"] > 0
        colour = BLUE if clear else GREY
        ax.plot(
            np.clip([row["pred_low"], row["pred_high"]], low, high),
            [y, y],
            color=colour,
            lw=0.9,
            zorder=2,
        )
        ax.plot(
            np.clip([row["ci_low"], row["ci_high"]], low, high),
            [y, y],
            color=colour,
            lw=3.2,
            solid_capstyle="butt",
            zorder=3,
        )
        ax.plot(row["median"], y, "s", color="white", mec=colour, mew=1.4, ms=5, zorder=4)
        for end, beyond, arrow in (
            (low, row["pred_low"] < low, "<"),
            (high, row["pred_high"] > high, ">"),
        ):
            if beyond:  # the axis ends here, the interval does not
                ax.plot(end, y, arrow, color=colour, ms=4, zorder=4, clip_on=False)
        count = nodes.loc[row["treatment"]]
        ax.text(
            1.02,
            y,
            f"{row['median']:.1f} ({row['ci_low']:.1f} to {row['ci_high']:.1f})".replace("-", "−"),
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=8,
        )
        ax.text(
            1.30,
            y,
            f"{count['studies']:.0f}",
            transform=ax.get_yaxis_transform(),
            va="center",
            ha="right",
            fontsize=8,
        )
        people = f"{count['n']:,.0f}" if pd.notna(count["n"]) else "not stated"
        ax.text(
            1.39, y, people, transform=ax.get_yaxis_transform(), va="center", ha="right", fontsize=8
        )
    top = len(table) - 0.2
    for x, text, align in (
        (1.02, "median (95% CrI)", "left"),
        (1.30, "studies", "right"),
        (1.39, "n", "right"),
    ):
        ax.text(
            x,
            top,
            text,
            transform=ax.get_yaxis_transform(),
            ha=align,
            fontsize=8,
            fontweight="bold",
            va="bottom",
        )
    ax.set_yticks(range(len(table)), table["treatment"])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(-0.7, len(table) + 0.2)
    ax.set_xlim(low, high)
    ax.set_xlabel(effects_label(reference, outcome))
    ax.legend(
        handles=[
            Line2D([], [], color=BLUE, lw=3.2, label="95% credible, excludes 0"),
            Line2D([], [], color=GREY, lw=3.2, label="95% credible, includes 0"),
            Line2D([], [], color=GREY, lw=0.9, label="95% prediction"),
            Line2D([], [], color=LIGHT, lw=7, label=f"within the MID (±{mid:g})"),
        ],
        loc="upper center",
        bbox_to_anchor=(0.5, -1.05 / figure.get_figheight()),
        ncol=4,
        frameon=False,
        fontsize=8,
    )
    return figure


def ranks(table: pd.DataFrame) -> Figure:
    """Mean rank with its 95% interval, and P(best) beside it: a rank without its
    uncertainty misleads."""
    table = table.sort_values("mean_rank", ascending=False).reset_index(drop=True)
    figure, (ax, best) = plt.subplots(
        1,
        2,
        figsize=inches(9.5, 1.4 + 0.25 * len(table)),
        sharey=True,
        width_ratios=[3, 1],
        gridspec_kw={"wspace": 0.06},
    )
    y = np.arange(len(table))
    ax.hlines(y, table["rank_low"], table["rank_high"], color="#9fb3c8", lw=3.2)
    ax.plot(table["mean_rank"], y, "o", color=BLUE, ms=5)
    ax.set_yticks(y, table["treatment"])
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.set_xlabel("rank (1 = best): mean and 95% interval")
    ax.set_xlim(0.5, len(table) + 0.5)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(axis="x", color=LIGHT, lw=0.6)
    best.barh(y, table["p_best"], color=ORANGE, height=0.6)
    best.set_xlim(0, max(0.05, ceil(10 * table["p_best"].max()) / 10))
    best.set_xlabel("P(best)")
    for axis in (ax, best):
        axis.tick_params(axis="y", length=0)
        axis.set_axisbelow(True)
    return figure


def rank_probabilities(table: pd.DataFrame, order: list[str]) -> Figure:
    """Rankograms (steps) with cumulative ranking (line), one panel per treatment.

    The panels are laid out on one axes: thirty axes take ten times as long to draw.
    """
    K, columns = len(order), 4 if len(order) > 6 else 3
    rows = ceil(K / columns)
    # A name that is wider than its panel takes two lines, or loses its end.
    titles = [fill(name, 30, max_lines=2, placeholder=" …") for name in order]
    pitch = 1.9 if any("\n" in title for title in titles) else 1.62
    figure, ax = plt.subplots(figsize=inches(9.5, 0.8 * pitch * rows + 0.3))
    width, height = 1.0, 1.0
    steps, lines, frames = [], [], []
    for i, name in enumerate(order):
        part = table[table["treatment"] == name].sort_values("rank")
        x0, y0 = 1.14 * (i % columns), -pitch * (i // columns)
        edge = x0 + width * np.arange(K + 1) / K
        middle = 0.5 * (edge[1:] + edge[:-1])
        tops = y0 + height * part["p"].to_numpy()
        steps.append(
            np.column_stack(
                [
                    np.concatenate(
                        [[edge[0]], np.repeat(edge[1:-1], 2), [edge[-1]], edge[[-1, 0]]]
                    ),
                    np.concatenate([np.repeat(tops, 2), [y0, y0]]),
                ]
            )
        )
        lines.append(np.column_stack([middle, y0 + height * part["cumulative"]]))
        frames.append(np.array([[x0, y0 + height], [x0, y0], [x0 + width, y0]]))
        ax.text(x0, y0 + 1.08 * height, titles[i], fontsize=7.5, va="bottom", linespacing=1.1)
        for level in (0.0, 0.5, 1.0):
            if i % columns == 0:
                ax.text(
                    x0 - 0.02,
                    y0 + level * height,
                    f"{level:g}",
                    fontsize=6.5,
                    ha="right",
                    va="center",
                )
        ticks = sorted({1, ceil(K / 2), K})
        for rank, at in zip(ticks, middle[[t - 1 for t in ticks]], strict=True):
            ax.text(at, y0 - 0.06 * height, str(rank), fontsize=6.5, ha="center", va="top")
    ax.add_collection(PolyCollection(steps, facecolors="#9fb3c8", linewidths=0))
    ax.add_collection(LineCollection(lines, colors=BLUE, linewidths=1.3))
    ax.add_collection(LineCollection(frames, colors=GREY, linewidths=0.7))
    ax.set_xlim(-0.14, 1.14 * columns - 0.1)
    ax.set_ylim(-pitch * (rows - 1) - 0.25, pitch - 0.27)
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.set_xlabel("rank (1 = best)")
    ax.set_ylabel("probability of the rank\n(steps), cumulative (line)")
    return figure
