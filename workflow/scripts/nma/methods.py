"""The methods of this run as paragraphs that could stand in a paper, from its settings."""

from collections.abc import Mapping
from typing import Any

from nma.pages import listed
from nma.settings import parts_of

Settings = Mapping[str, Any]
PRIORS = {
    "half_normal": "half-normal with scale {scale}",
    "uniform": "uniform from 0 to {upper}",
    "half_cauchy": "half-Cauchy with scale {scale}",
}


def paragraphs(settings: Mapping[str, Settings], versions: Mapping[str, str]) -> list[str]:
    """Data, model, computation, checks, certainty and verdicts, other analyses.

    ``settings`` maps an analysis to its merged settings, ``versions`` a package to its
    version. Works are cited as [key] of ``references.WORKS``.
    """
    main = settings["main"]
    return [
        _data(main),
        _model(main),
        _computation(main, versions),
        _checks(),
        _certainty(main),
        *([_others(settings)] if len(settings) > 1 else []),
    ]


def _data(main: Settings) -> str:
    window, r = main["assessment"], main["correlation"]
    strata = [f"{each['label'][0].lower()}{each['label'][1:]}" for each in main["strata"].values()]
    when = (
        "the first assessment after treatment"
        if window["rule"] == "first"
        else f"the assessment nearest to {window['weeks']:g} weeks"
    )
    kinds = {"final": "final values", "change": "changes from baseline",
             "difference": "reported differences"}  # fmt: skip
    order = ", then ".join(kinds[kind] for kind in window["prefer"])
    impute = (
        "or, where nothing allowed that, were imputed from the pooled standard deviation of the "
        "same instrument and kind of result in the same stratum"
        if main["impute"] == "pooled"
        else "; trials without any were left out"
    )
    scale = (
        "Mean differences were standardised (Hedges' g) and moved back to points of 0-100 by a "
        "standard deviation"
        if main["effect_measure"] == "smd"
        else "Scores were brought to 0-100 points, lower better, from the range and direction of "
        "the instrument, and mean differences were pooled"
    )
    filters = [f"{column} in {', '.join(map(str, values))}"
               for column, values in main["data"]["keep"].items()]  # fmt: skip
    filters += [f"{column} not in {', '.join(map(str, values))}"
                for column, values in main["data"]["drop"].items()]  # fmt: skip
    kept = f" Only rows with {' and '.join(filters)} were used." if filters else ""
    return (
        f"The outcome was {main['outcome']}, analysed separately by duration: {listed(strata)}. "
        f"Each study contributed {when} between week {window['min_weeks']:g} and week "
        f"{window['max_weeks']:g}; of several kinds of results one was used, {order}, never two "
        f"kinds in one study. {scale}. Standard deviations that were not reported were derived "
        f"from standard errors, intervals, p values or quartiles [Handbook; Luo 2018; Wan 2014], "
        f"with a correlation of {r['change']:g} between start and end where a change needed one, "
        f"{impute}. Treatments were grouped by the map '{main['treatment_map']}'; arms of one "
        f"treatment in a study were combined.{kept} Tables were validated before any fit "
        "[pandera]; corrections and exclusions of single cells and trials are declared with their "
        "reasons."
    )


def _model(main: Settings) -> str:
    model = main["model"]
    tau = model["priors"]["tau"]
    shape = PRIORS.get(tau["dist"], tau["dist"].replace("_", " "))
    prior = shape.format(**tau)
    spread = (
        "Study effects were random with one between-study standard deviation tau; two differences "
        f"that share an arm have covariance tau^2/2 [Higgins 1996; Lu 2004]. Its prior was {prior} "
        "points"
        if model["effects"] == "random"
        else "Study effects were fixed: one common effect per comparison"
    )
    return (
        "We fitted a Bayesian network meta-analysis under consistency to the arms of each study "
        f"[Lu 2004; Dias 2013], with {main['reference']} as the reference. {spread}; that of every "
        f"effect against the reference was Normal(0, {model['priors']['d']['sd']:g}^2), and study "
        "means had a flat prior. Treatments that no trial links to the reference are listed, not "
        "analysed."
    )


def _computation(main: Settings, versions: Mapping[str, str]) -> str:
    how = main["sampling"]
    return (
        f"Posterior draws came from the No-U-Turn sampler [Hoffman 2014] of PyMC "
        f"{versions.get('pymc', '')} [PyMC], {how['chains']} chains of {how['draws']} draws after "
        f"{how['tune']} of warm-up. A run fails if R-hat exceeds 1.01, a bulk or tail effective "
        "sample size is below 400, or a transition diverges [Vehtari 2021; ArviZ]. Every sampled "
        "posterior was audited against an exact computation by quadrature over tau, which shares "
        "no Markov chain with it; |z| above 5 for a mean or a quantile fails the run. The whole "
        f"analysis is a Snakemake {versions.get('snakemake', '')} workflow [Snakemake]. Intervals "
        "are 95%, equal-tailed; prediction intervals are for the effect in a new study. Treatments "
        "were ranked by mean rank with its interval, SUCRA and the probability of being best "
        "[Salanti 2011]."
    )


def _checks() -> str:
    return (
        "Consistency was examined by node-splitting wherever direct and indirect evidence exist "
        "[van Valkenhoef 2016], by a model of unrelated mean effects and by design-by-treatment "
        "interaction [Higgins 2012]; fit by residual deviance and DIC [Spiegelhalter 2002] and by "
        "exact leave-one-study-out prediction beside its Pareto-smoothed approximation "
        "[Vehtari 2017]; robustness by leaving out each study, by other priors, among them those "
        "of [Rhodes 2015], by power-scaling [Kallioinen 2024] and by the bias that would change a "
        "conclusion [Phillippo 2018]; small-study effects by a comparison-adjusted funnel plot and "
        "regression on the standard error. Contributions of studies are those of [Davies 2022]."
    )


def _certainty(main: Settings) -> str:
    rule, mid = main["headline"], main["mid"]
    needs = {k: v.replace("_", " ") for k, v in rule["certainty"].items()}
    bias = {"average": "average", "majority": "largest share", "worst": "worst"}
    return (
        "The certainty of every comparison was rated by the six domains of CINeMA "
        "[Nikolakopoulou 2020]: within-study bias (the "
        f"{bias[main['certainty']['within_study_bias']]} of the studies' judgements, weighted by "
        "contribution) and indirectness from judgements of studies, reporting bias by readers, "
        "imprecision, heterogeneity and incoherence by the borders that intervals cross. A "
        f"difference of {mid['value']:g} points was taken as the minimal important one (MID). A "
        f"treatment beats {main['reference']} if P(difference < 0) is at least {rule['beats']:g}; "
        f"the effect is worthwhile if also P(difference < -MID) is at least "
        f"{rule['worthwhile']:g} and certainty at least {needs['worthwhile']}; there is no "
        f"worthwhile effect if P(difference > -MID) is at least {rule['no_worthwhile']:g} and "
        f"certainty at least {needs['no_worthwhile']}; anything else is inconclusive."
    )


def _others(settings: Mapping[str, Settings]) -> str:
    main = settings["main"]
    groups: dict[str, list[str]] = {}
    for name, each in settings.items():
        if name != "main":
            groups.setdefault(_kind(each, main), []).append(name.replace("_", " "))
    told = [f"{kind}: {', '.join(names)}" for kind, names in groups.items()]
    return (
        f"Sensitivity analyses ({len(settings) - 1}) changed one choice each ({'; '.join(told)}). "
        "They are compared by deviance, DIC and leave-one-out where the analysed numbers are the "
        "same, and by the verdict on every treatment."
    )


def _kind(each: Settings, main: Settings) -> str:
    parts = parts_of(each["model"])
    if parts:
        return f"models of {QUESTIONS.get(parts[0], parts[0])}"
    if each["treatment_map"] != main["treatment_map"]:
        return "grouping of treatments"
    if each["model"]["priors"] != main["model"]["priors"] or (
        each["model"]["effects"] != main["model"]["effects"]
    ):
        return "priors and effects"
    return "what counts as the data"


QUESTIONS = {
    "structure": "treatment classes and components",
    "placebo": "kinds of placebo",
    "regression": "study characteristics",
    "bias": "risk of bias",
    "heterogeneity": "heterogeneity",
    "study_effects": "outlying studies",
}
