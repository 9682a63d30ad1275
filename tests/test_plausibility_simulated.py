"""Rules of plausibility on clean simulated trials, on errors planted in them, and on many rows."""

import re
import time
from functools import cache

import numpy as np
import pytest
from suspects import P, alarms, numbers_of
from tabular import ROOT, arm, text_table

from nma import plausibility

ERRORS = {  # error: rules that name it, and the share that they must find
    "SE for SD": ({"se_as_sd", "digit_slip_sd"}, 0.9),
    "SD ten times too small": ({"se_as_sd", "digit_slip_sd"}, 0.9),
    "mean ten times too small": ({"digit_slip_mean"}, 0.6),
    "SD with a third of a shared arm": ({"sd_of_part"}, 0.6),
    "n without its last digit": ({"n_imbalance"}, 0.9),
    "mean and SD exchanged": ({"transposed_mean"}, 0.3),
}


@cache
def simulated(studies=200, seed=1):
    """Two-arm trials on NRS 0-10: scores of persons, rounded to whole numbers and to the scale,
    then mean and SD to two digits. Means 2 to 6, SDs of 1.4 to 2.6, 12 to 120 persons an arm."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(studies):
        mean, sd, n = rng.normal(4, 1), rng.normal(2, 0.3), int(rng.integers(12, 120))
        for treatment, effect in (("ibuprofen", rng.normal(-0.7, 0.5)), (P, 0.0)):
            size = max(n - int(rng.integers(0, 6)), 8)
            scores = np.clip(np.rint(rng.normal(max(mean, 2) + effect, max(sd, 1.4), size)), 0, 10)
            cells = {"n": size, "mean": f"{scores.mean():.2f}", "sd": f"{scores.std(ddof=1):.2f}"}
            rows.append(arm(f"Simulated {i} 2020", treatment, instrument="NRS 0-10", **cells))
    return rows


def planted(error, seed=1):
    """Every tenth study with an error in its first arm (SE: in both)."""
    rows, at = [dict(row) for row in simulated(seed=seed)], []
    for i in range(0, len(rows), 20):
        own, other = rows[i], rows[i + 1]
        at.append(i)
        sd, mean, n = float(own["sd"]), float(own["mean"]), int(own["n"])
        if error == "SE for SD":
            own["sd"] = f"{sd / n**0.5:.2f}"
            other["sd"] = f"{float(other['sd']) / int(other['n']) ** 0.5:.2f}"
        elif error == "SD ten times too small":
            own["sd"] = f"{sd / 10:.2f}"
        elif error == "mean ten times too small":
            own["mean"] = f"{mean / 10:.2f}"
        elif error == "SD with a third of a shared arm":
            own["treatment"], own["sd"] = "sham", f"{sd / 3**0.5:.2f}"
            other["treatment"], other["n"] = "ibuprofen + pooled with: naproxen", str(2 * n)
        elif error == "n without its last digit":
            own["n"] = str(max(n // 10, 2))
        elif error == "mean and SD exchanged":
            own["mean"], own["sd"] = own["sd"], own["mean"]
    return rows, at


def caught(error, seed=1):
    """For every planted error whether it is named."""
    rows, at = planted(error, seed)
    among = ERRORS[error][0]
    fired = alarms(text_table(rows), only=among)
    return [any(i in fired[rule] for rule in among) for i in at]


def suspects(seed=1):
    """How many clean arms raise an alarm."""
    fired = alarms(text_table(simulated(seed=seed)))
    return len({index for found in fired.values() for index in found})


def test_clean_simulated_trials_raise_almost_no_alarm():
    assert suspects() <= len(simulated()) / 100


@pytest.mark.parametrize("error", ERRORS)
def test_planted_errors_are_found(error):
    assert np.mean(caught(error)) >= ERRORS[error][1]


@pytest.mark.slow
def test_the_page_says_how_well_it_works():
    """Shares of 120 planted errors, alarms in 2400 clean arms."""
    page = (ROOT / "docs/plausibility.md").read_text(encoding="utf-8").replace("\n", " ")
    seeds = range(1, 7)
    of, alarmed = re.search(r"Of (\d+) arms of clean simulated trials (\d+) raise", page).groups()
    assert int(of) == len(seeds) * len(simulated())
    assert int(alarmed) == sum(suspects(seed) for seed in seeds)
    stated = {error: int(re.search(rf"{error} (\d+)%", page)[1]) for error in ERRORS}
    found = {e: 100 * np.mean([caught(e, seed) for seed in seeds]) for e in ERRORS}
    assert found == pytest.approx(stated, abs=0.51)


@pytest.mark.slow
def test_twenty_thousand_rows_take_seconds():
    copies = [
        {**row, "study": f"{row['study']} {k}", "mean": f"{float(row['mean']) + k / 100:.2f}"}
        for k in range(50)
        for row in simulated()
    ]
    trials = text_table(copies)
    assert len(trials) == 20_000
    value = numbers_of(trials)
    start = time.process_time()
    for rule in plausibility.rules({}):
        rule.broken(trials, value)
    assert time.process_time() - start < 15  # some 2 s on an idle machine
