"""The whole programme of checks on edge networks, and what it says in words."""

import numpy as np
import pandas as pd
import pytest
from edge_networks import EDGE
from tabular import committed_config, text_table

from nma import exact, posterior
from nma.checks import words
from nma.checks.names import TABLES
from nma.checks.programme import every_check, funnel_order
from nma.priors import tau_prior

CONFIG = committed_config() | {"reference": "p"}


def as_table(arms):
    """arms.csv of a network that was built as arrays."""
    return pd.DataFrame(
        {
            "study": np.array(arms.studies)[arms.study],
            "treatment": np.array(arms.treatments)[arms.treatment],
            "n": 5.0,
            "sd": 20.0,
            "se": np.sqrt(arms.v),
            "y": arms.y,
            "derivation": "as reported",
            "kind": "final",
            "reported": np.array(arms.treatments)[arms.treatment],
            "instrument": "VAS 0-100",
            "weeks": 4.0,
            "year": 2001.0,
            "rob": "",
            "doubt": "",
            "baseline": np.nan,
        }
    )


def treatments(arms):
    rows = [
        {"reported": t, "treatment": t, "class": "x", "modality": "drug",
         "kind": "placebo" if t == "p" else "active", "placebo_kind": "pill" if t == "p" else ""}
        for t in arms.treatments
    ]  # fmt: skip
    return text_table(rows, "treatments")


def programme(arms, effects="random"):
    model = CONFIG["model"] | {"effects": effects}
    prior = tau_prior(model["priors"]["tau"], effects, 20.0)
    beta, tau = exact.fit(arms, prior).draws(800, 1)
    tree = posterior.assemble(
        arms, prior, beta.reshape(4, 200, -1), tau.reshape(4, 200), 1, {"engine": "exact"}
    )
    return dict(every_check(as_table(arms), tree, treatments(arms), CONFIG | {"model": model}, 1))


@pytest.fixture(scope="module", params=EDGE)
def edge(request):
    return EDGE[request.param](), programme(EDGE[request.param]())


def test_every_table_is_made_in_order(edge):
    assert tuple(edge[1]) == TABLES


def test_no_network_here_has_anything_to_split(edge):
    _, made = edge
    assert made["node_splits"].empty
    assert not made["splittable"]["testable"].any()
    assert made["net_heat"].columns.tolist() == ["reason"]
    assert made["interaction"]["p"].isna().all()


def test_every_section_says_something_and_nothing_is_claimed_without_loops(edge):
    arms, made = edge
    told = words.sections(made, "p", 10)
    assert [s["name"] for s in told] == [s.name for s in words.SECTIONS]
    assert all(line.strip().endswith(".") for s in told for line in s["sentences"])
    consistency = " ".join(told[0]["sentences"])
    assert "can be split" in consistency
    assert "Nothing is known for or against consistency" in consistency
    assert "nan" not in str([s["sentences"] for s in told]).lower()
    assert len(arms.studies) == len(made["fit"])


def test_tau_fixed_at_zero():
    made = programme(EDGE["star"](), "fixed")
    assert tuple(made) == TABLES
    assert set(made["fixed_and_random"]["model"]) == {"fixed"}
    assert words.sections(made, "p", 10)


def test_the_order_of_the_funnel():
    arms = EDGE["star"]()
    kinds = {"p": "placebo", "a": "active", "b": "none", "c": "active"}
    assert funnel_order(arms, kinds) == ["p", "b", "a", "c"]


def test_long_lists_of_names_are_cut():
    assert words.named(["a", "b"]) == "a and b"
    assert words.named(list("abcdefgh")) == "a, b, c, d, e, f and 2 more"
