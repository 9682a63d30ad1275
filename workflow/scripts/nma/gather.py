"""Gather what the certainty of every comparison is rated from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nma.certainty import Evidence
from nma.checks import contributions
from nma.draws import predictive
from nma.posterior import effect_draws, new_study_sd
from nma.specify import specify
from nma.summary import INTERVAL, TOGETHER, quantiles

# Above this many treatments only the comparisons with the reference are rated: all pairs of
# 1,000 would be half a million.
MANY = 100


def evidence(
    table: Mapping[str, pd.DataFrame],
    tree: xr.DataTree,
    settings: Mapping[str, Any],
    seed: int,
) -> Evidence:
    """Evidence of a stratum; ``table`` has arms, effects, splits, splittable, interaction.

    Contributions are those at the posterior median of tau, as in the checks.
    """
    arms, _ = specify(table["arms"], settings["reference"], settings["model"])
    few = len(arms.treatments) <= MANY
    pairs = contributions.every_pair(arms) if few else contributions.against_reference(arms)
    tau = float(np.median(new_study_sd(tree)))
    shares = contributions.matrix(arms, tau, targets=pairs)
    rob = table["arms"].drop_duplicates("study").set_index("study")["rob"].fillna("")
    return Evidence(
        effects=intervals(pairs, table["effects"], tree, settings["reference"], seed),
        contributions=contributions.by_study(shares, arms, tau),
        splits=table["splits"],
        splittable=table["splittable"],
        interaction_p=float(table["interaction"]["p"].iloc[0]),
        rob=rob.to_dict(),
    )


def intervals(
    pairs: list[contributions.Pair],
    effects: pd.DataFrame,
    tree: xr.DataTree,
    reference: str,
    seed: int,
) -> pd.DataFrame:
    """Credible and prediction interval of every pair (treatment, comparator): those against
    the reference as in effects.csv, the others from the same draws."""
    names, d = effect_draws(tree)
    sd = new_study_sd(tree)
    position = {name: k for k, name in enumerate(names)}
    own = [pair for pair in pairs if pair[1] != reference]
    columns = ["ci_low", "median", "ci_high"]
    known = effects[["treatment", *columns, "pred_low", "pred_high"]].assign(comparator=reference)
    if not own:
        return known
    d = np.ascontiguousarray(d.T)
    # What a new study adds to a draw: one number for all pairs, whose intervals are read one by
    # one; and a few pairs at a time, as the draws of all would be a gigabyte.
    new = predictive(np.zeros((d.shape[1], 1)), sd, seed)
    found = []
    for start in range(0, len(own), TOGETHER):
        pairs = own[start : start + TOGETHER]
        later, earlier = ([position[pair[side]] for pair in pairs] for side in (0, 1))
        x = (d[later] - d[earlier]).T
        of_effect = quantiles(x, (INTERVAL[0], 0.5, INTERVAL[1]))
        found.append(np.vstack([of_effect, quantiles(x + new, INTERVAL)]))
    others = pd.DataFrame(own, columns=["treatment", "comparator"])
    others[[*columns, "pred_low", "pred_high"]] = np.hstack(found).T
    return pd.concat([known, others], ignore_index=True)
