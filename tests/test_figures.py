"""Figures draw every treatment, survive odd networks and are the same bytes twice."""

import re

import inked
import numpy as np
import pandas as pd
import pytest
from networks import simulate
from PIL import Image

from nma import exact, figures, posterior, posterior_figures, style, summary
from nma.arms import build
from nma.priors import tau_prior
from nma.style import plt, save, saved_box

LONG = " with a name that goes on and on until it has sixty letters"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def drawn(K: int, ending: str = "", outcome: str = "pain") -> dict:
    rng = np.random.default_rng(1)
    names = ["placebo", *(f"treatment {k}{ending}"[:60] for k in range(1, K))]
    d = np.column_stack([np.zeros(500), rng.normal(-5, 3, (500, K - 1))])
    nodes = [
        {"treatment": n, "studies": 1, "n": None if i == 1 else 50.0, "modality": "drug"}
        for i, n in enumerate(names)
    ]
    edges = [{"a": "placebo", "b": n, "studies": i + 1} for i, n in enumerate(names[1:])]
    network = {"reference": "placebo", "nodes": nodes, "edges": edges}
    effects = summary.effects(names, d, np.full(500, 3.0), [5, 10, 15, 20], 1)
    ranks = summary.ranks(names, d)
    return {
        "network": figures.network(network),
        "forest": figures.forest(
            effects, pd.DataFrame(nodes).set_index("treatment"), "placebo", 10, outcome
        ),
        "ranks": figures.ranks(ranks),
        "rank_probabilities": figures.rank_probabilities(
            summary.rank_probabilities(names, d), ranks["treatment"].tolist()
        ),
    }


@pytest.mark.parametrize("K", [2, 7, 33])
def test_every_treatment_is_named(K, tmp_path):
    for name, figure in drawn(K).items():
        texts = " ".join(t.get_text() for ax in figure.axes for t in ax.texts)
        ticks = " ".join(t.get_text() for ax in figure.axes for t in ax.get_yticklabels())
        for k in range(1, K):
            assert f"treatment {k}" in texts + ticks, name
        save(figure, [tmp_path / f"{name}.png"])
        assert (tmp_path / f"{name}.png").stat().st_size > 5000


def test_same_figure_same_bytes(tmp_path):
    for turn in ("a", "b"):
        save(drawn(4)["forest"], [tmp_path / f"{turn}.{kind}" for kind in ("svg", "pdf", "png")])
    for kind in ("svg", "pdf", "png"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_shorter_numbers_leave_the_letters_their_size(tmp_path):
    figure = drawn(3)["forest"]
    box = saved_box(figure)
    figure.savefig(tmp_path / "whole.svg", bbox_inches=box, metadata={"Date": None})
    save(figure, [tmp_path / "short.svg"])
    whole, short = ((tmp_path / f"{name}.svg").read_text("utf-8") for name in ("whole", "short"))
    scale = re.compile(r"scale\([^)]*\)")
    assert "scale(0.015625)" in short
    assert scale.findall(short) == scale.findall(whole)
    assert not re.search(r"\.\d{3}", scale.sub("", short.split("</metadata>")[1]))
    assert len(short) < len(whole)


def test_number_of_people_unknown_is_said():
    texts = [t.get_text() for t in drawn(3)["network"].axes[0].texts]
    assert "treatment 1 (n not stated)" in texts


def test_an_interval_beyond_the_axis_ends_in_an_arrow():
    d = np.column_stack([np.zeros(500), np.random.default_rng(1).normal(0, 90, 500)])
    effects = summary.effects(["placebo", "x"], d, np.full(500, 3.0), [5, 10, 15, 20], 1)
    nodes = pd.DataFrame({"studies": [1], "n": [10.0]}, index=["x"])
    markers = {
        line.get_marker() for line in figures.forest(effects, nodes, "placebo", 10).axes[0].lines
    }
    assert {"<", ">"} <= markers


@pytest.mark.parametrize(("K", "ending"), [(2, LONG), (12, ""), (12, LONG)])
def test_no_text_is_cut_or_runs_into_another(K, ending):
    for name, figure in drawn(K, ending).items():
        assert inked.clipped(figure) == [], name
        assert inked.overlapping(figure) == [], name


def test_the_forest_draws_and_prints_the_medians():
    ax = drawn(7)["forest"].axes[0]
    squares = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "s"]
    printed = [text.get_text().split()[0] for text in ax.texts if " to " in text.get_text()]
    assert printed == [f"{median:.1f}".replace("-", "−") for median in squares]


def test_people_who_are_not_counted_are_not_n_s():
    """It reads as "not significant"."""
    assert "not stated" in [text.get_text() for text in drawn(3)["forest"].axes[0].texts]


def test_the_outcome_is_the_one_of_the_config():
    label = drawn(3, outcome="disability")["forest"].axes[0].get_xlabel()
    assert "0-100 disability" in label
    assert "less disability than placebo" in label
    assert "pain" not in label


@pytest.fixture(scope="module")
def fitted():
    """Draws of a small network with long names, and the prior of tau."""
    rng = np.random.default_rng(3)
    data = simulate(rng, np.array([0, -4, -9, -12.0]), tau=3.0, studies=9)
    data["treatment"] = [t if t == "t00" else (t + LONG)[:60] for t in data["treatment"]]
    arms, prior = (
        build(data, "t00", 100.0),
        tau_prior({"dist": "half_normal", "scale": 15}, "random", 20.0),
    )
    beta, tau = exact.fit(arms, prior).draws(800, 1)
    tree = posterior.assemble(
        arms, prior, beta.reshape(4, 200, -1), tau.reshape(4, 200), 1, {"engine": "exact"}
    )
    return tree, prior


def of_draws(tree, prior) -> dict:
    names = tree["posterior"]["treatment"].values.tolist()
    return {
        "posterior": posterior_figures.posterior(tree, 10, "disability"),
        "trace": posterior_figures.trace(tree, names),
        "rank_plot": posterior_figures.rank_plot(tree, names, 400.0),
        "tau": posterior_figures.tau(tree, prior),
    }


def test_no_text_of_the_draws_is_cut_or_runs_into_another(fitted):
    for name, figure in of_draws(*fitted).items():
        assert inked.clipped(figure) == [], name
        assert inked.overlapping(figure) == [], name
        # It would move the axes after they have been measured.
        assert figure.get_layout_engine() is None, name


def test_densities_say_against_what_and_of_what(fitted):
    label = posterior_figures.posterior(fitted[0], 10, "disability").axes[-1].get_xlabel()
    assert "Difference from t00, points of 0-100 disability" in label
    assert "less disability than t00" in label


def test_resolution_and_width_are_the_configs(tmp_path):
    style.configure({"dpi": 200, "width_mm": 180})
    try:
        figure, ax = style.plt.subplots(figsize=style.inches(9.5, 3.0))
        ax.set_position([0, 0, 1, 1])  # what is saved is cropped to what is drawn
        assert figure.get_size_inches().tolist() == pytest.approx([180 / 25.4, 3.0])
        style.save(figure, [tmp_path / "a.png", tmp_path / "a.svg"])
    finally:
        style.configure({"dpi": style.DPI, "width_mm": 25.4 * style.WIDTH})
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["dpi"] == pytest.approx((200, 200), abs=0.01)
        assert image.width == pytest.approx(200 * 180 / 25.4, rel=0.1)
