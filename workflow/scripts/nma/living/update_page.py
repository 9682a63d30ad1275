"""What the page of an update shows of one stratum: plain sentences first, then its tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nma.living import movers
from nma.living.manifest import fingerprint
from nma.living.release import OF_MAIN
from nma.living.standing import words_of
from nma.pages import listed, number, records


def context(
    label: str,
    folders: tuple[Path, Path],
    made: Mapping[str, pd.DataFrame],
    rows: pd.DataFrame,
    settings: Mapping[str, Any],
    same: bool,
    reason: str,
) -> dict[str, Any]:
    """One stratum. ``folders`` are its tables then and now; ``made`` has effects, movers and
    network, ``rows`` its lines of rows.csv; ``same`` says that both analyse the same arms,
    ``reason`` why it is not estimable now."""
    told, moves = made["effects"], made["movers"]
    alike, unlike = _files(*folders)
    by = {kind: part for kind, part in told.groupby("change", sort=False)}
    moved = [kind for kind in ("new", "gone", "verdict", "noise", "moved") if kind in by]
    whole = moves[moves["study"] == movers.ALL]
    out = {
        "label": label,
        "unchanged": whole.empty and same,
        "sentences": [s for kind in moved for s in by[kind]["sentence"]],
        "effects": records(told),
        "told": records(told[told["change"] != "same"]),
        "same": records(told[told["change"] == "same"]),
        # The reference has a rank, but no row.
        "ranked": [1 + int(told[f"{side}_mean_rank"].notna().sum()) for side in ("old", "new")],
        "movers": _movers(moves, settings),
        "network": records(made["network"]),
        "rows": _rows(rows),
        "cells": records(rows[rows["change"] == "changed"]),
        "alike": alike,
        "unlike": unlike,
        "estimable": len(told) > 0,
        "reason": reason,
        "tau_shift": float(whole["tau_shift"].iloc[0]) if len(whole) else 0.0,
        "rated": bool((told[["old_certainty", "new_certainty"]] != "").any(axis=None)),
        "still": _still(by.get("same"), told, moves),
    }
    out["lead"] = _lead(out, len(told))
    verdicts = [s for kind in ("new", "gone", "verdict", "noise") if kind in by
                for s in by[kind]["sentence"]]  # fmt: skip
    out["lines"] = [f"{label}: {out['lead']}", *(f"  {line}" for line in verdicts)]
    if len(by.get("moved", ())):
        out["lines"] += [f"  {line}" for line in by["moved"]["sentence"].head(3)]
    return out


def _lead(out: Mapping[str, Any], treatments: int) -> str:
    if out["unchanged"]:
        files = (
            f"all {len(out['alike'])} result tables are the same byte for byte"
            if not out["unlike"]
            else f"{len(out['alike'])} result tables are the same byte for byte; not "
            f"{listed(out['unlike'])}, which name rows"
        )
        return f"nothing changed: the arms analysed are the same, and {files}."
    if not out["estimable"]:
        return f"not estimable: {out['reason']}"
    if not out["movers"]:
        return "the arms analysed are the same figures; effects are those of the release."
    names = [m["study"] for m in out["movers"] if m["study"] not in (movers.ALL, movers.SETTINGS)]
    count = len(out["sentences"])
    more = [f"{len(names) - 5} more"] if len(names) > 5 else []
    reach = ""
    if names:
        who = listed([*names[:5], *more])
        reach = f"{who} {'changes' if len(names) == 1 else 'change'} the analysis"
    settings = any(m["study"] == movers.SETTINGS for m in out["movers"])
    also = "settings, treatments or scales changed" if settings else ""
    did = "; ".join(part for part in (reach, also) if part) or "the arms analysed changed"
    flips = sum(row["change"] == "verdict" for row in out["effects"])
    verdicts = f"{flips} {'verdict changes' if flips == 1 else 'verdicts change'}"
    verdicts = verdicts if flips else "no verdict changes"
    move = "moves, comes or goes" if count == 1 else "move, come or go"
    return f"{did}. {count} of {treatments} treatments {move}; {verdicts}."


def _still(same: pd.DataFrame | None, told: pd.DataFrame, moves: pd.DataFrame) -> str:
    """What did not move, in words."""
    if same is None or moves.empty:
        return ""
    largest = same["exact_shift"].abs().max()
    return (
        f"{len(same)} of {len(told)} effects did not move to speak of: none by more than "
        f"{number(largest, 2)} points in the exact refit, less than {movers.SEEN:g} of its "
        f"standard deviation. What the table shows beyond that is Monte Carlo error."
    )


def _files(before: Path, after: Path) -> tuple[list[str], list[str]]:
    """Published tables of a stratum that are the same byte for byte, and those that are not."""
    names = [*(f"{name}.csv" for name in OF_MAIN), "network.json"]
    there = [name for name in names if (before / name).exists() or (after / name).exists()]
    same = [
        name
        for name in there
        if (before / name).exists()
        and (after / name).exists()
        and fingerprint(before / name) == fingerprint(after / name)
    ]
    return same, [name for name in there if name not in same]


def _movers(moves: pd.DataFrame, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A line per change: the largest shift, flips, what it links or unlinks."""
    found = []
    for study, own in moves.groupby("study", sort=False):
        moved = own[own["size"] >= movers.SEEN / 10]
        top = moved.iloc[0] if len(moved) else None
        flips = own[(own["flip"] == "yes") & own["size"].notna()]
        found.append(
            {
                "study": study,
                "treatment": None if top is None else top["treatment"],
                "shift": None if top is None else top["shift"],
                "shift_sd": None if top is None else top["shift_sd"],
                "tau_shift": own["tau_shift"].iloc[0],
                "flips": [
                    f"{r.treatment}: {words_of(r.verdict_before, settings)}, then "
                    f"{words_of(r.verdict_after, settings)}"
                    for r in flips.itertuples()
                ],
                "links": own.loc[own["verdict_before"] == "", "treatment"].tolist(),
                "unlinks": own.loc[own["verdict_after"] == "", "treatment"].tolist(),
            }
        )
    return found


def _rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows by what happened to them and study; a changed row counts once."""
    each = rows.drop_duplicates(["change", "study", "file", "row"])
    return [
        {"change": change, "study": study, "rows": len(part), "of": part["row_of"].tolist(),
         "file": part["file"].iloc[0]}
        for (change, study), part in each.groupby(["change", "study"], sort=False)
    ]  # fmt: skip


def outside(rows: pd.DataFrame) -> dict[str, Any]:
    """Rows that belong to no stratum, new, changed or gone."""
    found = _rows(rows)
    lead = f"rows of {listed([r['study'] for r in found])} changed, but belong to no stratum."
    lists = ("sentences", "effects", "told", "same", "movers", "network", "cells", "alike")
    return {
        **{name: [] for name in (*lists, "unlike")},
        **{"name": "outside", "label": "In no stratum", "lead": lead, "rows": found},
        **{"lines": [f"In no stratum: {lead}"], "unchanged": True, "estimable": False},
        **{"reason": "", "still": "", "rated": False, "ranked": [0, 0], "tau_shift": 0.0},
    }
