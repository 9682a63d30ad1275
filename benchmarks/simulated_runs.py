"""Whole runs of simulated networks, rule by rule."""

import csv
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from generate import Network, write
from whole_runs import snakemake

TITLE = "Whole runs of simulated networks"
SIZES = ((301, 56), (1_000, 100))  # the first is the size of the review of 2025
LIMIT = 900  # seconds of a run, beyond which it is stopped and said so


def whole(studies: int, treatments: int) -> dict:
    """A whole run from trials.csv to the report: seconds; and, of a second one, since to look at
    the processes slows a run, every job's."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = write(Network(studies, treatments), Path(temporary) / "network")
        begun = time.perf_counter()
        try:
            snakemake(folder, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return {"over": LIMIT}
        seconds = time.perf_counter() - begun
        shutil.rmtree(folder / "results")
        snakemake(folder, "--benchmark-extended", environment={"NMA_BENCHMARKS": "1"})
        page = (folder / "results/report.html").stat().st_size / 1e6
        jobs = [_job(path) for path in sorted((folder / "logs/benchmarks").rglob("*.tsv"))]
    return {"seconds": seconds, "report_mb": page, "jobs": jobs}


def _job(path: Path) -> dict:
    with path.open(encoding="utf-8") as lines:
        row = list(csv.DictReader(lines, delimiter="\t"))[-1]
    asked = json.loads(row["resources"].replace("'", '"'))
    return {
        "rule": row["rule_name"],
        "seconds": float(row["s"]),
        "megabytes": float(row["max_rss"]) if row["max_rss"] != "NA" else 0.0,
        "asked": asked.get("mem_mb"),
    }


def measure() -> dict:
    """Of every size: seconds, and its jobs."""
    return {f"{s:,} x {k}": whole(s, k) for s, k in SIZES}


def section(runs: dict) -> str:
    """Seconds of a run, and seconds and memory of every rule, the larger stratum's."""
    done = {size: run for size, run in runs.items() if "over" not in run}
    lines = [
        "Simulated networks (`benchmarks/generate.py`), `--cores 2`, from trials.csv to"
        " report, figures and exports; code compiled before:\n"
    ]
    for size, run in runs.items():
        told = f"over {run['over']} s" if "over" in run else (
            f"{run['seconds']:.0f} s; report {run['report_mb']:.1f} MB"
        )  # fmt: skip
        lines.append(f"- {size} (acute and chronic, `main` alone): {told}")
    if not done:
        return "\n".join(lines)
    names = " | ".join(f"{size}, s | MB | asked" for size in done)
    lines += [
        "\nRule by rule, of a second run that was measured: the longest job, the highest peak and"
        " what is asked (`mem_mb`):\n",
        f"| rule | {names} |",
        f"|---|{'---:|---:|---:|' * len(done)}",
    ]
    worst: dict[str, dict[str, dict]] = {}
    for size, run in done.items():
        for job in run["jobs"]:
            row = worst.setdefault(job["rule"], {}).setdefault(size, dict(job))
            row |= {name: max(row[name], job[name]) for name in ("seconds", "megabytes")}
    for name, of in sorted(
        worst.items(), key=lambda rule: -max(r["seconds"] for r in rule[1].values())
    ):
        cells = [
            f"{of[size]['seconds']:.1f} | {of[size]['megabytes']:.0f} | {of[size]['asked']}"
            for size in done
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
