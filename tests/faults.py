"""Runs that are killed at a moment of their own choosing, and what comes of the next one."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import runs

# A run's manifest and the page tell when it was made; all else must be the same to the byte.
WHEN = ("manifest.json",)


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    """A run that is killed with all its jobs: a session of its own."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(runs.ROOT / "Snakefile"),
               "--directory", str(folder), "--cores", "2", *arguments]  # fmt: skip
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def kill(process: subprocess.Popen) -> bool:
    """kill -9 of the run and every job; whether it was still at work."""
    at_work = process.poll() is None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    process.wait()
    return at_work


def hashes(folder: Path) -> dict[str, str]:
    """Of every result, but for what says when; hidden halves of files are no results."""
    results = folder / "results"
    return {
        str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.name not in WHEN and not path.name.startswith(".")
    }


def broken(folder: Path) -> list[str]:
    """Results that are there under their names but are not whole: they end in the middle."""
    found = []
    ends = {".csv": b"\n", ".html": b"</html>", ".svg": b"</svg>", ".pdf": b"%%EOF",
            ".png": b"IEND\xaeB`\x82"}  # fmt: skip
    for path in sorted((folder / "results").rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        content = path.read_bytes()
        if path.suffix in ends and not content.rstrip(b"\n").endswith(ends[path.suffix].strip()):
            found.append(str(path))
        if path.suffix == ".csv" and not content.endswith(b"\n"):
            found.append(str(path))
        if path.suffix == ".json":
            try:
                json.loads(content)
            except ValueError:
                found.append(str(path))
        if path.suffix == ".nc":
            from nma import posterior

            try:
                posterior.load(path)
            except (OSError, ValueError, KeyError):
                found.append(str(path))
    return found


@dataclass(frozen=True)
class Moment:
    """When to kill: after ``seconds``, or as soon as ``while_writing`` any hidden half of a file
    is seen after them."""

    seconds: float
    while_writing: bool = False


def moments(count: int, length: float, seed: int = 1) -> list[Moment]:
    """Evenly spread over a run of ``length`` seconds, at random within their share; every third
    waits for a write."""
    rng = np.random.default_rng(seed)
    at = (np.arange(count) + rng.random(count)) / count * length
    return [Moment(float(s), k % 3 == 2) for k, s in enumerate(at)]


def strike(folder: Path, moment: Moment) -> dict:
    """Start a run, kill it at the moment, and say what it left: how many results were there
    under their names, which of them are not whole, whether a write was met."""
    process, begun = start(folder), time.monotonic()
    time.sleep(moment.seconds)
    met = False
    if moment.while_writing:
        while process.poll() is None and time.monotonic() - begun < moment.seconds + 20:
            if next((folder / "results").rglob(".*.part*"), None) is not None:
                met = True
                break
    at_work = kill(process)
    left = hashes(folder) if (folder / "results").exists() else {}
    return {
        "seconds": round(time.monotonic() - begun, 2),
        "at_work": at_work,
        "while_writing": met,
        "files": len(left),
        "broken": broken(folder) if left else [],
    }


def again(folder: Path) -> subprocess.CompletedProcess:
    """What docs/faults.md says to do after a kill."""
    runs.run(folder, "--unlock")
    return runs.run(folder, "--rerun-incomplete")
