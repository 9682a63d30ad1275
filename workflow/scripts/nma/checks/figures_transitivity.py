"""Figure of the effect modifiers that the data hold, by comparison."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nma.checks.figure_parts import (
    SMALL,
    numbers,
    p_value,
    pair,
    place,
    rows_axis,
    said,
    short,
    texts,
)
from nma.style import BLUE, INK, plt

NUMERIC = {
    "year": "year",
    "n": "participants (log scale)",
    "weeks": "weeks to assessment",
    "baseline": "pain at baseline, points",
}
LEVELS = {"rob": ["low", "some_concerns", "high"], "doubt": ["no", "yes"]}
MOST_COMPARISONS, MOST_LEVELS = 18, 4
ROW, GAP = 0.22, 0.22  # inches
PAIR = ["treatment", "comparator"]


def modifiers(values: pd.DataFrame, tests: pd.DataFrame) -> Figure:
    """Year, size, weeks, baseline, risk of bias ... of the studies of every comparison.
    ``values`` is modifiers.csv, ``tests`` modifier_tests.csv."""
    if values.empty:
        return said("The studies hold no effect modifier that could be compared.")
    values = values.assign(
        value=numbers(values["value"]),
        level=texts(values["level"]),
        row=[pair(*names, 26) for names in zip(*(texts(values[n]) for n in PAIR), strict=True)],
        known=values["reported"].astype(str) == "True",
    )
    values, rows, several = _rows(values)
    drawn, notes = [], []
    for name in dict.fromkeys(values["modifier"]):
        of = values[values["modifier"] == name]
        known = of[of["known"]]
        plain = name.replace("_", " ")
        if known.empty:
            notes.append(f"no study reports {plain}")
        elif name not in NUMERIC and known["level"].nunique() == 1:
            notes.append(f"{plain} is {known['level'].iloc[0]} in every study that reports it")
        else:
            drawn.append((name, of))
    if not drawn:
        return said(f"No modifier differs between the studies: {'; '.join(notes)}.")
    p = dict(zip(texts(tests["modifier"]), numbers(tests["p"]), strict=True)) if len(tests) else {}
    bands = [
        part
        for part in (
            [d for d in drawn if d[0] in NUMERIC],
            [d for d in drawn if d[0] not in NUMERIC],
        )
        if part
    ]
    height = ROW * len(rows)
    figure = plt.figure(figsize=(7.6, len(bands) * (height + 1.5)))
    top = figure.get_figheight()
    for band in bands:
        width = (7.6 + GAP) / max(len(band), 2) - GAP
        for i, (name, of) in enumerate(band):
            ax = place(figure, i * (width + GAP), top - height, width, height)
            y = dict(zip(rows, rows_axis(ax, rows if i == 0 else [""] * len(rows)), strict=True))
            draw = _strip if name in NUMERIC else _bubbles
            draw(ax, name, of[of["known"]], y)
            studies, known = of["study"].nunique(), of.loc[of["known"], "study"].nunique()
            test = f", p {p_value(p[name])}" if np.isfinite(p.get(name, np.nan)) else ""
            ax.set_title(f"{name.replace('_', ' ')}: {known} of {studies}{test}", fontsize=8)
        top -= height + 1.5
    note = f"{several[0]} of {several[1]} comparisons have two studies or more"
    note += f", {several[2]} shown; " if several[2] < several[0] else "; "
    note += "the others are pooled in the last row. " if rows[-1].startswith("single") else ""
    note += "Titles: studies that report it; p: Kruskal-Wallis over comparisons, descriptive."
    if notes:
        note += f"\nNot drawn: {'; '.join(notes)}."
    figure.text(0, 1 + 0.35 / figure.get_figheight(), note, fontsize=8.5, va="bottom")
    return figure


def _rows(values: pd.DataFrame) -> tuple[pd.DataFrame, list[str], tuple[int, int, int]]:
    """Values with the row each belongs to, the rows, and how many comparisons have two
    studies, there are, and are drawn."""
    studies = values.groupby("row")["study"].nunique()
    often = studies[studies > 1].sort_values(ascending=False, kind="stable")
    kept = often.head(MOST_COMPARISONS).index.tolist()
    singles = values["row"].isin(studies[studies == 1].index)
    rest = f"single-study comparisons ({singles.groupby(values['row']).first().sum()})"
    labels = {name: f"{name} ({studies[name]})" for name in kept}
    values = values.assign(row=values["row"].map(labels).where(~singles, rest))
    values = values.dropna(subset="row").drop_duplicates(["row", "study", "modifier", "value"])
    rows = [*labels.values(), *([rest] if singles.any() else [])]
    return values, rows, (len(often), len(studies), len(kept))


def _strip(ax: Axes, name: str, known: pd.DataFrame, y: dict[str, float]) -> None:
    """One point a study, spread so that equals are seen, and the median of each row."""
    known = known.sort_values(["row", "value"], kind="stable")
    spread = (known.groupby("row").cumcount() % 5 - 2) * 0.13
    at = known["row"].map(y) + spread
    ax.plot(known["value"], at, "o", color=BLUE, mec="white", mew=0.3, ms=4, alpha=0.7)
    middle = known.groupby("row")["value"].median()
    place_ = middle.index.map(y).to_numpy(dtype=float)
    ax.vlines(middle, place_ - 0.42, place_ + 0.42, color=INK, lw=1.6, zorder=3)
    if name == "n":
        ax.set_xscale("log")
    ax.set_xlabel(NUMERIC[name], fontsize=8)
    ax.tick_params(axis="x", labelsize=SMALL)


def _bubbles(ax: Axes, name: str, known: pd.DataFrame, y: dict[str, float]) -> None:
    """How many studies of a row have each level: area and number."""
    known = known.drop_duplicates(["row", "study", "level"])
    counts = known["level"].value_counts()
    ordered = sorted(counts.index, key=lambda level: (-counts[level], level))
    levels = [v for v in LEVELS.get(name, []) if v in counts.index] or ordered[:MOST_LEVELS]
    others = [v for v in ordered if v not in levels]
    labels = [short(v.replace("_", " "), 18) for v in levels]
    if others:
        labels.append(f"{len(others)} others")
    column = {v: j for j, v in enumerate(levels)} | {v: len(levels) for v in others}
    table = known.assign(x=known["level"].map(column)).groupby(["row", "x"]).size()
    x = table.index.get_level_values("x").to_numpy(dtype=float)
    at = table.index.get_level_values("row").map(y).to_numpy(dtype=float)
    n = table.to_numpy()
    ax.scatter(
        x, at, s=np.clip(20 + 14 * n, None, 190), color="#cfe0ee", edgecolor="none", zorder=2
    )
    for a, b, count in zip(x, at, n, strict=True):
        ax.text(a, b, str(count), ha="center", va="center", fontsize=6.5, zorder=3)
    ax.set_xlim(-0.6, len(labels) - 0.4)
    ax.set_xticks(
        range(len(labels)), labels, rotation=40, ha="right", rotation_mode="anchor", fontsize=SMALL
    )
