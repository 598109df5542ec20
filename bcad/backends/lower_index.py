"""Writes at an index (in place when the old array is dead) and running totals in the kernel form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bcad.ir import Node, Value

from . import elements
from .elements import Index, expand, is_array_part, is_span, item_index, layout
from .kernel import Buffer, Expr, Fail, Number, Pair
from .lower_control import fill, give, read, variables
from .plan import is_array
from .scalars import Unsupported
from .scans import SCANS, Scan
from .scope import Scope
from .specials import special


def _written(node: Node) -> list[Value]:
    """The value must be computed before the array changes if it is read from it."""
    return [node.inputs[1]] if is_array(node.inputs[1]) else []


@special("set_item", "index_add", operands=_written)
def _write(scope: Scope, node: Node, step: int) -> None:
    base, value, *_ = node.inputs
    if node in scope.late:  # summed up, and written behind the loop
        scope.late[node].add(scope)
        scope.bind(node.output, scope.env[base])
        if base in scope.carried:
            scope.carried[node.output] = scope.carried[base]
        return
    target = target_of(scope, node.output, base, step, value)
    rank = write_elements(scope, node, target, lambda index: scope.s.cast(
        _value(scope, value, index), value.dtype, base.dtype))
    scope.bind(node.output, scope.rewritten(target))
    scope.function.kernel.summary.append(f"{node.op.name} at {rank} axes")


def write_elements(scope: Scope, node: Node, target: Buffer, new: Callable[[Index], Number]) -> int:
    """Write, or add, to all places that a node selects in `target`; how many axes these have."""
    base, _, *arrays = node.inputs
    sizes = [size(scope) for size in selected_shape(tuple(base.shape), node.attrs["index"], arrays)]
    add = node.op.name == "index_add"
    target.mutable = True
    _refuse_mismatch(scope, node.inputs[1], sizes)

    def level(index: Index) -> None:
        if len(index) < len(sizes):
            scope.e.each(scope.e.int(0), sizes[len(index)], lambda i: level((*index, i)))
            return
        at = scope.flat(target, item_index(scope, tuple(base.shape), node.attrs["index"], arrays, index))
        x = new(index)
        scope.e.store(target, at, summed(scope, scope.e.load(target, at), x) if add else x)

    level(())
    return len(sizes)


def _refuse_mismatch(scope: Scope, value: Value, sizes: list[Expr]) -> None:
    """Give the run up where what is written has another length than its places: NumPy says so."""
    shape = getattr(value.type, "shape", ())
    for n, size in zip(reversed(shape), reversed(sizes), strict=False):
        given = scope.size(n)
        if n == 1 or given is size or given.op == size.op == "const" and given.data == size.data:
            continue
        different = scope.s.compare("ne", given, size)
        scope.e.append(Fail(different, scope.function.message("what is written does not fit into its places")))


def target_of(scope: Scope, result: Value, base: Value, step: int, written: Value) -> Buffer:
    """The memory to write into, holding what `base` holds: its own if nobody, nor what is written, needs that any more."""
    owned = scope.owned(base, step)
    wanted = scope.want.get(result)
    carried = scope.carried.get(base)
    if carried is not None and owned is None and only_reader(scope, base, step):
        owned = carried
    if owned is not None and getattr(scope.env.get(written), "storage", None) == owned.storage:
        owned = None
    if owned is not None and (wanted is None or getattr(wanted, "storage", None) == owned.storage):
        return scope.rewritten(owned)
    target = scope.room_for(result)
    fill(scope, target, base, tuple(base.shape))
    return target


def only_reader(scope: Scope, base: Value, step: int) -> bool:
    """Whether nothing after `step` reads `base`, and it is not given back itself."""
    return base not in scope.graph.outputs and all(k <= step for k in scope.plan.readers.get(base, ()))


def _value(scope: Scope, value: Value, index: Index) -> Number:
    return scope.element(value, operand_index(scope, value, index))


def operand_index(scope: Scope, value: Value, index: Index) -> Index:
    """Where what is written is read for an index of the places: it may have fewer axes, or more of length 1."""
    zero, extra = scope.e.int(0), max(value.ndim - len(index), 0)
    inner = index[len(index) - (value.ndim - extra) :] if value.ndim > extra else ()
    return (*[zero] * extra, *(zero if n == 1 else i for n, i in zip(value.shape[extra:], inner, strict=True)))


def summed(scope: Scope, a: Number, b: Number) -> Number:
    """What stands in memory, with something added."""
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


@special(*SCANS)
def _cumulative(scope: Scope, node: Node, step: int) -> None:
    scan = Scan(scope, node)
    scan.prepare(scope.room_for)
    scan.go(None)
    scan.finish()


@special("argmax", "argmin")
def _arg_extreme(scope: Scope, node: Node, step: int) -> None:
    """The first place of the extreme; of the first nan if there is one."""
    (x,), e, s, out = node.inputs, scope.e, scope.s, node.output
    axis = node.attrs["axis"]
    if x.dtype.kind == "c":
        raise Unsupported(f"{node.op.name} of complex numbers")
    if axis is None and x.ndim > 1:
        raise Unsupported(f"{node.op.name} of all elements of several axes")
    axis = axis or 0
    others = [k for k in range(x.ndim) if k != axis]
    target = scope.room_for(out) if is_array(out) else None
    n = scope.size(x.shape[axis])
    e.append(Fail(s.compare("eq", n, e.int(0)), scope.function.message(f"{node.op.name} of an empty sequence")))

    def level(index: dict[int, Expr]) -> None:
        if len(index) < len(others):
            with e.loop(e.int(0), scope.size(x.shape[others[len(index)]])) as i:
                level({**index, others[len(index)]: i})
            return
        first = scope.element(x, tuple({**index, axis: e.int(0)}[k] for k in range(x.ndim)))
        assert isinstance(first, Expr)
        best, where = e.variable("best", first.type, first), e.variable("where", "i64", e.int(0))
        with e.loop(e.int(1), n) as i:
            found = scope.element(x, tuple({**index, axis: i}[k] for k in range(x.ndim)))
            assert isinstance(found, Expr)
            known = e.get(best)
            better = s.compare("gt" if node.op.name == "argmax" else "lt", found, known)
            if found.type[0] == "f":
                new_nan = s.binary("and", s.compare("ne", found, found), s.compare("eq", known, known))
                better = s.binary("or", better, new_nan)
            e.set(best, s._select(better, found, known))
            e.set(where, s._select(better, i, e.get(where)))
        if target is None:
            scope.bind(out, e.get(where))
            return
        keep = node.attrs.get("keepdims")
        at = tuple(index[k] if k != axis else e.int(0) for k in range(x.ndim) if keep or k != axis)
        e.store(target, scope.flat(target, at) if at else e.int(0), e.get(where))

    level({})
    if target is not None:
        scope.bind(out, scope.rewritten(target))


@special("linear_scan")
def _linear_scan(scope: Scope, node: Node, step: int) -> None:
    """``y[i] = a[i] * y[i-1] + b[i]``."""
    a, b = node.inputs
    e, s, out, axis = scope.e, scope.s, node.output, node.attrs["axis"]
    target, n = scope.room_for(out), scope.size(b.shape[axis])
    others = [k for k in range(b.ndim) if k != axis]

    def level(index: dict[int, Expr]) -> None:
        if len(index) < len(others):
            with e.loop(e.int(0), scope.size(b.shape[others[len(index)]])) as i:
                level({**index, others[len(index)]: i})
            return
        state = variables(scope, out, s.literal(0, out.dtype))
        with e.loop(e.int(0), n) as k:
            i = e.sub(e.sub(n, e.int(1)), k) if node.attrs["reverse"] else k
            at = tuple({**index, axis: i}[j] for j in range(b.ndim))
            factor, term = (s.cast(scope.element(v, at), v.dtype, out.dtype) for v in (a, b))
            new = s.arithmetic("add", s.arithmetic("mul", factor, read(scope, state)), term)
            give(scope, [state], [new])
            e.store(target, scope.flat(target, at), new)

    level({})
    scope.bind(out, scope.rewritten(target))
