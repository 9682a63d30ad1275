"""Small valid input tables as text, built from what matters to a test."""

from pathlib import Path
from statistics import NormalDist

import pandas as pd
import yaml

from nma import contract, corrections, tables
from nma.corrections import EXCLUDED
from nma.tables import FILE, ROW

ROOT = Path(__file__).parent.parent


def text_table(rows, name="trials", file=None):
    """Rows (mappings of the cells that are not blank) as a table that was read from a file."""
    columns = [field.name for field in contract.TABLES[name]]
    cells = [{c: str(row.get(c, "")) for c in {**dict.fromkeys(columns), **row}} for row in rows]
    table = pd.DataFrame(
        cells, columns=list(dict.fromkeys([*columns, *(k for r in cells for k in r)]))
    )
    table = table.astype(str)
    table[FILE], table[ROW] = file or f"{name}.csv", range(2, len(table) + 2)
    if name == "trials":
        table[EXCLUDED] = ""
    return table


def arm(study, treatment, n=40, mean=30, sd=20, **more):
    """One row of trials.csv: a final pain score after four weeks of acute pain."""
    row = {"study": study, "treatment": treatment, "n": n, "mean": mean, "sd": sd}
    base = {"duration": "acute", "outcome": "pain", "instrument": "VAS 0-100", "weeks": 4}
    return {**base, "measure": "final", **row, **more}


def contrast(study, treatment, comparator, mean=-10, **more):
    """One row of trials.csv: a difference between final scores."""
    told = {"measure": "difference", "difference_of": "final", "comparator": comparator}
    return arm(study, treatment, mean=mean, **{"n": "", "sd": "", **told, **more})


def valid_trials():
    """Twelve rows, five studies of arms and two of a difference, without any finding."""
    return text_table(
        [
            arm("Adams 2001", "ibuprofen", 40, 30, 20),
            arm("Adams 2001", "placebo", 41, 42, 21),
            arm("Baker 2002", "exercise", 30, 33, 18),
            arm("Baker 2002", "placebo", 31, 40, 23),
            arm("Cole 2003", "ibuprofen", 52, 28, 24),
            arm("Cole 2003", "exercise", 50, 31, 19),
            arm("Dunn 2004", "usual care", 60, 41, 22),
            arm("Dunn 2004", "placebo", 61, 44, 26),
            arm("Evans 2005", "ibuprofen", 25, 3.1, 1.9, measure="improvement",
                instrument="NRS 0-10"),
            arm("Evans 2005", "placebo", 24, 2.2, 2.1, measure="improvement",
                instrument="NRS 0-10"),
            contrast("Frank 2006", "ibuprofen", "placebo", -12, n=30, n_comparator=31, ci_low=-20,
                     ci_high=-4),
            contrast("Gray 2007", "exercise", "usual care", -8, se=3, duration="chronic"),
        ]
    )  # fmt: skip


def edit(trials, edits):
    """A copy with cells {(row, column): text} changed; "copy": row first adds a copy of a row."""
    trials, edits = trials.copy(), dict(edits)
    copied = edits.pop("copy", None)
    if copied:
        extra = trials[trials[ROW] == copied].assign(**{ROW: len(trials) + 2})
        trials = pd.concat([trials, extra], ignore_index=True)
    for (row, column), cell in edits.items():
        trials.loc[trials[ROW] == row, column] = cell
    return trials


def instruments():
    """Scales that differ in range and direction, and one that is no mean pain score."""
    columns = ("instrument", "outcome", "min", "max", "higher_is", "measures")
    lines = [
        ("VAS 0-100", "pain", "0", "100", "worse", "intensity"),
        ("NRS 0-10", "pain", "0", "10", "worse", "intensity"),
        ("NRS 1-11", "pain", "1", "11", "worse", "intensity"),
        ("comfort 0-10", "pain", "0", "10", "better", "intensity"),
        ("relief 0-4", "pain", "0", "4", "better", "relief"),
        ("no range", "pain", "", "", "worse", "intensity"),
        ("RMDQ 0-24", "disability", "0", "24", "worse", "disability"),
    ]
    return text_table([dict(zip(columns, line, strict=True)) for line in lines], "instruments")


def treatments():
    """Reported treatments; two reported NSAIDs and two placebos are one node each."""
    columns = ("reported", "treatment", "class", "modality", "kind", "placebo_kind")
    lines = [
        ("ibuprofen", "NSAID", "NSAID", "drug", "active", ""),
        ("naproxen", "NSAID", "NSAID", "drug", "active", ""),
        ("paracetamol", "paracetamol", "analgesic", "drug", "active", ""),
        ("exercise", "exercise", "exercise", "physical", "active", ""),
        ("usual care", "usual care", "none", "none", "none", ""),
        ("placebo", "placebo", "placebo", "none", "placebo", "pill"),
        ("sham", "placebo", "placebo", "none", "placebo", "sham_manual"),
    ]
    return text_table([dict(zip(columns, line, strict=True)) for line in lines], "treatments")


def nodes():
    """Reported treatment -> node."""
    table = treatments()
    return dict(zip(table["reported"], table["treatment"], strict=True))


def wan_width(n):
    """Half the interquartile range in SDs by Wan 2014, scenario C3."""
    return NormalDist().inv_cdf((0.75 * n - 0.125) / (n + 0.25))


def settings(**changes):
    """What harmonise needs of the config; ``changes`` go on top."""
    window = {"min_weeks": 0.28, "max_weeks": 52, "prefer": ["final", "change", "difference"]}
    base = {"outcome": "pain", "assessment": window, "data": {"keep": {}, "drop": {}}}
    how = {"impute": "pooled", "effect_measure": "md", "smd_sd": None}
    r = {"change": 0.5, "crossover": 0.5}
    return {**base, **how, "correlation": r, **changes}


def committed(name):
    """A table of the repository, by its name in the contract."""
    folder = "config" if name in ("treatments", "instruments", "certainty") else "data"
    return tables.read_input(ROOT / folder / f"{name}.csv", contract.TABLES[name], name)


def committed_trials():
    """The committed trials as validation leaves them: corrected, exclusions marked, no flag."""
    trials, _, _ = corrections.correct(committed("trials"), committed("corrections"))
    trials, _ = corrections.exclude(trials, committed("exclusions"))
    return trials.assign(**{contract.FLAGGED: "no"})


def committed_config():
    """config/config.yaml as written."""
    return yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
