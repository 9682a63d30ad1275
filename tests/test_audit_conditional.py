"""The conditional audit passes exact draws of models without a grid and catches wrong ones."""

import numpy as np
import pandas as pd
import pytest
from networks import simulate
from structured import NODES, TAU, plain

from nma import audit, exact
from nma.arms import build
from nma.priors import Hyper, Prior
from nma.structure import Structure
from nma.structures import classes, modality

CHAINS, SIZE = 4, 1000


def rejected(made, rng, scales=False):
    """Independent draws of the joint posterior by rejection: hyperparameters from their
    priors, kept with probability p(y | them) over its largest value seen in ten times as many
    as are needed (beyond which at most a handful lie), parameters exactly given them."""
    arms, hyper = made.arms, made.hyper
    drawn = {name: prior.draws(200_000, rng) for name, prior in hyper.priors.items()}
    if scales:
        drawn["scale"] = rng.gamma(hyper.df / 2, 2 / hyper.df, (200_000, len(arms.studies)))
    mean, cov, logp = exact.conditional(arms, drawn)
    kept = np.flatnonzero(np.log(rng.random(200_000)) < logp - logp.max())[: CHAINS * SIZE]
    assert len(kept) == CHAINS * SIZE
    z = rng.standard_normal((len(kept), mean.shape[1]))
    beta = mean[kept] + np.einsum("tij,tj->ti", np.linalg.cholesky(cov[kept]), z)
    hyper = {name: x[kept].reshape(CHAINS, SIZE, *x.shape[1:]) for name, x in drawn.items()}
    return beta.reshape(CHAINS, SIZE, -1), hyper


def few_arms(rng, studies=18):
    """Three modalities, all well apart from placebo: a third of the studies each."""
    rows = []
    for i in range(studies):
        mu, tau = rng.normal(45, 5), (3.0, 8.0, 5.0)[i % 3]
        for name in ("p", ("a1", "b1", "c1")[i % 3]):
            y = mu + rng.normal(0, tau / np.sqrt(2)) + rng.normal(0, 1.0)
            rows.append((f"s{i:02d}", name, y, 1.0))
    return pd.DataFrame(rows, columns=["study", "treatment", "y", "se"])


def structure(table, hyper):
    return Structure(build(table, "p", 20.0), hyper, NODES, pd.DataFrame())


@pytest.fixture(scope="module")
def three_taus():
    rng = np.random.default_rng(1)
    made = structure(few_arms(rng), Hyper({"tau": TAU}))
    made = modality.by_modality(made, TAU)
    return made, *rejected(made, rng)


@pytest.fixture(scope="module")
def student():
    rng = np.random.default_rng(2)
    table = few_arms(rng, 6)
    # One study far out, so that its scale is not its prior's.
    table.loc[(table["study"] == "s00") & (table["treatment"] == "a1"), "y"] -= 30
    made = structure(table, Hyper({"tau": TAU}, df=4.0))
    return made, *rejected(made, rng, scales=True)


@pytest.fixture(scope="module")
def meshed():
    """Both hyperparameters of classes, whose exact draws are at hand."""
    made = classes.exchangeable(plain(), "class", Prior("half_normal", (5.0,)), None, 30.0)
    beta, hyper = exact.fit(made.arms, made.hyper).all_draws(CHAINS * SIZE, seed=3)
    return (
        made,
        beta.reshape(CHAINS, SIZE, -1),
        {k: x.reshape(CHAINS, SIZE) for k, x in hyper.items()},
    )


@pytest.mark.parametrize(
    "model", ["three_taus", "student", pytest.param("meshed", marks=pytest.mark.slow)]
)
def test_exact_draws_pass(model, request):
    made, beta, draws = request.getfixturevalue(model)
    table = audit.conditional_audit(made.arms, made.hyper, beta, draws)
    audit.gate(table)
    assert list(table.columns) == audit.COLUMNS
    scales = [f"scale[{s}]" for s in made.arms.studies] if "scale" in draws else []
    names = [*audit.functionals(made.arms), *made.hyper.free, *scales]
    assert list(table["parameter"]) == names
    # z are those of right draws: about standard normal, none of them far out.
    assert np.abs(table["z"]).max() < 4.5
    assert 0.3 < np.sqrt(np.mean(table["z"] ** 2)) < 2.0


def caught(made, beta, draws):
    with pytest.raises(audit.AuditFailed) as failed:
        audit.gate(audit.conditional_audit(made.arms, made.hyper, beta, draws))
    return str(failed.value)


@pytest.mark.parametrize(
    "model", ["three_taus", "student", pytest.param("meshed", marks=pytest.mark.slow)]
)
def test_a_shifted_effect_is_caught_by_name(model, request):
    """By half of its sd, of which the error of 400 draws is a tenth."""
    made, beta, draws = request.getfixturevalue(model)
    k = int(np.flatnonzero(made.arms.effects[1])[0])
    off = np.zeros(beta.shape[-1])
    off[k] = 0.5 * beta[..., k].std()
    assert f"d[{made.arms.treatments[1]}]: " in caught(made, beta + off, draws)


@pytest.mark.slow
def test_an_effect_too_narrow_is_caught(three_taus):
    """By a fifth: the outer quantiles then hold .3% and not 2.5% of 400 draws, 2.8 sds; of
    2,000, more. Half is asked."""
    made, beta, draws = three_taus
    fit = exact.at(made.arms, made.hyper, {k: x.ravel() for k, x in draws.items()})
    mean = fit.means.reshape(beta.shape)
    narrow = np.where(np.arange(beta.shape[-1]) == 0, mean + 0.5 * (beta - mean), beta)
    assert f"d[{made.arms.treatments[1]}]: " in caught(made, narrow, draws)


@pytest.mark.parametrize("wrong", ["tau[drug]", "tau[physical]"])
def test_a_wrong_tau_is_caught_by_name(three_taus, wrong):
    """Times 1.2. Six precise studies tell a tau to a third of it: it is off by .6 sds then,
    of which the error of 400 draws is a twentieth."""
    made, beta, draws = three_taus
    assert f"{wrong}: " in caught(made, beta, draws | {wrong: draws[wrong] * 1.2})


@pytest.mark.slow
def test_taus_of_one_another_are_caught(three_taus):
    """Two of them exchanged: each has the other's draws."""
    made, beta, draws = three_taus
    swapped = {"tau[drug]": draws["tau[mind]"], "tau[mind]": draws["tau[drug]"]}
    told = caught(made, beta, draws | swapped)
    assert "tau[drug]: " in told or "tau[mind]: " in told


@pytest.mark.parametrize(("study", "factor"), [("s00", 1.5), ("s03", 0.6)])
def test_a_wrong_scale_is_caught_by_name(student, study, factor):
    made, beta, draws = student
    k = made.arms.studies.index(study)
    times = np.where(np.arange(len(made.arms.studies)) == k, factor, 1.0)
    assert f"scale[{study}]: " in caught(made, beta, draws | {"scale": draws["scale"] * times})


def test_scales_of_their_prior_are_caught(student):
    """As if the data had no say: s00 is 30 points out, its scale is small."""
    made, beta, draws = student
    prior = np.random.default_rng(5).gamma(2.0, 0.5, draws["scale"].shape)
    assert "scale[s00]: " in caught(made, beta, draws | {"scale": prior})


@pytest.mark.slow
def test_exchangeable_taus():
    """log-normal taus around their centre: the centre and width are audited given the taus,
    the taus given them; draws from the model itself, the data being noise of sd 1e3."""
    rng = np.random.default_rng(6)
    table = few_arms(rng).assign(se=1e3)
    shared = {"log_tau": Prior("normal", (1.5, 0.5)), "log_tau_sd": Prior("half_normal", (0.5,))}
    made = modality.by_modality(structure(table, Hyper({"tau": TAU})), TAU, shared)
    centre, width = (shared[name].draws(CHAINS * SIZE, rng) for name in shared)
    drawn = {"log_tau": centre, "log_tau_sd": width}
    for name in made.hyper.exchangeable:
        drawn[name] = np.exp(rng.normal(centre, width))
    mean, cov, _ = exact.conditional(made.arms, drawn)
    z = rng.standard_normal(mean.shape)
    beta = (mean + np.einsum("tij,tj->ti", np.linalg.cholesky(cov), z)).reshape(CHAINS, SIZE, -1)
    draws = {name: x.reshape(CHAINS, SIZE) for name, x in drawn.items()}
    audit.gate(audit.conditional_audit(made.arms, made.hyper, beta, draws))
    told = caught(made, beta, draws | {"log_tau": draws["log_tau"] + 0.3})
    assert "log_tau: " in told
    told = caught(made, beta, draws | {"log_tau_sd": draws["log_tau_sd"] * 1.5})
    assert "log_tau_sd: " in told


def test_functionals_name_effects_and_what_is_none():
    made = classes.exchangeable(plain(), "class", Prior("half_normal", (5.0,)), None, 30.0)
    names = audit.functionals(made.arms)
    assert "d[p]" not in names
    assert [n for n in names if n.startswith("d[")] == [f"d[{t}]" for t in made.arms.treatments[1:]]
    assert {"m[A]", "dev[a1]"} <= set(names)
    # d[a1] is m + dev, no parameter; d[c1] is one.
    assert names["d[a1]"].sum() == 2
    np.testing.assert_array_equal(names["d[a1]"], names["m[A]"] + names["dev[a1]"])
    # The plain network has its effects only, under their parameters' names.
    assert list(audit.functionals(plain().arms)) == list(plain().arms.parameters)


@pytest.mark.slow
def test_thinned_chains_of_a_longer_run_are_what_is_audited(three_taus):
    """Draws that repeat each value as chains do have a larger error, not a larger z."""
    made, beta, draws = three_taus
    slow = {name: np.repeat(x[:, ::5], 5, axis=1) for name, x in draws.items()}
    table = audit.conditional_audit(made.arms, made.hyper, np.repeat(beta[:, ::5], 5, axis=1), slow)
    audit.gate(table)


@pytest.mark.slow
def test_simulated_networks_pass_at_their_own_rate():
    """z over twelve exact fits: a share of |z| > 2 near .05. 12 x 5 z, of which a network's are
    correlated: at most 60 x .3."""
    z = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        arms = build(simulate(rng, np.array([0.0, -5.0, 3.0, 1.0]), 4.0, 10), "t00")
        fit = exact.fit(arms, TAU)
        beta, tau = fit.draws(2000, seed)
        table = audit.conditional_audit(
            arms,
            Hyper({"tau": TAU}),
            beta.reshape(4, 500, -1),
            {"tau": tau.reshape(4, 500)},
        )
        z += [*table["z"]]
    assert np.mean(np.abs(z) > 2) < 0.2
    assert 0.6 < np.sqrt(np.mean(np.square(z))) < 1.5
