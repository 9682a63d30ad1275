"""The report: collect what a run made, render one self-contained page and a summary.

Everything shown is read from the results; the template escapes every cell.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from nma import comparison
from nma.checks import words
from nma.comparison_page import embed
from nma.pages import listed
from nma.settings import differences
from nma.summary import headline
from nma.tables import read_back, read_typed

PACKAGES = ("pymc", "nutpie", "arviz-stats", "pandera", "snakemake", "numpy", "pandas")
TABLES = ("effects", "ranks", "heterogeneity", "account", "excluded", "arms")
OPTIONAL = ("audit", "convergence")


def collect(
    root: Path, settings: Mapping[str, Mapping[str, Any]], captions: Path
) -> dict[str, Any]:
    """All results under ``root`` (results/) as the template wants them.

    ``settings`` maps an analysis to its merged settings; ``captions`` holds one .rst file
    per figure. Raises FileNotFoundError if a
    stratum that can be estimated lacks a result.
    """
    main = settings["main"]
    strata = [_stratum(root, name, main) for name in main["strata"]]
    for stratum in strata:
        verdicts = read_typed(root / "comparison" / stratum["name"] / "verdicts.csv")
        stratum["caveats"] = _caveats(stratum, verdicts, main["reference"])
        stratum["survival"] = comparison.survival(verdicts) if len(verdicts) else []
    findings = read_back(root / "validation/findings.csv")
    corrections = read_back(root / "validation/corrections_applied.csv")
    unassigned = read_back(root / "main/unassigned.csv")
    return {
        "strata": strata,
        "settings": main,
        "all_settings": settings,
        "findings": findings.to_dict("records"),
        "finding_counts": findings.groupby(["level", "rule"])
        .size()
        .reset_index(name="rows")
        .to_dict("records"),
        "corrections": corrections.to_dict("records"),
        "unassigned": unassigned.to_dict("records"),
        "versions": {name: version(name) for name in PACKAGES},
        "captions": {p.stem: p.read_text("utf-8").strip() for p in captions.glob("*.rst")},
        "overrides": {a: differences(main, s) for a, s in settings.items() if a != "main"},
    }


def terminal(context: Mapping[str, Any], report: str) -> str:
    """A short summary for the terminal."""
    lines = []
    for stratum in context["strata"]:
        lines.append(stratum["label"])
        account = stratum["account"]
        lines.append(
            f"  rows: {account['rows_in']} in, {account['rows_used']} used, "
            f"{account['rows_merged']} merged, {account['rows_excluded']} left out"
        )
        if stratum["estimable"]:
            lines.append(
                f"  used: {stratum['studies']} studies, {stratum['arms']} arms, "
                f"{len(stratum['network']['nodes'])} treatments; "
                f"{stratum['studies_out']} studies left out"
            )
            lines += [f"  {text}" for text in (*stratum["sentences"], *stratum["caveats"])]
        else:
            lines.append(f"  not estimable: {stratum['reason']}")
    lines.append(f"Report: {report}")
    return "\n".join(lines) + "\n"


def sentences(
    found: Mapping[str, Any], settings: Mapping[str, Any], studies: int
) -> tuple[str, str]:
    """The headline in plain words, from ``summary.headline``."""
    reference, mid = settings["reference"], settings["mid"]["value"]
    beats, worthwhile = found["beats"], found["worthwhile"]
    place = f"{studies} {'study' if studies == 1 else 'studies'}"
    first = (
        f"Of {found['active']} active treatments in {place}, {len(beats)} "
        f"beat{'s' if len(beats) == 1 else ''} {reference}"
        + (f": {listed(beats)}." if beats else ".")
    )
    second = (
        f"{len(worthwhile) or 'None'} of them {'does' if len(worthwhile) == 1 else 'do'} so by "
        f"more than {mid:g} points, the minimal important difference"
        + (f": {listed(worthwhile)}." if worthwhile else ".")
    )
    return first, second


def _stratum(root: Path, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    folder = root / "main" / name
    network = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    account = read_typed(folder / "account.csv").iloc[0].to_dict()
    excluded = read_back(folder / "excluded.csv")
    arms = read_typed(folder / "arms.csv")
    out: dict[str, Any] = {
        "name": name,
        "label": settings["strata"][name]["label"],
        "engine": settings["engine"],
        "network": network,
        "estimable": network["estimable"],
        "reason": network["reason"],
        "account": {key: int(value) for key, value in account.items()},
        "excluded": excluded.to_dict("records"),
        "reasons": excluded["reason"].value_counts().items(),
        "studies": int(arms["study"].nunique()),
        "studies_out": len(set(excluded["study"]) - set(arms["study"])),
        "arms": len(arms),
        "people": arms["n"].sum(),
        "studies_table": arms.astype(object).where(arms.notna(), None).to_dict("records"),
        "derived": int((arms["derivation"] != "as reported").sum()),
        "imputed": sorted(arms.loc[arms["derivation"].str.contains("imputed"), "study"].unique()),
        "figures": {},
        "checks": [],
    }
    if not network["estimable"]:
        return out
    for table in (*TABLES[:3], *OPTIONAL):
        out[table] = read_typed(folder / f"{table}.csv")
    active = [node["treatment"] for node in network["nodes"] if node.get("kind") == "active"]
    out["headline"] = headline(
        out["effects"],
        active,
        settings["mid"]["value"],
        settings["headline"]["beats"],
        settings["headline"]["worthwhile"],
    )
    out["borderline"] = _borderline(out, active, settings["headline"]["beats"])
    out["sentences"] = sentences(out["headline"], settings, out["studies"])
    out["rows"] = _rows(out, settings)
    checked = sorted((folder / "checks").glob("*.csv"))
    if checked:
        tables = {path.stem: read_typed(path) for path in checked}
        out["checks"] = words.sections(tables, settings["reference"], settings["mid"]["value"])
    figures = sorted((folder / "figures").glob("*.svg"))
    out["figures"] = {path.stem: embed(path) for path in figures}
    return out


def _rows(stratum: Mapping[str, Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per treatment: effect, ranking, how much evidence, the verdict."""
    mid = f"p_below_-{settings['mid']['value']:g}"
    nodes = {node["treatment"]: node for node in stratum["network"]["nodes"]}
    merged = stratum["effects"].merge(stratum["ranks"], on="treatment", how="left")
    rows = []
    for row in merged.sort_values("median").to_dict("records"):
        found = stratum["headline"]
        verdict = (
            f"beats {settings['reference']} by more than the MID"
            if row["treatment"] in found["worthwhile"]
            else f"beats {settings['reference']}"
            if row["treatment"] in found["beats"]
            else "not shown to differ"
            if row["ci_low"] < 0 < row["ci_high"]
            else "see text"
        )
        kind = nodes[row["treatment"]].get("kind", "")
        rows.append(
            row
            | {
                "node": nodes[row["treatment"]],
                "p_mid": row[mid],
                "verdict": verdict if kind == "active" else "comparator",
            }
        )
    return rows


def _borderline(stratum: Mapping[str, Any], active: list[str], level: float) -> list[str]:
    """Active treatments whose P(d < 0) lies within two Monte Carlo errors of the level, so
    that another seed could decide otherwise."""
    if "convergence" not in stratum:
        return []
    ess = stratum["convergence"].set_index("parameter")["ess_tail"]
    table = stratum["effects"].set_index("treatment")["p_below_0"]
    error = {t: (level * (1 - level) / ess[f"d[{t}]"]) ** 0.5 for t in active}
    return [t for t in active if abs(table[t] - level) < 2 * error[t]]


def _caveats(stratum: Mapping[str, Any], verdicts: pd.DataFrame, reference: str) -> list[str]:
    """How firm the headline is: Monte Carlo error, and what other analyses say."""
    if not stratum["estimable"]:
        return []
    found = []
    if stratum["borderline"]:
        found.append(f"Within Monte Carlo error of that line: {listed(stratum['borderline'])}.")
    others = verdicts[verdicts["analysis"] != "main"]
    told = others[~others["verdict"].isin([comparison.NOT_LINKED, comparison.ABSENT])]
    beats = told["verdict"].isin([comparison.BEATS, comparison.WORTHWHILE])
    for name in stratum["headline"]["beats"]:
        own = told["treatment"] == name
        lost = told.loc[own & ~beats, "analysis"].tolist()
        text = f"{name} beats its reference in {(own & beats).sum()} of {own.sum()} other analyses"
        found.append(text + (f" (not in {listed(lost)})." if lost else "."))
    elsewhere = told[beats & ~told["treatment"].isin(stratum["headline"]["beats"])]
    if len(elsewhere):
        times = elsewhere.groupby("treatment", sort=False).size().sort_values(ascending=False)
        names = [f"{name} ({count})" for name, count in times.items()]
        found.append(f"In some other analyses only (how many): {listed(names)}.")
    return found
