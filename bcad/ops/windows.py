"""``sliding_window_view``: every window of an array, gathered."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Size, Value, assumptions

from .arguments import as_array, as_axes, as_shape, counting
from .op import implements
from .shape import FULL, moveaxis
from .shapes import normalize_axis


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Value:
    if writeable:
        raise NotImplementedError("sliding_window_view(writeable=True): the windows share their elements")
    x, widths = as_array(x), as_shape(window_shape)
    axes = _axes(x, axis, len(widths))
    for k, width in zip(axes, widths, strict=True):
        x = _windows(x, k, width)
    return x


def _axes(x: Value, axis: Any, count: int) -> tuple[int, ...]:
    given = tuple(range(x.ndim)) if axis is None else as_axes(axis)
    axes = tuple(normalize_axis(k, x.ndim) for k in (given if isinstance(given, tuple) else (given,)))
    if len(axes) != count:
        raise ValueError("Must provide matching length window_shape and axis" if axis is not None else
                         "Since axis is None, must provide window_shape for all dimensions of `x`")
    return axes


def _windows(x: Value, axis: int, width: Size) -> Value:
    """`x` with the starts of its windows along `axis`, and a last axis along each window."""
    ask, starts = assumptions(), x.shape[axis] - width + 1
    if ask.less(width, 0):
        raise ValueError("`window_shape` cannot contain negative values")
    if ask.less(starts, 1):
        raise ValueError("window shape cannot be larger than input array shape")
    places = counting(starts)[:, None] + counting(width)
    return moveaxis(x[(FULL,) * axis + (places,)], axis + 1, -1)
