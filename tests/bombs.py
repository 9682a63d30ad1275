"""Inputs that would cost minutes or gigabytes, and what reading each in a process of its own took.

``python tests/bombs.py NAME FOLDER`` makes the file, reads it and prints what was said;
``measured`` does so with a limit of address space and reports seconds and the peak.
"""

import json
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEMORY, SECONDS = 3_000_000_000, 120  # of address space; beyond them the process ends


def sparse(path: Path) -> None:
    """One cell of 1 GB, most of it a hole."""
    with path.open("wb") as file:
        file.write(b"study,mean\nA,")
        file.truncate(1_000_000_000)


def long_cell(path: Path) -> None:
    """One cell as long as a file may be."""
    path.write_bytes(b"study,mean\nA," + b"x" * 19_000_000)


def wide(path: Path) -> None:
    """A million columns."""
    path.write_bytes(b",".join(b"c%d" % i for i in range(1_000_000)) + b"\n")


def blank_rows(path: Path) -> None:
    """Ten million rows of nothing."""
    path.write_bytes(b"study,mean\n" + b"\n" * 10_000_000)


def blank_cells(path: Path) -> None:
    """A row of fifteen million blank cells."""
    path.write_bytes(b"study,mean\n" + b"," * 15_000_000)


def quotes(path: Path) -> None:
    """Nothing but quotes: every pair may be one quote or a cell."""
    path.write_bytes(b'study,mean\n"' + b'"' * 15_000_000)


def rows(path: Path) -> None:
    """A million rows of a treatment map."""
    with path.open("w", encoding="ascii") as file:
        file.write("reported,treatment,class,modality,kind,placebo_kind\n")
        file.writelines(f"t{i},a,a,drug,active,\n" for i in range(1_000_000))


def odd(path: Path) -> None:
    """Millions of cells each with a character to be told of."""
    path.write_bytes(b"study,mean\n" + b"\x07,\x07\n" * 2_000_000)


def many(path: Path) -> None:
    """A workbook of 5,000 more files."""
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(5_000):
            archive.writestr(f"xl/worksheets/sheet{i}.xml", b"")


def largest(path: Path) -> None:
    """As many rows as are allowed, of fifty columns."""
    header = ",".join(f"c{i}" for i in range(50))
    path.write_text(header + "\n" + (",".join("1" * 50) + "\n") * 99_000, encoding="ascii")


def _sheet(
    inside: Iterable[bytes], how: int = zipfile.ZIP_DEFLATED, **others: Iterable[bytes]
) -> Callable:
    """Makes a workbook whose sheet is so, written as it comes; ``others`` are members by their
    stem."""

    def make(path: Path) -> None:
        from fuzzing import seeds

        path.write_bytes(seeds("xlsx")[0])
        with zipfile.ZipFile(path) as book:
            parts = {name: book.read(name) for name in book.namelist()}
        parts["xl/sharedStrings.xml"] = STRINGS + b"</sst>"
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", OF_STRINGS)
        with zipfile.ZipFile(path, "w", how) as archive:
            made = {"sheet1": inside, **others}
            for name, content in parts.items():
                with archive.open(name, "w") as member:
                    member.writelines(made.get(Path(name).stem, [content]))

    return make


NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OPEN = b"<worksheet " + NAMESPACE + b"><sheetData>"
CLOSE = b"</sheetData></worksheet>"
NAMES = b'<row r="1"><c r="A1" t="inlineStr"><is><t>study</t></is></c><c r="B1"><v>1</v></c></row>'
LAST = b'<c r="XFD1048576"><v>1</v></c>'


def _entities(levels: int, times: int) -> bytes:
    """A document whose one reference stands for times ** levels characters."""
    lines = [b'<!ENTITY a0 "x">']
    lines += [b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * times) for i in range(1, levels + 1)]
    return b"<!DOCTYPE s [" + b"".join(lines) + b"]>"


def _text(reference: bytes, first: bytes = b"") -> list[bytes]:
    cell = b'<row r="2"><c r="A2" t="inlineStr"><is><t>' + reference + b"</t></is></c></row>"
    return [first, OPEN, NAMES, cell, CLOSE]


def _quadratic() -> list[bytes]:
    """One long entity, referred to very often."""
    entity = b'<!DOCTYPE s [<!ENTITY a "' + b"x" * 50_000 + b'">]>'
    return _text(b"&a;" * 50_000, entity)


BLANK_MEGABYTE = b" " * 1_000_000
MERGED = b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>'
STRINGS = b"<sst " + NAMESPACE + b">"
OF_STRINGS = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
    b'officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)
DIMENSION = b"<worksheet " + NAMESPACE + b'><dimension ref="A1:XFD1048576"/><sheetData>'

# What, by the suffix of the file, and whether it is to be refused.
BOMBS: dict[str, tuple[Callable, str, bool]] = {
    "a cell of 1 GB": (sparse, "csv", True),
    "a cell of 19 MB": (long_cell, "csv", True),
    "1,000,000 columns": (wide, "csv", True),
    "10,000,000 blank rows": (blank_rows, "csv", True),
    "15,000,000 blank cells": (blank_cells, "csv", True),
    "15,000,000 quotes": (quotes, "csv", True),
    "1,000,000 rows of treatments": (rows, "csv", True),
    "4,000,000 control characters": (odd, "csv", True),
    "a workbook cell of 1 GB": (sparse, "xlsx", True),
    "a sheet that unpacks 1,000 times": (
        _sheet([OPEN, NAMES, *[BLANK_MEGABYTE] * 150, CLOSE]), "xlsx", True),
    "strings that unpack 1,000 times": (
        _sheet([OPEN, NAMES, CLOSE], sharedStrings=[STRINGS, *[BLANK_MEGABYTE] * 150, b"</sst>"]),
        "xlsx", True),
    "a sheet that unpacks to 1 GB": (
        _sheet([OPEN, NAMES, *[BLANK_MEGABYTE] * 1000, CLOSE]), "xlsx", True),
    "1,000,000 columns in a sheet": (
        _sheet([OPEN, b"<row>", *[b"<c><v>%d</v></c>" % i for i in range(1_000_001)], b"</row>",
                CLOSE]), "xlsx", True),
    "a cell in the last place": (
        _sheet([OPEN, NAMES, b'<row r="1048576">' + LAST + b"</row>", CLOSE]), "xlsx", True),
    "a dimension of all cells": (_sheet([DIMENSION, NAMES, CLOSE]), "xlsx", False),
    "a merged range of all cells": (
        _sheet([OPEN, NAMES, b"</sheetData>" + MERGED]), "xlsx", True),
    "XML entities in entities": (_sheet(_text(b"&a9;", _entities(9, 10))), "xlsx", True),
    "one XML entity 50,000 times": (_sheet(_quadratic()), "xlsx", True),
    "XML 100,000 levels deep": (
        _sheet([OPEN, NAMES, b"<row>" * 100_000, b"</row>" * 100_000, CLOSE], zipfile.ZIP_STORED),
        "xlsx", False),
    "1,000,000 texts": (
        _sheet([OPEN, NAMES, CLOSE], sharedStrings=[
            STRINGS, *(b"<si><t>%d</t></si>" % i for i in range(1_000_000)), b"</sst>"]),
        "xlsx", True),
    "290,000 texts": (
        _sheet([OPEN, NAMES, CLOSE], sharedStrings=[
            STRINGS, *(b"<si><t>%d</t></si>" % i for i in range(290_000)), b"</sst>"]),
        "xlsx", False),
    "12 MB of styles": (
        _sheet([OPEN, NAMES, CLOSE], styles=[
            b"<styleSheet " + NAMESPACE + b"><numFmts>",
            *(b'<numFmt numFmtId="%d" formatCode="0"/>' % i for i in range(300_000)),
            b"</numFmts></styleSheet>"]), "xlsx", True),
    "9 MB of styles": (
        _sheet([OPEN, NAMES, CLOSE], styles=[
            b"<styleSheet " + NAMESPACE + b"><numFmts>",
            *(b'<numFmt numFmtId="%d" formatCode="0"/>' % i for i in range(220_000)),
            b"</numFmts></styleSheet>"]), "xlsx", False),
    "5,000 files in a workbook": (many, "xlsx", True),
    "the largest table allowed": (largest, "csv", False),
}  # fmt: skip


def read(name: str, folder: Path) -> dict[str, object]:
    """Make one bomb and read it under the limits: seconds, peak MB over the start, first words."""
    from fuzzing import grid, seeds

    make, suffix, _ = BOMBS[name]
    path = folder / f"bomb.{suffix}"
    make(path)
    # What a process needs before it reads anything is no cost of the bomb.
    (folder / f"first.{suffix}").write_bytes(seeds(suffix)[0])
    grid(folder / f"first.{suffix}")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    at, begun = _memory("VmRSS"), time.perf_counter()
    said = grid(path)
    seconds = time.perf_counter() - begun
    path.unlink()
    return {"seconds": round(seconds, 2), "mb": round(_memory("VmHWM") - at), "said": said}


def _memory(kind: str) -> float:
    """MB of this process, now (VmRSS) or at most (VmHWM)."""
    words = Path("/proc/self/status").read_text(encoding="ascii").split()
    return int(words[words.index(f"{kind}:") + 1]) / 1000


def measured(name: str, folder: Path) -> dict[str, object]:
    """``read`` in a process of its own; raises with its traceback if it broke."""
    command = [sys.executable, __file__, name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "workflow/scripts")]
    print(json.dumps(read(sys.argv[1], Path(sys.argv[2]))))
