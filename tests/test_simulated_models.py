"""Recovery of planted truth, model by model, by both engines.

Where the truth is drawn from the priors, a 95% interval holds it with probability .95 exactly,
averaged over truths and data, however small the network.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom
from structured import NODES, example, plain

from nma import audit, convergence, exact, model
from nma.priors import Prior
from nma.structures import bias, classes, components, modality, placebos, regression

pytestmark = pytest.mark.slow
SPREAD = Prior("half_normal", (5.0,))
TAU = Prior("half_normal", (4.0,))
NETWORKS = 240


def grouped(**more):
    nodes = {k: v if v["kind"] == "active" else {**v, "class": ""} for k, v in NODES.items()}
    made = replace(plain(tau=TAU), nodes=nodes)
    return classes.exchangeable(made, "class", SPREAD, None, 15.0, **more)


def summed():
    table = example()
    table["treatment"] = table["treatment"].replace(
        {"a3": "a1 + a2", "b2": "a1 + b1", "c1": "b1 + care"}
    )
    table = table[~((table["study"] == "s13") & (table["treatment"] == "b1"))]
    return components.additive(plain(table, tau=TAU), ["a1 + b1"])


def level():
    # Levels from a wide prior stand for flat ones; with se of 2 to 5 their share is 1/200.
    return regression.on_level(plain(tau=TAU), 0.0, Prior("normal", (0.0, 0.5)))


MODELS = {
    "classes": grouped,
    "placebos": lambda: placebos.exchangeable(plain(tau=TAU), SPREAD),
    "components": summed,
    "slope": lambda: regression.regressed(plain(tau=TAU), "year", "class", 6.0),
    "level": level,
    "bias": lambda: bias.term(plain(tau=TAU), ["high", "some_concerns"], 8.0, SPREAD),
    "weights": lambda: bias.down_weighted(plain(tau=TAU), ["high"], 0.4),
    "two modalities": lambda: modality.by_modality(two_modalities(), TAU),
}


def two_modalities():
    nodes = {**NODES, "c1": {**NODES["c1"], "modality": "drug"}}
    return replace(plain(tau=TAU), nodes=nodes)


def drawn_truth(made, rng):
    """One draw of all unknowns from their priors, and data given them."""
    arms = made.arms
    hyper = {name: prior.draws(1, rng) for name, prior in made.hyper.priors.items()}
    if made.hyper.df is not None:
        hyper["scale"] = rng.gamma(made.hyper.df / 2, 2 / made.hyper.df, (1, len(arms.studies)))
    beta = rng.normal(0, 1, len(arms.parameters)) * np.ravel(arms.sds(hyper))
    mu = rng.normal(0, 60, len(arms.studies))[arms.study]
    z = arms.level(hyper)
    half = np.broadcast_to(arms.half(hyper), (1, len(arms.y)))[0]
    noise = rng.normal(0, 1, len(mu)) * np.sqrt(half + arms.v)
    y = (mu if z is None else mu * z[0]) + arms.X @ beta + noise
    return beta, hyper, replace(made, arms=replace(arms, y=y))


@pytest.mark.parametrize("name", MODELS)
def test_intervals_cover_what_they_claim(name):
    """Every quantity over its own 240 networks, which are independent; two-sided binomial
    probability above 1e-4 each (some forty of them: a false alarm in 250 runs)."""
    made, rng = MODELS[name](), np.random.default_rng(11)
    arms = made.arms
    wanted = {n: c for n, c in audit.functionals(arms).items() if not n.startswith(("dev", "bias"))}
    hits = dict.fromkeys([*wanted, *made.hyper.free], 0)
    for _ in range(NETWORKS):
        beta, hyper, data = drawn_truth(made, rng)
        fit = exact.fit(data.arms, data.hyper)
        for label, c in wanted.items():
            F = float(fit.cdf(c, c @ beta))
            hits[label] += 0.025 < F < 0.975
        for label in made.hyper.free:
            low, high = fit.hyper_quantile(label, [0.025, 0.975])
            hits[label] += low < hyper[label][0] < high
    for label, count in hits.items():
        tail = min(binom.cdf(count, NETWORKS, 0.95), binom.sf(count - 1, NETWORKS, 0.95))
        assert 2 * tail > 1e-4, f"{label}: {count} of {NETWORKS}"


@pytest.mark.parametrize("name", ["classes", "placebos", "level", "bias"])
def test_ranks_of_hyperparameters_are_uniform(name):
    """Simulation-based calibration (Talts et al. 2018): the truth's place in its posterior is
    uniform. Kolmogorov-Smirnov over 240 networks, p above 1e-4."""
    from scipy.stats import kstest

    made, rng = MODELS[name](), np.random.default_rng(12)
    ranks = {label: [] for label in made.hyper.free}
    for _ in range(NETWORKS):
        _, hyper, data = drawn_truth(made, rng)
        fit = exact.fit(data.arms, data.hyper)
        for label in ranks:
            values, F = fit.axes[label].cdf
            ranks[label].append(np.interp(hyper[label][0], values, F))
    for label, u in ranks.items():
        assert kstest(u, "uniform").pvalue > 1e-4, label


SHARED = {"log_tau": Prior("normal", (1.0, 0.7)), "log_tau_sd": Prior("half_normal", (0.5,))}
SAMPLED = {
    "classes": grouped,
    "placebos": MODELS["placebos"],
    "additive": summed,
    "level": level,
    "bias": MODELS["bias"],
    "modality shared": lambda: modality.by_modality(plain(tau=TAU), TAU, SHARED),
    "student": lambda: replace(plain(tau=TAU), hyper=replace(plain(tau=TAU).hyper, df=4.0)),
}


def sampled(made, seed=1, draws=2500, accept=0.95):
    tree = model.sample(
        model.build(made.arms, made.hyper),
        **dict(chains=4, draws=draws, tune=1000, target_accept=accept, seed=seed),
    )
    beta, hyper = model.drawn(tree, made.hyper)
    return beta, hyper, int(tree["sample_stats"]["diverging"].sum())


@pytest.mark.parametrize("name", SAMPLED)
def test_nuts_passes_its_gates_and_the_audit(name):
    """As a run does: one retry with smaller steps and more draws."""
    made = SAMPLED[name]()
    for attempt in ({}, {"accept": 0.99, "draws": 5000}):
        beta, hyper, divergences = sampled(made, **attempt)
        checked = convergence.diagnose(model.sampled(made, beta, hyper))
        if not divergences and set(checked["verdict"]) == {"ok"}:
            break
    convergence.gate(checked, divergences)
    if made.hyper.on_grid:
        free = {label: hyper[label] for label in made.hyper.free}
        table = audit.audit(exact.fit(made.arms, made.hyper), beta, free)
    else:
        table = audit.conditional_audit(made.arms, made.hyper, beta, hyper)
    assert set(made.hyper.free) <= set(table["parameter"])
    audit.gate(table)
