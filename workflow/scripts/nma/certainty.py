"""Certainty of every effect: the six domains of CINeMA and a rating.

Nikolakopoulou et al. 2020 (PLoS Med 17:e1003082), with the rules of its web application
(Papakonstantinou et al. 2020, Campbell Syst Rev 16:e1080). What data allow is computed, as a
proposal; what needs a reader comes from config/certainty.csv, and so does any other view of a
proposal. A domain of which nothing is known says so and is never "no concerns".

The range of equivalence is -MID to MID. Given the side of 0 on which an effect lies, two
borders matter: 0 and the MID of the other side. Crossed by the credible interval they are
imprecision, crossed only by the prediction interval heterogeneity, so none counts twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nma.pages import number, percent

Array = NDArray[np.float64]
DOMAINS = (
    *("within_study_bias", "reporting_bias", "indirectness"),
    *("imprecision", "heterogeneity", "incoherence"),
)
OF_STUDIES = ("within_study_bias", "indirectness")
LEVELS = ("no concerns", "some concerns", "major concerns")
NOT_REPORTED, NOT_TESTABLE, NOT_JUDGED = "not reported", "not testable", "not judged"
RATINGS = ("high", "moderate", "low", "very low")
# What a study's risk of bias or indirectness may be called.
SCORES = {"low": 0, "some_concerns": 1, "moderate": 1, "high": 2} | {
    level: score for score, level in enumerate(LEVELS)
}
COLUMNS = [
    *("treatment", "comparator", "evidence", *DOMAINS, "certainty", "at_most", "levels_down"),
    *(f"{name}_proposed" for name in (*DOMAINS, "certainty")),
    *(f"{name}_reason" for name in (*DOMAINS, "certainty")),
    "overridden",
]
P_CLEAR, P_DOUBT = 0.10, 0.01  # the application's limits for p of incoherence


@dataclass(frozen=True)
class Evidence:
    """What the rules look at; all for the same fit.

    ``effects``: treatment, comparator, median, ci_low, ci_high, pred_low, pred_high (points),
    one row a comparison. ``contributions``: treatment, comparator, study, contribution (0-1).
    ``splits`` and ``splittable`` are the tables of the checks, ``interaction_p`` that of the
    design-by-treatment interaction (NaN: no test). ``rob``: study -> low, some_concerns, high.
    """

    effects: pd.DataFrame
    contributions: pd.DataFrame
    splits: pd.DataFrame
    splittable: pd.DataFrame
    interaction_p: float
    rob: Mapping[str, str]


def rate(evidence: Evidence, judgements: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """COLUMNS of every comparison of ``evidence.effects``.

    ``judgements`` are the lines of config/certainty.csv that hold for this stratum;
    ``settings`` has reference, mid and certainty (see the schema).
    """
    rules, mid = settings["certainty"], settings["mid"]["value"]
    humans = Humans(judgements, settings["reference"])
    wide = evidence.contributions.pivot_table(
        index=["treatment", "comparator"], columns="study", values="contribution", fill_value=0.0
    )
    scores = {
        "within_study_bias": {s: SCORES[r] for s, r in evidence.rob.items() if r in SCORES},
        "indirectness": {},
    }
    for name, known in scores.items():
        known |= humans.of_studies(name)
    shares = dict(zip(wide.index, wide.to_numpy(), strict=True))
    scored = {
        name: np.array([known.get(study, np.nan) for study in wide.columns], dtype=float)
        for name, known in scores.items()
    }
    known = _Known(
        shares=shares,
        scores=scored,
        splits={_key(row): row for row in evidence.splits.to_dict("records")},
        observed={_key(row) for row in evidence.splittable.to_dict("records")},
        p_network=evidence.interaction_p,
        humans=humans,
    )
    rows = evidence.effects.to_dict("records")
    return pd.DataFrame([_rated(row, known, rules, mid) for row in rows], columns=COLUMNS)


@dataclass(frozen=True)
class _Known:
    """Evidence by comparison: contributions and scores are aligned by study."""

    shares: Mapping[tuple[str, str], Array]
    scores: Mapping[str, Array]
    splits: Mapping[frozenset[str], Mapping[str, Any]]
    observed: set[frozenset[str]]
    p_network: float
    humans: "Humans"


def _rated(
    row: Mapping[str, Any], known: _Known, rules: Mapping[str, Any], mid: float
) -> dict[str, Any]:
    pair = (row["treatment"], row["comparator"])
    split = known.splits.get(_key(row))
    kind = "mixed" if split else "direct" if _key(row) in known.observed else "indirect"
    share = known.shares.get(pair, np.zeros(len(known.scores["indirectness"])))
    proposed = {
        "within_study_bias": from_studies(
            share, known.scores["within_study_bias"], rules, NOT_REPORTED, "risk of bias"
        ),
        "reporting_bias": (NOT_JUDGED, "needs a reader: config/certainty.csv"),
        "indirectness": from_studies(
            share, known.scores["indirectness"], rules, NOT_JUDGED, "indirectness"
        ),
        "imprecision": imprecision(row, mid),
        "heterogeneity": heterogeneity(row, mid),
        "incoherence": incoherence(kind, split, known.p_network, mid),
    }
    out: dict[str, Any] = {"treatment": pair[0], "comparator": pair[1], "evidence": kind}
    overridden = []
    for name, (level, why) in proposed.items():
        found = known.humans.of_pair(pair, name)
        out[f"{name}_proposed"] = level
        out[name], out[f"{name}_reason"] = found or (level, why)
        if found and level not in (found[0], NOT_JUDGED):
            overridden.append(name)
    out["certainty_proposed"], out["levels_down"] = rating([out[n] for n in DOMAINS], rules)
    floor = out["certainty_proposed"] == RATINGS[-1]
    out["at_most"] = not floor and any(out[n] == NOT_JUDGED for n in DOMAINS)
    found = known.humans.of_pair(pair, "certainty")
    out["certainty"], out["certainty_reason"] = found or (out["certainty_proposed"], "")
    if found:
        out["at_most"] = False
        if found[0] != out["certainty_proposed"]:
            overridden.append("certainty")
    return out | {"overridden": " ".join(overridden)}


def rating(levels: list[str], rules: Mapping[str, Any]) -> tuple[str, int]:
    """Certainty, from high down by what each domain counts, and the levels it went down."""
    counts = {LEVELS[0]: 0, LEVELS[1]: rules["counts"]["some"], LEVELS[2]: rules["counts"]["major"]}
    for name in (NOT_REPORTED, NOT_TESTABLE, NOT_JUDGED):
        counts[name] = rules["counts"][name.replace(" ", "_")]
    down = sum(counts[level] for level in levels)
    return RATINGS[min(down, len(RATINGS) - 1)], down


def from_studies(
    share: Array, score: Array, rules: Mapping[str, Any], blank: str, what: str
) -> tuple[str, str]:
    """Level of a domain that is judged study by study, weighted by contribution.

    ``share``: contribution (0-1) of each study; ``score``: its 0, 1 or 2, NaN if nobody
    judged it. With more than ``rules["unreported"]`` of the information from such studies the
    domain is ``blank``; less than that counts as some concerns, never as none.
    """
    weight = [float(share[score == level].sum()) for level in range(3)]
    unknown = float(share[np.isnan(score)].sum())
    words = dict(zip(("low", "some concerns", "high", blank), (*weight, unknown), strict=True))
    parts = [
        f"{'all' if w > 1 - 1e-9 else percent(w)} {word}" for word, w in words.items() if w > 0
    ]
    why = f"{what} by contribution: {', '.join(parts)}" if parts else f"no study says its {what}"
    if unknown > rules["unreported"] or not parts:
        return blank, why
    weight[1] += unknown
    if rules["within_study_bias"] == "worst":
        level = max(k for k in range(3) if weight[k] > 0)
    elif rules["within_study_bias"] == "majority":
        level = max(k for k in range(3) if weight[k] == max(weight))  # of equals the graver
    else:
        level = int(np.floor(np.dot(weight, range(3)) / sum(weight) + 0.5))
    return LEVELS[level], why


def imprecision(row: Mapping[str, Any], mid: float) -> tuple[str, str]:
    """By the borders that the credible interval crosses."""
    crossed, _, _ = _crossings(row, mid)
    low, high = number(row["ci_low"]), number(row["ci_high"])
    said = ("leads to one conclusion", "includes no effect", "includes an important effect of the")
    tail = " other side" if crossed == 2 else ""
    return LEVELS[crossed], f"95% credible interval {low} to {high} {said[crossed]}{tail}"


def heterogeneity(row: Mapping[str, Any], mid: float) -> tuple[str, str]:
    """By the borders that the prediction interval crosses and the credible one does not."""
    own, wider, inside = _crossings(row, mid)
    more = max(wider - own, 0)
    low, high = number(row["pred_low"]), number(row["pred_high"])
    what = "border of the range of equivalence" if inside else "border of a conclusion"
    many = ("no further " + what, f"one further {what}", f"two further {what}s")
    return LEVELS[more], f"95% prediction interval {low} to {high} crosses {many[more]}"


def incoherence(
    kind: str, split: Mapping[str, Any] | None, p_network: float, mid: float
) -> tuple[str, str]:
    """Mixed evidence: do direct and indirect evidence disagree, and does it matter? Indirect
    evidence alone: the test of the whole network."""
    if kind == "direct":
        return LEVELS[0], "direct evidence alone: there is none that could disagree"
    if split is not None:
        p = float(split["p"])
        if p >= P_CLEAR:
            return LEVELS[0], f"direct and indirect evidence agree (p {p:.2f})"
        same = int((_areas(split, "direct_", mid) == _areas(split, "indirect_", mid)).sum())
        level = {3: 0, 2: 1}.get(same, 2)
        return LEVELS[level], (
            f"direct and indirect evidence differ (p {p:.3f}); their intervals agree in {same} of "
            "3 areas (better, no important difference, worse)"
        )
    if not np.isfinite(p_network):
        return NOT_TESTABLE, "indirect evidence alone, and no loop tests the network"
    level = 0 if p_network > P_CLEAR else 1 if p_network > P_DOUBT else 2
    return LEVELS[level], (
        f"indirect evidence alone; test of the network (design by treatment) p {p_network:.2g}"
    )


def _crossings(row: Mapping[str, Any], mid: float) -> tuple[int, int, bool]:
    """Borders in the credible and in the prediction interval; whether the credible interval
    lies within the range of equivalence, where the borders are its own ends."""
    inside = row["ci_low"] > -mid and row["ci_high"] < mid
    other = mid if row["median"] < 0 else -mid
    borders = (-mid, mid) if inside else (0.0, other)
    own = 0 if inside else sum(row["ci_low"] < b < row["ci_high"] for b in borders)
    return own, sum(row["pred_low"] < b < row["pred_high"] for b in borders), inside


def _areas(split: Mapping[str, Any], side: str, mid: float) -> NDArray[np.bool_]:
    """Whether an interval reaches below, into and above the range of equivalence."""
    low, high = float(split[f"{side}low"]), float(split[f"{side}high"])
    return np.array([low < -mid, low < mid and high > -mid, high > mid])


def _key(row: Mapping[str, Any]) -> frozenset[str]:
    return frozenset((row["treatment"], row["comparator"]))


class Humans:
    """Judgements of readers: the most specific line wins, of equals the later."""

    def __init__(self, table: pd.DataFrame, reference: str) -> None:
        self._lines = table.to_dict("records")
        self._reference = reference

    def of_studies(self, domain: str) -> dict[str, int]:
        """Study -> score, of the lines that name a study."""
        return {
            line["study"]: SCORES[line["judgement"]]
            for line in self._lines
            if line["study"] and line["domain"] == domain
        }

    def of_pair(self, pair: tuple[str, str], domain: str) -> tuple[str, str] | None:
        """(judgement, reason) of a comparison, None without a line for it or for all."""
        best: tuple[tuple[int, int], dict[str, str]] | None = None
        for line in self._lines:
            if line["domain"] != domain or line["study"]:
                continue
            if line["treatment"]:
                named = {line["treatment"], line["comparator"] or self._reference}
                if named != set(pair):
                    continue
            rank = (bool(line["treatment"]), bool(line["stratum"]))
            if best is None or rank >= best[0]:
                best = rank, line
        return (best[1]["judgement"], best[1]["reason"]) if best else None
