"""The manifest of a run: what went in, what made it, what came out.

Fingerprints are SHA-256. It names no user, no host and no absolute path.
"""

import json
import os
import platform
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

NAME = "manifest.json"
PACKAGES = (
    *("arviz-base", "arviz-stats", "h5netcdf", "jinja2", "matplotlib", "networkx", "numpy"),
    *("nutpie", "openpyxl", "pandas", "pandera", "pymc", "pytensor", "scipy", "snakemake"),
)
# Made of a run's results, not by it; they may come later.
AFTERWARDS = (NAME, "update", "update.html", "compare", "crate", "verify")


def fingerprint(path: str | Path) -> dict[str, Any]:
    """sha256 and bytes of a file."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        return {"sha256": file_digest(file, "sha256").hexdigest(), "bytes": size}


def of_value(value: Any) -> str:
    """SHA-256 of plain data, whatever the order of its keys."""
    return sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def code_files(repository: Path) -> list[Path]:
    """Everything that decides what a run computes: Snakefile, workflow/, uv.lock."""
    found = [
        path
        for path in (repository / "workflow").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    ]
    return sorted([repository / "Snakefile", repository / "uv.lock", *found])


def named(path: str | Path, repository: Path) -> tuple[str, str]:
    """A path without this machine in it, and whose it is: the folder's, the repository's
    (an inherited registry), or from elsewhere (its name alone)."""
    path = Path(path)
    if not path.is_absolute() and ".." not in path.parts:
        return path.as_posix(), "folder"
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return path.relative_to(Path.cwd()).as_posix(), "folder"
    if path.is_absolute() and path.is_relative_to(repository):
        return path.relative_to(repository).as_posix(), "repository"
    return path.name, "elsewhere"


def inputs(paths: Iterable[str | Path], repository: Path) -> dict[str, Any]:
    """Fingerprint of every input by its name, and whose it is."""
    found = {}
    for path in paths:
        name, whose = named(path, repository)
        found[name] = {**fingerprint(path), "from": whose}
    return dict(sorted(found.items()))


def code(repository: Path) -> dict[str, str]:
    """SHA-256 of every file of the code by its path in the repository."""
    return {
        path.relative_to(repository).as_posix(): fingerprint(path)["sha256"]
        for path in code_files(repository)
    }


def outputs(results: Path, analyses: Iterable[str]) -> dict[str, Any]:
    """Fingerprint of every file under results/ that belongs to a run of these analyses.

    What an earlier run left of an analysis that is no longer asked for is not its own.
    """
    wanted, found = set(analyses), {}
    for top in sorted(results.iterdir()):
        stale = top.is_dir() and top.name not in wanted and any(top.glob("*/network.json"))
        if top.name in AFTERWARDS or stale or top.name.startswith("."):
            continue
        files = [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.is_file())
        for path in files:
            if not path.name.startswith("."):
                found[path.relative_to(results).as_posix()] = fingerprint(path)
    return found


def git(repository: Path) -> dict[str, Any]:
    """Commit, and whether the code differs from it; blank outside of git."""

    def ask(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(repository), *arguments],  # noqa: S607 - git of PATH
                capture_output=True,
                text=True,
            )
        except OSError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = ask("rev-parse", "HEAD")
    changed = ask("status", "--porcelain", "--untracked-files=no")
    return {"commit": commit or "", "dirty": bool(changed) if commit else None}


def machine() -> dict[str, Any]:
    """What may change the last digits, and nothing that says whose machine it is."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


def versions() -> dict[str, str]:
    """Python and the packages that compute or draw."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def jobs(names: Iterable[str], records: Path) -> list[dict[str, Any]]:
    """rule, started, seconds and outputs of every job that made the named files, in order.

    ``records`` is the folder in which Snakemake keeps one JSON record per output, under the
    output's name in URL-safe base64; what it did not record is left out.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        record = records / urlsafe_b64encode(name.encode()).decode()
        try:
            told = json.loads(record.read_text(encoding="utf-8"))
            start, end = float(told["starttime"]), float(told["endtime"])
            key = json.dumps([told["rule"], told["log"]])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        # Outputs of one job are recorded within a moment of each other; they share its log.
        job = found.setdefault(
            key, {"rule": told["rule"], "start": start, "end": end, "outputs": []}
        )
        job |= {"start": min(job["start"], start), "end": max(job["end"], end)}
        job["outputs"].append(name)
    return [
        {
            "rule": job["rule"],
            "started": iso(job["start"]),
            "seconds": round(job["end"] - job["start"], 2),
            "outputs": job["outputs"],
        }
        for job in sorted(found.values(), key=lambda job: job["start"])
    ]


def iso(seconds: float) -> str:
    """Seconds since the epoch as UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def read(path: Path) -> dict[str, Any]:
    """A manifest, or any other JSON file of a run; without pandas, for every start of Snakemake
    reads this module."""
    return json.loads(path.read_text(encoding="utf-8"))


def changed(manifest: Mapping[str, Any], now: Mapping[str, Any], part: str) -> list[str]:
    """Names under ``part`` whose fingerprint is not the same in both, or that only one has."""
    a, b = manifest.get(part, {}), now.get(part, {})
    return sorted(name for name in {*a, *b} if _sha(a.get(name)) != _sha(b.get(name)))


def _sha(entry: Any) -> str | None:
    return entry["sha256"] if isinstance(entry, Mapping) else entry


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()
