"""One reviewer's extraction sheet, read as the project reads its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from nma import contract, intake, layout, tables
from nma.findings import InputError
from nma.grid import read_grid
from nma.tables import FILE, ROW

OVERLAYS = ("corrections", "exclusions")
Paths = Sequence[str | Path]


def read(
    sheet: str,
    registries: Mapping[str, str | Path],
    overlays: Mapping[str, Paths],
    settings: Mapping[str, Any],
) -> intake.Intake:
    """The sheet by ``intake.take``, with the declared corrections and exclusions that fit it.

    ``overlays`` has columns, corrections and exclusions (none or one path each), ``settings``
    are main's.
    """
    with TemporaryDirectory() as folder:
        kept = {name: Path(folder) / f"{name}.csv" for name in OVERLAYS}
        for name, table in _fitting(sheet, overlays).items():
            if len(table):
                tables.write_table(table.drop(columns=[FILE, ROW]), kept[name])
        own = {name: [path] if path.exists() else [] for name, path in kept.items()}
        return intake.take(
            [(sheet, None)],
            registries=registries,
            overlays={"columns": overlays["columns"], **own},
            maps=[settings["treatment_map"]],
            strata=settings["strata"],
            correlation=settings["correlation"],
            limits=settings["plausibility"],
        )


def _fitting(sheet: str, overlays: Mapping[str, Paths]) -> dict[str, pd.DataFrame]:
    try:
        lines = [
            line
            for path in overlays["columns"]
            for line in layout.column_lines(tables.read_input(path, contract.COLUMNS, "columns"))
        ]
        rows = layout.arrange(read_grid(sheet), lines).rows
        declared = {
            name: tables.read_input(path, contract.TABLES[name], name)
            for name in OVERLAYS
            for path in overlays[name]
        }
    except InputError:
        return {}  # the intake says what is wrong, and with all else
    fits = {"corrections": corrections_of, "exclusions": exclusions_of}
    return {name: fits[name](rows, table) for name, table in declared.items()}


def corrections_of(rows: pd.DataFrame, corrections: pd.DataFrame) -> pd.DataFrame:
    """The corrections of cells that the sheet has as printed; others speak of another sheet.

    Where that cell stands in another row of the study, and in one only, it is meant there.
    """
    found = []
    for line in corrections.to_dict("records"):
        if line["column"] not in rows:
            continue
        same = (rows["study"] == line["study"]) & (rows[line["column"]] == line["old"])
        at = rows.loc[same, ROW].astype(str).tolist()
        if line["row"] in at or len(at) == 1:
            found.append(line | {"row": line["row"] if line["row"] in at else at[0]})
    return pd.DataFrame(found, columns=corrections.columns)


def exclusions_of(rows: pd.DataFrame, exclusions: pd.DataFrame) -> pd.DataFrame:
    """The exclusions of studies, or of rows of a study, that the sheet has."""
    places = set(zip(rows["study"], rows[ROW].astype(str), strict=True))
    fits = [
        (line.study, line.row) in places if line.row else line.study in set(rows["study"])
        for line in exclusions.itertuples()
    ]
    return exclusions[fits]
