"""Convergence gates fail bad chains and name the parameter."""

import numpy as np
import pytest

from nma.convergence import NotConverged, diagnose, gate

RNG = np.random.default_rng(1)
GOOD = RNG.standard_normal((4, 1000))


def test_good_chains_pass():
    table = diagnose({"d[x]": GOOD, "tau": np.abs(GOOD)})
    assert list(table["verdict"]) == ["ok", "ok"]
    gate(table, 0)


@pytest.mark.parametrize(
    ("chains", "words"),
    [
        (GOOD + np.arange(4)[:, None], "R-hat"),
        (np.repeat(RNG.standard_normal((4, 40)), 25, axis=1), "bulk ESS"),
    ],
)
def test_bad_chains_fail_by_name(chains, words):
    table = diagnose({"d[good]": GOOD, "d[bad]": chains})
    with pytest.raises(NotConverged) as caught:
        gate(table, 0)
    assert "d[bad]" in str(caught.value)
    assert words in str(caught.value)
    assert "d[good]" not in str(caught.value)


def test_divergences_fail():
    with pytest.raises(NotConverged, match="3 divergent"):
        gate(diagnose({"d[x]": GOOD}), 3)
