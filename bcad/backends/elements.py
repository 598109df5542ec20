"""What one element of a value is, in terms of elements of its operands: views are index maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bcad.ir import Node, Value

from .faults import note_unfit
from .kernel import INT, Expr, Number
from .scalars import Unsupported, needs

Index = tuple[Expr, ...]
Rule = Callable[[Any, Node, Index], Number]
ELEMENT: dict[str, Rule] = {}


def element(*names: str) -> Callable[[Rule], Rule]:
    """Declare the element of an op: ``rule(scope, node, index)``."""

    def enter(rule: Rule) -> Rule:
        for name in names:
            ELEMENT[name] = rule
        return rule

    return enter


def broadcast_index(scope: Any, index: Index, value: Value, shape: Sequence[Any]) -> Index:
    """Where `value`, broadcast to `shape`, is read for `index`."""
    own = tuple(value.shape)
    outer = shape[len(shape) - len(own) :]
    kept = index[len(index) - len(own) :]
    zero = scope.e.int(0)
    return tuple(zero if s == 1 and t != 1 else i for i, s, t in zip(kept, own, outer, strict=True))


@element("broadcast_to")
def _broadcast_to(scope: Any, node: Node, index: Index) -> Number:
    (x,) = node.inputs
    return scope.element(x, broadcast_index(scope, index, x, node.output.shape))


@element("transpose")
def _transpose(scope: Any, node: Node, index: Index) -> Number:
    axes = node.attrs["axes"]
    source: list[Any] = [None] * len(axes)
    for j, axis in enumerate(axes):
        source[axis] = index[j]
    return scope.element(node.inputs[0], tuple(source))


@element("astype", "as_kind")
def _astype(scope: Any, node: Node, index: Index) -> Number:
    (x,) = node.inputs
    needs(node.output.dtype)
    value = scope.element(x, index)
    note_unfit(scope, node, value)
    return scope.s.cast(value, x.dtype, node.output.dtype)


@element("full")
def _full(scope: Any, node: Node, index: Index) -> Number:
    (fill,) = node.inputs
    at = tuple(scope.e.int(0) for _ in fill.shape)
    return scope.s.cast(scope.element(fill, at), fill.dtype, node.output.dtype)


@element("iota")
def _iota(scope: Any, node: Node, index: Index) -> Number:
    return index[0]


@element("reshape")
def _reshape(scope: Any, node: Node, index: Index) -> Number:
    (x,) = node.inputs
    return scope.element(x, reshape_index(scope, index, tuple(node.output.shape), tuple(x.shape)))


def reshape_index(scope: Any, index: Index, shape: tuple[Any, ...], source: tuple[Any, ...]) -> Index:
    """The index into `source` of the element at `index` of an array of `shape`."""
    e, result = scope.e, []
    for outs, ins in reshape_groups(shape, source):
        if len(outs) == len(ins) == 1:
            result.append(index[outs[0]])
            continue
        flat = e.int(0)
        for k in outs:
            flat = e.add(e.mul(flat, scope.size(shape[k])), index[k])
        parts: list[Expr] = []
        for k in reversed(ins[1:]):
            parts.append(e.mod(flat, scope.size(source[k])))
            flat = e.floordiv(flat, scope.size(source[k]))
        result += [*([flat] if ins else []), *reversed(parts)]
    return tuple(result)


def reshape_groups(shape: tuple[Any, ...], source: tuple[Any, ...]) -> list[tuple[list[int], list[int]]]:
    """Runs of axes of the two shapes with equal products, as small as their form shows."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(shape) or j < len(source):
        outs, ins = [], []
        left: Any = 1
        right: Any = 1
        if i < len(shape):
            outs.append(i)
            left, i = shape[i], i + 1
        if j < len(source) and not (outs and left == 1 and source[j] != 1):
            ins.append(j)
            right, j = source[j], j + 1
        while left != right:
            take_out = i < len(shape) and (j >= len(source) or _smaller(left, right))
            if take_out:
                outs.append(i)
                left, i = left * shape[i], i + 1
            elif j < len(source):
                ins.append(j)
                right, j = right * source[j], j + 1
            else:
                break
        groups.append((outs, ins))
    return groups


def _smaller(a: Any, b: Any) -> bool:
    """A guess at which product needs another factor; a wrong one only makes a group larger."""
    if isinstance(a, int) and isinstance(b, int):
        return a < b
    degree = [max((len(m) for m, _ in s.terms), default=0) if not isinstance(s, int) else 0 for s in (a, b)]
    return degree[0] <= degree[1]


# -- joining -------------------------------------------------------------------------------------
@element("stack")
def _stack(scope: Any, node: Node, index: Index) -> Number:
    axis = node.attrs.get("axis", 0)
    rest = (*index[:axis], *index[axis + 1 :])
    parts = [scope.s.cast(scope.element(x, rest), x.dtype, node.output.dtype) for x in node.inputs]
    return _choose(scope, index[axis], parts)


def _choose(scope: Any, at: Expr, parts: list[Number]) -> Number:
    if at.op == "const":
        return parts[at.data]
    result = parts[-1]
    for k in range(len(parts) - 2, -1, -1):
        result = scope.s.select(scope.s.compare("eq", at, scope.e.int(k)), parts[k], result)
    return result


# -- items ---------------------------------------------------------------------------------------
@element("getitem", "gather")
def _item(scope: Any, node: Node, index: Index) -> Number:
    x, *arrays = node.inputs
    return scope.element(x, item_index(scope, tuple(x.shape), node.attrs["index"], arrays, index))


def item_index(
    scope: Any, shape: tuple[Any, ...], template: tuple[Any, ...], arrays: Sequence[Value], index: Index
) -> Index:
    """Where ``x[template]`` reads `x` (of `shape`) for its element at `index`."""
    parts = expand(template, len(shape))
    positions = layout(parts, arrays)
    waiting, axis, result = list(arrays), 0, []
    for part, place in zip(parts, positions, strict=True):
        if part is None or part is Ellipsis:
            continue
        n = shape[axis]
        if is_span(part):
            bound = bounds(scope, part, n, waiting)
            result.append(scope.e.add(bound[0], scope.e.mul(index[place], scope.e.int(part.step or 1))))
        elif isinstance(part, slice):
            result.append(slice_index(scope, part, n, index[place]))
        elif is_array_part(part):
            array = waiting.pop(0)
            at = index[place : place + _rank(arrays)] if place is not None else ()
            value = scope.element(array, broadcast_index(scope, at[len(at) - array.ndim :], array, _common(arrays)))
            result.append(checked(scope, value, array, n))
        else:
            result.append(constant_index(scope, part, n))
        axis += 1
    return tuple(result)


def is_array_part(part: Any) -> bool:
    return getattr(part, "name", None) == "ARRAY" and hasattr(part, "value")


def is_span(part: Any) -> bool:
    return isinstance(part, tuple) and hasattr(part, "length")


def expand(template: tuple[Any, ...], ndim: int) -> list[Any]:
    """The template with a full slice for each axis it leaves out; the Ellipsis is kept, empty."""
    used = sum(part is not None and part is not Ellipsis for part in template)
    rest = [slice(None)] * (ndim - used)
    if Ellipsis not in template:
        return [*template, *rest]
    where = template.index(Ellipsis)
    return [*template[:where], Ellipsis, *rest, *template[where + 1 :]]


def _index_arrays(parts: Sequence[Any], arrays: Sequence[Value]) -> list[Value]:
    waiting, found = list(arrays), []
    for part in parts:
        if is_span(part):
            for bound in (part.start, part.stop):
                if is_array_part(bound):
                    waiting.pop(0)
        elif is_array_part(part):
            found.append(waiting.pop(0))
    return found


def _rank(arrays: Sequence[Value]) -> int:
    return max((a.ndim for a in arrays), default=0)


def _common(arrays: Sequence[Value]) -> tuple[Any, ...]:
    shape: list[Any] = [1] * _rank(arrays)
    for a in arrays:
        for k, s in enumerate(reversed(a.shape), 1):
            if shape[-k] == 1:
                shape[-k] = s
    return tuple(shape)


def layout(parts: Sequence[Any], arrays: Sequence[Value]) -> list[Any]:
    """For each part the axis of the result where it stands (index arrays: their first one)."""
    advanced = [k for k, p in enumerate(parts) if is_array_part(p) or isinstance(p, int) or hasattr(p, "terms")]
    rank = _rank(_index_arrays(parts, arrays))
    together = bool(advanced) and advanced[-1] - advanced[0] == len(advanced) - 1
    axis, front = (0 if together else rank), None
    places: list[Any] = []
    for part in parts:
        if part is Ellipsis:
            places.append(None)
        elif part is None or isinstance(part, slice) or is_span(part):
            places.append(axis)
            axis += 1
        else:
            if together and front is None:
                front, axis = axis, axis + rank
            places.append(front if together else 0)
    return places


def constant_index(scope: Any, part: Any, n: Any) -> Expr:
    if not isinstance(part, int):
        return checked_expr(scope, scope.size(part), n)
    index = scope.size(part if part >= 0 else n + part)
    if isinstance(n, int) or scope.parent is None and _is_given(scope.size(n)):
        return index  # it was run with the example, and a guard asks for the length
    return _inside(scope, index, scope.size(n))


def _is_given(size: Expr) -> bool:
    """Whether a size is one of the arguments', not one that only the run tells."""
    return size.op in ("const", "length") or bool(size.args) and all(map(_is_given, size.args))


def checked(scope: Any, value: Number, array: Value, n: Any) -> Expr:
    """A computed index, counted from the end if negative; out of range, the run is abandoned."""
    if array.dtype.kind not in "iu":
        raise Unsupported(f"an index of dtype {array.dtype}")
    assert isinstance(value, Expr)
    return checked_expr(scope, scope.s.convert(value, INT), n)


def checked_expr(scope: Any, value: Expr, n: Any) -> Expr:
    e, s, size = scope.e, scope.s, scope.size(n)
    if scope.in_range(value, n):
        return value
    return _inside(scope, s.select(s.compare("lt", value, e.int(0)), e.add(value, size), value), size)


def _inside(scope: Any, index: Expr, size: Expr) -> Expr:
    """An index, 0 where it is outside: then the run is abandoned."""
    e, s = scope.e, scope.s
    outside = s.binary("or", s.compare("lt", index, e.int(0)), s.compare("ge", index, size))
    scope.trouble(outside)
    return s.select(outside, e.int(0), index)


def slice_index(scope: Any, part: slice, n: Any, at: Expr) -> Expr:
    e = scope.e
    step = 1 if part.step is None else part.step
    start = slice_start(scope, part.start, n, step)
    return e.add(start, at) if step == 1 else e.add(start, e.mul(at, e.int(step)))


def slice_start(scope: Any, start: Any, n: Any, step: int) -> Expr:
    """The first index of a slice, clamped as Python does."""
    if start is None:
        return scope.size(0 if step > 0 else n - 1)
    if isinstance(start, int) and isinstance(n, int):
        return scope.e.int(slice(start, None, step).indices(n)[0])
    return _clamped(scope, scope.size(start), n, step, isinstance(start, int) and start >= 0 or hasattr(start, "terms"))


def _clamped(scope: Any, start: Expr, n: Any, step: int, non_negative: bool = False) -> Expr:
    e, s, size = scope.e, scope.s, scope.size(n)
    if not non_negative:
        start = s.select(s.compare("lt", start, e.int(0)), e.add(start, size), start)
        low = e.int(0 if step > 0 else -1)
        start = s.select(s.compare("lt", start, low), low, start)
    high = size if step > 0 else e.sub(size, e.int(1))
    return s.select(s.compare("gt", start, high), high, start)


def bounds(scope: Any, part: Any, n: Any, waiting: list[Value]) -> tuple[Expr, Expr]:
    """(start, length) of a slice with computed bounds; takes its inputs from `waiting`."""
    e, s, step = scope.e, scope.s, part.step or 1
    ends = []
    for bound, default in ((part.start, 0 if step > 0 else n - 1), (part.stop, n if step > 0 else None)):
        if is_array_part(bound):
            value = waiting.pop(0)
            ends.append(_clamped(scope, s.convert(scope.element(value, ()), INT), n, step))
        elif bound is None:
            ends.append(e.int(-1) if default is None else scope.size(default))
        else:
            ends.append(_clamped(scope, scope.size(bound), n, step, isinstance(bound, int) and bound >= 0))
    start, stop = ends
    span = e.sub(stop, start) if step > 0 else e.sub(start, stop)
    count = e.floordiv(e.add(span, e.int(abs(step) - 1)), e.int(abs(step)))
    return start, s.select(s.compare("gt", span, e.int(0)), count, e.int(0))


# -- made from positions ---------------------------------------------------------------------------
def _affine(scope: Any, start: Any, step: Any, i: Expr) -> Expr:
    return scope.e.add(scope.size(start), scope.e.mul(scope.size(step), i))


@element("arange")
def _arange(scope: Any, node: Node, index: Index) -> Number:
    import numpy as np

    value = _affine(scope, node.attrs["start"], node.attrs["step"], index[0])
    return scope.s.cast(value, np.dtype(np.int64), node.output.dtype)


@element("eye", "tri")
def _eye(scope: Any, node: Node, index: Index) -> Number:
    i, j = index
    offset = node.attrs["k" if node.op.name == "eye" else "offset"]
    diagonal = scope.e.add(i, scope.size(offset))
    if node.op.name == "tri":
        return scope.s.compare("le", j, diagonal)
    dtype = node.output.dtype
    return scope.s.select(scope.s.compare("eq", j, diagonal), scope.s.literal(1, dtype), scope.s.literal(0, dtype))


@element("diagonal")
def _diagonal(scope: Any, node: Node, index: Index) -> Number:
    *batch, k = index
    offset = node.attrs["offset"]
    i, j = (scope.e.add(k, scope.e.int(max(s * offset, 0))) for s in (-1, 1))
    return scope.element(node.inputs[0], (*batch, i, j))


@element("make_diagonal")
def _make_diagonal(scope: Any, node: Node, index: Index) -> Number:
    *batch, i, j = index
    (d,), offset, e, s = node.inputs, node.attrs["offset"], scope.e, scope.s
    on = s.compare("eq", j, e.add(i, e.int(offset)))
    k = e.sub(i, e.int(max(-offset, 0)))
    n = scope.size(d.shape[-1])
    inside = s.binary("and", s.compare("ge", k, e.int(0)), s.compare("lt", k, n))
    on = s.binary("and", on, inside)
    found = scope.element(d, (*batch, s.select(inside, k, e.int(0))))
    return s.select(on, found, s.literal(0, node.output.dtype))


@element("shift")
def _shift(scope: Any, node: Node, index: Index) -> Number:
    (x,), axis, by = node.inputs, node.attrs["axis"], node.attrs["by"]
    e, s = scope.e, scope.s
    source = e.sub(index[axis], e.int(by))
    inside = s.binary("and", s.compare("ge", source, e.int(0)), s.compare("lt", source, scope.size(x.shape[axis])))
    at = (*index[:axis], s.select(inside, source, e.int(0)), *index[axis + 1 :])
    return s.select(inside, scope.element(x, at), s.literal(node.attrs["fill"], x.dtype))


@element("concatenate")
def _concatenate(scope: Any, node: Node, index: Index) -> Number:
    axis, e, s = node.attrs["axis"], scope.e, scope.s
    start, result = scope.e.int(0), None
    for x in node.inputs:
        size = scope.size(x.shape[axis])
        local = e.sub(index[axis], start)
        inside = s.binary("and", s.compare("ge", local, e.int(0)), s.compare("lt", local, size))
        at = (*index[:axis], s.select(inside, local, e.int(0)), *index[axis + 1 :])
        found = scope.s.cast(scope.element(x, at), x.dtype, node.output.dtype)
        result = found if result is None else s.select(inside, found, result)
        start = e.add(start, size)
    assert result is not None
    return result
