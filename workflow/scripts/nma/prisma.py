"""The 32 items of PRISMA-NMA (Hutton 2015, Ann Intern Med 162:777): what this run fills in,
fills in partly, or leaves to a human by name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FILLED, PARTLY, BLANK = "filled", "partly", "blank"


@dataclass(frozen=True)
class Item:
    """One item: its number, section and topic (in our words), and where it is answered."""

    item: str
    section: str
    topic: str
    status: str
    where: str


def items(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every item in order.

    ``facts`` has studies, arms (counts), estimable (strata that are), searched (whether
    config's search is filled in), rob (share of studies with a judgement, 0-1), splits (node
    splits done), loops (independent loops), checks (whether they ran), analyses (how many),
    certainty (whether rated), reporting_judged (whether a reader judged reporting bias).
    """
    run = facts["estimable"] > 0
    done = FILLED if run else BLANK
    checked = FILLED if facts["checks"] else BLANK
    searched = FILLED if facts["searched"] else BLANK
    selected = done if facts["searched"] else PARTLY
    human = "for the review team to write"
    rob = FILLED if facts["rob"] > 0.95 else PARTLY if facts["rob"] > 0 else BLANK
    bias_text = f"risk of bias stated for {100 * facts['rob']:.0f}% of the studies; column rob"
    consistency = f"{facts['splits']} comparisons split, {facts['loops']} independent loops"
    across = PARTLY if not facts["reporting_judged"] else checked
    rows = [
        ("1", "title", "report identified as a network meta-analysis", PARTLY,
         f"#top; the title of the paper is {human}"),
        ("2", "abstract", "structured summary", PARTLY,
         f"#answer gives results and certainty; background and funding are {human}"),
        ("3", "introduction", "rationale, and why a network", BLANK, human),
        ("4", "introduction", "question with PICOS", PARTLY,
         f"population, comparisons and outcome in #method; eligibility is {human}"),
        ("5", "methods", "protocol and registration", BLANK,
         "registration number: for the review team to fill in"),
        ("6", "methods", "eligibility; treatments of the network and their grouping", PARTLY,
         "grouping in config/treatments.csv; eligibility of studies for the review team"),
        ("7", "methods", "information sources", searched, "config: search"),
        ("8", "methods", "full search of one database", BLANK,
         "search strategy: for the review team to add"),
        ("9", "methods", "study selection", BLANK, "who selected, how: for the review team"),
        ("10", "methods", "data collection", PARTLY,
         "validation, corrections and derivations in #data; who extracted: for the review team "
         "(two sheets are compared with make compare)"),
        ("11", "methods", "data items", FILLED, "data/README.md and #studies"),
        ("S1", "methods", "how the network's geometry is examined", done, "#figures, #method"),
        ("12", "methods", "risk of bias in studies", rob, bias_text),
        ("13", "methods", "summary measures, rankings included", done, "#method"),
        ("14", "methods", "planned analysis: multi-arm trials, variances, priors, fit", done,
         "#method"),
        ("S2", "methods", "assessment of inconsistency", checked, "#method, #checks"),
        ("15", "methods", "risk of bias across studies", checked, "#method, #checks"),
        ("16", "methods", "additional analyses", FILLED if facts["analyses"] > 1 else BLANK,
         f"#models: {facts['analyses'] - 1} further analyses"),
        ("17", "results", "study selection, flow diagram", selected,
         "#data from the data sheet on; identification and screening: config: search"),
        ("S3", "results", "network graph", done, "#figures"),
        ("S4", "results", "summary of the network's geometry", done, "#figures"),
        ("18", "results", "study characteristics", PARTLY,
         "#studies and the exported tables; further characteristics for the review team"),
        ("19", "results", "risk of bias within studies", rob, bias_text),
        ("20", "results", "results of individual studies", done,
         f"#studies: {facts['studies']} studies, {facts['arms']} arms"),
        ("21", "results", "synthesis with credible intervals, league table", done,
         "#findings, #explorer, league.csv"),
        ("S5", "results", "exploration of inconsistency", checked, f"#checks: {consistency}"),
        ("22", "results", "risk of bias across studies", across,
         "#checks (funnel, precision); reporting bias is a reader's judgement"),
        ("23", "results", "results of additional analyses",
         FILLED if facts["analyses"] > 1 else BLANK, "#models, comparison.html"),
        ("24", "discussion", "summary of evidence", PARTLY,
         f"#answer, #findings; its relevance is {human}" if run else human),
        ("25", "discussion", "limitations, assumptions included", PARTLY,
         f"#checks; limits of the review process are {human}"),
        ("26", "discussion", "conclusions", BLANK, human),
        ("27", "funding", "funding and conflicts of interest", BLANK,
         "funding: for the review team to fill in"),
    ]  # fmt: skip
    return [asdict(Item(*row)) for row in rows]
