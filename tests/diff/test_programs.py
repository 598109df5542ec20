"""Random programs with nested loops and branches against differences, at orders one and two."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bcad.ir import Builder, Graph, Value, verify
from bcad.ops import cond, loop, stack_length

from .helpers import FLOAT, INT, VECTOR, N, check, difference, directions, op, read, run, write

UNARY = ["sin", "tanh", "half", "square"]
BINARY = ["add", "subtract", "multiply"]


class Maker:
    """Draws a program: numbers `xs`, one array `a` and maybe an index, changed statement by statement."""

    def __init__(self, data: st.DataObject) -> None:
        self.draw = data.draw

    def graph(self) -> Graph:
        with Builder() as builder:
            xs = [builder.input(FLOAT, "x"), builder.input(FLOAT, "y")]
            a = builder.input(VECTOR, "a")
            xs, a = self.block(xs, a, None, depth=2)
            total = op.sum(a, axis=(0,), keepdims=False)
            return verify(builder.build([xs[-1], xs[0] * total]))

    def block(self, xs: list[Value], a: Value, i: Value | None, depth: int) -> tuple[list[Value], Value]:
        for _ in range(self.draw(st.integers(1, 3))):
            kinds = ["assign", "assign", "write"] + ["branch", "loop", "while"] * (depth > 0)
            xs, a = getattr(self, self.draw(st.sampled_from(kinds)))(xs, a, i, depth)
        return xs, a

    def pick(self, xs: list[Value]) -> Value:
        return xs[self.draw(st.integers(0, len(xs) - 1))]

    def place(self, i: Value | None) -> Any:
        choices = [0, 1] if i is None else [0, i, Builder.current().size(N) - 1 - i]
        return self.draw(st.sampled_from(choices))

    def expression(self, xs: list[Value], a: Value, i: Value | None) -> Value:
        kind = self.draw(st.sampled_from([*UNARY, *BINARY, "read", "where"]))
        x, y = self.pick(xs), self.pick(xs)
        if kind == "read":
            return read(a, self.place(i)) * x
        if kind == "where":
            chosen = op.where(op.greater(x, 0.31), op.sin(y), x * 0.7)
            return op.as_kind(chosen, kind=FLOAT.kind, dtype=FLOAT.dtype)
        if kind == "half":
            return x * 0.5
        if kind == "square":
            return op.tanh(x * x)
        if kind in UNARY:
            return getattr(op, kind)(x)
        return getattr(op, kind)(op.tanh(x), y)

    # -- statements ---------------------------------------------------------------------------------
    def assign(self, xs: list[Value], a: Value, i: Value | None, depth: int) -> tuple[list[Value], Value]:
        k = self.draw(st.integers(0, len(xs) - 1))
        return [*xs[:k], self.expression(xs, a, i), *xs[k + 1 :]], a

    def write(self, xs: list[Value], a: Value, i: Value | None, depth: int) -> tuple[list[Value], Value]:
        return xs, write(a, self.expression(xs, a, i), self.place(i))

    def region(self, xs: list[Value], i: Value | None, depth: int, own_index: bool) -> Graph:
        """``(index?, *xs, a, outer index?) -> (*xs, a)``"""
        with Builder() as builder:
            index = builder.input(INT) if own_index else None
            inner = [builder.input(FLOAT) for _ in xs]
            a = builder.input(VECTOR)
            outer = builder.input(INT) if i is not None else None
            known = outer if index is None or (outer is not None and self.draw(st.booleans())) else index
            inner, a = self.block(inner, a, known, depth - 1)
            return builder.build([*inner, a])

    def branch(self, xs: list[Value], a: Value, i: Value | None, depth: int) -> tuple[list[Value], Value]:
        arms = [self.region(xs, i, depth, False) for _ in range(2)]
        test = op.greater(self.pick(xs), self.draw(st.sampled_from([-0.2, 0.11, 0.42])))
        results = cond(test, *xs, a, *([i] if i is not None else []), regions=arms)
        return list(results[:-1]), results[-1]

    def loop(self, xs: list[Value], a: Value, i: Value | None, depth: int) -> tuple[list[Value], Value]:
        """As many iterations as `a` is long, as the outer index says, or none."""
        builder = Builder.current()
        trip = self.draw(st.sampled_from([builder.size(N), builder.constant(0), *([i] if i is not None else [])]))
        return self._emit(xs, a, i, self.region(xs, i, depth, True), trip, None)

    def while_(self, xs: list[Value], a: Value, i: Value | None, depth: int) -> tuple[list[Value], Value]:
        """While the first number is large, three times at most."""
        k = len(xs)
        with Builder() as builder:
            inputs = [builder.input(t) for t in [INT, *[FLOAT] * k, VECTOR, *([INT] if i is not None else [])]]
            condition = builder.build([op.greater(op.absolute(inputs[1]), 0.23)])
        return self._emit(xs, a, i, self.region(xs, i, depth, True), Builder.current().constant(3), condition)

    def _emit(
        self, xs: list[Value], a: Value, i: Value | None, body: Graph, trip: Value, condition: Graph | None
    ) -> tuple[list[Value], Value]:
        k = len(xs) + 1
        regions = [body] + ([condition] if condition is not None else [])
        constants = [i] if i is not None else []
        results = loop(trip, *xs, a, *constants, regions=regions, carries=k, stacks=0, length=None)
        return list(results[: k - 1]), results[k - 1]


setattr(Maker, "while", Maker.while_)
assert stack_length


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.data())
def test_random_programs(data):
    graph = Maker(data).graph()
    rng = np.random.default_rng(data.draw(st.integers(0, 3)))
    args = [np.float64(rng.uniform(-1, 1)), np.float64(rng.uniform(-1, 1)), rng.uniform(-1, 1, 3)]
    assume(smooth(graph, args))
    check(graph, args, [0, 1, 2], order=2, tolerance=1e-5)


def smooth(graph: Graph, args: list[Any]) -> bool:
    """Whether no branch is close by: differences of several widths agree."""
    direction = directions(args, [0, 1, 2], 0)
    near = [d * 1e-3 for d in direction]
    values = difference(graph, args, [0, 1, 2], direction)
    if not all(np.all(np.isfinite(v)) for v in (*values, *run(graph, args))):
        return False
    paths = {run_path(graph, [a + s * d for a, d in zip(args, near)]) for s in (-3.0, -1.0, 0.0, 1.0, 3.0)}
    return len(paths) == 1


def run_path(graph: Graph, args: list[Any]) -> tuple[bool, ...]:
    """The outcome of every comparison made while running."""
    from bcad.ops import BY_NAME

    taken: list[bool] = []
    greater = BY_NAME["greater"]
    original = type(greater).evaluate

    def evaluate(self: Any, *inputs: Any) -> Any:
        result = original(self, *inputs)
        if self is greater:
            taken.append(bool(result))
        return result

    type(greater).evaluate = evaluate  # type: ignore[method-assign]
    try:
        run(graph, args)
    finally:
        type(greater).evaluate = original  # type: ignore[method-assign]
    return tuple(taken)
