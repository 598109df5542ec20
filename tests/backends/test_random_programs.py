"""Programs made by hypothesis: elementwise work, reductions, views, writes; all backends against the reference."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, given, settings

from bcad.ir import Builder, Dim, Graph, Value, array_type
from bcad.ops import BY_NAME as O

from .helpers import check

N, M = Dim.symbol("n"), Dim.symbol("m")
UNARY = ("negative", "exp", "sin", "tanh", "absolute", "square", "floor", "sign", "arctan", "sqrt")
BINARY = ("add", "subtract", "multiply", "maximum", "minimum", "arctan2", "less", "divide")


class Maker:
    """Grows a graph by random steps; every value has a shape made of n, m and 1."""

    def __init__(self, draw: Any, builder: Builder) -> None:
        self.draw, self.b = draw, builder
        self.values: list[Value] = []

    def pick(self) -> Value:
        return self.draw(st.sampled_from(self.values[-6:]))

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))

    def step(self) -> None:
        kind = self.draw(st.sampled_from(("unary", "binary", "binary", "reduce", "view", "slice", "write", "where", "scan")))
        made = getattr(self, kind)()
        if made is not None:
            self.values.append(made)

    def floats(self, x: Value) -> Value:
        return x if x.dtype == np.float64 else O["astype"](x, dtype=np.dtype(float))

    def unary(self) -> Value:
        return O[self.draw(st.sampled_from(UNARY))](self.floats(self.pick()))

    def binary(self) -> Value | None:
        a, b = self.pick(), self.pick()
        if not fits(a.shape, b.shape):
            b = O["sum"](self.floats(b), axis=tuple(range(b.ndim)), keepdims=False)
        return O[self.draw(st.sampled_from(BINARY))](self.floats(a), self.floats(b))

    def where(self) -> Value:
        a = self.pick()
        return O["where"](O["greater"](self.floats(a), 0.25), self.floats(a), 1.5)

    def reduce(self) -> Value | None:
        x = self.floats(self.pick())
        if x.ndim == 0:
            return None
        axes = tuple(sorted(self.draw(st.sets(st.integers(0, x.ndim - 1), min_size=1))))
        return O[self.draw(st.sampled_from(("sum", "sum", "mean", "prod")))](
            x, axis=axes, keepdims=self.draw(st.booleans()))

    def view(self) -> Value | None:
        x = self.pick()
        if x.ndim == 2:
            return O["transpose"](x, axes=(1, 0)) if self.draw(st.booleans()) else O["reshape"](x, shape=(x.type.size,))
        if x.ndim == 0:
            return O["broadcast_to"](x, shape=(N, M))
        return O["reshape"](x, shape=(*x.shape, 1)) if x.ndim == 1 else None

    def slice(self) -> Value | None:
        x = self.pick()
        if x.ndim == 0:
            return None
        part = self.draw(st.sampled_from((slice(None, None, -1), slice(0, 1), slice(None, None, 2), None)))
        return O["getitem"](x, index=(part,))

    def write(self) -> Value | None:
        x = self.floats(self.pick())
        if x.ndim == 0:
            return None
        name = self.draw(st.sampled_from(("set_item", "index_add")))
        return O[name](x, 2.5, index=(slice(None, None, 2),))

    def scan(self) -> Value | None:
        x = self.floats(self.pick())
        return O["cumsum"](x, axis=x.ndim - 1, reverse=self.draw(st.booleans())) if x.ndim else None


def fits(a: Any, b: Any) -> bool:
    """Whether two shapes broadcast whatever n and m are."""
    return all(s == t or s == 1 or t == 1 for s, t in zip(reversed(a), reversed(b), strict=False))


@st.composite
def programs(draw: Any) -> Graph:
    with Builder(name="program") as b:
        maker = Maker(draw, b)
        maker.values += [b.input(array_type(float, (N, M)), "x"), b.input(array_type(float, (M,)), "y")]
        for _ in range(draw(st.integers(2, 12))):
            maker.step()
        count = draw(st.integers(1, 3))
        return b.build(maker.values[-count:])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(2, 5), st.integers(2, 5), st.sampled_from(("numpy", "numba")))
def test_random_program(graph: Graph, n: int, m: int, backend: str) -> None:
    rng = np.random.default_rng(n * 7 + m)
    check(graph, rng.normal(size=(n, m)), rng.normal(size=m), backend=backend)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.sampled_from(((0, 3), (3, 0), (0, 0))))
def test_random_program_of_nothing(graph: Graph, shape: tuple[int, int]) -> None:
    check(graph, np.zeros(shape), np.zeros(shape[1]))
