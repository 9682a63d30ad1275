"""What certainty is rated from agrees with the tables of the same fit."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from nma import gather, posterior, summary

NAMES = ["placebo", "drug", "yoga"]


@pytest.fixture
def tree():
    rng = np.random.default_rng(3)
    d = np.stack([rng.normal(-8, 2, (2, 500)), rng.normal(-3, 4, (2, 500))], -1)
    tau = np.full((2, 500), 5.0)
    lead = ("chain", "draw")
    data = xr.Dataset(
        {"d": ((*lead, "treatment"), d), "tau": (lead, tau)}, coords={"treatment": NAMES[1:]}
    )
    made = xr.DataTree.from_dict({"posterior": data})
    made.attrs["reference"] = NAMES[0]
    return made


def test_intervals_are_those_of_the_effects_and_of_the_league(tree):
    tables = summary.of_posterior(tree, [10], seed=1)
    pairs = [("drug", "placebo"), ("yoga", "placebo"), ("yoga", "drug")]
    found = gather.intervals(pairs, tables["effects"], tree, "placebo", seed=1)
    found = found.set_index(["treatment", "comparator"])
    own = tables["effects"].set_index("treatment")
    league = tables["league"].set_index(["treatment", "comparator"])
    for name in ("ci_low", "median", "ci_high", "pred_low", "pred_high"):
        assert found.loc[("drug", "placebo"), name] == own.loc["drug", name]
    for name in ("ci_low", "median", "ci_high"):
        ours, theirs = found.loc[("yoga", "drug"), name], league.loc[("yoga", "drug"), name]
        assert ours == pytest.approx(theirs)
    row = found.loc[("yoga", "drug")]
    assert row["pred_low"] < row["ci_low"]
    assert row["pred_high"] > row["ci_high"]
    # Normal(5, 20 + 25): the half width is 1.96 sqrt(45)
    assert row["pred_high"] - row["pred_low"] == pytest.approx(2 * 1.96 * 45**0.5, rel=0.1)


def test_evidence_covers_every_pair(tree):
    arms = pd.DataFrame(
        {
            "study": ["A", "A", "B", "B"],
            "treatment": ["placebo", "drug", "placebo", "yoga"],
            "derivation": "as reported",
            "y": [50.0, 42.0, 50.0, 47.0], "se": 2.0, "sd": 20.0, "n": 100.0, "basis": "arm",
            "rob": ["low", "low", None, None],
        }
    )  # fmt: skip
    effects = summary.of_posterior(tree, [10], seed=1)["effects"]
    none = pd.DataFrame(columns=["treatment", "comparator", "p"])
    table = {"arms": arms, "effects": effects, "splits": none, "splittable": none,
             "interaction": pd.DataFrame({"p": [np.nan]})}  # fmt: skip
    priors = {"d": {"sd": 100}, "tau": {"dist": "half_normal", "scale": 15}}
    model = {"effects": "random", "priors": priors}
    settings = {"reference": "placebo", "model": model}
    found = gather.evidence(table, tree, settings, seed=1)
    assert found.rob == {"A": "low", "B": ""}
    share = found.contributions.set_index(["treatment", "comparator", "study"])[
        "contribution"
    ].sort_index()
    assert share["drug", "placebo", "A"] == pytest.approx(1.0)
    assert share["yoga", "drug"].to_dict() == pytest.approx({"A": 0.5, "B": 0.5})
    assert len(found.effects) == 3
    assert np.isnan(found.interaction_p)
    assert posterior.effect_draws(tree)[0] == NAMES
