"""What may become of any bytes given as an input: a result, or the project's own refusal.

A target takes a path and reads the file there as the workflow does. It returns the first words
of a refusal, "" if the file was read; whatever else it raises is a bug. tests/test_fuzz.py and
benchmarks/fuzz_atheris.py feed it.
"""

import functools
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import tabular
from openpyxl import Workbook
from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError

from nma import config_file, contract, intake, pages, tables, validation
from nma.findings import InputError
from nma.grid import read_grid

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = str(ROOT / "workflow/schemas/config.schema.yaml")
TEMPLATE = ROOT / "workflow/report/validation.html.jinja"
NAME = re.compile("[a-z][a-z0-9_]{0,59}")
REGISTRIES = ("treatments", "instruments")
OVERLAYS = ("columns", "corrections", "exclusions", "certainty")


def grid(path: Path) -> str:
    """One sheet of a file, by its suffix CSV or XLSX."""
    try:
        read = read_grid(path)
    except InputError as error:
        return _first(error)
    assert any(read.header)
    assert all(len(cells) == len(read.header) for _, cells in read.rows)
    return ""


def part(path: Path) -> str:
    """A workbook of which one part is the file, the rest as it should be; the first byte of the
    file says which. Bytes of a packed workbook seldom survive a mutation."""
    data = path.read_bytes()
    parts = _parts()
    names = sorted(parts)
    parts = parts | {names[(data or b"\0")[0] % len(names)]: data[1:]}
    book = path.with_suffix(".xlsx")
    with zipfile.ZipFile(book, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return grid(book)


def trials(path: Path) -> str:
    """A table of trials as validation takes it, to its page and its last words."""
    return _taken(trials=path)


def table(name: str) -> Callable[[Path], str]:
    """The target of one of the other input tables, beside trials that have no errors."""

    def take(path: Path) -> str:
        return _taken(**{name: path})

    return take


def config(path: Path) -> str:
    """A config file as the Snakefile reads it."""
    try:
        config_file.read(path)
        settings = load_configfile(path)
        config_file.complete(settings, SCHEMA)
        made = config_file.analyses(settings, SCHEMA)
    except (config_file.ConfigError, WorkflowError) as error:
        return str(error).splitlines()[0]
    except ValueError as error:
        if not str(error).startswith("config: "):
            raise
        return str(error)
    assert "main" in made
    # Settings become parameters of rules, and file names.
    assert all(NAME.fullmatch(name) for name in made)
    assert all(NAME.fullmatch(each) for name in made for each in made[name]["strata"])
    return ""


# Target by name -> suffix of its files.
TARGETS = {
    "csv": (grid, "csv"),
    "xlsx": (grid, "xlsx"),
    "part": (part, "part"),
    "trials": (trials, "csv"),
    **{
        name: (table(name), "csv")
        for name in (*REGISTRIES, *OVERLAYS)
    },
    "config": (config, "yaml"),
}  # fmt: skip


def try_bytes(name: str, data: bytes, folder: Path) -> str:
    """The outcome of a target on a file of these bytes."""
    target, suffix = TARGETS[name]
    path = folder / f"input.{suffix}"
    path.write_bytes(data)
    return target(path)


def seeds(name: str) -> list[bytes]:
    """Files of the project that the target reads, the smaller first."""
    if name == "config":
        return [(ROOT / "config/config.yaml").read_bytes(), SMALL_CONFIG]
    if name == "xlsx":
        return [_workbook(rows) for rows in ([["a", "b"], ["1", 2]], _records())]
    if name == "part":
        return [bytes([i]) + content for i, (_, content) in enumerate(sorted(_parts().items()))]
    if name in ("csv", "trials"):
        return [b"a,b\n1,2\n", b'sep=;\na;b\n\xfc;"x""y"\n', _valid("trials")]
    if name in REGISTRIES:
        return [_valid(name)]
    header = ",".join(field.name for field in contract.TABLES[name])
    kept = [ROOT / folder / f"{name}.csv" for folder in ("config", "data")]
    starts = [path.read_bytes().splitlines(True)[:12] for path in kept if path.exists()]
    return [f"{header}\n".encode() + LINES[name].encode(), *map(b"".join, starts)]


SMALL_CONFIG = b"""strata:
  chronic: {label: Chronic, min_weeks: 12, max_weeks: 52, durations: [chronic]}
analyses:
  main: {}
  other: {engine: exact, model: {priors: {tau: {dist: uniform, upper: 5}}}, mid: {grid: [10]}}
"""
LINES = {
    "columns": "*.csv,Pain,mean,,,\n,,outcome,,,pain\n,n_2,n,2,9=10;x=,\n",
    "certainty": "chronic,Adams 2001,,,within_study_bias,some,why\n,,,,imprecision,some,why\n",
    "corrections": "Adams 2001,2,mean,30,31,why\n",
    "exclusions": "Adams 2001,,why\n",
}


@functools.cache
def _settings() -> dict:
    settings = load_configfile(ROOT / "config/config.yaml")
    config_file.complete(settings, SCHEMA)
    return config_file.analyses(settings, SCHEMA)["main"]


@functools.cache
def _valid(name: str) -> bytes:
    """A table without any error, beside which another is read."""
    made = {"trials": tabular.valid_trials, "treatments": tabular.treatments}
    whole = made.get(name, tabular.instruments)()
    return whole[[c for c in whole if not c.startswith("_")]].to_csv(index=False).encode()


def _taken(**paths: Path) -> str:
    settings = _settings()
    here = next(iter(paths.values())).parent
    for name in {"trials", *REGISTRIES} - set(paths):
        paths[name] = here / f"{name}.csv"
        paths[name].write_bytes(_valid(name))
    came = intake.take(
        [(str(paths["trials"]), None)],
        registries={name: paths[name] for name in REGISTRIES},
        overlays={name: [paths[name]] if name in paths else [] for name in OVERLAYS},
        maps=[settings["treatment_map"]],
        strata=settings["strata"],
        correlation=settings["correlation"],
        limits=settings["plausibility"],
    )
    for name in ("findings", "corrections", "sources", "columns", "trials"):
        tables.write_table(getattr(came, name), here / "out" / f"{name}.csv")
    tables.write_text(pages.render(validation.page(came), TEMPLATE), here / "out" / "report.html")
    tables.write_text(validation.terminal(came, "report.html"), here / "out" / "said.txt")
    return validation.stopped(came, "findings.csv")


def _first(error: InputError) -> str:
    assert error.findings
    assert all(finding.level == "error" and finding.hint for finding in error.findings)
    return error.findings[0].hint


def _records() -> list[list[str]]:
    return [line.split(",") for line in _valid("trials").decode().splitlines()]


def _workbook(rows: list[list]) -> bytes:
    book, kept = Workbook(), io.BytesIO()
    for cells in rows:
        book.active.append(cells)
    book.active.merge_cells("A2:B2")
    book.save(kept)
    return kept.getvalue()


@functools.cache
def _parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(_workbook(_records()[:3]))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
