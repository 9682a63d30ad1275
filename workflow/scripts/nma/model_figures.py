"""Figures of the models beyond the plain network, from the tables of ``judge``: how effects
shrink, what components add, what lumping hides. Lower is better throughout; figures of what
the hyperparameters learned are in ``model_figures_learned``.
"""

from collections.abc import Mapping
from textwrap import fill

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
    num,
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
    ROW,
    WIDEST,
    Array,
    above,
    apart,
    base,
    effects_axis,
    estimate,
    name,
    prior_of_text,
    two,
    unit,
)
from nma.style import BLUE, GREY, INK, LIGHT, ORANGE

__all__ = [
    *("bubble", "components", "hyperparameters", "lumping", "modality"),
    *("placebo_grid", "scales", "shrinkage"),
]
MOST_NODES = 8  # of lumping
PLAIN = ("plain_mean", "plain_ci_low", "plain_ci_high")
OWN = ("mean", *CREDIBLE)
ALONE = "alone in its class: not shrunk"
THE_REFERENCE = "the reference"


def shrinkage(
    shifts: pd.DataFrame,
    title: str,
    outcome: str = "pain",
    groups: Mapping[str, str] | None = None,
    learned: pd.DataFrame | None = None,
    reference: str = THE_REFERENCE,
) -> Figure:
    """Every effect in the plain network (grey) and in this model (blue), joined by a line.

    ``groups`` maps a treatment to its class; classes whose mean ``m[class]`` is in
    ``learned`` stand together under it (a diamond).
    """
    if shifts.empty:
        return said("No effect can be estimated under this model, so that none has moved.")
    rows = _by_class(shifts, groups or {}, learned)
    labels = [row["label"] for row in rows]
    figure, ax = frame(4.8, ROW * 1.25 * len(rows))
    y = rows_axis(ax, labels)
    plain = np.array([[row.get(key, np.nan) for key in PLAIN] for row in rows], dtype=float)
    model = np.array([[row.get(key, np.nan) for key in OWN] for row in rows], dtype=float)
    is_class = np.array([row["head"] for row in rows])
    limits = span(plain, model, limit=WIDEST)
    upper, lower = two(y)
    hollow = np.array([not row["told"] for row in rows])
    _three(ax, upper, plain, limits, GREY, size=4)
    _three(ax, lower, np.where(is_class[:, None], np.nan, model), limits, BLUE, hollow=hollow)
    _three(ax, y, np.where(is_class[:, None], model, np.nan), limits, INK, "D", size=5.5)
    both = np.isfinite(plain[:, 0]) & np.isfinite(model[:, 0])
    ends = np.clip([plain[both, 0], model[both, 0]], *limits)
    ax.plot(ends, [upper[both], lower[both]], color=BLUE, lw=0.8, zorder=2.5)
    for tick, head in zip(ax.get_yticklabels(), is_class, strict=True):
        tick.set_fontweight("bold" if head else "normal")
    column(ax, 0.15, y, [_unless_blank(row) for row in plain], "plain network")
    column(ax, 1.55, y, [_unless_blank(row) for row in model], "this model")
    moved = ["" if not b else num(row[0] - p[0], 1, True) for b, row, p in _zip(both, model, plain)]
    column(ax, 3.4, y, moved, "moved", "right")
    effects_axis(ax, limits, reference, outcome, ": mean and 95% CrI")
    note = "Ordered by the effect in this model, lowest first."
    if groups and is_class.any():
        note = "Classes, and treatments within them, ordered by their effect, lowest first."
    above(ax, figure, title, note)
    grey, blue = {"color": GREY, "marker": "o", "ms": 4}, {"color": BLUE, "marker": "o", "ms": 4.5}
    handles = [Line2D([], [], label="plain network", **grey)]
    handles += [Line2D([], [], label="this model", **blue)]
    if hollow.any():
        handles += [Line2D([], [], mfc="white", label="not estimable from trials", **blue)]
    if np.isfinite(model[is_class, 0]).any():
        handles += [Line2D([], [], color=INK, marker="D", ms=5, label="mean of the class")]
    legend(ax, 0.62, 4, handles=handles)
    return figure


def _by_class(
    shifts: pd.DataFrame, groups: Mapping[str, str], learned: pd.DataFrame | None
) -> list[dict]:
    """Rows of a shrinkage figure: treatments, under their class where that has a mean."""
    table = shifts.assign(
        label=[name(t) for t in texts(shifts["treatment"])],
        told=~shifts["estimable"].astype(str).isin(["no", "False"]),
        head=False,
    )
    table["group"] = [groups.get(treatment, "") for treatment in texts(shifts["treatment"])]
    table = table.sort_values("mean", kind="stable")
    if not groups or learned is None:
        return table.to_dict("records")
    means = {}
    for row in learned.to_dict("records"):
        if base(row["parameter"])[0] == "m":
            means[base(row["parameter"])[1]] = row
    rows: list[dict] = []
    for label in sorted(means, key=lambda label: float(means[label]["mean"])):
        members = table[table["group"] == label]
        mean = {key: means[label][key] for key in OWN}
        rows.append({"label": name(label), "head": True, "told": True, **mean})
        rows += members.to_dict("records")
    rest = table[~table["group"].isin(list(means))].to_dict("records")
    if rest and rows:
        rows.append({"label": ALONE, "head": True, "told": True})
    return rows + rest


def _unless_blank(row: Array) -> str:
    return estimate(*row) if np.isfinite(row[0]) else ""


def _zip(*columns: Array) -> zip:
    return zip(*columns, strict=True)


def _three(
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
    intervals(ax, y[given], low, point, high, limits, colour, marker, hollow, **options)


def components(
    learned: pd.DataFrame,
    outcome: str = "pain",
    nodes: Mapping[str, Mapping[str, str]] | None = None,
    reference: str = THE_REFERENCE,
) -> Figure:
    """What every component adds: rows ``c[...]`` of ``learned``, active ones first (``nodes``
    gives their kind), hollow where trials cannot tell one from another."""
    table = learned[[base(p)[0] == "c" for p in texts(learned["parameter"])]]
    if table.empty:
        return said(
            "No component has an effect of its own: the model of this stratum is not additive, "
            "or no treatment of it is a combination."
        )
    names = [base(p)[1] for p in texts(table["parameter"])]
    kinds = [(nodes or {}).get(n, {}).get("kind", "active") for n in names]
    table = table.assign(
        name=names, passive=[kind != "active" for kind in kinds], note=texts(table["note"])
    )
    table = table.sort_values(["passive", "mean"], kind="stable")
    notes = table["note"].to_numpy(dtype=str)
    hollow = np.array(["cannot be told from" in note for note in notes])
    driven = flags(table["prior_driven"]) | np.array(["only its prior" in n for n in notes])
    rows = table[list(OWN)].to_numpy(dtype=float)
    told = rows[~(hollow | driven)]
    limits = span(told if len(told) else rows, limit=WIDEST)
    figure, ax = frame(4.8, ROW * len(table))
    passive = table["passive"].to_numpy(dtype=bool)
    labels = [name(n) + (" (not active)" if p else "") for n, p in _zip(table["name"], passive)]
    y = rows_axis(ax, labels)
    for which, colour in ((passive, GREY), (~passive, BLUE)):
        _three(ax, y[which], rows[which], limits, colour, hollow=hollow[which])
    if passive.any() and not passive.all():
        ax.axhline(y[passive].max() + 0.5, color=GREY, lw=0.6, ls="--")
    column(ax, 0.15, y, [estimate(*row) for row in rows], "mean (95% CrI)")
    column(ax, 1.65, y, ["; ".join(_marks(*each)) for each in _zip(notes, driven)], "learned from")
    effects_axis(ax, limits, reference, outcome, " added to what it is given with")
    above(
        ax,
        figure,
        "",
        "What each component adds, whatever it is combined with, lowest first. The effect of a "
        "combination is the sum of those of its components.",
    )
    if hollow.any():
        blue = {"color": BLUE, "marker": "o", "ms": 4.5, "lw": 1.5}
        mark = Line2D([], [], mfc="white", label="only its sum with others is known", **blue)
        legend(ax, 0.62, 1, handles=[mark])
    return figure


def _marks(note: str, driven: bool) -> list[str]:
    """Where a component was tried and what is not known of it, in few words."""
    found = note.split("; ")
    tried = [part[3:] for part in found if part.startswith("in ")]
    many = len(tried[0].split(", ")) if tried else 0
    marks = ["" if many < 2 else f"{many} treatments" if tried else ""]
    marks = [f"1 treatment: {name(tried[0])}" if many == 1 else marks[0]]
    marks += [part for part in found if part.startswith("cannot be told from")]
    return [*filter(None, marks), *(["prior-driven"] if driven else [])]


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
    ends = [0.0, float(x.max())]
    ax.set_xlim(ends[0] - 0.02 * ends[1], ends[1])
    ax.set_ylim(span(mean.to_numpy(), [-mid, mid]))
    ax.set_xticks(x, [f"{value:g}" for value in x])
    ax.set_ylabel(f"Difference from {reference},\n{unit(outcome)}: mean\n(lower: less {outcome})")
    ax.set_xlabel(f"sigma_p, sd between kinds of placebo, {unit(outcome)}, taken as known")
    _at_the_end(ax, mean.loc[named].iloc[:, -1], {t: style[0] for t, style in styles.items()})
    some = f"{len(named)} of {len(mean)}" if len(named) else "None of the"
    heading(
        ax,
        f"{some} effects have a 95% CrI without 0 at some sigma_p: these are named (grey: the "
        "others),\nwith a full mark where it is without 0, a hollow one where not. Left: all "
        f"placebos are one; right: as good as split.\nGrey band: within the MID (±{mid:g}).",
    )
    _sigma(place(figure, 0, 0, 5.2, 0.85), of_sigma.iloc[0], ax.get_xlim(), outcome)
    return figure


def _over(grid: pd.DataFrame, what: str) -> pd.DataFrame:
    table = grid.assign(value=numbers(grid["value"]), shown=numbers(grid[what]))
    return table.pivot(index="name", columns="value", values="shown").sort_index(axis=1)


def _at_the_end(ax: Axes, last: pd.Series, colours: Mapping[str, str]) -> None:
    """Names beyond the right end of their lines, none over another."""
    low, high = ax.get_ylim()
    inch = (high - low) / (ax.get_position().height * ax.figure.get_figheight())
    for treatment, here, there in _zip(last.index, last, apart(last, 0.15 * inch)):
        for text, at in ((name(treatment), there),):
            ax.annotate(
                text,
                (1.0, here),
                xycoords=ax.get_yaxis_transform(),
                xytext=(1 + 0.3 / 5.2, at),
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
        ax.get_yticklabels()[i].set_fontweight("bold")
    both = np.isfinite(values["medium"][:, 0]) & np.isfinite(values["fine"][:, 0])
    upper, lower = two(y)
    _three(ax, np.where(both, upper, y), values["medium"], limits, INK, "s", size=5)
    _three(ax, np.where(both, lower, y), values["fine"], limits, BLUE, size=4, width=1.1)
    column(ax, 0.15, y, [_said_row(row) for row in rows], "median (95% CrI)")
    effects_axis(ax, limits, reference, outcome, ": median and 95% CrI")
    many = sum((found.groupby("coarse").size() > 1).tolist())
    above(
        ax,
        figure,
        "",
        shown(len(chosen), many, "coarse treatments (those of most members)")
        + "Coarse treatments (bold) as bands, what they hold under them. A dot far from its band "
        "is a treatment of which lumping tells nothing true, or a small trial.",
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
        lone = inside[0] if len(inside) == 1 else ""
        label = own if lone in ("", own) else f"{own}: {lone}"
        rows.append({"label": f"{name(label)}    ", "head": False, "medium": _row(medium, own)})
        if lone:
            rows[-1]["fine"] = _row(fine, lone)
            continue
        rows += [
            {"label": f"{name(each)}  ·  ", "head": False, "fine": _row(fine, each)}
            for each in inside
        ]
    return rows


def _row(effects: pd.DataFrame, treatment: str) -> list[float]:
    if treatment not in effects.index:
        return [np.nan] * 3
    return effects.loc[treatment].tolist()


def _stack(rows: list[dict], key: str) -> Array:
    return np.array([row.get(key, [np.nan] * 3) for row in rows], dtype=float)


def _said_row(row: dict) -> str:
    values = [row[key] for key in ("band", "medium", "fine") if key in row]
    return fill(_unless_blank(np.array(values[-1])), 60)
