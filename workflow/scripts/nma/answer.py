"""The answer of a stratum in five lines: how many, how much, how sure, the rest, how firm."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from nma.certainty import DOMAINS, RATINGS, rating
from nma.pages import listed, number, percent
from nma.verdict import (
    BEATS,
    COMPARATOR,
    INCONCLUSIVE,
    NO_WORTHWHILE,
    WORSE,
    WORTHWHILE,
    size_of,
    span_of,
)

FEW = 4  # treatments that a line gives one by one
WORDS = {domain: domain.replace("_", " ").replace("within study", "within-study")
         for domain in DOMAINS}  # fmt: skip


def lines(
    sof: pd.DataFrame,
    certainty: pd.DataFrame,
    settings: Mapping[str, Any],
    studies: int,
    firm: Sequence[str],
) -> list[str]:
    """Five sentences from the summary of findings.

    ``certainty`` has the comparisons with the reference; ``studies`` counts those analysed;
    ``firm`` says what Monte Carlo error and the other analyses do to the headline.
    """
    active = sof[sof["verdict"] != COMPARATOR]
    beats = active[active["verdict"].isin([BEATS, WORTHWHILE])]
    found = [
        " ".join(headline(active, settings, studies)),
        _how_much(active, beats, settings),
        _how_sure(beats if len(beats) else active, certainty, settings, len(beats) > 0),
        _the_rest(active, settings),
    ]
    return [*found, "How firm: " + (" ".join(firm) or "no treatment stands on the line.")]


def headline(active: pd.DataFrame, settings: Mapping[str, Any], studies: int) -> tuple[str, str]:
    """How many treatments beat the reference, and how many by more than the MID."""
    reference, mid = settings["reference"], settings["mid"]["value"]
    beats = active.loc[active["verdict"].isin([BEATS, WORTHWHILE]), "treatment"].tolist()
    worthwhile = active.loc[active["verdict"] == WORTHWHILE, "treatment"].tolist()
    place = f"{studies} {'study' if studies == 1 else 'studies'}"
    first = (
        f"Of {len(active)} active treatments in {place}, {len(beats)} "
        f"beat{'s' if len(beats) == 1 else ''} {reference}"
        + (f": {listed(beats)}." if beats else ".")
    )
    by = f"by more than {mid:g} points, the minimal important difference"
    if not worthwhile:
        who = "It is not" if len(beats) == 1 else "None of them is"
        second = f"{who} shown to do so {by}."
    else:
        many = len(worthwhile)
        second = f"{many} of them {'does' if many == 1 else 'do'} so {by}: {listed(worthwhile)}."
    return first, second if beats else ""


def _how_much(active: pd.DataFrame, beats: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    mid = settings["mid"]["value"]
    if beats.empty:
        if active.empty:
            return "No active treatment is linked to the reference."
        best = active.loc[active["median"].idxmin()]
        return (
            f"The largest effect is that of {best['treatment']}, {_points(best)}, which "
            f"{'includes' if best['ci_high'] > 0 else 'does not surely exclude'} none."
        )
    if len(beats) > FEW:
        sizes = -beats["median"]
        return (
            f"How much: medians of {number(sizes.min())} to {number(sizes.max())} points of 100 "
            f"better; the chance of more than {mid:g} is {percent(beats['p_mid'].min())} to "
            f"{percent(beats['p_mid'].max())}."
        )
    told = [
        f"{row['treatment']} {_points(row)}, a chance of {percent(row['p_mid'])} of more than "
        f"{mid:g}"
        for row in beats.to_dict("records")
    ]
    return f"How much, of 100 points: {'; '.join(told)}."


def _how_sure(
    of: pd.DataFrame, certainty: pd.DataFrame, settings: Mapping[str, Any], claimed: bool
) -> str:
    if of.empty:
        return "How sure: there is no effect to rate."
    counts = of["certainty"].value_counts()
    rated = [f"{counts[level]} {level}" for level in RATINGS if level in counts]
    own = certainty[certainty["treatment"].isin(of["treatment"])]
    # What nobody judged takes nothing away, so it is no reason.
    down = own[list(DOMAINS)].map(lambda level: rating([level], settings["certainty"])[1])
    lost = down.sum().sort_values(ascending=False, kind="stable")
    worst = lost[lost > 0].index[:3]
    reasons = [f"{WORDS[d]} ({own.loc[down[d] > 0, d].value_counts().index[0]})" for d in worst]
    which = ("this effect" if len(of) == 1 else "these effects") if claimed else "the effects"
    level = counts.index[0] if len(counts) == 1 else f"mixed: {listed(rated)}"
    because = f", for {listed(reasons)}" if reasons else ""
    return f"How sure: the certainty of {which} is {level}{because}."


def _the_rest(active: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    told = []
    for verdict, text in ((NO_WORTHWHILE, "no worthwhile effect"), (WORSE, "worse")):
        names = active.loc[active["verdict"] == verdict, "treatment"].tolist()
        if names:
            told.append(f"{text}: {listed(names)}")
    if not told:
        told.append("of no treatment can it be said that it has no worthwhile effect")
    open_ = int((active["verdict"] == INCONCLUSIVE).sum())
    told.append(
        f"{open_} inconclusive: neither a difference from {settings['reference']} nor the lack of "
        f"one of {settings['mid']['value']:g} points is sure enough"
        if open_
        else "none is inconclusive"
    )
    text = "; ".join(told)
    return f"The others: {text}."


def _points(row: Mapping[str, Any]) -> str:
    return f"{size_of(row['median'])} ({span_of(row['ci_low'], row['ci_high'])})"
