"""The PyMC model of every structure: its density is NumPy's, and NUTS agrees with the audit."""

from dataclasses import replace

import numpy as np
import pytest
from structured import NODES, TAU, plain
from test_model import evaluate

from nma import audit, convergence, draws, model
from nma.priors import Prior
from nma.structures import bias, classes, modality, placebos, regression

SPREAD = Prior("half_normal", (5.0,))
SHARED = {"log_tau": Prior("normal", (1.0, 0.7)), "log_tau_sd": Prior("half_normal", (0.5,))}


def grouped(own_from=None):
    nodes = {k: v if v["kind"] == "active" else {**v, "class": ""} for k, v in NODES.items()}
    return classes.exchangeable(replace(plain(), nodes=nodes), "class", SPREAD, own_from, 15.0)


def student(made):
    return replace(made, hyper=replace(made.hyper, df=4.0))


def all_at_once():
    made = bias.term(grouped(), ["high"], 7.0, SPREAD)
    made = regression.on_level(made, 45.0, Prior("normal", (0.0, 1.0)))
    return student(bias.down_weighted(modality.by_modality(made, TAU, SHARED), [""], 0.5))


MODELS = {
    "classes": grouped,
    "own class sds": lambda: grouped(3),
    "placebos": lambda: placebos.exchangeable(plain(), SPREAD),
    "slopes": lambda: regression.regressed(plain(), "year", "class", 4.0),
    "level": lambda: regression.on_level(plain(), 45.0, Prior("normal", (0.0, 1.0))),
    "levels": lambda: regression.on_level(
        plain(), 45.0, Prior("normal", (0.0, 1.0)), Prior("half_normal", (20.0,))
    ),
    "bias": lambda: bias.term(plain(), ["high"], 7.0, SPREAD),
    "weights": lambda: bias.down_weighted(plain(), ["high"], 0.4),
    "modality": lambda: modality.by_modality(plain(), TAU),
    "modality shared": lambda: modality.by_modality(plain(), TAU, SHARED),
    "student": lambda: student(plain()),
    "known": lambda: grouped().with_prior("omega", Prior("fixed", (2.0,))),
    "all at once": all_at_once,
}


# "all at once" holds most of what the others hold one by one.
FAST = ("all at once", "placebos", "modality")


@pytest.mark.parametrize(
    "name", [m if m in FAST else pytest.param(m, marks=pytest.mark.slow) for m in MODELS]
)
def test_density_is_the_numpy_one(name):
    """The joint density of data and all unknowns, every constant but the likelihood's: where
    PyMC samples beta in units of its spread, the density of those units has the factor
    spread, and that of the logarithm of an exchangeable tau tau times its width."""
    made, rng = MODELS[name](), np.random.default_rng(1)
    arms, hyper = made.arms, made.hyper
    values = {name: np.array([value]) for name, value in hyper.fixed.items()}
    for label in hyper.free:
        values[label] = rng.uniform(0.3, 2.0, 1)
    scale = rng.gamma(2.0, 0.5, (1, len(arms.studies)))
    if hyper.df is not None:
        values["scale"] = scale
    beta = rng.normal(0, 3, (1, len(arms.parameters)))
    spread = (arms.sds(values) / arms.prior_sd).ravel() if any(arms.spread or ()) else 1.0

    point = {label: x[0] for label, x in values.items() if label not in hyper.exchangeable}
    point |= {"raw": beta[0] / spread, "beta": beta[0], "d": beta[0]}
    for label in hyper.exchangeable:
        z = (np.log(values[label]) - values["log_tau"]) / values["log_tau_sd"]
        point[f"{label}_raw"] = z[0]
    built = model.build(arms, hyper)
    got = evaluate(built, [built["y"], *built.free_RVs], point)

    size = np.diff(arms.starts, append=len(arms.y))
    # PyMC's likelihood leaves out its constant: one log sqrt(2 pi) a contrast, or an arm.
    lost = size - 1 + (0 if arms.levelled is None else arms.levelled)
    likelihood = draws.log_likelihood(arms, beta, values)[0] + lost / 2 * np.log(2 * np.pi)
    np.testing.assert_allclose(got[0], likelihood, atol=1e-8)
    effects, own = draws.log_prior(arms, hyper, beta, values)
    known = [label for label in hyper.fixed if label in own]
    expected = effects.sum() + np.sum(np.log(spread) * np.ones(beta.shape))
    expected += sum(float(x[0]) for label, x in own.items() if label not in known)
    for label in hyper.exchangeable:
        expected += float(np.log(values[label][0]) + np.log(values["log_tau_sd"][0]))
    if hyper.df is not None:
        from scipy.stats import gamma

        expected += gamma.logpdf(scale, 2.0, scale=0.5).sum()
    assert sum(np.sum(x) for x in got[1:]) == pytest.approx(expected, abs=1e-8)
    names = {rv.name for rv in built.free_RVs}
    assert names == ({*point} - {"raw", "beta", "d", *hyper.fixed}) | {
        "raw" if any(arms.spread or ()) else "d" if arms.is_plain else "beta"
    }


@pytest.mark.slow
def test_nuts_passes_its_gates_and_the_conditional_audit():
    """A tau for each of three modalities; the fast tests' one fit is test_model's."""
    made = modality.by_modality(plain(), TAU)
    for accept in (0.95, 0.99):
        tree = model.sample(
            model.build(made.arms, made.hyper),
            **dict(chains=4, draws=1000, tune=800, target_accept=accept, seed=1),
        )
        divergences = int(tree["sample_stats"]["diverging"].sum())
        if not divergences:
            break
    beta, hyper = model.drawn(tree, made.hyper)
    convergence.gate(convergence.diagnose(model.sampled(made, beta, hyper)), divergences)
    table = audit.conditional_audit(made.arms, made.hyper, beta, hyper)
    audit.gate(table)
    assert {"tau[drug]", "tau[mind]", "tau[physical]", "d[c1]"} <= set(table["parameter"])
    wrong = hyper | {"tau[drug]": hyper["tau[drug]"] * 1.5}
    with pytest.raises(audit.AuditFailed, match=r"tau\[drug\]"):
        audit.gate(audit.conditional_audit(made.arms, made.hyper, beta, wrong))
