"""Import this before anything is sampled: it halves what numba takes to compile a model.

nutpie's functions copy one array into another, and numba compiles beside every copy the words
of the error for shapes that differ, with Python's whole formatting of numbers: 4 s of 8. The
shapes of a model never differ. numba lets a target bring an error of its own.
"""

from typing import Any

from numba.extending import overload
from numba.np import arrayobj


def _raise(source: Any, target: Any) -> None:
    raise NotImplementedError


@overload(_raise)
def _say(source: Any, target: Any) -> Any:
    def say(source: Any, target: Any) -> None:
        raise ValueError("cannot assign an array to a slice of another shape")

    return say


arrayobj.raise_with_shape_context = _raise
