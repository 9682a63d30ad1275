"""Figures of what the answers hang on: single studies, priors, thresholds, analyses."""

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from textwrap import fill, wrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nma.checks.figure_parts import (
    SMALL,
    column,
    flags,
    frame,
    heading,
    intervals,
    legend,
    numbers,
    pair,
    place,
    rows_axis,
    said,
    short,
    shown,
    span,
    texts,
)
from nma.style import BLUE, GREEN, GREY, INK, LIGHT, ORANGE, RED, SKY, plt

MOST_STUDIES, MOST_CASES, MOST_TREATMENTS, MOST_ANALYSES, MOST_THRESHOLDS = 10, 10, 24, 10, 7
STYLES = (
    *((INK, "D"), (BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (RED, "v"), (SKY, "P")),
    *(("#CC79A7", "X"), (GREY, "<"), ("#8c6d1f", ">"), ("#444e86", "h")),
)
GAP = 0.045  # inches between the intervals of one row


def influence(studies: pd.DataFrame, effects: pd.DataFrame) -> Figure:
    """The ten studies on which the answers hang most: Cook's distance and what changes
    without each. ``studies`` is influence.csv, ``effects`` influence_effects.csv."""
    cook = numbers(studies["cook"]) if len(studies) else np.array([])
    if not np.isfinite(cook).any():
        return said(
            "No effect can be estimated without any one of the studies, so there is no change "
            "to measure."
        )
    table = studies.assign(cook=cook).dropna(subset="cook")
    table = table.sort_values(["cook", "study"], ascending=[False, True]).head(MOST_STUDIES)
    moved = effects.set_index([effects["study"].astype(str), effects["treatment"].astype(str)])
    largest, tau, verdicts = [], [], []
    for row in table.to_dict("records"):
        largest.append(_moved(row, moved))
        tau.append(f"{row['tau_change']:+.2f}".replace("-", "−"))
        verdicts.append(_verdicts(row))
    labels = [
        f"{short(study, 40)}\n{short(design, 52)}"
        for study, design in zip(texts(table["study"]), texts(table["treatments"]), strict=True)
    ]
    figure, ax = frame(1.8, 0.42 * len(table))
    y = rows_axis(ax, labels)
    ax.barh(y, table["cook"], height=0.5, color=BLUE, zorder=2)
    ax.tick_params(axis="y", labelsize=SMALL)
    ax.set_xlim(0, 1.05 * max(float(table["cook"].max()), 1e-6))
    ax.locator_params(axis="x", nbins=3)
    ax.set_xlabel("Cook's distance")
    column(ax, 0.15, y, largest, "largest change of an effect (points)")
    column(ax, 2.85, y, tau, "tau", "right")
    column(ax, 3.0, y, verdicts, "verdicts and treatments that change or are lost")
    heading(
        ax,
        f"The {len(table)} most influential of {len(studies)} studies"
        if len(table) > 1
        else "One study",
    )
    return figure


def _moved(row: Mapping[str, object], effects: pd.DataFrame) -> str:
    """ "exercise −8.2 → −4.7": the effect with and without the study."""
    if not isinstance(row["moved"], str) or not row["moved"]:
        return ""
    key, name = (str(row["study"]), row["moved"]), short(row["moved"], 30)
    if key not in effects.index:
        return f"{name} by {row['max_change']:.1f}"
    found = effects.loc[[key]].iloc[0]
    before = found["mean"] - found["change"]
    return f"{name}\n{before:.1f} → {found['mean']:.1f}".replace("-", "−")


def _verdicts(row: Mapping[str, object]) -> str:
    """What is no longer, or now, said without the study, in at most three lines."""
    said_ = [row["flipped"], row["note"]]
    if str(row["best_changes"]) in ("True", "1"):
        said_.insert(0, f"lowest mean rank: {row['best']}")
    whole = "; ".join(text for text in said_ if isinstance(text, str) and text)
    if not whole:
        return "none"
    lines = wrap(whole, 62)
    return "\n".join(lines if len(lines) <= 3 else [*lines[:2], short(" ".join(lines[2:]), 60)])


def priors(effects: pd.DataFrame, tau: pd.DataFrame, reference: str, mid: float) -> Figure:
    """Every effect under every prior, and tau. ``effects`` is prior_effects.csv, ``tau``
    prior_tau.csv; the first case is the analysis's own."""
    if effects.empty:
        return said("There is no effect to estimate under other priors.")
    cases = texts(tau["case"])[:MOST_CASES]
    effects = effects.assign(case=texts(effects["case"]), treatment=texts(effects["treatment"]))
    low, median, high = (
        effects.pivot(index="treatment", columns="case", values=name)[cases].astype(float)
        for name in ("ci_low", "median", "ci_high")
    )
    verdict = effects.pivot(index="treatment", columns="case", values="verdict")[cases]
    differs = verdict.ne(verdict[cases[0]], axis=0)
    weight = differs.any(axis=1) * 1e6 + (median.max(axis=1) - median.min(axis=1))
    kept = weight.sort_values(ascending=False, kind="stable").head(MOST_TREATMENTS).index
    order = median.loc[kept, cases[0]].sort_values(kind="stable").index
    letters = dict(zip(cases, ascii_uppercase, strict=False))
    step = GAP * len(cases) + 0.12
    top, bottom = 0.2 * len(cases), step * len(order)
    figure = plt.figure(figsize=(5.0, top + 0.95 + bottom))

    upper = place(figure, 0, bottom + 0.95, 5.0, top)
    y = rows_axis(upper, [f"{case}  {letters[case]}" for case in cases], stripes=False)
    limits = (0.0, 1.05 * float(max(numbers(tau["ci_high"]).max(), 1.0)))
    bounds = tau[["ci_low", "median", "ci_high"]].astype(float).to_numpy()
    for at, (colour, marker), row in zip(y, STYLES, bounds, strict=False):
        intervals(upper, [at], *row[:, None], limits, colour, marker)
    upper.set_xlim(limits)
    upper.set_xlabel("between-study sd tau, points: median and 95% CrI", fontsize=8)
    first = "The analysis's own prior is A. "
    changed = int(differs.any(axis=1).sum())
    heading(
        upper,
        first
        + shown(len(order), len(median), "treatments")
        + f"Verdict changes under some prior: {changed} of {len(median)} treatments.",
    )

    ax = place(figure, 0, 0, 5.0, bottom)
    y = rows_axis(ax, [short(name) for name in order])
    parts = [part.loc[order].to_numpy() for part in (low, median, high)]
    limits = span(*parts, [-mid, mid], limit=60.0)
    ax.axvspan(-mid, mid, color=LIGHT, alpha=0.55, lw=0, zorder=0.5)
    ax.axvline(0, color=INK, lw=0.8, zorder=1)
    for j, (colour, marker) in zip(range(len(cases)), STYLES, strict=False):
        shift = ((len(cases) - 1) / 2 - j) * GAP / step
        hollow = ~differs.loc[order, cases[j]].to_numpy() if j else False
        intervals(
            ax,
            y + shift,
            *(part[:, j] for part in parts),
            limits,
            colour,
            marker,
            hollow=hollow,
            width=1.1,
            size=3.4,
        )
    column(
        ax,
        0.15,
        y,
        [_changes(verdict.loc[name], letters) for name in order],
        "verdict under A → under others",
    )
    ax.set_xlim(limits)
    ax.set_xlabel(
        f"Difference from {reference}, points of 0-100 pain: median and 95% CrI\n"
        f"less pain than {reference}   ←   0   →   more pain"
    )
    legend(
        ax,
        0.62,
        3,
        handles=[
            Line2D(
                [], [], color=GREY, marker="o", mfc="white", ms=4, lw=1.1, label="same verdict as A"
            ),
            Line2D([], [], color=GREY, marker="o", ms=4, lw=1.1, label="another verdict"),
            Patch(color=LIGHT, label=f"within the MID (±{mid:g})"),
        ],
    )
    return figure


def _changes(verdicts: pd.Series, letters: Mapping[str, str]) -> str:
    """ "beats → not shown (B, F)", or blank where every case says the same."""
    own = verdicts.iloc[0]
    others: dict[str, list[str]] = {}
    for case, verdict in verdicts.items():
        if verdict != own:
            others.setdefault(verdict, []).append(letters[case])
    said_ = [f"{verdict} ({', '.join(which)})" for verdict, which in others.items()]
    return f"{own} → {'; '.join(said_)}" if said_ else ""


def thresholds(table: pd.DataFrame) -> Figure:
    """The most sensitive results and the interval in which each leaves the decision as it
    is. ``table`` is thresholds.csv; the exact columns are used where they were computed."""
    groups = [
        (decision, level, part.head(MOST_THRESHOLDS))
        for (decision, level), part in _reacting(table).groupby(["decision", "level"], sort=False)
    ]
    if not groups:
        return said(
            "No result would have to be watched: no shift of up to 100 points in any study or "
            "comparison changes the best treatment or a verdict."
        )
    row, gap, wide = 0.3, 0.85, 4.0
    figure = plt.figure(figsize=(wide, sum(row * len(part) + gap for *_, part in groups)))
    top = figure.get_figheight()
    for decision, level, part in groups:
        height = row * len(part)
        top -= height + gap
        ax = place(figure, 0, top + gap / 2, wide, height)
        _invariant(ax, part)
        now = texts(part["now"])[0]
        names = now.split("; ")
        what = (
            f"Best treatment (lowest mean): {now}"
            if decision == "best"
            else f"Beat the reference by the MID: {now if len(names) < 4 else len(names)}"
        )
        one = "one study's result moves" if level == "study" else "a pooled direct comparison moves"
        every = int(((table["decision"] == decision) & (table["level"] == level)).sum())
        ax.set_title(
            f"{fill(what, 110)} – {one} ({shown(len(part), every, 'results').rstrip('. ') or 'all'})",
            fontsize=8.5,
            pad=15,
        )
    ax.set_xlabel("estimate, points of 0-100 pain (below 0: less pain with the first named)")
    legend(
        ax,
        0.55,
        3,
        handles=[
            Line2D([], [], color=BLUE, marker="o", ms=4, label="95% CI inside"),
            Line2D([], [], color=RED, marker="D", ms=4, label="95% CI reaches a change"),
            Patch(fc=LIGHT, ec=GREY, lw=0.6, label="the decision stays"),
        ],
    )
    return figure


def _reacting(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that some shift changes, with the exact answer in place of the linear one
    where there is one, the most sensitive first in every group."""
    if table.empty:
        return table
    table = table.copy()
    exact = np.isfinite(numbers(table["exact_margin"])) | (numbers(table["exact_margin"]) == np.inf)
    for name in (
        "now",
        "threshold_low",
        "threshold_high",
        "change_low",
        "change_high",
        "ci_inside",
        "margin",
    ):
        table[name] = table[name].astype(object)
        table.loc[exact, name] = table.loc[exact, f"exact_{name}"].astype(object)
    table["margin"] = numbers(table["margin"])
    table = table[np.isfinite(table["margin"])]
    return table.sort_values(["margin"], kind="stable").sort_values(
        ["decision", "level"], ascending=[True, False], kind="stable"
    )


def _invariant(ax: plt.Axes, part: pd.DataFrame) -> None:
    names = [
        (f"{short(study, 26)}: " if study else "") + pair(*both, 24 if study else 32)
        for study, *both in zip(
            *(texts(part[name]) for name in ("study", "treatment", "comparator")), strict=True
        )
    ]
    y = rows_axis(ax, names, stripes=False)
    ax.tick_params(axis="y", labelsize=SMALL)
    low, high = numbers(part["threshold_low"]), numbers(part["threshold_high"])
    ci = [numbers(part[name]) for name in ("ci_low", "estimate", "ci_high")]
    limits = span(*ci, low, high)
    left, right = np.clip(low, *limits), np.clip(high, *limits)
    ax.barh(y, right - left, left=left, height=0.62, color=LIGHT, zorder=1)
    ax.axvline(0, color=GREY, lw=0.6, zorder=1)
    for end in (low, high):
        is_end = np.isfinite(end)
        ax.vlines(end[is_end], y[is_end] - 0.31, y[is_end] + 0.31, color=INK, lw=1.2, zorder=2)
    inside = flags(part["ci_inside"])
    for which, colour, marker in ((inside, BLUE, "o"), (~inside, RED, "D")):
        intervals(ax, y[which], *(each[which] for each in ci), limits, colour, marker, size=4)
    ax.set_xlim(limits)
    ax.tick_params(axis="x", labelsize=SMALL)
    for inches, side, bound, title in (
        (0.15, "low", low, "below the interval"),
        (2.4, "high", high, "above the interval"),
    ):
        cells = [
            ""
            if not np.isfinite(b)
            else f"< {b:.1f}: {text}"
            if side == "low"
            else f"> {b:.1f}: {text}"
            for b, text in zip(bound, texts(part[f"change_{side}"]), strict=True)
        ]
        cells = [
            fill(short(c.replace(" the reference by the MID", " by the MID"), 76), 40).replace(
                "-", "−"
            )
            if c
            else "–"
            for c in cells
        ]
        column(ax, inches, y, cells, title)


def sensitivity(
    effects: Mapping[str, pd.DataFrame],
    reference: str,
    mid: float,
    not_estimable: Sequence[str] = (),
) -> Figure:
    """Every effect under every analysis, the first of which is the main one. ``effects``
    maps an analysis to its effects.csv; ``not_estimable`` names those without one."""
    names = [name for name, table in effects.items() if len(table)]
    missing = [*not_estimable, *(name for name in effects if name not in names)]
    if not names:
        return said(f"No analysis could be estimated: {', '.join(map(_plain, missing)) or 'none'}.")
    drawn = names[:MOST_ANALYSES]
    tables = {n: effects[n].set_index(effects[n]["treatment"].astype(str)) for n in drawn}
    order = tables[drawn[0]]["median"].astype(float).sort_values(kind="stable").index.tolist()
    order += sorted({t for table in tables.values() for t in table.index} - set(order))
    step = GAP * len(drawn) + 0.12
    figure, ax = frame(5.6, step * len(order))
    y = rows_axis(ax, [short(name) for name in order])
    parts = {
        n: [
            table[c].astype(float).reindex(order).to_numpy()
            for c in ("ci_low", "median", "ci_high")
        ]
        for n, table in tables.items()
    }
    limits = span(*(each for part in parts.values() for each in part), [-mid, mid], limit=60.0)
    ax.axvspan(-mid, mid, color=LIGHT, alpha=0.55, lw=0, zorder=0.5)
    ax.axvline(0, color=INK, lw=0.8, zorder=1)
    handles = []
    for j, (n, (colour, marker)) in enumerate(zip(drawn, STYLES, strict=False)):
        low, median, high = parts[n]
        shift = ((len(drawn) - 1) / 2 - j) * GAP / step
        intervals(
            ax,
            y + shift,
            low,
            median,
            high,
            limits,
            colour,
            marker,
            hollow=(low <= 0) & (high >= 0),
            width=1.1,
            size=3.4,
        )
        absent = int(np.isnan(median).sum())
        label = _plain(n) + (f" ({absent} not in it)" if absent else "")
        handles.append(Line2D([], [], color=colour, marker=marker, ms=4, lw=1.1, label=label))
    ax.set_xlim(limits)
    ax.set_xlabel(
        f"Difference from {reference}, points of 0-100 pain: median and 95% CrI\n"
        f"less pain than {reference}   ←   0   →   more pain"
    )
    handles.append(Patch(color=LIGHT, label=f"within the MID (±{mid:g})"))
    legend(ax, 0.62, 3, handles=handles)
    notes = [f"Treatments ordered by {_plain(drawn[0])}; filled: the interval excludes 0."]
    if len(names) > len(drawn):
        notes.append(f"{len(drawn)} of {len(names)} analyses shown.")
    if missing:
        notes.append(f"Not estimable: {', '.join(map(_plain, missing))}.")
    down = 0.62 + 0.19 * (-(-len(handles) // 3)) + 0.1
    ax.annotate(
        "\n".join(notes),
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
