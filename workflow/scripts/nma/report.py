"""The report: collect what a run made, render one self-contained page and a summary.

Everything shown is read from the results; the template escapes every cell.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import pandas as pd

from nma import alt_texts, answer, comparison, narrative
from nma.certainty import DOMAINS
from nma.checks import words
from nma.checks.words import named
from nma.pages import embed, listed
from nma.settings import differences, stratum_seed
from nma.tables import Folder, read_back, read_json, read_typed
from nma.verdict import BEATS, COMPARATOR, INCONCLUSIVE, NO_WORTHWHILE, WORSE, WORTHWHILE, claim

PACKAGES = ("pymc", "nutpie", "arviz-stats", "pandera", "snakemake", "numpy", "pandas")
TABLES = ("effects", "ranks", "heterogeneity", "sof", "certainty")
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
        stratum["survival"] = comparison.survival(verdicts) if len(verdicts) else []
        if stratum["estimable"]:
            stratum["caveats"] = _caveats(stratum, verdicts)
            stratum["elsewhere"] = _elsewhere(stratum, verdicts)
            stratum["answer"] = answer.lines(
                stratum["sof"], stratum["certainty"], main, stratum["studies"], stratum["caveats"]
            )
            stratum["alt"] = alt_texts.of_stratum(stratum, main["reference"])
    findings = read_back(root / "validation/findings.csv")
    corrections = read_back(root / "validation/corrections_applied.csv")
    unassigned = read_back(root / "main/unassigned.csv")
    drawn = root / "figures/flow.svg"
    return narrative.collect(root, settings) | {
        "flow_figure": embed(drawn) if drawn.exists() else "",
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
        "sources": read_back(root / "validation/sources.csv").to_dict("records"),
        "versions": {"python": python_version()} | {name: version(name) for name in PACKAGES},
        "seeds": {
            s["name"]: stratum_seed(main["sampling"]["seed"], "main", s["name"]) for s in strata
        },
        "config_hash": sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest(),
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
            lines += [f"  {text}" for text in stratum["answer"]]
        else:
            lines.append(f"  not estimable: {stratum['reason']}")
    lines.append(f"Report: {report}")
    return "\n".join(lines) + "\n"


def _stratum(root: Path, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    folder = root / "main" / name
    network = read_json(folder / "network.json")
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
    for table in (*TABLES, *OPTIONAL):
        out[table] = read_typed(folder / f"{table}.csv")
    sof = out["sof"]
    active = sof[sof["verdict"] != COMPARATOR]
    beats = active.loc[active["verdict"].isin([BEATS, WORTHWHILE]), "treatment"].tolist()
    out["beats"] = beats
    out["borderline"] = _borderline(out, active["treatment"], settings["headline"]["beats"])
    out["certainty"] = out["certainty"][out["certainty"]["comparator"] == settings["reference"]]
    out["rows"] = _rows(out, settings)
    checks = Folder(folder / "checks")
    if checks:
        out["checks"] = words.sections(checks, settings["reference"], settings["mid"]["value"])
    figures = sorted((folder / "figures").glob("*.svg"))
    out["figures"] = {path.stem: embed(path) for path in figures}
    return out


def _rows(stratum: Mapping[str, Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The summary of findings, a row a treatment, with the judgements behind its certainty."""
    rated = stratum["certainty"].set_index("treatment")
    reference = settings["reference"]
    said = {
        WORTHWHILE: f"beats {reference} by more than the MID",
        BEATS: f"beats {reference}",
        WORSE: f"worse than {reference}",
        NO_WORTHWHILE: "no worthwhile effect",
        INCONCLUSIVE: "inconclusive",
        COMPARATOR: "comparator",
    }
    rows = []
    for row in stratum["sof"].to_dict("records"):
        own = rated.loc[row["treatment"]]
        domains = [
            {
                "name": answer.WORDS[name],
                "level": own[name],
                "reason": own[f"{name}_reason"],
                "proposed": own[f"{name}_proposed"],
                "overridden": name in str(own["overridden"]).split(),
            }
            for name in DOMAINS
        ]
        row["at_most"] = str(row["at_most"]) == "True"
        rows.append(row | {"said": said[row["verdict"]], "domains": domains,
                           "claim": claim(row, reference, settings["outcome"]),
                "evidence": own["evidence"]})  # fmt: skip
    return rows


def _borderline(stratum: Mapping[str, Any], active: pd.Series, level: float) -> list[str]:
    """Active treatments whose P(d < 0) lies within two Monte Carlo errors of the level, so
    that another seed could decide otherwise."""
    if "convergence" not in stratum:
        return []
    ess = stratum["convergence"].set_index("parameter")["ess_tail"]
    table = stratum["effects"].set_index("treatment")["p_below_0"]
    error = {t: (level * (1 - level) / ess[f"d[{t}]"]) ** 0.5 for t in active}
    return [t for t in active if abs(table[t] - level) < 2 * error[t]]


def _caveats(stratum: Mapping[str, Any], verdicts: pd.DataFrame) -> list[str]:
    """How firm the headline is: Monte Carlo error, and what other analyses say."""
    found = []
    if stratum["borderline"]:
        found.append(f"Another seed could decide otherwise of {listed(stratum['borderline'])}.")
    told = _told(verdicts)
    beats = told["verdict"].isin([comparison.BEATS, comparison.WORTHWHILE])
    if told.empty and stratum["beats"]:
        return [*found, "No other analysis was run."]
    for name in stratum["beats"]:
        own = told["treatment"] == name
        lost = told.loc[own & ~beats, "analysis"].tolist()
        text = f"{name} beats its reference in {(own & beats).sum()} of {own.sum()} other analyses"
        found.append(text + (f" (not in {named(lost)})." if lost else "."))
    return found


def _elsewhere(stratum: Mapping[str, Any], verdicts: pd.DataFrame) -> str:
    """Treatments that beat their reference in other analyses but not in main, "" if none."""
    told = _told(verdicts)
    beats = told["verdict"].isin([comparison.BEATS, comparison.WORTHWHILE])
    rows = told[beats & ~told["treatment"].isin(stratum["beats"])]
    times = rows.groupby("treatment", sort=False).size().sort_values(ascending=False)
    return listed([f"{name} ({count})" for name, count in times.items()]) if len(times) else ""


def _told(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Verdicts of the other analyses that have one."""
    others = verdicts[verdicts["analysis"] != "main"]
    return others[~others["verdict"].isin([comparison.NOT_LINKED, comparison.ABSENT])]
