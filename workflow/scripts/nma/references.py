"""The works that the methods text cites, as text and as BibTeX."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """One work; ``where`` is volume and pages."""

    key: str
    authors: str
    year: int
    title: str
    journal: str
    where: str
    doi: str = ""
    kind: str = "article"

    def text(self) -> str:
        """As in a list of references."""
        tail = f" doi:{self.doi}" if self.doi else ""
        place = f"{self.journal} {self.year}" + (f";{self.where}" if self.where else "")
        return f"{self.authors}. {self.title}. {place}.{tail}"

    def bibtex(self) -> str:
        """One entry; names are parted by "and" as BibTeX wants them."""
        authors = self.authors.replace(" et al", ", others").split(", ")
        names = " and ".join(map(_name, authors))
        volume, _, pages = self.where.partition(":")
        fields = {
            "author": names, "title": "{" + escape(self.title) + "}", "year": str(self.year),
            "journal" if self.kind == "article" else "publisher": escape(self.journal),
            "volume": volume, "pages": pages.replace("-", "--"), "doi": self.doi,
        }  # fmt: skip
        return entry(self.kind, re.sub(r"\W", "", self.key), fields)


def _name(author: str) -> str:
    family, _, initials = author.rpartition(" ")
    return f"{escape(family)}, {'. '.join(initials)}." if family else author


def entry(kind: str, key: str, fields: dict[str, str]) -> str:
    """A BibTeX entry of the fields that are not blank."""
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def escape(text: str) -> str:
    """Text that BibTeX and LaTeX print as it is."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    special |= {char: "\\" + char for char in "&%$#_{}"}
    return "".join(special.get(char, char) for char in " ".join(text.split()))


def _works(*rows: tuple) -> dict[str, Reference]:
    return {row[0]: Reference(*row) for row in rows}


WORKS = _works(
    ("Cashin 2025", "Cashin AG et al", 2025,
     "Analgesic effects of non-surgical and non-interventional treatments for low back pain: a "
     "systematic review and meta-analysis of placebo-controlled randomised trials",
     "BMJ Evid Based Med", "", "10.1136/bmjebm-2024-112974"),
    ("Handbook", "Higgins JPT, Thomas J, Chandler J, Cumpston M, Li T, Page MJ, Welch VA", 2024,
     "Cochrane Handbook for Systematic Reviews of Interventions, version 6.5", "Cochrane", "", "",
     "book"),
    ("Luo 2018", "Luo D, Wan X, Liu J, Tong T", 2018,
     "Optimally estimating the sample mean from the sample size, median, mid-range, and/or "
     "mid-quartile range", "Stat Methods Med Res", "27:1785-1805", "10.1177/0962280216669183"),
    ("Wan 2014", "Wan X, Wang W, Liu J, Tong T", 2014,
     "Estimating the sample mean and standard deviation from the sample size, median, range and/or "
     "interquartile range", "BMC Med Res Methodol", "14:135", "10.1186/1471-2288-14-135"),
    ("Higgins 1996", "Higgins JPT, Whitehead A", 1996,
     "Borrowing strength from external trials in a meta-analysis", "Stat Med", "15:2733-2749"),
    ("Lu 2004", "Lu G, Ades AE", 2004,
     "Combination of direct and indirect evidence in mixed treatment comparisons", "Stat Med",
     "23:3105-3124", "10.1002/sim.1875"),
    ("Dias 2013", "Dias S, Sutton AJ, Ades AE, Welton NJ", 2013,
     "Evidence synthesis for decision making 2: a generalized linear modeling framework for "
     "pairwise and network meta-analysis of randomized controlled trials", "Med Decis Making",
     "33:607-617", "10.1177/0272989X12458724"),
    ("Rhodes 2015", "Rhodes KM, Turner RM, Higgins JPT", 2015,
     "Predictive distributions were developed for the extent of heterogeneity in meta-analyses of "
     "continuous outcome data", "J Clin Epidemiol", "68:52-60", "10.1016/j.jclinepi.2014.08.012"),
    ("Hoffman 2014", "Hoffman MD, Gelman A", 2014,
     "The No-U-Turn Sampler: adaptively setting path lengths in Hamiltonian Monte Carlo",
     "J Mach Learn Res", "15:1593-1623"),
    ("PyMC", "Abril-Pla O et al", 2023,
     "PyMC: a modern, and comprehensive probabilistic programming framework in Python",
     "PeerJ Comput Sci", "9:e1516", "10.7717/peerj-cs.1516"),
    ("ArviZ", "Kumar R, Carroll C, Hartikainen A, Martin O", 2019,
     "ArviZ a unified library for exploratory analysis of Bayesian models in Python",
     "J Open Source Softw", "4:1143", "10.21105/joss.01143"),
    ("Snakemake", "Mölder F et al", 2021, "Sustainable data analysis with Snakemake",
     "F1000Research", "10:33", "10.12688/f1000research.29032"),
    ("pandera", "Bantilan N", 2020,
     "pandera: statistical data validation of pandas dataframes",
     "Proceedings of the 19th Python in Science Conference", "", "10.25080/Majora-342d178e-010"),
    ("Vehtari 2021", "Vehtari A, Gelman A, Simpson D, Carpenter B, Bürkner PC", 2021,
     "Rank-normalization, folding, and localization: an improved R-hat for assessing convergence "
     "of MCMC", "Bayesian Anal", "16:667-718", "10.1214/20-BA1221"),
    ("Salanti 2011", "Salanti G, Ades AE, Ioannidis JPA", 2011,
     "Graphical methods and numerical summaries for presenting results from multiple-treatment "
     "meta-analysis: an overview and tutorial", "J Clin Epidemiol", "64:163-171",
     "10.1016/j.jclinepi.2010.03.016"),
    ("van Valkenhoef 2016", "van Valkenhoef G, Dias S, Ades AE, Welton NJ", 2016,
     "Automated generation of node-splitting models for assessment of inconsistency in network "
     "meta-analysis", "Res Synth Methods", "7:80-93", "10.1002/jrsm.1167"),
    ("Higgins 2012", "Higgins JPT, Jackson D, Barrett JK, Lu G, Ades AE, White IR", 2012,
     "Consistency and inconsistency in network meta-analysis: concepts and models for multi-arm "
     "studies", "Res Synth Methods", "3:98-110", "10.1002/jrsm.1044"),
    ("Spiegelhalter 2002", "Spiegelhalter DJ, Best NG, Carlin BP, van der Linde A", 2002,
     "Bayesian measures of model complexity and fit", "J R Stat Soc B", "64:583-639",
     "10.1111/1467-9868.00353"),
    ("Vehtari 2017", "Vehtari A, Gelman A, Gabry J", 2017,
     "Practical Bayesian model evaluation using leave-one-out cross-validation and WAIC",
     "Stat Comput", "27:1413-1432", "10.1007/s11222-016-9696-4"),
    ("Kallioinen 2024", "Kallioinen N, Paananen T, Bürkner PC, Vehtari A", 2024,
     "Detecting and diagnosing prior and likelihood sensitivity with power-scaling", "Stat Comput",
     "34:57", "10.1007/s11222-023-10366-5"),
    ("Phillippo 2018", "Phillippo DM, Dias S, Ades AE, Didelez V, Welton NJ", 2018,
     "Sensitivity of treatment recommendations to bias in network meta-analysis",
     "J R Stat Soc A", "181:843-867", "10.1111/rssa.12341"),
    ("Davies 2022", "Davies AL, Papakonstantinou T, Nikolakopoulou A, Rücker G, Galla T", 2022,
     "Network meta-analysis and random walks", "Stat Med", "41:2091-2114", "10.1002/sim.9346"),
    ("Nikolakopoulou 2020", "Nikolakopoulou A, Higgins JPT, Papakonstantinou T, Chaimani A, "
     "Del Giovane C, Egger M, Salanti G", 2020,
     "CINeMA: an approach for assessing confidence in the results of a network meta-analysis",
     "PLoS Med", "17:e1003082", "10.1371/journal.pmed.1003082"),
    ("Hutton 2015", "Hutton B, Salanti G, Caldwell DM, Chaimani A, Schmid CH et al", 2015,
     "The PRISMA extension statement for reporting of systematic reviews incorporating network "
     "meta-analyses of health care interventions: checklist and explanations", "Ann Intern Med",
     "162:777-784", "10.7326/M14-2385"),
)  # fmt: skip


def cited(paragraphs: Iterable[str]) -> list[Reference]:
    """Works whose key stands in brackets, [Lu 2004] or [Lu 2004; Dias 2013], first cited first."""
    keys: dict[str, None] = {}
    for text in paragraphs:
        for group in re.findall(r"\[([^\]]+)\]", text):
            for key in group.split("; "):
                if key in WORKS:
                    keys[key] = None
    return [WORKS[key] for key in keys]
