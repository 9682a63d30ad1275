"""One stratum of one analysis: validated rows -> arms, network, and where every row went."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nma import network
from nma.account import EXCLUDED_COLUMNS, account
from nma.harmonise import Harmonised, harmonise
from nma.tables import FILE, ROW


@dataclass(frozen=True)
class Prepared:
    """``arms`` are those of the component that holds the reference; ``excluded`` lists every
    other row with its reason; ``network`` is plain data; ``trace`` covers all arms made."""

    arms: pd.DataFrame
    excluded: pd.DataFrame
    account: pd.DataFrame
    network: dict[str, Any]
    trace: pd.DataFrame


def prepare(
    rows: pd.DataFrame,
    instruments: pd.DataFrame,
    treatments: pd.DataFrame,
    settings: Mapping[str, Any],
    known: dict[str, Harmonised] | None = None,
) -> Prepared:
    """Arms and network of the rows (text) of one stratum under one analysis's settings.

    ``known`` keeps arms from call to call: analyses that differ in their model only have the
    same ones.
    """
    nodes, kinds = nodes_of(treatments, settings)
    known = {} if known is None else known
    own = {key: value for key, value in settings.items() if key not in ("model", "reference")}
    key = json.dumps([own, nodes, sorted(rows[FILE] + ":" + rows[ROW].astype(str))], default=str)
    if key not in known:
        known[key] = harmonise(rows, instruments, nodes, settings)
    made = known[key]
    described = network.describe(made.arms, settings["reference"], kinds, settings["model"])
    inside, outside = network.split(made.arms, described)
    away = outside.assign(row=outside["rows"].astype(str).str.split()).explode("row")
    away = away.drop_duplicates(["file", "row"]).astype(object)[EXCLUDED_COLUMNS]
    excluded = pd.concat([made.excluded.astype(object), away], ignore_index=True)
    counts = pd.DataFrame([account(len(rows), inside, excluded)])
    return Prepared(inside, excluded, counts, described, made.trace)


def nodes_of(
    treatments: pd.DataFrame, settings: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Reported treatment -> node, and node -> what treatments.csv says of it.

    Unless placebos are lumped, each kind of them is a node "placebo (its kind)".
    """
    column = settings["treatment_map"]
    node = treatments[column]
    if settings["model"]["placebo"] != "lumped":
        kind = treatments["placebo_kind"].str.replace("_", " ").replace("", "kind not stated")
        node = node.where(treatments["kind"] != "placebo", node + " (" + kind + ")")
    known = [name for name in treatments.columns if name not in ("reported", column, FILE, ROW)]
    described = treatments.assign(_node=node).drop_duplicates("_node").set_index("_node")[known]
    return dict(zip(treatments["reported"], node, strict=True)), described.to_dict("index")
