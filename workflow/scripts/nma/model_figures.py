"""Figures of the models beyond the plain network, from the tables of ``judge``: how effects
shrink and what components add; here also under one roof those of ``model_figures_nodes`` and
``model_figures_learned``. Lower is better throughout.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nma.checks.figure_parts import (
    column,
    flags,
    frame,
    heading,
    legend,
    num,
    rows_axis,
    said,
    span,
    texts,
)
from nma.model_figures_learned import bubble, hyperparameters, modality, scales
from nma.model_figures_nodes import lumping, placebo_grid
from nma.model_figures_parts import (
    CREDIBLE,
    ROW,
    THE_REFERENCE,
    WIDEST,
    base,
    draw_rows,
    effects_axis,
    estimate,
    name,
    rows_of,
    two,
    unit,
    unless_blank,
)
from nma.palette import BLUE, GREY, INK
from nma.style import direction

__all__ = [
    "bubble",
    "components",
    "hyperparameters",
    "lumping",
    "modality",
    "placebo_grid",
    "scales",
    "shrinkage",
]
PLAIN = ("plain_mean", "plain_ci_low", "plain_ci_high")
OWN = ("mean", *CREDIBLE)
ALONE = "alone in its class"


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
    draw_rows(ax, upper, plain, limits, GREY, size=4)
    draw_rows(ax, lower, np.where(is_class[:, None], np.nan, model), limits, BLUE, hollow=hollow)
    draw_rows(ax, y, np.where(is_class[:, None], model, np.nan), limits, INK, "D", size=5.5)
    both = np.isfinite(plain[:, 0]) & np.isfinite(model[:, 0])
    ends = np.clip([plain[both, 0], model[both, 0]], *limits)
    ax.plot(ends, [upper[both], lower[both]], color=BLUE, lw=0.8, zorder=2.5)
    for tick, head in zip(ax.get_yticklabels(), is_class, strict=True):
        tick.set_fontweight("bold" if head else "normal")
    column(ax, 0.15, y, [unless_blank(row) for row in plain], "plain network")
    column(ax, 1.55, y, [unless_blank(row) for row in model], "this model")
    moved = [
        "" if not b else num(row[0] - p[0], 1, True) for b, row, p in rows_of(both, model, plain)
    ]
    column(ax, 3.4, y, moved, "moved", "right")
    effects_axis(ax, limits, reference, outcome, ": mean and 95% CrI")
    note = "Ordered by the effect in this model, lowest first."
    if groups and is_class.any():
        note = "Classes, and treatments within them, ordered by their effect, lowest first."
    heading(ax, f"{title}\n{note}", 110, pad=20)
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
        if members.empty:
            continue
        mean = {key: means[label][key] for key in OWN}
        rows.append({"label": name(label), "head": True, "told": True, **mean})
        rows += members.to_dict("records")
    rest = table[~table["group"].isin(list(means))].to_dict("records")
    if rest and rows:
        rows.append({"label": ALONE, "head": True, "told": True})
    return rows + rest


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
    labels = [name(n) + (" (not active)" if p else "") for n, p in rows_of(table["name"], passive)]
    y = rows_axis(ax, labels)
    for which, colour in ((passive, GREY), (~passive, BLUE)):
        draw_rows(ax, y[which], rows[which], limits, colour, hollow=hollow[which])
    if passive.any() and not passive.all():
        ax.axhline(y[passive].max() + 0.5, color=GREY, lw=0.6, ls="--")
    column(ax, 0.15, y, [estimate(*row) for row in rows], "mean (95% CrI)")
    column(
        ax,
        1.65,
        y,
        ["; ".join(_marks(*each)) for each in rows_of(table["name"], notes, driven)],
        "learned from",
    )
    effects_axis(ax, limits, reference, outcome)
    ax.set_xlabel(
        f"What the component adds, {unit(outcome)}: mean and 95% CrI\n{direction(outcome)}"
    )
    heading(
        ax,
        "What each component adds, whatever it is combined with, lowest first. The effect of a "
        f"combination against {reference} is the sum of those of its components.",
        110,
        pad=20,
    )
    if hollow.any():
        blue = {"color": BLUE, "marker": "o", "ms": 4.5, "lw": 1.5}
        mark = Line2D([], [], mfc="white", label="only its sum with others is known", **blue)
        legend(ax, 0.62, 1, handles=[mark])
    return figure


def _marks(component: str, note: str, driven: bool) -> list[str]:
    """Where a component was tried and what is not known of it, in few words."""
    found = note.split("; ")
    tried = next((part[3:] for part in found if part.startswith("in ")), "")
    many = len(tried.split(", "))
    alone = "given alone" if tried == component else f"only in {name(tried)}"
    marks = [f"{many} treatments" if many > 1 else alone if tried else ""]
    marks += [part for part in found if part.startswith("cannot be told from")]
    return [*filter(None, marks), *(["prior-driven"] if driven else [])]
