"""What a run says of itself in prose: methods, references, flow of trials, PRISMA items."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from nma import flow, methods, prisma, references
from nma.certainty import NOT_JUDGED, SCORES
from nma.tables import read_back, read_json, read_typed


def collect(root: Path, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """methods (paragraphs), references, flow, flow_sentences and prisma of the results under
    ``root``; ``settings`` maps an analysis to its merged settings."""
    main = settings["main"]
    told = methods.paragraphs(settings, {p: version(p) for p in ("pymc", "snakemake")})
    strata = {name: _stratum(root / "main" / name, main["strata"][name]["label"])
              for name in main["strata"]}  # fmt: skip
    found = flow.flow(
        read_back(root / "validation/trials.csv"),
        read_back(root / "main/unassigned.csv"),
        strata,
        main.get("search", {}),
    )
    return {
        "methods": told,
        "references": [work.text() for work in references.cited(told)],
        "flow": found,
        "flow_sentences": flow.sentences(found),
        "prisma": prisma.items(_facts(root, strata, settings)),
    }


def _stratum(folder: Path, label: str) -> dict[str, Any]:
    network = read_json(folder / "network.json")
    return {
        "label": label,
        "account": read_typed(folder / "account.csv").iloc[0],
        "arms": read_typed(folder / "arms.csv"),
        "excluded": read_back(folder / "excluded.csv"),
        "network": network,
    }


def _judged(arms: pd.DataFrame) -> int:
    """Studies whose risk of bias is stated: a blank is not."""
    return int(arms.loc[arms["rob"].isin(list(SCORES)), "study"].nunique())


def _facts(
    root: Path, strata: Mapping[str, Mapping[str, Any]], settings: Mapping[str, Any]
) -> dict[str, Any]:
    known = [s for s in strata.values() if s["network"]["estimable"]]
    studies = sum(s["arms"]["study"].nunique() for s in known)
    judged = sum(_judged(s["arms"]) for s in known)
    splits = [read_typed(p) for p in sorted((root / "main").glob("*/checks/node_splits.csv"))]
    rated = [read_typed(p) for p in sorted((root / "main").glob("*/certainty.csv"))]
    search = settings["main"].get("search", {})
    return {
        "studies": studies,
        "arms": sum(len(s["arms"]) for s in known),
        "estimable": len(known),
        "searched": bool(search) and all(v is not None for v in search.values()),
        "rob": judged / studies if studies else 0.0,
        "splits": sum(map(len, splits)),
        "loops": sum(s["network"]["loops"] for s in known),
        "checks": bool(splits),
        "analyses": len(settings),
        "reporting_judged": bool(rated)
        and not any((t["reporting_bias"] == NOT_JUDGED).any() for t in rated),
    }
