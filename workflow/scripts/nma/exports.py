"""How the field's tools lay out trials: the known column names, and RevMan's own structure.

A layout says which columns give it away and what each column is in ``contract.TRIALS``.
The names are facts of the documentation cited above each entry. ``layout.arrange`` turns a
sheet so recognised into rows of the contract.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isclose
from typing import NamedTuple

from nma.findings import Finding
from nma.tables import NUMBER

# Cells that stand for "no figure" in what R and RevMan write.
MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "nan", "nr", "not reported", "not available", "null", "missing")
) | frozenset((".", "-", "--", "\u2013", "\u2014"))

# CINeMA's three levels and the words of the Cochrane tools; "unclear" is its middle level.
ROB = (
    dict.fromkeys(("1", "l", "low", "low risk", "low risk of bias"), "low")
    | dict.fromkeys(("2", "u", "m", "unclear", "unclear risk", "medium"), "some_concerns")
    | dict.fromkeys(("moderate", "some concerns", "unclear risk of bias"), "some_concerns")
    | dict.fromkeys(("3", "h", "high", "high risk", "high risk of bias"), "high")
)

DIFFERENCE, DIFFERENCE_SE = "_difference", "_difference_se"  # beside the arms' mean and se
ARMS_ARE_USED = "not used: the arms' own figures are"


class Sheet(NamedTuple):
    """A grid: its label, column names and (spreadsheet row, cells)."""

    file: str
    header: list[str]
    rows: list[tuple[int, list[str]]]


def fold(name: str) -> str:
    """A column name without case, blanks, underscores and dots: "Std.Dev" is "stddev"."""
    return re.sub(r"[\s_.]+", "", name).casefold()


def is_missing(cell: str) -> bool:
    """True for a blank or a word that says that there is no figure."""
    return cell.strip().casefold() in MISSING


@dataclass(frozen=True)
class Layout:
    """One way to lay out trials.

    ``shape``: "rows" (an arm a row), "pairs" (two arms or their difference a row) or "wide"
    (a study a row). ``needs``: of every group one column must be there; ``lacks``: none of
    these may be. ``columns``: column -> "contract column", with the arm after a blank, or
    "-" and why it is not used; of two columns for one place the first wins. ``values``
    recode a contract column. ``prepare`` rewrites the sheet, ``joins`` names the columns
    that it gathers into ``source``, ``adds`` the columns that it adds. ``repeats``: an arm
    stands again in every comparison of its trial.
    """

    name: str
    shape: str
    needs: tuple[tuple[str, ...], ...]
    columns: Mapping[str, str]
    lacks: tuple[str, ...] = ()
    when: Callable[[Sheet], bool] = lambda sheet: True
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    prepare: Callable[[Sheet], tuple[Sheet, list[Finding]]] = lambda sheet: (sheet, [])
    joins: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    repeats: bool = False
    tool: bool = True

    def fits(self, sheet: Sheet) -> bool:
        """True if the sheet has the columns that give this layout away."""
        names = {fold(name) for name in sheet.header}
        return (
            all(any(fold(name) in names for name in group) for group in self.needs)
            and not any(fold(name) in names for name in self.lacks)
            and self.when(sheet)
        )


def column_of(sheet: Sheet, *names: str) -> list[str] | None:
    """Cells of the first of these columns that the sheet has, None if it has none."""
    folded = [fold(name) for name in sheet.header]
    for name in names:
        if fold(name) in folded:
            position = folded.index(fold(name))
            return [cells[position] for _, cells in sheet.rows]
    return None


# ---- RevMan ----------------------------------------------------------------------------

ANALYSIS = "Analysis"  # the column that says which analysis of the review a row is from
RM5_NAMES = ("Comparison Name", "Outcome Name", "Subgroup Name")
MEAN_DIFFERENCE = ("md", "meandifference", "wmd")
FIGURE_OF_AN_ARM = re.compile(r"(experimental|control)(mean|sd)|(mean|sd)[12]")
FIGURES_OF_A_PAIR = ("givmean", "givse", "effectestimate", "se")


def _unroll_revman5(sheet: Sheet) -> tuple[Sheet, list[Finding]]:
    """Study rows only, with the names and settings of the heading rows above them.

    A comparison has outcome number 0; the first row of an outcome and of a subgroup holds
    their settings and pooled results and has a data type, which study rows lack.
    """
    at = {fold(name): i for i, name in reversed(list(enumerate(sheet.header)))}
    settings = ("datatype", "effectmeasure", "grouplabel1", "grouplabel2")
    carried = [at[name] for name in settings if name in at]
    totals = [at[name] for name in ("total1", "total2") if name in at]
    comparison = outcome = subgroup = ""
    heading: list[str] = []
    seen, rows = set(), []
    for row, cells in sheet.rows:
        cells = list(cells)
        numbers = [cells[at[fold(f"{of} Number")]] for of in ("Comparison", "Outcome", "Subgroup")]
        name, analysis = cells[at["name"]], tuple(numbers[:2])
        if numbers[1] in ("", "0"):
            comparison = name
        elif analysis not in seen:
            seen.add(analysis)
            outcome, subgroup, heading = name, "", cells
        elif cells[at["datatype"]]:
            subgroup = name
        else:
            for position in carried:
                cells[position] = cells[position] or heading[position]
            for position in totals:  # a total of 1,024 people is never a decimal
                cells[position] = re.sub(r"(?<=\d),(?=\d{3}\b)", "", cells[position])
            below = subgroup if numbers[2] not in ("", "0") else ""
            label = _label(numbers, comparison, outcome, below)
            rows.append((row, [*cells, comparison, outcome, below, label]))
    made = Sheet(sheet.file, [*sheet.header, *RM5_NAMES, ANALYSIS], rows)
    return _means_only(made, _kind_in_revman5)


def _label_data_rows(sheet: Sheet) -> tuple[Sheet, list[Finding]]:
    """Rows with a mean or a difference, each with the analysis that it is from."""
    parts = [
        column_of(sheet, name) or [""] * len(sheet.rows)
        for name in ("Analysis group", "Analysis number", "Analysis name", "Subgroup")
    ]
    labels = [
        _label([group, number, ""], "", name, subgroup)
        for group, number, name, subgroup in zip(*parts, strict=True)
    ]
    rows = [(row, [*cells, label]) for (row, cells), label in zip(sheet.rows, labels, strict=True)]
    return _means_only(Sheet(sheet.file, [*sheet.header, ANALYSIS], rows), _kind_in_data_rows)


def _label(numbers: list[str], comparison: str, outcome: str, subgroup: str) -> str:
    number = ".".join(part for part in numbers if part not in ("", "0"))
    names = "; ".join(part for part in (comparison, outcome, subgroup) if part)
    return f"analysis {number} {names}".strip()


def _kind_in_revman5(row: Mapping[str, str]) -> str:
    """means, difference, difference? (of what is not said), or a word for what is left out."""
    told = fold(row["datatype"])
    if told.startswith("con"):
        return "means"
    if told.startswith(("dic", "bin")):
        return "dichotomous"
    if not told.startswith(("iv", "giv", "inv", "gen")):
        return f"'{row['datatype']}'" if told else "untyped"
    effect = row.get("effectmeasure", "")
    if fold(effect) in MEAN_DIFFERENCE:
        return "difference"
    return effect or "difference?"


def _kind_in_data_rows(row: Mapping[str, str]) -> str:
    """As ``_kind_in_revman5``; these rows say nothing of their type but what they fill."""

    def filled(*names: str) -> bool:
        cells = [row.get(name, "") for name in names]
        return any(not is_missing(cell) and _value(cell) != 0 for cell in cells)

    if filled("experimentalmean", "controlmean", "experimentalsd", "controlsd"):
        return "means"
    given = not is_missing(row.get("givmean", ""))
    if filled("experimentalcases", "controlcases"):
        return "dichotomous"
    if not given:
        counted = not is_missing(row.get("experimentalcases", ""))
        return "dichotomous" if counted else "figureless"
    shown, entered = _value(row.get("mean", "")), _value(row["givmean"])
    if None not in (shown, entered) and not isclose(shown, entered, rel_tol=1e-3, abs_tol=1e-4):
        return "log-scale"  # forest plots show the ratio, GIV columns its logarithm
    return "difference?"


def _value(cell: str) -> float | None:
    return float(cell) if re.fullmatch(NUMBER, cell) else None


def _means_only(
    sheet: Sheet, kind_of: Callable[[Mapping[str, str]], str]
) -> tuple[Sheet, list[Finding]]:
    """Rows with means or a mean difference; one warning for each analysis of another kind.

    RevMan fills what does not apply with 0 or with results of its own; such cells are
    blanked, so that a row states either two means or one difference.
    """
    names = [fold(name) for name in sheet.header]
    of_arms = [i for i, name in enumerate(names) if FIGURE_OF_AN_ARM.fullmatch(name)]
    of_pair = [i for i, name in enumerate(names) if name in FIGURES_OF_A_PAIR]
    kept: list[tuple[int, list[str]]] = []
    left: dict[tuple[str, str], list[int]] = {}
    assumed: dict[str, list[int]] = {}
    for row, cells in sheet.rows:
        kind, label = kind_of(dict(zip(names, cells, strict=True))), cells[-1]
        if kind not in ("means", "difference", "difference?"):
            left.setdefault((label, kind), []).append(row)
            continue
        if kind == "difference?":
            assumed.setdefault(label, []).append(row)
        blank = of_pair if kind == "means" else of_arms
        kept.append((row, ["" if i in blank else cell for i, cell in enumerate(cells)]))
    findings = [
        _about(sheet, "not_a_mean", rows[0], label,
               f"{len(rows)} {kind} rows are left out: only means and mean differences are used.")
        for (label, kind), rows in left.items()
    ] + [
        _about(sheet, "difference_assumed", rows[0], label,
               f"{len(rows)} generic inverse variance rows are read as mean differences in the "
               "instrument's units; exclude them if they are standardised or ratios.")
        for label, rows in assumed.items()
    ]  # fmt: skip
    return sheet._replace(rows=kept), findings


def _about(sheet: Sheet, rule: str, row: int, label: str, hint: str) -> Finding:
    return Finding("warning", sheet.file, rule, f"{label}: {hint}", row)


# ---- differences from a baseline row -----------------------------------------------------


def _one_row_without_y(sheet: Sheet) -> bool:
    """True if every study has one row without y beside rows that have one.

    That is how multinma marks the baseline arm that the others' y are differences from.
    """
    study = column_of(sheet, *STUDY_NAMES)
    y = column_of(sheet, "y")
    if not study or y is None:
        return False
    blanks: dict[str, list[bool]] = {}
    for label, cell in zip(study, y, strict=True):
        blanks.setdefault(label, []).append(is_missing(cell))
    return all(sum(of_study) == 1 and len(of_study) > 1 for of_study in blanks.values())


# ---- the layouts, in the order in which they are tried -------------------------------------

POOLED = "-a result or a setting of the pairwise analysis"
EVENTS = "-only means are used"
INDIRECTNESS = "-indirectness is not judged by trial here"
STUDY_NAMES = ("studyc", "study", "studlab", "studyn", "id")
RM5_RESULTS = (
    *("Statistical Method", "Analysis Model", "Totals", "Study Confidence Interval"),
    *("Total Confidence Interval", "Test for subgroup differences", "Swap event and non-event"),
    *("O-E", "Var", "CI Start", "CI End", "Weight", "Q", "P(Q)", "I²(Q)", "Tau²", "Z", "P(Z)"),
    *("Qint", "P(Qint)", "I²(Qint)", "df", "Left Graph Label", "Right Graph Label"),
    *("User defined order", "Entered data are on log scale (Generic Inverse Variance only)"),
    "Enter number of participants (Generic Inverse Variance, for display only)",
)
REVMAN_ROB = dict.fromkeys(
    (
        "Overall risk of bias",
        "Overall bias",
        "Overall risk of bias judgement",
        "Overall bias judgement",
        "Domain (judgement): Overall bias",
    ),
    "rob",
)

LAYOUTS: tuple[Layout, ...] = (
    # RevMan 5, File > Export > Data and analyses: R package meta, help of read.rm5 and its
    # example file Fleiss93_CR.csv.
    Layout(
        "RevMan 5",
        "pairs",
        needs=(
            ("Comparison Number",),
            ("Outcome Number",),
            ("Subgroup Number",),
            ("Name",),
            ("Data Type",),
        ),
        columns={
            "Name": "study",
            "Year of study": "year",
            **{f"Group Label {arm}": f"treatment {arm}" for arm in (1, 2)},
            **{f"Mean {arm}": f"mean {arm}" for arm in (1, 2)},
            **{f"SD {arm}": f"sd {arm}" for arm in (1, 2)},
            **{f"Total {arm}": f"n {arm}" for arm in (1, 2)},
            "Effect Estimate": DIFFERENCE,
            "SE": DIFFERENCE_SE,
            ANALYSIS: "source",
            **REVMAN_ROB,
            **{f"Events {arm}": EVENTS for arm in (1, 2)},
            "Data Type": "-it says which rows hold means",
            "Effect Measure": "-it says which rows hold mean differences",
            **dict.fromkeys(RM5_RESULTS, POOLED),
        },
        values={"rob": ROB},
        prepare=_unroll_revman5,
        joins=("Comparison Number", "Outcome Number", "Subgroup Number", *RM5_NAMES),
        adds=(*RM5_NAMES, ANALYSIS),
    ),
    # Cochrane data package, <review>-data-rows.csv: "Data package specification" in the
    # RevMan knowledge base; R package meta, read.cdir. Arm names are in another file of it.
    Layout(
        "RevMan data rows",
        "pairs",
        needs=(
            ("Analysis group",),
            ("Analysis number",),
            ("Study",),
            ("Experimental mean", "GIV Mean", "Experimental cases"),
        ),
        columns={
            "Study": "study",
            "Study year": "year",
            "Experimental intervention": "treatment 1",
            "Control intervention": "treatment 2",
            "Experimental group label": "treatment 1",
            "Control group label": "treatment 2",
            "Experimental mean": "mean 1",
            "Experimental SD": "sd 1",
            "Experimental N": "n 1",
            "Control mean": "mean 2",
            "Control SD": "sd 2",
            "Control N": "n 2",
            "GIV Mean": DIFFERENCE,
            "GIV SE": DIFFERENCE_SE,
            "Footnotes": "note",
            ANALYSIS: "source",
            **REVMAN_ROB,
            "Experimental cases": EVENTS,
            "Control cases": EVENTS,
            **dict.fromkeys(
                ("O-E", "Variance", "Weight", "Mean", "CI start", "CI end", "Applicability"),
                POOLED,
            ),
        },
        values={"rob": ROB},
        prepare=_label_data_rows,
        joins=("Analysis group", "Analysis number", "Analysis name", "Subgroup"),
        adds=(ANALYSIS,),
    ),
    # R package netmeta, value of pairwise(): TE and seTE of treat1 minus treat2, and the
    # arms' n, mean, sd (or, for generic outcomes, their TE and seTE).
    Layout(
        "netmeta pairwise",
        "pairs",
        needs=(
            ("treat1",),
            ("treat2",),
            ("TE",),
            ("seTE",),
            ("mean1", "TE1"),
            ("mean2", "TE2"),
        ),
        columns={
            "studlab": "study",
            **{f"treat{arm}": f"treatment {arm}" for arm in (1, 2)},
            **{f"n{arm}": f"n {arm}" for arm in (1, 2)},
            **{f"mean{arm}": f"mean {arm}" for arm in (1, 2)},
            **{f"TE{arm}": f"mean {arm}" for arm in (1, 2)},
            **{f"sd{arm}": f"sd {arm}" for arm in (1, 2)},
            **{f"seTE{arm}": f"se {arm}" for arm in (1, 2)},
            "TE": DIFFERENCE,
            "seTE": DIFFERENCE_SE,
        },
        repeats=True,
    ),
    # R package netmeta, arguments of netmeta() and its data set Senn2013.
    Layout(
        "netmeta contrasts",
        "pairs",
        needs=(("treat1",), ("treat2",), ("TE",), ("seTE",)),
        columns={
            "studlab": "study",
            **{f"treat{arm}": f"treatment {arm}" for arm in (1, 2)},
            **{f"n{arm}": f"n {arm}" for arm in (1, 2)},
            "TE": DIFFERENCE,
            "seTE": DIFFERENCE_SE,
        },
    ),
    # CINeMA, documentation of the data formats: inverse variance; effect of t1 against t2.
    Layout(
        "CINeMA contrasts",
        "pairs",
        needs=(("t1",), ("t2",), ("effect",), ("se",)),
        columns={
            "study": "study",
            "id": "study",
            **{f"t{arm}": f"treatment {arm}" for arm in (1, 2)},
            **{f"n{arm}": f"n {arm}" for arm in (1, 2)},
            "effect": DIFFERENCE,
            "se": DIFFERENCE_SE,
            "rob": "rob",
            "indirectness": INDIRECTNESS,
        },
        values={"rob": ROB},
    ),
    # CINeMA, continuous wide: a row for each comparison, so arms of larger trials repeat.
    Layout(
        "CINeMA wide",
        "pairs",
        needs=(
            ("study", "id"),
            *((f"{name}{arm}",) for arm in (1, 2) for name in ("t", "y", "sd", "n")),
            ("rob",),
        ),
        lacks=("t3",),
        columns={
            "study": "study",
            "id": "study",
            **{f"t{arm}": f"treatment {arm}" for arm in (1, 2)},
            **{f"y{arm}": f"mean {arm}" for arm in (1, 2)},
            **{f"sd{arm}": f"sd {arm}" for arm in (1, 2)},
            **{f"n{arm}": f"n {arm}" for arm in (1, 2)},
            "rob": "rob",
            "indirectness": INDIRECTNESS,
        },
        values={"rob": ROB},
        repeats=True,
    ),
    # CINeMA, continuous long.
    Layout(
        "CINeMA long",
        "rows",
        needs=(("study", "id"), ("t",), ("y",), ("sd",), ("n",), ("rob",)),
        columns={
            "study": "study",
            "id": "study",
            "t": "treatment",
            "y": "mean",
            "rob": "rob",
            "indirectness": INDIRECTNESS,
        },
        values={"rob": ROB},
    ),
    # R package gemtc, help of mtc.network: data.re; diff is NA in the baseline row, whose
    # std.err is the standard error of the baseline arm's own mean.
    Layout(
        "gemtc relative effects",
        "rows",
        needs=(("study",), ("treatment",), ("diff",), ("std.err",)),
        columns={
            "std.err": "se",
            "std.dev": "sd",
            "sampleSize": "n",
            "diff": DIFFERENCE,
        },
    ),
    # R package gemtc, help of mtc.network and mtc.model: data.ab of a normal likelihood.
    Layout(
        "gemtc arms",
        "rows",
        needs=(("study",), ("treatment",), ("mean",), ("std.err", "std.dev", "sampleSize")),
        columns={"std.err": "se", "std.dev": "sd", "sampleSize": "n"},
    ),
    # R package multinma, help of set_agd_contrast: y is NA in the baseline row, whose se is
    # that of the baseline arm's own mean.
    Layout(
        "multinma contrasts",
        "rows",
        needs=(
            ("studyc", "studyn", "study"),
            ("trtc", "trt", "trtn", "treatment"),
            ("y",),
            ("se",),
        ),
        lacks=("mean", "diff", "sd"),
        when=_one_row_without_y,
        columns={
            **dict.fromkeys(("studyc", "study", "studyn"), "study"),
            **dict.fromkeys(("trtc", "trt", "treatment", "trtn"), "treatment"),
            "y": DIFFERENCE,
            "se": DIFFERENCE_SE,
            "n": "n",
            "sample_size": "n",
            "trt_class": "-classes are in config/treatments.csv",
        },
    ),
    # R package multinma, help of set_agd_arm and set_agd_contrast and its data set
    # parkinsons, which holds both forms.
    Layout(
        "multinma arms",
        "rows",
        needs=(
            ("studyc", "studyn", "study"),
            ("trtc", "trt", "trtn", "treatment"),
            ("y", "diff"),
            ("se", "se_diff", "sd"),
        ),
        lacks=("mean",),
        columns={
            **dict.fromkeys(("studyc", "study", "studyn"), "study"),
            **dict.fromkeys(("trtc", "trt", "treatment", "trtn"), "treatment"),
            "y": "mean",
            "n": "n",
            "sample_size": "n",
            "diff": DIFFERENCE,
            "se_diff": DIFFERENCE_SE,
            "trt_class": "-classes are in config/treatments.csv",
        },
    ),
    # R package netmeta, arguments of pairwise() for data with an arm a row.
    Layout(
        "netmeta arms",
        "rows",
        needs=(
            ("studlab", "study"),
            ("treat", "treatment"),
            ("mean", "TE"),
            ("sd", "se", "seTE"),
            ("studlab", "treat", "TE"),
        ),
        columns={
            "studlab": "study",
            "treat": "treatment",
            "mean": "mean",
            "TE": "mean",
            "se": "se",
            "seTE": "se",
        },
    ),
)

WIDE = Layout("wide", "wide", needs=(), columns={}, tool=False)
LONG = Layout("long", "rows", needs=(), columns={}, tool=False)

# Columns of arms, and what sheets with a study a row call them before the arm's number.
ARM_NAMES = {
    **dict.fromkeys(("treatment", "treat", "trt", "t", "arm", "intervention"), "treatment"),
    **dict.fromkeys(("mean", "y", "m"), "mean"),
    **dict.fromkeys(("sd", "std.dev"), "sd"),
    **dict.fromkeys(("se", "std.err"), "se"),
    **dict.fromkeys(("n", "samplesize"), "n"),
    **{
        name: name
        for name in (
            *("ci_low", "ci_high", "median", "q1", "q3", "min", "max"),
            *("baseline_mean", "baseline_sd", "final_sd", "treatment_weeks"),
        )
    },
}
ARM_COLUMNS = tuple(dict.fromkeys(ARM_NAMES.values()))
_BY_NAME = {fold(name): contract for name, contract in ARM_NAMES.items()}
_ARM_BEFORE = re.compile(r"(?:arm|group|treatment|treat|trt|intervention)(\d{1,2})(.+)")
_ARM_AFTER = re.compile(r"(.*?[^\d\[,])\[?,?([1-9]\d?)\]?")  # also t[,1] of the BUGS tables


def arm_cell(name: str) -> tuple[str, str] | None:
    """(contract column, arm) of a column name such as mean1, sd_2, "n 3" or arm1_mean.

    None if it is no such name; q1 and q3 are quartiles, q1_1 is the quartile of arm 1.
    """
    folded = fold(name)
    for column in ("q1", "q3"):
        rest = folded.removeprefix(column)
        if rest != folded:
            return (column, rest) if re.fullmatch(r"[1-9]\d?", rest) else None
    if (before := _ARM_BEFORE.fullmatch(folded)) and before[2] in {*_BY_NAME, "name"}:
        contract = _BY_NAME.get(before[2], "treatment")
        return contract, str(int(before[1]))
    after = _ARM_AFTER.fullmatch(folded)
    return (_BY_NAME[after[1]], after[2]) if after and after[1] in _BY_NAME else None


def wide(sheet: Sheet, forced: bool = False) -> Layout | None:
    """The layout of a sheet with numbered arms in its columns, None if it is not one.

    Two arms must have a treatment and a mean or median, unless it is ``forced``.
    """
    cells = {name: cell for name in sheet.header if (cell := arm_cell(name))}
    found = set(cells.values())
    two = {"1", "2"} <= {arm for column, arm in found if column == "treatment"}
    figures = {"1", "2"} <= {arm for column, arm in found if column in ("mean", "median")}
    if not (forced or (two and figures)):
        return None
    return replace(WIDE, columns={name: " ".join(cell) for name, cell in cells.items()})
