"""Movers: which study moved what, by refits with each new or changed study alone.

The recorded arms are refitted exactly, and again with one study's new rows in the place of
its old ones (or beside the others, if it had none), and with all of them. What follows from a
study goes with it: spreads that it imputes, islands that it joins.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nma.living.refit import Fit, Refits

# In sds before: what moved less than this cannot be told from an interval on paper.
SEEN = 0.1
ALL, SETTINGS = "all together", "settings, treatments or scales"
COLUMNS = [
    *("study", "treatment", "before", "after", "sd_before", "sd_after", "shift", "shift_sd"),
    *("size", "verdict_before", "verdict_after", "flip", "tau_shift", "note"),
]


def movers(
    start: Fit,
    studies: Iterable[str],
    refits: Refits,
    rows_of: Callable[[str | None], pd.DataFrame],
) -> pd.DataFrame:
    """COLUMNS, a block per study that reaches the arms, the largest mover first; then ALL.

    ``start`` is the fit of the recorded arms; ``rows_of(study)`` gives the rows with that
    study's change alone, ``rows_of("")`` those without any and ``rows_of(None)`` with all.
    ``shift`` is in points, ``shift_sd`` in sds before, ``size`` the distance between the two
    posteriors' means and sds in sds before, missing for a treatment that only one has;
    ``tau_shift`` is that of its median. A block SETTINGS tells what the settings and
    registries alone do to the recorded arms.
    """
    base = refits.of_rows(rows_of(""))
    blocks = [block(SETTINGS, start, base)] if differ(start, base) else []
    for study in studies:
        alone = refits.of_rows(rows_of(study))
        if differ(base, alone):
            blocks.append(block(study, base, alone))
    full = refits.of_rows(rows_of(None))
    if not differ(start, full):
        return pd.DataFrame(columns=COLUMNS)
    blocks.sort(key=lambda b: -b["size"].fillna(np.inf).max())
    return pd.concat([*blocks, block(ALL, start, full)], ignore_index=True)


def differ(a: Fit, b: Fit) -> bool:
    """Whether two fits are of other figures or other effects; the recorded ones have ten
    digits."""
    figures = ["study", "treatment", "y", "se"]
    one, two = (
        f.arms[figures].sort_values(figures[:2]).reset_index(drop=True) if len(f.arms) else None
        for f in (a, b)
    )
    if one is None or two is None:
        return one is not two
    if len(one) != len(two) or not one[figures[:2]].astype(str).equals(
        two[figures[:2]].astype(str)
    ):
        return True
    same = np.allclose(one[["y", "se"]].astype(float), two[["y", "se"]].astype(float), 1e-6, 1e-6)
    return not same or not _close(a.effects, b.effects)


def _close(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    numbers = ["mean", "sd", "p_mid"]
    return (
        list(a.index) == list(b.index)
        and np.allclose(a[numbers].astype(float), b[numbers].astype(float), atol=1e-4)
        and list(a["verdict"]) == list(b["verdict"])
    )


def block(study: str, before: Fit, after: Fit) -> pd.DataFrame:
    """COLUMNS of one change: every treatment of either fit, the largest move first."""
    old, new = before.effects, after.effects
    names = old.index.union(new.index, sort=False)
    a, b = old.reindex(names), new.reindex(names)
    mean = {"before": a["mean"].astype(float), "after": b["mean"].astype(float)}
    sd = {"sd_before": a["sd"].astype(float), "sd_after": b["sd"].astype(float)}
    shift = mean["after"] - mean["before"]
    size = np.hypot(shift, sd["sd_after"] - sd["sd_before"]) / sd["sd_before"]
    was, now = a["verdict"].fillna("").astype(str), b["verdict"].fillna("").astype(str)
    table = pd.DataFrame({**mean, **sd, "shift": shift, "shift_sd": shift / sd["sd_before"]})
    table = table.assign(
        study=study,
        treatment=names,
        size=size,
        verdict_before=was,
        verdict_after=now,
        flip=np.where(was != now, "yes", "no"),
        tau_shift=after.tau - before.tau,
        note=[
            f"joins the network: {after.network['reference']} is linked to it now"
            if pd.isna(mean["before"][name])
            else f"no longer linked to {after.network['reference']}"
            if pd.isna(mean["after"][name])
            else ""
            for name in names
        ],
    )
    return table.sort_values("size", ascending=False, na_position="first")[COLUMNS].reset_index(
        drop=True
    )


@dataclass(frozen=True)
class Mover:
    """Who moved a treatment. ``study`` is the one study that did, "" if none is enough by
    itself; ``others`` can be seen beside it, or do it together. ``alone`` and ``whole`` are
    rows of ``movers``, None where there is none."""

    study: str = ""
    others: tuple[str, ...] = ()
    alone: pd.Series | None = None
    whole: pd.Series | None = None


def mover_of(table: pd.DataFrame, treatment: str) -> Mover:
    """The study with the largest move, if alone it makes half of the whole move or the
    whole's change of verdict. Nobody, for a treatment that kept its verdict and moved by
    less than ``SEEN``."""
    own = table[table["treatment"] == treatment]
    whole = next((row for _, row in own[own["study"] == ALL].iterrows()), None)
    if whole is None:
        return Mover()
    links = pd.isna(whole["size"])  # it comes or goes: its mover is who links it
    if whole["flip"] == "no" and whole["size"] < SEEN:
        return Mover(whole=whole)
    each = own[own["study"] != ALL].assign(size=lambda t: t["size"].fillna(np.inf))
    each = each[np.isinf(each["size"]) | (not links)]
    each = each[(each["size"] >= SEEN) | (each["flip"] == "yes")]
    each = each.sort_values("size", ascending=False, kind="stable")
    if each.empty:
        return Mover(whole=whole)
    top, names = each.iloc[0], tuple(map(str, each["study"]))
    same_flip = whole["flip"] == "yes" and top["verdict_after"] == whole["verdict_after"]
    if links or same_flip or top["size"] >= 0.5 * whole["size"]:
        return Mover(names[0], names[1:], top, whole)
    return Mover("", names, None, whole)
