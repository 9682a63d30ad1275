"""All exports of a run, from its result tables."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from nma import judgements, references
from nma.certainty import SCORES
from nma.manuscript import bibliography, document, elsewhere, sheets, workbook
from nma.tables import read_json, read_typed, write_table, write_text

FOUND = ("sof", "league", "arms", "certainty", "ranks")
TITLE = "Treatments of low back pain: a Bayesian network meta-analysis"


def write(
    root: Path,
    folder: Path,
    main: Mapping[str, Any],
    told: Mapping[str, Any],
    lines: Sequence[pd.DataFrame],
    bib: str,
) -> None:
    """Everything into ``folder``, and cite.bib as ``bib``.

    ``root`` is results/, ``main`` main's settings, ``told`` what ``narrative.collect`` says,
    ``lines`` the readers' judgements.
    """
    strata = list(_strata(root, main))
    book = [sheet for s in strata for sheet in sheets.of_stratum(s["label"], s)]
    items = sheets.Sheet("PRISMA-NMA", "PRISMA-NMA, 32 items", pd.DataFrame(told["prisma"]))
    about = [TITLE, f"Outcome {main['outcome']}, reference {main['reference']}.", *told["methods"]]
    workbook.write([*book, items], folder / "tables.xlsx", about)
    write_table(pd.DataFrame(told["prisma"]), folder / "prisma_nma.csv")
    _document(strata, main, told).save(folder / "manuscript.docx")
    for s in strata:
        known = judgements.of_stratum(judgements.together(list(lines)), s["name"])
        own = known[(known["study"] != "") & (known["domain"] == "indirectness")]
        indirect = dict(zip(own["study"], own["judgement"].map(SCORES), strict=True))
        write_table(elsewhere.netmeta(s["arms"]), folder / f"netmeta_{s['name']}.csv")
        write_table(elsewhere.cinema(s["arms"], indirect), folder / f"cinema_{s['name']}.csv")
    arms = [s["arms"] for s in strata] or [pd.DataFrame(columns=["study", "year", "doi"])]
    works = [*references.cited(told["methods"]), references.WORKS["Cashin 2025"],
             references.WORKS["Hutton 2015"]]  # fmt: skip
    write_text(bibliography.bibtex(pd.concat(arms), works, _version()), bib)


def _strata(root: Path, main: Mapping[str, Any]):
    for name, chosen in main["strata"].items():
        folder = root / "main" / name
        network = read_json(folder / "network.json")
        if network["estimable"]:
            tables = {table: read_typed(folder / f"{table}.csv") for table in FOUND}
            yield {"name": name, "label": chosen["label"], **tables}


def _document(strata, main: Mapping[str, Any], told: Mapping[str, Any]) -> document.Paper:
    paper = document.Paper(TITLE)
    paper.heading("Methods")
    paper.text(*told["methods"])
    paper.heading("Flow of trials")
    paper.text(*told["flow_sentences"])
    for s in strata:
        paper.heading(s["label"])
        document.findings(paper, s["sof"], s["label"], main["reference"], main["mid"]["value"])
        order = s["ranks"].sort_values("mean_rank")["treatment"].tolist()
        document.league(paper, s["league"], order, s["label"])
        document.studies(paper, s["arms"], s["label"])
    paper.heading("PRISMA-NMA")
    document.checklist(paper, told["prisma"])
    paper.heading("References")
    paper.text(*told["references"])
    return paper


def _version() -> str:
    return f"Snakemake {version('snakemake')}, PyMC {version('pymc')}"
