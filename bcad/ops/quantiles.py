"""Median, quantiles and percentiles: places in the sorted array, also between two elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Builder, Value, product

from . import reduce, selection, sort, take  # noqa: F401  (ops and functions used by name)
from .arguments import as_axes
from .convert import operand
from .cotangents import cast
from .op import BY_NAME, FUNCTIONS, implements
from .reduce import given, number
from .reduce_op import reduced_shape
from .shapes import normalize_axes
from .ufunc import stored

NOT_GIVEN: Any = np._NoValue
_METHODS = ("linear", "lower", "higher", "nearest", "midpoint")


class Rows:
    """An array whose folded axes are one last axis, sorted; nan comes last."""

    def __init__(self, a: Any, axis: Any, skip_nan: bool) -> None:
        x = number(a)
        x = x if x.type.differentiable else cast(x, np.dtype(float))
        self.shape, self.axes = x.shape, normalize_axes(as_axes(axis), x.ndim)
        kept = [k for k in range(x.ndim) if k not in self.axes]
        moved = BY_NAME["transpose"](x, axes=(*kept, *self.axes)) if x.ndim else x
        self.kept = tuple(x.shape[k] for k in kept)
        size = product(x.shape[k] for k in self.axes)
        self.sorted = BY_NAME["sort"](BY_NAME["reshape"](moved, shape=(*self.kept, size)), axis=len(kept))
        present = ~BY_NAME["isnan"](self.sorted)
        last = (len(kept),)
        self.valid = BY_NAME["all"](present, axis=last, keepdims=False)
        self.count: Any = Builder.current().size(size)
        if skip_nan:
            self.count = BY_NAME["sum"](present, axis=last, keepdims=False)
            self.valid = self.count > 0

    def between(self, place: Value, method: str) -> Value:
        """The elements at real-valued `place`, of shape ``(*kept, m)``."""
        last = self.count - 1
        if self.kept and not isinstance(last, int) and last.shape:
            last = BY_NAME["reshape"](last, shape=(*self.kept, 1))
        low, high = BY_NAME["floor"](place), BY_NAME["ceil"](place)
        if method == "nearest":
            low = high = BY_NAME["rint"](place)
        low = high if method == "higher" else low
        below = self._at(low, last)
        if method in ("lower", "higher", "nearest"):
            return below
        above = self._at(high, last)
        if method == "midpoint":
            return 0.5 * (below + above)
        weight = cast(place - low, np.result_type(self.sorted.dtype, np.float32))
        return below + (above - below) * weight

    def _at(self, place: Value, last: Any) -> Value:
        """Out of range (no element at all) gives an element that is not used."""
        index = cast(BY_NAME["maximum"](BY_NAME["minimum"](place, last), 0), np.dtype(np.intp))
        index = BY_NAME["broadcast_to"](index, shape=(*self.kept, *index.shape[-1:]))
        return FUNCTIONS[np.take_along_axis](self.sorted, index, axis=-1)

    def finish(self, rows: Value, q_shape: tuple[Any, ...], keepdims: bool) -> Value:
        """Results with nan where there is no answer, the axis of q first, folded axes kept if asked."""
        valid = BY_NAME["reshape"](self.valid, shape=(*self.kept, 1))
        rows = BY_NAME["where"](valid, rows, np.nan)
        n = len(self.kept)
        rows = BY_NAME["transpose"](rows, axes=(n, *range(n)))
        shape = reduced_shape(self.shape, self.axes, True) if keepdims else self.kept
        result = BY_NAME["reshape"](rows, shape=(*q_shape, *shape))
        return result if result.shape else FUNCTIONS[np.float64 if result.dtype == float else result.dtype.type](result)


def quantile(a: Any, q: Any, axis: Any, method: str, keepdims: Any, skip_nan: bool) -> Value:
    """The elements at the fractions `q` of the way from the smallest to the largest."""
    if method not in _METHODS:
        raise NotImplementedError(f"quantile with method={method!r}; known are {', '.join(_METHODS)}")
    rows, q = Rows(a, axis, skip_nan), operand(q)
    fractions = BY_NAME["reshape"](q, shape=(q.type.size,))
    last = rows.count - 1
    if rows.kept and last.shape:
        last = BY_NAME["reshape"](last, shape=(*rows.kept, 1))
    place = fractions * last
    if not rows.kept and place.ndim > 1:
        place = BY_NAME["reshape"](place, shape=(q.type.size,))
    return rows.finish(rows.between(place, method), tuple(q.shape), bool(given(keepdims, False)))


def _quantile(scale: float, skip_nan: bool) -> Any:
    def function(
        a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
        keepdims: Any = False, *, weights: Any = None, interpolation: Any = None,
    ) -> Value:
        if weights is not None:
            raise NotImplementedError("quantiles with weights= are not traced")
        fraction = operand(q) if scale == 1 else operand(q) / scale
        return stored(quantile(a, fraction, axis, interpolation or method, keepdims, skip_nan), out)

    return function


implements(np.quantile)(_quantile(1, False))
implements(np.percentile)(_quantile(100, False))
implements(np.nanquantile)(_quantile(1, True))
implements(np.nanpercentile)(_quantile(100, True))


def _median(skip_nan: bool) -> Any:
    def function(
        a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
    ) -> Value:
        return stored(quantile(a, 0.5, axis, "midpoint", keepdims, skip_nan), out)

    return function


implements(np.median)(_median(False))
implements(np.nanmedian)(_median(True))
