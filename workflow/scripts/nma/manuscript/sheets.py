"""Tables as they are exported, with what every column is. One definition for XLSX and DOCX."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

POINTS = "mean difference, 0-100 points, below 0 better"


@dataclass(frozen=True)
class Sheet:
    """One table: ``columns`` maps each column to its meaning, in the order shown."""

    name: str
    title: str
    table: pd.DataFrame
    columns: Mapping[str, str] = field(default_factory=dict)


SOF = {
    "treatment": "treatment (node of the network)",
    "studies": "studies with the treatment",
    "direct_studies": "studies that compare it with the reference directly",
    "people": "participants of its arms, where stated",
    "median": f"posterior median of the {POINTS}, against the reference",
    "ci_low": "lower limit of the 95% credible interval",
    "ci_high": "upper limit of the 95% credible interval",
    "pred_low": "lower limit of the 95% prediction interval (effect in a new study)",
    "pred_high": "upper limit of the 95% prediction interval",
    "p_below_0": "probability of less of the outcome than with the reference",
    "p_mid": "probability of more than the minimal important difference less",
    "mean_rank": "mean rank, 1 best",
    "rank_low": "lower limit of the rank's 95% interval",
    "rank_high": "upper limit of the rank's 95% interval",
    "sucra": "surface under the cumulative ranking curve, 0-1",
    "certainty": "certainty of the evidence (CINeMA)",
    "at_most": "whether domains that nobody judged may lower it further",
    "verdict": "verdict by the rule of the config",
    "sentence": "the verdict in words",
}
LEAGUE = {
    "treatment": "treatment",
    "comparator": "what it is compared with",
    "median": f"posterior median of the {POINTS}, treatment minus comparator",
    "ci_low": "lower limit of the 95% credible interval",
    "ci_high": "upper limit of the 95% credible interval",
    "p_below_0": "probability that the treatment is better",
}
STUDIES = {
    "study": "trial",
    "year": "year of publication",
    "doi": "DOI, registry id or other citation",
    "treatment": "treatment (node of the network)",
    "reported": "treatment as reported",
    "n": "analysed participants",
    "mean": "mean, 0-100 points; blank if only a difference was reported",
    "sd": "standard deviation, 0-100 points",
    "y": "value analysed; of a difference relative to its comparator at 0",
    "se": "standard error analysed",
    "kind": "final value, change or difference",
    "instrument": "pain scale",
    "weeks": "weeks from randomisation",
    "baseline": "pain at entry, 0-100 points",
    "rob": "risk of bias as stated; blank: not reported",
    "derivation": "how the figures were derived",
    "rows": "rows of the data sheet",
}
CERTAINTY = {
    "treatment": "treatment",
    "comparator": "what it is compared with",
    "evidence": "direct, indirect or mixed",
    "within_study_bias": "risk of bias of the studies by contribution",
    "reporting_bias": "judged by readers",
    "indirectness": "judged by readers, by contribution",
    "imprecision": "from the credible interval",
    "heterogeneity": "from the prediction interval",
    "incoherence": "direct against indirect evidence",
    "certainty": "rating",
    "at_most": "whether domains that nobody judged may lower it further",
    "overridden": "domains in which a reader overrode the proposal",
}


def picked(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """The columns that are there, in order."""
    return table[[name for name in columns if name in table]]


def of_stratum(label: str, found: Mapping[str, Any]) -> list[Sheet]:
    """Summary of findings, league, studies and certainty of one stratum; ``found`` has the
    tables sof, league, arms and certainty by name, and ``name``."""
    made = [
        ("SoF", "Summary of findings", "sof", SOF),
        ("league", "League table", "league", LEAGUE),
        ("studies", "Studies and arms analysed", "arms", STUDIES),
        ("certainty", "Certainty of every comparison", "certainty", CERTAINTY),
    ]
    return [
        Sheet(f"{short} {found['name']}", f"{title}. {label}", picked(found[key], columns), columns)
        for short, title, key, columns in made
    ]
