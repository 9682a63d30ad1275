"""Damaged copies of data/trials.csv: nothing crashes, and what must be reported is."""

from random import Random

import mutations
import pytest
from mutations import KINDS, MISSED, Judge, damages, judged
from tabular import ROOT

PAGE = ROOT / "docs/mutations.md"
AT_A_TIME = 1  # kinds of each group in the fast test


@pytest.fixture(scope="module")
def judge(tmp_path_factory) -> Judge:
    """The committed file, read once."""
    return Judge(tmp_path_factory.mktemp("mutations"))


def some_kinds() -> list[mutations.Kind]:
    """A few kinds of every group, always the same."""
    groups: dict[str, list[mutations.Kind]] = {}
    for kind in KINDS:
        groups.setdefault(kind.group, []).append(kind)
    rng = Random(mutations.SEED)
    return [kind for group in groups.values() for kind in rng.sample(group, AT_A_TIME)]


def complaints(rows, sure: set[str]) -> list[str]:
    """Damages that crashed, and those of ``sure`` kinds that were missed."""
    return [
        f"{damage.kind}: {damage.what} ({outcome.verdict} {outcome.error})"
        for damage, outcome in rows
        if outcome.verdict == "crash" or (damage.kind in sure and outcome.verdict in MISSED)
    ]


def test_the_kinds_are_many_and_their_names_unique():
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 35
    sure = {kind.group for kind in KINDS if kind.sure}
    assert {"type", "range", "file", "missing", "name", "duplicate"} <= sure


def test_the_undamaged_file_is_harmless_and_a_lost_sheet_is_not(judge):
    intact = mutations.Damage(
        "none", "none", 0, "", mutations.TRIALS.read_bytes(), frozenset(), frozenset(),
        frozenset(), False, {},
    )  # fmt: skip
    outcome = judge.judge(intact)
    assert outcome.verdict == "harmless"
    assert outcome.new.empty


def test_damages_are_drawn_from_the_seed(judge):
    kinds = [kind for kind in KINDS if kind.group in ("sign", "digit")]
    one, other = (damages(judge.used, kinds, 1) for _ in range(2))
    assert [(d.what, d.data) for d in one] == [(d.what, d.data) for d in other]
    assert len({d.data for d in one}) == len(one) == len(kinds)
    assert all(d.data != mutations.TRIALS.read_bytes() for d in one)


@pytest.mark.slow
def test_a_few_of_every_group_are_reported_or_harmless_and_none_crashes(judge):
    kinds = some_kinds()
    rows = judged(judge, damages(judge.used, kinds, 1))
    assert len(rows) == len(kinds)
    assert complaints(rows, {kind.name for kind in kinds if kind.sure}) == []


@pytest.mark.slow
def test_one_damage_of_every_kind(judge):
    """All of them, several of a kind: benchmarks/mutations.py, which writes the page."""
    rows = judged(judge, damages(judge.used, KINDS, 1))
    assert len(rows) >= 200
    assert complaints(rows, {kind.name for kind in KINDS if kind.sure}) == []


def test_the_page_is_of_these_kinds():
    """Every kind has its line on the page, and no damage of it crashed."""
    told = mutations.tables_of(PAGE.read_text(encoding="utf-8"))
    for kind in KINDS:
        assert f"| {kind.name} | {kind.group} |" in told
    (every,) = [line for line in told.splitlines() if line.startswith("| **all** |")]
    cells = [cell.strip() for cell in every.strip("|").split("|")]
    assert int(cells[1]) >= 330
    assert cells[8] == ""  # crash
