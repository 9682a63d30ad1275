"""What the checks say, in plain sentences that a referee can hold against the tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nma.pages import listed, number

Tables = Mapping[str, pd.DataFrame]
SMALL = 0.05
OUTLYING = 0.01  # a leave-one-out p-value this small is named
MANY = 6  # names that a sentence lists


@dataclass(frozen=True)
class Section:
    """One question of a referee: its sentences and the figures that show it."""

    name: str
    title: str
    say: Callable[[Tables, str, float], list[str]]
    figures: tuple[str, ...]


def sections(tables: Tables, reference: str, mid: float) -> list[dict[str, Any]]:
    """Title, sentences and figure names of every check, in the order of ``SECTIONS``."""
    return [
        {
            "name": section.name,
            "title": section.title,
            "sentences": section.say(tables, reference, mid),
            "figures": section.figures,
        }
        for section in SECTIONS
    ]


def named(names: list[str]) -> str:
    """A list that is cut after ``MANY``."""
    more = len(names) - MANY
    return listed([*names[:MANY], f"{more} more"] if more > 0 else names)


def consistency(t: Tables, reference: str, mid: float) -> list[str]:
    splits, pairs = t["node_splits"], t["splittable"]
    if splits.empty:
        said = [
            f"None of the {len(pairs)} observed comparisons can be split: none has both direct and "
            "indirect evidence. Nothing is known for or against consistency."
        ]
    else:
        least = splits.loc[splits["p"].idxmin()]
        small = int((splits["p"] < SMALL).sum())
        said = [
            f"{len(splits)} of {len(pairs)} observed comparisons have both direct and indirect "
            f"evidence. In {small} of them the two differ with p < {SMALL} (by chance alone about "
            f"{number(SMALL * len(splits))} would); the smallest p is {_p(least['p'])}, for "
            f"{least['treatment']} against {least['comparator']}: direct "
            f"{_interval(least, 'direct_')}, indirect {_interval(least, 'indirect_')}."
        ]
    wald = t["interaction"].iloc[0]
    if pd.notna(wald["p"]):
        said.append(
            f"Over all designs together (design-by-treatment interaction): chi-square "
            f"{number(wald['chi2'])} on {wald['df']:.0f} df, p {_p(wald['p'])}. The test is rough "
            f"where few degrees of freedom lie within designs (here {wald['df_within']:.0f}), and "
            "one outlying study can carry it."
        )
    else:
        said.append("No loop of studies of different designs: there is no test of interaction.")
    models = t["models"].set_index("model")
    shift = models.loc["unrelated mean effects", "DIC"] - models.loc["consistency", "DIC"]
    said.append(
        f"A model without consistency (unrelated mean effects) has a DIC {abs(shift):.1f} "
        f"{'higher' if shift > 0 else 'lower'} than the network's and tau "
        f"{number(models.loc['unrelated mean effects', 'tau_median'])} instead of "
        f"{number(models.loc['consistency', 'tau_median'])}."
    )
    return said


def fit(t: Tables, reference: str, mid: float) -> list[str]:
    both = t["fixed_and_random"].set_index("model")
    row = both.iloc[0]
    said = [
        f"Residual deviance {number(row['residual_deviance'])} for {row['points']:.0f} data points "
        f"(about equal is a good fit), {number(row['pD'])} effective parameters."
    ]
    if {"fixed", "random"} <= set(both.index):
        gain = both.loc["fixed", "DIC"] - both.loc["random", "DIC"]
        said.append(
            f"DIC {number(both.loc['random', 'DIC'])} with random effects, "
            f"{number(both.loc['fixed', 'DIC'])} with a common effect: "
            + ("heterogeneity is needed." if gain > 3 else "the data do not tell them apart.")
        )
    loo = t["loo_totals"].set_index("which")
    known, alone = loo.loc["predicted by the others"], loo.loc["driven by the prior"]
    said.append(
        f"Leave-one-study-out log density, exact: {number(known['elpd'])} over the "
        f"{known['studies']:.0f} studies that the others predict. {alone['studies']:.0f} studies "
        "alone link a treatment to the network; what the others say of them is the prior, so "
        f"they are summed apart. PSIS is unreliable (k > 0.7) for {loo['unreliable'].max():.0f}."
    )
    outlying = t["predictive"][t["predictive"]["p_loo"] < OUTLYING].sort_values("p_loo")
    if len(outlying):
        who = [f"{r.study} (p {_p(r.p_loo)})" for r in outlying.itertuples()]
        said.append(f"The other studies did not foresee {named(who)}.")
    else:
        said.append(f"No study lies beyond what the others foresee (all p > {OUTLYING}).")
    return said


def influence(t: Tables, reference: str, mid: float) -> list[str]:
    studies = t["influence"]
    flips = studies[studies["flips"] > 0]
    said = []
    if len(flips):
        told = [f"{r.study}: {r.flipped}" for r in flips.itertuples()]
        said.append(f"Verdicts that hang on one study: {'; '.join(told)}.")
    else:
        said.append("No verdict changes if any one study is left out.")
    tau = studies.loc[studies["tau_change"].abs().idxmax()]
    said.append(
        f"The study that matters most for heterogeneity is {tau['study']}: without it the median "
        f"of tau is {number(tau['tau_median'])} points ({_signed(tau['tau_change'])})."
    )
    only = studies[studies["not_estimable"].fillna("").astype(str) != ""]
    if len(only):
        said.append(f"{len(only)} studies alone carry a treatment or link it to {reference}.")
    return said


def priors(t: Tables, reference: str, mid: float) -> list[str]:
    table = t["prior_effects"]
    changed = table[table["changed"].astype(str) == "True"]
    cases = table["case"].nunique()
    if changed.empty:
        said = [f"No verdict changes under any of the {cases} sets of priors."]
    else:
        told = [f"{r.treatment} ({r.case}: {r.verdict})" for r in changed.itertuples()]
        said = [f"Verdicts that change under one of {cases} sets of priors: {named(told)}."]
    tau = t["prior_tau"]["median"]
    said.append(
        f"The median of tau lies between {number(tau.min())} and {number(tau.max())} points."
    )
    power = t["power_scaling"]
    odd = power[power["reading"] != "the prior matters little"]
    said.append(
        "Power-scaling finds no parameter that is sensitive to the prior."
        if odd.empty
        else f"Power-scaling: sensitive to the prior: {named(odd['parameter'].tolist())}."
    )
    return said


def thresholds(t: Tables, reference: str, mid: float) -> list[str]:
    said = []
    table = t["thresholds"]
    for decision, what in (
        ("best", "The treatment with the best mean"),
        ("verdict", f"A verdict on {mid:g} points or more"),
    ):
        rows = table[(table["decision"] == decision) & (table["level"] == "study")]
        inside = rows[rows["ci_inside"].astype(str) == "False"]
        said.append(
            f"{what} would change if one study's result moved within its own 95% interval: "
            f"{len(inside)} of {len(rows)} results"
            + (f", first {inside.iloc[0]['study']}." if len(inside) else ".")
        )
    return said


def small_studies(t: Tables, reference: str, mid: float) -> list[str]:
    slope = t["small_study"].iloc[0]
    if not bool(str(slope["estimable"]) == "True"):
        return ["The studies' precision does not vary enough to look for small-study effects."]
    return [
        f"Regression on the study's standard error: {_signed(slope['mean'], 2)} points per point "
        f"(95% {number(slope['ci_low'], 2)} to {number(slope['ci_high'], 2)}, p {_p(slope['p'])}). "
        "Below 0, smaller studies show more benefit of active treatments. "
        "An effect of this kind has other causes than missing studies."
    ]


def transitivity(t: Tables, reference: str, mid: float) -> list[str]:
    tests = t["modifier_tests"]
    differ = tests[tests["p"] < SMALL]
    values = t["modifiers"]
    absent = [
        name
        for name, rows in values.groupby("modifier")
        if rows.groupby("study")["reported"].any().mean() < 0.5
    ]
    said = [
        (
            "Comparisons differ in "
            + listed([f"{r.modifier} (p {_p(r.p)})" for r in differ.itertuples()])
            + ": if it changes the effect, indirect comparisons carry it."
            if len(differ)
            else "No modifier that the data hold differs clearly between comparisons."
        ),
        "A large p is no evidence of transitivity.",
    ]
    if absent:
        said.append(f"Reported by fewer than half of the studies: {listed(absent)}.")
    return said


def contributions(t: Tables, reference: str, mid: float) -> list[str]:
    rows = t["contributions"]
    own = (rows["treatment"] == rows["direct_treatment"]) & (
        rows["comparator"] == rows["direct_comparator"]
    )
    direct = rows[own].set_index("treatment")["contribution"]
    every = rows["treatment"].drop_duplicates()
    share = direct.reindex(every).fillna(0.0)
    mostly = share[share < 0.5]
    said = [
        f"{len(mostly)} of {len(every)} effects against {reference} rest for more than half on "
        f"indirect evidence; {int((share == 0).sum())} on indirect evidence alone."
    ]
    heavy = t["contributions_studies"].groupby("study")["contribution"].sum().nlargest(3)
    total = t["contributions_studies"]["contribution"].sum()
    told = [f"{study} ({100 * x / total:.0f}%)" for study, x in heavy.items()]
    said.append(f"The studies that contribute most over all effects: {listed(told)}.")
    return said


SECTIONS = (
    Section(
        "consistency",
        "Do direct and indirect evidence agree?",
        consistency,
        ("node_splits", "dev_dev", "net_heat"),
    ),
    Section("fit", "Does the model fit the studies?", fit, ("leverage", "loo", "predictive")),
    Section("influence", "Which studies does it hang on?", influence, ("influence",)),
    Section("priors", "Does the choice of priors matter?", priors, ("priors",)),
    Section(
        "thresholds",
        "How far would a result have to move to change a conclusion?",
        thresholds,
        ("thresholds",),
    ),
    Section(
        "small_studies",
        "Do small studies say more?",
        small_studies,
        ("funnel", "small_study"),
    ),
    Section("transitivity", "Are the comparisons alike?", transitivity, ("modifiers",)),
    Section(
        "contributions",
        "Which evidence does each effect rest on?",
        contributions,
        ("contributions",),
    ),
)


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def _signed(value: float, digits: int = 1) -> str:
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _interval(row: Any, prefix: str) -> str:
    low, high = number(row[prefix + "low"]), number(row[prefix + "high"])
    return f"{number(row[prefix + 'mean'])} ({low} to {high})"
