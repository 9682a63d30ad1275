"""Whole runs in temporary folders, as a user would start them.

The folders hold their own config and data and inherit the repository's registries.
"""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parent.parent


def folder(path: Path, trials: pd.DataFrame | None = None, only: str = "", **changes) -> Path:
    """A user's folder: a subset of the committed trials and a config with few draws; ``only``
    keeps one stratum, which halves the time of a run."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config["analyses"] = {"main": {}, "fixed_effect": config["analyses"]["fixed_effect"]}
    config["sampling"] |= {"draws": 1500}
    if only:
        config["strata"] = {only: config["strata"][only]}
    for key, value in changes.items():
        config[key] = config[key] | value if isinstance(value, dict) else value
    (path / "config").mkdir(parents=True)
    (path / "data").mkdir()
    (path / "config/config.yaml").write_text(yaml.safe_dump(config))
    (trials if trials is not None else small()).to_csv(path / "data/trials.csv", index=False)
    return path


def small() -> pd.DataFrame:
    """Acute trials of drugs and chronic trials of antidepressants: two small networks."""
    every = pd.read_csv(ROOT / "data/trials.csv", dtype=str, keep_default_na=False)
    acute = ["Dreiser 2003", "Szpalski 1994", "Williams 2014 (PACE)", "Jones 2023 (OPAL)",
             "Friedman 2006", "Videman 1984", "Ximenes 2007"]  # fmt: skip
    chronic = every.loc[every["source"].str.contains("CD001703"), "study"]
    return every[every["study"].isin([*acute, *chronic])]


def run(path: Path, *arguments: str, cores: int = 2) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
               "--directory", str(path), "--cores", str(cores), *arguments]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False)


def said(done: subprocess.CompletedProcess) -> str:
    return done.stdout + done.stderr
