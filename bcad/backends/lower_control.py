"""Regions in the kernel form: conditionals, loops with carried state, stacks that may grow, checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcad.ir import Dim, Graph, Node, Value, symbols

from .elements import broadcast_index
from .fuse import VIEWS
from .kernel import INT, Accumulate, Allocate, Buffer, Copy, Exit, Expr, Fail, Pair, Variable
from .lower import Scope, special
from .plan import is_array
from .scalars import Unsupported, needs

FIRST_CAPACITY = 64  # rows of a stack whose length is not known


def _in_memory(node: Node) -> list[Value]:
    """Operands of a region that are worth an array: all but views and constants spread out."""
    return [v for v in node.inputs if v.node is None or v.node.op.name not in ("full", "iota", "broadcast_to", *VIEWS)]


class _Region:
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
@special("cond", operands=_in_memory)
def _cond(scope: Scope, node: Node, step: int) -> None:
    predicate = scope.s.truth(scope.number(node.inputs[0]))
    operands = [binding(scope, v) for v in node.inputs[1:]]
    varying = {k: _Varying(scope, v) for k, v in enumerate(node.outputs) if _varies(scope, v)}
    results = [None if k in varying else _result_place(scope, v) for k, v in enumerate(node.outputs)]
    fixed = [r for r in results if r is not None]
    then, other = scope.e.arms(predicate)
    for arm, graph in zip((then, other), node.regions, strict=True):
        with arm:
            region = _Region(scope, graph, operands)
            want = {v: r for v, r in zip(graph.outputs, results, strict=True) if isinstance(r, Buffer)}
            given = region.run(_made_inside(want))
            for k, place in varying.items():
                place.take(given[k])
            _give(scope, fixed, [r for k, r in enumerate(given) if k not in varying])
    for k, (value, found) in enumerate(zip(node.outputs, results, strict=True)):
        if k in varying:
            varying[k].bind()
        elif isinstance(found, Buffer):
            scope.bind(value, scope.rewritten(found))
        elif found is not None:
            scope.bind(value, _read(scope, found))


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
        if any(v is not None and not s.is_symbol() for v, s in zip(self.sizes, value.shape, strict=True)):  # type: ignore[union-attr]
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
            self.e.append(Copy(target, version, self.e.product(version.shape)))
            version = scope.rewritten(target)
        scope.bind(self.value, version)


def _made_inside(want: dict[Value, Any]) -> dict[Value, Any]:
    return {v: b for v, b in want.items() if v.node is not None}


def _result_place(scope: Scope, value: Value) -> Any:
    """Where a result is put: a Buffer, or the variables of a number."""
    if is_array(value):
        return scope.room_for(value)
    return _variables(scope, value, None)


def _variables(scope: Scope, value: Value, start: Any) -> list[Any]:
    t = needs(value.dtype)
    starts = [None, None] if start is None else [start.re, start.im] if isinstance(start, Pair) else [start]
    count = 1 + (value.dtype.kind == "c")
    return [scope.e.variable("state", t, s) for s in starts[:count]]


def _read(scope: Scope, variables: list[Any]) -> Any:
    parts = [scope.e.get(v) for v in variables]
    return Pair(*parts) if len(parts) == 2 else parts[0]


def _give(scope: Scope, places: Sequence[Any], results: Sequence[Any]) -> None:
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
        scope.e.append(Copy(target, source, count))
        return
    scope.e.each(scope.e.int(0), count, lambda i: scope.e.store(target, i, scope.e.load(source, i)))


# -- loop --------------------------------------------------------------------------------------------
@special("loop", operands=_in_memory)
def _loop(scope: Scope, node: Node, step: int) -> None:
    _Loop(scope, node, step).run()


class _Loop:
    def __init__(self, scope: Scope, node: Node, step: int) -> None:
        self.scope, self.node, self.step, self.e = scope, node, step, scope.e
        self.counted = node.attrs.get("counted", True)
        self.carries: int = node.attrs["carries"]
        self.operands = node.inputs[self.counted :]
        self.body = node.regions[0]
        self.condition = node.regions[1] if len(node.regions) > 1 else None
        self.length = node.attrs.get("length")
        self.ragged: dict[int, Any] = dict(node.attrs.get("ragged") or ())
        self.filled: dict[int, Any] = {}  # ragged stack -> how many rows it has
        self.sums = running_sums(self.body, self.condition, self.carries)
        extra = [v for terms in self.sums.values() for v, _ in terms]
        outputs = [self.body.inputs[1 + k] if k in self.sums else v for k, v in enumerate(self.body.outputs)]
        self.body = Graph(self.body.inputs, self.body.nodes, [*outputs, *extra], self.body.name)

    def run(self) -> None:
        scope = self.scope
        trip = scope.s.convert(scope.number(self.node.inputs[0]), INT) if self.counted else None
        self.state = [self._start(k) for k in range(self.carries)]
        self.constants = [binding(scope, v) for v in self.operands[self.carries :]]
        self.stacks = [self._stack(k, trip) for k in range(len(self.node.outputs) - 1 - self.carries)]
        self.count = self.e.variable("count", INT, self.e.int(0))
        if trip is not None and self.condition is None:
            self._counted(trip)
        else:
            self._while(trip)
        self._results()

    def _start(self, k: int) -> Any:
        """The place of a carry, with what it starts from."""
        scope, value, out = self.scope, self.operands[k], self.node.outputs[k]
        if not is_array(out):
            return _variables(scope, out, scope.element(value, ()))
        found = scope.env.get(value)
        owned = scope.owned(value, self.step) if out not in scope.want else None
        once = sum(v is value for v in self.node.inputs) == 1
        if owned is not None and once and isinstance(found, Buffer):
            return scope.rewritten(owned)
        shape = scope.memory(value).shape if value in scope.env or value in scope.plan.readers else scope.sizes(out.shape)
        place = self._room(out, shape)
        fill(scope, place, value, tuple(out.shape))
        return place

    def _room(self, out: Value, shape: tuple[Expr, ...]) -> Buffer:
        if out in self.scope.want:
            return self.scope.room_for(out)
        return self.scope.allocate(out.dtype, shape, out.name or "")

    def _stack(self, k: int, trip: Expr | None) -> tuple[Buffer, Any]:
        """(buffer, capacity variable or None) of a stack."""
        scope, element = self.scope, self.body.outputs[self.carries + k]
        out = self.node.outputs[self.carries + k]
        assert not isinstance(element.type, type(None))
        row = scope.sizes(element.shape[1:] if k in self.ragged else element.shape)
        if k in self.ragged:
            self.filled[k] = self.e.variable("filled", INT, self.e.int(0))
        elif self._length_known(trip):
            assert trip is not None
            rows = scope.s._select(scope.s.compare("lt", trip, self.e.int(0)), self.e.int(0), trip)
            name = str(self.length)
            if isinstance(self.length, Dim) and self.length.is_symbol():
                scope.know(name, rows)
            buffer = self._room(out, (rows, *row))
            buffer.tape = True
            return buffer, None
        rows = self.e.int(FIRST_CAPACITY)
        needs(out.dtype)
        buffer = scope.function.buffer(out.dtype, (rows, *row), "work", out.name or "")
        buffer.tape = True
        self.e.append(Allocate(buffer, self.e.mul(rows, self.e.product(row))))
        return buffer, self.e.variable("capacity", INT, rows)

    def _length_known(self, trip: Expr | None) -> bool:
        return trip is not None and self.condition is None

    # -- the loop itself -----------------------------------------------------------------------------
    def _counted(self, trip: Expr) -> None:
        with self.e.loop(self.e.int(0), trip) as i:
            self._iteration(i)
        zero = self.e.int(0)
        self.e.set(self.count, self.scope.s._select(self.scope.s.compare("lt", trip, zero), zero, trip))

    def _while(self, trip: Expr | None) -> None:
        with self.e.forever():
            i = self.e.get(self.count)
            if trip is not None:
                self.e.append(Exit(self.scope.s.compare("ge", i, trip)))
            if self.condition is not None:
                (go,) = _Region(self.scope, self.condition, self._bindings(i)).run()
                self.e.append(Exit(self.e.emit("not", self.scope.s.truth(go), type="b1")))
            self._iteration(i)
            self.e.set(self.count, self.e.add(i, self.e.int(1)))

    def _bindings(self, i: Expr) -> list[Any]:
        state = [self.scope.rewritten(p) if isinstance(p, Buffer) else _read(self.scope, p) for p in self.state]
        return [i, *state, *self.constants]

    def _iteration(self, i: Expr) -> None:
        scope = self.scope
        bindings = self._bindings(i)
        region = _Region(scope, self.body, bindings)
        inner = region.scope
        inner.carried = {v: b for v, b in zip(self.body.inputs[1:], bindings[1 : 1 + self.carries], strict=False)
                         if isinstance(b, Buffer)}
        for k, (buffer, capacity) in enumerate(self.stacks):
            if capacity is not None and k not in self.ragged:
                self._grow(buffer, capacity, i)
        results = region.run()
        terms = iter(results[self.carries + len(self.stacks) :])
        for k, (buffer, capacity) in enumerate(self.stacks):
            result = results[self.carries + k]
            if k in self.ragged:
                self._append(k, buffer, capacity, result)
            else:
                self._push(buffer, i, result)
        kept = [k for k in range(self.carries) if k not in self.sums]
        _give(scope, [self.state[k] for k in kept], [results[k] for k in kept])
        for k, added in self.sums.items():
            for _, sign in added:
                self._add(self.state[k][0], next(terms), sign)

    def _add(self, variable: Variable, term: Expr, sign: int) -> None:
        self.e.append(Accumulate(variable, "add", term if sign > 0 else self.e.emit("neg", term, type=term.type)))

    def _append(self, k: int, buffer: Buffer, capacity: Any, result: Buffer) -> None:
        """Join rows to a ragged stack."""
        before, row = self.e.get(self.filled[k]), self.e.product(buffer.shape[1:])
        after = self.e.add(before, result.shape[0])
        full, enough = self.e.arms(self.scope.s.compare("gt", after, self.e.get(capacity)))
        with full:
            more = self.e.mul(after, self.e.int(2))
            self.e.set(capacity, more)
            self.e.append(Allocate(buffer, self.e.mul(more, row), keep=True))
        with enough:
            pass
        base = self.e.mul(before, row)
        with self.e.loop(self.e.int(0), self.e.mul(result.shape[0], row)) as j:
            self.e.store(buffer, self.e.add(base, j), self.e.load(result, j))
        self.e.set(self.filled[k], after)

    def _push(self, buffer: Buffer, i: Expr, result: Any) -> None:
        row = self.e.product(buffer.shape[1:])
        base = self.e.mul(i, row)
        if not isinstance(result, Buffer):
            self.e.store(buffer, base, result)
            return
        self.e.each(
            self.e.int(0), row, lambda j: self.e.store(buffer, self.e.add(base, j), self.e.load(result, j)))

    def _grow(self, buffer: Buffer, capacity: Any, i: Expr) -> None:
        now = self.e.get(capacity)
        full, enough = self.e.arms(self.scope.s.compare("ge", i, now))
        with full:
            more = self.e.mul(now, self.e.int(2))
            self.e.set(capacity, more)
            self.e.append(Allocate(buffer, self.e.mul(more, self.e.product(buffer.shape[1:])), keep=True))
        with enough:
            pass

    def _results(self) -> None:
        scope, outputs = self.scope, self.node.outputs
        count = self.e.get(self.count)
        scope.bind(outputs[-1], count)
        for value, place in zip(outputs, self.state, strict=False):
            scope.bind(value, scope.rewritten(place) if isinstance(place, Buffer) else _read(scope, place))
        if isinstance(self.length, Dim) and self.length.is_symbol():
            scope.know(str(self.length), count)
        for k, (value, (buffer, capacity)) in enumerate(zip(outputs[self.carries : -1], self.stacks, strict=True)):
            version = scope.rewritten(buffer)
            if capacity is not None:
                rows = self.e.get(self.filled[k]) if k in self.ragged else count
                if k in self.ragged and isinstance(self.ragged[k], Dim) and self.ragged[k].is_symbol():
                    scope.know(str(self.ragged[k]), rows)
                version.shape = (rows, *buffer.shape[1:])
                if value in scope.want:
                    target = scope.room_for(value)
                    self.e.append(Copy(target, version, self.e.product(version.shape)))
                    version = scope.rewritten(target)
            scope.bind(value, version)


def running_sums(body: Graph, condition: Graph | None, carries: int) -> dict[int, list[tuple[Value, int]]]:
    """The carries that are real numbers which a loop only adds to, and the terms that it adds with their signs.

    Nothing in the loop sees such a sum before the end, so the order of its terms is free, as in any sum.
    """
    uses, read_by = body.uses(), {v: n for n in body.nodes for v in n.inputs}
    asked = condition.uses() if condition is not None else {}
    found: dict[int, list[tuple[Value, int]]] = {}
    for k in range(carries):
        value, end, terms = body.inputs[1 + k], body.outputs[k], []
        if is_array(value) or value.dtype.kind != "f" or condition and asked.get(condition.inputs[1 + k]):
            continue
        while value is not end and uses.get(value) == 1 and value in read_by:
            node = read_by[value]
            if node.op.name not in ("add", "subtract") or node.output.dtype != value.dtype:
                break
            first, second = node.inputs
            if second is value and node.op.name == "subtract":
                break
            term = second if first is value else first
            if term.dtype != value.dtype:
                break
            terms.append((term, -1 if node.op.name == "subtract" else 1))
            value = node.output
        if value is end and terms and uses.get(end) == 1:
            found[k] = terms
    return found


def fill(scope: Scope, place: Buffer, value: Value, shape: tuple[Any, ...]) -> None:
    """Copy all elements of `value`, in memory or not, into `place`."""
    found = scope.env.get(value)
    if isinstance(found, Buffer) and place.kind != "local":
        scope.e.append(Copy(place, found, scope.e.product(place.shape)))
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


@special("checkpoint", "custom", operands=_in_memory)
def _inline(scope: Scope, node: Node, step: int) -> None:
    (graph,) = node.regions
    region = _Region(scope, graph, [binding(scope, v) for v in node.inputs])
    want = {v: scope.want[o] for v, o in zip(graph.outputs, node.outputs, strict=True)
            if isinstance(scope.want.get(o), Buffer) and v.node is not None}
    for value, result in zip(node.outputs, region.run(want), strict=True):
        if isinstance(result, Buffer) and value in scope.want and result.storage != getattr(
            scope.want[value], "storage", None
        ):
            target = scope.room_for(value)
            scope.e.append(Copy(target, result, scope.e.product(target.shape)))
            result = scope.rewritten(target)
        scope.bind(value, result)


