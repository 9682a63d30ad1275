"""Which figure an analysis gets follows from its model, whatever its name."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from test_judge import model, senn

from nma import exact, judge, summary
from nma.model_figures_choice import Fitted, every_figure, of_model
from nma.settings import merge
from nma.specify import structure

MAIN = {"outcome": "pain", "reference": "plac", "treatment_map": "treatment", "mid": {"value": 10}}
PARTS = {
    "class_effects": {"structure": "classes"},
    "additive": {"structure": "additive"},
    "by_year": {"regression": {"covariate": "year", "at": [2000]}},
    "bias_term": {"bias": {"method": "term", "judgements": ["high"]}},
}


def fit(name, settings=None, **part):
    """An analysis of Senn 2013 as a run leaves it, from a few exact draws."""
    arms, network = senn(rob="high", year=1990.0 + np.arange(53) // 2, reported="x")
    block = model(**part)
    made = structure(arms, network, block)
    beta, hyper = exact.fit(made.arms, made.hyper).all_draws(200, seed=1)
    drawn = {key: x.reshape(2, 100) for key, x in hyper.items()}
    tables = judge.every_table(arms, network, block, beta.reshape(2, 100, -1), drawn, 10.0)
    d = np.column_stack([np.zeros(len(beta)), beta @ made.arms.effects[1:].T])
    names = list(made.arms.treatments)
    tables["effects"] = summary.effects(names, d, hyper["tau"], [10], seed=1)
    tables["arms"] = arms
    return Fitted(name, MAIN | {"model": block} | (settings or {}), network, tables)


def words(figure):
    return " ".join(t.get_text() for t in figure.findobj(plt.Text))


@pytest.mark.parametrize(("name", "part"), PARTS.items(), ids=list(PARTS))
def test_every_model_has_its_figure(name, part):
    figure = of_model(fit("any name", **part))
    told = words(figure)
    assert "rosi" in told or name == "by_year"
    expected = {"class_effects": "mean of the class", "additive": "component",
                "by_year": "year", "bias_term": "plain network"}  # fmt: skip
    assert expected[name] in told
    plt.close(figure)


def test_figures_are_named_by_analysis_and_main_has_none():
    fits = [fit("main"), fit("my_classes", structure="classes")]
    drawn = dict(every_figure(fits, pd.DataFrame()))
    assert list(drawn) == ["my_classes", "hyperparameters"]
    assert "omega" in words(drawn["hyperparameters"])
    for figure in drawn.values():
        plt.close(figure)


def test_lumping_needs_a_finer_and_a_coarser_map():
    main = fit("main")
    finer, coarser = (
        Fitted(name, merge(main.settings, {"treatment_map": name}), network, main.tables)
        for name, network in (
            ("fine", main.network | {"nodes": [*main.network["nodes"], {"treatment": "more"}]}),
            ("coarse", main.network | {"nodes": main.network["nodes"][:3]}),
        )
    )
    names = [node["treatment"] for node in main.network["nodes"]]
    maps = pd.DataFrame({"fine": names, "treatment": names, "coarse": names})
    assert "lumping" not in dict(every_figure([main, finer], maps))
    assert "lumping" in dict(every_figure([main, coarser, finer], maps))
    plt.close("all")


def test_nothing_to_draw_without_a_fit():
    assert list(every_figure([], pd.DataFrame())) == []
