"""Any bytes: a result or the project's own refusal (tests/fuzzing.py says which), never more.

make fuzz does the same for longer, guided by coverage; what it found is tested by name in the
test file of the module that was mended. ``EXAMPLES`` and ``BOMBS`` make the slow part smaller.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import bombs
import fuzzing
import pytest
from files import mutated
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

SLOW = ("trials", *fuzzing.REGISTRIES, *fuzzing.OVERLAYS)  # a whole validation each
FAST = [name for name in fuzzing.TARGETS if name not in SLOW]
EXAMPLES = int(os.environ.get("EXAMPLES", "60"))  # tables with odd words, of each kind
EVERY = len(bombs.BOMBS) // int(os.environ.get("BOMBS", len(bombs.BOMBS)))
# What people, programs and attackers put where a word or a number should be.
ODD = [
    *("", " ", "\u00a0", "\u202e", "NA", "nan", "-inf", "1e999", "9" * 400, "1,5", "-0", "0x10"),
    *("=1+1", "@x", "<script>", "a;b", 'a"b', "a\nb", "\\", "%", "{0}", "{x}", "$(x)", "../../x"),
    *("[", "(?P<", "*", "_file", "_row", "study", "constructor", "\ud7ff", "\x07", "x" * 5000),
]


def bounded(examples: int) -> settings:
    silent = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=silent,
        phases=[Phase.generate],  # a failing table would take a minute to make smaller
    )


def tried(name: str, data: bytes) -> None:
    with TemporaryDirectory() as folder:
        fuzzing.try_bytes(name, data, Path(folder))


def cells_changed(seed: bytes, sign: bytes):
    """A table some of whose cells hold something odd."""
    parts = seed.split(sign)
    change = st.tuples(st.integers(0, len(parts) - 1), st.sampled_from(ODD))

    def made(changes):
        new = list(parts)
        for at, word in changes:
            new[at] = word.encode()
        return sign.join(new)

    return st.lists(change, min_size=1, max_size=3).map(made)


@pytest.mark.parametrize("name", FAST)
def test_damaged_files(name):
    seeds = st.sampled_from(fuzzing.seeds(name))

    @bounded(60)
    @given(seeds.flatmap(mutated))
    def run(data):
        tried(name, data)

    run()


@pytest.mark.parametrize("name", ["csv", "config", "part"])
def test_odd_words_in_fast_readers(name):
    sign = {"csv": b",", "config": b" ", "part": b'"'}[name]

    @bounded(30)
    @given(st.sampled_from(fuzzing.seeds(name)).flatmap(lambda seed: cells_changed(seed, sign)))
    def run(data):
        tried(name, data)

    run()


@pytest.mark.parametrize("name", SLOW)
def test_odd_words_in_tables(name):
    @bounded(2)
    @given(cells_changed(fuzzing.seeds(name)[-1], b","))
    def run(data):
        tried(name, data)

    run()


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_more_odd_words_in_tables(name):
    @bounded(EXAMPLES)
    @given(st.one_of(*(cells_changed(seed, b",") for seed in fuzzing.seeds(name))))
    def run(data):
        tried(name, data)

    run()


@pytest.mark.slow
@pytest.mark.parametrize("name", list(bombs.BOMBS)[::EVERY])
def test_bombs(name, tmp_path):
    took = bombs.measured(name, tmp_path)
    assert bool(took["said"]) == bombs.BOMBS[name][2], took
    assert took["seconds"] < 60
    assert took["mb"] < 500
    if took["said"].startswith("Not a readable"):
        assert "limit on input amplification" in took["said"]
    elif "merged" not in took["said"] and took["said"]:
        assert "limit is" in took["said"] or "more than 100,000 characters" in took["said"]
