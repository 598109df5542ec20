"""Order: sort, argsort, partition, lexsort, searchsorted, digitize, unique, interp."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcad.ir import ArrayType, Kind, Literal, Value, assumptions

from .arguments import as_array, as_inexact, as_int, astype, concrete, fresh, zeros
from .control import check
from .convert import number_of
from .cotangents import rearranged
from .op import BY_NAME, Op, define, implements
from .samples import Sample, complexes, integers, reals
from .shape import along, ravel, stretch
from .shapes import normalize_axis, require_equal
from .take import take_along_axis


@define
class Argsort(Op):
    """The positions that sort `x` along `axis`; the first `stable`-ly if asked."""

    differentiable = False
    samples = (
        Sample(reals(5), axis=0, kind="quicksort"),
        Sample(reals(2, 4), axis=0, kind="stable"),
        Sample(complexes(4), axis=0, kind="stable"),
        Sample(integers(6), axis=0, kind="stable"),
    )

    def type_rule(self, x: ArrayType, *, axis: int, kind: str) -> ArrayType:
        return ArrayType(np.dtype(np.intp), x.shape)

    def evaluate(self, x: Any, *, axis: int, kind: str) -> Any:
        return np.argsort(x, axis, kind=kind)  # type: ignore[arg-type]


class BySorting(Op):
    """A rearrangement along an axis that the values themselves decide."""

    def rearrange(self, x: Value, dx: Any, attrs: dict[str, Any]) -> Any:
        return take_along_axis(dx, self.order(x, **attrs), attrs["axis"])

    def order(self, x: Value, **attrs: Any) -> Value:
        raise NotImplementedError

    def jvp(self, y: Value, x: Value, dx: Any, **attrs: Any) -> Any:
        return self.rearrange(x, dx, attrs)

    def vjp(self, g: Any, y: Value, x: Value, **attrs: Any) -> tuple[Any]:
        from .mutate import put_along_axis

        order = self.order(x, **attrs)
        return (rearranged(g, lambda h: put_along_axis(zeros(x.shape, h.dtype), order, h, attrs["axis"])),)


@define
class Sort(BySorting):
    """``sort(x, axis)``; ties keep their order in the derivative."""

    numpy = np.sort
    samples = (
        Sample(reals(5), axis=0),
        Sample(reals(2, 4), axis=1),
        Sample(reals(3, 2), axis=0),
        Sample(complexes(4), axis=0),
        Sample(reals(0), axis=0),
    )

    def type_rule(self, x: ArrayType, *, axis: int) -> ArrayType:
        return x.as_array()

    def order(self, x: Value, *, axis: int) -> Value:
        return BY_NAME["argsort"](x, axis=axis, kind="stable")


@define
class Argpartition(Op):
    """The positions that partition `x` along `axis` at the places `kth`."""

    differentiable = False
    samples = (Sample(reals(5), axis=0, kth=(2,)), Sample(reals(2, 4), axis=1, kth=(0, 3)))

    def type_rule(self, x: ArrayType, *, axis: int, kth: tuple[int, ...]) -> ArrayType:
        return ArrayType(np.dtype(np.intp), x.shape)

    def evaluate(self, x: Any, *, axis: int, kth: tuple[int, ...]) -> Any:
        return np.argpartition(x, kth, axis)


# -- what users call ------------------------------------------------------------------------------
def _flattened(a: Any, axis: Any) -> tuple[Value, int]:
    x = ravel(a) if axis is None else as_array(a)
    return x, 0 if axis is None else normalize_axis(as_int(axis), x.ndim)


def _check(order: Any) -> None:
    if order is not None:
        raise ValueError("Cannot specify order when the array has no fields.")


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Value:
    _check(order)
    x, axis = _flattened(a, axis)
    return BY_NAME["sort"](x, axis=axis)


@implements(np.argsort, method="argsort")
def argsort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Value:
    _check(order)
    x, axis = along(a, axis)
    is_stable = bool(stable) or kind in ("stable", "mergesort")
    return BY_NAME["argsort"](x, axis=axis, kind="stable" if is_stable else kind or "quicksort")


@implements(np.argpartition, method="argpartition")
def argpartition(a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None) -> Value:
    _check(order)
    x, axis = along(a, axis)
    places = tuple(as_int(k) for k in (kth if np.ndim(kth) else [kth]))
    return BY_NAME["argpartition"](x, axis=axis, kth=places)


@implements(np.partition)  # the method of this name writes: see mutate.py
def partition(a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None) -> Value:
    """The elements at `kth` as in the sorted array, smaller ones before them, others behind."""
    x, axis = _flattened(a, axis)
    return take_along_axis(x, argpartition(x, kth, axis), axis)


@implements(np.sort_complex)
def sort_complex(a: Any) -> Value:
    x = as_array(a)
    return sort(x if x.dtype.kind == "c" else astype(x, np.result_type(x.dtype, np.complex64)))


@implements(np.lexsort)
def lexsort(keys: Any, axis: Any = -1) -> Value:
    """Positions sorted by the last key, ties by the one before it, and so on."""
    columns = list(keys) if isinstance(keys, (list, tuple)) else [keys[k] for k in range(assumptions().known(as_array(keys).shape[0]))]
    first, *rest = (as_array(k) for k in columns)
    order = argsort(first, axis, "stable")
    for key in rest:
        order = take_along_axis(order, argsort(take_along_axis(key, order, axis), axis, "stable"), axis)
    return order


# -- searching ------------------------------------------------------------------------------------
@define
class Searchsorted(Op):
    """Where `v` would be inserted into the sorted `a`."""

    differentiable = False
    samples = (
        Sample(np.array([0.0, 1.0, 1.0, 2.0]), reals(3), side="left"),
        Sample(np.array([0.0, 1.0, 1.0, 2.0]), reals(2, 2), side="right"),
        Sample(np.array([0.0, 1.0]), 0.5, side="left"),
    )

    def type_rule(self, a: ArrayType, v: ArrayType, *, side: str) -> ArrayType:
        return ArrayType(np.dtype(np.intp), v.shape, Kind.ARRAY if v.shape else Kind.SCALAR)

    def evaluate(self, a: Any, v: Any, *, side: str) -> Any:
        return np.searchsorted(a, v, side)  # type: ignore[call-overload]


@implements(np.searchsorted, method="searchsorted")
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Value:
    x = as_array(a)
    if x.ndim != 1:
        raise ValueError("object too deep for desired array" if x.ndim else "object of too small depth for desired array")
    return BY_NAME["searchsorted"](x if sorter is None else x[as_array(sorter)], as_array(v), side=side)


@implements(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Value:
    """The bin of each element; the edges rise or fall."""
    points, edges = as_array(x), as_array(bins)
    if points.type.is_complex:
        raise TypeError("x may not be complex")
    if edges.type.is_complex or edges.ndim != 1:
        raise (TypeError if edges.ndim == 1 else ValueError)("bins must be a vector of real numbers")
    side = "left" if right else "right"
    rising = BY_NAME["searchsorted"](edges, points, side=side)
    known = concrete(bins)
    if known is not None and np.all(np.diff(known) >= 0) or assumptions().equal(edges.shape[0], 0):
        return rising
    up, down = (_all_in_order(name, edges) for name in ("less_equal", "greater_equal"))
    neither = BY_NAME["logical_not"](BY_NAME["logical_or"](up, down))
    check(neither, message=Literal("bins must be monotonically increasing or decreasing"), error=Literal(ValueError))
    above = BY_NAME["searchsorted"](BY_NAME["getitem"](edges, index=(slice(None, None, -1),)), points, side=side)
    falling = BY_NAME["subtract"](edges.shape[0], above)
    return number_of(BY_NAME["where"](up, rising, falling))


def _all_in_order(comparison: str, edges: Value) -> Value:
    """Whether each edge compares so to the next."""
    ordered: Value = BY_NAME["all"](BY_NAME[comparison](edges[:-1], edges[1:]), axis=(0,), keepdims=False)
    return ordered


# -- unique ---------------------------------------------------------------------------------------
@define
class UniqueIndices(Op):
    """First positions of the distinct elements of a vector, the inverse map, and counts."""

    multiple = True
    differentiable = False
    samples = (Sample(integers(6), length="n"),)

    def type_rule(self, x: ArrayType, *, length: str) -> tuple[ArrayType, ...]:
        from bcad.ir import Dim

        found = ArrayType(np.dtype(np.intp), (Dim.symbol(length),))
        return found, ArrayType(np.dtype(np.intp), x.shape), found

    def evaluate(self, x: Any, *, length: Any) -> Any:
        return np.unique(x, return_index=True, return_inverse=True, return_counts=True)[1:]


@implements(np.unique)
def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
    axis: Any = None, *, equal_nan: bool = True, sorted: bool = True,
) -> Any:  # fmt: skip
    """The distinct elements, in order: elements of `ar`, and differentiable like them."""
    if axis is not None or not equal_nan:
        return NotImplemented
    x = as_array(ar)
    index, inverse, counts = BY_NAME["unique_indices"](ravel(x), length=fresh("distinct"))
    inverse = BY_NAME["reshape"](inverse, shape=x.shape)
    extras = [v for v, asked in ((index, return_index), (inverse, return_inverse), (counts, return_counts)) if asked]
    values = ravel(x)[index]
    return (values, *extras) if extras else values


# -- piecewise linear interpolation ---------------------------------------------------------------
def _periodic(x: Value, xp: Value, fp: Value, period: Any) -> tuple[Value, Value, Value]:
    """Knots sorted within one period, and one more on each side."""
    period = BY_NAME["absolute"](as_inexact(period))
    x, xp = BY_NAME["remainder"](x, period), BY_NAME["remainder"](xp, period)
    order = BY_NAME["argsort"](xp, axis=0, kind="quicksort")
    xp, fp = xp[order], fp[order]
    xp = BY_NAME["concatenate"](xp[-1:] - period, xp, xp[:1] + period, axis=0)
    return x, xp, BY_NAME["concatenate"](fp[-1:], fp, fp[:1], axis=0)


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """NumPy's formula ``slope * (x - xp[j]) + fp[j]``; at a knot the derivative is from the right."""
    x, xp, fp = (as_inexact(number_of(as_array(t))) for t in (x, xp, fp))
    x, xp = (astype(t, np.float64) for t in (x, xp))
    if xp.ndim != 1 or fp.ndim != 1:
        raise ValueError("object of too small depth for desired array" if xp.ndim * fp.ndim == 0 else
                         "setting an array element with a sequence. The requested array would exceed the maximum number of dimension of 1.")
    if assumptions().equal(xp.shape[0], 0):
        raise ValueError("array of sample points is empty")
    require_equal("the number of fp", fp.shape[0], "that of xp", xp.shape[0])
    fp = astype(fp, np.complex128 if fp.type.is_complex else np.float64)
    if period is not None:
        x, xp, fp, left, right = *_periodic(x, xp, fp, period), None, None
    knots = xp.shape[0]
    where = BY_NAME["searchsorted"](xp, x, side="right") - 1
    lower = BY_NAME["maximum"](where, 0)
    upper = BY_NAME["minimum"](lower + 1, knots - 1)
    x0, x1, f0, f1 = (stretch(t[i], x.shape) for t, i in ((xp, lower), (xp, upper), (fp, lower), (fp, upper)))
    inside = (f1 - f0) / BY_NAME["where"](BY_NAME["equal"](x1, x0), 1.0, x1 - x0) * (x - x0) + f0
    first, last = (as_array(fp[0] if left is None else left), as_array(fp[-1] if right is None else right))
    result = BY_NAME["where"](x < xp[0], first, BY_NAME["where"](x > xp[-1], last, inside))
    return number_of(BY_NAME["where"](BY_NAME["isnan"](x), x, result))


