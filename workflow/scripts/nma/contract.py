"""The columns of every input table: name, kind, meaning. One place; the rest reads it.

``data/README.md`` documents the same columns; a test compares the two.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "choice", "p_value"]


@dataclass(frozen=True)
class Field:
    """One column of an input table."""

    name: str
    kind: Kind
    meaning: str
    choices: tuple[str, ...] = ()
    required: bool = False


FLAGGED = "_flagged"  # what validation adds: yes for a row with a plausibility warning
NAMES = "_names"  # JSON: contract column -> column of the user's own sheet, where they differ
PRINTED = "_printed"  # JSON: column -> cell as printed, where a correction changed it
MEASURES = ("final", "change", "improvement", "difference")

TRIALS: tuple[Field, ...] = (
    Field("study", "text", "trial label, unique per trial", required=True),
    Field("year", "number", "year of publication"),
    Field("doi", "text", "DOI, registry id or other citation of the trial"),
    Field(
        "duration",
        "choice",
        "how long the pain had lasted at entry",
        ("acute", "subacute", "chronic", "mixed"),
    ),
    Field("pain_weeks", "number", "weeks of pain at entry, if the report gives a number"),
    Field("outcome", "text", "what was measured: pain, disability"),
    Field("instrument", "text", "the scale, as in config/instruments.csv"),
    Field("weeks", "number", "weeks from randomisation to the assessment"),
    Field("measure", "choice", "what the mean is", MEASURES, required=True),
    Field("difference_of", "choice", "what a difference is of", ("final", "change")),
    Field("treatment", "text", "what the arm received, as reported", required=True),
    Field("comparator", "text", "what a difference is against, as reported"),
    Field("n", "number", "analysed participants of the arm"),
    Field("n_comparator", "number", "analysed participants of the comparator of a difference"),
    Field("mean", "number", "mean, or the difference, in the instrument's units"),
    Field("sd", "number", "standard deviation between participants"),
    Field("se", "number", "standard error of the mean or of the difference"),
    Field("ci_low", "number", "lower confidence limit of the mean or difference"),
    Field("ci_high", "number", "upper confidence limit of the mean or difference"),
    Field("ci_level", "number", "confidence level in percent; 95 if blank"),
    Field("p_value", "p_value", "two-sided p of a difference; may read <0.05"),
    Field("median", "number", "median"),
    Field("q1", "number", "lower quartile"),
    Field("q3", "number", "upper quartile"),
    Field("min", "number", "smallest value observed"),
    Field("max", "number", "largest value observed"),
    Field("baseline_mean", "number", "mean at entry"),
    Field("baseline_sd", "number", "standard deviation at entry"),
    Field("final_sd", "number", "of a change: standard deviation of the values at its end"),
    Field("correlation", "number", "r of start and end of a change, or of crossover periods"),
    Field("design", "choice", "parallel if blank", ("parallel", "crossover", "cluster")),
    Field("period", "choice", "of a crossover: what the figures are of", ("first", "both")),
    Field("cluster_size", "number", "mean cluster size of a cluster trial"),
    Field("icc", "number", "intracluster correlation"),
    Field("adjusted", "choice", "yes if the report allowed for clustering", ("yes", "no")),
    Field("treatment_weeks", "number", "length of treatment in weeks"),
    Field("rob", "choice", "overall risk of bias", ("low", "some_concerns", "high")),
    Field("pedro", "number", "PEDro score, 0-10"),
    Field("doubt", "choice", "yes if a reader should doubt the row", ("yes", "no")),
    Field("source", "text", "where in which report"),
    Field("note", "text", "anything odd"),
)

INSTRUMENTS: tuple[Field, ...] = (
    Field("instrument", "text", "name of the scale", required=True),
    Field("outcome", "text", "what it measures", required=True),
    Field("min", "number", "lowest possible score"),
    Field("max", "number", "highest possible score"),
    Field("higher_is", "choice", "what a higher score means", ("worse", "better"), required=True),
    Field("measures", "text", "what the score is: intensity, relief, auc, ...", required=True),
)

TREATMENTS: tuple[Field, ...] = (
    Field("reported", "text", "the treatment as reported", required=True),
    Field("treatment", "text", "the node it counts as; combinations are written a + b"),
    Field("class", "text", "the class of the node", required=True),
    Field("modality", "text", "drug, physical, psychological, education, ...", required=True),
    Field("kind", "choice", "role of the node", ("active", "placebo", "none"), required=True),
    Field("placebo_kind", "text", "pill, sham_manual, sham_device, other"),
)

CORRECTIONS: tuple[Field, ...] = (
    Field("study", "text", "trial label", required=True),
    Field("row", "text", "row of the trials table (its header is row 1)", required=True),
    Field("column", "text", "column to correct", required=True),
    Field("old", "text", "the cell as printed"),
    Field("new", "text", "the cell as it should read"),
    Field("reason", "text", "why", required=True),
)

EXCLUSIONS: tuple[Field, ...] = (
    Field("study", "text", "trial label", required=True),
    Field("row", "text", "row of the trials table; blank for the whole trial"),
    Field("reason", "text", "why", required=True),
)

CERTAINTY: tuple[Field, ...] = (
    Field("stratum", "text", "the stratum it holds for; blank for all"),
    Field("study", "text", "the trial judged; blank for a judgement of a comparison"),
    Field("treatment", "text", "the treatment of a comparison; blank, without a study: all"),
    Field("comparator", "text", "what it is compared with; blank for the reference"),
    Field("domain", "text", "one of the six domains, or certainty", required=True),
    Field("judgement", "text", "the judgement, in the words of its domain", required=True),
    Field("reason", "text", "why", required=True),
)

COLUMNS: tuple[Field, ...] = (
    Field("file", "text", "the files it holds for, as a pattern like *.xlsx; all if blank"),
    Field("column", "text", "the column as the sheet names it; blank for a constant"),
    Field("contract", "text", "what it is in trials.csv; - if it is not to be used", required=True),
    Field("arm", "number", "which arm, in a sheet with one row per study"),
    Field("values", "text", "recoding: theirs=ours, parted by semicolons"),
    Field("default", "text", "what a blank cell stands for; the value of a constant"),
)
TABLES = {
    "trials": TRIALS,
    "instruments": INSTRUMENTS,
    "treatments": TREATMENTS,
    "corrections": CORRECTIONS,
    "exclusions": EXCLUSIONS,
    "columns": COLUMNS,
    "certainty": CERTAINTY,
}


def numbers(table: tuple[Field, ...]) -> list[str]:
    """Names of the numeric columns of a table."""
    return [field.name for field in table if field.kind == "number"]
