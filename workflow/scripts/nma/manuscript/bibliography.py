"""cite.bib: the trials used, the works that the methods cite, and this pipeline."""

import re
from collections.abc import Iterable

import pandas as pd

from nma.references import Reference, entry, escape

DOI = re.compile(r"10\.\d{4,}/\S+")
REGISTRY = re.compile(r"(NCT\d{8}|ACTRN\d{14}|ISRCTN\d{8})")


def trials(arms: pd.DataFrame) -> list[str]:
    """One entry a study, by label; ``arms`` has study, year and doi."""
    taken: dict[str, int] = {}
    found = []
    for study, rows in arms.sort_values("study").groupby("study", sort=False):
        cite = next((str(c) for c in rows["doi"] if isinstance(c, str) and c), "")
        year = rows["year"].dropna()
        fields = {
            "title": "{" + escape(str(study)) + "}",
            "year": f"{float(year.iloc[0]):.0f}" if len(year) else "",
        }
        if doi := DOI.search(cite):
            fields["doi"] = doi[0].rstrip(".,;)")
        elif registered := REGISTRY.search(cite):
            fields["note"] = f"Registered as {registered[0]}"
        elif cite:
            fields["note"] = escape(cite)
        found.append(entry("misc", _key(str(study), taken), fields))
    return found


def bibtex(arms: pd.DataFrame, works: Iterable[Reference], version: str) -> str:
    """The whole file: works, this software, trials."""
    own = entry(
        "software",
        "lowbacknma",
        {"title": "{lowback-nma: a reproducible network meta-analysis of low back pain}",
         "version": version},
    )  # fmt: skip
    return "\n\n".join([*(work.bibtex() for work in works), own, *trials(arms)]) + "\n"


def _key(study: str, taken: dict[str, int]) -> str:
    """Letters and digits of the label; a second one of the same gets a number."""
    key = "trial_" + (re.sub(r"[^A-Za-z0-9]+", "", study) or "x")
    taken[key] = taken.get(key, 0) + 1
    return key if taken[key] == 1 else f"{key}_{taken[key]}"
