"""Regions in the kernel form: conditionals, checks, and what loops share with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcad.ir import Dim, Graph, Node, Value, symbols

from .elements import broadcast_index
from .fuse import VIEWS
from .kernel import INT, Allocate, Buffer, Expr, Fail, Pair
from .plan import is_array
from .scalars import Unsupported, needs
from .scope import Scope
from .specials import special


def in_memory(node: Node) -> list[Value]:
    """Operands of a region that are worth an array: all but views and constants spread out."""
    return [v for v in node.inputs if v.node is None or v.node.op.name not in ("full", "iota", "broadcast_to", *VIEWS)]


class Region:
    """A region graph lowered at the current place."""

    def __init__(self, outer: Scope, graph: Graph, bindings: Sequence[Any]) -> None:
        self.scope = Scope(outer.function, graph, outer)
        for value, found in zip(graph.inputs, bindings, strict=True):
            self.scope.env[value] = found
            self.learn_sizes(value, found)

    def learn_sizes(self, value: Value, found: Any) -> None:
        """A symbol that a region's input binds, and nobody around has bound."""
        for axis, size in enumerate(getattr(value.type, "shape", ())):
            if not isinstance(size, Dim) or not size.is_symbol() or self.scope.knows(str(size)):
                continue
            if isinstance(found, Buffer):
                self.scope.function.symbols[str(size)] = found.shape[axis]
            else:
                outer, original = found
                self.scope.function.symbols[str(size)] = outer.size(original.shape[axis])

    def run(self, want: dict[Value, Any] | None = None) -> list[Any]:
        """Emit it; what its outputs are: Numbers, or Buffers."""
        self.scope.run(want or {})
        return [
            self.scope.memory(v) if is_array(v) else self.scope.element(v, ()) for v in self.scope.graph.outputs
        ]


def binding(scope: Scope, value: Value) -> Any:
    """What a region's input stands for."""
    if not is_array(value):
        return scope.element(value, ())
    return (scope, value)


# -- cond ------------------------------------------------------------------------------------------
@special("cond", operands=in_memory)
def _cond(scope: Scope, node: Node, step: int) -> None:
    predicate = scope.s.truth(scope.number(node.inputs[0]))
    operands = [binding(scope, v) for v in node.inputs[1:]]
    varying = {k: _Varying(scope, v) for k, v in enumerate(node.outputs) if _varies(scope, v)}
    results = [None if k in varying else _result_place(scope, v) for k, v in enumerate(node.outputs)]
    fixed = [r for r in results if r is not None]
    then, other = scope.e.arms(predicate)
    for arm, graph in zip((then, other), node.regions, strict=True):
        with arm:
            region = Region(scope, graph, operands)
            want = {v: r for v, r in zip(graph.outputs, results, strict=True) if isinstance(r, Buffer)}
            given = region.run(_made_inside(want))
            for k, place in varying.items():
                place.take(given[k])
            give(scope, fixed, [r for k, r in enumerate(given) if k not in varying])
    for k, (value, found) in enumerate(zip(node.outputs, results, strict=True)):
        if k in varying:
            varying[k].bind()
        elif isinstance(found, Buffer):
            scope.bind(value, scope.rewritten(found))
        elif found is not None:
            scope.bind(value, read(scope, found))


def _varies(scope: Scope, value: Value) -> bool:
    """Whether a result has a size that the arms alone know."""
    sizes = getattr(value.type, "shape", ())
    return any(isinstance(s, Dim) and any(not scope.knows(name) for name in symbols(s)) for s in sizes)


class _Varying:
    """The place of a conditional's result whose size depends on the arm taken."""

    def __init__(self, scope: Scope, value: Value) -> None:
        self.scope, self.value, self.e = scope, value, scope.e
        self.sizes = [
            None if not isinstance(s, Dim) or all(map(scope.knows, symbols(s))) else self.e.variable("size", INT, self.e.int(0))
            for s in value.shape
        ]
        if any(v is not None and not s.is_symbol() for v, s in zip(self.sizes, value.shape, strict=True)):
            raise Unsupported("a conditional with a result of a size that is computed from others")
        needs(value.dtype)
        shape = tuple(self.e.int(1) for _ in value.shape)
        self.buffer = scope.function.buffer(value.dtype, shape, "work", value.name or "")

    def take(self, result: Buffer) -> None:
        """Keep what an arm gives."""
        count = self.e.product(result.shape)
        self.e.append(Allocate(self.buffer, count))
        with self.e.loop(self.e.int(0), count) as j:
            self.e.store(self.buffer, j, self.e.load(result, j))
        for variable, size in zip(self.sizes, result.shape, strict=True):
            if variable is not None:
                self.e.set(variable, size)

    def bind(self) -> None:
        """Behind the conditional: the result, and its size."""
        scope = self.scope
        shape = []
        for variable, size in zip(self.sizes, self.value.shape, strict=True):
            if variable is None:
                shape.append(scope.size(size))
                continue
            shape.append(self.e.get(variable))
            scope.know(str(size), shape[-1])
        version = scope.rewritten(self.buffer)
        version.shape = tuple(shape)
        if self.value in scope.want:
            target = scope.room_for(self.value)
            self.e.copy(target, version, self.e.product(version.shape))
            version = scope.rewritten(target)
        scope.bind(self.value, version)


def _made_inside(want: dict[Value, Any]) -> dict[Value, Any]:
    return {v: b for v, b in want.items() if v.node is not None}


def _result_place(scope: Scope, value: Value) -> Any:
    """Where a result is put: a Buffer, or the variables of a number."""
    if is_array(value):
        return scope.room_for(value)
    return variables(scope, value, None)


def variables(scope: Scope, value: Value, start: Any) -> list[Any]:
    t = needs(value.dtype)
    starts = [None, None] if start is None else [start.re, start.im] if isinstance(start, Pair) else [start]
    count = 1 + (value.dtype.kind == "c")
    return [scope.e.variable("state", t, s) for s in starts[:count]]


def read(scope: Scope, variables: list[Any]) -> Any:
    parts = [scope.e.get(v) for v in variables]
    return Pair(*parts) if len(parts) == 2 else parts[0]


def give(scope: Scope, places: Sequence[Any], results: Sequence[Any]) -> None:
    """Put all results into their places at once: none is read after another was written."""
    kept = {p.storage for p in places if isinstance(p, Buffer)}
    results = [
        _aside(scope, p, r) if isinstance(r, Buffer) and r.storage != p.storage and r.storage in kept else r
        for p, r in zip(places, results, strict=True)
    ]
    for place, result in zip(places, results, strict=True):
        if isinstance(place, Buffer) and result.storage != place.storage:
            copy(scope, place, result)
    for place, result in zip(places, results, strict=True):
        if not isinstance(place, Buffer):
            parts = (result.re, result.im) if isinstance(result, Pair) else (result,)
            for variable, part in zip(place, parts, strict=True):
                scope.e.set(variable, part)


def _aside(scope: Scope, place: Buffer, result: Buffer) -> Buffer:
    """A copy of what is about to be overwritten (two carries change places)."""
    made = scope.allocate(result.dtype, result.shape)
    copy(scope, made, result)
    return scope.rewritten(made)


def copy(scope: Scope, target: Buffer, source: Buffer) -> None:
    """Copy a whole buffer; element by element if it may live in registers."""
    count = scope.e.product(target.shape)
    if "local" not in (target.kind, source.kind):
        scope.e.copy(target, source, count)
        return
    scope.e.each(scope.e.int(0), count, lambda i: scope.e.store(target, i, scope.e.load(source, i)))


def fill(scope: Scope, place: Buffer, value: Value, shape: tuple[Any, ...]) -> None:
    """Copy all elements of `value`, in memory or not, into `place`."""
    found = scope.env.get(value)
    if isinstance(found, Buffer) and place.kind != "local":
        scope.e.copy(place, found, scope.e.product(place.shape))
        return

    def level(index: tuple[Expr, ...]) -> None:
        if len(index) == len(shape):
            scope.e.store(place, scope.flat(place, index), scope.element(value, broadcast_index(scope, index, value, shape)))
            return
        scope.e.each(scope.e.int(0), place.shape[len(index)], lambda i: level((*index, i)))

    level(())


# -- the rest ------------------------------------------------------------------------------------------
@special("check")
def _check(scope: Scope, node: Node, step: int) -> None:
    message = getattr(node.attrs.get("message", ""), "value", node.attrs.get("message", ""))
    status = scope.function.message(str(message) or "a check failed")
    (flag,) = node.inputs
    if is_array(flag):
        raise Unsupported("a check of an array")
    scope.e.append(Fail(scope.s.truth(scope.number(flag)), status))


@special("checkpoint", "custom", operands=in_memory)
def _inline(scope: Scope, node: Node, step: int) -> None:
    (graph,) = node.regions
    region = Region(scope, graph, [binding(scope, v) for v in node.inputs])
    want = {v: scope.want[o] for v, o in zip(graph.outputs, node.outputs, strict=True)
            if isinstance(scope.want.get(o), Buffer) and v.node is not None}
    for value, result in zip(node.outputs, region.run(want), strict=True):
        if isinstance(result, Buffer) and value in scope.want and result.storage != getattr(
            scope.want[value], "storage", None
        ):
            target = scope.room_for(value)
            scope.e.copy(target, result, scope.e.product(target.shape))
            result = scope.rewritten(target)
        scope.bind(value, result)


