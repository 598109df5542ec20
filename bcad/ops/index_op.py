"""Reading and writing items as ops: getitem (a view), gather (a copy), set_item, index_add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Dim, Kind, Size, Value, product

from .arguments import concrete, counting, full, zeros
from .cotangents import broadcast_like, masked, rearranged, to_cotangent
from .index_template import Part, Span, Template, check_value_shape, fill, item_shape, item_type
from .layout import LinearMap, View
from .op import BY_NAME, Op, Zero, define
from .samples import Sample, booleans, complexes, integers, reals

_AT = Part.ARRAY
_BASIC = (
    Sample(reals(4), index=(1,)),
    Sample(reals(5), index=(slice(None, None, -2),)),
    Sample(reals(3, 4), index=(slice(1, None), None, -1)),
    Sample(reals(2, 3, 4), index=(..., 0)),
    Sample(reals(3), index=(slice(5, 2),)),
    Sample(complexes(3, 2), index=(slice(-2, None),)),
    Sample(reals(4, 2), 2, index=(_AT,)),
    Sample(reals(4, 2), 2, -1, index=(_AT, _AT)),
    Sample(reals(6), 1, 4, index=(Span("n", _AT, _AT, None),)),
)
_ADVANCED = (
    Sample(reals(4), np.array([0, 2, 2, -1]), index=(_AT,)),
    Sample(reals(4, 3), np.array([[0, 3], [3, 1]]), np.array([1, 2]), index=(_AT, _AT)),
    Sample(reals(4, 2, 3), np.array([1, 1]), np.array([0, 2]), index=(_AT, slice(None), _AT)),
    Sample(reals(4, 2, 3), np.array([1, 1]), index=(slice(None), 0, _AT)),
    Sample(complexes(3), np.array([2, 2]), index=(_AT,)),
    Sample(reals(3), np.array([], np.intp), index=(_AT,)),
)


class Item(LinearMap):
    """``x[index]``; `arrays` are the index inputs, in the order of the template."""

    def type_rule(self, x: ArrayType, *arrays: ArrayType, index: Template) -> ArrayType:
        return item_type(x, index, arrays)

    def evaluate(self, x: Any, *arrays: Any, index: Template) -> Any:
        return np.asarray(x)[fill(index, arrays)]

    def jvp(self, y: Value, *rest: Any, index: Template) -> Any:
        arrays = rest[1 : len(rest) // 2]
        return self(rest[len(rest) // 2], *arrays, index=index)

    def vjp(self, g: Any, y: Value, *inputs: Value, index: Template) -> tuple[Any, ...]:
        x, *arrays = inputs
        empty = Zero(x.type) if type(g) is Zero else None
        back = empty or rearranged(g, lambda h: scatter_zero(h, x.shape, arrays, index))
        return (to_cotangent(back, x), *(None for _ in arrays))


def scatter_zero(g: Value, shape: Sequence[Size], arrays: Sequence[Value], index: Template) -> Value:
    """The transpose of reading items: zeros of `shape` with `g` added at the index; of flags, whether any is set."""
    if g.dtype.kind != "b":
        return index_add(zeros(shape, g.dtype), g, *arrays, index=index)
    if not may_repeat(shape, arrays, index):
        return set_item(full(False, shape, bool), g, *arrays, index=index)
    count = index_add(zeros(shape, np.intp), BY_NAME["astype"](g, dtype=np.dtype(np.intp)), *arrays, index=index)
    return BY_NAME["greater"](count, 0)


@define
class Getitem(Item, View):
    """``x[index]`` of ints, slices, new axes and computed integers: a view, or one element."""

    samples = _BASIC

    def view_write(self, base: Value, new: Value, *rest: Value, **attrs: Any) -> Value:
        return set_item(base, new, *rest, **attrs)


@define
class Gather(Item):
    """``x[index]`` with index arrays: a copy, in which elements may repeat."""

    samples = _ADVANCED

    def vjp(self, g: Any, y: Value, *inputs: Value, index: Template) -> tuple[Any, ...]:
        x, *arrays = inputs
        none = [None for _ in arrays]
        if type(g) is Zero:
            return (Zero(x.type), *none)
        back = scatter_zero(g, x.shape, arrays, index)  # a sum: what is hidden must not be a term
        split = masked(g)
        if split is not None:
            back = BY_NAME["mask"](scatter_zero(split[0], x.shape, arrays, index), back)
        return (to_cotangent(back, x), *none)


def item_op(arrays: Sequence[Value]) -> Op:
    """`getitem` if all index inputs are numbers, else `gather`."""
    return getitem_op if all(a.type.kind is not Kind.ARRAY for a in arrays) else gather


getitem_op, gather = BY_NAME["getitem"], BY_NAME["gather"]


class Write(Op):
    """A new value of an array after a write at an index: linear in (base, value) together."""

    def type_rule(self, base: ArrayType, value: ArrayType, *arrays: ArrayType, index: Template) -> ArrayType:
        check_value_shape(value.shape, item_shape(base.shape, index, arrays))
        return base.as_array()

    def with_zeros(self, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        base, value, *arrays = inputs
        if type(base) is Zero and type(value) is Zero:
            return Zero(base.type.as_array())
        if type(base) is Zero:
            base = zeros(base.shape, base.dtype)
        if type(value) is Zero:
            value = self.without_value(base, value)
            if value is None:
                return base
        return self(base, value, *arrays, **attrs)

    def without_value(self, base: Any, value: Zero) -> Any:
        return None

    def jvp(self, y: Value, *rest: Any, index: Template) -> Any:
        half = len(rest) // 2
        return self(broadcast_like(rest[half], y), rest[half + 1], *rest[2:half], index=index)


def _writes(samples: Sequence[Sample], value: Any) -> list[Sample]:
    return [Sample(s.args[0], value, *s.args[1:], **s.attrs) for s in samples]


@define
class SetItem(Write):
    """`base` after ``base[index] = value``; where an index repeats, the last write stays."""

    samples = (
        *_writes(_BASIC, reals()),
        *_writes(_ADVANCED[:1], reals(4)),
        *_writes(_ADVANCED[1:2], reals(2, 2)),
        *_writes(_ADVANCED[2:4], reals(1)),
        Sample(reals(3, 2), reals(2), index=(slice(0, 2),)),
        Sample(reals(3), integers(2), index=(slice(0, 2),)),
        Sample(complexes(3), reals(2), index=(slice(0, 2),)),
    )

    def evaluate(self, base: Any, value: Any, *arrays: Any, index: Template) -> Any:
        y = np.array(base)
        y[fill(index, arrays)] = value
        return y

    def without_value(self, base: Any, value: Zero) -> Any:
        return base.dtype.type(0)

    def vjp(self, g: Any, y: Value, *inputs: Value, index: Template) -> tuple[Any, ...]:
        base, value, *arrays = inputs
        none = [None for _ in arrays]
        kept = to_cotangent(self(g, g.dtype.type(0), *arrays, index=index), base)
        if not value.type.differentiable:
            return (kept, None, *none)
        taken = rearranged(g, lambda h: item_op(arrays)(h, *arrays, index=index))
        if may_repeat(base.shape, arrays, index):
            taken = BY_NAME["mask"](last_writes(base.shape, arrays, index), taken)
        return (kept, to_cotangent(without_extra_axes(taken, value), value), *none)


@define
class IndexAdd(Write):
    """``np.add.at(base, index, value)``: where an index repeats, all values are added."""

    samples = (
        *_writes(_BASIC, reals()),
        *_writes(_ADVANCED[:1], reals(4)),
        *_writes(_ADVANCED[1:2], reals(2, 2)),
        *_writes(_ADVANCED[2:4], reals(1)),
        Sample(complexes(3), reals(2), index=(slice(0, 2),)),
    )

    def evaluate(self, base: Any, value: Any, *arrays: Any, index: Template) -> Any:
        y = np.array(base)
        where = fill(index, arrays)
        target = y[where]
        extra = max(np.ndim(value) - np.ndim(target), 0)
        np.add.at(y, where, np.reshape(value, np.shape(value)[extra:]))
        return y

    def vjp(self, g: Any, y: Value, *inputs: Value, index: Template) -> tuple[Any, ...]:
        base, value, *arrays = inputs
        none = [None for _ in arrays]
        if not value.type.differentiable:
            return (to_cotangent(g, base), None, *none)
        taken = rearranged(g, lambda h: item_op(arrays)(h, *arrays, index=index))
        return (to_cotangent(g, base), to_cotangent(without_extra_axes(taken, value), value), *none)


set_item, index_add = BY_NAME["set_item"], BY_NAME["index_add"]


def without_extra_axes(g: Any, value: Value) -> Any:
    """Give `g` the leading axes of length one that an assigned value may have too many of."""
    extra = value.ndim - g.ndim
    return BY_NAME["reshape"](g, shape=(1,) * extra + tuple(g.shape)) if extra > 0 else g


# -- repeated indices -----------------------------------------------------------------------------
def may_repeat(shape: Sequence[Size], arrays: Sequence[Value], index: Template) -> bool:
    """Whether an element may be selected twice: not by numbers, masks or distinct constants."""
    if all(a.ndim == 0 for a in arrays):
        return False
    nodes = {a.node for a in arrays}
    if len(nodes) == 1 and (node := nodes.pop()) is not None and node.op is BY_NAME.get("nonzero"):
        return False
    known = [concrete(a) for a in arrays]
    if any(k is None for k in known) or any(isinstance(s, Dim) for s in shape):
        return True
    cells = np.arange(product(shape)).reshape([int(s) for s in shape])[fill(index, known)]  # type: ignore[arg-type, misc]
    return len(np.unique(cells)) < cells.size


def last_writes(shape: Sequence[Size], arrays: Sequence[Value], index: Template) -> Value:
    """True where an assignment through repeated indices is not overwritten by a later element."""
    types = [a.type for a in arrays]
    target = item_shape(shape, index, types)
    order = BY_NAME["reshape"](counting(product(target)), shape=target)
    winners = set_item(full(-1, shape, np.intp), order, *arrays, index=index)
    return BY_NAME["equal"](item_op(arrays)(winners, *arrays, index=index), order)


@define
class Nonzero(Op):
    """``nonzero(x)``; `length` names the symbol of their common length, bound when run."""

    multiple = True
    differentiable = False
    samples = (Sample(booleans(5), length="count"), Sample(reals(2, 3), length="count"))

    def type_rule(self, x: ArrayType, *, length: str) -> tuple[ArrayType, ...]:
        return (ArrayType(np.dtype(np.intp), (Dim.symbol(length),)),) * max(x.ndim, 1)

    def evaluate(self, x: Any, *, length: Any) -> Any:
        return np.nonzero(np.atleast_1d(x))
