"""What two sheets disagree on, as a page and a few lines for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from nma.living.compare import CELL, ONLY_A, ONLY_B, Compared


def page(compared: Compared, names: Sequence[str], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What workflow/report/compare.html.jinja shows; ``names`` are the two files."""
    found, told = compared.disagreements, compared.consequences
    studies = []
    for (study, stratum), own in told.groupby(["study", "stratum"], sort=False):
        moved = own.dropna(subset=["treatment"])
        shifted = moved.dropna(subset=["shift"])
        top = (
            shifted.loc[shifted["shift_sd"].astype(float).abs().idxmax()] if len(shifted) else None
        )
        studies.append(
            {
                "study": study,
                "stratum": settings["strata"][stratum]["label"],
                "disagreements": int(own["disagreements"].iloc[0]),
                "flips": [s for s in own["sentence"] if s],
                "grave": bool((own["flip"] == "yes").any()),
                "treatment": None if top is None else top["treatment"],
                "shift": None if top is None else float(top["shift"]),
                "shift_sd": None if top is None else float(top["shift_sd"]),
                "tau_shift": float(own["tau_shift"].iloc[0]),
            }
        )
    grave = list(dict.fromkeys(s["study"] for s in studies if s["grave"]))
    order = list(dict.fromkeys([*told["study"], *found["study"]]))
    groups = [(study, found[found["study"] == study].to_dict("records")) for study in order]
    return {
        "names": list(names),
        "counts": compared.counts,
        "cells": int((found["what"] == CELL).sum()),
        "only_a": int((found["what"] == ONLY_A).sum()),
        "only_b": int((found["what"] == ONLY_B).sum()),
        "disagreeing": int(found["study"].nunique()),
        "studies": studies,
        "grave": grave,
        "groups": [group for group in groups if group[1]],
        "settings": settings,
    }


def terminal(context: Mapping[str, Any], path: str) -> str:
    """A short summary for the terminal."""
    a, b = context["names"]
    counts = context["counts"]
    lines = [
        f"A: {a}, {counts['rows_a']} rows of {counts['studies_a']} studies",
        f"B: {b}, {counts['rows_b']} rows of {counts['studies_b']} studies",
        f"{_count(context['cells'], 'cell differs', 'cells differ')}, "
        f"{_count(context['only_a'], 'row is', 'rows are')} only in A, {context['only_b']} only "
        f"in B; {_count(context['disagreeing'], 'study has', 'studies have')} disagreements.",
    ]
    if not context["disagreeing"]:
        lines.append("The two extractions agree.")
    elif context["grave"]:
        lines.append("Settle first, a verdict depends on it:")
        lines += [
            f"  {s['study']}: {' '.join(s['flips'])}" for s in context["studies"] if s["grave"]
        ]
    else:
        lines.append("No verdict depends on any one of them.")
    return "\n".join([*lines, f"Comparison: {path}"]) + "\n"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
