"""The flow of trials adds up, on the committed data, from the sheet to the network."""

import pandas as pd
import pytest
from tabular import committed, committed_config, committed_trials

from nma import flow, strata
from nma.prepare import prepare

CONFIG = committed_config()


@pytest.fixture(scope="module")
def found():
    trials = committed_trials()
    belongs = strata.assign(trials, CONFIG["strata"])
    parts = {}
    for name, chosen in CONFIG["strata"].items():
        made = prepare(trials[belongs == name], committed("instruments"), committed("treatments"),
                       CONFIG)  # fmt: skip
        parts[name] = {"label": chosen["label"], "account": made.account.iloc[0],
                       "arms": made.arms, "excluded": made.excluded,
                       "network": made.network}  # fmt: skip
    return flow.flow(trials, trials[belongs == ""], parts, {"records_identified": 120})


def test_rows_add_up(found):
    own = sum(part["rows_in"] for part in found["strata"])
    assert own + found["unassigned_rows"] == found["rows"] == 346
    for part in found["strata"]:
        assert part["rows_in"] == part["rows_used"] + part["rows_merged"] + part["rows_excluded"]
        assert sum(rows for _, rows in part["reasons"]) == part["rows_excluded"]


def test_reasons_are_counted_by_kind(found):
    kinds = {kind for part in found["strata"] for kind, _ in part["reasons"]}
    assert kinds <= {kind for _, kind in flow.KINDS}


def test_an_unknown_reason_stands_for_itself():
    excluded = pd.DataFrame({"reason": ["outcome disability, not pain", "struck by lightning"]})
    assert dict(flow.kinds(excluded)) == {"another outcome": 1, "struck by lightning": 1}


def test_what_only_a_human_knows_is_named(found):
    said = " ".join(flow.sentences(found))
    assert "346 rows" in said
    assert "full texts assessed" in said
    assert "records identified" not in said  # filled in
