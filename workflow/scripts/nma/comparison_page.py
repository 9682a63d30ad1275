"""The page of all analyses: what the templates need, read from the results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nma import comparison
from nma.pages import embed, records
from nma.settings import parts_of
from nma.tables import read_json, read_typed

SYMBOLS = {
    comparison.WORTHWHILE: "\N{BLACK CIRCLE}\N{BLACK CIRCLE}",
    comparison.BEATS: "\N{BLACK CIRCLE}",
    comparison.NOT_SHOWN: "\N{WHITE CIRCLE}",
    comparison.WORSE: "\N{MULTIPLICATION SIGN}",
    comparison.NOT_LINKED: "\N{EN DASH}",
    comparison.ABSENT: "",
}
# What a part of a model asks, for readers who did not write the config.
QUESTIONS = {
    "structure classes": "What if treatments of one class are alike but not the same?",
    "structure additive": "What if a combination does what its components do, added up?",
    "placebo exchangeable": "What if kinds of placebo differ, around a common one?",
    "placebo split": "What beats this kind of placebo?",
    "regression": "Do effects change with the study?",
    "bias down_weight": "What if studies at risk of bias count for less?",
    "bias term": "What if studies at risk of bias are off by a bias of their own?",
    "heterogeneity": "What if drugs differ less from study to study than manual therapies?",
    "study_effects": "What if single studies may lie far out?",
    "treatment_map": "What if treatments are lumped less, or more?",
}
ENOUGH = 12  # rows of a long table that the page shows


def collect(root: Path, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Context of comparison.html; ``settings`` maps an analysis to its merged settings."""
    main = settings["main"]
    strata = [
        _stratum(root, name, chosen["label"], settings) for name, chosen in main["strata"].items()
    ]
    return {"strata": strata, "settings": main, "symbols": SYMBOLS}


def _stratum(root: Path, name: str, label: str, settings) -> dict[str, Any]:
    folder = root / "comparison" / name
    analyses = read_typed(folder / "analyses.csv")
    verdicts = read_typed(folder / "verdicts.csv")
    figures = {p.stem: embed(p) for p in sorted((folder / "figures").glob("*.svg"))}
    names = analyses["analysis"].tolist()
    return {
        "name": name,
        "label": label,
        "analyses": records(analyses),
        "sentences": comparison.survival(verdicts) if len(verdicts) else [],
        "matrix": _matrix(verdicts, names),
        "models": [
            _model(root / analysis / name, analysis, settings[analysis], settings["main"])
            for analysis in names
            if (root / analysis / name / "learned.csv").exists()
            and question(settings[analysis], settings["main"])
        ],
        "figures": figures,
    }


def _matrix(verdicts: pd.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    """Treatments in the table's order; per analysis its verdict and figures."""
    rows = []
    for treatment, group in verdicts.groupby("treatment", sort=False):
        cells = {row["analysis"]: row for row in records(group)}
        rows.append(
            {
                "treatment": treatment,
                "changed": bool(_true(group["changed"]).any()),
                "cells": [cells.get(name) for name in names],
            }
        )
    return rows


def question(settings: Mapping[str, Any], main: Mapping[str, Any]) -> str:
    """What an analysis asks, "" if it only filters data or changes a prior."""
    model, asked = settings["model"], []
    if settings["treatment_map"] != main["treatment_map"]:
        asked.append(QUESTIONS["treatment_map"])
    for part in parts_of(model):
        value = model[part]["method"] if part == "bias" else model[part]
        key = f"{part} {value}" if f"{part} {value}" in QUESTIONS else part
        asked.append(QUESTIONS.get(key, ""))
    return " ".join(filter(None, asked))


def _model(folder: Path, analysis: str, settings, main) -> dict[str, Any]:
    learned, shifts = read_typed(folder / "learned.csv"), read_typed(folder / "shifts.csv")
    details = read_typed(folder / "details.csv")
    adds = read_typed(folder / "fit_statistics.csv").loc[0, "adds"]
    same_map = settings["treatment_map"] == main["treatment_map"]
    shown = learned[~learned["parameter"].astype(str).str.startswith(("dev[", "bias["))]
    # Only figures that are there: an island that this model joins has none without it.
    moved = shifts.dropna(subset=["plain_mean"]) if "plain_mean" in shifts else shifts
    moved = moved.assign(size=moved["moved"].abs()).sort_values("size", ascending=False)
    network = read_json(folder / "network.json")
    split = settings["model"]["placebo"] == "split"
    return {
        "name": analysis,
        "question": question(settings, main),
        "nothing": same_map and not split and not isinstance(adds, str),
        "network": len(network["nodes"]) if split or not same_map else None,
        "reference": settings["reference"],
        "islands": network["islands"] if split or not same_map else [],
        "adds": isinstance(adds, str),
        "learned": records(shown),
        "prior_driven": shown.loc[
            shown["prior_driven"].astype(str).eq("True"), "parameter"
        ].tolist(),
        "moved": records(moved.head(ENOUGH)),
        "narrower": int((shifts["sd_ratio"] < 0.95).sum()),
        "wider": int((shifts["sd_ratio"] > 1.05).sum()),
        "treatments": len(shifts),
        "details": _details(details, settings["reference"]),
    }


def _true(column: pd.Series) -> pd.Series:
    """Yes-or-no cells as read back from a CSV."""
    return column.astype(str).eq("True")


def _details(details: pd.DataFrame, reference: str) -> list[dict[str, Any]]:
    """Groups of a model's own rows, the telling ones first."""
    groups = []
    for what, rows in details.groupby("what", sort=False):
        if what == "sigma_p":
            continue  # a figure, and details.csv
        if what == "scale" or what == "combination":
            rows = rows.sort_values("mean")
        total = len(rows)
        if what in ("scale", "combination"):
            rows = rows.head(ENOUGH)
        groups.append(
            {
                "what": WORDS.get(what, _at(what, reference)),
                "valued": bool(rows["value"].notna().any()),
                "rows": records(rows),
                "total": total,
            }
        )
    return groups


WORDS = {
    "combination": "Combinations that no trial here tried, as the sum of their components",
    "scale": "Studies that lie furthest out: a scale below 1 counts for less",
    "bias": "Bias of the active arm in each suspect study, points",
    "weight": "Studies that count for less",
}


def _at(what: str, reference: str) -> str:
    return f"Effects against {reference} {what.replace('at ', 'at values of ')}"
