"""Figures of fit: leverage, leave-one-out, predictive p-values."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import beta

from nma.checks.figure_parts import (
    canvas,
    column,
    flags,
    frame,
    heading,
    label_points,
    legend,
    numbers,
    p_value,
    place,
    rows_axis,
    said,
    short,
    texts,
)
from nma.palette import BLUE, GREY, INK, LIGHT, ORANGE

MOST_LABELS, MOST_STUDIES = 10, 25
UNRELIABLE = 0.7  # Pareto k from which PSIS is not to be trusted
CURVES = (1, 2, 3)
CUT = 0.05


def leverage(studies: pd.DataFrame, outcome: str = "pain") -> Figure:
    """Leverage against the signed root of the deviance, a contrast, with the curves
    w^2 + leverage = 1, 2, 3. ``studies`` is fit.csv."""
    if studies.empty:
        return said("There is no study whose fit could be judged.")
    w, lever = numbers(studies["w"]), numbers(studies["leverage_per_df"])
    score = w**2 + lever
    figure, ax = frame(7.6, 4.6)
    wide, top = max(1.1 * np.abs(w).max(), 2.1), max(1.12, 1.08 * lever.max())
    for c, line in zip(CURVES, (":", "--", "-"), strict=True):
        root = np.linspace(-np.sqrt(c), np.sqrt(c), 201)
        ax.plot(root, c - root**2, line, color=GREY, lw=1, zorder=1)
        ax.text(
            np.sqrt(c),
            -0.015 * top,
            f"c = {c}",
            ha="center",
            va="bottom",
            fontsize=7,
            color=INK,
            bbox={"fc": "white", "ec": "none", "pad": 0.6},
            zorder=2,
        )
    out = score > CURVES[-1]
    ax.plot(w[~out], lever[~out], "o", color=BLUE, mec="white", mew=0.5, ms=6, alpha=0.75)
    ax.plot(w[out], lever[out], "D", color=ORANGE, mec=INK, mew=0.8, ms=6, zorder=4)
    ax.set_xlim(-wide, wide)
    ax.set_ylim(-0.02 * top, top)
    worst = [i for i in np.argsort(-score, kind="stable")[:MOST_LABELS] if out[i]]
    names = texts(studies["study"])
    label_points(ax, w[worst], lever[worst], [short(names[i], 30) for i in worst], (w, lever))
    ax.set_xlabel(
        "w = ± root of the residual deviance per contrast\n"
        f"later arms did better than fitted   ←   0   →   worse (more {outcome})"
    )
    ax.set_ylabel("leverage per contrast")
    beyond = int(out.sum())
    heading(
        ax,
        f"Beyond c = 3, where the model fits a study badly: {beyond or 'none'} of {len(studies)}"
        + (f", {len(worst)} named." if len(worst) < beyond else "."),
    )
    return figure


def loo(studies: pd.DataFrame) -> Figure:
    """Log density of every left-out study, exact and by importance sampling, and where
    the latter fails. ``studies`` is loo.csv."""
    if studies.empty:
        return said("There is no study to leave out.")
    table = studies.assign(
        driven=flags(studies["prior_driven"]),
        exact=numbers(studies["elpd"]) / numbers(studies["df"]),
        psis=numbers(studies["psis_elpd"]) / numbers(studies["df"]),
        k=numbers(studies["psis_k"]),
    ).sort_values(["exact", "study"], kind="stable")
    rows = table.head(MOST_STUDIES)
    figure = canvas(9.6, max(0.21 * len(rows), 3.0))
    tall = figure.get_figheight()
    ax = place(figure, 0, tall - 0.21 * len(rows), 3.2, 0.21 * len(rows))
    y = rows_axis(ax, [short(name, 36) for name in texts(rows["study"])])
    driven, bad = rows["driven"].to_numpy(), rows["k"].to_numpy() > UNRELIABLE
    ax.hlines(y, rows["exact"], rows["psis"], color=GREY, lw=1, zorder=1)
    ax.plot(rows["psis"], y, "o", color=ORANGE, mfc="white", mew=1.3, ms=5, label="PSIS", zorder=2)
    for which, marker, label in (
        (~driven, "o", "exact"),
        (driven, "^", "exact, driven by the prior"),
    ):
        if which.any():
            ax.plot(rows["exact"][which], y[which], marker, color=BLUE, ms=5, label=label, zorder=3)
    column(ax, 0.5, y, ["–" if np.isnan(k) else f"{k:.2f}" for k in rows["k"]], "k", "right", bad)
    ax.set_xlabel(
        "log predictive density per contrast\nworse predicted   ←        →   better", fontsize=8
    )
    legend(ax, 0.55, 3, handletextpad=0.3, columnspacing=1.0)
    few, total = len(rows), len(table)
    heading(
        ax,
        ("All studies" if few == total else f"The {few} of {total} worst predicted")
        + ", left out one at a time",
        60,
        pad=20,
    )

    right = place(figure, 4.7, tall - 3.0, 3.0, 3.0)
    gap, k = (table["psis"] - table["exact"]).to_numpy(), table["k"].to_numpy()
    driven = table["driven"].to_numpy()
    known = np.isfinite(gap) & np.isfinite(k)
    if not known.any():
        right.remove()
        return figure
    top = max(1.0, 1.08 * k[known].max())
    right.axvspan(UNRELIABLE, top, color=LIGHT, alpha=0.5, lw=0, zorder=0)
    right.axhline(0, color=INK, lw=0.8, zorder=1)
    for which, marker in ((known & ~driven, "o"), (known & driven, "^")):
        right.plot(
            k[which], gap[which], marker, color=BLUE, mec="white", mew=0.4, ms=5.5, alpha=0.8
        )
    low, high = min(gap[known].min(), -0.02), max(gap[known].max(), 0.02)
    room = 0.12 * (high - low)
    right.set_xlim(min(0.0, 1.1 * k[known].min()), top)
    right.set_ylim(low - room, high + room)
    far = [
        i
        for i in np.argsort(-np.abs(np.where(known, gap, 0)), kind="stable")[:4]
        if abs(gap[i]) > 0.1
    ]
    names = texts(table["study"])
    label_points(
        right, k[far], gap[far], [short(names[i], 24) for i in far], (k[known], gap[known])
    )
    right.set_xlabel("Pareto k (grey: above 0.7, PSIS not to be trusted)", fontsize=8)
    right.set_ylabel("PSIS − exact, per contrast", fontsize=8)
    heading(
        right,
        f"k > {UNRELIABLE:g} in {int((k > UNRELIABLE).sum())} of {total}; "
        f"{int(driven.sum())} driven by the prior",
        60,
    )
    return figure


def predictive(studies: pd.DataFrame) -> Figure:
    """Ordered leave-one-out p-values against uniform quantiles. ``studies`` is
    predictive.csv."""
    p = numbers(studies["p_loo"]) if len(studies) else np.array([])
    known = np.flatnonzero(np.isfinite(p))
    if len(known) == 0:
        return said(
            "No study is predicted by the others: each alone links its treatments, so there is "
            "no leave-one-out p-value."
        )
    order = known[np.argsort(p[known], kind="stable")]
    n, i = len(order), np.arange(1, len(order) + 1)
    expected = i / (n + 1)
    figure, ax = frame(5.8, 5.8)
    ax.fill_between(
        expected,
        beta.ppf(0.025, i, n + 1 - i),
        beta.ppf(0.975, i, n + 1 - i),
        color=LIGHT,
        alpha=0.6,
        lw=0,
        label="95% of each point, if p were uniform",
    )
    ax.plot([0, 1], [0, 1], color=INK, lw=0.8)
    low = p[order] < CUT
    ax.plot(expected[~low], p[order][~low], "o", color=BLUE, ms=5, label="study")
    ax.plot(
        expected[low],
        p[order][low],
        "D",
        color=ORANGE,
        mec=INK,
        mew=0.7,
        ms=5,
        label=f"study with p < {CUT:g}",
    )
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    few = max(min(int(low.sum()), 8), min(3, n))
    names = texts(studies["study"])
    label_points(
        ax,
        expected[:few],
        p[order][:few],
        [f"{short(names[j], 30)}, p {p_value(p[j])}" for j in order[:few]],
        (expected, p[order]),
    )
    ax.set_xlabel("expected of uniform p-values")
    ax.set_ylabel("leave-one-out predictive p, ordered (small: further off than expected)")
    left = len(studies) - n
    note = f"p < {CUT:g} in {int(low.sum())} of {n} {'study' if n == 1 else 'studies'}; "
    note += f"{CUT * n:.1f} expected."
    if left:
        note += f" {left} more are predicted by the prior alone and have no p."
    heading(ax, note, 85)
    ax.legend(frameon=False, fontsize=8, loc="lower right")
    return figure
