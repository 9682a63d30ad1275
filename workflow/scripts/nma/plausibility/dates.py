"""Numbers that a spreadsheet turned into dates."""

import re
from datetime import date, timedelta
from typing import Any

import numpy as np

from nma.contract import TRIALS, numbers
from nma.plausibility.facts import Detector, Facts, once
from nma.plausibility.wording import Findings
from nma.tables import NUMBER

LAST_DAY = 55153  # 31 December 2050 as a spreadsheet counts days
NO_SCORE = ("n", "n_comparator", "weeks", "year")
MONTH = r"(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DATES = (
    rf"(?P<day>\d{{1,2}})[-./ ]+(?P<month>{MONTH})(?:[-./ ]+\d{{2,4}})?",
    rf"(?P<month>{MONTH})[-./ ]+(?P<day>\d{{1,4}})",
    r"\d{4}-(?P<month>\d{2})-(?P<day>\d{2})(?:[ T].*)?",
    r"(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./]\d{2,4}",
)


def date_like(column: str) -> Detector:
    """A number that a spreadsheet turned into a date: 3.5 into 3-May or 45050."""

    def find(f: Facts) -> Findings:
        return {
            index: (f"'{cell}' is a date, day.month {day}", day)
            for index, cell, day in _dates(f)[column]
        }

    return find


@once
def _dates(f: Facts) -> dict[str, list[tuple[Any, str, str]]]:
    """Index, cell and "day.month" of cells that are dates in words or, where the range is known,
    day numbers, by column."""
    columns = numbers(TRIALS)
    cells = f.text[columns].to_numpy(dtype=object)
    number = f.value[columns].to_numpy(dtype=float)
    # Where the range is unknown (area under a curve) a large number may be a score.
    known = f.rows["_span"].notna().to_numpy()[:, None] | np.isin(columns, NO_SCORE)
    serial = (number >= f.limits["date_like"]) & (number <= LAST_DAY) & (number % 1 == 0) & known
    words = {cell for cell in {*cells.ravel()} if not re.fullmatch(NUMBER, cell)}
    days = {cell: day for cell in words if (day := _as_date(cell))}
    worded = np.array([[cell in days for cell in row] for row in cells])
    found: dict[str, list[tuple[Any, str, str]]] = {column: [] for column in columns}
    for i, k in np.argwhere(serial | worded):
        day = days.get(cells[i, k]) or _of_serial(number[i, k])
        found[columns[k]].append((f.text.index[i], cells[i, k], day))
    return found


def _as_date(cell: str) -> str | None:
    """ "3-May" as "3.5", None if the cell is no date."""
    for pattern in DATES:
        match = re.fullmatch(pattern, cell.strip(), flags=re.IGNORECASE)
        if match:
            month = match["month"].lower()
            if not month.isdigit():
                known = month[:3].replace("ä", "a").replace("mai", "may")
                known = known.replace("okt", "oct").replace("dez", "dec")
                month = MONTHS.index(known) + 1
            if 1 <= int(month) <= 12:
                return f"{int(match['day'])}.{int(month)}"
    return None


def _of_serial(number: float) -> str:
    """Days since 30 December 1899 as "day.month"."""
    when = date(1899, 12, 30) + timedelta(days=int(number))
    return f"{when.day}.{when.month}"
