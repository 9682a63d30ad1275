"""What the page lets a reader choose: stratum, analysis, reference and MID, as compact JSON.

Every number comes from a table of the run, rounded to what the page shows; nothing is computed
anew from an approximation. The script only picks, turns signs and draws.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nma.palette import GREY, MODALITY, around
from nma.settings import differences
from nma.tables import read_json, read_typed

# A league of 100 treatments has 4,950 pairs; beyond that only main is there to choose.
MANY = 100
LIMIT = 2_000_000  # characters of all analyses but main


def collect(root: Path, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Strata, analyses and their tables under ``root`` (results/).

    ``fits`` maps "stratum/analysis" to ``pairs`` (see there), ``ranks`` and ``new`` (prediction
    intervals against ``reference``). Effects are tenths of a point,
    probabilities parts of 100,000.
    """
    main = settings["main"]
    strata, fits, left_out, size = [], {}, [], 0
    for name, chosen in main["strata"].items():
        network = read_json(root / "main" / name / "network.json")
        if not network["estimable"]:
            continue
        strata.append({"name": name, "label": chosen["label"], **_graph(network)})
        for analysis in ["main", *(a for a in settings if a != "main")]:
            folder = root / analysis / name
            if not (folder / "effects.csv").exists():
                continue
            fit = _fit(folder, settings[analysis])
            length = len(json.dumps(fit)) if analysis != "main" else 0
            if analysis != "main" and (len(fit["names"]) > MANY or size + length > LIMIT):
                left_out.append(f"{name}/{analysis}")
                continue
            size += length
            fits[f"{name}/{analysis}"] = fit
    return {
        "strata": strata,
        "fits": fits,
        "leftOut": left_out,
        "changes": {name: "; ".join(differences(main, each)) for name, each in settings.items()},
        "grid": main["mid"]["grid"],
        "mid": main["mid"]["value"],
        "outcome": main["outcome"],
        "beats": main["headline"]["beats"],
        "worthwhile": main["headline"]["worthwhile"],
    }


def script_of(context: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element: no "<" is left to close it, and the two line
    ends that JSON allows and JavaScript did not are escaped."""
    text = json.dumps(context, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _fit(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    ranks, effects = (read_typed(folder / f"{name}.csv") for name in ("ranks", "effects"))
    reference = settings["reference"]
    names = [reference, *effects["treatment"]]
    own = ranks.set_index("treatment").loc[names]
    new = effects.set_index("treatment")[["pred_low", "pred_high"]]
    return {
        "names": names,
        "reference": reference,
        "pairs": pairs(read_typed(folder / "league.csv"), names, settings["mid"]["grid"]),
        "ranks": [
            [round(r.sucra * 100_000), round(r.mean_rank * 10), int(r.rank_low), int(r.rank_high),
             round(r.p_best * 100_000)]
            for r in own.itertuples()
        ],
        "new": [[0, 0], *((new.loc[names[1:]] * 10).round().astype(int).to_numpy().tolist())],
    }  # fmt: skip


def pairs(league: pd.DataFrame, names: list[str], grid: list[float]) -> dict[str, Any]:
    """Treatment j minus treatment i of every i < j, pair by pair: ``effect`` (median, ci_low,
    ci_high), ``below`` (P(j - i < -t) for t = 0 and each t of ``grid``) and ``above``
    (P(j - i > t), from the row of i minus j).

    Probabilities are cut, not rounded, so that none reaches a limit that it lies below."""
    table = league.set_index(["treatment", "comparator"])
    order = [(j, i) for i in range(len(names)) for j in range(i + 1, len(names))]
    ahead = table.loc[[(names[j], names[i]) for j, i in order]]
    back = table.loc[[(names[i], names[j]) for j, i in order]]
    tails = ["p_below_0", *(f"p_below_{-t:g}" for t in grid)]
    effect = ["median", "ci_low", "ci_high"]

    def chances(rows: pd.DataFrame) -> list[list[int]]:
        return np.floor(rows[tails].to_numpy() * 100_000 + 1e-6).astype(int).tolist()

    return {
        "effect": (ahead[effect] * 10).round().astype(int).to_numpy().tolist(),
        "below": chances(ahead),
        "above": chances(back),
    }


def _graph(network: Mapping[str, Any]) -> dict[str, Any]:
    """Nodes on a circle, neighbours of one modality, as in the figure; edges with studies."""
    placed = around(network["nodes"])
    place = {node["treatment"]: k for k, (node, _, _) in enumerate(placed)}
    return {
        "nodes": [
            {
                "name": node["treatment"],
                "studies": node["studies"],
                "n": node.get("n"),
                "colour": MODALITY.get(node.get("modality", "none"), GREY),
                "x": round(x, 4),
                "y": round(y, 4),
            }
            for node, x, y in placed
        ],
        "edges": [
            [place[e["a"]], place[e["b"]], e["studies"], e.get("n"), e["labels"]]
            for e in network["edges"]
        ],
    }
