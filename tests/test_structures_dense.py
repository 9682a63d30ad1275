"""Every structure against one dense Gaussian written by hand from the model's definition."""

from dataclasses import replace

import numpy as np
import pytest
from structured import D_SD, NODES, TAU, dense, example, one_hot, plain, received

from nma import exact
from nma.draws import log_likelihood, log_prior
from nma.priors import Prior
from nma.structures import bias, classes, components, modality, placebos, regression

SPREAD = Prior("half_normal", (5.0,))


def check(made, hyper, X, prior, u, effects=None, **dense_arguments):
    """log p(y | hyper), and mean and covariance of the effects against the reference.

    Prior variances of at most 1e3 beside sampling ones of 4: 1e-9 is far above what double
    precision loses.
    """
    nodes = {name: np.atleast_2d(x) if np.ndim(x) else np.array([x]) for name, x in hyper.items()}
    mean, cov, logp = exact.conditional(made.arms, nodes)
    expected, theta, spread = dense(made.arms, X, prior, u, **dense_arguments)
    assert logp[0] == pytest.approx(expected, abs=1e-9)
    E = made.arms.effects[1:]
    effects = np.eye(len(E), len(theta)) if effects is None else effects
    np.testing.assert_allclose(E @ mean[0], effects @ theta, atol=1e-9)
    np.testing.assert_allclose(E @ cov[0] @ E.T, effects @ spread @ effects.T, atol=1e-8)
    return mean[0], theta


def flat(arms, tau):
    return np.full(len(arms.y), tau**2 / 2)


def class_covariance(arms, omega):
    """Normal(m, omega^2) around m ~ Normal(0, 30^2) in A and B; C has one member."""
    names = arms.treatments[1:]
    prior = np.zeros((len(names), len(names)))
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            label = NODES[a]["class"]
            if label in omega:
                prior[i, j] = 30.0**2 * (label == NODES[b]["class"])
                prior[i, j] += omega[label] ** 2 * (a == b)
            else:
                prior[i, j] = D_SD**2 * (a == b)
    return prior


def grouped(own_from=None):
    """Placebos are no class here: their labels would make one."""
    nodes = {k: v if v["kind"] == "active" else {**v, "class": ""} for k, v in NODES.items()}
    made = replace(plain(), nodes=nodes)
    return classes.exchangeable(made, "class", SPREAD, own_from, 30.0)


@pytest.mark.parametrize(("tau", "omega"), [(0.5, 0.01), (3.0, 2.0), (8.0, 15.0)])
def test_classes(tau, omega):
    made = grouped()
    X, u = one_hot(made.arms), flat(made.arms, tau)
    check(
        made,
        {"tau": tau, "omega": omega},
        X,
        class_covariance(made.arms, dict(A=omega, B=omega)),
        u,
    )


def test_classes_with_an_sd_of_their_own():
    """A has three members and its own sd, B two and the shared one."""
    made = grouped(own_from=3)
    assert made.hyper.free == ("tau", "omega[A]", "omega")
    prior = class_covariance(made.arms, {"A": 1.0, "B": 7.0})
    hyper = {"tau": 3.0, "omega[A]": 1.0, "omega": 7.0}
    check(made, hyper, one_hot(made.arms), prior, flat(made.arms, 3.0))


@pytest.mark.parametrize("sigma", [0.1, 3.0])
def test_placebos(sigma):
    made = placebos.exchangeable(plain(), SPREAD)
    sd = [sigma if t in ("sham", "pill") else D_SD for t in made.arms.treatments[1:]]
    check(
        made, {"tau": 2.0, "sigma_p": sigma}, one_hot(made.arms), np.diag(np.square(sd)),
        flat(made.arms, 2.0),
    )  # fmt: skip


def test_components_with_an_interaction():
    """Treatments written as sums; the matrix by hand."""
    table = example()
    table["treatment"] = table["treatment"].replace(
        {"a3": "a1 + a2", "b2": "a1 + b1", "c1": "p + b1"}
    )
    # Two arms of b1 in one study are none: s12, s13 compare c1 with p, and with care and b1.
    table = table[~((table["study"] == "s13") & (table["treatment"] == "b1"))]
    made = components.additive(plain(table), ["a1 + b1"])
    names = ["a1", "a2", "b1", "care", "pill", "sham"]
    by_hand = {name: [name] for name in names}
    by_hand |= {
        "a1 + a2": ["a1", "a2"],
        "a1 + b1": ["a1", "b1", "a1 x b1"],
        "p + b1": ["b1"],
        "p": [],
    }
    parts = [*names, "a1 x b1"]
    rows = {t: np.array([float(part in held) for part in parts]) for t, held in by_hand.items()}
    X = np.array([rows[t] for t in received(made.arms)])
    effects = np.array([rows[t] for t in made.arms.treatments[1:]])
    mean, theta = check(made, {"tau": 3.0}, X, D_SD**2 * np.eye(7), flat(made.arms, 3.0), effects)
    assert dict(zip(made.arms.parameters, mean, strict=True)) == pytest.approx(
        {f"c[{part}]": x for part, x in zip(parts, theta, strict=True)}, abs=1e-9
    )


@pytest.mark.parametrize("by_class", ["", "class"])
def test_regression(by_class):
    made = regression.regressed(plain(), "year", by_class, 4.0)
    arms = made.arms
    year = np.array([1990 + 2 * i for i in range(16)]) / 10
    groups = ["ABC"] if not by_class else list("ABC")
    columns = [
        [
            (year[s] - year.mean()) * (NODES[t]["class"] in group)
            for s, t in zip(arms.study, received(arms), strict=True)
        ]
        for group in groups
    ]
    X = np.column_stack([one_hot(arms), *columns])
    sd = [*[D_SD] * (X.shape[1] - len(groups)), *[4.0] * len(groups)]
    mean, theta = check(made, {"tau": 3.0}, X, np.diag(np.square(sd)), flat(arms, 3.0))
    # The slopes come last in both.
    np.testing.assert_allclose(mean[-len(groups) :], theta[-len(groups) :], atol=1e-9)


def biased_columns(arms, suspects):
    names = received(arms)
    return np.array(
        [[float(s == i and NODES[t]["kind"] == "active") for i in suspects]
         for s, t in zip(arms.study, names, strict=True)]
    )  # fmt: skip


# rob runs low, high, not reported, some_concerns: of the suspect studies 1, 5, 13 (high) all
# compare an active with a reference-type arm, 9 is a1 against b1.
HIGH = [1, 5, 13]


def test_bias_term():
    """A study's bias is Normal(b, kappa^2), b ~ Normal(0, 7^2): together exchangeable."""
    made = bias.term(plain(), ["high"], 7.0, SPREAD)
    arms, K = made.arms, len(made.arms.treatments) - 1
    X = np.column_stack([one_hot(arms), biased_columns(arms, HIGH)])
    prior = np.zeros((K + 3, K + 3))
    prior[:K, :K] = D_SD**2 * np.eye(K)
    prior[K:, K:] = 7.0**2 + 2.0**2 * np.eye(3)
    mean, theta = check(made, {"tau": 3.0, "kappa": 2.0}, X, prior, flat(arms, 3.0))
    assert arms.parameters[K:] == ("b", "bias[s01]", "bias[s05]", "bias[s13]")
    np.testing.assert_allclose(mean[K] + mean[K + 1 :], theta[K:], atol=1e-9)


def test_down_weighting_divides_all_variance_by_the_weight():
    made = bias.down_weighted(plain(), ["high"], 0.25)
    arms = made.arms
    q = np.where(np.isin(arms.study, [*HIGH, 9]), 0.25, 1.0)
    K = len(arms.parameters)
    check(
        made, {"tau": 3.0}, one_hot(arms), D_SD**2 * np.eye(K), 4.5 / q, v=plain().arms.v / q
    )  # fmt: skip


def modality_u(arms, tau):
    """Variances of u by hand: an active arm has its modality's tau^2 / 2, others the mean of
    the active ones of their study, or of all modalities where there is none."""
    names, u = np.array(received(arms)), np.empty(len(arms.y))
    active = np.array([NODES[t]["kind"] == "active" for t in names])
    for i in range(len(arms.studies)):
        rows = np.flatnonzero(arms.study == i)
        for row in rows:
            own = [tau[NODES[t]["modality"]] ** 2 / 2 for t in names[rows][active[rows]]]
            if active[row]:
                u[row] = tau[NODES[names[row]]["modality"]] ** 2 / 2
            else:
                u[row] = np.mean(own or [x**2 / 2 for x in tau.values()])
    return u


def test_modality():
    made, tau = modality.by_modality(plain(), TAU), {"drug": 1.0, "mind": 9.0, "physical": 4.0}
    assert made.arms.variances == ("tau[drug]", "tau[mind]", "tau[physical]")
    hyper = {f"tau[{name}]": x for name, x in tau.items()}
    K = len(made.arms.parameters)
    check(made, hyper, one_hot(made.arms), D_SD**2 * np.eye(K), modality_u(made.arms, tau))


def test_student_scales_divide_the_heterogeneity():
    made = plain()
    scale = np.random.default_rng(1).gamma(2.0, 0.5, 16)
    K = len(made.arms.parameters)
    hyper = {"tau": 5.0, "scale": scale}
    check(made, hyper, one_hot(made.arms), D_SD**2 * np.eye(K), 12.5 / scale[made.arms.study])


@pytest.mark.parametrize("slope", [-0.4, 0.0, 0.3])
@pytest.mark.parametrize("base", [min, max])
def test_level(slope, base):
    """y = mu (1 + slope) + d in active arms: whichever arm the contrasts are made to."""
    made = regression.on_level(plain(), 45.0, Prior("normal", (0.0, 1.0)))
    arms = made.arms
    names = received(arms)
    # Studies that hold a reference-type arm and report arms; s09 and s14 have none.
    z = np.ones(len(names))
    for row, (s, t) in enumerate(zip(arms.study, names, strict=True)):
        if NODES[t]["kind"] == "active" and s not in (9, 14):
            z[row] += slope
    K = len(arms.parameters)
    check(
        made, {"tau": 3.0, "slope": slope}, one_hot(arms), D_SD**2 * np.eye(K), flat(arms, 3.0),
        z=z, base=base,
    )  # fmt: skip


@pytest.mark.parametrize("slope", [-0.4, 0.3])
def test_levels_with_a_distribution(slope):
    """mu ~ Normal(0, 8^2) in studies with a level: all their arms are Gaussian, none is lost
    to a contrast; s09 and s14 keep their flat mu."""
    made = regression.on_level(
        plain(), 45.0, Prior("normal", (0.0, 1.0)), Prior("half_normal", (20.0,))
    )
    arms, names = made.arms, received(made.arms)
    active = np.array([NODES[t]["kind"] == "active" for t in names])
    known = ~np.isin(arms.study, [9, 14])
    z = 1.0 + slope * (active & known)
    V = np.diag(arms.v + 4.5) + 64.0 * np.outer(z, z) * (
        (arms.study[:, None] == arms.study) & known[:, None]
    )
    lines = []
    for i in range(len(arms.studies)):
        rows = np.flatnonzero(arms.study == i)
        keep = np.eye(len(names))[rows]
        lines.append(keep if known[rows[0]] else keep[1:] - keep[0])
    C, X = np.vstack(lines), one_hot(arms)
    y, A, prior = C @ arms.y, C @ X, D_SD**2 * np.eye(X.shape[1])
    full = C @ V @ C.T + A @ prior @ A.T
    expected = -0.5 * (y @ np.linalg.solve(full, y) + np.linalg.slogdet(2 * np.pi * full)[1])
    nodes = {"tau": np.array([3.0]), "slope": np.array([slope]), "level_sd": np.array([8.0])}
    mean, cov, logp = exact.conditional(arms, nodes)
    assert logp[0] == pytest.approx(expected, abs=1e-9)
    gain = prior @ A.T @ np.linalg.inv(full)
    np.testing.assert_allclose(mean[0], gain @ y, atol=1e-9)
    np.testing.assert_allclose(cov[0], prior - gain @ A @ prior, atol=1e-8)
    # The draws' likelihood is the same integral: log p(y | beta) + p(beta) - p(beta | y).
    beta = np.zeros((1, X.shape[1]))
    seen = (
        log_likelihood(arms, beta, nodes).sum() + log_prior(arms, made.hyper, beta, nodes)[0].sum()
    )
    r = beta[0] - mean[0]
    given = -0.5 * (r @ np.linalg.solve(cov[0], r) + np.linalg.slogdet(2 * np.pi * cov[0])[1])
    assert seen - given == pytest.approx(expected, abs=1e-8)


def test_y_is_stated_from_the_level_only_where_arms_are_reported():
    before, after = plain().arms, regression.on_level(plain(), 45.0, TAU).arms
    shift = np.where(before.study == 9, 0.0, 45.0)
    np.testing.assert_allclose(before.y - after.y, shift, atol=1e-12)


def everything():
    """Classes, biases, tau by modality, weights and Student scales at once."""
    made = bias.term(grouped(), ["high"], 7.0, SPREAD)
    made = modality.by_modality(made, TAU)
    return bias.down_weighted(made, ["some_concerns"], 0.5)


def test_parts_combine():
    made, tau = everything(), {"drug": 1.0, "mind": 9.0, "physical": 4.0}
    arms = made.arms
    scale = np.random.default_rng(2).gamma(2.0, 0.5, 16)
    q = np.where(np.isin(arms.study, [3, 7, 11, 15]), 0.5, 1.0)
    u = modality_u(arms, tau) / q / scale[arms.study]
    K = len(arms.treatments) - 1
    X = np.column_stack([one_hot(arms), biased_columns(arms, HIGH)])
    prior = np.zeros((K + 3, K + 3))
    prior[:K, :K] = class_covariance(arms, {"A": 2.0, "B": 2.0})
    prior[K:, K:] = 7.0**2 + 3.0**2 * np.eye(3)
    hyper = {f"tau[{name}]": x for name, x in tau.items()}
    hyper |= {"omega": 2.0, "kappa": 3.0, "scale": scale}
    check(made, hyper, X, prior, u, v=plain().arms.v / q)


def test_densities_of_draws_are_the_conditional_of_the_engine():
    """log p(y | beta) + log p(beta) - log p(beta | y) is log p(y), at any beta: ties the
    likelihood that PyMC's is tested against to the engine's integral, in two structures."""
    level = regression.on_level(plain(), 45.0, Prior("normal", (0.0, 1.0)))
    for made, hyper in (
        (everything(), {"tau[drug]": 1.0, "tau[mind]": 9.0, "tau[physical]": 4.0, "omega": 2.0,
                        "kappa": 3.0, "scale": np.linspace(0.3, 3, 16)}),
        (level, {"tau": 3.0, "slope": 0.2}),
    ):  # fmt: skip
        nodes = {k: np.atleast_2d(x) if np.ndim(x) else np.array([x]) for k, x in hyper.items()}
        mean, cov, logp = exact.conditional(made.arms, nodes)
        beta = mean + np.random.default_rng(3).normal(0, 1, mean.shape)
        off = beta[0] - mean[0]
        posterior = -0.5 * (
            off @ np.linalg.solve(cov[0], off)
            + np.linalg.slogdet(cov[0])[1]
            + len(off) * np.log(2 * np.pi)
        )
        joint = log_likelihood(made.arms, beta, nodes).sum()
        joint += log_prior(made.arms, made.hyper, beta, nodes)[0].sum()
        assert joint - posterior == pytest.approx(logp[0], abs=1e-8)
