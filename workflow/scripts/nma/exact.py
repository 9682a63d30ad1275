"""The exact engine: the posterior of the arm-form model by quadrature over tau.

Given tau the effects are Gaussian (DESIGN section 3), so a grid over tau gives the whole
posterior as a mixture of Gaussians: moments, quantiles, independent draws, no Markov
chain. It audits every NUTS fit and makes checks that need many fits cheap.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.linalg import lapack
from scipy.special import ndtr

from nma.arms import Arms
from nma.draws import stream
from nma.priors import Hyper, Prior

Array = NDArray[np.float64]
# exp(-36) is 2e-16 of the largest density: what lies beyond the grid cannot be seen.
DROP = 36.0
COARSE, PANELS, NODES = 121, 40, 8
# With more parameters than LARGE every node costs tenths of a second and megabytes: a grid of a
# quarter of the nodes, and draws that share STRATA values of the hyperparameter.
LARGE, COARSE_LARGE, PANELS_LARGE, STRATA = 200, 41, 10, 240
# Of two hyperparameters at once: points of a side in the coarse pass, panels, their nodes.
COARSE_MESH, MESH_PANELS, MESH_NODES = 41, 12, 6
SMALL = 24  # parameters up to which all matrices at once beat one call of LAPACK each
CHUNK = 2_000_000  # cells of arrays over all tau in work at once: 16 MB


Nodes = Mapping[str, Array]


def conditional(arms: Arms, hyper: ArrayLike | Nodes) -> tuple[Array, Array, Array]:
    """Parameters given the hyperparameters, at many values (T,) of them at once.

    ``hyper`` maps their names to values; plain values are tau. Returns means (T, p),
    covariances (T, p, p) and log p(y | hyper) (T,). The log density includes every
    constant: it equals the log of the integral over study means (flat) and parameters.
    DESIGN section 3; Lu & Ades 2004 in arm form.
    """
    if not isinstance(hyper, Mapping):
        hyper = {"tau": np.atleast_1d(np.asarray(hyper, dtype=float))}
    size, p = _size(hyper), len(arms.parameters)
    means, covs, logp = np.empty((size, p)), np.empty((size, p, p)), np.empty(size)
    for part in _parts(arms, size):
        given = {name: x[part] for name, x in hyper.items()}
        means[part], covs[part], logp[part] = _conditional(arms, given)
    return means, covs, logp


def log_likelihood(arms: Arms, hyper: Nodes) -> Array:
    """log p(y | hyper) (T,) as ``conditional`` has it, without the parameters: a third of
    the time."""
    logp = np.empty(_size(hyper))
    for part in _parts(arms, len(logp)):
        logp[part] = _likelihood(arms, {name: x[part] for name, x in hyper.items()})
    return logp


def _parts(arms: Arms, size: int) -> list[slice]:
    """Values of the hyperparameters in work at once."""
    p = len(arms.parameters)
    cells = max(p * p, len(arms.y), len(arms.pairs.a)) if arms.is_flat else arms.X.size
    chunk = max(1, int(CHUNK // max(cells, 1)))
    return [slice(i, i + chunk) for i in range(0, size, chunk)]


def _conditional(arms: Arms, hyper: Nodes) -> tuple[Array, Array, Array]:
    P, score, rest = _information(arms, hyper)
    if P.shape[1] <= SMALL:
        inverse = np.linalg.inv(np.linalg.cholesky(P))
        half = np.einsum("tij,tj->ti", inverse, score)
        back = inverse.transpose(0, 2, 1)
        rest += 0.5 * (half * half).sum(1) + _log_diagonal(inverse)
        return np.einsum("tij,tj->ti", back, half), back @ inverse, rest
    means = np.empty_like(score)
    for t, (precision, b) in enumerate(zip(P, score, strict=True)):
        root = _root(precision)
        means[t] = _solved(root, b)
        rest[t] += 0.5 * (b @ means[t]) - np.log(np.diagonal(root)).sum()
        # In place of the precision: of large networks the matrices are what memory holds.
        precision[:] = lapack.dpotri(root, lower=1)[0]
    i, j = np.tril_indices(P.shape[1], -1)
    P[:, j, i] = P[:, i, j]
    return means, P, rest


def _likelihood(arms: Arms, hyper: Nodes) -> Array:
    P, score, rest = _information(arms, hyper)
    if P.shape[1] <= SMALL:
        root = np.linalg.cholesky(P)
        half = np.linalg.solve(root, score[:, :, None])[:, :, 0]
        return rest + 0.5 * (half * half).sum(1) - _log_diagonal(root)
    for t, (precision, b) in enumerate(zip(P, score, strict=True)):
        root = _root(precision)
        rest[t] += 0.5 * (b @ _solved(root, b)) - np.log(np.diagonal(root)).sum()
    return rest


def _log_diagonal(roots: Array) -> Array:
    return np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(1)


def _root(precision: Array) -> Array:
    """Lower Cholesky root (p, p); raises LinAlgError as NumPy's."""
    root, failed = lapack.dpotrf(precision, lower=1)
    if failed:
        raise np.linalg.LinAlgError("Matrix is not positive definite")
    return root


def _solved(root: Array, b: Array) -> Array:
    return lapack.dpotrs(root, b, lower=1)[0]


def _information(arms: Arms, hyper: Nodes) -> tuple[Array, Array, Array]:
    """Precision (T, p, p) of the parameters, of which only the lower half is set if the study
    means are flat; X'W (y - ybar) (T, p); and log p(y) (T,) but for what the two add to it."""
    P, score, rest = _flat(arms, hyper) if arms.is_flat else _levelled(arms, hyper)
    sd = arms.sds(hyper)
    P[:, np.arange(sd.shape[-1]), np.arange(sd.shape[-1])] += sd**-2.0
    return P, score, rest - np.log(sd).sum(-1)


def _flat(arms: Arms, hyper: Nodes) -> tuple[Array, Array, Array]:
    """The parts of the data by pairs of arms (see ``Pairs``)."""
    pairs, p = arms.pairs, len(arms.parameters)
    w = np.broadcast_to(1.0 / (arms.v + arms.half(hyper)), (_size(hyper), len(arms.y)))
    W = np.add.reduceat(w, arms.starts, axis=1)
    c = w[:, pairs.a] * w[:, pairs.b] / W[:, pairs.study]
    P = np.zeros((len(w), p, p))
    P[:, pairs.cells[0], pairs.cells[1]] = (pairs.products @ c.T).T
    score = (pairs.D.T @ (c * pairs.y).T).T
    contrasts = len(arms.y) - len(arms.starts)
    constant = c @ pairs.y**2 + contrasts * np.log(2 * np.pi)
    return P, np.ascontiguousarray(score), 0.5 * (np.log(w).sum(1) - np.log(W).sum(1) - constant)


def _levelled(arms: Arms, hyper: Nodes) -> tuple[Array, Array, Array]:
    """The same where arms move with the study's level or the study means have a prior."""

    def total(x: Array) -> Array:
        return np.add.reduceat(x, arms.starts, axis=1)

    w = np.broadcast_to(1.0 / (arms.v + arms.half(hyper)), (_size(hyper), len(arms.y)))
    z = arms.level(hyper)
    wz = w if z is None else w * z
    W = total(wz if z is None else wz * z)
    pull = arms.pull(hyper)
    W = W if pull is None else W + pull
    level = (total(wz * arms.y) / W)[:, arms.study]
    e = arms.y - (level if z is None else z * level)
    wX = w[:, :, None] * arms.X
    G = total(wX if z is None else wz[:, :, None] * arms.X)
    P = arms.X.T @ wX - (G / W[:, :, None]).transpose(0, 2, 1) @ G
    contrasts = len(arms.y) - len(arms.starts)
    # With a prior of the study mean the residual is no projection of y.
    square = (w * e * (e if pull is None else arms.y)).sum(1)
    rest = 0.5 * (np.log(w).sum(1) - np.log(W).sum(1) - square - contrasts * np.log(2 * np.pi))
    if pull is not None:
        # Each such study is the density of all its arms, one more than its differences.
        known = arms.levelled.sum()
        rest += 0.5 * np.log(np.where(pull > 0, pull, 1.0)).sum(1)
        rest -= 0.5 * known * np.log(2 * np.pi)
    return P, np.einsum("tap,ta->tp", wX, e), rest


def _size(hyper: Nodes) -> int:
    return len(next(iter(hyper.values())))


@dataclass(frozen=True)
class Axis:
    """One hyperparameter on its grid: quadrature nodes x (T,) of it or of its log, the
    panels' edges, its posterior density at the nodes."""

    prior: Prior
    x: Array
    edges: Array
    density: Array

    @cached_property
    def cdf(self) -> tuple[Array, Array]:
        """Values and the distribution function on a fine grid."""
        if self.prior.is_fixed:
            return self.x, np.ones(1)
        spline = CubicSpline(self.x, self.density)
        x = np.concatenate(
            [np.linspace(*ends, 25) for ends in zip(self.edges[:-1], self.edges[1:], strict=True)]
        )
        integral = spline.antiderivative()
        F = np.maximum.accumulate(np.clip(integral(x) - integral(x[0]), 0.0, None))
        return (np.exp(x) if self.prior.on_log_scale else x), F / F[-1]

    def quantile(self, p: ArrayLike) -> Array:
        """Quantiles of the hyperparameter."""
        values, F = self.cdf
        return np.interp(np.asarray(p, dtype=float), F, values)


@dataclass(frozen=True)
class Posterior:
    """A mixture of Gaussians over a grid of tau, or of two hyperparameters.

    x : (T,) quadrature nodes in tau or log tau; tau : (T,) the same in points
    edges : (panels + 1,) of the grid, in the units of x
    weights : (T,) posterior mass of each node, sum 1
    density : (T,) posterior density of x; means (T, p); covs (T, p, p)
    log_evidence : log p(y), up to the constant of the tau prior's truncation
    others : values (T,) of every hyperparameter but tau at the nodes
    axes : the grids, by name, unless tau's is the only one; the nodes of two are crossed and
        flattened, and x, edges and density are then tau's alone
    hyper : priors of all hyperparameters
    """

    arms: Arms
    prior: Prior
    x: Array
    edges: Array
    tau: Array
    weights: Array
    density: Array
    means: Array
    covs: Array
    log_evidence: float
    others: Nodes = field(default_factory=dict)
    axes: Mapping[str, Axis] = field(default_factory=dict)
    hyper: Hyper | None = None

    @property
    def nodes(self) -> dict[str, Array]:
        """Every hyperparameter at the nodes, (T,) each."""
        if self.hyper is not None and "tau" not in self.hyper.priors:
            return dict(self.others)
        return {"tau": self.tau, **self.others}

    @cached_property
    def half(self) -> Array:
        """(T, arms) heterogeneity variance of every arm at the nodes."""
        half = self.arms.half(self.nodes)
        return np.broadcast_to(half, (len(self.weights), len(self.arms.y)))

    @property
    def is_mesh(self) -> bool:
        """Whether the nodes are those of two axes, flattened."""
        return len(self.axes) == 2

    def refit(self, arms: Arms) -> "Posterior":
        """The same priors with other arms."""
        return fit(arms, self.hyper or self.prior)

    def contrast(self, treatment: str, comparator: str) -> Array:
        """The vector c with c'beta = treatment minus comparator (reference = zeros)."""
        row = {name: i for i, name in enumerate(self.arms.treatments)}
        return self.arms.effects[row[treatment]] - self.arms.effects[row[comparator]]

    def components(self, c: Array) -> tuple[Array, Array]:
        """Mean and sd (T,) of c'beta at every node."""
        used = np.flatnonzero(c)  # one or two of all
        inside = self.covs[:, used[:, None], used]
        variance = np.einsum("i,tij,j->t", c[used], inside, c[used])
        return self.means @ c, np.sqrt(np.maximum(variance, 0.0))

    def moments(self, c: Array, predictive: bool = False) -> tuple[float, float]:
        """Mean and sd of c'beta, or of a new study's effect."""
        m, s = self._mixture(c, predictive)
        mean = float(self.weights @ m)
        return mean, float(np.sqrt(self.weights @ (s**2 + (m - mean) ** 2)))

    def cdf(self, c: Array, x: ArrayLike, predictive: bool = False) -> Array:
        """P(c'beta < x) for x of any shape."""
        return self._below(*self._mixture(c, predictive), np.asarray(x, float))

    def _below(self, m: Array, s: Array, x: Array) -> Array:
        return ndtr((x[..., None] - m) / np.maximum(s, 1e-300)) @ self.weights

    def quantile(self, c: Array, p: ArrayLike, predictive: bool = False) -> Array:
        """Quantiles of c'beta, by bisection to 1e-12 of the spread."""
        m, s = self._mixture(c, predictive)
        p = np.asarray(p, dtype=float)
        low = np.full(p.shape, float((m - 12 * s).min()))
        high = np.full(p.shape, float((m + 12 * s).max()))
        for _ in range(60):
            middle = 0.5 * (low + high)
            below = self._below(m, s, middle) < p
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)

    def tau_moments(self) -> tuple[float, float]:
        """Mean and sd of tau."""
        return self.hyper_moments("tau")

    def tau_quantile(self, p: ArrayLike) -> Array:
        """Quantiles of tau."""
        return self.hyper_quantile("tau", p)

    def hyper_moments(self, name: str) -> tuple[float, float]:
        """Mean and sd of a hyperparameter."""
        values = self.nodes[name]
        mean = float(self.weights @ values)
        return mean, float(np.sqrt(self.weights @ (values - mean) ** 2))

    def hyper_quantile(self, name: str, p: ArrayLike) -> Array:
        """Quantiles of a hyperparameter; of the nodes where they are draws."""
        if name in self.axes:
            return self.axes[name].quantile(p)
        if name == "tau" and not self.axes and len(self.edges):
            return self._axis.quantile(p)
        order = np.argsort(self.nodes[name])
        at = np.cumsum(self.weights[order]) - 0.5 * self.weights[order]
        return np.interp(np.asarray(p, dtype=float), at, self.nodes[name][order])

    @cached_property
    def _axis(self) -> Axis:
        return Axis(self.prior, self.x, self.edges, self.density)

    def draws(self, size: int, seed: int) -> tuple[Array, Array]:
        """Independent draws: beta (size, p) and tau (size,)."""
        beta, hyper = self.all_draws(size, seed)
        return beta, hyper["tau"]

    def all_draws(self, size: int, seed: int) -> tuple[Array, dict[str, Array]]:
        """Independent draws: beta (size, p) and every hyperparameter (size,). These are
        drawn from their continuous density, the parameters exactly given them.

        With more than ``LARGE`` parameters a few draws share each value of the one
        hyperparameter, one value from each of ``STRATA`` parts of equal mass: their
        distribution is the same, and tau's is met more closely than by independent draws.
        """
        rng = stream(seed, "exact draws")
        if len(self.arms.parameters) > LARGE and not self.is_mesh and len(self.weights) > 1:
            return self._shared_draws(size, rng)
        hyper = self._hyper_draws(size, rng)
        z = rng.standard_normal((size, len(self.arms.parameters)))
        if len(self.weights) == 1:
            return self.means[0] + z @ np.linalg.cholesky(self.covs[0]).T, hyper
        for part in _parts(self.arms, size):
            given = {name: values[part] for name, values in hyper.items()}
            mean, cov, _ = conditional(self.arms, given)
            z[part] = mean + np.einsum("tij,tj->ti", np.linalg.cholesky(cov), z[part])
        return z, hyper

    def _shared_draws(self, size: int, rng: np.random.Generator) -> tuple[Array, dict[str, Array]]:
        name, strata = next(iter(self.axes), "tau"), min(size, STRATA)
        u = (np.arange(strata) + rng.random(strata)) / strata
        nodes = {key: np.full(strata, values[0]) for key, values in self.nodes.items()}
        nodes[name] = self.hyper_quantile(name, u)
        which = rng.permutation(np.arange(size) % strata)
        beta = rng.standard_normal((size, len(self.arms.parameters)))
        for t in range(strata):
            P, score, _ = _information(self.arms, {k: x[t : t + 1] for k, x in nodes.items()})
            root = _root(P[0])
            spread = lapack.dtrtrs(root, beta[which == t].T, lower=1, trans=1)[0]
            beta[which == t] = (_solved(root, score[0])[:, None] + spread).T
        return beta, {key: values[which] for key, values in nodes.items()}

    def _hyper_draws(self, size: int, rng: np.random.Generator) -> dict[str, Array]:
        hyper = {name: np.full(size, values[0]) for name, values in self.nodes.items()}
        if not self.is_mesh:
            name = next(iter(self.axes), "tau")
            return hyper | {name: self.hyper_quantile(name, rng.random(size))}
        first, second = self.axes
        shape = (len(self.axes[first].x), len(self.axes[second].x))
        hyper[first] = self.axes[first].quantile(rng.random(size))
        # The second given the first: from the row of a node beside it, drawn by nearness.
        at = np.interp(_on(self.axes[first], hyper[first]), self.axes[first].x, np.arange(shape[0]))
        row = np.floor(at + rng.random(size)).astype(int).clip(0, shape[0] - 1)
        u, weights = rng.random(size), self.weights.reshape(shape)
        step = self.axes[second]
        for i in np.unique(row):
            mass = weights[i] / weights[i].sum()
            given = Axis(step.prior, step.x, step.edges, mass / _steps(step))
            hyper[second][row == i] = given.quantile(u[row == i])
        return hyper

    def _mixture(self, c: Array, predictive: bool) -> tuple[Array, Array]:
        m, s = self.components(c)
        return (m, np.sqrt(s**2 + self.tau**2)) if predictive else (m, s)


def fit(arms: Arms, prior: Prior | Hyper, widen: float = 1.0) -> Posterior:
    """The exact posterior of parameters and hyperparameters.

    ``prior`` is tau's, or those of all hyperparameters, of which at most two are not
    known. With ``widen`` above 1 the grid also serves posteriors of them that are that
    much wider (see ``grid``). Raises FloatingPointError if the posterior is not finite and
    ValueError for a model with more of them than a grid can hold.
    """
    hyper = prior if isinstance(prior, Hyper) else Hyper({"tau": prior})
    if not hyper.on_grid:
        raise ValueError(
            f"the exact engine lays a grid over two hyperparameters at most, not over "
            f"{', '.join(hyper.free)}. Hint: set engine: nuts"
        )
    if len(hyper.free) == 2:
        return _fit_mesh(arms, hyper, widen)
    tau_prior = hyper.priors["tau"]
    if not hyper.free:
        nodes = {name: np.array([value]) for name, value in hyper.fixed.items()}
        mean, cov, logp = conditional(arms, nodes)
        one, tau = np.ones(1), nodes.pop("tau")
        return Posterior(
            *(arms, tau_prior, tau, tau, tau, one, one, mean, cov, float(logp[0])),
            others=nodes,
            hyper=hyper,
        )
    (name,) = hyper.free
    free = hyper.priors[name]
    large = len(arms.parameters) > LARGE
    x, step, edges = grid(
        free,
        lambda x: _log_density(arms, hyper, {name: x}),
        widen,
        *((COARSE_LARGE, PANELS_LARGE) if large else (COARSE, PANELS)),
    )
    nodes, means, covs, joint = _log_joint(arms, hyper, {name: x})
    peak = joint.max()
    if not np.isfinite(peak):
        raise FloatingPointError(f"the posterior of {name} is not finite on its grid")
    density = np.exp(joint - peak)
    mass = float(density @ step)
    tau = nodes.pop("tau")
    return Posterior(
        arms=arms,
        prior=tau_prior,
        x=x,
        edges=edges,
        tau=tau,
        weights=density * step / mass,
        density=density / mass,
        means=means,
        covs=covs,
        log_evidence=float(peak + np.log(mass)),
        others=nodes,
        # Tau's own axis is x, edges and density, which checks reweight.
        axes={} if name == "tau" else {name: Axis(free, x, edges, density / mass)},
        hyper=hyper,
    )


def _fit_mesh(arms: Arms, hyper: Hyper, widen: float) -> Posterior:
    """Two hyperparameters that are not known: the product of two grids, each made for the
    other's profile, the highest log density over it."""
    names = hyper.free
    priors = [hyper.priors[name] for name in names]
    ends = [_ends(prior) for prior in priors]
    for _ in range(12):
        xs = [np.linspace(*end, COARSE_MESH) for end in ends]
        logp = _log_density(arms, hyper, _crossed(names, xs)).reshape(COARSE_MESH, COARSE_MESH)
        profiles = [logp.max(axis=1) / widen**2, logp.max(axis=0) / widen**2]
        # A peak that the other axis's points miss may lie as far up as they fall beside it.
        missed = [_fall(logp) / widen**2, _fall(logp.T) / widen**2]
        shrunk = [
            _shrink(x, profile, miss) for x, profile, miss in zip(xs, profiles, missed, strict=True)
        ]
        done = all(np.ptp(new) > 0.5 * np.ptp(old) for new, old in zip(shrunk, ends, strict=True))
        ends = shrunk
        if done:
            break
    made = []
    for x, profile, (low, high) in zip(xs, profiles, ends, strict=True):
        made.append(_panels(x, np.exp(profile - profile.max()), low, high, MESH_PANELS, MESH_NODES))
    steps = np.outer(made[0][1], made[1][1]).ravel()
    crossed = _crossed(names, [x for x, _, _ in made])
    nodes, means, covs, joint = _log_joint(arms, hyper, crossed)
    peak = joint.max()
    if not np.isfinite(peak):
        raise FloatingPointError(f"the posterior of {' and '.join(names)} is not finite")
    weights = np.exp(joint - peak) * steps
    mass = float(weights.sum())
    weights /= mass
    axes = {
        name: Axis(prior, x, edges, np.empty(0))
        for name, prior, (x, _, edges) in zip(names, priors, made, strict=True)
    }
    axes = marginal_axes(axes, weights)
    # Tau by modality: none is the tau of all.
    tau = nodes.pop("tau", np.full(len(weights), np.nan))
    along = axes.get("tau", next(iter(axes.values())))
    return Posterior(
        *(
            arms,
            hyper.priors.get("tau", along.prior),
            along.x,
            along.edges,
            tau,
            weights,
            along.density,
        ),
        *(means, covs, float(peak + np.log(mass))),
        others=nodes,
        axes=axes,
        hyper=hyper,
    )


def at(arms: Arms, hyper: Hyper, nodes: Nodes) -> Posterior:
    """The mixture over given values (T,) of the hyperparameters, such as draws: what the
    data and these values imply for the parameters (Rao-Blackwell)."""
    means, covs, _ = conditional(arms, nodes)
    size = len(means)
    even = np.full(size, 1.0 / size)
    tau = nodes.get("tau", np.full(size, np.nan))
    others = {name: x for name, x in nodes.items() if name != "tau"}
    prior = hyper.priors.get("tau", Prior("uniform", (np.inf,)))
    none = np.empty(0)
    return Posterior(
        arms, prior, none, none, tau, even, none, means, covs, np.nan, others, {}, hyper
    )


def _crossed(names: Sequence[str], xs: Sequence[Array]) -> dict[str, Array]:
    return dict(zip(names, (x.ravel() for x in np.meshgrid(*xs, indexing="ij")), strict=True))


def _ends(prior: Prior) -> tuple[float, float]:
    low, high = prior.support
    return (np.log(low), np.log(high)) if prior.on_log_scale else (low, high)


def _on(axis: Axis, values: Array) -> Array:
    """Values in the units of the axis."""
    return np.log(values) if axis.prior.on_log_scale else values


def marginal_axes(axes: Mapping[str, Axis], weights: Array) -> dict[str, Axis]:
    """The axes with the densities that weights (T,) of all nodes give them."""
    mass = weights.reshape([len(axis.x) for axis in axes.values()])
    return {
        name: replace(axis, density=mass.sum(tuple({*range(mass.ndim)} - {k})) / _steps(axis))
        for k, (name, axis) in enumerate(axes.items())
    }


def _steps(axis: Axis) -> Array:
    """Quadrature weights of the nodes of an axis."""
    _, weight = np.polynomial.legendre.leggauss(len(axis.x) // (len(axis.edges) - 1))
    return (0.5 * np.diff(axis.edges)[:, None] * weight).ravel()


def grid(
    prior: Prior,
    log_density: Callable[[Array], Array],
    widen: float = 1.0,
    coarse: int = COARSE,
    panels: int = PANELS,
) -> tuple[Array, Array, Array]:
    """Nodes, weights and panel edges of a quadrature over x = tau or log tau.

    ``log_density`` is that of x, up to a constant, for x of shape (T,). The grid starts
    from the prior's support and shrinks or stays until it holds all density above exp(-36)
    of the peak; with ``widen`` w, all above exp(-36 w^2), as if the density were w times as
    wide.
    """
    low, high = _ends(prior)
    for _ in range(12):
        x = np.linspace(low, high, coarse)
        logp = log_density(x) / widen**2
        low, high = _shrink(x, logp)
        if high - low > 0.5 * (x[-1] - x[0]):
            break
    return _panels(x, np.exp(logp - logp.max()), low, high, panels)


def _fall(logp: Array) -> Array:
    """(rows,) how far each row falls from its highest point to the lower one beside it."""
    rows, top = np.arange(len(logp)), logp.argmax(axis=1)
    beside = (np.maximum(top - 1, 0), np.minimum(top + 1, logp.shape[1] - 1))
    with np.errstate(invalid="ignore"):
        fall = logp[rows, top] - np.minimum(logp[rows, beside[0]], logp[rows, beside[1]])
    return np.where(np.isfinite(fall), fall, 0.0)


def _shrink(x: Array, logp: Array, missed: ArrayLike = 0.0) -> tuple[float, float]:
    """The part of even points x that holds all density that can be seen, or may be: each
    point's can be higher by ``missed``."""
    kept = np.flatnonzero(logp + missed > logp.max() - DROP)
    return x[max(kept[0] - 1, 0)], x[min(kept[-1] + 1, len(x) - 1)]


def _panels(
    x: Array, density: Array, low: float, high: float, panels: int = PANELS, nodes: int = NODES
) -> tuple[Array, Array, Array]:
    """Gauss-Legendre nodes, weights and edges of panels of [low, high]: half of the panels
    follow the mass that the coarse pass saw, half are even."""
    even = (x - low) / (high - low)
    mass = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(x))])
    inside = (x >= low) & (x <= high)
    level = 0.5 * even[inside] + 0.5 * (mass[inside] - mass[inside][0]) / np.ptp(mass[inside])
    edges = np.interp(np.linspace(0.0, 1.0, panels + 1), level, x[inside])
    node, weight = np.polynomial.legendre.leggauss(nodes)
    half = 0.5 * np.diff(edges)
    middle = 0.5 * (edges[1:] + edges[:-1])
    return (middle[:, None] + half[:, None] * node).ravel(), (half[:, None] * weight).ravel(), edges


def _log_joint(arms: Arms, hyper: Hyper, x: Nodes) -> tuple[dict[str, Array], Array, Array, Array]:
    """Values of all hyperparameters, means, covariances and log p(y, x) over a grid x of
    those that are not known, on their log scale where their prior asks for it."""
    nodes, logp = _on_grid(hyper, x)
    mean, cov, likelihood = conditional(arms, nodes)
    return nodes, mean, cov, likelihood + logp


def _log_density(arms: Arms, hyper: Hyper, x: Nodes) -> Array:
    """log p(y, x) alone."""
    nodes, logp = _on_grid(hyper, x)
    return log_likelihood(arms, nodes) + logp


def _on_grid(hyper: Hyper, x: Nodes) -> tuple[dict[str, Array], Array]:
    """Values of all hyperparameters over a grid x, and the log prior density of x."""
    logp, nodes = np.zeros(_size(x)), {}
    for name, grid_x in x.items():
        prior = hyper.priors[name]
        nodes[name] = np.exp(grid_x) if prior.on_log_scale else grid_x
        logp += prior.logpdf(nodes[name]) + (grid_x if prior.on_log_scale else 0.0)
    nodes |= {name: np.full(_size(x), value) for name, value in hyper.fixed.items()}
    return nodes, logp
