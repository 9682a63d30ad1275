"""Fuzzing and bombs: what was tried, for how long, and what broke.

``python benchmarks/fuzz.py SECONDS`` (``make fuzz``) gives every input of the project that many
seconds of bytes; as a section of docs/benchmarks.md it takes BRIEF seconds each and reads the
bombs of tests/bombs.py. Crashes are kept under .cache/fuzz/.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TITLE = "Hostile input"
BRIEF = 5
ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".cache/fuzz"
FUZZER = ("uv", "run", "--frozen", "--group", "fuzz", "python", "benchmarks/fuzz_atheris.py")
# libFuzzer's own closing words.
TOLD = {
    "inputs": r"number_of_executed_units:\s+(\d+)",
    "slowest": r"slowest_unit_time_sec:\s+(\d+)",
    "mb": r"peak_rss_mb:\s+(\d+)",
}


def fuzzed(name: str, seconds: int) -> dict:
    """One target for some seconds."""
    command = [*FUZZER, name, str(seconds), str(KEPT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    told = {key: re.findall(words, done.stderr) for key, words in TOLD.items()}
    if done.returncode and not re.search(r"libFuzzer|Uncaught Python exception", done.stderr):
        raise RuntimeError(done.stderr[-2000:])  # the fuzzer did not run
    features = re.findall(r"cov: (\d+) ft: \d+", done.stderr)
    kept = re.findall(r"Test unit written to (\S+)", done.stderr + done.stdout)
    return {
        **{key: int(found[-1]) if found else None for key, found in told.items()},
        "seconds": seconds,
        "branches": int(features[-1]) if features else None,
        "crashes": int(done.returncode != 0),
        "kept": [Path(path).relative_to(ROOT).as_posix() for path in kept],
    }


def targets() -> list[str]:
    _find()
    from fuzzing import TARGETS

    return list(TARGETS)


def _find() -> None:
    """tests/ and the package are importable; tests/ goes behind this folder, which has modules
    of the same names."""
    sys.path += [str(ROOT / "tests"), str(ROOT / "workflow/scripts")]


def measure() -> dict:
    """Every target for a short time, and every bomb."""
    names = targets()
    from bombs import BOMBS, measured

    bombs = {}
    for name, (_, suffix, _) in BOMBS.items():
        with tempfile.TemporaryDirectory() as folder:
            bombs[name] = {"file": suffix, **measured(name, Path(folder))}
    return {"targets": {name: fuzzed(name, BRIEF) for name in names}, "bombs": bombs}


def section(figures: dict) -> str:
    """Two tables."""
    lines = [
        "Bytes made by atheris from the project's own files (`make fuzz SECONDS=60` does the same "
        "for longer); a crash is anything but a result or the project's own refusal.",
        "",
        "| input | seconds | inputs tried | branches reached | slowest, s | peak MB | crashes |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, each in figures["targets"].items():
        cells = (each[key] for key in ("seconds", "inputs", "branches", "slowest", "mb", "crashes"))
        lines.append(f"| {name} | {' | '.join('-' if c is None else f'{c:,}' for c in cells)} |")
    lines += [
        "",
        "What would cost minutes or gigabytes (`tests/bombs.py`), each read in a process of its "
        "own; MB is the peak over what that process had before.",
        "",
        "| file | kind | seconds | MB | said |",
        "|---|---|---:|---:|---|",
    ]
    for name, each in figures["bombs"].items():
        said = each["said"].replace("|", "\\|") or "read"
        cells = (each["file"], f"{each['seconds']:.1f}", f"{each['mb']:.0f}", said)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    """Fuzz every target; 1 if one broke."""
    broke = 0
    for name in targets():
        found = fuzzed(name, int(sys.argv[1]))
        broke += found["crashes"]
        print(f"{name}: {found}", flush=True)
    return int(broke > 0)


if __name__ == "__main__":
    sys.exit(main())
