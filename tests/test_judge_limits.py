"""What a fitted model says beyond the plain network: the parts that can be known exactly."""

from dataclasses import replace

import numpy as np
import pytest
from structured import NODES, TAU, example, plain

from nma import exact, judge
from nma.priors import Prior
from nma.structures import bias, classes, modality, regression

SPREAD = Prior("half_normal", (5.0,))


def test_same_arms_have_the_same_hash():
    """The order of rows is none of the data, a figure is."""
    table = example()
    base, again = plain(table), plain(table.sample(frac=1.0, random_state=1))
    other = plain(table.assign(y=table["y"] + (table.index == 3) * 1e-3))
    hashes = [
        judge.statistics(made, judge.pointwise(made, exact.fit(made.arms, made.hyper)))["data"]
        for made in (base, again, other)
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_model_with_nothing_to_add_says_so():
    made = classes.exchangeable(plain(), "none such", SPREAD, None, 30.0)
    found = judge.statistics(made, judge.pointwise(made, exact.fit(made.arms, made.hyper)))
    assert found["adds"] == ""
    # Contrast form: arms less studies.
    assert found["points"] == found["arms"] - found["studies"] == len(made.arms.y) - 16
    assert pytest.approx(found["residual_deviance"] + found["pD"]) == found["DIC"]


def test_a_level_that_enters_the_effects_has_no_contrast_form():
    made = regression.on_level(plain(), 45.0, Prior("normal", (0.0, 1.0)))
    table = judge.pointwise(made, exact.fit(made.arms, made.hyper))
    assert table[["residual_deviance", "leverage", "elpd"]].isna().all(axis=None)
    assert np.isnan(judge.statistics(made, table)["elpd"])


def test_nodes_are_a_grid_where_there_is_one():
    made = plain()
    assert judge.nodes(made, {}).log_evidence == exact.fit(made.arms, made.hyper).log_evidence
    three = modality.by_modality(made, TAU)
    hyper = {name: np.linspace(1, 5, 2000) for name in three.hyper.free}
    assert len(judge.nodes(three, hyper).weights) <= judge.NODES


def test_what_was_learned():
    """A parameter that nothing tells keeps its prior and is called prior-driven."""
    nodes = {k: v if v["kind"] == "active" else {**v, "class": ""} for k, v in NODES.items()}
    made = classes.exchangeable(replace(plain(), nodes=nodes), "class", SPREAD, None, 30.0)
    rng = np.random.default_rng(1)
    hyper = {"tau": np.abs(rng.normal(3, 0.1, 4000)), "omega": np.abs(rng.normal(0, 5, 4000))}
    beta = rng.normal(0, 1, (4000, len(made.arms.parameters)))
    told = judge.learned(made, beta, hyper).set_index("parameter")
    assert list(told.index)[:2] == ["tau", "omega"]
    assert not any(name.startswith("d[") for name in told.index)
    assert (told.loc["tau", "prior_driven"], told.loc["omega", "prior_driven"]) == (False, True)
    assert "a1" in told.loc["m[A]", "note"]


def test_biases_of_studies_are_named():
    made = bias.term(plain(), ["high"], 7.0, SPREAD)
    assert (
        "kappa"
        in judge.statistics(made, judge.pointwise(made, exact.fit(made.arms, made.hyper)))["adds"]
    )
