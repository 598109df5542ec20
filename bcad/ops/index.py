"""``x[index]`` and ``x[index] = value`` for every index that NumPy takes."""

from __future__ import annotations

import operator
import weakref
from typing import Any

import numpy as np

from bcad.ir import Builder, Dim, Kind, Size, Value, assumptions

from .arguments import as_array, astype, concrete, fresh, has_values, known_size
from .convert import strong
from .index_op import getitem_op, index_add, item_op, set_item
from .index_template import FULL, Part, Span, Template, expand, item_shape, width
from .op import BY_NAME, implements
from .shape import stretch, to_shape
from .shapes import require_equal

_nonzero = BY_NAME["nonzero"]
_counts: weakref.WeakKeyDictionary[Value, str] = weakref.WeakKeyDictionary()


class Parsed:
    """An index as a template and the Values that stand in it."""

    def __init__(self, index: Any, shape: tuple[Size, ...]) -> None:
        self.arrays: list[Value] = []
        items = list(index) if isinstance(index, tuple) else [index]
        axis = 0
        after = [self._axes_of(i) for i in items]
        parts: list[Any] = []
        for k, item in enumerate(items):
            if item is Ellipsis:
                axis = len(shape) - sum(after[k + 1 :])
                parts.append(item)
            else:
                parts += self._part(item, shape, axis)
                axis += after[k]
        self.template: Template = tuple(parts)
        if sum(p is Ellipsis for p in parts) > 1:
            raise IndexError("an index can only have a single ellipsis ('...')")

    @staticmethod
    def _axes_of(item: Any) -> int:
        """How many axes of the array an item of the index consumes."""
        if item is None or item is Ellipsis:
            return 0
        if isinstance(item, (list, np.ndarray, Value)) and _is_mask(item):
            return as_array(item).ndim
        return 1

    def _part(self, item: Any, shape: tuple[Size, ...], axis: int) -> list[Any]:
        if item is None:
            return [item]
        if axis >= len(shape):
            raise IndexError(f"too many indices for array: array is {len(shape)}-dimensional")
        if isinstance(item, slice):
            return [self._slice(item, shape[axis])]
        if isinstance(item, (int, np.integer, Dim)) and not isinstance(item, bool):
            return [item if isinstance(item, Dim) else int(item)]
        if _is_mask(item):
            return self._mask(as_array(item), shape, axis)
        return [self._integers(item, shape[axis])]

    def _integers(self, item: Any, size_of_axis: Size) -> Any:
        size = None
        if isinstance(item, Value) and item.ndim == 0 and item.type.kind is not Kind.ARRAY:
            size = known_size(item) if item.dtype.kind in "iu" else None
        if size is not None:
            return size
        value = as_array(item if isinstance(item, Value) or has_values(item) else _integer_array(item))
        if value.dtype.kind not in "iu":
            raise IndexError("arrays used as indices must be of integer (or boolean) type")
        _require_within(value, size_of_axis)
        self.arrays.append(value)
        return Part.ARRAY

    def _mask(self, mask: Value, shape: tuple[Size, ...], axis: int) -> list[Any]:
        for k, size in enumerate(mask.shape):
            require_equal("the size of a boolean index", size, "that of the axis", shape[axis + k])
        self.arrays += positions(mask)
        return [Part.ARRAY] * mask.ndim

    def _slice(self, s: slice, n: Size) -> Any:
        step = None if s.step is None else known_size(s.step)
        if step is not None and not isinstance(step, int):
            raise TypeError("the step of a slice cannot be a symbolic size")
        if step == 0:
            raise ValueError("slice step cannot be zero")
        bounds = [b if b is None else known_size(b) for b in (s.start, s.stop)]
        computed = [known is None and b is not None for known, b in zip(bounds, (s.start, s.stop), strict=True)]
        if any(computed):
            return self._span(s, n, bounds, computed, step)
        start, stop = bounds
        if step is None or step > 0:
            return slice(_from_start(start, n), _from_start(stop, n), step)
        return _backward(start, stop, step, n)

    def _span(self, s: slice, n: Size, bounds: list[Any], computed: list[bool], step: Any) -> Span:
        """A slice with computed bounds; those that have the same bounds have the same length."""
        builder = Builder.current()
        for k, bound in enumerate((s.start, s.stop)):
            if computed[k]:
                bounds[k] = builder.as_value(bound)
        length = builder.lengths.setdefault((*bounds, step, n), fresh("n"))
        self.arrays += [b for k, b in enumerate(bounds) if computed[k]]
        return Span(length, *(Part.ARRAY if computed[k] else b for k, b in enumerate(bounds)), step)  # type: ignore[call-arg]


def _require_within(index: Value, size: Size) -> None:
    """Known indices are in bounds, also where nothing reads what they pick."""
    known = concrete(index)
    if known is None or not known.size:
        return
    for place in (int(known.max()), -1 - int(known.min())):
        if place >= 0 and not assumptions().less(place, size):
            raise IndexError(f"index {place if place == known.max() else -1 - place} is out of bounds for axis with size {size}")


def _is_mask(item: Any) -> bool:
    if isinstance(item, Value):
        return item.dtype.kind == "b"
    if isinstance(item, (bool, np.bool_)):
        return True
    return isinstance(item, (list, np.ndarray)) and not has_values(item) and np.asarray(item).dtype.kind == "b"


def _integer_array(item: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(item)
    return array.astype(np.intp) if array.size == 0 and not isinstance(item, np.ndarray) else array


def _from_start(bound: Size | None, n: Size) -> Size | None:
    """A bound of a forward slice; a symbolic one is made non-negative, by asking for its sign."""
    if not isinstance(bound, Dim) or not is_less(bound, 0):
        return bound
    bound = n + bound
    return 0 if is_less(bound, 0) else bound


def _backward(start: Size | None, stop: Size | None, step: int, n: Size) -> slice:
    if isinstance(start, Dim) and is_less(start, 0):
        start = n + start
        if is_less(start, 0):
            return slice(0, 0)  # before the beginning: nothing
    if isinstance(stop, Dim) and is_less(stop, 0):
        stop = n + stop
        stop = None if is_less(stop, 0) else stop
    return slice(start, stop, step)


def is_less(a: Size, b: Size) -> bool:
    """``a < b``, decided by the form of the sizes or else asked."""
    from .index_template import non_negative

    if non_negative(a - b):
        return False
    return True if non_negative(b - a - 1) else assumptions().less(a, b)


def positions(mask: Value) -> tuple[Value, ...]:
    """Where `mask` is true, an index array for each axis; one symbol of their length per mask."""
    known = concrete(mask)
    if known is not None:
        return tuple(map(as_array, np.nonzero(np.atleast_1d(known))))
    if mask not in _counts:
        _counts[mask] = fresh("count")
    return _nonzero(mask, length=_counts[mask])


# -- reading --------------------------------------------------------------------------------------
@implements(operator.getitem, method="__getitem__")
def getitem(x: Any, index: Any) -> Value:
    """``x[index]``."""
    x = as_array(x)
    x, index = _without_bool(x, index)
    parsed = Parsed(index, x.shape)
    return item_op(parsed.arrays)(x, *parsed.arrays, index=parsed.template)


def _without_bool(x: Value, index: Any) -> tuple[Value, Any]:
    """A lone bool as an index is a mask of no dimensions: a new axis of length 0 or 1."""
    items = index if isinstance(index, tuple) else (index,)
    lone = [k for k, i in enumerate(items) if _is_mask(i) and np.ndim(_shape_like(i)) == 0]
    if not lone:
        return x, index
    if any(i is not Ellipsis for k, i in enumerate(items) if k not in lone) or len(lone) > 1:
        raise IndexError("a single bool among other indices is not supported")
    mask, known = items[lone[0]], concrete(items[lone[0]])
    mask = to_shape(mask, (1,)) if known is None else np.reshape(known, (1,))
    return to_shape(x, (1, *x.shape)), mask


def _shape_like(item: Any) -> Any:
    return np.zeros((1,) * item.ndim) if isinstance(item, Value) else item


# -- writing --------------------------------------------------------------------------------------
def setitem(x: Any, index: Any, value: Any) -> Value:
    """What `x` becomes by ``x[index] = value``; the value is cast to the dtype of `x`."""
    x, value = as_array(x), as_array(value)
    if x.dtype.kind != "c" and value.dtype.kind == "c" and value.type.kind is not Kind.ARRAY:
        raise TypeError(f"float() argument must be a real number: a complex value for an array of {x.dtype}")
    if _is_mask(index) and _ignores_count(x, index, value):
        return _where_mask(x, as_array(index), value)
    if x.ndim == 0 and index in ((), Ellipsis):
        return _replace(x, value)
    shape = x.shape
    x, index = _without_bool(x, index)
    parsed = Parsed(index, x.shape)
    if not parsed.arrays and all(p is None or p in (FULL, Ellipsis) for p in parsed.template):
        target = item_shape(x.shape, parsed.template, ())
        return to_shape(_replace(to_shape(x, target), value), shape)
    if value.ndim and any(isinstance(part, Span) for part in parsed.template):
        item_op(parsed.arrays)(x, *parsed.arrays, index=parsed.template)  # binds the lengths that `value` is to have
    return to_shape(set_item(x, value, *parsed.arrays, index=parsed.template), shape)


def _replace(x: Value, value: Value) -> Value:
    """All of `x` overwritten."""
    extra = max(value.ndim - x.ndim, 0)
    from .index_template import check_value_shape

    check_value_shape(value.shape, x.shape)
    value = to_shape(value, value.shape[extra:]) if extra else value
    return to_shape(stretch(astype(value, x.dtype), x.shape), x.shape)


def _ignores_count(x: Value, index: Any, value: Value) -> bool:
    """Whether the value is the same for every element that a mask selects."""
    rest = x.ndim - as_array(index).ndim
    return value.ndim <= rest or (value.ndim == rest + 1 and isinstance(value.shape[0], int) and value.shape[0] == 1)


def _where_mask(x: Value, mask: Value, value: Value) -> Value:
    """``x[mask] = value`` without counting: elements the mask selects come from `value`."""
    for k, size in enumerate(mask.shape):
        require_equal("the size of a boolean index", size, "that of the axis", x.shape[k])
    rest = x.ndim - mask.ndim
    condition = to_shape(mask, (*mask.shape, *(1,) * rest)) if rest else mask
    value = to_shape(value, value.shape[1:]) if value.ndim > rest else value
    return to_shape(BY_NAME["where"](condition, astype(value, x.dtype), x), x.shape)


def add_at(x: Any, index: Any, value: Any, negative: bool = False) -> Any:
    """What `x` becomes by ``np.add.at(x, index, value)``, or `subtract`: repeated indices accumulate.

    NotImplemented where each sum is rounded to the dtype of `x`.
    """
    x, value = as_array(x), strong(as_array(value))  # Python numbers count like arrays here
    common = np.result_type(x.dtype, value.dtype)
    if x.dtype.kind == "b" or common.kind != x.dtype.kind and {common.kind, x.dtype.kind} != {"i", "u"}:
        return NotImplemented
    if x.dtype.kind in "iu":
        value = astype(value, x.dtype)  # what wraps around may do so before
    elif negative and value.dtype.kind in "bu":
        value = astype(value, common)
    value = BY_NAME["negative"](value) if negative else value
    parsed = Parsed(index, x.shape)
    if value.ndim > len(item_shape(x.shape, parsed.template, [a.type for a in parsed.arrays])):
        raise ValueError("array is not broadcastable to correct shape")
    return index_add(x, value, *parsed.arrays, index=parsed.template)


Value.operators["__getitem__"] = getitem
__all__ = ["add_at", "expand", "getitem", "getitem_op", "positions", "setitem", "width"]
