"""The analysed data as netmeta and CINeMA read them, so that a reviewer can check elsewhere.

Both as contrasts of every pair of arms of a study: with arm values y and variances v the
difference has variance v_a + v_b, which both take apart again for studies of several arms.
Studies reported as differences have the same form.
"""

from collections.abc import Mapping
from itertools import combinations
from operator import itemgetter

import numpy as np
import pandas as pd

from nma.tables import grouped

RATED = {"low": 1, "some_concerns": 2, "high": 3}


def netmeta(arms: pd.DataFrame) -> pd.DataFrame:
    """studlab, treat1, treat2, TE (treat1 minus treat2), seTE; ``arms`` is arms.csv."""
    rows = []
    for study, group in grouped(arms, "study"):
        for a, b in combinations(sorted(group, key=itemgetter("treatment")), 2):
            se = float(np.hypot(a["se"], b["se"]))
            rows.append((study, a["treatment"], b["treatment"], a["y"] - b["y"], se))
    return pd.DataFrame(rows, columns=["studlab", "treat1", "treat2", "TE", "seTE"])


def cinema(arms: pd.DataFrame, indirectness: Mapping[str, int]) -> pd.DataFrame:
    """study, t1, t2, effect, se, rob, indirectness (1 low, 2, 3 high; blank: not reported).

    ``indirectness``: study -> 0, 1, 2 of the readers' judgements.
    """
    table = netmeta(arms)
    table.columns = ["study", "t1", "t2", "effect", "se"]
    rob = arms.drop_duplicates("study").set_index("study")["rob"].map(RATED)
    table["rob"] = table["study"].map(rob).astype("Int64")
    judged = {study: score + 1 for study, score in indirectness.items()}
    table["indirectness"] = table["study"].map(judged).astype("Int64")
    return table
