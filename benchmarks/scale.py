"""How time and memory grow with the network, step by step."""

import json
import math
import subprocess
import sys
from pathlib import Path

TITLE = "Scale"
SIZES = ((301, 56), (1_000, 100), (5_000, 300), (20_000, 1_000))
GROWTH = ((2_000, 100), (8_000, 100))  # more studies of as many treatments
STAGES = ("exact_fit", "splits", "left_out", "nuts", "textbook")
GROWING = ("exact_fit", "left_out", "nuts")
LIMIT = 300  # seconds of one step, beyond which it is stopped and said so


def staged(stage: str, studies: int, treatments: int) -> dict:
    """One step in a process of its own; {"over": seconds} if it took longer."""
    script = Path(__file__).with_name("stages.py")
    command = [sys.executable, str(script), stage, str(studies), str(treatments)]
    try:
        told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return {"over": LIMIT}
    return json.loads(told.stdout.splitlines()[-1])


def measure() -> dict:
    """Every step at every size, and growth with the studies."""
    return {
        "steps": {f"{s} x {k}": {x: staged(x, s, k) for x in STAGES} for s, k in SIZES},
        "growth": {f"{s} x {k}": {x: staged(x, s, k) for x in GROWING} for s, k in GROWTH},
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
    """Tables: steps, memory, samplers, growth."""
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
