"""Loops, conditionals, stacks and writes in place, compiled and as NumPy source, against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bcad.ops as ops
from bcad import backends
from bcad.ir import Builder, Dim, Graph, array_type, evaluate, python_type
from bcad.ops import BY_NAME as O

from .helpers import assert_same, build, check, region

FLOAT, INT = python_type(float), python_type(int)
N = Dim.symbol("n")
VECTOR = array_type(float, (N,))


def loop(b: Builder, body: Graph, inputs: list[Any], carries: int, **attrs: Any) -> Any:
    condition = attrs.pop("condition", None)
    return b.emit(ops.loop, *inputs, regions=(body,) + ((condition,) if condition else ()), carries=carries, **attrs)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("x", [0.7, 5.0, 0.0, float("nan")])
def test_while_loop_with_growing_stack(x: float, backend: str) -> None:
    with Builder(name="taylor") as b:
        start = b.input(FLOAT, "x")
        types = [INT, FLOAT, FLOAT, FLOAT]

        def step(i: Any, term: Any, total: Any, x: Any) -> Any:
            k = i * 2 + 2
            new = -term * x * x / (k * (k + 1))
            return [new, total + new, term]

        body = region(b, types, step, ["i", "term", "total", "x"])
        go = region(b, types, lambda i, term, total, x: O["greater"](term * term, 1e-24))
        term, total, stack, count = loop(
            b, body, [start, start, start], 2, stacks=1, counted=False, length=ops.fresh_size(), condition=go)
        graph = b.build([total, stack, count, O["sum"](stack, axis=(0,), keepdims=False)])
    check(graph, x, backend=backend)


def test_stack_grows_past_its_first_capacity() -> None:
    with Builder() as b:
        n = b.input(INT, "n")
        body = region(b, [INT, FLOAT, INT], lambda i, s, n: [s + i, s])
        go = region(b, [INT, FLOAT, INT], lambda i, s, n: O["less"](i, n))
        s, stack, count = loop(b, body, [0.0, n], 1, stacks=1, counted=False, length=ops.fresh_size(), condition=go)
        graph = b.build([s, stack, count])
    check(graph, 1000)
    check(graph, 0)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("trip", [0, 1, 5])
def test_counted_loop_keeps_rows_of_an_array(trip: int, backend: str) -> None:
    with Builder() as b:
        x, n = b.input(VECTOR, "x"), b.input(INT, "k")
        body = region(b, [INT, VECTOR], lambda i, x: [x * 2 + i, x])
        last, stack, count = loop(b, body, [n, x], 1, stacks=1, length=ops.fresh_size())
        graph = b.build([last, stack, count])
    check(graph, np.arange(3.0), trip, backend=backend)


def recurrence() -> Graph:
    """``a[i] = sin(a[i-1]) * x[i]``, written in place."""
    index = (ops.Part.ARRAY,) if hasattr(ops, "Part") else part_index()
    with Builder(name="recurrence") as b:
        x = b.input(VECTOR, "x")
        first = O["set_item"](O["full"](0.0, shape=(N,), dtype=np.dtype(float)), x[0], index=(0,))

        def step(i: Any, a: Any, x: Any) -> Any:
            before = O["getitem"](a, i, index=index)
            return O["set_item"](a, O["sin"](before) * O["getitem"](x, i + 1, index=index), i + 1, index=index)

        body = region(b, [INT, VECTOR, VECTOR], step, ["i", "a", "x"])
        a, _ = loop(b, body, [b.size(N - 1), first, x], 1)
        return b.build([O["sum"](a, axis=(0,), keepdims=False), a])


def part_index() -> Any:
    sample = next(s for s in O["gather"].samples)
    return (sample.attrs["index"][0],)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_recurrence_in_place(backend: str) -> None:
    check(recurrence(), np.linspace(0.1, 2, 30), backend=backend)


def test_a_recurrence_of_a_million_steps_copies_no_array() -> None:
    x = np.full(1_000_000, 0.5)  # copying it at each step would move eight terabytes: this test would not end
    found = backends.get("numba").compile(recurrence()).run(x)[0]
    assert np.shape(found) in ((), x.shape) and np.all(np.isfinite(found))


def test_argument_of_a_loop_is_not_written() -> None:
    with Builder() as b:
        x = b.input(VECTOR, "x")
        body = region(b, [INT, VECTOR], lambda i, a: O["set_item"](a, 7.0, index=(0,)))
        a, _ = loop(b, body, [3, x], 1)
        graph = b.build([a, x])
    x = np.arange(4.0)
    check(graph, x)
    assert x[0] == 0.0


def test_two_carries_that_change_places() -> None:
    with Builder() as b:
        x, y = b.input(VECTOR, "x"), b.input(VECTOR, "y")
        body = region(b, [INT, VECTOR, VECTOR], lambda i, a, c: [c, a + c])
        p, q, _ = loop(b, body, [5, x, y], 2)
        graph = b.build([p, q])
    check(graph, np.arange(3.0), np.ones(3))
    check(graph, np.arange(3.0), np.ones(3), backend="numpy")


@pytest.mark.parametrize("types", [VECTOR, array_type(float, (3,)), FLOAT], ids=str)
def test_swap(types: Any) -> None:
    with Builder() as b:
        x, y = b.input(types, "x"), b.input(types, "y")
        p, q, _ = loop(b, region(b, [INT, types, types], lambda i, a, c: [c, a]), [5, x, y], 2)
        graph = b.build([p, q])
    args = (1.0, 2.0) if types is FLOAT else (np.arange(3.0), np.ones(3))
    check(graph, *args)


def test_old_and_new_contents_of_a_carry() -> None:
    """A write in place must not change what is read as the old array afterwards."""
    with Builder() as b:
        x = b.input(VECTOR, "x")

        def step(i: Any, a: Any) -> Any:
            new = O["set_item"](a, a[1] * 2, index=(0,))
            return [new + a[0]]

        a, _ = loop(b, region(b, [INT, VECTOR], step), [4, x], 1)
        graph = b.build([a])
    check(graph, np.arange(1.0, 4.0))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("x", [-1.5, 2.0])
def test_conditional_of_numbers_and_arrays(x: float, backend: str) -> None:
    with Builder() as b:
        s, v = b.input(FLOAT, "s"), b.input(VECTOR, "v")
        types = [FLOAT, VECTOR]
        then = region(b, types, lambda s, v: [s * 2, v + s, v])
        other = region(b, types, lambda s, v: [s + 1.0, O["exp"](v), v * 3])
        graph = b.build(b.emit(ops.cond, O["less"](s, 0.0), s, v, regions=(then, other)))
    check(graph, x, np.arange(3.0), backend=backend)


def test_conditional_inside_a_loop() -> None:
    with Builder() as b:
        x = b.input(VECTOR, "x")
        index = part_index()

        def step(i: Any, s: Any, x: Any) -> Any:
            inner = Builder.current()
            v = O["as_kind"](O["getitem"](x, i, index=index), kind=FLOAT.kind, dtype=np.dtype(float))
            then = region(inner, [FLOAT, FLOAT], lambda s, v: [s + O["sin"](v)])
            other = region(inner, [FLOAT, FLOAT], lambda s, v: [s - v * v])
            return inner.emit(ops.cond, O["greater"](v, 0.0), s, v, regions=(then, other))

        s, _ = loop(b, region(b, [INT, FLOAT, VECTOR], step), [b.size(N), 0.0, x], 1)
        graph = b.build([s])
    check(graph, np.array([1.0, -2.0, 0.0, np.nan]))
    check(graph, np.zeros(0))


def test_loop_inside_a_loop() -> None:
    with Builder() as b:
        x = b.input(VECTOR, "x")

        def outer(i: Any, s: Any, x: Any) -> Any:
            inner = Builder.current()
            body = region(inner, [INT, VECTOR, VECTOR], lambda j, a, x: [a + x * j])
            a, _ = loop(inner, body, [i, x, x], 1)
            return [s + O["sum"](a, axis=(0,), keepdims=False), a]

        scalar = O["sum"](x, axis=(0,), keepdims=False).type
        body = region(b, [INT, scalar, VECTOR], outer)
        s, stack, _ = loop(b, body, [4, O["sum"](x, axis=(0,), keepdims=False), x], 1, stacks=1, length=4)
        graph = b.build([s, stack])
    check(graph, np.arange(3.0))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_check_abandons_the_run(backend: str) -> None:
    def guarded(x: Any) -> Any:
        Builder.current().emit(ops.check, O["less"](x, 0.0), message="negative")
        return O["sqrt"](x)

    run = backends.get(backend).compile(build(guarded, FLOAT)).run
    assert_same(run(4.0)[0], evaluate(build(guarded, FLOAT), [4.0])[0])
    with pytest.raises((backends.Abandoned, ops.CheckFailed), match="negative"):
        run(-1.0)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_index_out_of_range_raises_as_numpy_does(backend: str) -> None:
    index = part_index()
    graph = build(lambda x, i: O["getitem"](x, i, index=index), VECTOR, INT)
    run = backends.get(backend).compile(graph).run
    assert run(np.arange(3.0), -1) == [2.0]
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        run(np.arange(3.0), 3)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_rows_of_varying_length_are_joined(backend: str) -> None:
    inner_length, total = ops.fresh_size(), ops.fresh_size()
    with Builder() as b:
        x = b.input(FLOAT, "x")

        def outer(i: Any, s: Any) -> Any:
            inner = Builder.current()
            body = region(inner, [INT, FLOAT], lambda j, s: [s * 1.5 + j, s])
            s, stack, _ = loop(inner, body, [i, s], 1, stacks=1, length=inner_length)
            return [s, stack]

        s, joined, _ = loop(b, region(b, [INT, FLOAT], outer), [20, x], 1, stacks=1, length=20, ragged=((0, total),))
        graph = b.build([s, joined, O["sum"](joined * 2, axis=(0,), keepdims=False)])
    check(graph, 0.25, backend=backend)
