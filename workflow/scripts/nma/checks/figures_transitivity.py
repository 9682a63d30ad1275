"""Figure of the effect modifiers that the data hold, by comparison."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from nma.checks.figure_parts import (
    SMALL,
    canvas,
    flags,
    numbers,
    p_value,
    pair,
    place,
    rows_axis,
    said,
    short,
    texts,
)
from nma.palette import BLUE, INK

NUMERIC = {
    "year": "year",
    "n": "participants (log scale)",
    "weeks": "weeks to assessment",
    "baseline": "{outcome} at baseline, points",
}
PLAIN = {"n": "participants", "rob": "risk of bias", "kind": "measure"}
LEVELS = {"rob": ["low", "some_concerns", "high"], "doubt": ["no", "yes"]}
LOG_TICKS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000]
MOST_COMPARISONS, MOST_LEVELS = 18, 4
ROW, GAP, BELOW, WIDTH = 0.22, 0.22, 1.3, 7.6  # inches
REST = "\x1f"  # row of the comparisons with one study


def modifiers(values: pd.DataFrame, tests: pd.DataFrame, outcome: str = "pain") -> Figure:
    """Year, size, weeks, baseline, risk of bias ... of the studies of every comparison.
    ``values`` is modifiers.csv, ``tests`` modifier_tests.csv."""
    if values.empty:
        return said("The studies hold no effect modifier that could be compared.")
    values = values.assign(
        value=numbers(values["value"]),
        level=texts(values["level"]),
        known=flags(values["reported"]),
        row=[
            REST.join(names)
            for names in zip(texts(values["treatment"]), texts(values["comparator"]), strict=True)
        ],
    )
    values, rows, counts = _rows(values)
    bands, notes = _bands(values)
    if not bands:
        return said(f"No modifier can be compared between the studies: {'; '.join(notes)}.")
    p = dict(zip(texts(tests["modifier"]), numbers(tests["p"]), strict=True)) if len(tests) else {}
    height = ROW * len(rows)
    figure = canvas(WIDTH, len(bands) * (height + BELOW))
    top = figure.get_figheight()
    for band in bands:
        width = (WIDTH + GAP) / max(len(band), 3) - GAP
        for i, (name, of) in enumerate(band):
            ax = place(figure, i * (width + GAP), top - height, width, height)
            y = rows_axis(ax, list(rows.values()) if i == 0 else [""] * len(rows))
            known = of[of["known"]]
            at = known.assign(y=known["row"].map(dict(zip(rows, y, strict=True))))
            (_strip if name in NUMERIC else _bubbles)(ax, name, at)
            if name in NUMERIC:
                ax.set_xlabel(NUMERIC[name].format(outcome=outcome), fontsize=8)
            studies, reported = of["study"].nunique(), known["study"].nunique()
            test = f", p {p_value(p[name])}" if np.isfinite(p.get(name, np.nan)) else ""
            ax.set_title(f"{_plain(name)}: {reported} of {studies}{test}", fontsize=8)
        top -= height + BELOW
    several, every, drawn = counts
    note = f"{several} of {every} comparisons have two studies or more"
    note += f", {drawn} shown" if drawn < several else ""
    note += "; all others are pooled in the last row. " if REST in rows else ". "
    note += "Titles: how many studies report it; p: Kruskal-Wallis over comparisons, descriptive."
    if notes:
        note += f" Not drawn: {'; '.join(notes)}."
    up = 1 + 0.3 / figure.get_figheight()
    figure.text(0, up, fill(note, 105), fontsize=8.5, va="bottom", linespacing=1.35)
    return figure


def _bands(
    values: pd.DataFrame,
) -> tuple[list[list[tuple[str, pd.DataFrame]]], list[str]]:
    """Numeric modifiers, then the others, that can be compared; why the rest cannot."""
    numeric, others, notes = [], [], []
    for name in dict.fromkeys(values["modifier"]):
        of = values[values["modifier"] == name]
        known = of[of["known"]]
        reported, studies = known["study"].nunique(), of["study"].nunique()
        if reported < min(2, studies):
            notes.append(f"{_plain(name)}, reported by {reported or 'none'} of {studies} studies")
        elif name not in NUMERIC and known["level"].nunique() == 1:
            notes.append(f"{_plain(name)}, {known['level'].iloc[0]} in every study that reports it")
        else:
            (numeric if name in NUMERIC else others).append((name, of))
    return [band for band in (numeric, others) if band], notes


def _rows(values: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str], tuple[int, int, int]]:
    """Values with the row each belongs to; the rows and their labels; how many comparisons
    have two studies, there are, and are drawn."""
    studies = values.groupby("row")["study"].nunique()
    often = studies[studies > 1].sort_values(ascending=False, kind="stable")
    kept = often.head(MOST_COMPARISONS).index
    single = studies[studies == 1].index
    labels = {name: f"{pair(*name.split(REST), 26)} ({studies[name]})" for name in kept}
    if len(single):
        labels[REST] = f"comparisons with one study ({len(single)})"
    values = values[values["row"].isin(kept.union(single))]
    values = values.assign(row=values["row"].where(values["row"].isin(kept), REST))
    values = values.drop_duplicates(["row", "study", "modifier", "value", "level"])
    return values, labels, (len(often), len(studies), len(kept))


def _strip(ax: Axes, name: str, known: pd.DataFrame) -> None:
    """One point a study, spread so that equals are seen, and the median of each row."""
    known = known.sort_values(["row", "value"], kind="stable")
    spread = (known.groupby("row").cumcount() % 5 - 2) * 0.13
    ax.plot(
        known["value"], known["y"] + spread, "o", color=BLUE, mec="white", mew=0.3, ms=4, alpha=0.7
    )
    middle = known.groupby("y")["value"].median()
    ax.vlines(middle, middle.index - 0.42, middle.index + 0.42, color=INK, lw=1.6, zorder=3)
    if name == "n":
        ax.set_xscale("log")
        low, high = known["value"].min() / 1.3, known["value"].max() * 1.3
        ax.xaxis.set_major_locator(FixedLocator([t for t in LOG_TICKS if low <= t <= high]))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        ax.set_xlim(low, high)
    else:
        ax.locator_params(axis="x", nbins=4, integer=name == "year")
    ax.tick_params(axis="x", labelsize=SMALL)


def _bubbles(ax: Axes, name: str, known: pd.DataFrame) -> None:
    """How many studies of a row have each level: area and number."""
    counts = known["level"].value_counts()
    ordered = sorted(counts.index, key=lambda level: (-counts[level], level))
    levels = [v for v in LEVELS.get(name, []) if v in counts.index] or ordered[:MOST_LEVELS]
    others = [v for v in ordered if v not in levels]
    labels = [short(_plain(v), 18) for v in levels]
    if others:
        labels.append(f"{len(others)} others")
    column = {v: j for j, v in enumerate(levels)} | {v: len(levels) for v in others}
    table = (
        known.assign(x=known["level"].map(column)).groupby(["y", "x"]).size().reset_index(name="n")
    )
    size = np.clip(20 + 14 * table["n"], None, 190)
    ax.scatter(table["x"], table["y"], s=size, color="#cfe0ee", edgecolor="none", zorder=2)
    for y, x, n in table.itertuples(index=False):
        ax.text(x, y, str(n), ha="center", va="center", fontsize=6.5, zorder=3)
    ax.set_xlim(-0.6, len(labels) - 0.4)
    ax.set_xticks(range(len(labels)), labels, rotation=40, ha="right", rotation_mode="anchor")
    ax.tick_params(axis="x", labelsize=SMALL)


def _plain(name: str) -> str:
    return PLAIN.get(name, name).replace("_", " ")
