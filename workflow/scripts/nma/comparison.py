"""Every analysis side by side: what it changes, how it fits, and what it says of each treatment.

DIC and leave-one-out compare models of the same numbers only: the same arms, by their hash.
A verdict is read against the analysis's own reference, so that an analysis against one kind of
placebo says what beats that kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nma.tables import read_typed
from nma.verdict import BEATS, WORSE, WORTHWHILE

NOT_SHOWN = "not shown"  # of these analyses certainty is not rated
NOT_LINKED, ABSENT = "not linked", "not a node"
OTHER_ARMS = "not comparable: other arms"
ANALYSES = [
    *("analysis", "changes", "adds", "engine", "reference", "studies", "arms", "treatments"),
    *("variances", "residual_deviance", "points", "pD", "DIC", "dic_difference"),
    *("elpd", "elpd_difference", "elpd_se", "comparable", "worst_z", "prior_driven", "beats"),
    *("worthwhile", "reason"),
]
VERDICTS = [
    *("treatment", "analysis", "reference", "mean", "ci_low", "ci_high", "p_below_0", "p_mid"),
    *("verdict", "changed"),
]


@dataclass(frozen=True)
class Side:
    """What one analysis made of one stratum; ``tables`` by name, none if not estimable."""

    name: str
    settings: Mapping[str, Any]
    changes: Sequence[str]
    network: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    @property
    def estimable(self) -> bool:
        """Whether there is anything to compare."""
        return bool(self.tables)

    @property
    def active(self) -> list[str]:
        """Nodes that are neither placebo nor no treatment nor usual care."""
        return [
            node["treatment"]
            for node in self.network["nodes"]
            if node.get("kind", "active") == "active"
        ]


def load(folder: Path, names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The tables that a fit of this folder left, by name."""
    return {name: read_typed(folder / f"{name}.csv") for name in names}


def verdicts(side: Side) -> pd.DataFrame:
    """One row per active treatment: figures and verdict by the analysis's own rule."""
    effects, settings = side.tables["effects"], side.settings
    table = effects[effects["treatment"].isin(side.active)].copy()
    table["p_mid"] = table[f"p_below_-{settings['mid']['value']:g}"]
    said = settings["headline"]
    conditions = [
        (table["p_mid"] >= said["worthwhile"]) & (table["p_below_0"] >= said["beats"]),
        table["p_below_0"] >= said["beats"],
        table["p_below_0"] <= 1 - said["beats"],
    ]
    table["verdict"] = np.select(conditions, [WORTHWHILE, BEATS, WORSE], NOT_SHOWN)
    return table.assign(analysis=side.name, reference=settings["reference"])


def every_verdict(sides: Sequence[Side]) -> pd.DataFrame:
    """VERDICTS of every treatment of main under every analysis; ``changed``: not main's.

    Treatments whose verdict changes most often come first. A treatment that is no node of
    an analysis's map says so, and is no change.
    """
    if not sides or not sides[0].estimable:
        return pd.DataFrame(columns=VERDICTS)
    main = sides[0]
    of_main = verdicts(main).set_index("treatment")
    rows = []
    for side in sides:
        found = verdicts(side).set_index("treatment") if side.estimable else pd.DataFrame()
        for name in of_main.index:
            if name in found.index:
                row = found.loc[name].to_dict()
            else:
                same = side.settings["treatment_map"] == main.settings["treatment_map"]
                row = {"verdict": NOT_LINKED if same else ABSENT}
            row |= {"treatment": name, "analysis": side.name}
            row["reference"] = side.settings["reference"]
            told = row["verdict"] not in (NOT_LINKED, ABSENT)
            row["changed"] = told and row["verdict"] != of_main.loc[name, "verdict"]
            rows.append(row)
    table = pd.DataFrame(rows, columns=VERDICTS)
    changes = table.groupby("treatment")["changed"].sum()
    rank = table["treatment"].map(lambda t: (-changes[t], of_main.loc[t, "median"], t))
    return table.assign(_rank=rank).sort_values("_rank", kind="stable").drop(columns="_rank")


def every_analysis(sides: Sequence[Side]) -> pd.DataFrame:
    """ANALYSES, one row each, in their order."""
    main, *_ = sides
    return pd.DataFrame([_analysis(side, main) for side in sides], columns=ANALYSES)


def _analysis(side: Side, main: Side) -> dict[str, Any]:
    row: dict[str, Any] = {
        "analysis": side.name,
        "changes": "; ".join(side.changes),
        "engine": side.settings["engine"],
        "reference": side.settings["reference"],
    }
    if not side.estimable:
        return row | {"reason": side.network["reason"], "comparable": "not estimable"}
    fit = side.tables["fit_statistics"].iloc[0]
    learned = side.tables["learned"]
    said = verdicts(side)
    row |= {name: fit[name] for name in ("studies", "arms", "points", "pD", "DIC", "elpd")}
    row |= {
        "adds": fit["adds"],
        "treatments": len(side.network["nodes"]),
        "residual_deviance": fit["residual_deviance"],
        "variances": _variances(side.tables["heterogeneity"]),
        "prior_driven": "; ".join(
            learned.loc[_true(learned["prior_driven"]), "parameter"].astype(str)
        ),
        "beats": "; ".join(said.loc[said["verdict"].isin([BEATS, WORTHWHILE]), "treatment"]),
        "worthwhile": "; ".join(said.loc[said["verdict"] == WORTHWHILE, "treatment"]),
        "comparable": OTHER_ARMS,
    }
    if "audit" in side.tables:
        audited = side.tables["audit"][["z", "z_quantiles"]]
        row["worst_z"] = float(audited.abs().max().max())
    base = main.tables["fit_statistics"].iloc[0]
    if fit["data"] == base["data"]:
        gain, se = _elpd(side.tables["pointwise"], main.tables["pointwise"])
        row |= {
            "comparable": "yes",
            "dic_difference": fit["DIC"] - base["DIC"],
            "elpd_difference": gain,
            "elpd_se": se,
        }
    return row


def _variances(heterogeneity: pd.DataFrame) -> str:
    """Medians of every hyperparameter, as a reader wants them."""
    return "; ".join(
        f"{row.parameter} fixed at {row.mean_:g}"
        if isinstance(row.note, str) and row.note
        else f"{row.parameter} {row.median_:.1f} ({row.ci_low:.1f} to {row.ci_high:.1f})"
        for row in heterogeneity.rename(columns={"mean": "mean_", "median": "median_"}).itertuples()
    )


def _true(column: pd.Series) -> pd.Series:
    """Yes-or-no cells, also as read back from a CSV."""
    return column.astype(str).eq("True")


def _elpd(one: pd.DataFrame, other: pd.DataFrame) -> tuple[float, float]:
    """Sum and se of the difference of pointwise elpd over studies that others predict in
    both."""
    both = one.merge(other, on="study", suffixes=("", "_other"))
    told = ~(_true(both["prior_driven"]) | _true(both["prior_driven_other"]))
    difference = (both["elpd"] - both["elpd_other"])[told]
    if len(difference) < 2:
        return float(difference.sum()), np.nan
    return float(difference.sum()), float(np.sqrt(len(difference) * difference.var()))


def survival(table: pd.DataFrame) -> list[str]:
    """In plain words, for each treatment whose verdict changes or is more than "not shown":
    in how many analyses it holds, and where it does not."""
    of: dict[str, dict[str, dict[str, Any]]] = {}  # rows by treatment, then analysis
    for row in table.assign(changed=_true(table["changed"])).to_dict("records"):
        of.setdefault(row["treatment"], {})[row["analysis"]] = row
    sentences = []
    for name, rows in of.items():
        of_main = rows["main"]["verdict"]
        others = [row for analysis, row in rows.items() if analysis != "main"]
        told = [row for row in others if row["verdict"] not in (NOT_LINKED, ABSENT)]
        changed: dict[str, list[str]] = {}  # analyses by what they say instead
        for row in told:
            if row["changed"]:
                changed.setdefault(row["verdict"], []).append(row["analysis"])
        if not changed and of_main == NOT_SHOWN:
            continue
        same = len(told) - sum(map(len, changed.values()))
        text = f"{name}: {_words(of_main)} in main and in {same} of {len(told)} other analyses"
        for verdict, analyses in changed.items():
            text += f"; {_words(verdict)} in {', '.join(analyses)}"
        unlinked = [analysis for analysis, row in rows.items() if row["verdict"] == NOT_LINKED]
        if unlinked:
            text += f"; not linked in {', '.join(unlinked)}"
        sentences.append(text + ".")
    return sentences


def _words(verdict: str) -> str:
    return {
        WORTHWHILE: "beats its reference by more than the MID",
        BEATS: "beats its reference",
        NOT_SHOWN: "not shown to beat it",
        WORSE: "worse than its reference",
    }[verdict]
