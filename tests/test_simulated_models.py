"""Recovery of planted truth, model by model, by both engines.

Where the truth is drawn from the priors, a 95% interval holds it with probability .95 exactly,
averaged over truths and data, however small the network.
"""

import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, kstest
from structured import NODES, example, plain

from nma import audit, convergence, exact, model
from nma.priors import Prior
from nma.structures import bias, classes, components, modality, placebos, regression

pytestmark = pytest.mark.slow
SPREAD = Prior("half_normal", (5.0,))
TAU = Prior("half_normal", (4.0,))
NETWORKS = int(os.environ.get("NETWORKS", "200"))  # fewer in CI; the bounds follow


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
    # Levels with an sd of 1000, beside errors of 5, stand for flat ones.
    return regression.on_level(plain(tau=TAU), 0.0, Prior("normal", (0.0, 0.5)))


MODELS = {
    "classes": grouped,
    "placebos": lambda: placebos.exchangeable(plain(tau=TAU), SPREAD),
    "components": summed,
    "slope": lambda: regression.regressed(plain(tau=TAU), "year", "class", 6.0),
    "level": level,
    "levels of a known spread": lambda: regression.on_level(
        plain(tau=TAU), 0.0, Prior("normal", (0.0, 0.5)), Prior("fixed", (8.0,))
    ),
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
    spread = np.full(len(arms.studies), 1000.0)
    if arms.levelled is not None:
        spread[arms.levelled > 0] = hyper["level_sd"][0]
    mu = (rng.normal(0, 1, len(spread)) * spread)[arms.study]
    z = arms.level(hyper)
    half = np.broadcast_to(arms.half(hyper), (1, len(arms.y)))[0]
    noise = rng.normal(0, 1, len(mu)) * np.sqrt(half + arms.v)
    y = (mu if z is None else mu * z[0]) + arms.X @ beta + noise
    return beta, hyper, replace(made, arms=replace(arms, y=y))


@pytest.mark.parametrize("name", MODELS)
def test_truth_lies_anywhere_in_its_posterior(name):
    """The truth's place in its posterior is uniform (Talts et al. 2018), over independent
    networks for each quantity: 95% intervals cover within the binomial error, and
    Kolmogorov-Smirnov sees nothing, each with p above 1e-4 (some eighty of them)."""
    made, rng = MODELS[name](), np.random.default_rng(11)
    wanted = audit.functionals(made.arms).items()
    wanted = {n: c for n, c in wanted if not n.startswith(("dev", "bias"))}
    places = {label: [] for label in [*wanted, *made.hyper.free]}
    for _ in range(NETWORKS):
        beta, hyper, data = drawn_truth(made, rng)
        fit = exact.fit(data.arms, data.hyper)
        for label, c in wanted.items():
            places[label].append(float(fit.cdf(c, c @ beta)))
        for label in made.hyper.free:
            values, F = (fit.axes.get(label) or fit._axis).cdf
            places[label].append(np.interp(hyper[label][0], values, F))
    for label, u in places.items():
        count = np.sum((np.array(u) > 0.025) & (np.array(u) < 0.975))
        tail = min(binom.cdf(count, NETWORKS, 0.95), binom.sf(count - 1, NETWORKS, 0.95))
        assert 2 * tail > 1e-4, f"{label}: {count} of {NETWORKS}"
        assert kstest(u, "uniform").pvalue > 1e-4, label


@pytest.mark.parametrize("spread", [8.0, 24.0])
def test_what_flat_levels_do_to_a_slope_on_them(spread):
    """Why levels have a distribution of their own. Flat ones correct for the error of the
    observed level only as if levels had no bounds: with levels of sd ``spread`` and an error
    variance e of an observed one, the expected score of the slope is -(1 + slope) e / V per
    study, its information spread^2 / V, so that a slope of 0 comes out about
    -e / (e + spread^2); with levels Normal it comes out as 0. Here e = 9 (arms with se 3,
    tau 0), 150 studies."""
    rng, found = np.random.default_rng(13), []
    for _ in range(12):
        mu = rng.normal(45, spread, 150)
        y = np.column_stack([mu, mu - 10]) + rng.normal(0, 3, (150, 2))
        table = pd.DataFrame(
            {
                "study": np.repeat([f"s{i:03d}" for i in range(150)], 2),
                "treatment": ["p", "a1"] * 150,
                "y": y.ravel(),
                "se": 3.0,
            }
        ).assign(n=1.0, year=2000, weeks=1.0, baseline=1.0, rob="low", basis="arm")
        base = plain(table, tau=Prior("fixed", (0.0,)))
        made = regression.on_level(base, 45.0, Prior("normal", (0.0, 1.0)))
        own = regression.on_level(
            base, 45.0, Prior("normal", (0.0, 1.0)), Prior("half_normal", (25.0,))
        )
        fits = [exact.fit(each.arms, each.hyper) for each in (made, own)]
        found.append([fit.hyper_moments("slope") for fit in fits])
    (flat, sd), (owned, owned_sd) = np.mean(found, axis=0)
    assert abs(flat + 9 / (9 + spread**2)) < 4.5 * sd / np.sqrt(12)
    assert abs(owned) < 4.5 * owned_sd / np.sqrt(12)


SHARED = {"log_tau": Prior("normal", (1.0, 0.7)), "log_tau_sd": Prior("half_normal", (0.5,))}
SAMPLED = {
    "classes": grouped,
    "placebos": MODELS["placebos"],
    "additive": summed,
    "levels": lambda: regression.on_level(
        plain(tau=TAU), 0.0, Prior("normal", (0.0, 0.5)), Prior("half_normal", (20.0,))
    ),
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
