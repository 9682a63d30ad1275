"""Figures from draws, by ArviZ: posterior densities, traces, rank plots, prior and
posterior of tau. Importing this module imports ArviZ's plots."""

from textwrap import fill

import arviz_plots as azp
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from nma.palette import BLUE, GREY, INK, LIGHT, ORANGE
from nma.priors import Prior, describe
from nma.style import effects_label, inches, plt

RANKED = 2000  # draws of a rank plot at most


def _figure(collection: azp.PlotCollection) -> Figure:
    figure = collection.viz["figure"].item()
    for ax in figure.axes:
        ax.set_rasterization_zorder(10)  # thousands of points: an image, not paths
        ax.tick_params(labelsize=7)
        for text in (ax.xaxis.label, ax.yaxis.label, ax.title):
            text.set_fontsize(8)
    return figure


def posterior(tree: xr.DataTree, mid: float, outcome: str = "pain") -> Figure:
    """Densities of all effects, ordered by median, with 0 and the MID marked."""
    order = tree["posterior"]["d"].median(["chain", "draw"]).to_series().sort_values().index
    ordered = xr.Dataset({"d": tree["posterior"]["d"].sel(treatment=list(order))})
    data = xr.DataTree.from_dict({"posterior": ordered})
    collection = azp.plot_ridge(
        data,
        var_names=["d"],
        combined=True,
        labels=["treatment"],
        ridge_height=1.6,
        backend="matplotlib",
        figure_kwargs={"figsize": inches(9.5, 1.6 + 0.30 * len(order))},
        visuals={"edge": {"color": BLUE}, "face": {"color": BLUE, "alpha": 0.25}},
    )
    figure = collection.viz["figure"].item()
    names, densities = figure.axes[0], figure.axes[-1]
    names.set_axis_off()
    for text in names.texts:  # to the right, so that a long one spreads away from its density
        text.set(x=names.get_xlim()[1], ha="right", clip_on=False, color=INK)
    densities.axvline(0, color=INK, lw=0.8)
    densities.axvspan(-mid, mid, color=LIGHT, alpha=0.5, lw=0, zorder=-1)
    what = f"; grey band: within the MID (±{mid:g})"
    densities.set_xlabel(effects_label(tree.attrs["reference"], outcome, what), fontsize=8.5)
    return figure


def trace(tree: xr.DataTree, names: list[str]) -> Figure:
    """Traces with densities of tau and some effects, one colour a chain (about 1000 draws
    of each are drawn)."""
    chosen = _chosen(tree, names)["posterior"].to_dataset()
    step = max(1, chosen.sizes["draw"] // 1000)
    thin = xr.DataTree.from_dict({"posterior": chosen.isel(draw=slice(None, None, step))})
    collection = azp.plot_trace_dist(
        thin,
        compact=False,
        backend="matplotlib",
        figure_kwargs={"figsize": inches(9.5, 1.6 * (len(names) + 1))},
    )
    figure = _figure(collection)
    # Names beside the axes would run into one another; above them there is room.
    for left, right in zip(figure.axes[::2], figure.axes[1::2], strict=True):
        left.set_title(right.get_ylabel(), fontsize=8)
        left.set_xlabel("points" if left is figure.axes[-2] else "", fontsize=8)
        right.set_ylabel("")
    figure.subplots_adjust(hspace=0.55)
    return figure


def rank_plot(tree: xr.DataTree, names: list[str], ess: float) -> Figure:
    """Rank plots: with good mixing every chain stays near the line; p is of a test that its
    ranks are uniform (Saeilynoja 2022).

    The test supposes independent draws, so the chains are thinned to about ``ess``, or to
    ``RANKED``: its time goes with their square, and more would not be seen.
    """
    chosen = _chosen(tree, names)["posterior"].to_dataset()
    step = max(1, int(np.ceil(chosen["tau"].size / np.clip(ess, 1.0, RANKED))))
    thin = xr.DataTree.from_dict({"posterior": chosen.isel(draw=slice(None, None, step))})
    rows = int(np.ceil((len(names) + 1) / 3))
    figure = _figure(
        azp.plot_rank(
            thin,
            backend="matplotlib",
            col_wrap=3,
            figure_kwargs={"figsize": inches(9.5, 2.3 * rows)},
        )
    )
    for ax in filter(lambda ax: ax.lines, figure.axes):  # the last row may not be full
        ax.set_title(fill(ax.get_title(loc="left"), 34), fontsize=8)
        ax.axhline(0, color=GREY, lw=0.8, zorder=0)
    figure.subplots_adjust(hspace=0.6)
    return figure


def tau(tree: xr.DataTree, prior: Prior) -> Figure:
    """Prior and posterior of the between-study sd: what the data added."""
    draws = tree["posterior"]["tau"].to_numpy().ravel()
    figure, ax = plt.subplots(figsize=inches(6.2, 3.0))
    top = float(max(np.quantile(draws, 0.999), 1e-3) * 1.25)
    ax.hist(draws, bins=np.linspace(0, top, 70), density=True, color="#9fb3c8", label="posterior")
    x = np.linspace(top / 400, top, 400)
    ax.plot(x, np.exp(prior.logpdf(x)), color=ORANGE, lw=1.6, label=f"prior {describe(prior)}")
    ax.axvline(np.median(draws), color=BLUE, lw=1.2, label=f"median {np.median(draws):.1f}")
    ax.set_xlabel("between-study sd tau, points")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.legend(frameon=False, fontsize=8, labelcolor=INK)
    ax.tick_params(color=GREY)
    return figure


def _chosen(tree: xr.DataTree, names: list[str]) -> xr.DataTree:
    drawn = tree["posterior"].to_dataset()
    # A DataTree takes "/" in a name for a path.
    shown = {n: n.replace("/", "\N{DIVISION SLASH}") for n in names}
    parts = {f"d[{shown[n]}]": drawn["d"].sel(treatment=n, drop=True) for n in names}
    return xr.DataTree.from_dict({"posterior": xr.Dataset({"tau": drawn["tau"]} | parts)})
