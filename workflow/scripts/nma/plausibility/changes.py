"""Changes and differences: their sign, and the figures they are made of."""

from typing import Any

import numpy as np
import pandas as pd

from nma.plausibility.facts import Facts, couples, once_each
from nma.plausibility.wording import Findings, found, g, where
from nma.tables import ROW


def change_sign(f: Facts) -> Findings:
    """Every arm of a study gets worse: an improvement entered as change, or the reverse.

    Silent where more than a tenth of the other studies' changes are for the worse too.
    """
    t = f.rows[f.rows["_kind"].eq("change")]
    worse = t["_level"].groupby(t["_set"])
    suspect = (worse.transform("min") > 0) & (worse.transform("mean") >= f.limits["change_sign"])
    known = t["_level"].notna() & t["_used"]
    up = known & (t["_level"] > 0)
    others = known.sum() - known.groupby(t["study"]).transform("sum")
    others_up = up.sum() - up.groupby(t["study"]).transform("sum")
    usual = (others >= f.limits["peers"]) & (others_up > 0.1 * others)
    return found(
        t.assign(_others=others, _down=others - others_up)[suspect & ~usual],
        lambda r: (
            f"{r['measure']} {g(r['mean'])}: every arm of the study gets worse, while "
            f"{r['_down']} of {r['_others']} changes in other studies are for the better"
        ),
        lambda r: "improvement" if r["measure"] == "change" else "change",
    )


def arm_sign(f: Facts) -> Findings:
    """One arm gets worse, the others better, and with its sign turned it is like them."""
    c = couples(f.rows, f.pairs, "_level", "_kind", "mean", ROW, "treatment")
    c = c[c["_kind_a"].eq("change") & c["_level_b"].notna()]
    c = c[c["_level_a"] >= f.limits["arm_sign"]]
    others = c.groupby("a")["_level_b"]
    mean = others.transform("mean")
    like = (c["_level_a"] + mean).abs() <= 0.5 * mean.abs()
    return found(
        once_each(c[like & (others.transform("max") < 0)]),
        lambda r: (
            f"{g(r['mean_a'])} is for the worse, {where(r, '_b')} with {g(r['mean_b'])} for "
            f"the better; {g(-r['mean_a'])} would be like it"
        ),
        lambda r: g(-r["mean_a"]),
    )


def change_mismatch(f: Facts) -> Findings:
    """A change is not the end minus the start of the same arm."""
    t = f.rows[f.rows["mean"].notna()]
    final = t[t["_kind"].eq("final") & t["_used"]].drop_duplicates("_arm")
    ends = final.set_index("_arm")[["mean", "baseline_mean", ROW]].add_suffix("_end")
    c = t[t["_kind"].eq("change")].join(ends, on="_arm", how="inner")
    start = c["baseline_mean"].fillna(c["baseline_mean_end"])
    sign = np.where(c["measure"].eq("improvement"), c["_worse"] * c["_higher"], 1)
    made = (c["mean_end"] - start) * sign
    least = f.limits["change_mismatch"]
    gap, turned = (c["mean"] - made).abs() * c["_scale"], (c["mean"] + made).abs() * c["_scale"]
    c = c.assign(_made=made, _start=start, _turned=turned < least / 2)
    return found(
        c[gap > least],
        lambda r: (
            f"{r['measure']} {g(r['mean'])}; row {r[ROW + '_end']} ends at {g(r['mean_end'])} "
            f"after {g(r['_start'])}, which is {g(r['_made'])}"
        ),
        lambda r: g(-r["mean"]) if r["_turned"] else g(r["_made"]),
    )


def change_beyond_baseline(f: Facts) -> Findings:
    """An improvement larger than from the baseline mean to the best end of the scale."""
    t = f.rows[f.rows["_kind"].eq("change")]
    to_max = t["_max"] - t["baseline_mean"]
    room = to_max.where(t["_higher_is"].eq("better"), t["baseline_mean"] - t["_min"])
    gain = -t["_worse"] * t["mean"]
    large = gain > f.limits["change_beyond_baseline"] * room + t["_step_mean"]
    return found(
        t.assign(_room=room)[large & (room >= 0)],
        lambda r: (
            f"{r['measure']} {g(r['mean'])} from a baseline of {g(r['baseline_mean'])}, which "
            f"leaves {g(r['_room'])} to gain"
        ),
    )


def difference_contradicts_arms(f: Facts) -> Findings:
    """A difference against the difference of its own arms: more SEs apart than the limit, or
    with the sign turned nearly equal and 2 SEs (without an SE: 10 points) apart."""
    c = _with_arms(f)
    gap, turned = (c["_mean"] - c["_made"]).abs(), (c["_mean"] + c["_made"]).abs()
    ses = gap / c["_se"]
    apart = (ses > 2) | (c["_se"].isna() & (gap * c["_scale"] > 10))
    c = c.assign(_ses=ses, _turn=(turned < gap / 4) & apart)
    return found(
        c[c["_turn"] | (c["_ses"] > f.limits["difference_contradicts_arms"])],
        lambda r: (
            f"difference {g(r['_mean'])}, but rows {r[ROW + '_t']} and {r[ROW + '_c']} differ by "
            f"{g(r['_made'])}" + (f" ({r['_ses']:.1f} SEs apart)" if r["_ses"] > 0 else "")
        ),
        lambda r: g(-r["mean"]) if r["_turn"] and np.isfinite(r["mean"]) else "",
    )


def _with_arms(f: Facts) -> pd.DataFrame:
    """Differences with their two arms of one kind, the kind that the difference is of if it is
    there: ``_made``, the difference of the arms, and their rows."""
    t = f.rows[f.rows["_mean"].notna()]
    own = t[t["_kind"].ne("difference") & t["_used"]]
    mean = own["_mean"] * np.where(own["measure"].eq("improvement"), -own["_higher"], 1)
    arms: dict[tuple[int, str], tuple[float, Any]] = {}
    for arm, kind, *figures in zip(own["_arm"], own["_kind"], mean, own[ROW], strict=True):
        arms.setdefault((arm, kind), tuple(figures))
    t = t[t["_kind"].eq("difference")]
    made = {}
    for i, arm, control, own_kind in zip(t.index, t["_arm"], t["_control"], t["_as"], strict=True):
        for kind in (own_kind, "final", "change"):
            if i not in made and (arm, kind) in arms and (control, kind) in arms:
                (one, row), (other, row_c) = arms[arm, kind], arms[control, kind]
                made[i] = one - other, row, row_c
    names = ["_made", f"{ROW}_t", f"{ROW}_c"]
    return t.join(pd.DataFrame.from_dict(made, orient="index", columns=names), how="inner")
