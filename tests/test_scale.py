"""Any instrument, direction and kind of result leads to the same points, and back."""

import numpy as np
import pandas as pd
import pytest
import tabular
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st
from tabular import arm, text_table

from nma.harmonise import harmonise
from nma.scale import aligned, to_points

scales = st.tuples(st.integers(-20, 20), st.integers(1, 200), st.sampled_from(["worse", "better"]))
MEASURES = st.sampled_from(["final", "change", "improvement"])


def row(scale, measure):
    low, span, higher = scale
    return {"_min": low, "_max": low + span, "_higher_is": higher, "measure": measure}


def from_points(scale, measure, points, spread):
    """What a report on that scale would print; written without to_points."""
    low, span, higher = scale
    unit = span / 100
    if measure == "final":
        printed = low + unit * (points if higher == "worse" else 100 - points)
    elif measure == "change":
        printed = unit * (points if higher == "worse" else -points)
    else:
        printed = -unit * points
    return printed, unit * spread


@given(scale=scales, measure=MEASURES, points=st.floats(-90, 90), spread=st.floats(0.1, 50))
def test_to_points_and_back_is_the_identity(scale, measure, points, spread):
    printed = from_points(scale, measure, points, spread)
    assert to_points(row(scale, measure), *printed) == pytest.approx((points, spread), abs=1e-9)


@given(scale=scales, measure=MEASURES, points=st.floats(-90, 90))
def test_aligned_is_points_but_for_unit_and_origin(scale, measure, points):
    unit = scale[1] / 100
    one, two = (from_points(scale, measure, x, 1)[0] for x in (points, 0.0))
    gap = aligned(row(scale, measure), one) - aligned(row(scale, measure), two)
    assert gap == pytest.approx(unit * points, abs=1e-9)


# ---- the same arm, however it is reported ----------------------------------------------

WAYS = ("sd", "se", "ci", "iqr", "quartiles")


def cells(way, mean, sd, n):
    """The cells of a report that states mean and sd in one way (95% interval, n >= 60)."""
    if way == "sd":
        return {"mean": mean, "sd": sd}
    if way == "se":
        return {"mean": mean, "sd": "", "se": sd / np.sqrt(n)}
    if way == "ci":
        half = 1.959963984540054 * sd / np.sqrt(n)
        return {"mean": mean, "sd": "", "ci_low": mean - half, "ci_high": mean + half}
    if way == "iqr":
        return {"mean": mean, "sd": "", "q1": mean - 0.675 * sd, "q3": mean + 0.675 * sd}
    half = tabular.wan_width(n) * sd
    return {"mean": "", "sd": "", "median": mean, "q1": mean - half, "q3": mean + half}


@options(max_examples=40, deadline=None)
@given(
    scale=scales,
    measure=MEASURES,
    way=st.sampled_from(WAYS),
    points=st.floats(5, 60),
    sd=st.floats(1, 40),
    n=st.integers(60, 300),
)
def test_an_arm_ends_at_the_same_mean_and_sd_however_it_is_reported(
    scale, measure, way, points, sd, n
):
    low, span, higher = scale
    points = points if measure == "final" else -points
    mean, spread = from_points(scale, measure, points, sd)
    told = cells(way, mean, spread, n)
    registry = pd.concat(
        [
            tabular.instruments(),
            text_table(
                [{"instrument": "odd", "outcome": "pain", "min": low, "max": low + span,
                  "higher_is": higher, "measures": "intensity"}],
                "instruments",
            ),
        ],
        ignore_index=True,
    )  # fmt: skip
    rows = [arm("S", t, n, instrument="odd", **({"measure": measure} | told))
            for t in ("ibuprofen", "placebo")]  # fmt: skip
    got = harmonise(text_table(rows), registry, tabular.nodes(), tabular.settings()).arms
    assert got["mean"].tolist() == pytest.approx([points] * 2, rel=1e-7, abs=1e-7)
    assert got["sd"].tolist() == pytest.approx([sd] * 2, rel=1e-6)
    assert got["se"].tolist() == pytest.approx([sd / np.sqrt(n)] * 2, rel=1e-6)
