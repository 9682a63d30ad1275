"""Standard errors of published figures against the spread of many runs."""

import numpy as np
import pandas as pd
import pytest

from nma import summary, tables
from nma.living.monte_carlo import errors_of

RUNS, DRAWS = 300, 2000
SETTINGS = {"sampling": {"draws": DRAWS, "chains": 4}}


@pytest.fixture(scope="module")
def many():
    """Every figure of one effect in many runs of independent draws."""
    rng = np.random.default_rng(5)
    d = rng.normal(-8.0, 4.0, (RUNS, DRAWS, 2))
    d[:, :, 0] = 0.0
    sd = np.full(DRAWS, 3.0)
    made = [summary.effects(["a", "b"], x, sd, [10], i) for i, x in enumerate(d)]
    return pd.concat(made, ignore_index=True)


@pytest.mark.parametrize(
    "column",
    ["mean", "sd", "median", "ci_low", "ci_high", "pred_low", "p_below_0", "p_below_-10"],
)
def test_errors_are_the_spread_of_the_difference_of_two_runs(many, tmp_path, column):
    one = many.head(1).drop(columns="treatment").astype(str)
    told = errors_of("effects", tmp_path / "effects.csv", one, SETTINGS)[column].iloc[0]
    assert told == pytest.approx(np.sqrt(2) * many[column].std(), rel=0.25)


def test_the_effective_size_is_that_of_the_sampler(tmp_path):
    table = pd.DataFrame({"parameter": ["d[b]"], "ess_bulk": [500.0], "ess_tail": [400.0]})
    tables.write_table(table, tmp_path / "convergence.csv")
    row = pd.DataFrame({"mean": ["1"], "sd": ["2"]}, index=["b"])
    told = errors_of("effects", tmp_path / "effects.csv", row, SETTINGS)
    assert told["mean"].iloc[0] == pytest.approx(2 * np.sqrt(2 / 500))


def test_tables_without_draws_have_no_error(tmp_path):
    row = pd.DataFrame({"mean": ["1"], "sd": ["2"]})
    assert errors_of("arms", tmp_path / "arms.csv", row, SETTINGS) == {}
