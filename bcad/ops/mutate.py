"""Functions that write into their first argument: what that argument becomes.

``MUTATES[function](*args)`` is the new value of the argument at `position`; the tracer stores
it in the cell of that array.  The call itself gives None (or, for a method, what NumPy gives).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.ir import Dim, Kind, Value

from .arguments import as_array, as_int, astype, counting
from .convert import held_by
from .index import add_at, setitem
from .op import BY_NAME
from .shape import ravel, stretch, to_shape
from .shapes import ShapeError, broadcasts_to, normalize_axis, promote, require_equal
from .sort import partition, sort
from .take import _along_axis, as_indices, bounded, positions

MUTATES: dict[Any, Callable[..., Any]] = {}
MUTATING_METHODS: dict[str, Callable[..., Any]] = {}


def mutates(*functions: Any, method: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare what the first argument of a function, or `self` of a method, becomes."""

    def enter(meaning: Callable[..., Any]) -> Callable[..., Any]:
        MUTATES.update((function, meaning) for function in functions)
        if method is not None:
            MUTATING_METHODS[method] = meaning
        return meaning

    return enter


MUTATING_METHODS["__setitem__"] = setitem
MUTATES[np.add.at] = add_at


@mutates(np.subtract.at)
def subtract_at(a: Any, indices: Any, b: Any) -> Any:
    return add_at(a, indices, b, negative=True)


@mutates(np.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> Value:
    x = as_array(dst)
    value = held_by(as_array(src), x.dtype)
    given = promote(value.type, x.type) if value.type.kind is Kind.PYTHON else value.dtype
    if not np.can_cast(given, x.dtype, casting):  # type: ignore[arg-type]
        raise TypeError(f"Cannot cast array data from {value.dtype} to {x.dtype} according to the rule '{casting}'")
    if where is True or value is x:
        return setitem(x, ..., value)
    mask = as_array(where)
    if mask.dtype.kind != "b":
        raise TypeError(f"Cannot cast array data from {mask.dtype!r} to dtype('bool') according to the rule 'safe'")
    if not broadcasts_to(mask.shape, x.shape):
        raise ValueError(f"could not broadcast where mask from shape {mask.shape} into shape {x.shape}")
    return BY_NAME["where"](stretch(mask, x.shape), setitem(x, ..., value), x)


def _flat_mask(x: Value, mask: Any, function: str) -> Value:
    """Which elements of the flat `x` a mask selects, whose shape does not matter but for its size."""
    condition = ravel(as_array(mask))
    require_equal(f"the number of elements of the mask of {function}", condition.shape[0], "that of the array", x.type.size)
    return condition if condition.dtype.kind == "b" else BY_NAME["not_equal"](condition, 0)


def _require_safe(values: Any, x: Value) -> None:
    """Arrays, unlike numbers and lists, are cast safely by `np.place` and `np.putmask`."""
    if isinstance(values, Value) and values.type.kind is Kind.ARRAY and not np.can_cast(values.dtype, x.dtype, "safe"):
        raise TypeError(f"Cannot cast array data from {values.dtype!r} to {x.dtype!r} according to the rule 'safe'")


@mutates(method="fill")
def fill(a: Any, value: Any) -> Value:
    return setitem(a, ..., held_by(as_array(value), as_array(a).dtype))


@mutates(np.put, method="put")
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> Value:
    """``a.flat[ind] = v``; `v` repeats if it is shorter."""
    x = as_array(a)
    index = ravel(bounded(as_indices(ind), x.type.size, mode))
    return to_shape(setitem(ravel(x), index, repeated(held_by(as_array(v), x.dtype), index.shape[0])), x.shape)


def repeated(v: Any, count: Any) -> Value:
    """`v`, flat, repeated or cut to `count` elements."""
    values = ravel(v)
    n = values.shape[0]
    if n == count or n == 1:
        return values
    return values[BY_NAME["remainder"](counting(count), n)]


@mutates(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> Value:
    x, indices = as_array(arr), as_indices(indices)
    if axis is None:
        return to_shape(setitem(ravel(x), indices, values), x.shape)
    return setitem(x, _along_axis(x, indices, normalize_axis(as_int(axis), x.ndim)), values)


@mutates(np.place)
def place(arr: Any, mask: Any, vals: Any) -> Value:
    """The elements where `mask` is true become `vals`, repeated in order."""
    x = as_array(arr)
    _require_safe(vals, x)
    condition = _flat_mask(x, mask, "place")
    if as_array(vals).type.size == 1:
        return _chosen(x, condition, to_shape(as_array(vals), ()))
    where = positions(condition)[0]
    return to_shape(setitem(ravel(x), where, repeated(vals, where.shape[0])), x.shape)


def _chosen(x: Value, condition: Value, value: Value) -> Value:
    """`value`, a number or of the shape of `x`, where the flat `condition` is true."""
    return BY_NAME["where"](to_shape(condition, x.shape), astype(value, x.dtype), x)


@mutates(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> Value:
    """``a[mask] = values[mask]``, where `values` repeats if it is shorter."""
    x, value = as_array(a), as_array(values)
    _require_safe(values, x)
    if value.ndim and value.shape != x.shape:
        value = to_shape(stretch(repeated(value, x.type.size), (x.type.size,)), x.shape)
    return _chosen(x, _flat_mask(x, mask, "putmask"), value)


@mutates(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> Value:
    """The main diagonal becomes `val`, repeated in order."""
    x = as_array(a)
    if x.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if wrap or any(isinstance(s, Dim) for s in x.shape[1:]) and x.ndim > 2:
        raise ShapeError("fill_diagonal(wrap=True) is not supported")
    rows, columns = x.shape[0], x.shape[-1]
    if isinstance(rows, int) and isinstance(columns, int):
        count: Any = min(x.shape)
    else:
        count = BY_NAME["diagonal"].type_rule(x.type, offset=0).shape[-1]
    index = counting(count)
    return setitem(x, (index,) * x.ndim, repeated(val, count))


@mutates(method="partition")
def partition_in_place(a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None) -> Value:
    return partition(a, kth, axis, kind, order)


@mutates(method="sort")
def sort_in_place(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Value:
    return sort(a, axis, kind, order, stable=stable)


__all__ = ["MUTATES", "MUTATING_METHODS", "mutates"]
