"""Figures of the checks: nothing is cut, nothing runs into another, and what is drawn is what
the tables say."""

import inked
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from networks import simulate
from test_checks_programme import programme

from nma.arms import build
from nma.checks import figures
from nma.style import plt, save

MID = 10.0
LONG = " with a name that goes on and on, to sixty letters or so"


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def made() -> dict[str, pd.DataFrame]:
    """Every table of the checks of a network with loops."""
    effects = np.array([0, -4, -9, -12.0])
    data = simulate(np.random.default_rng(3), effects, tau=3.0, studies=9)
    return programme(build(data.replace({"treatment": {"t00": "p"}}), "p", 100.0))


@pytest.fixture(scope="module")
def made_long(made) -> dict[str, pd.DataFrame]:
    """The same with names of sixty letters."""
    return {
        name: table.replace(regex={r"\b([st]\d+)\b": rf"\1{LONG}"}) for name, table in made.items()
    }


def drawn(name: str, made: dict[str, pd.DataFrame], outcome: str = "pain"):
    [(_, figure)] = figures.every_figure(made.__getitem__, "p", MID, [name], outcome)
    return figure


def analyses(made: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables as sensitivity analyses have, the cases of the prior in their place."""
    every = made["prior_effects"]
    return {
        f"with_prior_{i}": part for i, (_, part) in enumerate(every.groupby("case", sort=False))
    }


def sensitivity(made: dict[str, pd.DataFrame], outcome: str = "pain"):
    return figures.function("sensitivity")(analyses(made), "p", MID, ["low_risk"], outcome)


def any_figure(name: str, made: dict[str, pd.DataFrame], outcome: str = "pain"):
    return (sensitivity if name == "sensitivity" else lambda *a: drawn(name, *a))(made, outcome)


def words(figure) -> str:
    return "\n".join(text.get_text() for text in inked.texts(figure))


@pytest.fixture(scope="module", params=figures.FIGURES)
def of_disability(request, made_long):
    """Name of a figure and the figure, with long names."""
    return request.param, any_figure(request.param, made_long, "disability")


def test_no_text_is_cut_or_runs_into_another(of_disability):
    _, figure = of_disability
    assert inked.clipped(figure) == []
    assert inked.overlapping(figure) == []


def test_the_outcome_is_the_one_of_the_config(of_disability):
    name, figure = of_disability
    unitless = {"dev_dev", "net_heat", "loo", "predictive", "contributions", "modifiers"}
    assert "pain" not in words(figure)
    assert ("disability" in words(figure)) == (name not in unitless)


@pytest.mark.parametrize("name", ["influence", "net_heat"])
def test_no_text_is_cut_in_svg(name, made_long):
    assert inked.clipped(any_figure(name, made_long), svg=True) == []


def test_the_ruler_finds_what_is_cut_and_what_overlaps():
    figure, ax = plt.subplots(figsize=(2, 2))
    ax.set_xticks([0, 0.01, 1], ["first of them", "second of them", "third"])
    ax.text(0.8, 0.5, "this is cut by its axes", clip_on=True)
    assert inked.overlapping(figure) == [("first of them", "second of them")]
    assert "this is cut by its axes" in inked.clipped(figure)


def test_the_ruler_finds_names_that_were_measured_too_narrow():
    figure, ax = plt.subplots(figsize=(2, 2), dpi=100)
    ax.text(1, 0.5, "spinal manipulation + exercise no longer beats placebo" * 2, fontsize=7.5)
    assert inked.clipped(figure, svg=True)


@pytest.mark.parametrize("name", figures.FIGURES)
@pytest.mark.parametrize("rows", [0, 1])
def test_short_tables_give_a_figure(name, rows, made):
    short = {key: table.head(rows) for key, table in made.items()}
    figure = any_figure(name, short)
    assert inked.overlapping(figure) == []
    assert words(figure)


def test_the_outcome_names_the_baseline(made):
    values = made["modifiers"].copy()
    at = values["modifier"] == "baseline"
    values.loc[at, "value"] = np.linspace(40, 60, at.sum())
    values.loc[at, "reported"] = True
    figure = drawn("modifiers", made | {"modifiers": values}, "disability")
    assert "disability at baseline, points" in words(figure)


def values(axes) -> np.ndarray:
    """(x, y) of every marker, arrows at the ends of an axis excepted."""
    lines = [line for ax in axes for line in ax.lines if line.get_clip_on()]
    return np.concatenate(
        [line.get_xydata() for line in lines if line.get_marker() in set("osD^vPX")]
    )


def in_row(ax, label: str) -> np.ndarray:
    """x of the markers on the row of a label, in ascending order."""
    [tick] = [t for t in ax.yaxis.get_major_ticks() if t.label1.get_text() == label]
    points = values([ax])
    return np.sort(points[np.abs(points[:, 1] - tick.get_loc()) < 0.45, 0])


def the_same(drawn_: np.ndarray, told: np.ndarray) -> None:
    """The same points, in any order."""

    def ordered(points):
        return np.array(sorted(map(tuple, np.round(points, 9))))

    np.testing.assert_allclose(ordered(drawn_), ordered(told), atol=1e-8)


def test_splits_stand_on_their_own_rows(made):
    table = made["node_splits"]
    ax = drawn("node_splits", made).axes[0]
    for row in table.itertuples():
        told = [row.direct_mean, row.indirect_mean, row.network_mean]
        np.testing.assert_allclose(in_row(ax, f"{row.treatment} v {row.comparator}"), np.sort(told))


def test_deviances_are_those_of_the_table(made):
    table = made["dev_dev"]
    told = table[["consistency_deviance", "ume_deviance"]].div(table["df"], axis=0)
    the_same(values(drawn("dev_dev", made).axes), told.to_numpy())


def test_leverages_are_those_of_the_table(made):
    told = made["fit"][["w", "leverage_per_df"]].to_numpy()
    the_same(values(drawn("leverage", made).axes), told)


def test_densities_of_left_out_studies_are_those_of_the_table(made):
    table = made["loo"].set_index("study")
    ax = drawn("loo", made).axes[0]
    for study, row in table.iterrows():
        told = np.sort([row["elpd"] / row["df"], row["psis_elpd"] / row["df"]])
        np.testing.assert_allclose(in_row(ax, study), told)


def test_predictive_p_values_are_ordered(made):
    p = np.sort(made["predictive"]["p_loo"].dropna().to_numpy())
    told = np.column_stack([np.arange(1, len(p) + 1) / (len(p) + 1), p])
    the_same(values(drawn("predictive", made).axes), told)


def test_distances_stand_on_the_rows_of_their_studies(made):
    table = made["influence"].nlargest(10, "cook")
    ax = drawn("influence", made).axes[0]
    labels = [text.get_text().split("\n")[0] for text in ax.get_yticklabels()]
    bars = next(c for c in ax.containers if c.patches[0].get_height() == 0.5)
    assert labels == table["study"].tolist()
    np.testing.assert_allclose([bar.get_width() for bar in bars], table["cook"])


def test_effects_and_tau_under_every_prior_are_those_of_the_tables(made):
    upper, lower = drawn("priors", made).axes
    table = made["prior_effects"]
    for treatment, part in table.groupby("treatment"):
        np.testing.assert_allclose(in_row(lower, treatment), np.sort(part["median"]))
    for i, row in enumerate(made["prior_tau"].itertuples()):
        assert in_row(upper, f"{row.case}  {'ABCDEFGHIJ'[i]}") == pytest.approx([row.median])


def test_effects_under_every_analysis_are_those_of_the_tables(made):
    ax = sensitivity(made).axes[0]
    for treatment, part in made["prior_effects"].groupby("treatment"):
        np.testing.assert_allclose(in_row(ax, treatment), np.sort(part["median"]))


def test_thresholds_are_those_of_the_table(made):
    table = made["thresholds"]
    told = {
        (f"{row.study}: " if isinstance(row.study, str) and row.study else "")
        + f"{row.treatment} v {row.comparator}": row.estimate
        for row in table.itertuples()
    }
    for ax in drawn("thresholds", made).axes:
        for label in (text.get_text() for text in ax.get_yticklabels()):
            assert np.isclose(in_row(ax, label), told[label]).any(), label


def test_the_funnel_holds_the_contrasts_that_are_not_alone(made):
    table = made["funnel"]
    told = table.loc[~table["alone"].astype(bool), ["adjusted", "se"]].to_numpy()
    the_same(values(drawn("funnel", made).axes), told)


def test_effects_before_and_after_correction_are_those_of_the_table(made):
    table = made["small_study"]
    ax = drawn("small_study", made).axes[0]
    for row in table[table["parameter"].str.startswith("d[")].itertuples():
        told = np.sort([row.main_mean, row.mean])
        np.testing.assert_allclose(in_row(ax, row.treatment), told)


def test_every_study_is_a_point_of_every_modifier(made):
    table = made["modifiers"]
    told = (
        table[table["modifier"] == "weeks"].groupby(["treatment", "comparator"])["study"].nunique()
    )
    ax = next(
        ax for ax in drawn("modifiers", made).axes if ax.get_xlabel() == "weeks to assessment"
    )
    [line] = [line for line in ax.lines if line.get_marker() == "o"]
    single = told[told == 1]
    # Comparisons with one study share a row, so that a study of several counts once there.
    assert told[told > 1].sum() < len(line.get_xdata()) <= told[told > 1].sum() + len(single)


def test_shares_are_those_of_the_table(made):
    table = made["contributions"]
    ax = drawn("contributions", made).axes[0]
    [mesh] = [c for c in ax.collections if isinstance(c, QuadMesh)]
    shares = np.asarray(mesh.get_array()).reshape(len(ax.get_yticks()), -1)
    columns = [text.get_text() for text in ax.get_xticklabels()]
    for label, row in zip(ax.get_yticklabels(), shares, strict=True):
        part = table[table["treatment"] == label.get_text()]
        for found in part.itertuples():
            name = f"{found.direct_treatment} v {found.direct_comparator}"
            assert row[columns.index(name)] == pytest.approx(found.contribution, abs=1e-9)


def test_the_heat_is_that_of_the_table(made):
    table = made["net_heat"].pivot(index="design", columns="detached", values="change")
    ax = drawn("net_heat", made).axes[0]
    [mesh] = [c for c in ax.collections if isinstance(c, QuadMesh)]
    order = [text.get_text().rsplit("  ", 1)[0] for text in ax.get_yticklabels()]
    heat = np.asarray(mesh.get_array()).reshape(len(order), -1)
    np.testing.assert_allclose(heat, table.loc[order, order].fillna(0.0))


def test_same_tables_same_bytes(made, tmp_path):
    for turn in ("a", "b"):
        save(drawn("dev_dev", made), [tmp_path / f"{turn}.svg"])
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
