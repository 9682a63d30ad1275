"""Files of all kinds to be read as a grid, and what reading them must give."""

import string
import zipfile

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from nma.findings import InputError
from nma.grid import read_grid

HEADER = "study,mean,note"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)


def put(folder, content, name="trials.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def fails(path, sheet=None):
    with pytest.raises(InputError) as caught:
        read_grid(path, sheet)
    assert {finding.level for finding in caught.value.findings} == {"error"}
    return caught.value.findings


def fail(path, sheet=None):
    (finding,) = fails(path, sheet)
    return finding


def only(read):
    (finding,) = read.findings
    return finding


def book(folder, rows, change=None, name="trials.xlsx"):
    """A workbook of one sheet; ``change`` edits it before it is saved."""
    made = Workbook()
    for cells in rows:
        made.active.append(cells)
    if change:
        change(made.active)
    made.save(folder / name)
    return folder / name


def patch(path, *edits, member="xl/worksheets/sheet1.xml"):
    """Replace text in a member of a workbook, as another program might have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for old, new in edits:
        assert old.encode() in parts[member]
        parts[member] = parts[member].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def zipped(folder, members, name="trials.xlsx"):
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return folder / name


def scratch(tmp_path_factory, content, name):
    folder = tmp_path_factory.getbasetemp() / "scratch"
    folder.mkdir(exist_ok=True)
    return put(folder, content, name)


# ---- any table, any bytes -----

# Cells as a person may type them: no control or zero-width character, no minus that is normalised.
CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cf", "Cs"), exclude_characters="\u2212\u2013"
)
CELLS = st.text(CHARACTERS, max_size=8)
NAMES = st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=6)


@st.composite
def tables(draw):
    header = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=6))
    return header, rows


def expected(rows):
    stripped = [[cell.strip() for cell in cells] for cells in rows]
    return [(row, cells) for row, cells in enumerate(stripped, 2) if any(cells)]


def mutated(content):
    """Some bytes replaced, a part cut out."""
    spot = st.integers(0, len(content) - 1)

    def mutate(changes, cut):
        changed = bytearray(content)
        for at, byte in changes:
            changed[at] = byte
        del changed[slice(*sorted(cut))]
        return bytes(changed)

    changes = st.lists(st.tuples(spot, st.integers(0, 255)), max_size=5)
    cuts = st.one_of(st.just((0, 0)), st.tuples(spot, spot))
    return st.builds(mutate, changes, cuts)


def holds(path):
    """A Grid that keeps its promises, or InputError."""
    read, errors = None, []
    try:
        read = read_grid(path)
    except InputError as error:
        errors = error.findings
    assert (read is None) == bool(errors)
    assert all(finding.level == "error" for finding in errors)
    if read:
        assert any(read.header)
        assert all(len(cells) == len(read.header) for _, cells in read.rows)
        assert all(row > 1 for row, _ in read.rows)


FUZZ = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
