"""Rows entered twice, labels misspelt, weeks that part the arms of a study."""

import re
from collections import Counter
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from nma.plausibility.facts import MANY_ARMS, Facts, alike, couples, digits, once, once_each
from nma.plausibility.wording import Findings, found, g, where
from nma.tables import ROW

MANY_LABELS = 500  # so many labels with one treatment are no typing errors


def identical_arms(f: Facts) -> Findings:
    """The same mean, SD and n in two studies, or the same mean and SD in two treatments of one
    assessment. Figures of fewer digits may agree by chance."""
    least = f.limits["identical_arms"]
    t = f.rows[f.rows["n"].notna() & f.rows["study"].ne("")]
    t = t[t.duplicated(["mean", "sd", "n"], keep=False)]
    t = t[(digits(t["_as_mean"]) >= least) & (digits(t["_as_sd"]) >= least)]
    across = found(
        _twins(t, ["outcome", "instrument", "mean", "sd", "n"], "study"),
        lambda r: (
            f"mean {g(r['mean'])}, sd {g(r['sd'])} and n {g(r['n'])} as in row {r['_twin']} "
            f"of {r['_other']}"
        ),
    )
    c = couples(f.rows, _same_figures(f), "_as_sd", "_as_mean", "_node", ROW, "treatment")
    of_sd, of_mean = digits(c["_as_sd_a"]), digits(c["_as_mean_a"])
    exact = (of_sd >= least) | (of_sd + of_mean > least + 1)
    within = found(
        once_each(c[exact & c["_node_a"].ne(c["_node_b"])]),
        lambda r: f"mean {g(r['mean_a'])} and sd {g(r['sd_a'])} as in {where(r, '_b')}",
    )
    return within | across


def entered_twice(f: Facts) -> Findings:
    """An arm of one study under two instruments of one range: the same week, n and mean."""
    t = f.rows[f.rows["_kind"].ne("difference") & f.rows["study"].ne("") & f.rows["n"].notna()]
    t = t[t.duplicated(["mean", "n"], keep=False)]
    t = t[digits(t["_as_mean"]) >= f.limits["entered_twice"]]
    return found(
        _twins(
            t, ["study", "outcome", "weeks", "_kind", "_min", "_max", "n", "mean"], "instrument"
        ),
        lambda r: (
            f"n {g(r['n'])} and mean {g(r['mean'])} as in row {r['_twin']} under '{r['_other']}'"
        ),
    )


def _twins(t: pd.DataFrame, same: list[str], differ: str) -> pd.DataFrame:
    """Rows that agree in ``same`` with a row of another ``differ``: ``_other`` and its row
    ``_twin``. Rows excluded by declaration do not speak about the others."""
    t = t.assign(_key=alike(*(t[column] for column in same)))
    t = t[t["_key"].duplicated(keep=False) & t[same].notna().all(axis=1)]
    excluded = t.index[~t["_used"]]
    everywhere = _first_of_each(t, differ)
    told = {i: twin for i, twin in everywhere.items() if i in excluded}
    told |= _first_of_each(t[t["_used"]], differ)
    t = t.loc[list(told)]
    return t.assign(_other=[x for x, _ in told.values()], _twin=[x for _, x in told.values()])


def _first_of_each(t: pd.DataFrame, differ: str) -> dict[Any, tuple[str, Any]]:
    """The first row of every ``differ`` that shares its ``_key`` with another one: which, and
    the row of that."""
    groups: dict[int, dict[str, tuple[Any, Any]]] = {}
    for i, key, name, row in zip(t.index, t["_key"], t[differ], t[ROW], strict=True):
        groups.setdefault(key, {}).setdefault(name, (i, row))
    told = {}
    for group in groups.values():
        names = list(group)
        for name, (i, _) in group.items():
            other = names[-1] if name == names[0] else names[0]
            if other != name:
                told[i] = other, group[other][1]
    return told


@once
def _same_figures(f: Facts) -> pd.DataFrame:
    """Pairs with one mean and one SD, the later row first."""
    c = couples(f.rows, f.pairs[f.pairs["a"] > f.pairs["b"]], "mean", "sd")
    return c[(c["mean_a"] == c["mean_b"]) & (c["sd_a"] == c["sd_b"])]


def shared_arm_split(f: Facts) -> Findings:
    """One arm entered twice, whole or halved, to serve two comparisons [H5 16.5.4]."""
    c = couples(f.rows, _same_figures(f), "n", "_node", ROW, "treatment")
    ratio = c["n_a"] / c["n_b"]
    part = ((ratio - 1).abs() < 0.06) | ((ratio - 2).abs() < 0.12) | ((ratio - 0.5).abs() < 0.03)
    return found(
        once_each(c[part & c["_node_a"].eq(c["_node_b"])]),
        lambda r: (
            f"mean {g(r['mean_a'])} and sd {g(r['sd_a'])} as in {where(r, '_b')}: the rows are "
            f"combined into one arm of {g(r['n_a'])} + {g(r['n_b'])} = "
            f"{g(r['n_a'] + r['n_b'])}; right if the group was split, else delete one"
        ),
    )


def several_reports(f: Facts) -> Findings:
    """One DOI under several labels, one label with several DOIs, or labels a and b of one year
    with the same arm sizes. Labels that share name and year and differ by a word are parts of
    one report on purpose."""
    t = f.rows[f.rows["study"].ne("") & f.rows["_used"]]
    labels = _with_doi(t)
    return _same_sizes(t) | _several_dois(labels) | _one_doi(labels)


def _with_doi(t: pd.DataFrame) -> pd.DataFrame:
    """The first row of every label with every ``_doi``."""
    t = t.drop_duplicates(["study", "doi"])
    dois = (re.search(r"10\.\d{4,9}/\S+", cell.lower()) for cell in t["doi"])
    t = t.assign(_doi=[doi[0].rstrip(".,;") if doi else "" for doi in dois])
    return t[t["_doi"].ne("")].drop_duplicates(["_doi", "study"])


def _one_doi(labels: pd.DataFrame) -> Findings:
    t = labels[labels["_doi"].duplicated(keep=False)]
    stem = t["study"].str.extract(r"^(.*?\d{4})[^\w]+\w.*$", expand=False).fillna(t["study"])
    t = t[stem.groupby(t["_doi"]).transform("nunique") > 1]
    names = t.groupby("_doi")["study"].agg(", ".join)
    return found(t, lambda r: f"doi {r['_doi']} stands under {names[r['_doi']]}")


def _several_dois(labels: pd.DataFrame) -> Findings:
    t = labels[labels["study"].duplicated(keep=False)]
    names = t.groupby("study")["_doi"].agg(", ".join)
    return found(
        t.drop_duplicates("study"), lambda r: f"one label, several DOIs: {names[r['study']]}"
    )


def _same_sizes(t: pd.DataFrame) -> Findings:
    lettered = [label for label in t["study"].unique() if re.fullmatch(r".*\d{4}[a-z]", label)]
    t = t[t["study"].isin(lettered) & t["n"].notna()]
    sizes = t.groupby("study")["n"].agg(lambda n: tuple(sorted(n)))
    t = t.drop_duplicates("study")
    t = t.assign(_year=t["study"].str[:-1], _sizes=t["study"].map(sizes))
    return found(
        t[t.duplicated(["_year", "_sizes"], keep=False)],
        lambda r: (
            f"another label {r['_year']} with a letter has the same arm sizes: "
            + ", ".join(g(n) for n in r["_sizes"])
        ),
    )


def unpaired_assessment(f: Facts) -> Findings:
    """Arms of one study that stand alone at nearly the same week: they are never compared."""
    t = f.rows[f.rows["_kind"].ne("difference") & f.rows["study"].ne("") & f.rows["weeks"].notna()]
    arms = t.drop_duplicates(["_set", "_arm"])["_set"].value_counts()
    t = t.assign(_size=t["_set"].map(arms), _follow=alike(t["study"], t["treatment"]))
    # A treatment that is compared at another week is merely followed for longer.
    compared = t.loc[t["_size"] > 1, "_follow"]
    crowded = t.groupby("_series")["weeks"].transform("size") > MANY_ARMS
    columns = ["_series", "weeks", "treatment", "_size", ROW]
    alone = t.loc[~t["_follow"].isin(compared), columns].rename_axis("a").reset_index()
    c = alone.merge(t.loc[~crowded, columns], on="_series", suffixes=("_a", "_b"))
    ratio = np.maximum(c["weeks_a"], c["weeks_b"]) / np.minimum(c["weeks_a"], c["weeks_b"])
    near = (ratio <= f.limits["unpaired_assessment"]) | ratio.between(9.99, 10.01)
    c = c[near & c["treatment_a"].ne(c["treatment_b"]) & c["weeks_a"].ne(c["weeks_b"])]
    c = c.sort_values("_size_b", ascending=False, kind="stable")
    return found(
        once_each(c),
        lambda r: f"week {g(r['weeks_a'])}, but {where(r, '_b')} stands at {g(r['weeks_b'])}",
        lambda r: g(r["weeks_b"]) if r["_size_b"] > 1 else "",
    )


def label_typo(f: Facts) -> Findings:
    """A label with one treatment only, spelt nearly as another one."""
    t = f.rows[f.rows["study"].ne("")]
    sides = [zip(t["study"], t[side], strict=True) for side in ("treatment", "comparator")]
    count = Counter(label for label, arm in {pair for side in sides for pair in side} if arm)
    blocks: dict[str, set[str]] = {}
    for label in count:
        for block in (label[:3].casefold(), label[-4:].casefold()):
            blocks.setdefault(block, set()).add(label)
    alone = [label for label, arms in count.items() if arms == 1]
    near: dict[str, str] = {}
    for label in alone if len(alone) <= MANY_LABELS else []:
        others = (blocks[label[:3].casefold()] | blocks[label[-4:].casefold()]) - {label}
        match = get_close_matches(label, sorted(others), 1, f.limits["label_typo"])
        if match:
            near[label] = match[0]
    first = t[t["study"].isin(near)].drop_duplicates("study")
    return found(
        first.assign(_near=first["study"].map(near)),
        lambda r: (
            f"one arm only; '{r['_near']}' ({count[r['_near']]} arms) is spelt nearly the same"
        ),
        lambda r: r["_near"],
    )
