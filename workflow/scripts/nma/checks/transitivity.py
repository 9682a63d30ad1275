"""Are the comparisons alike in what may modify effects? Description, not a test.

Indirect comparison assumes that the studies of different comparisons could have been
studies of one another (transitivity; Salanti 2012, Res Synth Methods 3:80). Data can show
that they differ in a measured modifier, never that they do not differ in others.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from nma.tables import grouped

# Columns of arms.csv; n and baseline are of the two arms, all else of the study.
NUMERIC = ("year", "n", "weeks", "baseline")
ORDINAL = {"rob": ["low", "some_concerns", "high"], "doubt": ["no", "yes"]}
CATEGORICAL = ("kind", "instrument", "placebo_kind")
MODIFIERS = (*NUMERIC, *ORDINAL, *CATEGORICAL)
LEAST_STUDIES, LEAST_COMPARISONS = 2, 3


def placebo_kinds(treatments: pd.DataFrame) -> dict[str, str]:
    """Reported treatment -> kind of placebo, from treatments.csv, where one is given."""
    if "placebo_kind" not in treatments:
        return {}
    known = treatments[treatments["placebo_kind"].fillna("") != ""]
    return dict(zip(known["reported"], known["placebo_kind"], strict=True))


def modifiers(
    arms: pd.DataFrame, placebos: Mapping[str, str], order: list[str] | None = None
) -> pd.DataFrame:
    """One row per study, direct comparison and modifier that arms.csv holds: treatment,
    comparator, study, modifier, value (numeric and ordinal ones, else blank), level (text
    of ordinal and categorical ones), reported.

    Ordinal levels count from 0 (rob low 0, some_concerns 1, high 2; doubt: blank is no).
    A multi-arm study gives every pair of its arms. ``order`` of treatments says which of a
    pair is the comparator (the earlier; default alphabetical).
    """
    names = order or sorted(set(arms["treatment"]), key=lambda name: (name.casefold(), name))
    place = {name: i for i, name in enumerate(names)}
    rows: list[dict[str, Any]] = []
    for study, group in grouped(arms, "study"):
        members = sorted(group, key=lambda arm: place[arm["treatment"]])
        for earlier, later in combinations(members, 2):
            pair = {"treatment": later["treatment"], "comparator": earlier["treatment"]}
            rows.extend(
                pair | {"study": study, "modifier": modifier} | _value(modifier, pair_of)
                for modifier, pair_of in _sources((earlier, later), placebos)
            )
    columns = ["treatment", "comparator", "study", "modifier", "value", "level", "reported"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"value": float, "level": str, "reported": bool})


def describe(values: pd.DataFrame) -> pd.DataFrame:
    """Per direct comparison and modifier: studies, reported (how many give it), median,
    q1, q3, low, high (numeric and ordinal ones), levels ("final 3, change 1")."""
    rows = []
    for key, group in grouped(values, "treatment", "comparator", "modifier"):
        known = [row for row in group if row["reported"]]
        row = dict(zip(("treatment", "comparator", "modifier"), key, strict=True))
        row |= {"studies": len(group), "reported": len(known)}
        numbers = [row["value"] for row in known if not np.isnan(row["value"])]
        q = np.quantile(numbers, [0.5, 0.25, 0.75, 0, 1]) if numbers else np.full(5, np.nan)
        row |= dict(zip(["median", "q1", "q3", "low", "high"], q, strict=True))
        levels = Counter(row["level"] for row in known if row["level"])
        counts = sorted(levels.items(), key=lambda item: (-item[1], item[0]))
        rows.append(row | {"levels": ", ".join(f"{level} {count}" for level, count in counts)})
    order = {name: i for i, name in enumerate(MODIFIERS)}
    return pd.DataFrame(rows).sort_values(
        ["modifier", "comparator", "treatment"],
        key=lambda s: s.map(order) if s.name == "modifier" else s,
        ignore_index=True,
    )


def differences(values: pd.DataFrame) -> pd.DataFrame:
    """Kruskal-Wallis of each numeric or ordinal modifier over comparisons with at least
    two studies that report it, if there are three such comparisons: descriptive.

    Columns: modifier, comparisons, studies (counted in the test), missing (studies that do
    not report it), H, df, p, note. p is not adjusted for the number of modifiers, and a
    multi-arm study counts in each of its comparisons; a large p is not evidence of
    transitivity.
    """
    rows = []
    for modifier in (*NUMERIC, *ORDINAL):
        of = values[values["modifier"] == modifier]
        if of.empty:
            continue
        known = of[of["reported"]]
        samples = [
            group["value"].to_numpy()
            for _, group in known.groupby(["treatment", "comparator"])
            if len(group) >= LEAST_STUDIES
        ]
        row = {"modifier": modifier, "comparisons": len(samples)}
        row["studies"] = sum(map(len, samples))
        row["missing"] = of["study"].nunique() - known["study"].nunique()
        H, df, p, note = np.nan, len(samples) - 1, np.nan, "descriptive"
        if len(samples) < LEAST_COMPARISONS:
            note = f"fewer than {LEAST_COMPARISONS} comparisons with {LEAST_STUDIES} studies"
        elif np.ptp(np.concatenate(samples)) == 0:
            note = "every study has the same value"
        else:
            H, p = map(float, stats.kruskal(*samples))
        rows.append(row | {"H": H, "df": max(df, 0), "p": p, "note": note})
    columns = ["modifier", "comparisons", "studies", "missing", "H", "df", "p", "note"]
    return pd.DataFrame(rows, columns=columns)


def _sources(
    pair: tuple[Mapping[str, Any], Mapping[str, Any]], placebos: Mapping[str, str]
) -> list[tuple[str, Any]]:
    """Modifiers of one comparison in one study, those that the arms hold, with what is
    known of each: a number, a text, or None."""
    first = pair[0]
    found: list[tuple[str, Any]] = []
    for name in (*NUMERIC, *ORDINAL, "kind", "instrument"):
        if name not in first:
            continue
        if name in ("n", "baseline"):
            value = _over_arms(name, [arm[name] for arm in pair], [arm.get("n") for arm in pair])
        else:
            value = next((arm[name] for arm in pair if not pd.isna(arm[name])), None)
        found.append((name, value))
    if "reported" in first:
        reported = [name for arm in pair for name in str(arm["reported"]).split(" / ")]
        kinds = sorted({placebos[name] for name in reported if name in placebos})
        if kinds:
            found.append(("placebo_kind", " + ".join(kinds)))
    return found


def _over_arms(name: str, values: list[Any], n: list[Any]) -> float | None:
    """Sum of n, or mean baseline (weighted by n if known), of the arms that report it."""
    known = [(v, p) for v, p in zip(values, n, strict=True) if not pd.isna(v)]
    if not known or (name == "n" and len(known) < len(values)):
        return None
    number, people = np.array(known, dtype=float).T
    if name == "n":
        return float(number.sum())
    return float(np.average(number, weights=people if np.isfinite(people).all() else None))


def _value(modifier: str, known: Any) -> dict[str, Any]:
    if modifier == "doubt" and (known is None or pd.isna(known) or known == ""):
        known = "no"
    if known is None or pd.isna(known) or known == "":
        return {"value": np.nan, "level": "", "reported": False}
    if modifier in NUMERIC:
        return {"value": float(known), "level": "", "reported": True}
    levels = ORDINAL.get(modifier, [])
    value = float(levels.index(known)) if known in levels else np.nan
    return {"value": value, "level": str(known), "reported": True}
