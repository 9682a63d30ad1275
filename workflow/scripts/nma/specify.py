"""From a config block to what is fitted: the same structure for both engines."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from nma.arms import Arms, build
from nma.priors import Hyper, Prior, prior_of, tau_prior
from nma.structure import Structure, study_table
from nma.structures import bias, classes, components, modality, placebos, regression


def specify(arms: pd.DataFrame, reference: str, model: Mapping[str, Any]) -> tuple[Arms, Prior]:
    """Arrays and heterogeneity prior of the plain network, which the checks are about.

    ``arms`` is arms.csv; ``model`` holds ``effects`` and ``priors``. Raises ValueError for
    arms or priors that cannot be fitted.
    """
    priors = model["priors"]
    prior = tau_prior(priors["tau"], model["effects"], typical_sd(arms))
    virtual = model.get("placebo") == "exchangeable"
    return build(arms, reference, priors["d"]["sd"], virtual), prior


def structure(
    table: pd.DataFrame, network: Mapping[str, Any], model: Mapping[str, Any]
) -> Structure:
    """The whole model of one analysis.

    ``table`` is arms.csv, ``network`` network.json, ``model`` the config's block. Its parts
    are added in a fixed order, so that any of them can be combined.
    """
    arms, tau = specify(table, network["reference"], model)
    priors = model["priors"]
    nodes = {node["treatment"]: node for node in network["nodes"]}
    made = Structure(arms, Hyper({"tau": tau}), nodes, study_table(table, arms.studies))
    if model["structure"] == "additive":
        made = components.additive(made, model["interactions"])
    if model["structure"] == "classes":
        own_from = model["own_class_sd_from"] if model["class_sd"] == "by_class" else None
        sd = prior_of(priors["class_sd"])
        made = classes.exchangeable(made, model["class_column"], sd, own_from, priors["d"]["sd"])
    if model["placebo"] == "exchangeable":
        made = placebos.exchangeable(made, prior_of(priors["placebo_sd"]))
    if (chosen := model["regression"])["covariate"] == regression.CONTROL:
        level = regression.mean_level(made)
        slope = Prior("normal", (0.0, float(priors["control_slope"]["sd"])))
        made = regression.on_level(made, level, slope, prior_of(priors["level_sd"]))
    elif chosen["covariate"]:
        by = model["class_column"] if chosen["coefficients"] == "by_class" else ""
        made = regression.regressed(made, chosen["covariate"], by, priors["slope"]["sd"])
    if (chosen := model["bias"])["method"] == "term":
        sd = prior_of(priors["bias_sd"])
        made = bias.term(made, chosen["judgements"], priors["bias"]["sd"], sd)
    if model["heterogeneity"] != "common" and not tau.is_fixed:
        shared = None
        if model["heterogeneity"] == "modality_shared":
            shared = {name: prior_of(priors[name]) for name in ("log_tau", "log_tau_sd")}
        made = modality.by_modality(made, tau, shared)
    if chosen["method"] == "down_weight":
        made = bias.down_weighted(made, chosen["judgements"], chosen["weight"])
    if model["study_effects"] == "student_t":
        made = replace(made, hyper=replace(made.hyper, df=float(model["df"])))
    return made


def typical_sd(arms: pd.DataFrame) -> float:
    """Median reported sd of the arms in points, for priors stated on the SMD scale."""
    reported = arms["derivation"].isin(["as reported", "standardised"])
    return float(arms.loc[reported, "sd"].median())
