"""Times of whole runs on the committed data.

``main`` alone (``--config 'only=[main]'``): cold, with no compiled code and no results; warm, with
results deleted; with nothing changed; with one chronic row changed. Then every analysis. Each is
the wall time of one command on this machine.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

TITLE = "Whole runs on the committed data"
ALONE = ("--config", "only=[main]")
ROOT = Path(__file__).resolve().parent.parent


def snakemake(
    folder: Path,
    *arguments: str,
    timeout: float | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """One run in a folder with the repository's or the folder's own workflow; its output goes
    nowhere. Raises if it fails."""
    own = folder / "Snakefile"
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--directory", str(folder)]
    command += ["--snakefile", str(own if own.exists() else ROOT / "Snakefile"), *arguments]
    env = os.environ | environment
    subprocess.run(command, check=True, capture_output=True, timeout=timeout, env=env)


def run(folder: Path, *arguments: str) -> float:
    """Seconds of one run."""
    begun = time.perf_counter()
    snakemake(folder, *arguments)
    return time.perf_counter() - begun


def measure() -> dict[str, float]:
    """Seconds of a run by its name: the repository is copied aside and run five ways."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "lowback-nma"
        skip = shutil.ignore_patterns(".git", ".venv", ".uv", ".cache", ".snakemake", "results")
        shutil.copytree(ROOT, folder, ignore=skip)
        seconds = {"`main` alone, cold: nothing compiled, no results": run(folder, *ALONE)}
        shutil.rmtree(folder / "results")
        seconds["`main` alone, warm: results deleted"] = run(folder, *ALONE)
        seconds["nothing changed"] = run(folder, *ALONE)
        trials = folder / "data/trials.csv"
        lines = trials.read_text(encoding="utf-8").splitlines()
        at = next(i for i, line in enumerate(lines) if ",chronic,,pain,pain 0-100," in line)
        cells = lines[at].split(",final,,", 1)
        lines[at] = ",final,,".join([cells[0], cells[1].replace(".0,", ".5,", 1)])
        trials.write_text("\n".join(lines) + "\n", encoding="utf-8")
        seconds["one chronic row changed"] = run(folder, *ALONE)
        shutil.rmtree(folder / "results")
        seconds["every analysis, all but `main` for the first time"] = run(folder)
    return seconds


def section(seconds: dict[str, float]) -> str:
    """One table."""
    rows = [f"| {name} | {value:.0f} |" for name, value in seconds.items()]
    return "\n".join(["| run, `--cores 2` | seconds |", "|---|---:|", *rows])
