"""What a run says of itself is what its tables hold; a blank is never counted as stated."""

import pandas as pd
import pytest
from test_report import results, settings  # noqa: F401

from nma import narrative


def told(tmp_path, settings, rob):  # noqa: F811
    root = results(tmp_path, settings)
    path = root / "main/chronic/arms.csv"
    pd.read_csv(path).assign(rob=rob).to_csv(path, index=False)
    found = narrative.collect(root, settings)
    return found, {row["item"]: row for row in found["prisma"]}


@pytest.mark.parametrize(
    ("rob", "status", "words"),
    [("", "blank", "0% of the studies"), ("low", "filled", "100% of the studies")],
)
def test_blank_risk_of_bias_is_not_reported(tmp_path, settings, rob, status, words):  # noqa: F811
    _, items = told(tmp_path, settings, rob)
    for item in ("12", "19"):
        assert items[item]["status"] == status
        assert words in items[item]["where"]


def test_methods_references_flow_and_items_belong_together(tmp_path, settings):  # noqa: F811
    found, items = told(tmp_path, settings, "")
    assert any("with placebo as the reference" in text for text in found["methods"])
    assert any("Lu G, Ades AE" in text for text in found["references"])
    assert found["flow"]["rows"] == 3
    assert items["S5"]["status"] == "blank"  # no checks ran in this folder
    assert items["20"]["where"].endswith("1 studies, 2 arms")
    assert items["23"]["status"] == "filled"  # fixed_effect beside main
