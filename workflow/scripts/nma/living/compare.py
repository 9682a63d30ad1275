"""Two reviewers, two extraction sheets: where they disagree, and whether it matters.

Disagreements are cells of rows that are about the same result (``pairs``). What matters is
told by exact refits of A's data with one study's rows taken from B, one study at a time.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nma import contract, strata
from nma.intake import Intake
from nma.living import pairs
from nma.living.movers import block, differ
from nma.living.refit import Fit, Refits
from nma.living.standing import words_of
from nma.tables import FILE, ROW

DISAGREEMENTS = [
    *("study", "row_of", "what", "column", "a", "b", "a_file", "a_row", "a_column"),
    *("b_file", "b_row", "b_column", "stratum"),
]
CONSEQUENCES = [
    *("study", "stratum", "disagreements", "treatment", "a", "b", "shift", "shift_sd"),
    *("verdict_a", "verdict_b", "flip", "flips", "tau_shift", "size", "sentence"),
]
ONLY_A, ONLY_B, CELL = "row only in A", "row only in B", "cell"


@dataclass(frozen=True)
class Compared:
    """What two sheets disagree on: ``disagreements`` (DISAGREEMENTS), ``consequences``
    (CONSEQUENCES, a line per study, stratum and treatment, the gravest study first), and how
    many rows and studies either has."""

    disagreements: pd.DataFrame
    consequences: pd.DataFrame
    counts: dict[str, int]


def compare(
    a: Intake,
    b: Intake,
    instruments: pd.DataFrame,
    treatments: pd.DataFrame,
    settings: Mapping[str, Any],
) -> Compared:
    """Both sheets as the project's intake read them, without errors."""
    belongs = {
        "a": strata.assign(a.trials, settings["strata"]),
        "b": strata.assign(b.trials, settings["strata"]),
    }
    matched = pairs.pair(a.trials, b.trials)
    found = disagreements(a.trials, b.trials, matched, belongs)
    refits = Refits(instruments, treatments, settings)
    blocks = []
    for name in settings["strata"]:
        rows = {"a": a.trials[belongs["a"] == name], "b": b.trials[belongs["b"] == name]}
        blocks.append(_consequences(name, rows, refits, found))
    kept = [part for part in blocks if len(part)]
    table = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=CONSEQUENCES)
    counts = {
        "rows_a": len(a.trials),
        "rows_b": len(b.trials),
        "studies_a": int(a.trials["study"].nunique()),
        "studies_b": int(b.trials["study"].nunique()),
        "paired": sum(p.a is not None and p.b is not None for p in matched),
    }
    order = _gravity(table)
    return Compared(found, table.loc[order].reset_index(drop=True), counts)


def disagreements(
    a: pd.DataFrame,
    b: pd.DataFrame,
    matched: Sequence[pairs.Pair],
    belongs: Mapping[str, pd.Series],
) -> pd.DataFrame:
    """DISAGREEMENTS: a line per cell that differs and per row that one sheet alone has."""
    found = []
    for pair in matched:
        left = None if pair.a is None else a.iloc[pair.a]
        right = None if pair.b is None else b.iloc[pair.b]
        row = left if left is not None else right
        place = belongs["a"].iloc[pair.a] if left is not None else belongs["b"].iloc[pair.b]
        line = {"study": row["study"], "row_of": pairs.label(row), "stratum": place}
        for side, cells in (("a", left), ("b", right)):
            if cells is not None:
                line |= {f"{side}_file": cells[FILE], f"{side}_row": str(cells[ROW])}
        if left is None or right is None:
            found.append(line | {"what": ONLY_A if right is None else ONLY_B})
            continue
        for column in pairs.differing(left, right, pairs.CELLS):
            found.append(
                line
                | {
                    "what": CELL,
                    "column": column,
                    "a": left.get(column, ""),
                    "b": right.get(column, ""),
                    "a_column": _theirs(left, column),
                    "b_column": _theirs(right, column),
                }
            )
    return pd.DataFrame(found, columns=DISAGREEMENTS, dtype=object).fillna("")


def _theirs(row: pd.Series, column: str) -> str:
    """The column as the sheet itself names it."""
    return json.loads(row.get(contract.NAMES) or "{}").get(column, column)


def _consequences(
    name: str, rows: Mapping[str, pd.DataFrame], refits: Refits, found: pd.DataFrame
) -> pd.DataFrame:
    a, b = rows["a"], rows["b"]
    if a.empty and b.empty:
        return pd.DataFrame(columns=CONSEQUENCES)
    base, blocks = refits.of_rows(a), []
    counts = found.groupby("study").size()
    figures = found[~found["column"].isin(pairs.NOT_FIGURES)]
    for study in dict.fromkeys(figures["study"]):
        if study not in set(a["study"]) | set(b["study"]):
            continue
        other = refits.of_rows(pairs.exchange(a, b, study))
        blocks.append(_one(name, study, int(counts[study]), base, other, refits.settings))
    return pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=CONSEQUENCES)


def _one(
    name: str, study: str, count: int, base: Fit, other: Fit, settings: Mapping[str, Any]
) -> pd.DataFrame:
    line = {"study": study, "stratum": name, "disagreements": count}
    if not differ(base, other):
        said = "No consequence: the arms analysed are the same either way."
        return pd.DataFrame(
            [line | {"flip": "no", "flips": 0, "size": 0.0, "tau_shift": 0.0, "sentence": said}],
            columns=CONSEQUENCES,
        )
    told = block(study, base, other).rename(
        columns={
            "before": "a",
            "after": "b",
            "verdict_before": "verdict_a",
            "verdict_after": "verdict_b",
        }
    )
    told = told.assign(**line, flips=int((told["flip"] == "yes").sum()))
    told["sentence"] = [_sentence(row, settings) for row in told.to_dict("records")]
    return told.reindex(columns=CONSEQUENCES)


def _sentence(row: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    name = row["treatment"]
    said = {side: words_of(row[f"verdict_{side}"], settings) for side in ("a", "b")}
    if not row["verdict_a"]:
        return f"{name} is linked with the rows of B only: {said['b']}."
    if not row["verdict_b"]:
        return f"{name} is no longer linked with the rows of B."
    if row["flip"] == "yes":
        return f"{name}: {said['a']} with A, {said['b']} with B."
    return ""


def _gravity(table: pd.DataFrame) -> pd.Index:
    """Studies that change a verdict first, then by the largest move; treatments likewise."""
    if table.empty:
        return table.index
    size = table["size"].astype(float).fillna(np.inf)
    keys = pd.DataFrame({"study": table["study"], "stratum": table["stratum"]})
    keys["flips"] = -table["flips"].astype(int)
    keys["largest"] = -size.groupby([table["study"], table["stratum"]]).transform("max")
    keys["flip"] = table["flip"].ne("yes")
    keys["size"] = -size
    order = ["flips", "largest", "study", "stratum", "flip", "size"]
    return keys.sort_values(order, kind="stable").index
