"""The table of rules of plausibility: limits, levels, hints, cells of any kind, and the page."""

import re

import pandas as pd
import pytest
import tabular
from suspects import P, alarms, crowd, numbers_of
from tabular import ROOT, arm, text_table

from nma import plausibility, rules
from nma.contract import TRIALS, numbers
from nma.corrections import EXCLUDED
from nma.plausibility import DEFAULTS, NAMES, OFF


def test_the_crowd_and_the_small_valid_table_have_no_alarm():
    both = pd.concat([text_table(crowd()), tabular.valid_trials()], ignore_index=True)
    assert not any(alarms(both).values())
    assert not any(alarms(tabular.valid_trials()).values())


def test_a_limit_of_none_switches_its_rule_off():
    assert [rule.name for rule in plausibility.rules({})] == list(NAMES)
    assert [rule.name for rule in plausibility.rules(OFF)] == []
    names = {rule.name for rule in plausibility.rules({"skewed": None, "date_like": None})}
    gone = {name for name in NAMES if name.startswith("date_like")} | {"skewed"}
    assert set(NAMES) - names == gone
    fewer = {rule.name for rule in plausibility.rules({"sd_outlier": None})}
    assert {"se_as_sd", "sd_outlier_low", "transposed_mean"} == (set(NAMES) - fewer) & {
        *("se_as_sd", "sd_outlier_low", "transposed_mean", "sd_of_part", "sd_impossible")
    }


def test_every_limit_is_needed_by_a_rule():
    assert [key for key in DEFAULTS if len(plausibility.rules({key: None})) == len(NAMES)] == []


@pytest.mark.parametrize("key", ["peers", "se_as_sd", "digit_slip_sd", "transposed"])
def test_rules_run_without_each_other(key):
    assert not any(alarms(tabular.valid_trials(), {key: None}).values())


def test_a_limit_can_be_moved():
    trials = text_table([arm("Adams 2001", "ibuprofen", n=9), arm("Adams 2001", P)])
    only = {"tiny_arm"}
    assert alarms(trials, only=only) == {"tiny_arm": {}}
    assert list(alarms(trials, {"tiny_arm": 10}, only=only)["tiny_arm"]) == [0]
    with pytest.raises(ValueError, match="no such limit of plausibility: tiny_arms"):
        plausibility.rules({"tiny_arms": 10})


def test_every_rule_says_what_to_do():
    made = plausibility.rules({})
    assert [r.name for r in made if len(r.hint) < 15 or r.hint[-1] not in ".?"] == []
    columns = {field.name for field in TRIALS}
    assert {rule.column for rule in made} <= columns
    errors = {r.name for r in made if r.level == "error" and not r.name.startswith("date_like")}
    assert errors == {"sd_impossible", "se_above_sd"}
    dates = {name.removeprefix("date_like_") for name in NAMES if name.startswith("date_like")}
    assert dates == set(numbers(TRIALS))


def test_findings_carry_evidence_and_proposal():
    odd = [arm("Adams 2001", "ibuprofen", 22, 18, 44), arm("Adams 2001", P)]
    trials = text_table([*odd, *crowd()])
    value = numbers_of(trials)
    made = rules._run(plausibility.rules({}), trials, value, lambda rule, cell: "")
    told = {finding.rule: finding for finding in made}
    assert set(told) == {"sd_impossible", "transposed_mean", "transposed_sd", "skewed"}
    swapped = told["transposed_sd"]
    assert (swapped.row, swapped.column, swapped.value, swapped.proposal) == (2, "sd", "44", "18")
    assert "at most" in swapped.evidence
    assert told["sd_impossible"].level == "error"


@pytest.mark.parametrize("cell", ["", "about 9", "0", "1e90"])
def test_any_cell_may_hold_anything(cell):
    trials = tabular.valid_trials().assign(**dict.fromkeys(numbers(TRIALS), cell))
    blank = dict.fromkeys(("study", "treatment", "instrument", "outcome", "measure"), "")
    fired = alarms(pd.concat([trials, trials.assign(**blank)], ignore_index=True))
    assert all(evidence for rows in fired.values() for evidence, _ in rows.values())
    assert any(fired.values()) == (cell == "1e90")


def test_parts_of_a_table():
    trials = tabular.valid_trials()
    differences = trials[trials["measure"] == "difference"]  # its index does not begin with 0
    for part in (trials.head(0), trials.head(1), differences):
        assert not any(alarms(part).values())
    assert not any(alarms(trials.assign(**{EXCLUDED: "not used"})).values())


def test_the_page_names_every_rule_and_every_limit():
    page = (ROOT / "docs/plausibility.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| `")]
    named = [name for line in table for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert sorted(named) == sorted(
        {"date_like" if name.startswith("date_like") else name for name in NAMES}
    )
    stated = dict(re.findall(r"`(\w+)` = ([\d.e-]+)", page))
    assert {key: float(number) for key, number in stated.items()} == DEFAULTS
