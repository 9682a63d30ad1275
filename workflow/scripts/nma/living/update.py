"""The update: a release beside the run at hand, as tables, a page and a few lines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nma import contract, strata, tables
from nma.living import changes, movers, pairs
from nma.living.manifest import fingerprint
from nma.living.refit import Refits, of_arms
from nma.living.release import OF_MAIN, Release
from nma.living.standing import standing, words_of
from nma.pages import listed, number

PARTS = ("rows", "effects", "movers", "network")


@dataclass(frozen=True)
class Run:
    """The results at hand, and the registries and settings that they were made with."""

    results: Path
    settings: Mapping[str, Any]  # of main
    instruments: Path
    treatments: Path


@dataclass(frozen=True)
class Update:
    """``tables`` by their name in results/update/, and a context per stratum for the page."""

    tables: dict[str, pd.DataFrame]
    strata: list[dict[str, Any]]
    release: Release


def compare(release: Release, run: Run) -> Update:
    """Everything that differs between a release and a run, and who did it."""
    old = tables.read_back(release.tables / "validation/trials.csv")
    new = tables.read_back(run.results / "validation/trials.csv")
    chosen = run.settings["strata"]
    where = {side: strata.assign(rows, chosen) for side, rows in (("old", old), ("new", new))}
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in PARTS}
    found["rows"].append(changes.rows(old, new, where))
    contexts = []
    for name, stratum in chosen.items():
        rows = {"old": old[where["old"] == name], "new": new[where["new"] == name]}
        made = _stratum(name, release, run, rows)
        for part, table in made.items():
            found[part].append(table)
        own = found["rows"][0]
        context = _context(name, stratum["label"], release, run, made, own[own["stratum"] == name])
        contexts.append(context)
    outside = found["rows"][0]
    outside = outside[~outside["stratum"].isin(list(chosen))]
    if len(outside):
        contexts.append(_outside(outside))
    joined = {name: _stacked(parts) for name, parts in found.items()}
    return Update(joined, contexts, release)


def terminal(update: Update, page: str) -> str:
    """A short summary for the terminal."""
    lines = [f"Compared with release {update.release.version}:"]
    for stratum in update.strata:
        lines += [f"  {line}" for line in stratum["lines"]]
    return "\n".join([*lines, f"Update: {page}"]) + "\n"


def page(update: Update, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What workflow/report/update.html.jinja shows."""
    release = update.release.manifest["release"]
    return {
        "strata": update.strata,
        "release": release,
        "settings": settings,
        "said": lambda verdict: words_of(verdict or "", settings),
    }


def _stratum(
    name: str, release: Release, run: Run, rows: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """effects, movers and network of one stratum."""
    before, after = release.tables / "main" / name, run.results / "main" / name
    old_settings = release.settings["main"]
    networks = {"old": _network(before), "new": _network(after)}
    if same_arms(before, after) and _rule(old_settings) == _rule(run.settings):
        moves = pd.DataFrame(columns=movers.COLUMNS)
    else:
        moves = _moves(before, networks["old"], old_settings, run, rows)
    sides = {
        "old": _standing(before, networks["old"], old_settings),
        "new": _standing(after, networks["new"], run.settings),
    }
    error = np.sqrt(_mcse(before).pow(2).add(_mcse(after).pow(2)))
    told = changes.effects(name, sides["old"], sides["new"], moves, error, run.settings)
    return {
        "effects": told,
        "movers": moves.assign(stratum=name)[["stratum", *movers.COLUMNS]],
        "network": changes.network(name, networks["old"], networks["new"]),
    }


def same_arms(before: Path, after: Path) -> bool:
    """Whether two strata analyse the same figures, wherever their rows stand."""
    if not (before / "arms.csv").exists() or not (after / "arms.csv").exists():
        return False
    if (before / "arms.csv").read_bytes() == (after / "arms.csv").read_bytes():
        return True
    a, b = (tables.read_back(folder / "arms.csv") for folder in (before, after))
    return a.drop(columns=["file", "rows"]).equals(b.drop(columns=["file", "rows"]))


def _moves(before: Path, network, settings, run: Run, rows) -> pd.DataFrame:
    treatments = tables.read_input(run.treatments, contract.TREATMENTS, "treatments")
    instruments = tables.read_input(run.instruments, contract.INSTRUMENTS, "instruments")
    refits = Refits(instruments, treatments, run.settings)
    old, new = rows["old"], rows["new"]

    def rows_of(study: str | None) -> pd.DataFrame:
        if study is None:
            return new
        if study == "":
            return old
        return pairs.exchange(old, new, study)

    known = (before / "arms.csv").exists()
    arms = tables.read_typed(before / "arms.csv") if known else pd.DataFrame()
    start = of_arms(arms, network, settings)
    return movers.movers(start, pairs.touched(old, new), refits, rows_of)


def _rule(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Of the settings, what effects and verdicts depend on beside the arms."""
    return {key: settings[key] for key in ("reference", "model", "mid", "headline")}


def _network(folder: Path) -> dict[str, Any]:
    path = folder / "network.json"
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    reason = "The release has no such stratum."
    empty: dict[str, Any] = {"nodes": [], "edges": [], "islands": [], "reference": ""}
    return {"estimable": False, "reason": reason, **empty}


def _standing(folder: Path, network: Mapping[str, Any], settings: Mapping[str, Any]):
    kinds = {node["treatment"]: node.get("kind", "active") for node in network["nodes"]}
    return standing(folder, kinds, settings["mid"]["value"], settings["headline"])


def _mcse(folder: Path) -> pd.Series:
    """Monte Carlo standard error of every published mean, by treatment."""
    path = folder / "convergence.csv"
    if not path.exists():
        return pd.Series(dtype=float)
    table = tables.read_typed(path).set_index("parameter")["mcse_mean"].astype(float)
    table.index = table.index.str.replace(r"^d\[(.*)\]$", r"\1", regex=True)
    return table


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    kept = [part.astype(object) for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else parts[0]


def _context(name, label, release, run, made, rows) -> dict[str, Any]:
    """One stratum of the page, its plain sentences first."""
    before, after = release.tables / "main" / name, run.results / "main" / name
    told, moves = made["effects"], made["movers"]
    alike, unlike = _files(before, after)
    by = {kind: part for kind, part in told.groupby("change", sort=False)}
    moved = [kind for kind in ("new", "gone", "verdict", "noise", "moved") if kind in by]
    whole = moves[moves["study"] == movers.ALL]
    out = {
        "name": name,
        "label": label,
        "unchanged": whole.empty and same_arms(before, after),
        "sentences": [s for kind in moved for s in by[kind]["sentence"]],
        "effects": _records(told),
        "movers": _movers(moves, run.settings),
        "network": _records(made["network"]),
        "rows": _rows(rows),
        "cells": _records(rows[rows["change"] == "changed"]),
        "alike": alike,
        "unlike": unlike,
        "estimable": len(told) > 0,
        "reason": _network(after)["reason"],
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
    return f"{did}. {count} of {treatments} treatments move, come or go; {verdicts}."


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


def _outside(rows: pd.DataFrame) -> dict[str, Any]:
    lead = f"{len(_rows(rows))} studies have rows, new, changed or gone, that belong to no stratum."
    return {
        "name": "outside", "label": "In no stratum", "unchanged": True, "lead": lead,
        "lines": [f"In no stratum: {lead}"], "sentences": [], "effects": [], "movers": [],
        "network": [], "rows": _rows(rows), "cells": [], "alike": [], "unlike": [],
        "estimable": False, "reason": "", "tau_shift": 0.0, "still": "", "rated": False,
    }  # fmt: skip


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(k): None if isinstance(v, float) and pd.isna(v) else v for k, v in row.items()}
        for row in table.to_dict("records")
    ]
