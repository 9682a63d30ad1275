"""Runs on the one-node Slurm with the profile that users have, and what their logs say."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml
from runs import ROOT, folder, run, small
from slurm import Slurm

PROFILE = ROOT / "workflow/profiles/slurm"
SETTINGS = yaml.safe_load((PROFILE / "profile.yaml").read_text())
# The node has no accounting database, and the tests no patience.
HERE = ("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1")


def submit(slurm: Slurm, path: Path, *arguments: str) -> subprocess.CompletedProcess:
    """A run of a folder whose jobs go through the queue."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(path), "--workflow-profile", str(PROFILE), *HERE, *arguments]
    return subprocess.run(
        command, env=slurm.environment, capture_output=True, text=True, check=False
    )


def dry_run(path: Path, *arguments: str) -> subprocess.CompletedProcess:
    """The same without Slurm: which jobs, in which groups."""
    return run(path, "--workflow-profile", str(PROFILE), "--executor", "dryrun", "--dry-run",
               *arguments, cores=SETTINGS["cores"])  # fmt: skip


def many(path: Path, analyses: int, trials: pd.DataFrame | None = None) -> Path:
    """A folder with main and exact analyses that differ in the prior of tau, of two strata."""
    names = [f"scale_{number:03d}" for number in range(1, analyses)]
    priors = {
        name: {
            "engine": "exact",
            "model": {"priors": {"tau": {"dist": "half_normal", "scale": 5 + 0.1 * number}}},
        }
        for number, name in enumerate(names)
    }
    made = folder(path, trials if trials is not None else small())
    config = yaml.safe_load((made / "config/config.yaml").read_text())
    config["analyses"] = {"main": {}} | priors
    (made / "config/config.yaml").write_text(yaml.safe_dump(config))
    return made


def groups(log: str) -> list[tuple[str, list[str]]]:
    """(group, its rules) of every group that a log announces."""
    found = []
    for part in re.split(r"\] Group job ", log)[1:]:
        members = re.findall(r"^ {4}(?:rule|checkpoint) (\w+):", part, flags=re.M)
        found.append((part.split(" ", 1)[0], members))
    return found


def asked(log: str, resource: str) -> dict[str, list[int]]:
    """What the jobs of each rule ask of a resource, by the log."""
    blocks = re.findall(r"^ {4}(?:rule|checkpoint) (\w+):\n((?: {8}.*\n)+)", log, flags=re.M)
    found: dict[str, list[int]] = {}
    for rule, block in blocks:
        value = re.search(rf"resources: .*\b{resource}=(\d+)", block)
        if value:
            found.setdefault(rule, []).append(int(value[1]))
    return found


def entries_of(counts: dict[str, int]) -> int:
    """Queue entries of so many (connected) parts of each group."""
    parts = SETTINGS["group-components"]
    return sum(math.ceil(count / parts.get(name, 1)) for name, count in counts.items())
