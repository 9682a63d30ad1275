"""Changes between a release and a run: rows, effects, the network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nma.living import pairs
from nma.living.movers import SEEN, Mover, mover_of
from nma.living.standing import words_of
from nma.pages import listed, number
from nma.tables import FILE, ROW

ROWS = ["stratum", "change", "study", "row_of", "file", "row", "column", "old", "new"]
FIGURES = (
    *("mean", "sd", "ci_low", "ci_high", "p_below_0", "p_mid", "mean_rank", "rank_low"),
    *("rank_high", "verdict", "certainty"),
)
EFFECTS = [
    *("stratum", "treatment", "change"),
    *(f"{side}_{name}" for name in FIGURES for side in ("old", "new")),
    *("shift", "exact_shift", "exact_shift_sd", "mcse", "mover", "mover_shift", "others"),
    "sentence",
]
NETWORK = ["stratum", "what", "change", "name", "studies"]


def rows(old: pd.DataFrame, new: pd.DataFrame, stratum: Mapping[str, pd.Series]) -> pd.DataFrame:
    """ROWS: a line per row added or removed, and per cell changed.

    ``old`` and ``new`` are validated trials; ``stratum`` has the stratum of every row of
    both, under "old" and "new".
    """
    found = []
    for pair in pairs.pair(old, new):
        a = None if pair.a is None else old.iloc[pair.a]
        b = None if pair.b is None else new.iloc[pair.b]
        row = b if b is not None else a
        where = stratum["new"].iloc[pair.b] if b is not None else stratum["old"].iloc[pair.a]
        base = {
            "stratum": where,
            "study": row["study"],
            "row_of": pairs.label(row),
            "file": row[FILE],
            "row": row[ROW],
        }
        if a is None or b is None:
            found.append(base | {"change": "added" if a is None else "removed"})
            continue
        found += [
            base | {"change": "changed", "column": c, "old": a.get(c, ""), "new": b.get(c, "")}
            for c in pairs.differing(a, b)
        ]
    return pd.DataFrame(found, columns=ROWS, dtype=object).fillna("")


def network(stratum: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> pd.DataFrame:
    """NETWORK: treatments, comparisons, studies and islands that only one of two
    network.json has; an island that is now linked is ``joined``."""
    found = []

    def compare(what: str, before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> None:
        for name in after:
            if name not in before:
                found.append((stratum, what, "new", name, "; ".join(after[name])))
        for name in before:
            if name not in after:
                found.append((stratum, what, "gone", name, "; ".join(before[name])))

    before, after = _parts(old), _parts(new)
    for what in ("treatment", "comparison", "study"):
        compare(what, before[what], after[what])
    for name, studies in before["island"].items():
        if set(name.split(", ")) <= set(after["treatment"]):
            found.append((stratum, "island", "joined", name, "; ".join(studies)))
    islands = [{n: s for n, s in side["island"].items()} for side in (before, after)]
    for name, studies in islands[1].items():
        if name not in islands[0]:
            found.append((stratum, "island", "new", name, "; ".join(studies)))
    return pd.DataFrame(found, columns=NETWORK)


def _parts(told: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    treatments = {node["treatment"]: [] for node in told["nodes"]}
    comparisons, studies = {}, {}
    for edge in told["edges"]:
        comparisons[f"{edge['a']} : {edge['b']}"] = edge["labels"]
        for name in (edge["a"], edge["b"]):
            treatments[name] = sorted({*treatments[name], *edge["labels"]})
        studies |= {label: [label] for label in edge["labels"]}
    islands = {", ".join(i["treatments"]): i["studies"] for i in told["islands"]}
    return {
        "treatment": treatments,
        "comparison": comparisons,
        "study": dict(sorted(studies.items())),
        "island": islands,
    }


def effects(
    stratum: str,
    old: pd.DataFrame,
    new: pd.DataFrame,
    moves: pd.DataFrame,
    mcse: pd.Series,
    settings: Mapping[str, Any],
) -> pd.DataFrame:
    """EFFECTS of every treatment that either has; those that changed verdict come first.

    ``old`` and ``new`` are standings, ``moves`` is ``movers.movers``; ``mcse`` is the Monte
    Carlo standard error of the difference between two published means, by treatment.
    ``change`` is new, gone, verdict, moved, noise (the published verdict changed, that of the
    exact posterior did not) or same.
    """
    found = []
    for name in dict.fromkeys([*new.index, *old.index]):
        sides = {"old": old, "new": new}
        row: dict[str, Any] = {"stratum": stratum, "treatment": name}
        for side, table in sides.items():
            for figure in FIGURES:
                row[f"{side}_{figure}"] = (
                    table.loc[name, figure] if name in table.index else _missing(figure)
                )
        mover = mover_of(moves, name)
        row |= {
            "shift": row["new_mean"] - row["old_mean"],
            "exact_shift": 0.0 if mover.whole is None else mover.whole["shift"],
            "exact_shift_sd": 0.0 if mover.whole is None else mover.whole["shift_sd"],
            "mcse": float(mcse.get(name, np.nan)),
            "mover": mover.study,
            "mover_shift": np.nan if mover.alone is None else mover.alone["shift"],
            "others": "; ".join(mover.others),
        }
        row["change"] = _change(row, mover)
        row["sentence"] = _sentence(row, mover, settings)
        found.append(row)
    order = ["new", "gone", "verdict", "noise", "moved", "same"]
    table = pd.DataFrame(found, columns=EFFECTS)
    rank = table["change"].map(order.index)
    size = table["exact_shift_sd"].abs().fillna(np.inf)
    return table.assign(_rank=rank, _size=-size).sort_values(["_rank", "_size"])[EFFECTS]


def _missing(figure: str) -> Any:
    return "" if figure in ("verdict", "certainty") else np.nan


def _change(row: Mapping[str, Any], mover: Mover) -> str:
    if not row["old_verdict"]:
        return "new"
    if not row["new_verdict"]:
        return "gone"
    if row["old_verdict"] != row["new_verdict"]:
        return "noise" if mover.whole is None or mover.whole["flip"] == "no" else "verdict"
    return "moved" if mover.study or mover.others else "same"


def _sentence(row: Mapping[str, Any], mover: Mover, settings: Mapping[str, Any]) -> str:
    """What happened to one treatment, and who did it, in words."""
    name, change = row["treatment"], row["change"]
    said = {side: words_of(row[f"{side}_verdict"], settings) for side in ("old", "new")}
    if change == "new":
        by = f", brought by {_names(mover)}" if _names(mover) else ""
        interval = f"{number(row['new_ci_low'])} to {number(row['new_ci_high'])}"
        effect = f"{number(row['new_mean'])} points ({interval})"
        return f"{name} is new in the network{by}: {effect}, {said['new']}."
    if change == "gone":
        by = f" because of {_names(mover)}" if _names(mover) else ""
        return f"{name} is no longer linked to {settings['reference']}{by}."
    moved = f"from {number(row['old_mean'])} to {number(row['new_mean'])} points"
    if change == "same":
        return f"{name} did not move to speak of ({moved})."
    if change == "noise":
        return (
            f"{name} now reads {said['new']} instead of {said['old']}, but the exact posterior "
            f"keeps its verdict: this is Monte Carlo error at the line ({moved})."
        )
    start = (
        f"{name}, {said['old']} before, is now {said['new']} ({moved})."
        if change == "verdict"
        else f"{name} goes {moved}; it stays {said['new']}."
        if _shifted(mover.whole)
        else f"{name} is told {_sharper(mover.whole)}; it stays {said['new']}."
    )
    if not mover.study:
        return (
            f"{start} No study does this alone; together: {_names(mover)}."
            if mover.others
            else start
        )
    alone, whole = mover.alone, mover.whole
    did = (
        f"shifts the effect by {number(alone['shift'], 2)} points, all changes together by "
        f"{number(whole['shift'], 2)}"
        if _shifted(whole)
        else f"leaves the effect where it is but tells it {_sharper(alone)}"
    )
    return f"{start} The mover is {mover.study}: alone it {did}."


def _shifted(row: pd.Series) -> bool:
    """Whether it is the mean that moved, not its sd alone."""
    return abs(row["shift_sd"]) >= SEEN


def _sharper(row: pd.Series) -> str:
    how = "more" if row["sd_after"] < row["sd_before"] else "less"
    return f"{how} sharply (sd {number(row['sd_before'])} to {number(row['sd_after'])} points)"


def _names(mover: Mover) -> str:
    names = [mover.study, *mover.others] if mover.study else list(mover.others)
    return listed(names) if names else ""
