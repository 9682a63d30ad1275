"""Runs that are killed again and again, and what comes out in the end."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "workflow/scripts")]

TITLE = "Killed runs"
KILLS = 25


def measure() -> dict:
    """What every kill met and left, and whether the results are those of a run left alone."""
    import tempfile

    import faults

    with tempfile.TemporaryDirectory() as folder:
        return faults.campaign(Path(folder), KILLS)


def section(figures: dict) -> str:
    """A sentence and a table."""
    kills = figures["kills"]
    writing = sum(kill["while_writing"] for kill in kills)
    halves = sum(len(kill["broken"]) for kill in kills)
    lines = [
        f"A small run (`main` and one exact analysis, one stratum) takes {figures['alone']:.0f} s"
        f" alone. {len(kills)} times kill -9 of the run and all its jobs at seeded moments,"
        f" {writing} of them while a file was being written; after each `--unlock` and the same"
        f" command again, until {figures['finished']} runs were done. Results that were there"
        f" under their names but not whole: {halves}. Files that differ from those of the run"
        f" left alone:"
        f" {len(figures['different'])} of {figures['files']}.\n",
        "| kill | after, s | while writing | results there | not whole |",
        "|---:|---:|---|---:|---:|",
    ]
    for k, kill in enumerate(kills, start=1):
        lines.append(
            f"| {k} | {kill['seconds']:.1f} | {'yes' if kill['while_writing'] else ''} |"
            f" {kill['files']} | {len(kill['broken'])} |"
        )
    return "\n".join(lines)
