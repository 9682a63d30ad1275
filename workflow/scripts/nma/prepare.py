"""One stratum of one analysis: validated rows -> arms, network, and where every row went."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nma import network
from nma.account import EXCLUDED_COLUMNS, account
from nma.harmonise import harmonise


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
) -> Prepared:
    """Arms and network of the rows (text) of one stratum under one analysis's settings."""
    node = settings["treatment_map"]
    nodes = dict(zip(treatments["reported"], treatments[node], strict=True))
    made = harmonise(rows, instruments, nodes, settings)
    kinds = treatments.drop_duplicates(node).set_index(node)[["class", "modality", "kind"]]
    described = network.describe(made.arms, settings["reference"], kinds.to_dict("index"))
    inside, outside = network.split(made.arms, described)
    away = outside.assign(row=outside["rows"].astype(str).str.split()).explode("row")
    away = away.drop_duplicates(["file", "row"]).astype(object)[EXCLUDED_COLUMNS]
    excluded = pd.concat([made.excluded.astype(object), away], ignore_index=True)
    counts = pd.DataFrame([account(len(rows), inside, excluded)])
    return Prepared(inside, excluded, counts, described, made.trace)
