"""Trials that a rule of plausibility must suspect, or must not, among many that are not odd."""

import re
from functools import cached_property
from unittest.mock import patch

import pytest
import tabular
from tabular import arm, committed_config, text_table

from nma import plausibility, rules

P = "placebo"
CHANGE, GAIN = {"measure": "change"}, {"measure": "improvement"}
NRS = {"instrument": "NRS 0-10"}
UNKNOWN = {"instrument": "no range"}
CONFIG = committed_config()


def a(treatment="ibuprofen", **cells):
    """An arm."""
    return {"treatment": treatment, **cells}


def d(mean=-10, **cells):
    """A difference ibuprofen - placebo."""
    blank = {"n": "", "sd": "", "measure": "difference", "comparator": P, "difference_of": "final"}
    return {"treatment": "ibuprofen", "mean": mean, **blank, **cells}


def crowd():
    """Studies with nothing odd: 30 with final scores and 20 with changes on VAS 0-100."""
    rows = []
    for i in range(30):
        mean, sd, n = 28 + 7 * i % 17, 15 + 5 * i % 11, 31 + 3 * i % 23
        rows += [
            arm(f"Crowd {1000 + i}", "ibuprofen", n, mean, sd),
            arm(f"Crowd {1000 + i}", P, n + 2, mean + 5, sd + 2),
        ]
    for i in range(20):
        mean, sd, n = -15 - 7 * i % 13, 17 + 5 * i % 7, 31 + 3 * i % 23
        rows += [
            arm(f"Throng {1900 + i}", "ibuprofen", n, mean, sd, measure="change"),
            arm(f"Throng {1900 + i}", P, n + 2, mean + 4, sd + 2, measure="change"),
        ]
    rows.append(arm("Lone 1999", P, instrument="VAS 0-10", mean=4, sd=2))
    rows.append(arm("Lone 1999", "exercise", instrument="VAS 0-10", mean=3, sd=1.9))
    return rows


def numbers_of(trials, registries=None):
    """``value`` as rules.check prepares it."""
    instruments, treatments = registries or (tabular.instruments(), tabular.treatments())
    with patch.object(rules, "_run", return_value=[]) as run:
        rules.check(
            trials,
            instruments,
            treatments,
            ["treatment"],
            strata=CONFIG["strata"],
            correlation=CONFIG["correlation"],
        )
    return run.call_args.args[2]


def alarms(trials, limits=None, registries=None, only=plausibility.NAMES):
    """{rule: {index: (evidence, proposal)}}."""
    value, found = numbers_of(trials, registries), {}
    for rule in plausibility.rules(limits or {}):
        if rule.name not in only:
            continue
        broken = rule.broken(trials, value)
        assert broken.dtype == bool
        found[rule.name] = {i: rule.evidence(i) for i in trials.index[broken]}
    return found


def rows_with(rule, trials):
    """Index of the rows that one rule suspects."""
    return list(alarms(trials, only={rule})[rule])


class Cases:
    """Studies among the crowd, {rule: [rows of a study]}, and what these rules find."""

    def __init__(self, studies):
        self.studies = studies

    @cached_property
    def _found(self):
        rows, at = crowd(), {}
        for rule, studies in self.studies.items():
            for i, cells in enumerate(studies):
                at[rule, i] = range(len(rows), len(rows) + len(cells))
                rows += [arm(**{"study": f"{rule} {i} {2000 + len(at)}", **c}) for c in cells]
        return alarms(text_table(rows), only=set(self.studies)), at

    def told(self, rule, i):
        """{row of the study: (evidence, proposal)}."""
        fired, at = self._found
        return {k: fired[rule][j] for k, j in enumerate(at[rule, i]) if j in fired[rule]}

    def numbered(self):
        """Parameters of a test: a rule and which of its studies."""
        cases = [(rule, i) for rule, studies in self.studies.items() for i in range(len(studies))]
        return pytest.mark.parametrize(("rule", "i"), cases)


def examples(module, hits, misses, rules=None):
    """Three tests: a rule finds its ``hits``, [(rows of a study, {row: proposal})], passes its
    near ``misses``, [rows], and every one of the module (or of ``rules``) has both."""
    odd, near = (
        Cases({rule: [rows for rows, _ in own] for rule, own in hits.items()}),
        Cases(misses),
    )
    listed = [e.name for e in plausibility.ENTRIES if e.find.__module__.endswith(f".{module}")]

    @odd.numbered()
    def finds(rule, i):
        told = odd.told(rule, i)
        proposals = {k: proposal for k, (_, proposal) in told.items()}
        assert proposals == hits[rule][i][1], told
        for evidence, _ in told.values():
            assert re.search(r"\d", evidence) or rule == "label_typo", evidence
            assert "nan" not in evidence, evidence

    @near.numbered()
    def passes(rule, i):
        assert near.told(rule, i) == {}, near.told(rule, i)

    def has_both():
        assert set(hits) == set(misses) == set(rules or listed), listed

    return finds, passes, has_both
