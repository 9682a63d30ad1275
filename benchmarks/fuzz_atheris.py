"""Byte-level fuzzing of one input: ``python benchmarks/fuzz_atheris.py TARGET SECONDS [FOLDER]``.

atheris mutates the project's own files, guided by the branches of the readers that they reach.
The rule of what is allowed is in tests/fuzzing.py. An input that breaks it, takes more than
SLOW seconds or makes the process larger than MEMORY MB is kept in FOLDER/TARGET/ and ends the run.
"""

import re
import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent
SLOW, MEMORY = 10, 2000
LONGEST = 20_000  # bytes of an input; what is larger is in tests/bombs.py
# Whose branches guide the fuzzer; to count them costs seconds at the start.
TRACED = {"xlsx": ["nma", "openpyxl"], "part": ["nma", "openpyxl"], "config": ["nma", "yaml"]}


def main(name: str, seconds: int, folder: Path) -> None:
    """Fuzz one target for some seconds; exits with another code than 0 if it broke."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "workflow/scripts")]
    with atheris.instrument_imports(include=TRACED.get(name, ["nma"])):
        import fuzzing
        import openpyxl
        import openpyxl.worksheet._reader  # noqa: F401
    kept = folder / name
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        seeds = Path(scratch) / "seeds"
        seeds.mkdir()
        for i, seed in enumerate(fuzzing.seeds(name)):
            (seeds / str(i)).write_bytes(seed)
        dictionary = Path(scratch) / "words"
        dictionary.write_text(_words(fuzzing.seeds(name)), encoding="ascii")
        limits = [f"-max_total_time={seconds}", f"-timeout={SLOW}", f"-rss_limit_mb={MEMORY}"]
        shape = [f"-max_len={LONGEST}", f"-dict={dictionary}", "-seed=1", "-print_final_stats=1"]
        shape += ["-keep_seed=1", "-len_control=0"]
        atheris.Setup(
            [sys.argv[0], *limits, *shape, f"-artifact_prefix={kept}/", str(seeds)],
            lambda data: fuzzing.try_bytes(name, data, Path(scratch)),
        )
        atheris.Fuzz()


def _words(seeds: list[bytes]) -> str:
    """The words of the seeds, for the fuzzer to put in."""
    found = {word for seed in seeds for word in re.findall(rb"[A-Za-z_][A-Za-z0-9_ ]{2,20}", seed)}
    return "".join(f'"{word.decode()}"\n' for word in sorted(found)[:300])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path((sys.argv[3:] or [ROOT / ".cache/fuzz"])[0]))
