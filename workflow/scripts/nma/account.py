"""The account of rows: every row of the input ends in exactly one place."""

import pandas as pd

EXCLUDED_COLUMNS = ["study", "row", "reason", "treatment", "file"]


def account(rows_in: int, arms: pd.DataFrame, excluded: pd.DataFrame) -> dict[str, int]:
    """Where every row went: rows in = used + merged + excluded.

    Raises AssertionError if a row is lost or counted twice.
    """
    placed = {
        (file, row)
        for file, rows in zip(arms["file"], arms["rows"].astype(str), strict=True)
        for row in rows.split()
    }
    out = set(zip(excluded["file"], excluded["row"].astype(str), strict=True))
    if placed & out or len(placed) + len(excluded) != rows_in or len(out) != len(excluded):
        raise AssertionError(
            f"rows were lost or counted twice: {rows_in} in, {len(placed)} in arms, "
            f"{len(excluded)} excluded, {len(placed & out)} in both"
        )
    merged = int(arms["merged"].sum())
    return {
        "rows_in": rows_in,
        "rows_used": len(placed) - merged,
        "rows_merged": merged,
        "rows_excluded": len(excluded),
    }
