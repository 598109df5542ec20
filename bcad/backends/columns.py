"""Writes to a few columns of a new array, element by element: which element is written is known where loops are written out.

So ``out[:, 2] += v`` on zeros with rows of a small fixed length is one more operand of what reads `out`, and no array.
"""

from __future__ import annotations

from typing import Any

from bcad.ir import Node, Value
from bcad.ops import Elementwise

from .elements import Index, element, expand
from .kernel import Expr, Number, Pair

COLUMNS = 16  # elements of a row, of those axes that are written to in part
WRITES = frozenset(("set_item", "index_add"))


def writes_columns(node: Node) -> bool:
    """Whether a write is at fixed places of axes of fixed length, of a longer array that was made for it."""
    base = node.inputs[0]
    if node.op.name not in WRITES or len(node.inputs) != 2 or base.node is None or all(isinstance(n, int) for n in base.shape):
        return False
    total = 1
    for part, size in zip(_axes(node), base.shape, strict=True):
        if part == slice(None):
            continue
        if not isinstance(size, int) or not _is_fixed(part):
            return False
        total *= size
    return total <= COLUMNS and _is_new(base.node)


def _is_new(node: Node) -> bool:
    """Whether a node's result is nobody's memory yet."""
    if node.op.name in ("reshape", "transpose"):
        return node.inputs[0].node is not None and _is_new(node.inputs[0].node)
    return isinstance(node.op, Elementwise) or node.op.name in ("full", "broadcast_to", "astype") or writes_columns(node)


def _is_fixed(part: Any) -> bool:
    if isinstance(part, slice):
        return all(b is None or isinstance(b, int) for b in (part.start, part.stop, part.step))
    return isinstance(part, int)


def _parts(node: Node) -> list[Any]:
    """What the index says of each axis; None where it makes one."""
    return [p for p in expand(node.attrs["index"], node.inputs[0].ndim) if p is not Ellipsis]


def _axes(node: Node) -> list[Any]:
    """What the index says of each axis of the array that is written to."""
    return [p for p in _parts(node) if p is not None]


def column_axes(node: Node, axis: int) -> list[tuple[Value, int | None]]:
    """Which axes of its operands such a write reads along with an axis of its result."""
    base, value = node.inputs
    if _axes(node)[axis] != slice(None):
        return [(base, axis), (value, None)]
    taken: list[int | None] = []  # for each axis that is selected the axis of the array, or None
    own = 0
    for part in _parts(node):
        if part is None or isinstance(part, slice):
            taken.append(None if part is None else own)
        own += part is not None
    place = taken.index(axis) + value.ndim - len(taken)
    return [(base, axis), (value, place if place >= 0 and value.shape[place] == base.shape[axis] else None)]


@element(*WRITES)
def _written(scope: Any, node: Node, index: Index) -> Number:
    base, value = node.inputs
    e, s = scope.e, scope.s
    inside: Expr | None = None
    at: list[Expr] = []
    axes = iter(zip(index, base.shape, strict=True))
    for part in _parts(node):
        if part is None:
            at.append(e.int(0))
            continue
        i, size = next(axes)
        if part == slice(None):
            at.append(i)
            continue
        here, place = _selected(scope, part, i, size)
        if here is False:
            return scope.element(base, index)
        if place is not None:
            at.append(place)
        if here is not True:
            inside = here if inside is None else s.binary("and", inside, here)
    before = scope.element(base, index)
    new = s.cast(scope.element(value, _broadcast(scope, value, at)), value.dtype, base.dtype)
    if node.op.name == "index_add":
        new = _sum(s, before, new)
    return new if inside is None else s.select(inside, new, before)


def _selected(scope: Any, part: Any, i: Expr, size: int) -> tuple[Expr | bool, Expr | None]:
    """Whether a part of an index takes place `i` of an axis, and as which element; not computed where `i` is known."""
    e, s = scope.e, scope.s
    chosen = range(size)[part] if isinstance(part, slice) else [part % size]
    single = not isinstance(part, slice)
    if i.op == "const":
        found = i.data in chosen
        return found, None if single or not found else e.int(chosen.index(i.data))
    if single:
        return s.compare("eq", i, e.int(chosen[0])), None
    here, place = e.const(False, "b1"), e.int(0)
    for k, column in enumerate(chosen):
        same = s.compare("eq", i, e.int(column))
        here, place = s.binary("or", here, same), s.select(same, e.int(k), place)
    return here, place


def _broadcast(scope: Any, value: Value, at: list[Expr]) -> Index:
    """Where a value, broadcast to the selected places, is read."""
    zero, extra = scope.e.int(0), max(value.ndim - len(at), 0)
    kept = at[len(at) - (value.ndim - extra) :]
    return (*[zero] * extra, *(zero if n == 1 else i for n, i in zip(value.shape[extra:], kept, strict=True)))


def _sum(s: Any, a: Number, b: Number) -> Number:
    if isinstance(a, Pair) or isinstance(b, Pair):
        return s.complex_binary("add", s.pair(a), s.pair(b))
    return s.binary("or" if a.type == "b1" else "add", a, b)
