"""Loops in the kernel form: carried state, sums, stacks that may grow."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from bcad.ir import Dim, Graph, Node, Value

from .elements import Index
from .kernel import INT, Accumulate, Allocate, Buffer, Exit, Expr, Number, Variable
from .loop_sums import LateWrite, late_writes, running_sums
from .lower_control import Region, binding, fill, give, in_memory, read, variables
from .lower_index import operand_index, write_elements
from .plan import is_array
from .scalars import needs
from .scope import Scope
from .specials import special

FIRST_CAPACITY = 64  # rows of a stack whose length is not known


@special("loop", operands=in_memory)
def _loop(scope: Scope, node: Node, step: int) -> None:
    _Loop(scope, node, step).run()


class _LateSum:
    """What a late write adds: a number for each element, which grows from turn to turn."""

    def __init__(self, scope: Scope, late: LateWrite) -> None:
        self.scope, self.late, self.e = scope, late, scope.e
        self.value = late.node.inputs[1]
        t = needs(self.value.dtype)
        self.sums = [scope.e.variable("late", t, scope.e.const(-0.0, t)) for _ in self._indices()]

    def _indices(self) -> list[tuple[int, ...]]:
        return list(itertools.product(*map(range, getattr(self.value.type, "shape", ()))))

    def add(self, scope: Scope) -> None:
        """In a turn: add what it gives."""
        for index, variable in zip(self._indices(), self.sums, strict=True):
            term = scope.element(self.value, tuple(map(self.e.int, index)))
            assert isinstance(term, Expr)
            self.e.append(Accumulate(variable, "add", term))

    def write(self, scope: Scope, target: Buffer) -> None:
        """Behind the loop: add all to the array; `scope` is that of the turns."""
        totals = {index: self.e.get(v) for index, v in zip(self._indices(), self.sums, strict=True)}
        places = self.scope.allocate(self.value.dtype, (self.e.int(len(totals)),))
        for k, total in enumerate(totals.values()):
            self.e.store(places, self.e.int(k), total)
        places = self.scope.rewritten(places)

        def new(index: Index) -> Number:
            flat = self.e.int(0)
            for i, size in zip(operand_index(scope, self.value, index), self.value.shape, strict=True):
                flat = self.e.add(self.e.mul(flat, self.e.int(size)), i)
            return self.e.load(places, flat)

        write_elements(scope, self.late.node, target, new)


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
        self.late = [_LateSum(scope, late) for late in late_writes(self.body, self.condition, self.carries)]
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
            return variables(scope, out, scope.element(value, ()))
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
                (go,) = Region(self.scope, self.condition, self._bindings(i)).run()
                self.e.append(Exit(self.e.emit("not", self.scope.s.truth(go), type="b1")))
            self._iteration(i)
            self.e.set(self.count, self.e.add(i, self.e.int(1)))

    def _bindings(self, i: Expr) -> list[Any]:
        state = [self.scope.rewritten(p) if isinstance(p, Buffer) else read(self.scope, p) for p in self.state]
        return [i, *state, *self.constants]

    def _iteration(self, i: Expr) -> None:
        scope = self.scope
        bindings = self._bindings(i)
        region = Region(scope, self.body, bindings)
        self.inner = inner = region.scope
        inner.late = {late.late.node: late for late in self.late}
        inner.carried = {v: b for v, b in zip(self.body.inputs[1:], bindings[1 : 1 + self.carries], strict=False)
                         if isinstance(b, Buffer)}
        for k, (buffer, capacity) in enumerate(self.stacks):
            if capacity is not None and k not in self.ragged:
                self._grow(buffer, capacity, i)
        results = region.run({self.body.outputs[self.carries + k]: row for k, row in self._rows(i)})
        terms = iter(results[self.carries + len(self.stacks) :])
        for k, (buffer, capacity) in enumerate(self.stacks):
            result = results[self.carries + k]
            if k in self.ragged:
                self._append(k, buffer, capacity, result)
            else:
                self._push(buffer, i, result)
        kept = [k for k in range(self.carries) if k not in self.sums]
        give(scope, [self.state[k] for k in kept], [results[k] for k in kept])
        for k, added in self.sums.items():
            for _, sign in added:
                self._add(self.state[k][0], next(terms), sign)

    def _rows(self, i: Expr) -> Iterator[tuple[int, Buffer]]:
        """For each stack of arrays that the body makes: its row of this turn, to make them in."""
        for k, (buffer, _) in enumerate(self.stacks):
            value = self.body.outputs[self.carries + k]
            if k not in self.ragged and is_array(value) and value.node is not None:
                row = self.scope.rewritten(buffer)
                row.shape = buffer.shape[1:]
                start = self.e.mul(i, self.e.product(row.shape))
                row.offset = start if buffer.offset is None else self.e.add(buffer.offset, start)
                yield k, row

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
        if result.storage == buffer.storage:  # it was made there
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
        if self.late:  # its place is not looked at unless the loop ran
            ran, never = self.e.arms(scope.s.compare("gt", count, self.e.int(0)))
            with ran:
                for late in self.late:
                    late.write(self.inner, scope.rewritten(self.state[late.late.carry]))
            with never:
                pass
        for value, place in zip(outputs, self.state, strict=False):
            scope.bind(value, scope.rewritten(place) if isinstance(place, Buffer) else read(scope, place))
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
                    self.e.copy(target, version, self.e.product(version.shape))
                    version = scope.rewritten(target)
            scope.bind(value, version)
