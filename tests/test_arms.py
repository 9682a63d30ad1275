"""From a table of arms to arrays."""

import numpy as np
import pandas as pd
import pytest
from networks import table

from nma.arms import build, treatment_order
from nma.specify import specify, typical_sd

MODEL = {
    "effects": "random",
    "priors": {"d": {"sd": 100}, "tau": {"dist": "half_normal", "scale": 15}},
}


def test_reference_first_then_alphabetical_without_case():
    assert treatment_order(["b", "Placebo", "A", "c", "b"], "Placebo") == ["Placebo", "A", "b", "c"]


def test_design_is_one_hot_without_the_reference():
    arms = build(table("parkinsons"), "Placebo")
    assert arms.X.shape == (15, 4)
    np.testing.assert_array_equal(arms.X.sum(axis=1), arms.treatment > 0)
    assert arms.parameters[0] == "d[Bromocriptine]"
    assert len(arms.labels) == len(set(arms.labels)) == 15
    assert [arms.study[start] for start in arms.starts] == list(range(7))


def test_tiny_differences_in_the_data_do_not_reach_the_fit():
    data = table("parkinsons")
    a, b = (build(data.assign(y=data["y"] + shift), "Placebo") for shift in (0.0, 3e-14))
    np.testing.assert_array_equal(a.y, b.y)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda t: t[t["treatment"] != "Placebo"], "no arm received the reference"),
        (lambda t: t.drop(index=0), "a study with one arm"),
        (lambda t: t.assign(treatment="Placebo"), "same treatment"),
        (lambda t: t.assign(se=0.0), "standard error above 0"),
        (lambda t: t.assign(y=np.nan), "finite y"),
    ],
)
def test_unusable_arms_are_refused(damage, words):
    with pytest.raises(ValueError, match=words):
        build(damage(table("parkinsons")), "Placebo")


def test_specify_reads_the_config_block():
    data = table("parkinsons").assign(sd=[20.0] * 15, derivation="as reported")
    arms, prior = specify(data, "Placebo", MODEL)
    assert prior.dist == "half_normal"
    assert set(arms.prior_sd) == {100.0}


def test_typical_sd_is_of_reported_ones_only():
    data = pd.DataFrame(
        {"sd": [10.0, 20.0, 99.0], "derivation": ["as reported"] * 2 + ["sd_imputed"]}
    )
    assert typical_sd(data) == 15.0
