"""How time and memory grow with the network: every step alone, and whole runs rule by rule."""

import csv
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from generate import Network, write
from whole_runs import snakemake

TITLE = "Scale"
SIZES = ((301, 56), (1_000, 100), (5_000, 300), (20_000, 1_000))
GROWTH = ((2_000, 100), (8_000, 100))  # more studies of as many treatments
STAGES = ("exact_fit", "splits", "left_out", "nuts", "textbook")
GROWING = ("exact_fit", "left_out", "nuts")
LIMIT = 300  # seconds of one step, beyond which it is stopped and said so
WHOLE, WHOLE_LIMIT = ((301, 56), (1_000, 100)), 900


def staged(stage: str, studies: int, treatments: int) -> dict:
    """One step in a process of its own; {"over": seconds} if it took longer."""
    script = Path(__file__).with_name("stages.py")
    command = [sys.executable, str(script), stage, str(studies), str(treatments)]
    try:
        told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return {"over": LIMIT}
    return json.loads(told.stdout.splitlines()[-1])


def whole(studies: int, treatments: int) -> dict:
    """A whole run from trials.csv to the report: seconds; and, of a second one, since to look at
    the processes slows a run, every job's."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = write(Network(studies, treatments), Path(temporary) / "network")
        begun = time.perf_counter()
        try:
            snakemake(folder, timeout=WHOLE_LIMIT)
        except subprocess.TimeoutExpired:
            return {"over": WHOLE_LIMIT}
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
    """Every step at every size, growth with the studies, whole runs."""
    return {
        "steps": {f"{s} x {k}": {x: staged(x, s, k) for x in STAGES} for s, k in SIZES},
        "growth": {f"{s} x {k}": {x: staged(x, s, k) for x in GROWING} for s, k in GROWTH},
        "whole": {f"{s} x {k}": whole(s, k) for s, k in WHOLE},
    }


# What of a step is shown: seconds of these readings.
SHOWN = {
    "exact fit": ("exact_fit", ("fit",)),
    "3,000 exact draws": ("exact_fit", ("draws",)),
    "all tables of them": ("exact_fit", ("tables",)),
    "written as CSV": ("exact_fit", ("written",)),
    "every node-split": ("splits", ("splits",)),
    "every study left out": ("left_out", ("left out",)),
    "NUTS, compiled and sampled": ("nuts", ("compiled and sampled",)),
    "textbook form, likewise": ("textbook", ("compiled and sampled",)),
}


def _cell(step: dict, readings: tuple[str, ...]) -> str:
    if "over" in step:
        return f"over {step['over']}"
    return _two(sum(step["seconds"][name] for name in readings))


def _two(seconds: float) -> str:
    """Two digits that mean something, and never a power of ten."""
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2g}"


def section(figures: dict) -> str:
    """Tables: steps, memory, samplers, growth, rules."""
    sizes = list(figures["steps"])
    head = f"| | {' | '.join(sizes)} |\n|---|{'---:|' * len(sizes)}"
    lines = [
        "Simulated networks (`benchmarks/generate.py`), studies x treatments, all in one stratum;"
        " every step in a process of its own, imports not counted. Seconds:\n",
        head,
    ]
    for name, (stage, readings) in SHOWN.items():
        cells = [_cell(figures["steps"][size][stage], readings) for size in sizes]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["\nPeak memory of the process, MB, and what it made:\n", head]
    for stage in STAGES:
        made = [figures["steps"][size][stage] for size in sizes]
        cells = ["" if "over" in x else f"{x['megabytes']:.0f}" for x in made]
        lines.append(f"| {stage} | {' | '.join(cells)} |")
    for name, stage, key in (("rows of the league", "exact_fit", "league"),
                             ("node-splits", "splits", "splits")):  # fmt: skip
        cells = [f"{figures['steps'][size][stage].get(key, 0):,}" for size in sizes]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += _samplers(figures["steps"])
    lines += _growth(figures["growth"])
    lines += _rules(figures["whole"])
    return "\n".join(lines)


def _samplers(steps: dict) -> list[str]:
    lines = [
        "\nNUTS (nutpie, 4 chains of 1,000 + 1,000): the arm form of this project, study means and"
        " effects integrated out, and the same model with both as unknowns. Least bulk ESS of all"
        " effects and tau a second of sampling, the ratio of the two, and of whole times"
        " (compilation counted):\n",
        "| network | arm form | textbook | ratio, sampling | ratio, whole | divergences |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for size, step in steps.items():
        if "over" in step["nuts"]:
            lines.append(f"| {size} | stopped after {LIMIT} s | | | | |")
            continue
        ours, theirs = _speed(step["nuts"]), None
        cells = [f"{ours[0]:.0f}", f"stopped after {LIMIT} s", "", "", "0"]
        if "over" not in step["textbook"]:
            theirs = _speed(step["textbook"])
            cells[1:4] = [f"{theirs[0]:.0f}", *(f"{a / b:.1f}" for a, b in zip(ours, theirs))]  # noqa: B905
        both = [str(step[x]["divergences"]) for x in ("nuts", "textbook") if "over" not in step[x]]
        cells[4] = " and ".join(both)
        lines.append(f"| {size} | {' | '.join(cells)} |")
    return lines


def _speed(step: dict) -> tuple[float, float]:
    """Least ESS a second of sampling, and of the whole."""
    ess = step["least ess"]
    return ess / step["sampling"], ess / step["seconds"]["compiled and sampled"]


def _growth(growth: dict) -> list[str]:
    (small, few), (large, many) = growth.items()
    times = math.log(float(large.split(" x ")[0]) / float(small.split(" x ")[0]))
    lines = [
        f"\nGrowth with the studies alone, {small} to {large}: time goes as studies to the power"
        " of (1 is linear)\n",
        "| step | seconds | | power |\n|---|---:|---:|---:|",
    ]
    for name, (stage, readings) in SHOWN.items():
        if stage not in few or "over" in few[stage] or "over" in many[stage]:
            continue
        a, b = (sum(x[stage]["seconds"][r] for r in readings) for x in (few, many))
        lines.append(f"| {name} | {_two(a)} | {_two(b)} | {math.log(b / a) / times:.2f} |")
    if all("over" not in x["nuts"] for x in (few, many)):
        a, b = few["nuts"]["sampling"], many["nuts"]["sampling"]
        lines.append(
            f"| NUTS, sampling alone | {_two(a)} | {_two(b)} | {math.log(b / a) / times:.2f} |"
        )
    return lines


def _rules(runs: dict) -> list[str]:
    """Whole runs: seconds and memory of every rule, the larger stratum's."""
    done = {size: run for size, run in runs.items() if "over" not in run}
    lines = ["\nWhole runs, `--cores 2`, from trials.csv to the report, code compiled before:\n"]
    for size, run in runs.items():
        told = f"over {run['over']} s" if "over" in run else (
            f"{run['seconds']:.0f} s; report {run['report_mb']:.1f} MB"
        )  # fmt: skip
        lines.append(f"- {size} (acute and chronic, `main` alone): {told}")
    if not done:
        return lines
    names = " | ".join(f"{size}, s | MB | asked" for size in done)
    lines += [
        "\nRule by rule, of a second run that was measured, the longest job of each; MB is its"
        " peak, asked is its `mem_mb`:\n",
        f"| rule | {names} |",
        f"|---|{'---:|---:|---:|' * len(done)}",
    ]
    by: dict[str, dict[str, dict]] = {}
    for size, run in done.items():
        for job in run["jobs"]:
            row = by.setdefault(job["rule"], {}).setdefault(size, job)
            if job["seconds"] > row["seconds"]:
                by[job["rule"]][size] = job
    order = sorted(by, key=lambda rule: -max(job["seconds"] for job in by[rule].values()))
    for rule in order:
        cells = []
        for size in done:
            job = by[rule].get(size)
            cells += [f"{job['seconds']:.1f}", f"{job['megabytes']:.0f}", str(job["asked"])] if job else ["", "", ""]  # fmt: skip  # noqa: E501
        lines.append(f"| {rule} | {' | '.join(cells)} |")
    return lines
