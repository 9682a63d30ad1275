"""Figures of what treatments and their placebos are taken to be: kinds of placebo, lumping."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nma.checks.figure_parts import (
    SMALL,
    STYLES,
    canvas,
    column,
    flags,
    frame,
    heading,
    intervals,
    legend,
    numbers,
    place,
    rows_axis,
    said,
    shown,
    span,
    texts,
)
from nma.model_figures_parts import (
    CREDIBLE,
    NAME,
    ROW,
    THE_REFERENCE,
    WIDEST,
    Array,
    apart,
    draw_rows,
    effects_axis,
    estimate,
    name,
    prior_of_text,
    rows_of,
    two,
    unit,
    unless_blank,
)
from nma.palette import BLUE, GREY, INK, LIGHT, ORANGE

MOST_NODES = 8  # of lumping


def placebo_grid(
    details: pd.DataFrame,
    learned: pd.DataFrame,
    outcome: str = "pain",
    mid: float = 10.0,
    reference: str = THE_REFERENCE,
) -> Figure:
    """Every effect over sigma_p, from one placebo (0) to kinds as good as split; below it the
    prior and the posterior of sigma_p."""
    grid = details[details["what"] == "sigma_p"]
    of_sigma = learned[learned["parameter"] == "sigma_p"]
    if grid.empty or of_sigma.empty:
        return said(
            "Kinds of placebo are not exchangeable in this model, or there is no more than one "
            "here: no effect hangs on sigma_p."
        )
    mean = _over(grid, "mean")
    low, high = _over(grid, "ci_low"), _over(grid, "ci_high")
    x = mean.columns.to_numpy(dtype=float)
    clear = ((low > 0) | (high < 0)).to_numpy()
    named = mean.index[clear.any(axis=1)]
    figure = canvas(5.2, 5.5)
    ax = place(figure, 0, 1.65, 5.2, max(3.6, 0.155 * len(named)))
    ax.axhspan(-mid, mid, color=LIGHT, alpha=0.55, lw=0, zorder=0.5)
    ax.axhline(0, color=INK, lw=0.8, zorder=1)
    for treatment in mean.index.difference(named):
        ax.plot(x, mean.loc[treatment], color=GREY, lw=0.7, alpha=0.7, zorder=2)
    styles = {t: STYLES[1 + i % (len(STYLES) - 1)] for i, t in enumerate(named)}
    for treatment, (colour, marker) in styles.items():
        means, kept = mean.loc[treatment].to_numpy(), clear[mean.index.get_loc(treatment)]
        ax.plot(x, means, color=colour, lw=1.4, zorder=3)
        for which, face in ((kept, colour), (~kept, "white")):
            marks = {"color": colour, "mfc": face, "ms": 4.5, "zorder": 4}
            ax.plot(x[which], means[which], marker, **marks)
    top = max(float(x.max()), 1.0)
    ax.set_xlim(-0.02 * top, 1.015 * top)
    ax.set_ylim(span(mean.to_numpy(), [-mid, mid]))
    ax.set_xticks(x, [f"{value:g}" for value in x])
    ax.set_ylabel(f"Difference from {reference},\n{unit(outcome)}: mean\n(lower: less {outcome})")
    ax.set_xlabel(f"sigma_p, sd between kinds of placebo, {unit(outcome)}, taken as known")
    _at_the_end(ax, mean.loc[named].iloc[:, -1], {t: style[0] for t, style in styles.items()})
    heading(
        ax,
        f"{len(named)} of {len(mean)} treatments (coloured, named) have a 95% CrI that excludes 0 "
        "at some sigma_p: a full mark where it does, a hollow one where not. At 0 all placebos are "
        f"one; at {x.max():g} they are as good as split. Grey band: within the MID (±{mid:g}).",
        100,
    )
    lower = place(figure, 0, 0, 5.2, 0.85)
    _sigma(lower, of_sigma.iloc[0], ax.get_xlim(), outcome)
    lower.set_xticks(x, [f"{value:g}" for value in x])
    return figure


def _over(grid: pd.DataFrame, what: str) -> pd.DataFrame:
    table = grid.assign(value=numbers(grid["value"]), shown=numbers(grid[what]))
    return table.pivot(index="name", columns="value", values="shown").sort_index(axis=1)


def _at_the_end(ax: Axes, last: pd.Series, colours: Mapping[str, str]) -> None:
    """Names beyond the right end of their lines, none over another."""
    low, high = ax.get_ylim()
    inch = (high - low) / (ax.get_position().height * ax.figure.get_figheight())
    for treatment, here, there in rows_of(last.index, last, apart(last, 0.15 * inch)):
        ax.annotate(
            name(treatment),
            (1.0, here),
            xycoords=ax.get_yaxis_transform(),
            xytext=(1.06, there),
            textcoords=ax.get_yaxis_transform(),
            color=colours[treatment],
            fontsize=SMALL,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colours[treatment], "lw": 0.7},
        )


def _sigma(ax: Axes, row: pd.Series, limits: tuple[float, float], outcome: str) -> None:
    """Prior density and posterior of sigma_p, on the axis of the grid."""
    prior, top = prior_of_text(row["prior"]), 1.0
    if prior is not None and not prior.is_fixed:
        x = np.linspace(1e-6, limits[1], 400)
        density = np.exp(prior.logpdf(x))
        top = float(density.max())
        ax.fill_between(x, density, color=LIGHT, lw=0)
        ax.plot(x, density, color=GREY, lw=1.0, label=f"prior {row['prior']}")
    bounds = [[float(row[key])] for key in ("ci_low", "median", "ci_high")]
    intervals(ax, [0.45 * top], *bounds, limits, BLUE, width=2)
    driven = bool(flags(pd.Series([row["prior_driven"]]))[0])
    told = estimate(float(row["median"]), float(row["ci_low"]), float(row["ci_high"]))
    ax.text(
        *(1.02, 0.45),
        f"posterior {told}" + "\nprior-driven: the trials say little of it" * driven,
        transform=ax.transAxes,
        fontsize=SMALL,
        va="center",
        color=BLUE,
    )
    ax.text(1.02, 0.92, f"prior {row['prior']}", transform=ax.transAxes, fontsize=SMALL, color=GREY)
    ax.set_xlim(limits)
    ax.set_ylim(0, 1.08 * top)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"sigma_p, {unit(outcome)}: prior (grey), posterior median and 95% CrI (blue)")


def lumping(
    fine: pd.DataFrame,
    medium: pd.DataFrame,
    coarse: pd.DataFrame,
    outcome: str = "pain",
    maps: pd.DataFrame | None = None,
    reference: str = THE_REFERENCE,
) -> Figure:
    """What coarse nodes hide: the effect of each as a band, those of its medium nodes as
    squares and of its fine ones as dots. The tables are effects.csv of three analyses;
    ``maps`` has columns fine, treatment (medium) and coarse, as treatments.csv."""
    effects = [
        table.set_index(pd.Index(texts(table["treatment"])))[["median", *CREDIBLE]].astype(float)
        for table in (fine, medium, coarse)
    ]
    chosen, found = _lumped(maps, *effects)
    if not chosen:
        return said(
            "No coarse treatment of this stratum holds more than one finer one: lumping hides "
            "nothing here."
        )
    rows = [row for node in chosen for row in _of_node(found[found["coarse"] == node], *effects)]
    figure, ax = frame(4.8, ROW * len(rows))
    y = rows_axis(ax, [row["label"] for row in rows], stripes=False)
    values = {key: _stack(rows, key) for key in ("band", "medium", "fine")}
    limits = span(*values.values(), limit=WIDEST)
    heads = np.flatnonzero([row["head"] for row in rows])
    for i, end in zip(heads, [*heads[1:], len(rows)], strict=True):
        median, *band = np.clip(values["band"][i], *limits)
        bottom, top = y[end - 1] - 0.45, y[i] + 0.45
        if np.isfinite(median):
            ax.fill_betweenx([bottom, top], *band, color=ORANGE, alpha=0.22, lw=0, zorder=0.8)
            ax.plot([median, median], [bottom, top], color=ORANGE, lw=1.2, zorder=1.5)
    for tick, row in zip(ax.get_yticklabels(), rows, strict=True):
        tick.set_fontweight("bold" if row["head"] else "normal")
        tick.set_color(BLUE if "fine" in row and "medium" not in row else INK)
    both = np.isfinite(values["medium"][:, 0]) & np.isfinite(values["fine"][:, 0])
    upper, lower = two(y)
    draw_rows(ax, np.where(both, upper, y), values["medium"], limits, INK, "s", size=5)
    draw_rows(ax, np.where(both, lower, y), values["fine"], limits, BLUE, size=4, width=1.1)
    column(ax, 0.15, y, [_said_row(row) for row in rows], "median (95% CrI); of the dot, if any")
    effects_axis(ax, limits, reference, outcome, ": median and 95% CrI")
    many = sum((found.groupby("coarse").size() > 1).tolist())
    heading(
        ax,
        shown(len(chosen), many, "coarse treatments (those of most members)")
        + "Coarse treatments (bold) as bands, what they hold under them. A dot far from its "
        "band: lumping hides a difference, or the trials are small (a wide interval).",
        110,
        pad=20,
    )
    handles = [
        Patch(color=ORANGE, alpha=0.3, label="coarse"),
        Line2D([], [], color=INK, marker="s", ms=5, label="as in the main analysis"),
        Line2D([], [], color=BLUE, marker="o", ms=4, label="fine"),
    ]
    legend(ax, 0.62, 3, handles=handles)
    return figure


def _lumped(
    maps: pd.DataFrame | None, fine: pd.DataFrame, medium: pd.DataFrame, coarse: pd.DataFrame
) -> tuple[list[str], pd.DataFrame]:
    """Coarse nodes with more than one fine member that has an effect, most members first,
    and the map of those members."""
    if maps is None or not len(fine):
        return [], pd.DataFrame(columns=["fine", "treatment", "coarse"])
    found = maps[["fine", "treatment", "coarse"]].astype(str).drop_duplicates("fine")
    found = found[found["fine"].isin(fine.index)]
    size = found.groupby("coarse").size()
    size = size[(size > 1) & size.index.isin(coarse.index)]
    order = sorted(size.index, key=lambda node: (-size[node], coarse.at[node, "median"], node))
    return order[:MOST_NODES], found


def _of_node(
    members: pd.DataFrame, fine: pd.DataFrame, medium: pd.DataFrame, coarse: pd.DataFrame
) -> list[dict]:
    """Rows of one coarse node: itself, its medium nodes, under each its fine ones. A medium
    node with one fine member shares its row."""
    node = members["coarse"].iloc[0]
    rows = [{"label": name(node), "head": True, "band": _row(coarse, node)}]
    groups = dict(list(members.groupby("treatment")))
    for own in sorted(groups, key=lambda t: (_row(medium, t)[0], t)):
        inside = sorted(groups[own]["fine"], key=lambda t: (fine.at[t, "median"], t))
        label = own if inside in ([own], []) else f"{own}: {inside[0]}"
        rows.append({"label": name(own), "head": False, "medium": _row(medium, own)})
        if len(inside) == 1 and len(label) <= NAME:
            rows[-1] |= {"label": label, "fine": _row(fine, inside[0])}
            continue
        rows += [{"label": name(each), "head": False, "fine": _row(fine, each)} for each in inside]
    return rows


def _row(effects: pd.DataFrame, treatment: str) -> list[float]:
    if treatment not in effects.index:
        return [np.nan] * 3
    return effects.loc[treatment].tolist()


def _stack(rows: list[dict], key: str) -> Array:
    return np.array([row.get(key, [np.nan] * 3) for row in rows], dtype=float)


def _said_row(row: dict) -> str:
    values = [row[key] for key in ("band", "medium", "fine") if key in row]
    return unless_blank(np.array(values[-1]))
