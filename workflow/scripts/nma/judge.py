"""How well does one fitted model fit, and what does it say that the plain network does not?

For every analysis: fit statistics that can be compared with those of other analyses of the
same arms; what each hyperparameter learned from the data; every effect beside that of the plain
network of the same arms; and what belongs to the model alone (effects at values of a covariate,
combinations never tried, a grid of sigma_p, weights of studies).
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nma import exact
from nma.arms import Arms
from nma.checks import mixtures
from nma.checks.deviance import study_deviance, totals
from nma.checks.leave_out import exact_elpd
from nma.checks.studies import pieces, separating
from nma.exact import Posterior
from nma.priors import Prior, describe
from nma.settings import merge
from nma.specify import structure
from nma.structure import Structure, estimable
from nma.structures import bias, components, regression
from nma.summary import INTERVAL

Array = NDArray[np.float64]
Hypers = Mapping[str, Array]
# Draws of the hyperparameters that stand for their posterior where no grid can.
NODES = 500
PLAIN = ["plain_mean", "plain_sd", "plain_ci_low", "plain_ci_high"]
TOTALS = ("residual_deviance", "pD", "DIC")
# A posterior sd of more than this share of the prior's: the data said little.
PRIOR_DRIVEN = 0.8
DETAILS = ["what", "name", "value", "mean", "sd", "ci_low", "ci_high", "p_below_0", "p_mid", "note"]


JUDGED = ("fit_statistics", "pointwise", "learned", "shifts", "details")


def every_table(
    table: pd.DataFrame,
    network: Mapping[str, Any],
    model: Mapping[str, Any],
    beta: Array,
    hyper: Hypers,
    mid: float,
) -> dict[str, pd.DataFrame]:
    """The tables JUDGED of one fit. ``table`` is arms.csv, ``network`` network.json;
    beta (chains, draws, parameters) and hyper (chains, draws) are ``posterior.sampled``."""
    made = structure(table, network, model)
    beta = beta.reshape(-1, beta.shape[-1])
    hyper = {name: x.reshape(-1, *x.shape[2:]) for name, x in hyper.items()}
    points = pointwise(made, nodes(made, hyper, widen=True))
    return {
        "fit_statistics": pd.DataFrame([statistics(made, points)]),
        "pointwise": points,
        "learned": learned(made, beta, hyper),
        "shifts": shifts(made, plain_of(table, network, model), beta, mid),
        "details": details(made, model, beta, hyper, mid),
    }


def nodes(made: Structure, hyper: Hypers, widen: bool = False) -> Posterior:
    """The posterior as a mixture: on a grid where there is one, else over draws (draws,) of
    the hyperparameters."""
    if made.hyper.on_grid:
        fit = mixtures.wide_fit if widen else exact.fit
        return fit(made.arms, made.hyper)
    size = len(next(iter(hyper.values())))
    thin = slice(None, None, -(-size // NODES))
    return exact.at(made.arms, made.hyper, {name: x[thin] for name, x in hyper.items()})


def pointwise(made: Structure, fit: Posterior) -> pd.DataFrame:
    """One row per study: study, df, residual_deviance, leverage, elpd (leave-one-out, exact
    or by integrated importance sampling over draws), prior_driven (without it its arms are
    not linked by trials)."""
    arms = made.arms
    table = pd.DataFrame({"study": arms.studies})
    if arms.responsive is None:
        table = study_deviance(fit)[["study", "df", "residual_deviance", "leverage"]]
        table["elpd"] = exact_elpd(fit, made.hyper.df)
    else:
        # A level that enters the effects is no nuisance that differences are free of.
        table["df"] = np.bincount(arms.study) - 1
        table[["residual_deviance", "leverage", "elpd"]] = np.nan
    table["prior_driven"] = separating(arms)
    return table


def statistics(made: Structure, table: pd.DataFrame) -> dict[str, Any]:
    """One row: studies, arms, data (arms of the same hash are the same numbers), residual
    deviance, pD, DIC in contrast form, elpd of the studies that others predict; ``adds``,
    what the model has beyond the plain network, "" if nothing in this stratum."""
    arms = made.arms
    # Sums of what was not computed are missing, not 0.
    found = totals(table) if table["elpd"].notna().all() else dict.fromkeys(TOTALS, np.nan)
    told = table[~table["prior_driven"]]
    return {
        "studies": len(arms.studies),
        "arms": len(arms.y),
        "data": _hash(arms),
        "points": int(table["df"].sum()),
        "residual_deviance": found["residual_deviance"],
        "pD": found["pD"],
        "DIC": found["DIC"],
        "elpd": float(told["elpd"].sum(skipna=False)),
        "predicted": len(told),
        "adds": _adds(made),
    }


def _adds(made: Structure) -> str:
    arms, hyper = made.arms, made.hyper
    names = [name for name in hyper.free if name != "tau"]
    names += [name for name in arms.parameters if not name.startswith(("d[", "dev[", "bias["))]
    if hyper.df is not None:
        names.append(f"Student t({hyper.df:g}) study effects")
    if arms.share is not None and arms.prediction is None:
        names.append("weights of studies")
    return ", ".join(names)


def _hash(arms: Arms) -> str:
    rows = sorted(
        (arms.studies[s], f"{y:.9g}", f"{v:.9g}")
        for s, y, v in zip(arms.study, arms.y, arms.v, strict=True)
    )
    return sha256(repr(rows).encode()).hexdigest()[:12]


def learned(made: Structure, beta: Array, hyper: Hypers) -> pd.DataFrame:
    """One row per hyperparameter and per parameter that is no effect: parameter, prior,
    prior_sd, mean, sd, median, ci_low, ci_high, prior_driven, note."""
    rows = [
        _posterior(name, hyper[name], *_prior_of(made, name))
        for name in made.hyper.free
        if name in hyper
    ]
    arms = made.arms
    known = estimable(arms, np.eye(len(arms.parameters)))
    notes = _notes(made)
    # Parameters in the place of a deviation have a prior that is itself learned.
    for k, name in enumerate(arms.parameters):
        if name.startswith("d["):
            continue
        spread = (arms.spread or ("",) * len(arms.parameters))[k]
        text = f"normal(0, {spread or f'{arms.prior_sd[k]:g}'})"
        row = _posterior(name, beta[:, k], text, np.nan if spread else float(arms.prior_sd[k]))
        row["note"] = "; ".join(filter(None, [notes.get(name, ""), _untold(known[k])]))
        rows.append(row)
    columns = ["parameter", "prior", "prior_sd", "mean", "sd", "median", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=[*columns, "prior_driven", "note"])


def _untold(known: bool) -> str:
    return "" if known else "not estimable: only its prior tells it"


def _prior_of(made: Structure, name: str) -> tuple[str, float]:
    if name in made.hyper.exchangeable:
        return "exchangeable(log_tau, log_tau_sd)", np.nan
    prior = made.hyper.priors[name]
    return describe(prior), float(np.std(prior.draws(20_000, np.random.default_rng(1))))


def _posterior(name: str, draws: Array, prior: str, prior_sd: float) -> dict[str, Any]:
    low, median, high = np.quantile(draws, (INTERVAL[0], 0.5, INTERVAL[1]))
    sd = float(draws.std(ddof=1))
    row = {"parameter": name, "prior": prior, "prior_sd": prior_sd, "mean": draws.mean(), "sd": sd}
    row |= {"median": median, "ci_low": low, "ci_high": high}
    return row | {"prior_driven": bool(sd > PRIOR_DRIVEN * prior_sd), "note": ""}


def _notes(made: Structure) -> dict[str, str]:
    """What a parameter stands for, where its name does not say it."""
    arms, found = made.arms, {}
    for k, name in enumerate(arms.parameters):
        held = [t for t, row in zip(arms.treatments, arms.effects, strict=True) if row[k]]
        if name.startswith(("m[", "c[")):
            found[name] = "in " + ", ".join(held)
    names = [name[2:-1] for name in arms.parameters if name.startswith("c[")]
    if names:
        columns = [k for k, name in enumerate(arms.parameters) if name.startswith("c[")]
        label = pieces(arms)
        groups = [np.flatnonzero(label == g).tolist() for g in np.unique(label)]
        mixed = components.inseparable(arms.effects[:, columns], names, groups)
        for name, others in zip(names, mixed, strict=True):
            if others:
                found[f"c[{name}]"] += f"; cannot be told from {others}"
    return found


def shifts(made: Structure, plain: Structure, beta: Array, mid: float) -> pd.DataFrame:
    """Every effect under this model and the plain network of the same arms; no row if that
    is this model. Columns: treatment, mean, sd, ci_low, ci_high, p_below_0, p_mid,
    ``plain_*`` of them, moved (points), sd_ratio, estimable. Blank plain figures: no trial
    links the treatment."""
    d = beta @ made.arms.effects[1:].T
    low, high = np.quantile(d, INTERVAL, axis=0)
    table = pd.DataFrame(
        {
            "treatment": list(made.arms.treatments[1:]),
            "mean": d.mean(axis=0),
            "sd": d.std(axis=0, ddof=1),
            "ci_low": low,
            "ci_high": high,
            "p_below_0": (d < 0).mean(axis=0),
            "p_mid": (d < -mid).mean(axis=0),
        }
    )
    table[PLAIN] = np.nan
    if _adds(made):
        fit, rows = exact.fit(plain.arms, plain.hyper), plain.arms.effects[1:]
        spread = np.sqrt(np.einsum("ki,tij,kj->kt", rows, fit.covs, rows, optimize=True))
        found = mixtures.describe(fit.weights, rows @ fit.means.T, spread)
        known = estimable(plain.arms, rows)
        for column, values in zip(PLAIN, found.values(), strict=True):
            table[column] = np.where(known, values, np.nan)
    else:
        table = table.iloc[:0]
    table["moved"] = table["mean"] - table["plain_mean"]
    table["sd_ratio"] = table["sd"] / table["plain_sd"]
    told = dict(
        zip(made.arms.treatments[1:], estimable(made.arms, made.arms.effects[1:]), strict=True)
    )
    table["estimable"] = ["yes" if told[name] else "no" for name in table["treatment"]]
    return table


def plain_of(
    table: pd.DataFrame, network: Mapping[str, Any], model: Mapping[str, Any]
) -> Structure:
    """The plain network of the same arms; kinds of placebo lumped by sigma_p = 0."""
    off = {
        "structure": "network",
        "regression": {"covariate": ""},
        "bias": {"method": "none"},
        "heterogeneity": "common",
        "study_effects": "normal",
        "priors": {"placebo_sd": {"dist": "fixed", "value": 0.0}},
    }
    return structure(table, network, merge(model, off))


def details(
    made: Structure, model: Mapping[str, Any], beta: Array, hyper: Hypers, mid: float
) -> pd.DataFrame:
    """What belongs to this model alone, in rows of DETAILS."""
    rows = [
        *_at_values(made, model, beta, hyper, mid),
        *_combinations(made, model, beta, mid),
        *_placebo_grid(made, model, mid),
        *_studies(made, model, beta, hyper),
    ]
    return pd.DataFrame(rows, columns=DETAILS)


def _row(what: str, name: str, value: float, x: Array, mid: float, note: str = "") -> list:
    low, high = np.quantile(x, INTERVAL)
    return [
        *(what, name, value, x.mean(), x.std(ddof=1), low, high),
        *((x < 0).mean(), (x < -mid).mean(), note),
    ]


def _at_values(made, model, beta, hyper, mid) -> Iterator[list]:
    chosen = model["regression"]
    if not chosen["covariate"] or chosen["covariate"] == "rob":
        return
    arms, names = made.arms, made.arms.parameters
    control = chosen["covariate"] == regression.CONTROL
    for value in chosen["at"]:
        for k in np.flatnonzero(made.active):
            c = arms.effects[k]
            if control:
                d, told = beta @ c + hyper["slope"] * (value - made.centre), True
            else:
                c = c.copy()
                group = _slope_of(made, model, k)
                if group in names:
                    scaled = regression.COVARIATES[chosen["covariate"]].scale(np.float64(value))
                    c[names.index(group)] = float(scaled) - made.centre
                d, told = beta @ c, bool(estimable(arms, c)[0])
            note = "" if told else _untold(False)
            yield _row(f"at {chosen['covariate']}", arms.treatments[k], value, d, mid, note)


def _slope_of(made, model, k: int) -> str:
    chosen = model["regression"]
    if chosen["coefficients"] == "shared":
        return f"slope[{chosen['covariate']}]"
    label = made.nodes.get(made.arms.treatments[k], {}).get(model["class_column"], "")
    return f"slope[{chosen['covariate']}, {label}]"


def _combinations(made, model, beta, mid) -> Iterator[list]:
    """Combinations of two components that no trial tried, where the model tells them."""
    if model["structure"] != "additive":
        return
    arms = made.arms
    reference = arms.treatments[0]
    single = [
        name
        for name in arms.parameters
        if name.startswith("c[") and " x " not in name and _is_active(made, name[2:-1])
    ]
    tried = {frozenset(components.split(name, reference)) for name in arms.treatments}
    for a, b in combinations(single, 2):
        pair = [a[2:-1], b[2:-1]]
        if frozenset(pair) in tried:
            continue
        c = np.zeros(len(arms.parameters))
        c[[arms.parameters.index(a), arms.parameters.index(b)]] = 1.0
        if estimable(arms, c)[0]:
            note = "never tried in a trial here: the sum of its components"
            yield _row("combination", components.PLUS.join(pair), np.nan, beta @ c, mid, note)


def _is_active(made: Structure, part: str) -> bool:
    """Whether a component is active: as a node of its own, or of active combinations only."""
    own = made.nodes.get(part)
    return own is None or own.get("kind", "active") == "active"


def _placebo_grid(made, model, mid) -> Iterator[list]:
    """Every effect with sigma_p known, from lumped to as good as split."""
    if model["placebo"] != "exchangeable" or not made.hyper.on_grid:
        return
    for value in model["placebo_sd_grid"]:
        fit = exact.fit(
            made.arms, made.with_prior("sigma_p", Prior("fixed", (float(value),))).hyper
        )
        for k, name in enumerate(made.arms.treatments[1:], start=1):
            if not made.active[k]:
                continue
            c = made.arms.effects[k]
            mean, sd = fit.moments(c)
            low, high = fit.quantile(c, INTERVAL)
            below = fit.cdf(c, [0.0, -mid])
            yield ["sigma_p", name, float(value), mean, sd, low, high, *below.tolist(), ""]


def _studies(made, model, beta, hyper) -> Iterator[list]:
    """Scales of Student t study effects; biases; weights of down-weighted studies."""
    arms = made.arms
    if "scale" in hyper:
        for i, study in enumerate(arms.studies):
            x = hyper["scale"][:, i]
            low, high = np.quantile(x, INTERVAL)
            row = ["scale", study, np.nan, x.mean(), x.std(ddof=1), low, high]
            yield [*row, np.nan, np.nan, f"P(scale < 1/2) {np.mean(x < 0.5):.2f}"]
    if model["bias"]["method"] == "term" and "b" in arms.parameters:
        b = beta[:, arms.parameters.index("b")]
        for k, name in enumerate(arms.parameters):
            if name.startswith("bias["):
                yield _row("bias", name[5:-1], np.nan, b + beta[:, k], 0.0)
    if model["bias"]["method"] == "down_weight":
        chosen = model["bias"]
        for i in np.flatnonzero(bias.suspect(made, chosen["judgements"])):
            empty = [np.nan] * 5
            yield ["weight", arms.studies[i], chosen["weight"], chosen["weight"], *empty, ""]
