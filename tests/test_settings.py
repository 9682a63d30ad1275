"""An analysis is the config with its own overrides merged in."""

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tabular import committed_config

from nma.settings import analyses, differences, merge, parts_of, stratum_seed

BASE = {
    "engine": "nuts",
    "mid": {"value": 10, "grid": [5, 10]},
    "model": {
        "effects": "random",
        "priors": {"d": {"sd": 100}, "tau": {"dist": "half_normal", "scale": 15}},
    },
}


def test_mappings_merge_and_all_else_is_replaced():
    merged = merge(BASE, {"mid": {"grid": [20]}, "model": {"effects": "fixed"}, "new": 1})
    assert merged["mid"] == {"value": 10, "grid": [20]}
    assert merged["model"]["effects"] == "fixed"
    assert merged["model"]["priors"] == BASE["model"]["priors"]
    assert merged["new"] == 1


def test_another_prior_replaces_the_whole_block():
    uniform = {"model": {"priors": {"tau": {"dist": "uniform", "upper": 50}}}}
    priors = merge(BASE, uniform)["model"]["priors"]
    assert priors == {"d": {"sd": 100}, "tau": {"dist": "uniform", "upper": 50}}


def test_the_same_prior_with_another_scale_merges():
    for override in ({"scale": 5}, {"dist": "half_normal", "scale": 5}):
        priors = merge(BASE, {"model": {"priors": {"tau": override}}})["model"]["priors"]
        assert priors["tau"] == {"dist": "half_normal", "scale": 5}
    named = {"model": {"priors": {"tau": {"dist": "half_normal"}}}}
    assert merge(BASE, named) == BASE


def test_merging_copies():
    before, override = deepcopy(BASE), {"mid": {"grid": [1]}, "list": [1]}
    merged = merge(BASE, override)
    merged["mid"]["grid"].append(2)
    merged["list"].append(2)
    merged["model"]["priors"]["tau"]["scale"] = 0
    assert before == BASE
    assert override == {"mid": {"grid": [1]}, "list": [1]}


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_override_changes_nothing(nothing):
    assert merge(BASE, nothing) == BASE


trees = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=6
)
mappings = st.dictionaries(st.sampled_from("abc"), trees)


@settings(max_examples=60, deadline=None)
@given(base=mappings, override=mappings)
def test_every_override_arrives_and_nothing_else_changes(base, override):
    merged = merge(base, override)

    def check(merged, base, override):
        assert set(merged) == set(base) | set(override)
        for key in merged:
            if key not in override:
                assert merged[key] == base[key]
            elif isinstance(override[key], dict) and isinstance(base.get(key), dict):
                check(merged[key], base[key], override[key])
            else:
                assert merged[key] == override[key]

    check(merged, base, override)
    assert merge(merged, override) == merged


def test_analyses_hold_everything_but_the_list_of_analyses():
    named = analyses(BASE | {"analyses": {"main": None, "exact": {"engine": "exact"}}})
    assert named == {"main": BASE, "exact": BASE | {"engine": "exact"}}


@pytest.mark.parametrize(
    ("listed", "words"),
    [({"other": {}}, "must hold 'main'"), ({}, "must hold 'main'"),
     ({"main": {"engine": "exact"}}, "set engine: nuts")],
)  # fmt: skip
def test_main_is_always_there_and_sampled(listed, words):
    with pytest.raises(ValueError, match=words):
        analyses(BASE | {"analyses": listed})


def test_seeds_differ_by_fit_and_never_change():
    names = [(a, s) for a in ("main", "fixed_effect") for s in ("acute", "chronic")]
    seeds = [stratum_seed(20251, *name) for name in names]
    assert len(set(seeds)) == 4
    assert all(0 <= seed < 2**31 for seed in seeds)
    # CRC-32 of "main/acute", bit by bit from its polynomial, is 3341601812
    assert stratum_seed(20251, "main", "acute") == 20251 + 3341601812 - 2**31
    assert stratum_seed(1, "main", "acute") == stratum_seed(0, "main", "acute") + 1


def test_committed_config():
    config = committed_config()
    named = analyses(config)
    assert list(named) == list(config["analyses"])
    assert named["fixed_effect"]["model"]["effects"] == "fixed"
    assert named["fixed_effect"]["model"]["priors"] == config["model"]["priors"]
    assert named["without_doubt"]["data"] == {"keep": {}, "drop": {"doubt": ["yes"]}}
    assert all(settings["mid"]["value"] in settings["mid"]["grid"] for settings in named.values())


def test_only_runs_the_named_analyses_and_main():
    config = BASE | {"analyses": {"a": {}, "main": {}, "b": {}}, "only": ["b"]}
    assert list(analyses(config)) == ["main", "b"]
    assert list(analyses(config | {"only": []})) == ["a", "main", "b"]
    with pytest.raises(ValueError, match="only names analyses that are not there: c"):
        analyses(config | {"only": ["c"]})


@pytest.mark.parametrize(
    ("model", "part"),
    [
        ({"structure": "classes"}, "structure"),
        ({"placebo": "split"}, "placebo"),
        ({"regression": {"covariate": "year"}}, "regression"),
        ({"bias": {"method": "term"}}, "bias"),
        ({"study_effects": "student_t"}, "study_effects"),
    ],
)
def test_main_is_the_plain_network(model, part):
    assert parts_of(merge(BASE, {"model": model})["model"]) == [part]
    with pytest.raises(ValueError, match=f"'main' is the plain network.*model.{part}"):
        analyses(BASE | {"analyses": {"main": {"model": model}}})


def test_what_no_grid_can_hold_is_sampled():
    exact = {"engine": "exact", "model": {"heterogeneity": "modality"}}
    with pytest.raises(ValueError, match=r"'taus' has more variances.*set its engine: nuts"):
        analyses(BASE | {"analyses": {"main": {}, "taus": exact}})
    assert "taus" in analyses(BASE | {"analyses": {"main": {}, "taus": exact | {"engine": "nuts"}}})


def test_differences_name_what_an_analysis_changes():
    other = merge(BASE, {"mid": {"value": 5}, "model": {"effects": "fixed"}})
    assert differences(BASE, other) == ["mid.value = 5", 'model.effects = "fixed"']
    assert differences(BASE, BASE) == []
