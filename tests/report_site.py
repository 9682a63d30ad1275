"""The report of the committed data, made by the package's own functions with the exact engine:
what a whole run writes, in seconds and without Snakemake. Labels may be exchanged for attacks."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from snakemake.utils import validate
from tabular import ROOT, committed, committed_config

from nma import (
    certainty,
    comparison,
    exact,
    explorer,
    figures,
    gather,
    intake,
    judgements,
    pages,
    posterior,
    report,
    strata,
    style,
    summary,
    tables,
    verdict,
)
from nma.checks import consistency, splits
from nma.prepare import prepare
from nma.settings import analyses
from nma.specify import structure

TEMPLATES = ROOT / "workflow/report"
SCRIPTS = [TEMPLATES / "tables.js", TEMPLATES / "explorer.js"]
ANALYSES = ("main", "fixed_effect", "uniform_tau")
DRAWS = 400  # a chain; the page shows what it is given


def settings(only: str = "") -> dict:
    """The committed settings of three plain analyses, of one stratum or all."""
    config = committed_config() | {"only": list(ANALYSES)}
    if only:
        config["strata"] = {only: config["strata"][only]}
    validate(config, str(ROOT / "workflow/schemas/config.schema.yaml"))  # fills in defaults
    return analyses(config)


def build(
    root: Path,
    only: str = "",
    studies: Mapping[str, str] | None = None,
    treatments: Mapping[str, str] | None = None,
) -> Path:
    """results/ under ``root`` and the page; ``studies`` and ``treatments`` are new names."""
    results, chosen = root / "results", settings(only)
    came = _taken(chosen)
    trials = came.trials.assign(study=came.trials["study"].replace(dict(studies or {})))
    known = committed("treatments")
    known["treatment"] = known["treatment"].replace(dict(treatments or {}))
    tables.write_table(trials, results / "validation/trials.csv")
    for name in ("findings", "corrections", "sources", "columns"):
        file = "corrections_applied" if name == "corrections" else name
        tables.write_table(getattr(came, name), results / f"validation/{file}.csv")
    belongs = strata.assign(trials, chosen["main"]["strata"])
    for stratum in chosen["main"]["strata"]:
        rows, sides = trials[belongs == stratum], []
        for name, each in chosen.items():
            sides.append(_fitted(results / name / stratum, name, rows, known, each))
        told = comparison.every_verdict(sides)
        tables.write_table(told, results / f"comparison/{stratum}/verdicts.csv")
    tables.write_table(trials[belongs == ""], results / "main/unassigned.csv")
    context = report.collect(results, chosen, TEMPLATES)
    choices = explorer.script_of(explorer.collect(results, chosen))
    page = pages.scripted(context | {"explorer": choices}, SCRIPTS)
    path = results / "report.html"
    tables.write_text(pages.render(page, TEMPLATES / "report.html.jinja"), path)
    return path


def _taken(chosen) -> intake.Intake:
    main = chosen["main"]
    return intake.take(
        [(str(ROOT / "data/trials.csv"), None)],
        {name: ROOT / f"config/{name}.csv" for name in ("treatments", "instruments")},
        {"corrections": [ROOT / "data/corrections.csv"], "columns": [],
         "exclusions": [ROOT / "data/exclusions.csv"]},
        ["treatment"],
        strata=main["strata"], correlation=main["correlation"], limits=main["plausibility"],
    )  # fmt: skip


def _fitted(folder: Path, name: str, rows, known, each) -> comparison.Side:
    made = prepare(rows, committed("instruments"), known, each)
    for table in ("arms", "excluded", "account"):
        tables.write_table(getattr(made, table), folder / f"{table}.csv")
    tables.write_text(json.dumps(made.network), folder / "network.json")
    arms = tables.read_typed(folder / "arms.csv")
    model = structure(arms, made.network, each["model"])
    beta, hyper = exact.fit(model.arms, model.hyper).all_draws(4 * DRAWS, 7)
    shaped = {key: x.reshape(4, DRAWS) for key, x in hyper.items()}
    told = {"engine": "exact", "analysis": name, "stratum": folder.name}
    tree = posterior.assemble(
        model.arms, model.hyper, beta.reshape(4, DRAWS, -1), shaped, 7, told
    )  # fmt: skip
    found = summary.of_posterior(tree, each["mid"]["grid"], 7)
    for table, content in found.items():
        tables.write_table(content, folder / f"{table}.csv")
    if name == "main":
        _rated(folder, arms, model, tree, made.network, each)
        _quality(folder, found["effects"])
        drawn = (
            figures.network(made.network),
            figures.forest(
                found["effects"],
                pd.DataFrame(made.network["nodes"]).set_index("treatment"),
                "placebo",
                10.0,
            ),
        )
        for kind, figure in zip(("network", "forest"), drawn, strict=True):
            style.save(figure, [folder / f"figures/{kind}.svg"])
    return comparison.Side(name, each, [], made.network, {"effects": found["effects"]})


def _rated(folder: Path, arms, model, tree, network, each) -> None:
    compared = consistency.compare(model.arms, model.hyper.priors["tau"])
    table = {name: tables.read_typed(folder / f"{name}.csv") for name in ("effects", "ranks")}
    table |= {
        "arms": arms,
        "splits": splits.node_splits(model.arms, model.hyper.priors["tau"]),
        "splittable": splits.splittable(model.arms),
        "interaction": compared.interaction,
    }
    evidence = gather.evidence(table, tree, each, 7)
    rated = certainty.rate(evidence, judgements.together([]), each)
    sof = verdict.summary_of_findings(table["effects"], table["ranks"], rated, network, each)
    tables.write_table(rated, folder / "certainty.csv")
    tables.write_table(sof, folder / "sof.csv")


def _quality(folder: Path, effects: pd.DataFrame) -> None:
    """Convergence and audit as NUTS leaves them; made up, for nothing was sampled."""
    parameters = [f"d[{name}]" for name in effects["treatment"]]
    tables.write_table(
        pd.DataFrame({"parameter": parameters, "r_hat": 1.0, "ess_bulk": 4000.0,
                      "ess_tail": 4000.0, "attempt": "first"}),
        folder / "convergence.csv",
    )  # fmt: skip
    tables.write_table(
        pd.DataFrame({"parameter": parameters, "nuts_mean": 0.0, "exact_mean": 0.0, "mcse": 0.1,
                      "z": 0.1, "z_quantiles": 0.1, "nuts_sd": 1.0, "exact_sd": 1.0}),
        folder / "audit.csv",
    )  # fmt: skip
