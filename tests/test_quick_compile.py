"""The error that numba compiles beside every copy of an array is ours, and is still an error."""

import numpy as np
import pytest
from numba import njit

from nma import quick_compile  # noqa: F401 - what is tested is that it is imported


@njit
def copied(target, source):
    target[:] = source
    return target


def test_arrays_of_one_shape_are_copied():
    assert copied(np.zeros(3), np.arange(3.0)).tolist() == [0, 1, 2]


def test_another_shape_is_an_error_and_not_memory_overrun():
    # Numba's own words would say that it no longer asks for ours: then look at what it asks for.
    with pytest.raises(ValueError, match="a slice of another shape"):
        copied(np.zeros(3), np.arange(4.0))
