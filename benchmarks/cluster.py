"""The workflow through the queue of a real one-node Slurm (tests/slurm.py).

`main` on the committed data beside the same without a queue, then 200 analyses of two strata:
what a dry run plans and what the run takes. ``ANALYSES=40`` measures fewer.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests")]
import queued
import runs
import slurm as daemons

TITLE = "A cluster"
ALONE = ("--config", "only=[main]")
ANALYSES = int(os.environ.get("ANALYSES", "200"))


def committed(path: Path) -> Path:
    """A folder with the committed config and data."""
    for name in ("config", "data"):
        shutil.copytree(ROOT / name, path / name)
    return path


def timed(make, *arguments: str) -> tuple[float, str]:
    """Seconds and output of a run; raises with the output if it fails."""
    begun = time.perf_counter()
    done = make(*arguments)
    if done.returncode:
        raise RuntimeError(runs.said(done))
    return time.perf_counter() - begun, runs.said(done)


def planned(log: str) -> dict[str, int]:
    """Jobs and queue entries that a log announces."""
    parts = queued.groups(log)
    return {"jobs": sum(len(rules) for _, rules in parts), "entries": len(parts)}


def measure() -> dict:
    """Seconds, jobs and queue entries of every run."""
    figures = {"analyses": ANALYSES}
    with tempfile.TemporaryDirectory() as temporary, daemons.one_node(cpus=2) as node:
        folder = Path(temporary)
        # What PyMC compiles is kept: both runs of main begin with it.
        timed(runs.run, committed(folder / "first"), *ALONE)
        seconds, _ = timed(runs.run, committed(folder / "local"), *ALONE)
        figures["local"] = {"seconds": seconds}
        seconds, log = timed(queued.submit, node, committed(folder / "main"), *ALONE)
        figures["main"] = {"seconds": seconds} | planned(log)
        dry = queued.many(folder / "dry", ANALYSES)
        timed(runs.run, dry, "results/networks_known.json")
        seconds, log = timed(queued.dry_run, dry)
        figures["dry"] = {"seconds": seconds} | planned(log)
        before = len(node.jobs())
        seconds, log = timed(queued.submit, node, queued.many(folder / "many", ANALYSES))
        figures["many"] = {"seconds": seconds} | planned(log)
        figures["many"]["entries"] = len(node.jobs()) - before
    return figures


def section(figures: dict) -> str:
    """What was run, and one table."""
    analyses = figures["analyses"]
    small = f"{analyses} analyses x 2 strata, small networks"
    names = {
        "local": "`main`, committed data, `--cores 2`, no queue",
        "main": "`main`, committed data, through Slurm",
        "dry": f"{small}: dry run once the networks are known",
        "many": f"{small}: through Slurm",
    }
    rows = [
        f"| {name} | {figures[key].get('jobs', '')} | {figures[key].get('entries', '')} "
        f"| {figures[key]['seconds']:.0f} |"
        for key, name in names.items()
    ]
    head = (
        "A Slurm of one node (two cores), munge and controller on the same machine, the profile of "
        "`workflow/profiles/slurm` ([cluster.md](cluster.md)). All but `main` are exact fits that "
        "differ in a prior.\n"
    )
    return "\n".join(
        [head, "| run | jobs | queue entries | seconds |", "|---|---:|---:|---:|", *rows]
    )
