"""Rows of two tables of trials that are about the same result, and the cells that differ.

A row's key is what was measured in whom. Rows that find no partner by it are paired by less
and less of it within their study, so that a corrected week is a changed cell, not a row gone
and another come.
"""

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from nma import contract
from nma.corrections import EXCLUDED
from nma.tables import FILE, NUMBER

WHO = ("treatment", "comparator")
KEY = ("outcome", "instrument", "weeks", "measure", "difference_of", *WHO)
# Each pass pairs what the one before it left over; the last needs no more than the order.
PASSES = (KEY, ("outcome", "weeks", *WHO), ("outcome", *WHO), WHO, ("outcome", "weeks", "measure"))
CELLS = tuple(f.name for f in contract.TRIALS)
NOT_FIGURES = ("source", "note")  # where it was read, not what


@dataclass(frozen=True)
class Pair:
    """Positions of a row in either table; None where it has no partner."""

    a: int | None
    b: int | None


def plain(cell: str) -> Hashable:
    """A cell as it counts: numbers by their value, text without case and extra space."""
    text = " ".join(str(cell).split())
    return float(text) if re.fullmatch(NUMBER, text) else text.casefold()


def plained(rows: pd.DataFrame, columns: Sequence[str] = (*CELLS, EXCLUDED)) -> pd.DataFrame:
    """Every cell as it counts; a column that is not there is blank."""
    known = {}

    def once(cell: str) -> Hashable:
        if cell not in known:
            known[cell] = plain(cell)
        return known[cell]

    return pd.DataFrame(
        {c: rows[c].map(once) if c in rows else pd.Series("", index=rows.index) for c in columns},
        dtype=object,
    )


def pair(a: pd.DataFrame, b: pd.DataFrame) -> list[Pair]:
    """Every row of both tables once, in the order of a and then of b.

    Both have the contract's columns. The same row twice pairs first with first.
    """
    left, right = plained(a).reset_index(drop=True), plained(b).reset_index(drop=True)
    partner: dict[int, int] = {}
    for columns in (CELLS, *PASSES):
        key = ["study", *(c for c in columns if c != "study")]
        taken = set(partner.values())
        waiting: dict[tuple, list[int]] = {}
        for j, name in enumerate(right[key].itertuples(index=False, name=None)):
            if j not in taken:
                waiting.setdefault(name, []).append(j)
        for i, name in enumerate(left[key].itertuples(index=False, name=None)):
            if i not in partner and waiting.get(name):
                partner[i] = waiting[name].pop(0)
    taken = set(partner.values())
    return [
        *(Pair(i, partner.get(i)) for i in range(len(left))),
        *(Pair(None, j) for j in range(len(right)) if j not in taken),
    ]


def differing(a: pd.Series, b: pd.Series, columns: Iterable[str] = (*CELLS, EXCLUDED)) -> list[str]:
    """Columns in which two rows differ as they count."""
    return [c for c in columns if plain(a.get(c, "")) != plain(b.get(c, ""))]


def label(row: pd.Series) -> str:
    """What a row is about, for a reader."""
    parts = [
        row["treatment"] + (f" against {row['comparator']}" if row.get("comparator") else ""),
        row.get("outcome", ""),
        row.get("instrument", ""),
        f"{row['weeks']} weeks" if row.get("weeks") else "",
        row.get("measure", ""),
    ]
    return ", ".join(part for part in parts if part)


def touched(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Studies whose rows differ between two tables, in the order of the new and then the
    old; where a row stands in which file is no difference."""
    before, after = _by_study(old), _by_study(new)
    names = dict.fromkeys([*new["study"], *old["study"]])
    return [name for name in names if before.get(name) != after.get(name)]


def exchange(a: pd.DataFrame, b: pd.DataFrame, study: str) -> pd.DataFrame:
    """Rows of a with those of one study taken from b, from a file of their own: the same
    place in a file may hold another row in either."""
    put = b[b["study"] == study]
    return pd.concat(
        [a[a["study"] != study], put.assign(**{FILE: "(other) " + put[FILE]})],
        ignore_index=True,
    )


def _by_study(rows: pd.DataFrame) -> dict[str, list[str]]:
    cells = plained(rows).drop(columns=["study", *NOT_FIGURES])
    found: dict[str, list[str]] = {}
    for study, row in zip(rows["study"], cells.itertuples(index=False, name=None), strict=True):
        found.setdefault(study, []).append(repr(row))
    return {study: sorted(lines) for study, lines in found.items()}
