"""Additive components: netmeta's numbers, what cannot be told apart, islands that they bridge."""

import numpy as np
import pandas as pd
import pytest
from networks import REFERENCE, table
from structured import D_SD, example, plain

from nma import exact
from nma.arms import build
from nma.network import describe
from nma.priors import Hyper, Prior
from nma.structure import Structure, estimable
from nma.structures import components

LINDE = pd.read_csv(REFERENCE / "components_linde2016.csv").set_index("component")


def additive(data, reference, sd=100.0, interactions=(), tau=0.0):
    arms = build(data, reference, sd)
    made = Structure(arms, Hyper({"tau": Prior("fixed", (tau,))}), {}, pd.DataFrame())
    return components.additive(made, interactions)


@pytest.mark.parametrize(("effects", "tau"), [("common", 0.0), ("random", 0.144088360913983)])
def test_linde_is_netmeta(effects, tau):
    """netmeta's netcomb at its own tau. Against an information of at least 1/.6^2 = 2.8 the
    prior Normal(0, 1e4) has 1e-8 and shrinks by 4e-9; the data are printed to 1e-9 of a
    standard error of .1 or more, and rounded to 1e-9 by us: 1e-6 covers their sums."""
    made = additive(table("linde2016"), "Placebo", 1e4, tau=tau)
    fit = exact.fit(made.arms, made.hyper)
    assert {name[2:-1] for name in made.arms.parameters} == set(LINDE.index)
    for k, name in enumerate(made.arms.parameters):
        mean, sd = fit.moments(np.eye(len(made.arms.parameters))[k])
        row = LINDE.loc[name[2:-1]]
        assert mean == pytest.approx(row[effects], abs=1e-6), name
        assert sd == pytest.approx(row["se_" + effects], abs=1e-6), name


def test_a_combination_is_the_sum_of_its_components():
    made = additive(table("linde2016"), "Placebo")
    fit = exact.fit(made.arms, made.hyper)

    def effect(name):
        return fit.moments(fit.contrast(name, "Placebo"))[0]

    alone = effect("Face-to-face CBT") + effect("SSRI")
    assert effect("Face-to-face CBT + SSRI") == pytest.approx(alone, abs=1e-12)


def test_an_interaction_undoes_additivity_where_the_combination_is_tried():
    """With the interaction of every combination the model is the plain network: three more
    parameters for three combinations. All priors are wide (sds of 1e3 against effects of 1)
    so that their share, 1e-6 of an information of 3 or more, is what is left."""
    data = table("linde2016")
    combined = sorted({t for t in data["treatment"] if " + " in t})
    assert len(combined) == 3
    made = additive(data, "Placebo", 1e3, combined, tau=0.2)
    assert made.arms.parameters[-3:] == tuple(f"c[{t.replace(' + ', ' x ')}]" for t in combined)
    fit = exact.fit(made.arms, made.hyper)
    plain_arms = build(data, "Placebo", 1e3)
    without = exact.fit(plain_arms, Prior("fixed", (0.2,)))
    for name in plain_arms.treatments[1:]:
        pair = (name, "Placebo")
        np.testing.assert_allclose(
            fit.moments(fit.contrast(*pair)), without.moments(without.contrast(*pair)), atol=2e-6
        )


def test_an_interaction_of_what_is_absent_is_left_out():
    made = additive(table("linde2016"), "Placebo", interactions=["SSRI + yoga"])
    assert made.arms.parameters == additive(table("linde2016"), "Placebo").arms.parameters


@pytest.mark.parametrize("wrong", ["a", "a + z", "a + a"])
def test_an_interaction_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match="write two or more components"):
        components.parts(["p", "a", "b", "a + b"], [wrong])


def test_nothing_to_add_up():
    """Without a combination the components are the treatments: the plain network."""
    base = plain()
    made = components.additive(base)
    assert made.arms.parameters == tuple(f"c[{t}]" for t in base.arms.treatments[1:])
    np.testing.assert_array_equal(made.arms.X, base.arms.X)
    np.testing.assert_array_equal(made.arms.effects, base.arms.effects)
    np.testing.assert_array_equal(made.arms.prior_sd, np.full(len(base.arms.parameters), D_SD))


def test_the_reference_is_inactive():
    """Placebo with a drug is the drug: its effect against the drug alone is 0, exactly."""
    data = example()
    data["treatment"] = data["treatment"].replace({"c1": "p + a2"})
    made = components.additive(plain(data))
    assert "c[p]" not in made.arms.parameters
    fit = exact.fit(made.arms, made.hyper)
    assert fit.moments(fit.contrast("p + a2", "a2")) == pytest.approx((0.0, 0.0), abs=1e-12)


def groups_of(treatments, told):
    return [[treatments.index(name) for name in group.split(", ")] for group in told]


def test_inseparable_components_are_named():
    """a and b only ever come together; c comes alone; e is compared by nobody."""
    treatments = ["p", "a + b", "c", "a + b + c", "e"]
    made = components.parts(treatments)
    groups = groups_of(treatments, ["p, a + b, c, a + b + c", "e"])
    assert made.names == ("a", "b", "c", "e")
    told = components.inseparable(made.matrix, made.names, groups)
    assert told == ["b", "a", "", "nothing: no study compares it"]
    # Of the treatments, all but e are told: a + b is, though its parts are not.
    assert components.informed(made.matrix, groups).tolist() == [True, True, True, True, False]


def test_two_components_in_one_comparison_are_told_only_as_a_difference():
    """x against y alone: neither is known against placebo, and each is confounded with the
    other, though no combination holds both."""
    treatments = ["p", "a", "x", "y"]
    made = components.parts(treatments)
    groups = groups_of(treatments, ["p, a", "x, y"])
    assert components.informed(made.matrix, groups).tolist() == [True, True, False, False]
    assert components.inseparable(made.matrix, made.names, groups) == ["", "y", "x"]


# What links placebo's own network: p with a and b. An island beside it, and whether the
# components of both tell its effects against p (netmeta's discomb, Ruecker 2020).
ISLANDS = {
    "a + c against c: tells a again, not c": (["a + c", "c"], False),
    "a + c against a + b, which is known": (["a + c", "a + b"], True),
    "c against e: nothing is known": (["c", "e"], False),
    "a + c against b + c: c cancels": (["a + c", "b + c"], False),
}


@pytest.mark.parametrize("told", ISLANDS)
def test_islands_are_joined_if_components_bridge_them(told):
    island, joined = ISLANDS[told]
    rows = [("s1", "p"), ("s1", "a"), ("s2", "p"), ("s2", "b")] + [("s3", t) for t in island]
    arms = pd.DataFrame(rows, columns=["study", "treatment"]).assign(n=10.0)
    network = describe(arms, "p", {}, {"structure": "additive", "interactions": []})
    assert (network["islands"] == []) == joined
    assert (set(island) <= {node["treatment"] for node in network["nodes"]}) == joined
    assert network["joined"] == ([["p", min(island)]] if joined else [])
    # The plain network never joins them.
    assert len(describe(arms, "p", {})["islands"]) == 1
    # And the rule is what the data say: every effect is in the row space, or one is not.
    data = arms.assign(y=0.0, se=1.0)
    made = additive(data, "p")
    assert estimable(made.arms, made.arms.effects[1:]).all() == joined


def test_islands_that_lean_on_one_another_are_joined_together():
    """c against e tells their difference, a + c against c + e tells e: each holds a treatment
    that the other one is needed for."""
    own = [("s1", "p"), ("s1", "a"), ("s2", "p"), ("s2", "b")]
    sides = {"s3": ["c", "e"], "s4": ["a + c", "c + e"]}
    model = {"structure": "additive", "interactions": []}

    def islands(*used):
        rows = own + [(study, t) for study in used for t in sides[study]]
        arms = pd.DataFrame(rows, columns=["study", "treatment"]).assign(n=10.0)
        return [i["treatments"] for i in describe(arms, "p", {}, model)["islands"]]

    assert islands("s3") == [["c", "e"]]
    assert islands("s4") == [["a + c", "c + e"]]
    assert islands("s3", "s4") == []


def test_an_interaction_can_cut_a_bridge():
    """With an interaction of its own a combination is told by its own trials only."""
    rows = [("s1", "p"), ("s1", "a"), ("s2", "p"), ("s2", "b"), ("s3", "a + c"), ("s3", "a + b")]
    arms = pd.DataFrame(rows, columns=["study", "treatment"]).assign(n=10.0)

    def islands(*interactions):
        model = {"structure": "additive", "interactions": list(interactions)}
        return len(describe(arms, "p", {}, model)["islands"])

    assert (islands(), islands("a + b"), islands("a + z")) == (0, 1, 0)
