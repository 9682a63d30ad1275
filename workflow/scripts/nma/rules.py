"""Every rule that the trials table must keep, as pandera checks, run lazily.

Each rule has a name, a level, the column it looks at and a hint; pandera finds the rows
that break it. Errors stop the run, warnings do not. In rows excluded by declaration an
error counts as a warning.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from nma import derive, plausibility
from nma.contract import TABLES, TRIALS
from nma.corrections import EXCLUDED
from nma.derive import measure_kind
from nma.findings import Finding, nearest
from nma.rule import Rule
from nma.strata import assign, by_weeks, by_word
from nma.tables import FILE, ROW, is_number, to_number

NO_STRATA: Mapping[str, Mapping[str, Any]] = {}
NO_CORRELATION = {"change": np.nan, "crossover": np.nan}
# Rules that throw doubt on a figure; rows that break one are "flagged".
SUSPICIONS = frozenset(plausibility.NAMES)
P_VALUE = r"[<>=]?\s*(0?\.\d+|0|1(\.0+)?|\d(\.\d+)?[eE]-\d+)"


def check(
    trials: pd.DataFrame,
    instruments: pd.DataFrame,
    treatments: pd.DataFrame,
    names: Iterable[str],
    *,
    strata: Mapping[str, Mapping[str, Any]] = NO_STRATA,
    correlation: Mapping[str, float] = NO_CORRELATION,
    limits: Mapping[str, float | None] = plausibility.OFF,
) -> list[Finding]:
    """All findings about the trials table.

    ``instruments`` and ``treatments`` are the registries as text; ``names`` are the node
    columns of the treatment map in use. ``strata`` and ``correlation`` are the config's,
    ``limits`` its thresholds of plausibility. Runs every rule even when some fail.
    """
    value = derive.numbers_of(trials, correlation)
    scales = instruments.drop_duplicates("instrument").set_index("instrument")
    for side, if_blank in (("min", 0.0), ("max", 100.0)):
        bound = trials["instrument"].map(to_number(scales[side])).astype(float)
        value[f"_{side}"] = bound.mask(trials["instrument"] == "", if_blank)
    value["_outcome"] = trials["instrument"].map(scales["outcome"])
    value["_higher_is"] = trials["instrument"].map(scales["higher_is"]).astype(object)
    value["_higher_is"] = value["_higher_is"].fillna("worse")
    known = treatments["reported"].tolist()
    listed = treatments.drop_duplicates("reported").set_index("reported")
    # As text even if none is known: pandas would make numbers of a column of blanks.
    nodes = trials["treatment"].map(listed[next(iter(names))]).astype("str")
    value["_node"] = nodes.fillna(trials["treatment"])
    value["_role"] = trials["treatment"].map(listed["kind"]).astype(object).fillna("")
    value = value.join(derive.attempt(value))
    rules = [
        *_cell_rules(),
        *_name_rules(instruments["instrument"].tolist(), known),
        *_range_rules(),
        *_row_rules(strata),
        *_study_rules(strata),
        *plausibility.rules(limits),
    ]
    return _run(rules, trials, value, _suggest(instruments["instrument"].tolist(), known))


def check_registries(
    treatments: pd.DataFrame, instruments: pd.DataFrame, maps: Iterable[str]
) -> list[Finding]:
    """Findings about treatments.csv and instruments.csv: blanks, doubles, bad choices, one
    node with two kinds, a range that is not one."""
    findings = []

    def say(table: pd.DataFrame, bad: pd.Series, column: str, rule: str, hint: str) -> None:
        for _, row in table[bad.fillna(False).astype(bool)].iterrows():
            findings.append(
                Finding("error", row[FILE], rule, hint, int(row[ROW]), column, row[column])
            )

    for table, name in ((treatments, "treatments"), (instruments, "instruments")):
        key = table.columns[0] if len(table) else None
        for field in TABLES[name]:
            cell = table[field.name]
            if field.required:
                say(table, cell == "", field.name, "required", f"Fill in: {field.meaning}.")
            if field.choices:
                say(
                    table,
                    (cell != "") & ~cell.isin(field.choices),
                    field.name,
                    "choice",
                    f"Use one of: {', '.join(field.choices)}.",
                )
            if field.kind == "number":
                say(table, (cell != "") & ~is_number(cell), field.name, "number", "Not a number.")
        if key:
            first = TABLES[name][0].name
            say(
                table,
                table[first].duplicated() & (table[first] != ""),
                first,
                "duplicate_name",
                "The name stands twice; keep one line.",
            )
    low, high = to_number(instruments["min"]), to_number(instruments["max"])
    say(instruments, low >= high, "max", "range", "The range ends before it begins.")
    for node in (column for column in maps if column in treatments):
        say(treatments, treatments[node] == "", node, "required", "Name the node it counts as.")
        for column in ("class", "modality", "kind"):
            spread = treatments.groupby(node)[column].transform("nunique") > 1
            say(
                treatments,
                spread & ~treatments.duplicated(node),
                column,
                "node_conflict",
                f"Lines of this node give different values of {column}; make them agree.",
            )
    return findings


def _run(rules: list[Rule], text: pd.DataFrame, value: pd.DataFrame, suggest) -> list[Finding]:
    """Let pandera find the rows that break each rule; say so cell by cell."""
    by_name = {rule.name: rule for rule in rules}
    schema = pa.DataFrameSchema(
        checks=[
            pa.Check(
                lambda frame, rule=rule: ~rule.broken(text, frame).fillna(False).astype(bool),
                name=rule.name,
                error=rule.name,
            )
            for rule in rules
        ]
    )
    try:
        schema.validate(value, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.drop_duplicates(["check", "index"])
    else:
        return []
    findings = []
    for case in cases.itertuples():
        if case.check not in by_name or pd.isna(case.index):
            raise RuntimeError(f"a validation rule failed to run: {case.check} {case.failure_case}")
        rule, row = by_name[case.check], text.loc[case.index]
        level = "warning" if row[EXCLUDED] else rule.level
        cell = str(row[rule.column]) if rule.column in text else ""
        evidence, proposal = rule.evidence(case.index)
        findings.append(
            Finding(
                level,
                row[FILE],
                rule.name,
                rule.hint + suggest(rule, cell),
                row=row[ROW],
                column=rule.column,
                value=cell,
                study=row["study"],
                evidence=evidence,
                proposal=proposal,
            )
        )
    return findings


def _suggest(instruments: list[str], treatments: list[str]):
    choices = {field.name: field.choices for field in TRIALS if field.choices}

    def suggest(rule: Rule, cell: str) -> str:
        if rule.name.startswith("unknown_instrument"):
            return nearest(cell, instruments)
        if rule.name.startswith("unknown_treatment"):
            return nearest(cell, treatments)
        if rule.name.startswith("choice_"):
            return nearest(cell, choices[rule.column])
        return ""

    return suggest


def _cell_rules() -> list[Rule]:
    """Types and choices of single cells."""
    rules = []
    for field in TRIALS:
        name = field.name
        if field.required:
            rules.append(
                Rule(
                    f"required_{name}",
                    "error",
                    name,
                    f"Fill in {name}: {field.meaning}.",
                    lambda text, value, name=name: text[name] == "",
                )
            )
        if field.kind == "number":
            rules.append(
                Rule(
                    f"number_{name}",
                    "error",
                    name,
                    "Not a number. Write digits with a decimal point, no unit, no text; "
                    "put remarks into note.",
                    lambda text, value, name=name: (text[name] != "") & ~is_number(text[name]),
                )
            )
        if field.choices:
            rules.append(
                Rule(
                    f"choice_{name}",
                    "error",
                    name,
                    f"Use one of: {', '.join(field.choices)}.",
                    lambda text, value, name=name, allowed=field.choices: (
                        (text[name] != "") & ~text[name].isin(allowed)
                    ),
                )
            )
    rules.append(
        Rule(
            "p_value_format",
            "error",
            "p_value",
            "Write 0.03, <0.05 or 1e-4; 'NS' is unusable.",
            lambda text, value: (text["p_value"] != "") & ~text["p_value"].str.fullmatch(P_VALUE),
        )
    )
    return rules


def _name_rules(instruments: list[str], treatments: list[str]) -> list[Rule]:
    """Names that must be in the registries."""
    return [
        Rule(
            "unknown_instrument",
            "error",
            "instrument",
            "Not in config/instruments.csv; correct it or add a line with its range.",
            lambda text, value: (text["instrument"] != "") & ~text["instrument"].isin(instruments),
        ),
        Rule(
            "no_instrument",
            "warning",
            "instrument",
            "Blank: read as 0-100 points, higher is worse. Name the instrument.",
            lambda text, value: text["instrument"] == "",
        ),
        *(
            Rule(
                f"unknown_{column}" if column == "treatment" else "unknown_treatment_comparator",
                "error",
                column,
                "Not in config/treatments.csv; correct it or add a line that says its node.",
                lambda text, value, column=column: (
                    (text[column] != "") & ~text[column].isin(treatments)
                ),
            )
            for column in ("treatment", "comparator")
        ),
    ]


def _range_rules() -> list[Rule]:
    """Numbers within what they can be."""

    def outside(column: str, low: float, high: float, name: str, hint: str) -> Rule:
        return Rule(
            name,
            "error",
            column,
            hint,
            lambda text, value: (value[column] < low) | (value[column] > high),
        )

    def beyond_scale(column: str) -> Rule:
        def broken(text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
            final = value["measure"].eq("final") | (column == "baseline_mean")
            span = value["_max"] - value["_min"]
            inside = value[column].between(value["_min"] - 1e-9, value["_max"] + 1e-9)
            bad = np.where(final, ~inside, value[column].abs() > span + 1e-9)
            return pd.Series(bad, value.index) & value[column].notna() & span.notna()

        level = "warning" if column == "baseline_mean" else "error"
        return Rule(
            f"range_{column}",
            level,
            column,
            "Outside the instrument's range in config/instruments.csv: another scale, "
            "a slipped digit, or a change entered as final?",
            broken,
        )

    def span(value: pd.DataFrame) -> pd.Series:
        return value["_max"] - value["_min"]

    return [
        outside("n", 2, np.inf, "n_at_least_2", "An arm needs at least 2 analysed participants."),
        outside(
            "n_comparator",
            2,
            np.inf,
            "n_comparator_at_least_2",
            "The comparator needs at least 2 analysed participants.",
        ),
        Rule(
            "n_whole",
            "warning",
            "n",
            "Not a whole number of people.",
            lambda text, value: value["n"].notna() & (value["n"] % 1 != 0),
        ),
        Rule(
            "sd_positive",
            "error",
            "sd",
            "A standard deviation is above 0; blank if unknown.",
            lambda text, value: value["sd"] <= 0,
        ),
        Rule(
            "se_positive",
            "error",
            "se",
            "A standard error is above 0; blank if unknown.",
            lambda text, value: value["se"] <= 0,
        ),
        Rule(
            "sd_beyond_range",
            "error",
            "sd",
            "Larger than the whole instrument: another scale, or a slipped digit?",
            lambda text, value: value["sd"] > span(value),
        ),
        *(beyond_scale(c) for c in ("mean", "median", "q1", "q3", "baseline_mean")),
        outside("weeks", 0, 2000, "weeks_range", "Weeks from randomisation, 0 or more."),
        outside("pain_weeks", 0, 5000, "pain_weeks_range", "Weeks of pain at entry, 0 or more."),
        outside("year", 1900, 2100, "year_range", "A year of publication."),
        outside("ci_level", 50, 99.99, "ci_level_range", "In percent: 95, not 0.95."),
        outside("icc", 0, 1, "icc_range", "An intracluster correlation lies in 0 to 1."),
        outside("cluster_size", 1, np.inf, "cluster_size_range", "At least 1 person a cluster."),
        outside("pedro", 0, 10, "pedro_range", "PEDro runs from 0 to 10."),
    ]


def _row_rules(strata: Mapping[str, Mapping[str, Any]]) -> list[Rule]:
    """Cells of one row against each other."""

    def duration_conflict(text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        weeks, word = by_weeks(text, strata), by_word(text, strata)
        return (weeks != "") & (word != "") & (weeks != word) & (text["duration"] != "mixed")

    def insufficient(text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        return value["_problem"].str.startswith("no ") & ~_common_arm(text)

    return [
        Rule(
            "ci_order",
            "error",
            "ci_low",
            "The lower limit is above the upper one; swap them.",
            lambda text, value: value["ci_low"] > value["ci_high"],
        ),
        Rule(
            "quartile_order",
            "error",
            "median",
            "Quartiles and median must be in order.",
            lambda text, value: (
                (value["q1"] > value["median"])
                | (value["median"] > value["q3"])
                | (value["q1"] > value["q3"])
            ),
        ),
        Rule(
            "no_comparator",
            "error",
            "comparator",
            "A difference needs its comparator.",
            lambda text, value: (text["measure"] == "difference") & (text["comparator"] == ""),
        ),
        Rule(
            "needless_comparator",
            "error",
            "comparator",
            "Only a difference has a comparator; set measure to difference or clear the cell.",
            lambda text, value: (text["measure"] != "difference") & (text["comparator"] != ""),
        ),
        Rule(
            "same_comparator",
            "error",
            "comparator",
            "A difference of a treatment with itself.",
            lambda text, value: (
                (text["comparator"] != "") & (text["comparator"] == text["treatment"])
            ),
        ),
        Rule(
            "duration_conflict",
            "warning",
            "pain_weeks",
            "pain_weeks and duration disagree; pain_weeks is followed.",
            duration_conflict,
        ),
        Rule(
            "no_duration",
            "warning",
            "duration",
            "Neither duration nor pain_weeks: the row belongs to no stratum and is left out.",
            lambda text, value: (text["duration"] == "") & value["pain_weeks"].isna(),
        ),
        Rule(
            "insufficient",
            "warning",
            "mean",
            "Not enough to give a mean and its spread; the row can be used only if an SD can be "
            "imputed. Needed: mean with sd, se or ci and n; median with quartiles and n; "
            "difference with se, ci or p.",
            insufficient,
        ),
        Rule(
            "outcome_mismatch",
            "error",
            "outcome",
            "The instrument measures another outcome in config/instruments.csv; correct one.",
            lambda text, value: (
                text["outcome"].ne("")
                & value["_outcome"].notna()
                & text["outcome"].ne(value["_outcome"])
            ),
        ),
        Rule(
            "crossover_arm",
            "warning",
            "period",
            "Arms of a crossover trial without a period are read as parallel arms, which is right "
            "for the first period and cautious for both. Say period = first or both (then paired "
            "with the correlation), or enter a difference with its paired se.",
            lambda text, value: (
                text["design"].eq("crossover")
                & text["measure"].ne("difference")
                & text["period"].eq("")
            ),
        ),
        Rule(
            "cluster_unadjusted",
            "warning",
            "design",
            "Cluster trial: give cluster_size and icc, or adjusted = yes; else it is left out.",
            lambda text, value: (
                text["design"].eq("cluster")
                & text["adjusted"].ne("yes")
                & (value["cluster_size"].isna() | value["icc"].isna())
            ),
        ),
    ]


def _study_rules(strata: Mapping[str, Mapping[str, Any]]) -> list[Rule]:
    """Rows of one study against each other, and against others on their instrument."""
    arm = ["study", "outcome", "instrument", "weeks", "measure"]

    def duplicate(text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        columns = [f.name for f in TRIALS if f.name not in ("note", "source", "doi", "doubt")]
        return text.duplicated(columns, keep="first")

    def one_arm(text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        arms = pd.concat(
            [
                text[["study", "treatment"]],
                text[["study", "comparator"]].set_axis(["study", "treatment"], axis=1),
            ]
        )
        arms = arms[arms["treatment"] != ""].drop_duplicates()
        alone = arms.groupby("study").size()
        first = ~text.duplicated("study") & text["study"].ne("")
        return first & text["study"].map(alone).eq(1)

    def same_treatment(text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        keys = value[[*arm, "_node", "comparator"]]
        return keys.duplicated(keep="first") & ~duplicate(text, value)

    def restated(text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        keys = text[[*arm, "treatment", "comparator", "n"]]
        return keys.duplicated(keep="first") & ~duplicate(text, value)

    def mixed(text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        kinds = measure_kind(text["measure"]).mask(_common_arm(text), None)
        kinds = kinds.groupby([text["study"], text["outcome"]])
        return (kinds.transform("nunique") > 1) & ~text.duplicated(["study", "outcome"])

    def split_study(text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        found = assign(text, strata)
        spread = found.where(found != "").groupby(text["study"]).transform("nunique") > 1
        return spread & ~text.duplicated("study")

    def label_twice(text: pd.DataFrame, value: pd.DataFrame) -> pd.Series:
        folded = text["study"].str.casefold().str.replace(r"\W+", "", regex=True)
        spellings = text["study"].groupby(folded).transform("nunique")
        return (spellings > 1) & ~text.duplicated("study")

    return [
        Rule(
            "duplicate_row",
            "error",
            "study",
            "The same row is entered twice; delete one.",
            duplicate,
        ),
        Rule(
            "one_arm",
            "error",
            "study",
            "The study has one arm only, so it compares nothing: add the other arm, check the "
            "spelling of the label, or declare it in data/exclusions.csv.",
            one_arm,
        ),
        Rule(
            "same_treatment",
            "warning",
            "treatment",
            "Two arms of this study count as the same treatment; they are combined.",
            same_treatment,
        ),
        Rule(
            "restated_arm",
            "warning",
            "treatment",
            "The same arm with the same n stands twice with different figures; keep one.",
            restated,
        ),
        Rule(
            "mixed_measures",
            "warning",
            "measure",
            "The study mixes finals, changes and differences; one kind is used (final first).",
            mixed,
        ),
        Rule(
            "two_strata",
            "error",
            "duration",
            "Rows of one study lie in different strata of pain duration; a study belongs "
            "to one stratum.",
            split_study,
        ),
        Rule(
            "label_spelling",
            "warning",
            "study",
            "Another study has the same label but for case, blanks or signs; one trial?",
            label_twice,
        ),
    ]


def _common_arm(text: pd.DataFrame) -> pd.Series:
    """Rows that only give the standard error of the common arm of a study's differences."""
    against = set(zip(text["study"], text["comparator"], strict=True))
    own = pd.Series(list(zip(text["study"], text["treatment"], strict=True)), index=text.index)
    blank = text["mean"].eq("") & text["median"].eq("") & text["se"].ne("")
    return blank & text["measure"].ne("difference") & own.isin(against)
