"""PRISMA-NMA: 32 items, each filled, partly, or left to a human by name; none from nothing."""

import pytest

from nma import prisma

FACTS = {"studies": 92, "arms": 199, "estimable": 2, "searched": False, "rob": 0.07, "splits": 9,
         "loops": 24, "checks": True, "analyses": 27, "reporting_judged": True}  # fmt: skip


def by_item(**changes):
    return {row["item"]: row for row in prisma.items(FACTS | changes)}


def test_all_32_items_are_there_once_and_in_order():
    names = [row["item"] for row in prisma.items(FACTS)]
    numbered = [n for n in names if not n.startswith("S")]
    assert numbered == [str(k) for k in range(1, 28)]
    assert [n for n in names if n.startswith("S")] == ["S1", "S2", "S3", "S4", "S5"]
    assert names.index("S1") == names.index("11") + 1
    assert names.index("S5") == names.index("21") + 1


def test_every_item_says_where_or_who():
    for row in prisma.items(FACTS):
        assert row["status"] in (prisma.FILLED, prisma.PARTLY, prisma.BLANK)
        assert row["where"]
        if row["status"] == prisma.BLANK:
            assert "review team" in row["where"] or "config" in row["where"]


@pytest.mark.parametrize(
    ("change", "item", "status"),
    [
        ({"checks": False}, "S5", prisma.BLANK),
        ({"checks": False}, "S2", prisma.BLANK),
        ({"estimable": 0}, "21", prisma.BLANK),
        ({"analyses": 1}, "23", prisma.BLANK),
        ({"rob": 0.0}, "12", prisma.BLANK),
        ({"rob": 0.5}, "12", prisma.PARTLY),
        ({"rob": 1.0}, "19", prisma.FILLED),
        ({"searched": True}, "7", prisma.FILLED),
        ({}, "17", prisma.PARTLY),
        ({"searched": True}, "17", prisma.FILLED),
        ({"reporting_judged": False}, "22", prisma.PARTLY),
        ({}, "5", prisma.BLANK),
    ],
)
def test_what_the_run_lacks_is_not_claimed(change, item, status):
    assert by_item(**change)[item]["status"] == status
