"""Numbers of participants."""

import numpy as np
import pandas as pd
from scipy.special import bdtr

from nma.plausibility.facts import Facts, alike, couples, once_each
from nma.plausibility.wording import Findings, found, g, where
from nma.tables import ROW

POOLED = r"pooled with|combined with"


def tiny_arm(f: Facts) -> Findings:
    """Too few participants for a mean and an SD to say anything."""
    n = f.rows["n"]
    few = (n < f.limits["tiny_arm"]) & (n >= 2)
    return found(f.rows[few], lambda r: f"{g(r['n'])} participants")


def n_imbalance(f: Facts) -> Findings:
    """Arm sizes that no usual allocation gives: the ratio above the limit, and too few even for
    1:2 (binomial p < 0.01). An arm "pooled with" others counts as several."""
    merged = f.rows["treatment"].str.count(f"(?i){POOLED}") + 1
    sized = f.rows.assign(_size=f.rows["n"] / merged)
    c = couples(sized, f.pairs, "_set", "_size", "n", ROW, "treatment")
    c = c[c["_size_a"] * f.limits["n_imbalance"] < c["_size_b"]]
    p = bdtr(np.floor(c["_size_a"]), (c["_size_a"] + c["_size_b"]).astype(int), 1 / 3)
    c = c[p < 0.01].sort_values("_size_b", ascending=False).drop_duplicates("_set_a")
    tens = (c["n_b"] % 10 == 0) & (np.log(c["n_b"] / 10 / c["n_a"]).abs() < np.log(1.15))
    small = found(
        once_each(c[~tens]), lambda r: f"n {g(r['n_a'])}, {where(r, '_b')} has {g(r['n_b'])}"
    )
    large = found(
        once_each(c[tens].rename(columns=_turn_sides(c.columns))),
        lambda r: (
            f"n {g(r['n_a'])}, {where(r, '_b')} has {g(r['n_b'])}; {g(r['n_a'] / 10)} would fit"
        ),
        lambda r: g(r["n_a"] / 10),
    )
    return small | large


def _turn_sides(columns: pd.Index) -> dict[str, str]:
    """Names with a and b exchanged."""
    other = {"a": "b", "b": "a"}
    turned = {c: c[:-1] + other[c[-1]] for c in columns if c.endswith(("_a", "_b"))}
    return turned | other


def n_grows(f: Facts) -> Findings:
    """An arm with more participants than at an earlier assessment."""
    t = f.rows[f.rows["n"].notna() & f.rows["weeks"].notna() & f.rows["study"].ne("")]
    arm = ("study", "outcome", "instrument", "measure", "treatment", "comparator")
    t = t.assign(_followed=alike(*(t[c] for c in arm))).sort_values("weeks", kind="stable")
    t = t.drop_duplicates(["_followed", "_set"])
    before = t.groupby("_followed")["n"].cummin().groupby(t["_followed"]).shift()
    grown = (t["n"] > f.limits["n_grows"] * before) & (t["n"] >= before + 3)
    return found(
        t.assign(_before=before)[grown],
        lambda r: f"n {g(r['n'])} at week {g(r['weeks'])}, {g(r['_before'])} before",
    )


def n_contradicts_arms(f: Facts) -> Findings:
    """The n of a difference is not that of its arm in the same assessment."""
    t = f.rows[f.rows["n"].notna()]
    arms = t[t["_kind"].ne("difference") & t["_used"]]
    arms = arms.assign(_most=arms.groupby("_arm")["n"].transform("max")).drop_duplicates("_arm")
    arms = arms.set_index("_arm")[["n", "_most", ROW]].add_suffix("_of_arm")
    t = t[t["_kind"].eq("difference")].join(arms, on="_arm", how="inner")
    ratio, gap = t["n"] / t["n_of_arm"], t["n"] - t["n_of_arm"]
    off = (np.log(ratio).abs() > np.log(f.limits["n_contradicts_arms"])) & (gap.abs() >= 3)
    return found(
        t[off & t["n"].ne(t["_most_of_arm"])],
        lambda r: f"n {g(r['n'])}, row {r[ROW + '_of_arm']} of the same arm has {g(r['n_of_arm'])}",
    )
