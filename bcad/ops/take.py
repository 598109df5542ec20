"""Elements by their positions: take, choose, compress, select, nonzero, take_along_axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.ir import Kind, Literal, Size, Value, assumptions, product

from .arguments import as_array, as_int, as_shape, astype, concrete, counting, has_values
from .control import check
from .index import getitem, positions
from .index_template import FULL, Part
from .join import join, stack
from .op import BY_NAME, FUNCTIONS, derived, implements
from .shape import along, permute, ravel, stretch, to_shape
from .shapes import broadcast, normalize_axis, promote


# -- where a condition holds ----------------------------------------------------------------------
@implements(np.nonzero, method="nonzero")
def nonzero(a: Any) -> tuple[Value, ...]:
    x = as_array(a)
    if x.ndim == 0:
        raise ValueError("Calling nonzero on 0d arrays is not allowed. Use np.atleast_1d(scalar).nonzero() instead.")
    return positions(x)


@implements(np.flatnonzero)
def flatnonzero(a: Any) -> Value:
    return positions(ravel(a))[0]


@implements(np.argwhere)
def argwhere(a: Any) -> Value:
    x = as_array(a)
    if x.ndim == 0:
        (found,) = positions(to_shape(x, (1,)))
        return BY_NAME["full"](np.intp(0), shape=(found.shape[0], 0), dtype=np.dtype(np.intp))
    return stack(list(positions(x)), -1)


@implements(np.compress)
def compress(condition: Any, a: Any, axis: Any = None) -> Value:
    """The slices along `axis` where `condition`, which may be shorter than the axis, is true."""
    if as_array(condition).ndim != 1:
        raise ValueError("condition must be a 1-d array")
    x, axis = along(a, axis)
    known = concrete(condition)
    where = positions(as_array(known if known is None else np.asarray(known, bool)) if known is not None
                      else _mask(condition))
    return BY_NAME["gather"](x, *where, index=(FULL,) * axis + (Part.ARRAY,))


@implements(method="compress")
def compress_method(a: Value, condition: Any, axis: Any = None) -> Value:
    return compress(condition, a, axis)


def _mask(condition: Any) -> Value:
    x = as_array(condition)
    return x if x.dtype.kind == "b" else BY_NAME["not_equal"](x, 0)


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Value:
    return BY_NAME["gather"](ravel(arr), positions(ravel(_mask(condition)))[0], index=(Part.ARRAY,))


# -- take -----------------------------------------------------------------------------------------
def bounded(indices: Value, size: Size, mode: str) -> Value:
    """Indices made valid for an axis as ``mode='clip'`` or ``'wrap'`` says."""
    if mode == "raise":
        return indices
    if mode == "wrap":
        return BY_NAME["remainder"](indices, size)
    return BY_NAME["minimum"](BY_NAME["maximum"](indices, 0), size - 1)


def as_indices(indices: Any) -> Value:
    known = None if isinstance(indices, Value) else concrete(indices)
    if known is not None:
        known = np.asarray(known)
        return as_array(known.astype(np.intp) if known.size == 0 or known.dtype.kind == "b" else known)
    return as_array(indices)


def as_positions(indices: Any) -> Value:
    """`as_indices` where bools are 0 and 1, not a mask."""
    found = as_indices(indices)
    return astype(found, np.intp) if found.dtype.kind == "b" else found


@implements(np.take, method="take")
def take(a: Any, indices: Any, axis: Any = None, out: None = None, mode: str = "raise") -> Value:
    x, axis = along(a, axis)
    index = bounded(as_positions(indices), x.shape[axis], mode)
    return getitem(x, (FULL,) * axis + (index,))


def _along_axis(x: Value, indices: Value, axis: int) -> tuple[Any, ...]:
    """The full index of ``take_along_axis``: `indices` at `axis`, positions elsewhere."""
    if indices.ndim != x.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    index: list[Any] = []
    for k, size in enumerate(x.shape):
        if k == axis:
            index.append(indices)
        else:
            index.append(to_shape(counting(size), [1] * k + [size] + [1] * (x.ndim - k - 1)))
    return tuple(index)


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Value:
    x, indices = as_array(arr), as_indices(indices)
    if axis is None:
        if indices.ndim != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        return getitem(ravel(x), indices)
    return getitem(x, _along_axis(x, indices, normalize_axis(as_int(axis), x.ndim)))


@implements(np.choose)
def choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Value:
    """``choices[a[i]][i]`` for each i."""
    options = [as_array(c) for c in choices] if isinstance(choices, (list, tuple)) else list(_rows(as_array(choices)))
    chosen = as_positions(a)
    if chosen.dtype == np.uint64:
        raise TypeError("Cannot cast array data from dtype('uint64') to dtype('int64') according to the rule 'safe'")
    chosen = bounded(chosen, len(options), mode)
    shape = broadcast(chosen.shape, *(c.shape for c in options))
    dtype = promote(*(c.type for c in options))
    table = stack([stretch(astype(c, dtype), shape) for c in options])
    index = (stretch(chosen, shape), *_positions(shape))
    return getitem(table, index)


@implements(method="choose")
def choose_method(a: Value, *choices: Any, mode: str = "raise") -> Value:
    return choose(a, choices[0] if len(choices) == 1 else choices, None, mode)


def _rows(x: Value) -> Any:
    return (x[k] for k in range(assumptions().known(x.shape[0])))


def _positions(shape: Sequence[Size]) -> list[Value]:
    n = len(shape)
    return [to_shape(counting(s), [1] * k + [s] + [1] * (n - k - 1)) for k, s in enumerate(shape)]


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Value:
    """The first choice whose condition is true."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if not condlist:
        raise ValueError("select with an empty condition list is not possible")
    conditions = [as_array(c) for c in condlist]
    if any(c.dtype.kind != "b" for c in conditions):
        raise TypeError("invalid entry in condlist: should be boolean ndarray")
    choices = [as_array(c) for c in (*choicelist, default)]
    dtype = promote(*(c.type for c in choices))
    choices = [astype(c, dtype) for c in choices]
    result = choices.pop()
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        result = BY_NAME["where"](condition, choice, result)
    return result


@implements(np.ix_)
def ix_(*args: Any) -> tuple[Value, ...]:
    """Index arrays for the open mesh of `args`."""
    arrays = [as_indices(a) for a in args]
    arrays = [positions(a)[0] if a.dtype.kind == "b" else a for a in arrays]
    n = len(arrays)
    return tuple(to_shape(a, [1] * k + [a.shape[0]] + [1] * (n - k - 1)) for k, a in enumerate(arrays))


# -- flat indices ---------------------------------------------------------------------------------
@implements(np.unravel_index)
def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Value, ...]:
    """The positions along each axis of flat indices."""
    rest, result, shape = as_indices(indices), [], as_shape(shape)
    outside = BY_NAME["logical_or"](BY_NAME["less"](rest, 0), BY_NAME["greater_equal"](rest, product(shape)))
    flag = FUNCTIONS[np.any](outside)
    check(BY_NAME["as_kind"](flag, kind=Kind.PYTHON, dtype=np.dtype(bool)),
          message=Literal("an index is out of bounds for the array"), error=Literal(ValueError))  # fmt: skip
    for size in reversed(shape) if order == "C" else shape:
        result.append(BY_NAME["remainder"](rest, size))
        rest = BY_NAME["floor_divide"](rest, size)
    return tuple(reversed(result)) if order == "C" else tuple(result)


@derived(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: Any = 0) -> Any:
    """How often each index occurs, or the sums of their weights; how many bins there are is held to."""
    if np.ndim(x) != 1 or weights is not None and np.ndim(weights) != 1:
        raise ValueError("object too deep for desired array" if np.ndim(x) > 1 else "object of too small depth for desired array")
    if weights is not None and len(weights) != len(x):
        raise ValueError("The weights and list don't have the same length.")
    if len(x) and np.min(x) < 0:
        raise ValueError("'list' argument must have no negative elements")
    count = max(int(np.max(x)) + 1 if len(x) else 0, minlength)
    result = np.zeros(count, np.intp if weights is None else float)
    np.add.at(result, x, 1 if weights is None else np.asarray(weights, float))
    return result


# -- np.r_ and np.c_ ------------------------------------------------------------------------------
@implements(type(np.r_).__getitem__)
def concatenate_items(owner: Any, key: Any) -> Any:
    """``np.r_[...]`` and ``np.c_[...]``: ranges, numbers and arrays, one after the other."""
    items = key if isinstance(key, tuple) else (key,)
    if any(isinstance(item, str) for item in items):
        return NotImplemented
    parts = [as_array(_range(item) if isinstance(item, slice) else item) for item in items]
    dtype = promote(*(p.type for p in parts))
    raised = [_raised(astype(p, dtype) if p.ndim else full_of(p, dtype), owner.ndmin, owner.trans1d) for p in parts]
    return join(raised, normalize_axis(owner.axis, raised[0].ndim))


def _range(s: slice) -> Any:
    start, step = 0 if s.start is None else s.start, 1 if s.step is None else s.step
    if isinstance(step, complex):
        return FUNCTIONS[np.linspace](start, s.stop, int(abs(step))) if has_values([start, s.stop]) else np.linspace(start, s.stop, int(abs(step)))
    return FUNCTIONS[np.arange](start, s.stop, step) if has_values([start, s.stop, step]) else np.arange(start, s.stop, step)


def full_of(x: Value, dtype: Any) -> Value:
    """A number as an array of one element."""
    return BY_NAME["full"](astype(x, dtype) if x.dtype != dtype else x, shape=(1,), dtype=np.dtype(dtype))


def _raised(x: Value, ndmin: int, trans1d: int) -> Value:
    """At least `ndmin` axes, the old ones at `trans1d`."""
    missing = ndmin - x.ndim
    if missing <= 0:
        return x
    x = to_shape(x, (1,) * missing + tuple(x.shape))
    if trans1d == -1:
        return x
    first = trans1d + missing + 1 if trans1d < 0 else trans1d
    axes = list(range(ndmin))
    return permute(x, axes[:first] + axes[missing:] + axes[first:missing])
