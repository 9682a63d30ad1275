"""Figures of what the hyperparameters of a model learned: slopes, heterogeneity by modality,
scales of studies, priors beside posteriors."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from nma.checks.figure_parts import (
    LIMIT,
    canvas,
    column,
    frame,
    heading,
    intervals,
    label_points,
    legend,
    num,
    numbers,
    place,
    rows_axis,
    said,
    short,
    shown,
    span,
    texts,
)
from nma.model_figures_parts import (
    ROW,
    Array,
    base,
    estimate,
    meaning,
    name,
    prior_handles,
    unit,
    with_priors,
)
from nma.palette import BLUE, GREY, INK, MODALITY, ORANGE
from nma.style import direction

MOST_STUDIES = 15  # of scales
MOST_PULL, MOST_FAR = 4, 2  # named in bubble
AREA = 230.0  # points^2 of the heaviest bubble
# Panels of hyperparameters, which have no unit in common: name, parameters, whether they are
# positive, what stands on the axis.
PANELS = (
    ("sd", ("tau", "omega", "sigma_p", "kappa", "level_sd"), True, "standard deviation, {unit}"),
    ("mean", ("b", "m", "c", "bias", "dev"), False, "{unit} (below 0: less {outcome})"),
    ("level", ("slope",), False, "change of an effect per point of control level, {unit}"),
    ("slope", ("slope",), False, "change of an effect per unit of the covariate, {unit}"),
    ("log", ("log_tau", "log_tau_sd"), False, "log of {unit}"),
    ("other", (), False, "{unit}"),
)


def bubble(
    points: pd.DataFrame,
    slope: tuple[float, float, float, float],
    covariate: str,
    unit_of_slope: str,
    outcome: str = "pain",
    back: Callable[[Array], Array] | None = None,
    note: str = "",
) -> Figure:
    """Differences less the model's effects over a covariate, and the model's slope.

    ``points`` has study, treatment, x, residual, se, weight and perhaps modality
    (``model_figures_data.bubble_points``); ``slope`` is mean, low, high and the centre, on
    the scale of x; ``back`` takes x to what the reader knows (``regression.COVARIATES``).
    """
    if points.empty:
        return said(
            f"No study states {covariate} and compares an active treatment with placebo or no "
            "treatment: there is nothing to see of the slope."
        )
    x, y, weight = (numbers(points[key]) for key in ("x", "residual", "weight"))
    mean, low, high, centre = map(float, slope)
    figure, ax = frame(6.4, 4.0)
    kinds = texts(points["modality"]) if "modality" in points else [""] * len(points)
    colours = [MODALITY.get(kind, GREY if any(kinds) else BLUE) for kind in kinds]
    area = AREA * weight / weight.max()
    order = np.argsort(-area, kind="stable")
    ax.scatter(
        *(x[order], y[order]),
        s=area[order],
        c=[colours[i] for i in order],
        alpha=0.65,
        edgecolor="white",
        linewidth=0.6,
        zorder=3,
    )
    room = 0.05 * max(float(np.ptp(x)), 1e-3)
    ends = np.array([min(x.min(), centre) - room, max(x.max(), centre) + room])
    line = np.linspace(*ends, 101) - centre
    edges = np.sort([low * line, high * line], axis=0)
    ax.fill_between(line + centre, *edges, color=INK, alpha=0.10, lw=0, zorder=1)
    ax.plot(line + centre, mean * line, color=INK, lw=1.5, zorder=2, label="slope")
    ax.axhline(0, color=GREY, lw=0.8, zorder=1)
    ax.axvline(centre, color=GREY, lw=0.7, ls=":", zorder=1)
    ax.set_xlim(ends)
    ax.set_ylim(span(y, limit=2 * LIMIT))
    if back is not None:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=np.ptp(ends) >= 2))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{float(back(at)):.4g}"))
    ax.set_xlabel(f"{covariate} (dotted: where the model states effects)")
    ax.set_ylabel(
        f"Observed difference less the model's effect,\n{unit(outcome)}\n{direction(outcome)}"
    )
    pull, far = weight * (x - centre) ** 2, weight * (y - mean * (x - centre)) ** 2
    chosen = list(dict.fromkeys([*np.argsort(-pull)[:MOST_PULL], *np.argsort(-far)[:MOST_FAR]]))
    names = [short(points["study"].iloc[i], 60) for i in chosen]
    along = np.linspace(*ends, 60)
    crowd = np.concatenate([x, along]), np.concatenate([y, mean * (along - centre)])
    label_points(ax, x[chosen], y[chosen], names, crowd=crowd)
    for text in ax.texts:
        text.set_path_effects([withStroke(linewidth=2, foreground="white")])
    told = estimate(mean, low, high, 2 if abs(high - low) < 5 else 1)
    studies = points["study"].nunique()
    heading(
        ax,
        f"Slope {told} {unit(outcome)} {unit_of_slope}, mean and 95% CrI (band). "
        f"{studies} studies, {len(points)} comparisons with placebo, no treatment or usual care; "
        "area: weight in the model. Named: the studies that pull most at the slope or lie "
        f"furthest from it.{' ' * bool(note)}{note}",
        110,
    )
    handles = [
        Line2D([], [], marker="o", ls="", color=MODALITY[kind], ms=6, label=kind)
        for kind in MODALITY
        if kind in kinds
    ]
    if handles:
        legend(ax, 0.6, len(handles), handles=handles)
    return figure


def modality(
    learned: pd.DataFrame,
    shifts: pd.DataFrame,
    outcome: str = "pain",
    modality: Mapping[str, str] | None = None,
) -> Figure:
    """Left: tau of every modality beside its prior. Right: the sd of every effect in this
    model over that with one tau for all."""
    taus = learned[[base(p)[0] == "tau" and "[" in p for p in texts(learned["parameter"])]]
    if taus.empty:
        return said(
            "The active treatments of this stratum are of one modality: there is one tau, and the "
            "model is the plain network."
        )
    ratio = shifts.assign(sd_ratio=numbers(shifts["sd_ratio"])).dropna(subset="sd_ratio")
    ratio = ratio.sort_values("sd_ratio", kind="stable")
    taus = taus.sort_values("median", kind="stable")
    tall = ROW * max(len(ratio), len(taus) + 2)
    figure = canvas(9.5, tall)
    height = 1.3 * ROW * len(taus)
    left = place(figure, 0, tall - height, 3.2, height)
    with_priors(left, taus, [name(base(p)[1]) for p in texts(taus["parameter"])], positive=True)
    left.set_xlabel(f"sd between studies (tau),\n{unit(outcome)}")
    heading(left, "Do trials of some modalities differ more?", pad=20)
    legend(left, 0.72, 1, handles=prior_handles())
    if len(ratio):
        _ratios(place(figure, 6.0, 0, 3.2, tall), ratio, modality or {})
    return figure


def _ratios(ax: Axes, table: pd.DataFrame, modality: Mapping[str, str]) -> None:
    """Dots on a logarithmic axis, from gain to loss of precision; names on the right."""
    names = texts(table["treatment"])
    told = [f" ({modality[n]})" if modality.get(n, "none") != "none" else "" for n in names]
    y = rows_axis(ax, [name(n) + of for n, of in zip(names, told, strict=True)])
    ax.yaxis.tick_right()
    ax.tick_params(axis="y", length=0)
    ratio = numbers(table["sd_ratio"])
    for which, colour, label in (
        (ratio < 1, BLUE, "more precise"),
        (ratio >= 1, ORANGE, "less precise"),
    ):
        ax.hlines(y[which], 1, ratio[which], color=colour, lw=1.5, zorder=2)
        ax.plot(ratio[which], y[which], "o", color=colour, ms=4.5, zorder=3, label=label)
    ax.axvline(1, color=INK, lw=0.8, zorder=1)
    far = max(1.06 * float(np.exp(np.abs(np.log(ratio)).max())), 1.1)
    _log_ticks(ax, (1 / far, far), 2.0 if far > 2.2 else 1.25)
    ax.set_xlabel("sd of the effect, this model over one tau for all")
    lost = int((ratio > 1).sum())
    heading(
        ax,
        f"{len(ratio) - lost} effects become more precise (blue), {lost} less (orange)",
        pad=20,
    )


def _log_ticks(ax: Axes, limits: tuple[float, float], step: float) -> None:
    """A logarithmic axis with plain numbers at powers of ``step`` that lie within it."""
    ax.set_xscale("log")
    powers = np.arange(
        np.ceil(np.log(limits[0]) / np.log(step)), np.floor(np.log(limits[1]) / np.log(step)) + 1
    )
    while len(powers) > 9:
        powers = powers[powers % 2 == 0] / 2
        step = step**2
    ax.xaxis.set_major_locator(FixedLocator(step**powers))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(_ratio))
    ax.set_xlim(limits)


def _ratio(at: float, _: int | None = None) -> str:
    """ "1/4" of a quarter."""
    below = round(1 / at)
    return f"1/{below}" if below > 1 and abs(below * at - 1) < 1e-6 else f"{at:.2g}"


def scales(details: pd.DataFrame, outcome: str = "pain") -> Figure:
    """The studies that lie furthest out: the smallest means of the scales that divide their
    heterogeneity variances."""
    every = details[details["what"] == "scale"]
    if every.empty:
        return said("Study effects are normal in this model: no study has a scale of its own.")
    table = every.assign(mean=numbers(every["mean"]), name=texts(every["name"]))
    table = table.sort_values(["mean", "name"], kind="stable").head(MOST_STUDIES)
    mean, low, high = (numbers(table[key]) for key in ("mean", "ci_low", "ci_high"))
    chance = np.array([float(str(note).rsplit(" ", 1)[-1] or "nan") for note in table["note"]])
    figure, ax = frame(4.2, 1.15 * ROW * len(table))
    y = rows_axis(ax, [name(study) for study in table["name"]])
    limits = (0.8 * float(low.min()), 1.25 * max(float(high.max()), 1.0))
    intervals(ax, y, low, mean, high, limits, BLUE, hollow=chance < 0.5)
    ax.axvline(1, color=INK, lw=0.8, zorder=1)
    _log_ticks(ax, limits, 2.0)
    column(
        ax,
        0.15,
        y,
        [estimate(*row, 2) for row in zip(mean, low, high, strict=True)],
        "mean (95% CrI)",
    )
    bold = (chance >= 0.9).tolist()
    column(ax, 2.6, y, [num(p, 2) for p in chance], "P(scale < 1/2)", "right", bold)
    ax.set_xlabel(
        "scale of the study (no unit): mean and 95% CrI\nfurther out   ←   1   →   as expected"
    )
    heading(
        ax,
        shown(len(table), len(every), "studies (those of the smallest scale)")
        + "A study's effect scatters around the treatment's with variance tau² / scale, in "
        f"{unit(outcome)}: at 1/4 twice as far, and it then counts for less. Full: P(scale < 1/2) "
        "is 1/2 or more.",
        100,
        pad=20,
    )
    return figure


def hyperparameters(rows: pd.DataFrame, outcome: str = "pain") -> Figure:
    """Priors beside posteriors of the hyperparameters of all analyses: ``rows`` of ``learned``
    with a column analysis. Parameters with no unit in common stand on axes of their own."""
    if rows.empty:
        return said("No analysis of this stratum has a hyperparameter that is learned.")
    kinds = [_panel(parameter) for parameter in texts(rows["parameter"])]
    drawn = [(panel, rows[[kind == panel[0] for kind in kinds]]) for panel in PANELS]
    drawn = [(panel, part) for panel, part in drawn if len(part)]
    heights = [1.15 * ROW * len(part) for _, part in drawn]
    between = 0.85
    total = sum(heights) + between * (len(drawn) - 1)
    figure, top = canvas(4.6, total), total
    axes = []
    for (panel, part), height in zip(drawn, heights, strict=True):
        _, order, positive, label = panel
        bases = [base(parameter)[0] for parameter in texts(part["parameter"])]
        known = [order.index(each) if each in order else len(order) for each in bases]
        part = part.assign(_place=known).sort_values("_place", kind="stable")
        ax = place(figure, 0, top - height, 4.6, height)
        with_priors(ax, part, _labels(part), positive)
        ax.set_xlabel(label.format(unit=unit(outcome), outcome=outcome), fontsize=8.5)
        top -= height + between
        axes.append(ax)
    driven = sum(str(each).casefold() in ("true", "1", "1.0") for each in rows["prior_driven"])
    heading(
        axes[0],
        "What the trials add to the priors of each analysis. Prior-driven "
        f"({driven} of {len(rows)}): the posterior's sd is more than 0.8 of the prior's; such an "
        "answer is the prior's. Arrow: the prior goes on.",
        110,
        pad=20,
    )
    legend(axes[-1], 0.5, 2, handles=prior_handles(hollow=driven > 0))
    return figure


def _panel(parameter: str) -> str:
    what, of = base(parameter)
    if what == "slope":
        return "slope" if of else "level"
    return next((panel for panel, own, *_ in PANELS if what in own), "other")


def _labels(part: pd.DataFrame) -> Sequence[str]:
    names = [analysis.replace("_", " ") for analysis in texts(part["analysis"])]
    return [
        f"{name(analysis)}: {name(meaning(parameter))}"
        for analysis, parameter in zip(names, texts(part["parameter"]), strict=True)
    ]
