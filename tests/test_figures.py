"""Figures draw every treatment, survive odd networks and are the same bytes twice."""

import numpy as np
import pandas as pd
import pytest

from nma import figures, summary
from nma.style import save


def drawn(K: int) -> dict:
    rng = np.random.default_rng(1)
    names = ["placebo", *(f"treatment {k}" for k in range(1, K))]
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
            effects, pd.DataFrame(nodes).set_index("treatment"), "placebo", 10
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
