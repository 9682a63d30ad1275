"""Figures of the evidence itself: small studies, effect modifiers, contributions."""

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nma.checks.figure_parts import (
    SMALL,
    arrows,
    cells,
    column,
    effects_axis,
    flags,
    frame,
    heading,
    intervals,
    label_points,
    legend,
    num,
    numbers,
    p_value,
    pair,
    rows_axis,
    said,
    short,
    shown,
    span,
    texts,
)
from nma.palette import BLUE, GREY, INK, LIGHT, ORANGE
from nma.style import points_of

REFERENCE_KINDS = ("placebo", "none")
Z95 = 1.959964
MOST_ROWS, MOST_COLUMNS, MOST_LABELS = 40, 26, 4
FAR = 4.0  # standard errors from 0 from which a point of the funnel is named
SPLIT = "\x1f"  # between the two names of a comparison
PALE = "#f3c677"
SHARES = LinearSegmentedColormap.from_list("shares", ["#f6f8fa", "#8fb8d9", "#0a4f82", "#062c48"])


def funnel(
    points: pd.DataFrame, egger: pd.DataFrame, effects: pd.DataFrame, outcome: str = "pain"
) -> Figure:
    """Comparison-adjusted funnel. ``points`` is funnel.csv, ``egger`` egger.csv,
    ``effects`` small_study.csv, which holds the kind of every treatment but the reference."""
    if points.empty:
        return said("There is no comparison for a funnel.")
    alone = flags(points["alone"])
    if alone.all():
        return said(
            "There is no funnel: every comparison has one study, which is its own pooled effect."
        )
    kinds = dict(zip(texts(effects["treatment"]), texts(effects["kind"]), strict=True))
    inactive = [
        kinds.get(a, "placebo") in REFERENCE_KINDS or kinds.get(b, "placebo") in REFERENCE_KINDS
        for a, b in zip(texts(points["treatment"]), texts(points["comparator"]), strict=True)
    ]
    x, se, inactive = numbers(points["adjusted"]), numbers(points["se"]), np.array(inactive)
    figure, ax = frame(6.6, 4.8)
    deep = 1.06 * float(se[~alone].max())
    wide = 1.08 * max(float(np.abs(x[~alone]).max()), Z95 * deep)
    ax.fill_between(
        [-Z95 * deep, 0, Z95 * deep], [deep, 0, deep], deep, color=LIGHT, alpha=0.35, lw=0, zorder=0
    )
    ax.plot(
        [-Z95 * deep, 0, Z95 * deep],
        [deep, 0, deep],
        "--",
        color=GREY,
        lw=0.9,
        zorder=1,
        label="pseudo 95% limits (±1.96 SE)",
    )
    ax.axvline(0, color=INK, lw=0.8, zorder=1)
    for which, marker, colour, label in (
        (inactive & ~alone, "o", BLUE, "placebo or no treatment v active"),
        (~inactive & ~alone, "^", ORANGE, "active v active"),
    ):
        if which.any():
            ax.plot(
                x[which],
                se[which],
                marker,
                color=colour,
                mec=INK,
                mew=0.5,
                ms=5.5,
                alpha=0.85,
                label=f"{label} ({which.sum()})",
                zorder=3,
            )
    row = egger.iloc[0] if len(egger) else pd.Series(dtype=object)
    slope = float(pd.to_numeric(row.get("slope"), errors="coerce")) if len(row) else np.nan
    if np.isfinite(slope):
        ends, middle = np.array([se[~alone].min(), se[~alone].max()]), se[~alone].mean()
        ax.plot(
            slope * (ends - middle), ends, color=INK, lw=1.6, label="regression on SE", zorder=2
        )
        note = (
            f"Slope {num(slope, 2)} points of benefit per point of SE (95% CI "
            f"{num(row['ci_low'], 2)} to {num(row['ci_high'], 2)}), p {p_value(float(row['p']))}, "
            f"{row['comparisons']:.0f} comparisons."
        )
    else:
        note = (
            "No regression on the standard error: "
            f"{(texts(egger['note'])[0] if len(egger) else '') or 'not estimable'}."
        )
    if alone.any():
        note += f" Not shown: {alone.sum()} contrasts that are alone in their comparison."
    heading(ax, note, 100)
    ax.set_xlim(-wide, wide)
    ax.set_ylim(deep, 0)
    score, names = np.where(alone, 0, np.abs(x) / se), texts(points["study"])
    far = [i for i in np.argsort(-score, kind="stable")[:MOST_LABELS] if score[i] > FAR]
    label_points(ax, x[far], se[far], [short(names[i], 28) for i in far], (x[~alone], se[~alone]))
    ax.set_xlabel(
        f"benefit of the later treatment less that of its comparison, {points_of(outcome)}\n"
        "favours the earlier in the order   ←   0   →   favours the later"
    )
    ax.set_ylabel("standard error, points")
    legend(ax, 0.62, 2)
    return figure


def small_study(table: pd.DataFrame, reference: str, outcome: str = "pain") -> Figure:
    """Effects as they are and extrapolated to a standard error of 0. ``table`` is
    small_study.csv."""
    kinds = texts(table["parameter"]) if len(table) else []
    rows = table[[name.startswith("d[") for name in kinds]] if len(table) else table
    if rows.empty:
        return said("There is no effect to correct for small studies.")
    slope = table[[name.startswith("slope") for name in kinds]].iloc[0]
    rows = rows.assign(at=numbers(rows["main_mean"])).sort_values("at", kind="stable")
    total = len(rows)
    if total > MOST_ROWS:
        shift = np.abs(numbers(rows["mean"]) - rows["at"].to_numpy())
        keep = np.sort(np.argsort(-np.nan_to_num(shift), kind="stable")[:MOST_ROWS])
        rows = rows.iloc[keep]
    figure, ax = frame(5.6, 0.24 * len(rows))
    y = rows_axis(ax, [short(name) for name in texts(rows["treatment"])])
    main, sd = rows["at"].to_numpy(), numbers(rows["main_sd"])
    low, there, high = (numbers(rows[name]) for name in ("ci_low", "mean", "ci_high"))
    limits = span(main - Z95 * sd, main + Z95 * sd, low, there, high, limit=60.0)
    known = np.isfinite(there)
    effects_axis(ax, limits, reference, outcome)
    ax.hlines(y[known], *np.clip([low[known], high[known]], *limits), color=PALE, lw=5, zorder=1.5)
    arrows(ax, y, low, high, limits, ORANGE)
    intervals(ax, y, main - Z95 * sd, main, main + Z95 * sd, limits, INK, "o", width=1.0)
    ax.hlines(
        y[known], *np.clip([main[known], there[known]], *limits), color=ORANGE, lw=2.2, zorder=3
    )
    seen = known & (there > limits[0]) & (there < limits[1])
    ax.plot(there[seen], y[seen], "D", color=ORANGE, mec=INK, mew=0.8, ms=5, zorder=4)
    change = [
        f"{num(m)} → {num(t)}" if np.isfinite(t) else "not estimable"
        for m, t in zip(main, there, strict=True)
    ]
    column(ax, 0.15, y, change, "main → SE 0")
    note = shown(len(rows), total, "treatments (those that change most)")
    if np.isfinite(numbers(pd.Series([slope["mean"]]))[0]):
        note += (
            f"Slope {num(slope['mean'], 2)} points per point of SE (95% CrI "
            f"{num(slope['ci_low'], 2)} to {num(slope['ci_high'], 2)}), p {p_value(slope['p'])}; "
            "below 0: smaller studies show more benefit."
        )
    else:
        note += f"The slope is {texts(pd.Series([slope['note']]))[0] or 'not estimable'}."
    heading(ax, note, 100, pad=20)
    legend(
        ax,
        0.62,
        2,
        handles=[
            Line2D([], [], color=INK, marker="o", ms=4.5, lw=1, label="main: mean, 95% CrI"),
            Line2D(
                [],
                [],
                color=PALE,
                marker="D",
                mfc=ORANGE,
                mec=INK,
                ms=5,
                lw=5,
                label="extrapolated to SE = 0: mean, 95% CrI",
            ),
        ],
    )
    return figure


def contributions(table: pd.DataFrame, reference: str) -> Figure:
    """Share of every direct comparison in every estimate. ``table`` is contributions.csv."""
    if table.empty:
        return said("There is no estimate to which comparisons could contribute.")
    names = zip(texts(table["direct_treatment"]), texts(table["direct_comparator"]), strict=True)
    table = table.assign(direct=[SPLIT.join(name) for name in names])
    table["estimate"] = texts(table["treatment"])
    wide = table.pivot_table(
        index="estimate", columns="direct", values="contribution", aggfunc="sum", fill_value=0.0
    )
    mixed = wide.max(axis=1).sort_values(kind="stable").head(MOST_ROWS).index
    kept = wide.loc[wide.index.isin(mixed)]
    order = kept.sum().sort_values(ascending=False, kind="stable").index
    kept = kept[order]
    main, others = kept.iloc[:, :MOST_COLUMNS], kept.iloc[:, MOST_COLUMNS:]
    first = np.argmax(main.to_numpy(), axis=1)
    place_of = np.lexsort((-main.to_numpy().max(axis=1), first))
    main, others = main.iloc[place_of], others.iloc[place_of]
    values, labels = main.to_numpy(), [pair(*name.split(SPLIT), 26) for name in main.columns]
    if others.shape[1]:
        values = np.column_stack([values, others.sum(axis=1)])
        labels.append(f"{others.shape[1]} others together")
    figure, ax = frame(0.27 * max(values.shape[1], 3), 0.22 * len(values))
    cells(ax, values, cmap=SHARES, vmin=0, vmax=1)
    ax.set_yticks(np.arange(len(values)) + 0.5, [short(n) for n in main.index], fontsize=8)
    ax.set_xticks(np.arange(len(labels)) + 0.5, labels, rotation=90, fontsize=SMALL)
    for i, j in zip(*np.nonzero(values >= 0.095), strict=True):
        ax.text(
            j + 0.5,
            i + 0.5,
            f"{100 * values[i, j]:.0f}",
            ha="center",
            va="center",
            fontsize=6,
            color="white" if values[i, j] > 0.5 else INK,
        )
    ax.set_ylabel(f"estimate against {reference}")
    ax.set_xlabel("direct comparison, the largest contributors first")
    heading(
        ax,
        "Percent of the estimate (row) that comes through a direct comparison (column); rows add "
        "to 100, shares from 10 on are printed. "
        + shown(len(values), len(wide), "estimates (the most mixed)")
        + shown(min(len(order), MOST_COLUMNS), len(order), "comparisons"),
        100,
    )
    return figure
