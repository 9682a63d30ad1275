"""From a config block to what is fitted: the same arms and priors for both engines."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nma.arms import Arms, build
from nma.priors import TauPrior, tau_prior


def specify(arms: pd.DataFrame, reference: str, model: Mapping[str, Any]) -> tuple[Arms, TauPrior]:
    """Arrays and heterogeneity prior of one analysis.

    ``arms`` is arms.csv; ``model`` holds ``effects`` and ``priors``. Raises ValueError for
    arms or priors that cannot be fitted.
    """
    priors = model["priors"]
    prior = tau_prior(priors["tau"], model["effects"], typical_sd(arms))
    return build(arms, reference, priors["d"]["sd"]), prior


def typical_sd(arms: pd.DataFrame) -> float:
    """Median reported sd of the arms in points, for priors stated on the SMD scale."""
    reported = arms["derivation"].isin(["as reported", "standardised"])
    return float(arms.loc[reported, "sd"].median())
