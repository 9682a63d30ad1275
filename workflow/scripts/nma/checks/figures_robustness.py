"""Figures of what the answers hang on: single studies, priors, choices of analysis."""

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from textwrap import fill, wrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nma.checks.figure_parts import (
    GAP,
    SMALL,
    STYLES,
    canvas,
    column,
    effects_axis,
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
    short,
    shown,
    span,
    texts,
)
from nma.palette import BLUE, GREY, LIGHT
from nma.style import points_of

MOST_STUDIES, MOST_CASES, MOST_ANALYSES = 10, 10, 10
MOST_TREATMENTS, MOST_EFFECTS = 24, 40  # of priors, of sensitivity
WIDEST = 60.0  # points; an interval that goes further ends in an arrow
BOUNDS = ("ci_low", "median", "ci_high")


def influence(studies: pd.DataFrame, effects: pd.DataFrame, outcome: str = "pain") -> Figure:
    """The ten studies on which the answers hang most: Cook's distance and what changes
    without each. ``studies`` is influence.csv, ``effects`` influence_effects.csv."""
    cook = numbers(studies["cook"]) if len(studies) else np.array([])
    if not np.isfinite(cook).any():
        return said(
            "There is no change to measure: without any one of the studies no effect can be "
            "estimated."
        )
    table = studies.assign(
        cook=cook,
        best_changes=flags(studies["best_changes"]),
        **{name: texts(studies[name]) for name in ("study", "moved", "best", "flipped", "note")},
    ).dropna(subset="cook")
    table = table.sort_values(["cook", "study"], ascending=[False, True]).head(MOST_STUDIES)
    moved = effects.set_index([texts(effects["study"]), texts(effects["treatment"])])
    moved = moved[["mean", "change"]].astype(float)
    rows = table.to_dict("records")
    labels = [f"{short(row['study'], 40)}\n{short(row['treatments'], 52)}" for row in rows]
    figure, ax = frame(1.8, 0.42 * len(table))
    y = rows_axis(ax, labels)
    ax.barh(y, table["cook"], height=0.5, color=BLUE, zorder=2)
    ax.tick_params(axis="y", labelsize=SMALL)
    ax.set_xlim(0, 1.05 * max(float(table["cook"].max()), 1e-6))
    ax.locator_params(axis="x", nbins=3)
    ax.set_xlabel("Cook's distance")
    column(ax, 0.15, y, [_moved(row, moved) for row in rows], "largest change of an effect")
    tau = [num(row["tau_change"], 2, sign=True) for row in rows]
    column(ax, 3.0, y, tau, "change of tau", "right")
    column(ax, 3.2, y, [_verdicts(row) for row in rows], "other verdicts, lost treatments")
    heading(
        ax,
        shown(len(rows), len(studies), "studies")
        + f"What the answers would be without each study; {points_of(outcome)}.",
        pad=20,
    )
    return figure


def _moved(row: Mapping[str, object], effects: pd.DataFrame) -> str:
    """The effect that changes most, with and without the study."""
    key, name = (row["study"], row["moved"]), short(row["moved"], 34)
    if not row["moved"] or key not in effects.index:
        return name
    if row["max_change"] < 0.05:
        return "less than 0.1"
    found = effects.loc[[key]].iloc[0]
    return f"{name}\n{num(found['mean'] - found['change'])} → {num(found['mean'])}"


def _verdicts(row: Mapping[str, object]) -> str:
    """What is said otherwise without the study, in at most three lines."""
    parts = [f"lowest mean rank: {row['best']}" if row["best_changes"] else ""]
    whole = "; ".join(filter(None, [*parts, row["flipped"], row["note"]]))
    lines = wrap(whole, 60) or ["none"]
    if len(lines) > 3:
        lines = [*lines[:2], short(" ".join(lines[2:]), 60)]
    return "\n".join(lines)


def priors(
    effects: pd.DataFrame, tau: pd.DataFrame, reference: str, mid: float, outcome: str = "pain"
) -> Figure:
    """Every effect under every prior, and tau. ``effects`` is prior_effects.csv, ``tau``
    prior_tau.csv; the first case is the analysis's own."""
    if effects.empty or tau.empty:
        return said("There is no effect to estimate under other priors.")
    cases = texts(tau["case"])[:MOST_CASES]
    effects = effects.assign(case=texts(effects["case"]), treatment=texts(effects["treatment"]))
    bounds = [
        effects.pivot(index="treatment", columns="case", values=name)[cases].astype(float)
        for name in BOUNDS
    ]
    verdict = effects.pivot(index="treatment", columns="case", values="verdict")[cases]
    differs = verdict.ne(verdict[cases[0]], axis=0)
    median = bounds[1]
    weight = differs.any(axis=1) * 1e6 + (median.max(axis=1) - median.min(axis=1))
    kept = weight.sort_values(ascending=False, kind="stable").head(MOST_TREATMENTS).index
    order = median.loc[kept, cases[0]].sort_values(kind="stable").index
    letters = dict(zip(cases, ascii_uppercase, strict=False))
    step, wide, between = GAP * len(cases) + 0.12, 5.0, 0.75
    top, bottom = 0.2 * len(cases), step * len(order)
    figure = canvas(wide, top + between + bottom)

    upper = place(figure, 0, bottom + between, wide, top)
    y = rows_axis(upper, [f"{case}  {letters[case]}" for case in cases], stripes=False)
    limits = (0.0, 1.05 * float(max(numbers(tau["ci_high"])[: len(cases)].max(), 1.0)))
    of_tau = tau[list(BOUNDS)].astype(float).to_numpy()[: len(cases)]
    for at, (colour, marker), row in zip(y, STYLES, of_tau, strict=False):
        intervals(upper, [at], *row[:, None], limits, colour, marker)
    upper.set_xlim(limits)
    upper.tick_params(axis="x", labelsize=8)
    upper.set_xlabel("between-study sd tau, points: median and 95% CrI", fontsize=8)
    changed = int(differs.any(axis=1).sum())
    heading(
        upper,
        f"A is the prior of the analysis. {changed} of {len(median)} verdicts change under another "
        f"prior.{' ' * (len(order) < len(median))}"
        + shown(len(order), len(median), "treatments (those that change most)"),
        95,
    )

    ax = place(figure, 0, 0, wide, bottom)
    y = rows_axis(ax, [short(name) for name in order])
    parts = [part.loc[order].to_numpy() for part in bounds]
    limits = span(*parts, [-mid, mid], limit=WIDEST)
    for j, (colour, marker) in zip(range(len(cases)), STYLES, strict=False):
        at = y + ((len(cases) - 1) / 2 - j) * GAP / step
        same = ~differs.loc[order, cases[j]].to_numpy() if j else False
        drawn = (part[:, j] for part in parts)
        intervals(ax, at, *drawn, limits, colour, marker, hollow=same, width=1.1, size=3.4)
    if changed:
        said_ = [_changes(verdict.loc[name], letters) for name in order]
        column(ax, 0.15, y, said_, "verdict under A → under others")
    effects_axis(ax, limits, reference, outcome, ": median and 95% CrI", mid)
    grey = {"color": GREY, "marker": "o", "ms": 4, "lw": 1.1}
    handles = [
        Line2D([], [], mfc="white", label="same verdict as A", **grey),
        Line2D([], [], label="A, or another verdict", **grey),
        Patch(color=LIGHT, label=f"within the MID (±{mid:g})"),
    ]
    legend(ax, 0.62, 3, handles=handles)
    return figure


def _changes(verdicts: pd.Series, letters: Mapping[str, str]) -> str:
    """ "beats → not shown (B, F)", or blank where every case says the same."""
    own = verdicts.iloc[0]
    others: dict[str, list[str]] = {}
    for case, verdict in verdicts.items():
        if verdict != own:
            others.setdefault(verdict, []).append(letters[case])
    parts = [f"{verdict} ({', '.join(which)})" for verdict, which in others.items()]
    return fill(f"{own} → {'; '.join(parts)}", 42) if parts else ""


def sensitivity(
    effects: Mapping[str, pd.DataFrame],
    reference: str,
    mid: float,
    not_estimable: Sequence[str] = (),
    outcome: str = "pain",
) -> Figure:
    """Every effect under every analysis, the first of which is the main one. ``effects``
    maps an analysis to its effects.csv; ``not_estimable`` names those without one."""
    names = [name for name, table in effects.items() if len(table)]
    missing = [*not_estimable, *(name for name in effects if name not in names)]
    if not names:
        return said(f"No analysis could be estimated: {', '.join(map(_plain, missing)) or 'none'}.")
    drawn = names[:MOST_ANALYSES]
    tables = {n: effects[n].set_index(pd.Index(texts(effects[n]["treatment"]))) for n in drawn}
    every = {treatment: None for table in tables.values() for treatment in table.index}
    bounds = {
        n: table[list(BOUNDS)].astype(float).reindex(list(every)) for n, table in tables.items()
    }
    medians = pd.DataFrame({n: part["median"] for n, part in bounds.items()})
    spread = (medians.max(axis=1) - medians.min(axis=1)).sort_values(ascending=False, kind="stable")
    order = medians.loc[spread.head(MOST_EFFECTS).index].sort_values(drawn, kind="stable").index
    step = GAP * max(len(drawn), 3) + 0.12
    figure, ax = frame(5.6, step * len(order))
    y = rows_axis(ax, [short(name) for name in order])
    limits = span(
        *(part.loc[order].to_numpy() for part in bounds.values()), [-mid, mid], limit=WIDEST
    )
    handles = []
    for j, (n, (colour, marker)) in enumerate(zip(drawn, STYLES, strict=False)):
        low, median, high = bounds[n].loc[order].to_numpy().T
        at = y + ((len(drawn) - 1) / 2 - j) * GAP / step
        wide = (low <= 0) & (high >= 0)
        intervals(ax, at, low, median, high, limits, colour, marker, wide, width=1.1, size=3.4)
        absent = int(bounds[n]["median"].isna().sum())
        label = _plain(n) + (f" ({absent} not in it)" if absent else "")
        handles.append(Line2D([], [], color=colour, marker=marker, ms=4, lw=1.1, label=label))
    effects_axis(ax, limits, reference, outcome, ": median and 95% CrI", mid)
    handles.append(Patch(color=LIGHT, label=f"within the MID (±{mid:g})"))
    legend(ax, 0.62, 3, handles=handles)
    notes = [f"Treatments ordered by {_plain(drawn[0])}; filled: the interval excludes 0."]
    notes += [shown(len(order), len(every), "treatments (those that change most)")]
    notes += [shown(len(drawn), len(names), "analyses")]
    if missing:
        notes += [fill(f"Not estimable: {', '.join(map(_plain, missing))}.", 100)]
    down = 0.72 + 0.19 * (-(-len(handles) // 3))
    ax.annotate(
        "\n".join(filter(None, notes)),
        (0, 0),
        xycoords="axes fraction",
        xytext=(0, -72 * down),
        textcoords="offset points",
        va="top",
        fontsize=8,
        annotation_clip=False,
    )
    return figure


def _plain(name: str) -> str:
    return name.replace("_", " ")
