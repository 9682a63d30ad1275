"""Every figure of the checks, from the tables of ``programme``.

Importing this imports no plotting library, so that the workflow may ask for the names.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Figure: module of its function, the tables it takes, and which it names of the reference,
# the minimal important difference and the outcome.
DRAWN = {
    "node_splits": ("consistency", ["node_splits"], ["outcome"]),
    "dev_dev": ("consistency", ["dev_dev"], []),
    "net_heat": ("consistency", ["net_heat"], []),
    "leverage": ("fit", ["fit"], ["outcome"]),
    "loo": ("fit", ["loo"], []),
    "predictive": ("fit", ["predictive"], []),
    "influence": ("robustness", ["influence", "influence_effects"], ["outcome"]),
    "priors": ("robustness", ["prior_effects", "prior_tau"], ["reference", "mid", "outcome"]),
    "thresholds": ("thresholds", ["thresholds"], ["reference", "mid", "outcome"]),
    "funnel": ("evidence", ["funnel", "egger", "small_study"], ["outcome"]),
    "small_study": ("evidence", ["small_study"], ["reference", "outcome"]),
    "modifiers": ("transitivity", ["modifiers", "modifier_tests"], ["outcome"]),
    "contributions": ("evidence", ["contributions"], ["reference"]),
}
# Columns of the checks' tables that are text whatever they look like.
TEXT = frozenset(
    [
        *("design", "detached", "treatments", "moved", "best", "flipped", "note", "case", "now"),
        *("change_low", "change_high", "exact_now", "exact_change_low", "exact_change_high"),
        *("direct_treatment", "direct_comparator", "modifier", "decision", "verdict", "lost"),
    ]
)
# Drawn once a network; ``sensitivity`` once for all analyses.
OF_A_NETWORK = tuple(DRAWN)
FIGURES = (*OF_A_NETWORK, "sensitivity")


def function(name: str) -> Callable[..., "Figure"]:
    """The function that draws a figure of this name."""
    module = "robustness" if name == "sensitivity" else DRAWN[name][0]
    return getattr(import_module(f"nma.checks.figures_{module}"), name)


def every_figure(
    read: Callable[[str], pd.DataFrame],
    reference: str,
    mid: float,
    names: Iterable[str] = OF_A_NETWORK,
    outcome: str = "pain",
) -> Iterator[tuple[str, "Figure"]]:
    """(name, figure), one at a time: save and close each before the next is asked for.

    ``read`` gives a table of the checks by its name; ``mid`` in points.
    """
    context = {"reference": reference, "mid": mid, "outcome": outcome}
    for name in names:
        _, tables, wanted = DRAWN[name]
        yield name, function(name)(*map(read, tables), **{key: context[key] for key in wanted})
