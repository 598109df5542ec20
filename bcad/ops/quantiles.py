"""Median, quantiles and percentiles: places in the sorted array, also between two elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import Builder, Kind, Value, assumptions, product

from . import reduce, selection, sort, take  # noqa: F401  (ops and functions used by name)
from .arguments import as_axes, as_inexact
from .convert import number_of, operand, strong
from .cotangents import cast
from .op import BY_NAME, FUNCTIONS, implements
from .reduce import given, number
from .reduce_op import reduced_shape
from .shapes import normalize_axes, reduced_axes

NOT_GIVEN: Any = np._NoValue
_METHODS = ("linear", "lower", "higher", "nearest", "midpoint")


class Rows:
    """An array whose folded axes are one last axis, sorted; nan comes last."""

    def __init__(self, x: Value, axis: Any, skip_nan: bool) -> None:
        self.shape, self.axes = x.shape, normalize_axes(as_axes(axis), x.ndim)
        kept = [k for k in range(x.ndim) if k not in self.axes]
        moved = BY_NAME["transpose"](x, axes=(*kept, *self.axes)) if x.ndim else x
        self.kept = tuple(x.shape[k] for k in kept)
        size = product(x.shape[k] for k in self.axes)
        self.sorted = BY_NAME["sort"](BY_NAME["reshape"](moved, shape=(*self.kept, size)), axis=len(kept))
        self.count: Any = Builder.current().size(size)
        self.valid: Value | None = None
        if x.type.differentiable:
            present = ~BY_NAME["isnan"](self.sorted)
            last = (len(kept),)
            self.valid = BY_NAME["all"](present, axis=last, keepdims=False)
            if skip_nan:
                self.count = BY_NAME["sum"](present, axis=last, keepdims=False)
                self.valid = self.count > 0

    def between(self, place: Value, method: str, dtype: Any) -> Value:
        """The elements at real-valued `place`, of shape ``(*kept, m)``, weighed in `dtype`."""
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
        weight, width = cast(place - low, dtype), above - below
        if self.sorted.type.differentiable:
            return below + width * weight
        return BY_NAME["where"](weight < 0.5, below + width * weight, above - width * (1 - weight))  # small integers wrap

    def _at(self, place: Value, last: Any) -> Value:
        """Out of range (no element at all) gives an element that is not used."""
        index = cast(BY_NAME["maximum"](BY_NAME["minimum"](place, last), 0), np.dtype(np.intp))
        index = BY_NAME["broadcast_to"](index, shape=(*self.kept, *index.shape[-1:]))
        return FUNCTIONS[np.take_along_axis](self.sorted, index, axis=-1)

    def finish(self, rows: Value, q_shape: tuple[Any, ...], keepdims: bool) -> Value:
        """Results with nan where there is no answer, the axis of q first, folded axes kept if asked."""
        if self.valid is not None:
            valid = BY_NAME["reshape"](self.valid, shape=(*self.kept, 1))
            rows = BY_NAME["where"](valid, rows, np.nan)
        n = len(self.kept)
        rows = BY_NAME["transpose"](rows, axes=(n, *range(n)))
        shape = reduced_shape(self.shape, self.axes, True) if keepdims else self.kept
        result = BY_NAME["reshape"](rows, shape=(*q_shape, *shape))
        return number_of(result)


def quantile(x: Value, q: Value, axis: Any, method: str, keepdims: Any, skip_nan: bool) -> Value:
    """The elements at the fractions `q` of the way from the smallest to the largest."""
    if method not in _METHODS:
        raise NotImplementedError(f"quantile with method={method!r}; known are {', '.join(_METHODS)}")
    rows = Rows(x, axis, skip_nan)
    fractions = BY_NAME["reshape"](q, shape=(q.type.size,))
    last = rows.count - 1
    if rows.kept and last.shape:
        last = BY_NAME["reshape"](last, shape=(*rows.kept, 1))
    place = fractions * last
    if not rows.kept and place.ndim > 1:
        place = BY_NAME["reshape"](place, shape=(q.type.size,))
    return rows.finish(rows.between(place, method, q.dtype), tuple(q.shape), bool(given(keepdims, False)))


def _quantile(scale: int, skip_nan: bool) -> Any:
    def function(
        a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
        keepdims: Any = False, *, weights: Any = None, interpolation: Any = None,
    ) -> Value:
        if weights is not None:
            raise NotImplementedError("quantiles with weights= are not traced")
        x, method = number(a), interpolation or method
        if x.type.is_complex:
            raise TypeError("a must be an array of real numbers")
        if x.dtype.kind == "b" and method in ("linear", "midpoint"):
            raise TypeError("numpy boolean subtract, the `-` operator, is not supported")
        return quantile(x, _fractions(x, operand(q), scale), axis, method, keepdims, skip_nan)

    return function


def _fractions(x: Value, q: Value, scale: int) -> Value:
    """`q` of `scale`: a Python number has the precision of the array."""
    if q.type.kind is Kind.PYTHON:
        q = cast(strong(q), x.dtype if x.dtype.kind == "f" else np.dtype(float))
    elif q.dtype.kind != "f":
        q = cast(q, np.dtype(float))
    return q if scale == 1 else q / scale


implements(np.quantile)(_quantile(1, False))
implements(np.percentile)(_quantile(100, False))
implements(np.nanquantile)(_quantile(1, True))
implements(np.nanpercentile)(_quantile(100, True))


def _median(skip_nan: bool) -> Any:
    def function(
        a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
    ) -> Value:
        x = as_inexact(number(a))
        folded = product(x.shape[k] for k in reduced_axes(as_axes(axis), x.ndim))
        if x.ndim and assumptions().equal(folded, 0):
            return FUNCTIONS[np.mean](x, axis=axis, keepdims=bool(given(keepdims, False)))  # nan, too
        return quantile(x, Builder.current().constant(np.float64(0.5)), axis, "midpoint", keepdims, skip_nan)

    return function


implements(np.median)(_median(False))
implements(np.nanmedian)(_median(True))
