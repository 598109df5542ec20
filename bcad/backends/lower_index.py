"""Writes at an index (in place when the old array is dead) and running totals in the kernel form."""

from __future__ import annotations

from typing import Any

from bcad.ir import Node, Value

from . import elements
from .elements import Index, broadcast_index, expand, is_array_part, is_span, item_index, layout
from .fuse import is_array
from .kernel import Buffer, Expr, Number, Pair
from .lower import Scope, special
from .lower_control import fill
from .scalars import Unsupported


def _written(node: Node) -> list[Value]:
    """The value must be computed before the array changes if it is read from it."""
    return [node.inputs[1]] if is_array(node.inputs[1]) else []


@special("set_item", "index_add", operands=_written)
def _write(scope: Scope, node: Node, step: int) -> None:
    base, value, *arrays = node.inputs
    target = target_of(scope, node.output, base, step)
    shape = selected_shape(tuple(base.shape), node.attrs["index"], arrays)
    sizes = [size(scope) for size in shape]
    extra = max(value.ndim - len(sizes), 0)
    add = node.op.name == "index_add"
    target.mutable = True

    def level(index: Index) -> None:
        if len(index) < len(sizes):
            with scope.e.loop(scope.e.int(0), sizes[len(index)]) as i:
                level((*index, i))
            return
        at = scope.flat(target, item_index(scope, tuple(base.shape), node.attrs["index"], arrays, index))
        new = scope.s.cast(_value(scope, value, extra, index), value.dtype, base.dtype)
        scope.e.store(target, at, _sum(scope, scope.e.load(target, at), new) if add else new)

    level(())
    scope.bind(node.output, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{node.op.name} at {len(shape)} axes")


def target_of(scope: Scope, result: Value, base: Value, step: int) -> Buffer:
    """The memory to write into, holding what `base` holds: its own if nobody needs that any more."""
    owned = scope.owned(base, step)
    wanted = scope.want.get(result)
    carried = getattr(scope, "carried", {}).get(base)
    if carried is not None and owned is None and only_reader(scope, base, step):
        owned = carried
    if owned is not None and (wanted is None or getattr(wanted, "storage", None) == owned.storage):
        return scope.rewritten(owned)
    target = scope.room_for(result)
    fill(scope, target, base, tuple(base.shape))
    return target


def only_reader(scope: Scope, base: Value, step: int) -> bool:
    """Whether nothing after `step` reads `base`, and it is not given back itself."""
    return base not in scope.graph.outputs and all(k <= step for k in scope.plan.readers.get(base, ()))


def _value(scope: Scope, value: Value, extra: int, index: Index) -> Number:
    zero = scope.e.int(0)
    own = value.ndim - extra
    inner = index[len(index) - own :] if own else ()
    full = [*([zero] * extra)]
    for k, i in enumerate(inner):
        size = value.shape[extra + k]
        full.append(zero if size == 1 else i)
    return scope.element(value, tuple(full))


def _sum(scope: Scope, a: Number, b: Number) -> Number:
    if isinstance(a, Pair) or isinstance(b, Pair):
        return scope.s.complex_binary("add", scope.s.pair(a), scope.s.pair(b))
    return scope.e.fresh("or" if a.type == "b1" else "add", a, b, type=a.type)


def selected_shape(shape: tuple[Any, ...], template: tuple[Any, ...], arrays: list[Value]) -> list[Any]:
    """For each axis that an index selects, a function giving its length in a scope."""
    parts = expand(template, len(shape))
    places = layout(parts, arrays)
    rank = max((p for p in places if p is not None), default=-1) + 1
    advanced = elements._common(elements._index_arrays(parts, arrays))
    sizes: dict[int, Any] = {}
    waiting, axis = list(arrays), 0
    for part, place in zip(parts, places, strict=True):
        if part is Ellipsis:
            continue
        if part is None:
            sizes[place] = lambda s: s.e.int(1)
            continue
        n = shape[axis]
        axis += 1
        if is_span(part):
            taken = [b for b in (part.start, part.stop) if is_array_part(b)]
            inputs, waiting = waiting[: len(taken)], waiting[len(taken) :]
            sizes[place] = lambda s, p=part, n=n, w=inputs: elements.bounds(s, p, n, list(w))[1]
        elif isinstance(part, slice):
            sizes[place] = lambda s, p=part, n=n: _slice_length(s, p, n)
        else:
            if is_array_part(part):
                waiting.pop(0)
            for k, size in enumerate(advanced):
                sizes[place + k] = lambda s, size=size: s.size(size)
                rank = max(rank, place + k + 1)
    return [sizes[k] for k in sorted(sizes)]


def _slice_length(scope: Scope, part: slice, n: Any) -> Expr:
    bounds = (part.start, part.stop, part.step)
    if all(b is None or isinstance(b, int) for b in (*bounds, n)) and n is not None:
        return scope.e.int(len(range(*part.indices(n))))
    return elements.bounds(scope, part, n, [])[1]


@special("cumsum", "cumprod")
def _cumulative(scope: Scope, node: Node, step: int) -> None:
    (x,) = node.inputs
    axis = node.attrs.get("axis", 0)
    if not isinstance(axis, int) or set(node.attrs) - {"axis"}:
        raise Unsupported(f"{node.op.name} with {node.attrs}")
    result = node.output
    target = scope.room_for(result)
    sizes = scope.sizes(x.shape)
    others = [k for k in range(x.ndim) if k != axis]
    if result.dtype.kind == "c":
        raise Unsupported(f"{node.op.name} of complex numbers")

    def level(index: dict[int, Expr]) -> None:
        if len(index) < len(others):
            with scope.e.loop(scope.e.int(0), sizes[others[len(index)]]) as i:
                level({**index, others[len(index)]: i})
            return
        start = scope.s.literal(0 if node.op.name == "cumsum" else 1, result.dtype)
        assert isinstance(start, Expr)
        total = scope.e.variable("total", start.type, start)
        with scope.e.loop(scope.e.int(0), sizes[axis]) as i:
            at = tuple({**index, axis: i}[k] for k in range(x.ndim))
            term = scope.s.cast(scope.element(x, at), x.dtype, result.dtype)
            assert isinstance(term, Expr)
            op = "add" if node.op.name == "cumsum" else "mul"
            new = scope.e.fresh(op, scope.e.get(total), term, type=start.type)
            scope.e.set(total, new)
            scope.e.store(target, scope.flat(target, at), new)

    level({})
    scope.bind(result, scope.rewritten(target))


assert broadcast_index
