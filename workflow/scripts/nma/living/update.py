"""The update: a release beside the run at hand, as tables, a page and a few lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nma import contract, strata, tables
from nma.living import changes, movers, pairs, update_page
from nma.living.refit import Refits, of_arms
from nma.living.release import Release
from nma.living.standing import standing, words_of

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
        folders = (release.tables / "main" / name, run.results / "main" / name)
        told = update_page.context(
            stratum["label"],
            folders,
            made,
            own[own["stratum"] == name],
            run.settings,
            same_arms(*folders),
            _network(folders[1])["reason"],
        )
        contexts.append({"name": name, **told})
    apart = found["rows"][0]
    apart = apart[~apart["stratum"].isin(list(chosen))]
    if len(apart):
        contexts.append(update_page.outside(apart))
    joined = {name: tables.stacked(parts, parts[0].columns) for name, parts in found.items()}
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
        return tables.read_json(path)
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
