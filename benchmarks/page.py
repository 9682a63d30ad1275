"""docs/benchmarks.md: `make bench` measures every section and writes the page.

A section is a module of this folder with ``TITLE``, ``measure()`` -> figures (what JSON can
hold) and ``section(figures)`` -> Markdown. Its figures are kept in docs/benchmarks/, with the
machine, the date and the commit, so that one section can be measured again alone:
``make bench SECTIONS="scale"``. ``NOTE`` is a sentence for who reads them: what ran beside it.
"""

import json
import os
import platform
import subprocess
import sys
import time
from datetime import date
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIGURES, PAGE = ROOT / "docs/benchmarks", ROOT / "docs/benchmarks.md"
# In the order of the page.
SECTIONS = (
    *("whole_runs", "simulated_runs", "scale", "cluster", "fault_runs", "fuzz"),
    *("calibration_runs", "edges"),
)
HEAD = """# Measured

Made by `make bench`; no figure here was typed by hand. `make bench SECTIONS="scale"` measures
one section again. Every section states its machine, day and commit: times of different days
or machines do not compare.
"""


def machine() -> str:
    """What the figures were measured on."""
    text = Path("/proc/meminfo").read_text(encoding="utf-8").split()
    memory = int(text[text.index("MemTotal:") + 1]) / 2**20
    python = platform.python_version()
    return f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, Python {python}"


def commit() -> str:
    """The commit that was measured, marked if files other than these pages differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return told.stdout.strip()

    changed = git("status", "--porcelain", "--", ".", ":!docs/benchmarks", ":!docs/benchmarks.md")
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if changed else "")


def measured(name: str) -> dict:
    """One section measured, with where and when."""
    begun, at = time.perf_counter(), commit()
    figures = import_module(name).measure()
    return {
        "machine": machine(),
        "date": date.today().isoformat(),
        "commit": at,
        "note": os.environ.get("NOTE", ""),
        "seconds": round(time.perf_counter() - begun),
        "figures": figures,
    }


def page() -> str:
    """The page from the figures that are there."""
    parts = [HEAD]
    for name in SECTIONS:
        kept = FIGURES / f"{name}.json"
        if kept.exists():
            section = import_module(name)
            known = json.loads(kept.read_text(encoding="utf-8"))
            told = "{machine}; {date}; commit {commit}; measured in {seconds} s.".format(**known)
            told += f" {known['note']}" if known.get("note") else ""
            parts.append(f"## {section.TITLE}\n\n{told}\n\n{section.section(known['figures'])}")
    return "\n".join(part.strip() + "\n" for part in parts)


def main() -> None:
    """Measure the sections asked for, or all; write the page after each."""
    if unknown := set(sys.argv[1:]) - set(SECTIONS):
        sys.exit(f"no section {sorted(unknown)}; there are {', '.join(SECTIONS)}")
    FIGURES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or SECTIONS:
        text = json.dumps(measured(name), indent=1)
        (FIGURES / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        PAGE.write_text(page(), encoding="utf-8")
        print(f"{name}: done", flush=True)


if __name__ == "__main__":
    main()
