"""Runs that are killed at a moment of their own choosing, and what comes of the next one."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import runs

# A run's manifest and the page tell when it was made; all else must be the same to the byte.
WHEN = ("manifest.json",)


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    """A run that is killed with all its jobs: a session of its own."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(runs.ROOT / "Snakefile"),
               "--directory", str(folder), "--cores", "2", "--rerun-incomplete",
               *arguments]  # fmt: skip
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
    """When to kill: after ``seconds``, or with ``while_writing`` as soon as a hidden half of a
    file is seen after them."""

    seconds: float
    while_writing: bool = False


def moments(rng: np.random.Generator) -> Iterator[Moment]:
    """Early, late, in the middle of a fit; every other one waits for a write."""
    while True:
        for while_writing in (False, True):
            yield Moment(float(rng.uniform(2.5, 24.0)), while_writing)


def strike(folder: Path, moment: Moment) -> dict | None:
    """Start a run, kill it at the moment, and say what it left: how many results were there
    under their names, which of them are not whole, whether a write was met. None if the run
    came to its end before."""
    process, begun, met = start(folder), time.monotonic(), False
    while process.poll() is None:
        late = time.monotonic() - begun - moment.seconds
        if late >= 0:
            met = next((folder / "results").rglob(".*.part*"), None) is not None
            if met or not moment.while_writing or late > 10:
                break
        time.sleep(0.002)
    if not kill(process):
        return None
    return {
        "seconds": round(time.monotonic() - begun, 2),
        "while_writing": met,
        "files": len(hashes(folder)),
        "broken": broken(folder),
    }


def campaign(base: Path, kills: int, seed: int = 1) -> dict:
    """A run left alone, then runs that are killed and started again, as docs/faults.md says,
    until there were so many kills; the last one is left to end. Which results differ?"""
    begun = time.monotonic()
    whole = runs.folder(base / "alone", only="chronic")
    done = runs.run(whole)
    assert done.returncode == 0, runs.said(done)
    alone = time.monotonic() - begun
    expected, different, struck, finished = hashes(whole), set(), [], 0
    when = moments(np.random.default_rng(seed))
    while len(struck) < kills:
        folder, met = runs.folder(base / f"killed{finished}", only="chronic"), True
        while met and len(struck) < kills:
            met = strike(folder, next(when))
            if met:
                struck.append(met)
                runs.run(folder, "--unlock")
        done = runs.run(folder, "--rerun-incomplete")
        assert done.returncode == 0, runs.said(done)
        finished += 1
        got = hashes(folder)
        different |= {name for name in expected | got if expected.get(name) != got.get(name)}
    return {
        "alone": alone,
        "kills": struck,
        "finished": finished,
        "files": len(expected),
        "different": sorted(different),
    }
