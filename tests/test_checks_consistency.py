"""Models without consistency, Q by design and the net heat matrix, against netmeta,
multinma and brute force."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from edge_networks import EDGE
from networks import BASELINE, REFERENCE, published, simulate
from scipy.stats import chi2

from nma import exact
from nma.arms import build
from nma.checks import consistency, designs
from nma.checks.blocks import fit_blocks, split_blocks
from nma.checks.deviance import study_deviance, totals
from nma.checks.mixtures import node_draws
from nma.checks.studies import study_rows
from nma.draws import study_means
from nma.priors import Prior

HALF_NORMAL, FIXED = Prior("half_normal", (5.0,)), Prior("fixed", (0.0,))
PRIORS = {"half_normal(5)": HALF_NORMAL, "tau=0": FIXED}


def reference(source, models):
    every = pd.read_csv(REFERENCE / "fit.csv")
    kept = every["source"].str.startswith(source) & every["model"].isin(models)
    return list(every[kept].itertuples(index=False))


def reported_baselines(name):
    """The arm that a study's differences are reported against, where it has three arms."""
    raw = pd.read_csv(REFERENCE / f"data_{name}.csv")
    return {} if "n" in raw else dict(raw.loc[raw["y"].isna(), ["study", "treatment"]].to_numpy())


def dense(arms, tau):
    """Contrasts y, design A, covariance V and study of each, all studies in one."""
    rows = [(i, r[0], k) for i, r in enumerate(study_rows(arms)) for k in r[1:]]
    C = np.zeros((len(rows), len(arms.y)))
    for n, (_, base, k) in enumerate(rows):
        C[n, k], C[n, base] = 1.0, -1.0
    V = C @ np.diag(arms.v + tau**2 / 2) @ C.T
    return C @ arms.y, C @ arms.X, V, np.array([i for i, _, _ in rows])


def gls_q(y, A, V):
    """Residual chi2 of a generalised least squares fit and its degrees of freedom."""
    W = np.linalg.inv(V)
    beta = np.linalg.pinv(A.T @ W @ A) @ A.T @ W @ y
    e = y - A @ beta
    return float(e @ W @ e), len(y) - np.linalg.matrix_rank(A)


def some_network(seed=5):
    rng = np.random.default_rng(seed)
    return build(simulate(rng, np.array([0.0, -5.0, 3.0, 1.0, -2.0]), 4.0, 14), "t00")


# Q -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row", reference("netmeta", ["Q total/het/inc"]), ids=lambda r: str(r.dataset)
)
def test_decomposition_is_netmetas(row):
    table = designs.decomposition(published(row.dataset)).set_index("part")
    got = table.loc[["total", "heterogeneity", "inconsistency"], "Q"]
    np.testing.assert_allclose(got, [row.residual_deviance, row.pD, row.DIC], atol=2e-6)
    assert table.loc["total", "df"] == int(row.tau_prior.split()[1])
    assert table.loc["inconsistency", "df"] == int(row.n_points.split()[1])
    within = table.loc[["within"]]
    assert within["Q"].sum() == pytest.approx(table.loc["heterogeneity", "Q"])
    assert within["df"].sum() == table.loc["heterogeneity", "df"]


@pytest.mark.parametrize("tau", [0.0, 3.0])
def test_decomposition_is_least_squares(tau):
    arms = some_network()
    own = consistency.design_effects(arms)
    table = designs.decomposition(arms, tau).set_index("part")
    for part, model in (("total", arms), ("heterogeneity", own)):
        y, A, V, _ = dense(model, tau)
        Q, df = gls_q(y, A, V)
        assert table.loc[part, "Q"] == pytest.approx(Q, abs=1e-8)
        assert table.loc[part, "df"] == df
        assert table.loc[part, "p"] == pytest.approx(chi2.sf(Q, df))


@pytest.mark.parametrize("tau", [0.0, 3.0])
def test_net_heat_is_a_refit_with_each_design_detached(tau):
    arms = some_network()
    matrix, reason = designs.net_heat(arms, tau)
    assert reason == ""
    of = designs.design_of(arms)
    names = [designs.design_name(arms, d) for d in sorted(set(of))]
    y, A, V, study = dense(arms, tau)
    total, _ = gls_q(y, A, V)
    for name in matrix:
        own = np.array([designs.design_name(arms, of[i]) == name for i in study])
        block = dense(consistency.design_effects(arms), tau)[1][own]
        extra = np.zeros((len(y), block.shape[1]))
        extra[own] = block
        detached, _ = gls_q(y, np.hstack([A, extra]), V)
        # Q within designs is in both.
        assert matrix[name].sum() == pytest.approx(total - detached, abs=1e-7)
    between = designs.decomposition(arms, tau).set_index("part").loc["inconsistency", "Q"]
    assert np.trace(matrix) == pytest.approx(between)
    assert set(matrix.index) <= set(names)


def test_net_heat_leaves_out_designs_that_nothing_contradicts():
    matrix, _ = designs.net_heat(published("senn2013"))
    assert "plac : benf" not in matrix
    assert "plac : rosi" in matrix
    assert (matrix.index == matrix.columns).all()


# Models --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [r for r in reference("multinma", ["ume_random", "ume_fixed"])],
    ids=lambda r: f"{r.dataset}-{r.model}",
)
def test_ume_fit_agrees_with_multinma_within_its_monte_carlo_error(row):
    """multinma's baseline is the arm that differences are reported against."""
    arms, prior = published(row.dataset), PRIORS[row.tau_prior]
    model = consistency.unrelated_means(arms, reported_baselines(row.dataset))
    fits = fit_blocks(model, prior)
    total = totals(pd.concat([study_deviance(fit) for fit in fits]))
    form = "_arm" if row.dataset == "stowe2010" else ""
    beta, tau = node_draws(exact.fit(model, prior), 1000, seed=1)
    e = model.y - study_means(model, beta, tau, seed=2)
    D = (e**2 / model.v).sum(axis=1)  # in arm form: an upper bound of the spread
    error = 4.5 * D.std() / np.sqrt(3000)
    assert abs(total[f"residual_deviance{form}"] - row.residual_deviance) < error
    assert abs(total[f"pD{form}"] - row.pD) < error
    assert abs(total[f"DIC{form}"] - row.DIC) < 2 * error


@pytest.mark.parametrize("name", ["senn2013", "linde2016", "stowe2010"])
def test_ume_effects_agree_with_multinma_within_its_monte_carlo_error(name):
    rows = pd.read_csv(REFERENCE / "ume.csv").query("dataset == @name")
    arms = published(name)
    model = consistency.unrelated_means(arms, reported_baselines(name))
    fit = exact.fit(model, HALF_NORMAL)
    compared = rows[rows["parameter"] == "d"]
    assert len(compared) == len(model.parameters)
    for row in compared.itertuples():
        later, earlier = row.treatment.split(" vs. ")
        c = (np.array(model.parameters) == f"d[{later}, {earlier}]").astype(float)
        mean, sd = fit.moments(c)
        assert abs(row.mean - mean) < 4.5 * sd / np.sqrt(3000), row.treatment
        assert abs(row.sd / sd - 1) < 4.5 / np.sqrt(6000), row.treatment
    tau = rows[rows["parameter"] == "tau"].iloc[0]
    mean, sd = fit.tau_moments()
    assert abs(tau["mean"] - mean) < 4.5 * sd / np.sqrt(1000)


def test_exact_parkinson_ume():
    """The exact figure that multinma's diverging chains miss."""
    table = consistency.compare(published("parkinsons"), HALF_NORMAL).effects
    row = table.set_index(["treatment", "comparator"]).loc[("Ropinirole", "Bromocriptine")]
    assert row["mean"] == pytest.approx(-0.038, abs=0.001)
    assert row["sd"] == pytest.approx(0.710, abs=0.001)


@pytest.mark.parametrize("prior", [HALF_NORMAL, FIXED])
@pytest.mark.parametrize("make", [consistency.unrelated_means, consistency.design_effects])
def test_blocks_are_one_fit(make, prior):
    model = make(published("senn2013"))
    blocks, whole = fit_blocks(model, prior), exact.fit(model, prior)
    assert len(blocks) > 3
    assert blocks[0].log_evidence == pytest.approx(whole.log_evidence, abs=1e-6)
    np.testing.assert_allclose(
        blocks[0].tau_quantile([0.025, 0.5]), whole.tau_quantile([0.025, 0.5]), rtol=1e-3
    )
    got = pd.concat([study_deviance(fit) for fit in blocks]).set_index("study")
    expected = study_deviance(whole).set_index("study")
    columns = ["residual_deviance", "leverage"]
    np.testing.assert_allclose(
        got.loc[expected.index, columns], expected[columns], rtol=1e-5, atol=1e-7
    )
    assert sum(len(block.arms.parameters) for block in blocks) == len(model.parameters)
    assert sorted(s for block in split_blocks(model) for s in block.studies) == sorted(
        model.studies
    )


def whites_columns(arms):
    """Consistency plus inconsistency columns in the order of designs (White 2012): an
    effect of a design gets one unless it is the first to inform its comparison."""
    kept, first = [], {}
    for rows in study_rows(arms):
        first.setdefault(tuple(arms.treatment[rows].tolist()), rows)
    basis = np.zeros((0, arms.X.shape[1]))
    for design in sorted(first):
        rows = first[design]
        for arm in rows[1:]:
            grown = np.vstack([basis, arms.X[arm] - arms.X[rows[0]]])
            if np.linalg.matrix_rank(grown) > len(basis):
                basis = grown
                continue
            column = np.zeros(len(arms.y))
            for r in study_rows(arms):
                if tuple(arms.treatment[r].tolist()) == design:
                    column[r[arms.treatment[r] == arms.treatment[arm]]] = 1.0
            kept.append(column)
    X = np.column_stack([arms.X, *kept])
    return replace(
        arms,
        X=X,
        prior_sd=np.full(X.shape[1], 1e5),
        parameters=tuple(map(str, range(X.shape[1]))),
    ), len(kept)


@pytest.mark.parametrize(
    ("name", "tau"), [("senn2013", 0.0), ("senn2013", 0.4), ("linde2016", 0.1)]
)
def test_wald_test_does_not_depend_on_the_parametrisation(name, tau):
    """With flat priors and tau known: White's parameters give the same test, and it is Q
    between designs."""
    arms, prior = published(name, prior_sd=1e5), Prior("fixed", (tau,))
    table = consistency.compare(arms, prior).interaction.iloc[0]
    model, extra = whites_columns(arms)
    assert table["df"] == extra
    mean, cov, _ = exact.conditional(model, tau)
    omega = slice(len(arms.parameters), None)
    wald = mean[0, omega] @ np.linalg.solve(cov[0, omega, omega], mean[0, omega])
    assert table["chi2"] == pytest.approx(wald, rel=1e-5)
    between = designs.decomposition(arms, tau).set_index("part").loc["inconsistency"]
    assert table["chi2"] == pytest.approx(between["Q"], rel=1e-5)
    assert table["p"] == pytest.approx(between["p"], rel=1e-4)


def test_comparison_holds_what_the_report_needs():
    arms = published("senn2013")
    found = consistency.compare(arms, HALF_NORMAL)
    models = found.models.set_index("model")
    assert models.index.tolist() == [
        consistency.CONSISTENCY,
        consistency.UME,
        consistency.INTERACTION,
    ]
    assert models["parameters"].tolist() == [9, 14, 16]
    assert (models["DIC"] == models["residual_deviance"] + models["pD"]).all()
    assert found.studies["study"].tolist() == list(arms.studies)
    total = found.studies["ume_deviance"].sum()
    assert total == pytest.approx(models.loc[consistency.UME, "residual_deviance"])
    # Where only two-arm studies compare a pair, UME is a meta-analysis of them.
    row = found.effects.set_index(["treatment", "comparator"]).loc[("benf", BASELINE["senn2013"])]
    assert row["mean"] == pytest.approx(row["network_mean"], abs=0.02)
    assert designs.design_table(arms)["studies"].sum() == len(arms.studies)


@pytest.mark.parametrize("name", list(EDGE))
@pytest.mark.parametrize("prior", [Prior("half_normal", (15.0,)), FIXED])
def test_edge_networks_say_that_there_are_no_loops(name, prior):
    arms = EDGE[name]()
    found = consistency.compare(arms, prior)
    test = found.interaction.iloc[0]
    assert test["df"] == 0
    assert np.isnan(test["p"])
    assert test["note"] == designs.NO_LOOPS
    matrix, reason = designs.net_heat(arms)
    assert matrix is None
    assert reason == designs.NO_LOOPS
    table = designs.decomposition(arms).set_index("part")
    assert table.loc["inconsistency", "Q"] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(table.loc["inconsistency", "p"])
    # Without loops the three models are one.
    DIC = found.models["DIC"].to_numpy()
    np.testing.assert_allclose(DIC, DIC[0], atol=0.05)
