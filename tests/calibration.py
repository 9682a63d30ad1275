"""Simulation-based calibration of the whole path, trials.csv -> posterior tables.

Truth is drawn from the priors that the config states, trials are drawn from the truth and
written as a team would write them down; then the pipeline's own steps read, check, derive and
fit. If all of it is right, the rank of a true value among L draws of its posterior is uniform on
0..L (Talts et al. 2018, arXiv:1804.06788), intervals cover what they say, and a treatment given
30% to be the best is the best in 30%. The study means are flat in the model: any value serves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy import stats

from nma import contract, draws, exact, intake, strata, summary, tables
from nma.arms import Arms
from nma.prepare import prepare
from nma.priors import Prior
from nma.specify import specify

ROOT = Path(__file__).resolve().parent.parent
D_SD, TAU_SCALE = 5.0, 4.0  # priors, points
TREATMENTS = ("placebo", "ibuprofen", "naproxen", "exercise", "massage", "advice")
# Arms of the studies, as positions in TREATMENTS, and how each reports.
STUDIES = (
    ((0, 1), "sd"), ((0, 1), "se"), ((0, 2), "ci"), ((1, 2), "difference"), ((0, 3), "sd"),
    ((0, 3), "improvement"), ((3, 4), "se"), ((0, 4), "difference"), ((0, 5), "ci"),
    ((0, 1, 3), "sd"), ((0, 2, 4), "se"), ((0, 1, 4, 5), "sd"), ((2, 5), "ci"), ((0, 5), "sd"),
)  # fmt: skip
QUANTITIES = ("an effect", "a difference", "tau", "an effect in a new study")
LEVELS = (0.5, 0.8, 0.95)
RANKS, BINS = 199, 20  # draws that the truth is ranked among; bars of a histogram
TOGETHER = 50  # data sets in one file
SPREAD = 1.0  # what the heterogeneity that is simulated is multiplied by: 1 unless to be caught


@dataclass
class Seen:
    """What was found over all data sets: ranks (quantity -> list), whether intervals hold the
    truth (quantity and level -> list), stated P(best) and whether it was, whether rank
    intervals hold the true rank."""

    ranks: dict[str, list[int]] = field(default_factory=dict)
    held: dict[tuple[str, float], list[bool]] = field(default_factory=dict)
    best: list[tuple[float, bool]] = field(default_factory=list)
    rank_held: list[bool] = field(default_factory=list)


def trials(rng: np.random.Generator, spread: float = SPREAD) -> tuple[pd.DataFrame, dict]:
    """trials.csv of one data set, and its truth."""
    d = np.append(0.0, rng.normal(0, D_SD, len(TREATMENTS) - 1))
    tau = abs(rng.normal(0, TAU_SCALE))
    rows = []
    for i, (members, how) in enumerate(STUDIES):
        mu = rng.uniform(45, 55)
        base = {"study": f"Study {i + 1}", "duration": "chronic", "outcome": "pain", "weeks": 6}
        told = []
        for k in members:
            n, sd = 30 + 7 * i + k, 14.0 + i
            true = mu + d[k] + rng.normal(0, spread * tau / np.sqrt(2))
            told.append((TREATMENTS[k], n, sd, true + rng.normal(0, sd / np.sqrt(n))))
        rows += [base | row for row in _reported(told, how)]
    return pd.DataFrame(rows), {"d": d, "tau": tau}


def _reported(told: list[tuple[str, int, float, float]], how: str) -> list[dict]:
    """Rows of one study: its arms as (treatment, n, sd, mean) in points, as it reports them."""
    if how == "difference":
        (first, n1, sd1, mean1), (second, n2, sd2, mean2) = told
        se = np.hypot(sd1 / np.sqrt(n1), sd2 / np.sqrt(n2))
        half, middle = stats.t.ppf(0.975, n1 + n2 - 2) * se, mean2 - mean1
        return [
            {"instrument": "pain 0-100", "measure": "difference", "difference_of": "final",
             "treatment": second, "comparator": first, "n": n2, "n_comparator": n1,
             "mean": middle, "ci_low": middle - half, "ci_high": middle + half}
        ]  # fmt: skip
    rows = []
    for treatment, n, sd, mean in told:
        row = {"instrument": "pain 0-100", "measure": "final", "treatment": treatment, "n": n}
        se = sd / np.sqrt(n)
        if how == "sd":
            row |= {"instrument": "VAS 0-10", "mean": mean / 10, "sd": sd / 10}
        elif how == "se":
            row |= {"mean": mean, "se": se}
        elif how == "ci":
            q = stats.t.ppf(0.975, n - 1) if n < 60 else stats.norm.ppf(0.975)
            row |= {"mean": mean, "ci_low": mean - q * se, "ci_high": mean + q * se}
        else:  # better by so much of 0-10, from 90 points
            row |= {"instrument": "NRS 0-10", "measure": "improvement"}
            row |= {"mean": (90 - mean) / 10, "sd": sd / 10}
        rows.append(row)
    return rows


def settings() -> dict:
    """The repository's config with the simulation's priors."""
    text = (ROOT / "config/config.yaml").read_text(encoding="utf-8")
    from nma import config_file

    config = yaml.safe_load(text)
    config_file.complete(config, str(ROOT / "workflow/schemas/config.schema.yaml"))
    priors = {"d": {"sd": D_SD}, "tau": {"dist": "half_normal", "scale": TAU_SCALE}}
    config["model"]["priors"] |= priors
    return config


def read(
    made: Sequence[pd.DataFrame], folder: Path, config: Mapping
) -> Iterator[tuple[Arms, Prior]]:
    """Data sets in one trials.csv through validation, then each through derivation to what is
    fitted. Raises AssertionError with the findings if any is an error."""
    path, treatments = folder / "trials.csv", folder / "treatments.csv"
    named = [table.assign(study=f"Set {i} " + table["study"]) for i, table in enumerate(made)]
    pd.concat(named).to_csv(path, index=False)
    lines = [f"{name},{name},{name},drug,active," for name in TREATMENTS[1:]]
    treatments.write_text(
        "\n".join(["reported,treatment,class,modality,kind,placebo_kind",
                   "placebo,placebo,placebo,placebo,placebo,pill", *lines]) + "\n"
    )  # fmt: skip
    instruments = ROOT / "config/instruments.csv"
    came = intake.take(
        [(str(path), None)],
        registries={"treatments": treatments, "instruments": instruments},
        overlays={"corrections": [], "exclusions": [], "columns": [], "certainty": []},
        maps=["treatment"],
        strata=config["strata"],
        correlation=config["correlation"],
        limits=config["plausibility"],
    )
    wrong = came.findings[came.findings["level"] == "error"]
    assert wrong.empty, wrong.to_string()
    scales = tables.read_input(instruments, contract.INSTRUMENTS, "instruments")
    nodes = tables.read_input(treatments, contract.TREATMENTS, "treatments")
    chronic = came.trials[strata.assign(came.trials, config["strata"]) == "chronic"]
    for i in range(len(made)):
        rows = chronic[chronic["study"].str.startswith(f"Set {i} ")]
        ready = prepare(rows, scales, nodes, config)
        assert ready.network["estimable"]
        yield specify(ready.arms, config["reference"], config["model"])


def by_exact(arms: Arms, prior: Prior, seed: int, size: int = 1990) -> tuple:
    """Independent draws of the exact posterior."""
    return exact.fit(arms, prior).draws(size, seed)


def by_nuts(arms: Arms, prior: Prior, seed: int) -> tuple:
    """Draws of NUTS, 4 chains of 1,500, laid end to end."""
    from nma import model

    tree = model.sample(
        model.build(arms, prior), chains=4, draws=1500, tune=1000, target_accept=0.95, seed=seed
    )
    d, tau = (tree["posterior"][name].to_numpy() for name in ("d", "tau"))
    return d.reshape(-1, d.shape[-1]), tau.ravel()


def look(seen: Seen, arms: Arms, truth: Mapping, drawn: tuple, rng: np.random.Generator) -> None:
    """Add one data set: ranks, intervals and rankings of its posterior against its truth."""
    beta, tau = drawn
    place = [TREATMENTS.index(name) for name in arms.treatments]
    true = truth["d"][place]
    d = np.column_stack([np.zeros(len(beta)), beta])
    new = draws.predictive(d[:, 1:], tau, int(rng.integers(2**31)))
    k, a, b = int(rng.integers(1, len(true))), *rng.choice(np.arange(1, len(true)), 2, False)
    pairs = {
        "an effect": (true[k], d[:, k]),
        "a difference": (true[a] - true[b], d[:, a] - d[:, b]),
        "tau": (truth["tau"], tau),
        "an effect in a new study": (true[k] + rng.normal(0, truth["tau"]), new[:, k - 1]),
    }
    thin = np.linspace(0, len(beta) - 1, RANKS).astype(int)
    for name, (value, x) in pairs.items():
        seen.ranks.setdefault(name, []).append(int((x[thin] < value).sum()))
        for level in LEVELS:
            low, high = np.quantile(x, [(1 - level) / 2, (1 + level) / 2])
            seen.held.setdefault((name, level), []).append(bool(low <= value <= high))
    table = summary.ranks(arms.treatments, d).set_index("treatment")
    order = dict(zip(arms.treatments, stats.rankdata(true), strict=True))
    for name, row in table.iterrows():
        seen.best.append((float(row["p_best"]), order[name] == 1))
        seen.rank_held.append(bool(row["rank_low"] <= order[name] <= row["rank_high"]))


def calibrate(
    count: int, folder: Path, draw=by_exact, seed: int = 1, spread: float = SPREAD
) -> Seen:
    """All of it over ``count`` data sets."""
    seen, config = Seen(), settings()
    for first in range(0, count, TOGETHER):
        numbers = range(first, min(first + TOGETHER, count))
        streams = [np.random.default_rng([seed, i]) for i in numbers]
        made = [trials(rng, spread) for rng in streams]
        fitted = read([table for table, _ in made], folder, config)
        for i, rng, (_, truth), (arms, prior) in zip(numbers, streams, made, fitted, strict=True):
            look(seen, arms, truth, draw(arms, prior, i), rng)
    return seen


def uniformity(seen: Seen) -> dict[str, float]:
    """p of chi-square of every quantity's ranks against uniform, over ``BINS`` bars or fewer
    where there are few data sets (five expected in each)."""
    found = {}
    for name, ranks in seen.ranks.items():
        bars = min(BINS, len(ranks) // 5)
        counts = histogram(ranks, bars)
        found[name] = float(stats.chisquare(counts).pvalue)
    return found


def histogram(ranks: list[int], bars: int = BINS) -> list[int]:
    """How many ranks of 0..RANKS lie in each of ``bars`` equal parts."""
    edges = np.linspace(0, RANKS + 1, bars + 1)
    share = np.diff(edges)
    assert np.allclose(share, share[0])
    return np.histogram(np.asarray(ranks) + 0.5, edges)[0].tolist()


def coverage(seen: Seen) -> Iterator[tuple[str, float, int, int]]:
    """(quantity, level, how many intervals hold the truth, of how many)."""
    for (name, level), held in seen.held.items():
        yield name, level, sum(held), len(held)


# Bins of a stated P(best).
STATED = (0.0, 0.05, 0.15, 0.3, 0.5, 0.75, 1.0)


def reliability(seen: Seen) -> Iterator[tuple[float, float, float, int, int]]:
    """(from, to, mean stated P(best), how many were the best, of how many)."""
    p, was = (np.array(x) for x in zip(*seen.best, strict=True))
    for low, high in pairwise(STATED):
        inside = (p >= low) & ((p < high) | (high == 1.0))
        if inside.any():
            yield low, high, float(p[inside].mean()), int(was[inside].sum()), int(inside.sum())
