"""What a model adds to the plain network, and how well it fits: tables of every analysis."""

import numpy as np
import pandas as pd
import pytest
import yaml
from networks import REFERENCE, table
from snakemake.utils import validate
from tabular import ROOT

from nma import exact, judge
from nma.checks.deviance import study_deviance, totals
from nma.checks.leave_out import leave_one_out, loo_totals
from nma.priors import Prior
from nma.settings import merge
from nma.specify import structure

CLASSES = {"acar": "alpha", "migl": "alpha", "piog": "glitazone", "rosi": "glitazone"}


def model(**changes):
    """The model block of the committed config with every default, and changes on top."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    validate(config, str(ROOT / "workflow/schemas/config.schema.yaml"))
    base = merge(config["model"], {"priors": {"tau": {"dist": "half_normal", "scale": 5}}})
    return merge(base, changes)


def senn(**columns):
    """Senn 2013 as arms.csv and network.json."""
    arms = table("senn2013")
    filled = {"n": 50.0, "year": 2000.0, "baseline": np.nan, "weeks": 12.0, "rob": "", "sd": 1.0,
              "basis": "contrast", "derivation": "as reported"}  # fmt: skip
    arms = arms.assign(**filled | columns)
    nodes = [
        {"treatment": name, "kind": "placebo" if name == "plac" else "active",
         "coarse": CLASSES.get(name, name), "modality": "drug"}
        for name in sorted(arms["treatment"].unique())
    ]  # fmt: skip
    return arms, {"reference": "plac", "nodes": nodes}


def fitted(block, **columns):
    """Structure, independent draws of parameters and hyperparameters."""
    arms, network = senn(**columns)
    made = structure(arms, network, block)
    return made, *exact.fit(made.arms, made.hyper).all_draws(4000, seed=1)


def test_fit_statistics_of_the_plain_network_are_those_of_the_checks():
    made, _, hyper = fitted(model())
    points = judge.pointwise(made, judge.nodes(made, hyper, widen=True))
    found = judge.statistics(made, points)
    prior = Prior("half_normal", (5.0,))
    expected = totals(study_deviance(exact.fit(made.arms, prior)))
    assert found["DIC"] == pytest.approx(expected["DIC"], rel=1e-6)
    left = loo_totals(leave_one_out(made.arms, prior, draws=0)).set_index("which")
    assert found["elpd"] == pytest.approx(left.loc["predicted by the others", "elpd"], rel=1e-9)
    assert found["adds"] == ""


def test_the_same_numbers_have_the_same_hash_whatever_the_treatments_are_called():
    arms, network = senn()
    plain = structure(arms, network, model())
    renamed = arms.replace({"treatment": {"rosi": "a glitazone"}})
    other = structure(renamed, network, model())
    moved = structure(arms.assign(y=arms["y"] + (arms.index == 1) * 1e-3), network, model())
    points = judge.pointwise(plain, judge.nodes(plain, {}))
    hashes = [judge.statistics(each, points)["data"] for each in (plain, other, moved)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_classes_report_means_deviations_and_how_far_effects_moved():
    block = model(structure="classes")
    made, beta, hyper = fitted(block)
    learned = judge.learned(made, beta, hyper).set_index("parameter")
    assert {"tau", "omega", "m[alpha]", "m[glitazone]", "dev[piog]"} <= set(learned.index)
    assert learned.loc["m[glitazone]", "note"] == "in piog, rosi"
    plain = judge.plain_of(*senn(), block)
    assert plain.arms.is_plain
    moved = judge.shifts(made, plain, beta, mid=0.5).set_index("treatment")
    fit = exact.fit(plain.arms, plain.hyper)
    mean, sd = fit.moments(fit.contrast("rosi", "plac"))
    assert moved.loc["rosi", "plain_mean"] == pytest.approx(mean)
    assert moved.loc["rosi", "plain_sd"] == pytest.approx(sd)
    assert (moved["moved"] == moved["mean"] - moved["plain_mean"]).all()
    # Two members of a class come nearer to one another.
    figures = moved[["mean", "plain_mean"]]
    gap = figures.loc["piog"] - figures.loc["rosi"]
    assert abs(gap["mean"]) < abs(gap["plain_mean"])
    assert set(moved["estimable"]) == {"yes"}


def test_a_variance_that_the_data_do_not_tell_is_called_prior_driven():
    """One class of two treatments hardly tells omega; tau is told by 26 studies."""
    made, beta, hyper = fitted(model(structure="classes"))
    learned = judge.learned(made, beta, hyper).set_index("parameter")
    assert not learned.loc["tau", "prior_driven"]
    wide = np.abs(np.random.default_rng(0).normal(0, 5, len(hyper["omega"])))
    as_prior = judge.learned(made, beta, hyper | {"omega": wide}).set_index("parameter")
    assert as_prior.loc["omega", "prior_driven"]
    assert as_prior.loc["omega", "prior"] == "half_normal(5)"


def test_effects_at_values_of_a_covariate():
    years = pd.read_csv(REFERENCE / "data_senn2013.csv").groupby("study").ngroup()
    block = model(regression={"covariate": "year", "at": [1990, 2010]})
    made, beta, hyper = fitted(block, year=1980.0 + years.to_numpy(float))
    rows = judge.details(made, block, beta, hyper, mid=0.5)
    assert set(rows["what"]) == {"at year"}
    got = rows.set_index(["name", "value"])["mean"]
    slope = beta[:, made.arms.parameters.index("slope[year]")].mean()
    # Per ten years, so two decades apart by twice the slope.
    assert got["rosi", 2010] - got["rosi", 1990] == pytest.approx(2 * slope)
    centre = beta @ made.arms.effects[made.arms.treatments.index("rosi")]
    assert got["rosi", 1990] == pytest.approx(centre.mean() + slope * (199.0 - made.centre))


def test_combinations_never_tried_are_sums_and_flagged():
    arms, network = senn()
    block = model(structure="additive")
    made = structure(arms, network, block)
    beta, hyper = exact.fit(made.arms, made.hyper).all_draws(500, seed=1)
    rows = judge.details(made, block, beta, hyper, mid=0.5)
    assert set(rows["what"]) == {"combination"}
    assert rows["note"].str.contains("never tried").all()
    pair = rows.set_index("name").loc["acar + metf"]
    singles = [beta[:, made.arms.parameters.index(f"c[{part}]")] for part in ("acar", "metf")]
    assert pair["mean"] == pytest.approx(sum(singles).mean())
    K = len(made.arms.treatments) - 1
    assert len(rows) == K * (K - 1) / 2


def test_a_grid_of_sigma_p_begins_with_placebos_lumped():
    arms, network = senn()
    lumped = structure(arms, network, model())
    kinds = arms["treatment"].eq("plac") & (arms.groupby("study").ngroup() % 2 == 0)
    split = arms.assign(
        treatment=arms["treatment"].where(arms["treatment"] != "plac", "plac (pill)")
    )
    split.loc[kinds, "treatment"] = "plac (sham)"
    names = ["plac (pill)", "plac (sham)"]
    nodes = network["nodes"] + [{"treatment": n, "kind": "placebo"} for n in names]
    block = model(placebo="exchangeable", placebo_sd_grid=[0, 1])
    made = structure(split, {"reference": "plac", "nodes": nodes}, block)
    beta, hyper = exact.fit(made.arms, made.hyper).all_draws(100, seed=1)
    rows = judge.details(made, block, beta, hyper, mid=0.5)
    got = rows[rows["what"] == "sigma_p"].set_index(["name", "value"])
    fit = exact.fit(lumped.arms, lumped.hyper)
    for name in ("rosi", "acar"):
        mean, sd = fit.moments(fit.contrast(name, "plac"))
        assert got.loc[(name, 0), "mean"] == pytest.approx(mean, abs=1e-6)
        assert got.loc[(name, 0), "sd"] == pytest.approx(sd, abs=1e-6)
        assert got.loc[(name, 1), "sd"] > sd


def test_a_model_with_nothing_to_add_says_so():
    arms, network = senn()
    block = model(bias={"method": "term"})
    made = structure(arms, network, block)
    assert made.arms.is_plain
    assert judge.statistics(made, judge.pointwise(made, judge.nodes(made, {})))["adds"] == ""


def test_every_table_is_made_for_every_part():
    arms, network = senn(rob="high")
    for change in ({}, {"bias": {"method": "term"}}, {"bias": {"method": "down_weight"}}):
        block = model(**change)
        made = structure(arms, network, block)
        beta, hyper = exact.fit(made.arms, made.hyper).all_draws(200, seed=1)
        drawn = {name: x.reshape(2, 100) for name, x in hyper.items()}
        tables = judge.every_table(arms, network, block, beta.reshape(2, 100, -1), drawn, 0.5)
        assert tuple(tables) == judge.JUDGED
        assert len(tables["pointwise"]) == len(made.arms.studies)


@pytest.mark.parametrize("shape", ["classes", "additive"])
def test_kinds_of_placebo_go_with_any_structure(shape):
    """Their deviations are told by sigma_p, neither by a class nor by the wide prior."""
    arms, network = senn()
    sham = arms["treatment"].eq("plac") & (arms.groupby("study").ngroup() % 2 == 0)
    kinds = arms["treatment"].where(arms["treatment"] != "plac", "plac (pill)")
    kinds = kinds.where(~sham, "plac (sham)")
    more = [
        {"treatment": name, "kind": "placebo", "coarse": "plac", "modality": "none"}
        for name in ("plac (pill)", "plac (sham)")
    ]
    block = model(structure=shape, placebo="exchangeable", heterogeneity="modality")
    known = {"reference": "plac", "nodes": network["nodes"] + more}
    made = structure(arms.assign(treatment=kinds), known, block)
    letter = "d" if shape == "classes" else "c"
    told = dict(zip(made.arms.parameters, made.arms.spread, strict=True))
    assert {name for name, sd in told.items() if sd == "sigma_p"} == {
        f"{letter}[plac (pill)]",
        f"{letter}[plac (sham)]",
    }
    assert ("omega" in told.values()) == (shape == "classes")
    nodes = {name: np.array([1.0]) for name in made.hyper.free}
    mean, _, logp = exact.conditional(made.arms, nodes)
    assert np.isfinite(mean).all()
    assert np.isfinite(logp).all()
