"""Which figure shows what a model adds, and the tables it is drawn from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from nma import model_figures, model_figures_learned
from nma.model_figures_data import bubble_points
from nma.settings import parts_of
from nma.specify import structure
from nma.structures import regression

TABLES = ("arms", "effects", "learned", "shifts", "details")


@dataclass(frozen=True)
class Fitted:
    """One analysis of one stratum: its settings, network.json and TABLES."""

    name: str
    settings: Mapping[str, Any]
    network: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    @property
    def nodes(self) -> dict[str, Mapping[str, str]]:
        """What is known of every treatment."""
        return {node["treatment"]: node for node in self.network["nodes"]}


def every_figure(fits: Sequence[Fitted], treatments: pd.DataFrame) -> Iterator[tuple[str, Figure]]:
    """(name, figure): one per analysis with a model of its own, by the analysis's name, then
    ``hyperparameters`` of all and ``lumping``. ``fits`` begins with main, if that could be
    fitted; ``treatments`` is treatments.csv."""
    for fit in fits:
        if parts_of(fit.settings["model"]) and len(fit.tables["shifts"]):
            yield fit.name, of_model(fit)
    rows = [
        fit.tables["learned"].assign(analysis=fit.name)
        for fit in fits
        if fit.name == "main" or parts_of(fit.settings["model"])
    ]
    if rows:
        table = pd.concat(rows, ignore_index=True)
        outcome = fits[0].settings["outcome"]
        yield (
            "hyperparameters",
            model_figures_learned.hyperparameters(table[_is_hyper(table["parameter"])], outcome),
        )
    if (mapped := _by_map(fits)) is not None:
        yield "lumping", _lumping(*mapped, treatments)


def of_model(fit: Fitted) -> Figure:
    """The figure of what this model asks."""
    model, tables, outcome = fit.settings["model"], fit.tables, fit.settings["outcome"]
    reference = fit.settings["reference"]
    if model["study_effects"] == "student_t":
        return model_figures_learned.scales(tables["details"], outcome)
    if model["heterogeneity"] != "common":
        modality = {name: node.get("modality", "") for name, node in fit.nodes.items()}
        return model_figures_learned.modality(
            tables["learned"], tables["shifts"], outcome, modality
        )
    if model["structure"] == "additive":
        return model_figures.components(tables["learned"], outcome, fit.nodes, reference)
    if model["placebo"] == "exchangeable":
        return model_figures.placebo_grid(
            tables["details"], tables["learned"], outcome, fit.settings["mid"]["value"], reference
        )
    continuous = model["regression"]["covariate"] not in ("", "rob")
    if continuous and (figure := _bubble(fit)) is not None:
        return figure
    groups = None
    if model["structure"] == "classes":
        column = model["class_column"]
        groups = {name: node.get(column, "") for name, node in fit.nodes.items()}
    return model_figures.shrinkage(
        tables["shifts"], fit.name.replace("_", " "), outcome, groups, tables["learned"], reference
    )


def _bubble(fit: Fitted) -> Figure | None:
    """Differences over the covariate with the shared slope; None where each class has one."""
    model, arms = fit.settings["model"], fit.tables["arms"]
    covariate, learned = model["regression"]["covariate"], fit.tables["learned"]
    name = "slope" if covariate == regression.CONTROL else f"slope[{covariate}]"
    row = learned[learned["parameter"] == name]
    if row.empty:
        return None
    made = structure(arms, fit.network, model)
    if covariate == regression.CONTROL:
        passive = arms[~_active(fit, arms) & (arms["basis"] == "arm")]
        values = passive.groupby("study")["y"].mean()
        unit, back = "per point of the control arm", None
    else:
        values = pd.Series(regression.values(made.studies, covariate), made.studies["study"])
        chosen = regression.COVARIATES[covariate]
        unit, back = chosen.unit, chosen.back
    effects = fit.tables["effects"].set_index("treatment")["mean"]
    tau = float(learned.loc[learned["parameter"] == "tau", "mean"].sum())
    slope = tuple(float(row.iloc[0][key]) for key in ("mean", "ci_low", "ci_high"))
    points = bubble_points(arms, effects, values, tau, fit.nodes)
    note = "Both axes hold the error of the control arm; the model allows for it." * (
        covariate == regression.CONTROL
    )
    words = {"size": "participants", "control": "control arm, points"}.get(covariate, covariate)
    return model_figures_learned.bubble(
        points, (*slope, made.centre), words, unit, fit.settings["outcome"], back, note
    )


def _active(fit: Fitted, arms: pd.DataFrame) -> pd.Series:
    kinds = {name: node.get("kind", "active") for name, node in fit.nodes.items()}
    return arms["treatment"].map(kinds).eq("active")


def _is_hyper(parameters: pd.Series) -> np.ndarray:
    """Variances and slopes; not means of classes, components or biases."""
    return (
        parameters.astype(str)
        .str.match(r"(tau|omega|sigma_p|kappa|slope|level_sd|log_tau|b$)")
        .to_numpy()
    )


def _by_map(fits: Sequence[Fitted]) -> tuple[Fitted, Fitted, Fitted] | None:
    """The finer, main and the coarser of analyses that differ in their map alone."""
    if not fits or fits[0].name != "main":
        return None
    main, size = fits[0], len(fits[0].network["nodes"])
    other = [
        fit
        for fit in fits
        if fit.settings["treatment_map"] != main.settings["treatment_map"]
        and not parts_of(fit.settings["model"])
    ]
    finer = [fit for fit in other if len(fit.network["nodes"]) > size]
    coarser = [fit for fit in other if len(fit.network["nodes"]) < size]
    return (finer[0], main, coarser[0]) if finer and coarser else None


def _lumping(finer: Fitted, main: Fitted, coarser: Fitted, treatments: pd.DataFrame) -> Figure:
    columns = [fit.settings["treatment_map"] for fit in (finer, main, coarser)]
    maps = treatments[columns].set_axis(["fine", "treatment", "coarse"], axis=1)
    return model_figures.lumping(
        *(fit.tables["effects"] for fit in (finer, main, coarser)),
        outcome=main.settings["outcome"],
        maps=maps,
        reference=main.settings["reference"],
    )
