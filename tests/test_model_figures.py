"""Figures of the models: what is drawn is what the tables say, nothing is cut, nothing runs into
another, and an empty table says why."""

import inked
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from nma import model_figures as figures
from nma import model_figures_parts as parts
from nma.model_figures_data import bubble_points
from nma.style import plt

LONG = " with a name that goes on and on, to sixty letters or so,"
NAMES = [f"t{i}" for i in range(8)]
CLASSES = dict(zip(NAMES, ["a", "a", "a", "b", "b", "", "c", ""], strict=True))
LEARNED = ["parameter", "prior", "prior_sd", "mean", "sd", "median", "ci_low", "ci_high"]


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def learned(*rows: tuple) -> pd.DataFrame:
    """Rows (parameter, prior, mean, sd, prior_driven, note) with normal intervals."""
    made = [
        [p, prior, 3.0, mean, sd, mean, mean - 2 * sd, mean + 2 * sd, driven, note]
        for p, prior, mean, sd, driven, note in rows
    ]
    return pd.DataFrame(made, columns=[*LEARNED, "prior_driven", "note"])


def tables() -> dict[str, pd.DataFrame]:
    """Small tables with the columns of ``judge`` and of effects.csv."""
    mean = np.array([-9.0, -7, -5, -4, -2, 0, 1, 4])
    shifts = pd.DataFrame({"treatment": NAMES, "mean": mean, "sd": 2.0, "plain_sd": 2.5})
    shifts[["ci_low", "ci_high"]] = np.column_stack([mean - 4, mean + 4])
    plain = mean + np.linspace(-6, 5, 8)
    shifts[["plain_mean", "plain_ci_low", "plain_ci_high"]] = np.column_stack(
        [plain, plain - 5, plain + 5]
    )
    shifts.loc[7, ["plain_mean", "plain_ci_low", "plain_ci_high"]] = np.nan
    shifts["sd_ratio"] = np.linspace(0.4, 1.6, 8)
    shifts["estimable"] = ["yes"] * 7 + ["no"]
    grid = [
        ["sigma_p", name, value, m + value / 4, 1.0, m + value / 4 - 3 - value, m + 3 + value]
        for value in (0.0, 2.0, 10.0)
        for name, m in zip(NAMES, mean, strict=True)
    ]
    scale = [
        ["scale", f"s{i}", np.nan, 0.1 + 0.05 * i, 0.1, 0.05 * (1 + i / 9), 1.0 + 0.1 * i]
        for i in range(20)
    ]
    details = pd.DataFrame([*grid, *scale], columns=["what", "name", "value", *LEARNED[3:5],
                                                     "ci_low", "ci_high"])  # fmt: skip
    details["note"] = ["" if w == "sigma_p" else "P(scale < 1/2) 0.75" for w in details["what"]]
    rows = learned(
        ("tau", "half_normal(15)", 8.0, 1.0, False, ""),
        ("tau[drug]", "half_normal(15)", 3.0, 1.0, False, ""),
        ("tau[physical]", "half_normal(15)", 9.0, 4.0, True, ""),
        ("sigma_p", "half_normal(5)", 4.0, 1.9, True, ""),
        ("level_sd", "half_normal(20)", 9.0, 1.9, False, ""),
        ("b", "normal(0, 10)", 2.0, 3.0, False, ""),
        ("slope", "normal(0, 1)", -0.5, 0.1, False, ""),
        ("slope[year]", "normal(0, 10)", 1.5, 1.0, False, ""),
        ("log_tau", "normal(1, 1)", 1.5, 0.3, False, ""),
        ("m[a]", "normal(0, 100)", -7.0, 2.0, False, "in t0, t1, t2"),
        ("m[b]", "normal(0, 100)", -3.0, 2.0, False, "in t3, t4"),
        *[(f"c[{name}]", "normal(0, 100)", m, 2.0, False, f"in {name}")
          for name, m in zip(NAMES[:5], mean, strict=False)],
        ("c[t5]", "normal(0, 100)", -3.0, 70.0, False, "in t5 + t6; cannot be told from t6"),
    )  # fmt: skip
    points = pd.DataFrame({"study": [f"s{i}" for i in range(12)], "treatment": (NAMES * 2)[:12]})
    points["x"] = np.linspace(1, 6, 12)
    points["residual"] = np.sin(points["x"]) * 6
    points["se"], points["weight"] = 2.0, np.linspace(0.01, 0.04, 12)
    points["modality"] = ["drug", "physical"] * 6

    def effects(names, move):
        m = mean[: len(names)] + move
        return pd.DataFrame({"treatment": names, "median": m, "ci_low": m - 5, "ci_high": m + 5})

    return {
        **{"shifts": shifts, "details": details, "learned": rows, "points": points},
        **{"fine": effects(NAMES, 0), "medium": effects(["m0", "m1", "t6"], 1)},
        "coarse": effects(["c0"], 0.5),
        "maps": pd.DataFrame({"fine": NAMES[:7], "treatment": ["m0"] * 3 + ["m1"] * 3 + ["t6"],
                              "coarse": "c0"}),
    }  # fmt: skip


def drawn(t: dict[str, pd.DataFrame], classes=CLASSES, outcome="disability") -> dict:
    """A way to draw every figure, by its name."""
    hyper = t["learned"][~t["learned"]["parameter"].str.match(r"[mc]\[")]
    rows = hyper.assign(analysis="one_analysis")
    modality = dict.fromkeys(classes, "physical")
    learned_ = t["learned"]
    return {
        "shrinkage": lambda: figures.shrinkage(
            t["shifts"], "A title", outcome, classes, learned_, "p"
        ),
        "plain": lambda: figures.shrinkage(t["shifts"], "A title", outcome),
        "components": lambda: figures.components(
            learned_, outcome, {name: {"kind": "none"} for name in [*classes][3:4]}
        ),
        "placebo_grid": lambda: figures.placebo_grid(t["details"], learned_, outcome, 10.0),
        "bubble": lambda: figures.bubble(
            t["points"], (-1.0, -2.0, 0.5, 3.0), "weeks", "per doubling", outcome, np.exp2
        ),
        "modality": lambda: figures.modality(learned_, t["shifts"], outcome, modality),
        "scales": lambda: figures.scales(t["details"], outcome),
        "lumping": lambda: figures.lumping(t["fine"], t["medium"], t["coarse"], outcome, t["maps"]),
        "hyperparameters": lambda: figures.hyperparameters(rows, outcome),
    }


FIGURES = list(drawn(tables()))


@pytest.fixture(scope="module", params=FIGURES)
def of_long_names(request):
    """Name of a figure and the figure, with names of sixty letters."""
    text = {"regex": {r"^((?:\w\[)?[stmc]\d)(?=\]|$)": rf"\1{LONG}"}}
    made = {name: table.replace(**text) for name, table in tables().items()}
    classes = {f"{name}{LONG}": label for name, label in CLASSES.items()}
    return request.param, drawn(made, classes)[request.param]()


def words(figure) -> str:
    return "\n".join(text.get_text() for text in inked.texts(figure))


def test_no_text_is_cut_or_runs_into_another(of_long_names):
    _, figure = of_long_names
    assert inked.overlapping(figure) == []
    assert inked.clipped(figure) == []


def test_the_unit_names_the_outcome(of_long_names):
    _, figure = of_long_names
    assert "points of disability (0-100)" in words(figure).replace("\n", " ")
    assert "pain" not in words(figure)


def test_names_of_sixty_letters_are_whole(of_long_names):
    name, figure = of_long_names
    if name not in ("hyperparameters", "bubble"):
        assert LONG.strip() in words(figure)


@pytest.mark.parametrize("name", FIGURES)
def test_an_empty_table_says_why(name):
    empty = {key: table.head(0) for key, table in tables().items()}
    figure = drawn(empty)[name]()
    assert figure.axes == []
    assert words(figure).strip().endswith(".")


@pytest.mark.parametrize("name", ["components", "placebo_grid", "modality", "hyperparameters"])
def test_tables_read_from_text_give_the_same_figure(name):
    made = tables()
    as_text = {**made, "learned": made["learned"].assign(
        prior_driven=made["learned"]["prior_driven"].astype(str))}  # fmt: skip
    assert words(drawn(as_text)[name]()) == words(drawn(made)[name]())


def marks(ax, which="osD^vPX") -> np.ndarray:
    """(x, y) of every marker."""
    lines = [line for line in ax.lines if line.get_marker() in set(which) and line.get_clip_on()]
    return np.concatenate([line.get_xydata() for line in lines])


def in_row(ax, label: str, which="osD") -> list[float]:
    """x of the markers on the row of a label, in ascending order."""
    [tick] = [t for t in ax.yaxis.get_major_ticks() if t.label1.get_text() == label]
    points = marks(ax, which)
    return np.sort(points[np.abs(points[:, 1] - tick.get_loc()) < 0.45, 0]).tolist()


def labels(ax) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


def test_effects_before_and_after_shrinkage_are_those_of_the_table():
    made = tables()
    ax = drawn(made)["shrinkage"]().axes[0]
    for row in made["shifts"].itertuples():
        told = sorted(x for x in (row.plain_mean, row.mean) if np.isfinite(x))
        assert in_row(ax, row.treatment) == pytest.approx(told)
    assert in_row(ax, "a", "D") == pytest.approx([-7.0])
    assert labels(ax) == ["a", "t0", "t1", "t2", "b", "t3", "t4", "alone in its class",
                          "t5", "t6", "t7"]  # fmt: skip
    assert labels(drawn(made)["plain"]().axes[0]) == NAMES


def test_what_is_not_estimable_is_hollow():
    ax = drawn(tables())["plain"]().axes[0]
    [hollow] = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert hollow.get_xdata().tolist() == [4.0]


def test_components_are_those_of_the_table_active_ones_first():
    made = tables()
    ax = drawn(made)["components"]().axes[0]
    rows = made["learned"].set_index("parameter")
    for name in NAMES[:5]:
        label = name + " (not active)" * (name == "t3")
        assert in_row(ax, label) == pytest.approx([rows.at[f"c[{name}]", "mean"]])
    assert labels(ax)[-1] == "t3 (not active)"
    [hollow] = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert hollow.get_xdata().tolist() == [-3.0]
    assert ax.get_xlim()[1] < 20  # an effect that nothing tells does not set the axis


def test_the_grid_names_effects_that_exclude_0_somewhere():
    made = tables()
    ax, lower = drawn(made)["placebo_grid"]().axes
    grid = made["details"].query("what == 'sigma_p'")
    clear = grid[(grid["ci_low"] > 0) | (grid["ci_high"] < 0)]
    assert {text.get_text() for text in ax.texts} == set(clear["name"])
    named = grid[grid["name"].isin(clear["name"])]
    drawn_ = {tuple(np.round(point, 9)) for point in marks(ax, "os^vPXD<>h")}
    assert drawn_ == {tuple(np.round(point, 9)) for point in named[["value", "mean"]].to_numpy()}
    full = [line for line in ax.lines if line.get_marker() != "None"]
    full = sum(len(line.get_xdata()) for line in full if line.get_markerfacecolor() != "white")
    assert full == len(clear)
    assert ax.get_xlim() == lower.get_xlim()
    assert marks(lower)[0, 0] == 4.0
    [density] = [line for line in lower.lines if line.get_marker() == "None"]
    x, y = density.get_data()
    half_normal = np.sqrt(2 / np.pi) / 5 * np.exp(-((x / 5) ** 2) / 2)
    np.testing.assert_allclose(y, half_normal)


def test_bubbles_are_the_points_and_the_line_the_slope():
    made = tables()
    ax = drawn(made)["bubble"]().axes[0]
    [dots] = [c for c in ax.collections if len(c.get_offsets()) == len(made["points"])]
    told = made["points"].sort_values("weight", ascending=False)
    np.testing.assert_allclose(dots.get_offsets(), told[["x", "residual"]])
    ratio = dots.get_sizes() / told["weight"].to_numpy()
    np.testing.assert_allclose(ratio, ratio[0])
    [line] = [line for line in ax.lines if line.get_label() == "slope"]
    x, y = line.get_data()
    np.testing.assert_allclose(y, -(x - 3.0), atol=1e-12)
    band = ax.collections[1].get_paths()[0].vertices
    beyond = band[band[:, 0] > 3.0 + 1e-9]
    slopes = beyond[:, 1] / (beyond[:, 0] - 3.0)
    assert slopes.min() == pytest.approx(-2.0)
    assert slopes.max() == pytest.approx(0.5)


def test_taus_and_ratios_are_those_of_the_tables():
    made = tables()
    left, right = drawn(made)["modality"]().axes
    assert in_row(left, "drug") == [3.0]
    assert in_row(left, "physical") == [9.0]
    assert "prior-driven" in [text.get_text() for text in left.texts]
    np.testing.assert_allclose(np.sort(marks(right)[:, 0]), made["shifts"]["sd_ratio"])
    more = next(line for line in right.lines if line.get_label() == "more precise")
    assert (more.get_xdata() < 1).all()
    assert len(more.get_xdata()) == 4


def test_the_fifteen_smallest_scales_are_shown():
    ax = drawn(tables())["scales"]().axes[0]
    assert labels(ax) == [f"s{i}" for i in range(15)]
    for i in range(15):
        assert in_row(ax, f"s{i}") == pytest.approx([0.1 + 0.05 * i])
    assert [text.get_text() for text in ax.texts].count("0.75") == 15


def test_lumped_effects_are_those_of_the_tables():
    made = tables()
    ax = drawn(made)["lumping"]().axes[0]
    assert labels(ax) == ["c0", "m0", "t0", "t1", "t2", "m1", "t3", "t4", "t5", "t6"]
    fine = made["fine"].set_index("treatment")["median"]
    medium = made["medium"].set_index("treatment")["median"]
    for name in NAMES[:7]:
        assert in_row(ax, name, "o") == pytest.approx([fine[name]])
    for name in medium.index:
        assert in_row(ax, name, "s") == pytest.approx([medium[name]])
    [band] = [c for c in ax.collections if not isinstance(c, LineCollection)]
    x = band.get_paths()[0].vertices[:, 0]
    row = made["coarse"].iloc[0]
    assert (x.min(), x.max()) == pytest.approx((row["ci_low"], row["ci_high"]))


def test_hyperparameters_with_their_priors_are_those_of_the_table():
    made = tables()
    figure = drawn(made)["hyperparameters"]()
    assert len(figure.axes) == 5  # sd, mean, slope on the level, slopes, logs
    told = made["learned"][~made["learned"]["parameter"].str.match(r"[mc]\[")]
    x = np.concatenate([marks(ax)[:, 0] for ax in figure.axes])
    np.testing.assert_allclose(np.sort(x), np.sort(told["median"]))
    assert words(figure).split("\n").count("prior-driven") == told["prior_driven"].sum()
    [bar] = [c for c in figure.axes[1].collections if c.get_label() == "prior"]
    np.testing.assert_allclose(bar.get_segments()[0][:, 0], [-19.6, 19.6], atol=0.3)


def test_priors_are_read_back_from_their_text():
    low, high = parts.prior_interval("half_normal(5)")
    assert (low, high) == pytest.approx((5 * 0.03134, 5 * 2.2414), rel=0.03)
    assert parts.prior_interval("uniform(50)") == pytest.approx((1.25, 48.75), rel=0.03)
    for text in ("normal(0, kappa)", "exchangeable(log_tau, log_tau_sd)", "", np.nan):
        assert parts.prior_of_text(text) is None


def test_labels_make_room_and_keep_their_order():
    places = np.array([0.0, 0.1, 5.0, 0.05])
    moved = parts.apart(places, 1.0)
    assert np.diff(np.sort(moved)).min() == pytest.approx(1.0)
    assert np.argsort(moved).tolist() == np.argsort(places).tolist()
    assert moved[2] == 5.0


def study(name: str, *arms: tuple) -> pd.DataFrame:
    return pd.DataFrame(arms, columns=["treatment", "y", "se"]).assign(study=name)


KINDS = {
    "placebo": {"kind": "placebo", "modality": "none"},
    "care": {"kind": "none", "modality": "none"},
    "x": {"kind": "active", "modality": "drug"},
}


def test_a_bubble_is_a_difference_less_the_effects_of_both_arms():
    arms = pd.concat(
        [
            study("one", ("care", 42.0, 3.0), ("placebo", 40.0, 3.0), ("x", 30.0, 4.0)),
            study("two", ("x", 30.0, 4.0), ("care", 45.0, 3.0)),
            study("no passive arm", ("x", 30.0, 4.0), ("y", 45.0, 3.0)),
            study("no value", ("placebo", 30.0, 4.0), ("x", 45.0, 3.0)),
        ]
    )
    effects = pd.Series({"x": -7.0, "care": 2.0, "y": 0.0})
    made = bubble_points(arms, effects, pd.Series({"one": 1.0, "two": 2.0}), 12.0, KINDS)
    assert made[["study", "comparator"]].to_numpy().tolist() == [["one", "placebo"],
                                                                 ["two", "care"]]  # fmt: skip
    assert made["residual"].tolist() == pytest.approx([-10 + 7.0, -15 - (-7 - 2.0)])
    assert made["se"].tolist() == pytest.approx([5.0, 5.0])
    assert made["weight"].tolist() == pytest.approx([1 / 169, 1 / 169])
    assert made["modality"].tolist() == ["drug", "drug"]


def test_only_the_reference_may_be_without_an_effect():
    arms = study("one", ("placebo", 40.0, 3.0), ("x", 30.0, 4.0))
    with pytest.raises(ValueError, match="placebo, x"):
        bubble_points(arms, pd.Series(dtype=float), pd.Series({"one": 1.0}), 1.0, KINDS)
