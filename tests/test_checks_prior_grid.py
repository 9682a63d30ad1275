"""The prior grid against single fits; power-scaling of saved draws."""

import numpy as np
import pandas as pd
import pytest
from edge_networks import EDGE
from networks import published

from nma import exact
from nma.checks.marginals import marginals
from nma.checks.prior_grid import cases, power_scaling, prior_grid
from nma.posterior import assemble
from nma.priors import Prior, tau_prior

HALF_NORMAL = Prior("half_normal", (15.0,))
FIXED = Prior("fixed", (0.0,))


def test_marginals_are_those_of_the_engine():
    fit = exact.fit(published("senn2013"), Prior("half_normal", (5.0,)))
    table = marginals(fit, (0.0, 0.5))
    for k, row in enumerate(table.itertuples()):
        c = np.eye(len(table))[k]
        assert (row.mean, row.sd) == pytest.approx(fit.moments(c), abs=1e-9)
        expected = fit.quantile(c, [0.025, 0.5, 0.975])
        assert (row.ci_low, row.median, row.ci_high) == pytest.approx(tuple(expected), abs=1e-8)
        assert row.p_below_0 == pytest.approx(float(fit.cdf(c, 0.0)), abs=1e-9)
        assert table.loc[k, "p_below_-0.5"] == pytest.approx(float(fit.cdf(c, -0.5)), abs=1e-9)


def test_the_grid_has_every_prior_once_and_its_own_first():
    grid = cases(HALF_NORMAL, 100.0, sd_ref=20.0)
    assert grid[0].name == "tau ~ half_normal(15), d sd 100"
    assert [case.name for case in grid[1:]] == [
        "tau ~ uniform(50)",
        "tau ~ rhodes(drug_placebo)",
        "tau ~ rhodes(drug_drug)",
        "tau ~ rhodes(non_drug)",
        "d sd 30",
        "d sd 10000",
    ]
    rhodes = tau_prior({"dist": "rhodes", "comparison": "non_drug"}, sd_ref=20.0)
    assert grid[4].tau == rhodes
    other = cases(Prior("half_normal", (5.0,)), 30.0, sd_ref=None)
    assert [case.name for case in other[1:]] == [
        "tau ~ half_normal(15)",
        "tau ~ uniform(50)",
        "d sd 10000",
    ]
    assert [case.name for case in cases(FIXED, 100.0, 20.0)[1:]] == ["d sd 30", "d sd 10000"]


def test_figures_of_every_case_are_single_fits():
    arms = EDGE["star"]()
    grid = cases(HALF_NORMAL, 100.0, sd_ref=20.0)
    tau, effects = prior_grid(arms, grid, mid=5.0, level=0.9, mid_level=0.8)
    assert tau["case"].tolist() == [case.name for case in grid]
    for case in grid:
        fit = exact.fit(arms.with_prior_sd(case.effect_sd), case.tau)
        row = tau.set_index("case").loc[case.name]
        assert (row["mean"], row["sd"]) == pytest.approx(fit.tau_moments())
        assert row["median"] == pytest.approx(float(fit.tau_quantile(0.5)))
        table = effects[effects["case"] == case.name].set_index("treatment")
        for name in arms.treatments[1:]:
            c = fit.contrast(name, "p")
            assert table.loc[name, "mean"] == pytest.approx(fit.moments(c)[0], abs=1e-9)
            p0, p5 = fit.cdf(c, [0.0, -5.0])
            expected = "worthwhile" if p5 >= 0.8 else "beats" if p0 >= 0.9 else "not shown"
            assert table.loc[name, "verdict"] == expected
    first = effects[effects["case"] == grid[0].name].set_index("treatment")["verdict"]
    changed = effects["verdict"] != effects["treatment"].map(first)
    assert (effects["changed"] == changed).all()
    assert set(effects["verdict"]) > {"not shown"}


@pytest.mark.parametrize("name", list(EDGE))
@pytest.mark.parametrize("prior", [HALF_NORMAL, FIXED], ids=["random", "fixed"])
def test_edge_networks_get_an_answer(name, prior):
    arms = EDGE[name]()
    tau, effects = prior_grid(arms, cases(prior, 100.0, sd_ref=20.0))
    assert np.isfinite(effects[["mean", "sd", "ci_low", "ci_high"]]).to_numpy().all()
    assert len(effects) == len(tau) * (len(arms.treatments) - 1)
    if not prior.is_fixed:
        # Too few studies to know tau: what is said of it is the prior's.
        assert tau["mean"].max() > 1.5 * tau["mean"].min()


def drawn(arms, prior, seed=1, size=2000):
    beta, tau = exact.fit(arms, prior).draws(4 * size, seed)
    shape = (4, size)
    return assemble(
        arms, prior, beta.reshape(*shape, -1), tau.reshape(shape), seed, {"engine": "exact"}
    )


def test_power_scaling_tells_a_strong_prior_from_a_weak_one():
    arms = EDGE["star"]()
    weak = power_scaling(drawn(arms, HALF_NORMAL)).set_index("parameter")
    assert weak.index.tolist() == ["d[a]", "d[b]", "d[c]", "tau"]
    assert weak.loc["tau", "prior_tau"] > 0.05  # six studies leave tau to its prior
    assert (weak.loc[["d[a]", "d[b]"], "prior_d"] < 0.02).all()
    assert weak.loc["d[c]", "reading"] == "the prior matters little"
    # Normal(0, 3) against effects of -7: the prior pulls, the data pull back.
    strong = power_scaling(drawn(arms.with_prior_sd(3.0), HALF_NORMAL)).set_index("parameter")
    assert strong.loc["d[a]", "prior_d"] > 0.05
    assert strong.loc["d[a]", "reading"] == "prior and data both pull: they may disagree"


def test_power_scaling_with_tau_fixed_has_no_row_for_it():
    table = power_scaling(drawn(EDGE["two nodes"](), FIXED))
    assert table["parameter"].tolist() == ["d[a]"]
    assert table["prior_tau"].isna().all()
    assert np.isfinite(table[["prior", "prior_d", "likelihood"]]).to_numpy().all()
    assert isinstance(table, pd.DataFrame)
