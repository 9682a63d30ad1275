"""Runs and releases made up in a moment: the exact engine's draws in the place of NUTS."""

import json
import time
from copy import deepcopy
from functools import cache
from pathlib import Path

import pandas as pd
import tabular
import yaml

from nma import exact, posterior, strata, summary, tables
from nma.living import manifest, release, standing
from nma.prepare import prepare
from nma.specify import structure

ROOT = Path(__file__).parent.parent
REGISTRIES = ("treatments", "instruments")


def settings(only="", **changes):
    """Merged settings of main, as a run has them; ``only`` keeps one stratum."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    config = {k: v for k, v in config.items() if k not in ("analyses", "only")}
    config["model"] |= {
        "interactions": [], "regression": {"covariate": None, "coefficients": "shared"},
        "bias": {"method": "none"}, "heterogeneity": "common", "study_effects": "normal",
        "class_sd": "common",
    }  # fmt: skip
    config["sampling"] |= {"draws": 2000}
    if only:
        config["strata"] = {only: config["strata"][only]}
    return deepcopy(config) | changes


def trials(*rows):
    """Validated rows, as validation leaves them."""
    table = tabular.text_table(rows)
    return table.assign(_flagged="no", _names="{}", _printed="{}")


def two_arms(study, treatment="ibuprofen", mean=30, placebo=40, n=40, sd=20, **more):
    """An arm against placebo."""
    pill = tabular.arm(study, "placebo", n, placebo, sd, **more)
    return [tabular.arm(study, treatment, n, mean, sd, **more), pill]


def network():
    """Two drugs against placebo, in acute pain, and exercise in chronic pain."""
    rows = [
        *two_arms("Adams 2001", "ibuprofen", 34, 40),
        *two_arms("Baker 2002", "ibuprofen", 33, 40),
        *two_arms("Cole 2003", "paracetamol", 38, 40),
        *two_arms("Dunn 2004", "paracetamol", 39, 40),
        *two_arms("Evans 2005", "exercise", 31, 40, duration="chronic"),
        *two_arms("Frank 2006", "exercise", 33, 40, duration="chronic"),
    ]
    return trials(*rows)


def registries(folder):
    """The two registries as files."""
    paths = {}
    for name in REGISTRIES:
        paths[name] = folder / f"config/{name}.csv"
        table = getattr(tabular, name)().drop(columns=[tables.FILE, tables.ROW])
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(paths[name], index=False)
    return paths


def run(folder, rows, chosen=None, seed=1):
    """A folder with inputs and results as a run of main leaves them; its working directory."""
    chosen = chosen or settings()
    folder.mkdir(parents=True, exist_ok=True)
    tables.write_text(yaml.safe_dump(chosen), folder / "config/config.yaml")
    (folder / "data").mkdir()
    rows.to_csv(folder / "data/trials.csv", index=False)
    results(folder, rows, chosen, seed)
    record(folder)
    return folder


def results(folder, rows, chosen, seed=1):
    """The registries and results/ alone."""
    registries(folder)
    results = folder / "results"
    (results / "validation").mkdir(parents=True)
    rows.to_csv(results / "validation/trials.csv", index=False)
    tables.write_text("level\n", results / "validation/findings.csv")
    tables.write_text(json.dumps({"main": chosen}), results / "config.json")
    where = strata.assign(rows, chosen["strata"])
    for name in chosen["strata"]:
        made = prepare(rows[where == name], tabular.instruments(), tabular.treatments(), chosen)
        at = results / "main" / name
        at.mkdir(parents=True)
        for table in ("arms", "excluded", "account"):
            tables.write_table(getattr(made, table), at / f"{table}.csv")
        tables.write_text(json.dumps(made.network, indent=1), at / "network.json")
        if made.network["estimable"]:
            _fit(at, made.network, chosen, seed)


def _fit(at, told, chosen, seed):
    arms = tables.read_typed(at / "arms.csv")
    made = structure(arms, told, chosen["model"])
    beta, hyper = exact.fit(made.arms, made.hyper).all_draws(2000, seed)
    tree = posterior.assemble(
        made.arms, made.hyper, beta.reshape(4, 500, -1),
        {k: x.reshape(4, 500) for k, x in hyper.items()}, seed, {"engine": "exact"},
    )  # fmt: skip
    for name, table in summary.of_posterior(tree, [5, 10, 15, 20], seed).items():
        table.to_csv(at / f"{name}.csv", index=False, float_format="%.10g")
    effects = tables.read_typed(at / "effects.csv")
    rows = [("d[" + e.treatment + "]", 2000.0, 1800.0, e.sd / 2000**0.5) for e in
            effects.itertuples()]  # fmt: skip
    rows.append(("tau", 2000.0, 1800.0, 0.1))
    columns = ["parameter", "ess_bulk", "ess_tail", "mcse_mean"]
    pd.DataFrame(rows, columns=columns).to_csv(at / "convergence.csv", index=False)


@cache
def _code():
    return manifest.code(ROOT)


def record(folder):
    """results/manifest.json of what is there."""
    results = folder / "results"
    paths = [folder / f"config/{n}.csv" for n in REGISTRIES]
    paths += [folder / "config/config.yaml", folder / "data/trials.csv"]
    told = {
        "run": {"started": "2027-01-01T00:00:00+00:00", "ended": "2027-01-01T00:01:00+00:00",
                "seconds": 60, "command_line": {}},
        "versions": manifest.versions(),
        "inputs": {p.relative_to(folder).as_posix(): manifest.fingerprint(p) | {"from": "folder"}
                   for p in paths},
        "code": _code(),
        "outputs": manifest.outputs(results, ["main"]),
    }  # fmt: skip
    tables.write_text(json.dumps(told), results / "manifest.json")


def released(folder, version="1.0"):
    """The run in ``folder`` recorded."""
    return release.make(version, folder, ROOT, time.time())


def sof(at, chosen, **certainty):
    """sof.csv as the run's summary of findings has it, from effects.csv and ranks.csv."""
    kinds = {
        n["treatment"]: n["kind"] for n in json.loads((at / "network.json").read_text())["nodes"]
    }
    table = standing.standing(at, kinds, chosen["mid"]["value"], chosen["headline"])
    table = table.assign(certainty=[certainty.get(name, "low") for name in table.index])
    tables.write_table(table.reset_index(drop=True), at / "sof.csv")
