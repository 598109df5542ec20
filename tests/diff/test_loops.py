"""Loops in both modes: counted, conditional, nested, in place; what they save, what they cost."""

from __future__ import annotations

import numpy as np
import pytest

from bcad.diff import vjp
from bcad.ir import Graph, array_type, verify

from .helpers import (
    FLOAT,
    INT,
    VECTOR,
    N,
    check,
    choose,
    during,
    gradient,
    loops,
    op,
    read,
    region,
    repeat,
    run,
    tape,
    write,
)

BOOLEAN_FREE = {"less", "greater"}


def power() -> Graph:
    body = region(lambda i, s, x: [op.sin(s) * x], INT, FLOAT, FLOAT)
    return region(lambda n, x: repeat(n, body, [x], [x])[:1], INT, FLOAT)


@pytest.mark.parametrize("trip", [0, 1, 2, 7, -3])
def test_counted_loop(trip):
    check(power(), [trip, np.float64(1.3)], [1], order=3)


def recurrence() -> Graph:
    """``A[i + 1] = sin(A[i]) * x[i]``"""
    body = region(lambda i, A, x: [write(A, op.sin(read(A, i)) * read(x, i), i + 1)], INT, VECTOR, VECTOR)

    def f(A, x):
        from bcad.ir import Builder

        return [repeat(Builder.current().size(N - 1), body, [A], [x])[0]]

    return region(f, VECTOR, VECTOR)


def test_recurrence_in_place():
    rng = np.random.default_rng(0)
    check(recurrence(), [rng.normal(size=5), rng.normal(size=5)], [0, 1], order=3)


def test_recurrence_tapes_elements_not_arrays():
    forward, backward = loops(verify(vjp(recurrence(), [0, 1])))
    assert tape(forward) == ["float64", "float64"]  # sin(A[i]), cos(A[i])
    assert tape(backward) == []
    dense = [n.op.name for n in backward.regions[0].nodes if n.output.type.shape]
    assert dense == ["set_item", "index_add", "index_add"]  # in place: nothing of O(n) in an iteration


def test_recurrence_tapes_one_number_if_x_is_constant():
    forward, _ = loops(vjp(recurrence(), [0]))
    assert tape(forward) == ["float64"]


def taylor_sine() -> Graph:
    def body(i, total, term, x):
        n = i * 2 + 2
        term = term * (x * x) / (n * (n + 1)) * -1.0
        return [total + term, term]

    types = [INT, FLOAT, FLOAT, FLOAT]
    more = region(lambda i, total, term, x: [op.greater(op.absolute(term), 1e-10)], *types)
    inside = region(body, *types)
    return region(lambda x: during(more, inside, [x, x], [x])[:1], FLOAT)


@pytest.mark.parametrize("x", [0.5, 3.0, 0.0])
def test_loop_with_data_dependent_trip_count(x):
    check(taylor_sine(), [np.float64(x)], [0], order=2)
    np.testing.assert_allclose(gradient(taylor_sine(), [np.float64(x)])[0], np.cos(x), atol=1e-9)


def test_taylor_sine_tapes_one_number():
    forward, _ = loops(vjp(taylor_sine(), [0]))
    assert tape(forward) == ["float64"]


def test_int_counters_are_recomputed_not_taped():
    body = region(lambda i, c, s, x: [c + 2, s * op.sin(x * c)], INT, INT, FLOAT, FLOAT)
    graph = region(lambda n, c, x: repeat(n, body, [c, x], [x])[1:2], INT, INT, FLOAT)
    check(graph, [4, 3, np.float64(0.7)], [2])
    forward, _ = loops(vjp(graph, [2]))
    assert "int" not in tape(forward)


def test_invariants_are_computed_once_not_taped():
    body = region(lambda i, s, x: [s + op.exp(x) * s], INT, FLOAT, FLOAT)
    graph = region(lambda n, x, y: repeat(n, body, [y], [x])[:1], INT, FLOAT, FLOAT)
    check(graph, [4, np.float64(0.3), np.float64(0.5)], [1, 2])
    forward, backward = loops(vjp(graph, [1, 2]))
    assert tape(forward) == ["float64"]  # s, for exp(x)'s cotangent
    assert "exp" not in [n.op.name for n in backward.regions[0].nodes]
    assert tape(loops(vjp(graph, [2]))[0]) == []


def triangular() -> Graph:
    """for i in range(n): for j in range(i): s = s*x[j] + sin(s)"""
    inner = region(lambda j, s, x: [s * read(x, j) + op.sin(s)], INT, FLOAT, VECTOR)
    outer = region(lambda i, s, x: repeat(i, inner, [s], [x])[:1], INT, FLOAT, VECTOR)

    def f(s, x):
        from bcad.ir import Builder

        return repeat(Builder.current().size(N), outer, [s], [x])[:1]

    return region(f, FLOAT, VECTOR)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_nested_loop_with_bound_from_outside(n):
    check(triangular(), [np.float64(0.7), np.linspace(0.3, 0.9, n)], [0, 1], order=3)


def test_inner_tapes_join_without_padding():
    graph = vjp(triangular(), [0, 1])
    outer = next(n for n in graph.nodes if n.op.name == "loop")
    totals = dict(outer.attrs["ragged"])
    assert len(totals) == 2  # s, cos(s)


def test_nested_while():
    """for i in range(n): while s > 1: s = s*x"""
    more = region(lambda j, s, x: [op.greater(s, 1.0)], INT, FLOAT, FLOAT)
    inner = region(lambda j, s, x: [s * x * op.cos(s * 0.1)], INT, FLOAT, FLOAT)
    outer = region(lambda i, s, x: [during(more, inner, [s], [x])[0] * 3.0 + op.sin(x * s)], INT, FLOAT, FLOAT)
    graph = region(lambda n, s, x: repeat(n, outer, [s], [x])[:1], INT, FLOAT, FLOAT)
    check(graph, [4, np.float64(2.3), np.float64(0.6)], [1, 2], order=3)
    check(graph, [0, np.float64(2.3), np.float64(0.6)], [1, 2], order=2)


def heat() -> Graph:
    """for t in range(m): for i in range(1, n-1): B[i] = A[i] + c*(A[i-1] - 2A[i] + A[i+1]); A = B"""

    def step(i, B, A, c):
        j = i + 1
        return [write(B, read(A, j) + c * (read(A, i) - 2.0 * read(A, j) + read(A, j + 1)), j)]

    def sweep(t, A, c):
        from bcad.ir import Builder

        return [repeat(Builder.current().size(N - 2), inner, [A], [A, c])[0]]

    inner = region(step, INT, VECTOR, VECTOR, FLOAT)
    outer = region(sweep, INT, VECTOR, FLOAT)
    return region(lambda m, A, c: repeat(m, outer, [A], [c])[:1], INT, VECTOR, FLOAT)


def test_heat_equation():
    check(heat(), [3, np.random.default_rng(1).normal(size=6), np.float64(0.1)], [1, 2], order=2)


def test_heat_equation_tapes_one_number_a_cell():
    forward = next(n for n in vjp(heat(), [1, 2]).nodes if n.op.name == "loop")
    assert tape(forward) == ["float64[max(0, n-2)]"]
    assert tape(next(n for n in vjp(heat(), [1]).nodes if n.op.name == "loop")) == []


def test_branch_inside_a_loop():
    then = region(lambda s, x: [s * x], FLOAT, FLOAT)
    other = region(lambda s, x: [op.sin(s) + x], FLOAT, FLOAT)
    body = region(lambda i, s, x: choose(op.greater(s, 1.0), then, other, s, x), INT, FLOAT, FLOAT)
    graph = region(lambda n, s, x: repeat(n, body, [s], [x])[:1], INT, FLOAT, FLOAT)
    check(graph, [6, np.float64(0.4), np.float64(0.8)], [1, 2], order=3)


def test_swap_in_a_branch_tapes_no_array():
    """One pass of bubble sort, then a weighted sum."""
    swap = region(lambda a, i: [write(write(a, read(a, i + 1), i), read(a, i), i + 1)], VECTOR, INT)
    keep = region(lambda a, i: [a], VECTOR, INT)
    body = region(lambda i, a: choose(op.greater(read(a, i), read(a, i + 1)), swap, keep, a, i), INT, VECTOR)

    def f(a, w):
        from bcad.ir import Builder

        return [op.sum(repeat(Builder.current().size(N - 1), body, [a])[0] * w, axis=(0,), keepdims=False)]

    graph = region(f, VECTOR, VECTOR)
    check(graph, [np.array([3.0, 1.0, 2.0, 0.5]), np.arange(4.0)], [0, 1])
    assert tape(loops(vjp(graph, [0, 1]))[0]) == ["bool_"]


def test_stacks_of_the_loop_itself():
    body = region(lambda i, s, x: [op.sin(s) * x, s * s], INT, FLOAT, FLOAT)
    graph = region(lambda n, s, x: repeat(n, body, [s], [x])[:2], INT, FLOAT, FLOAT)
    check(graph, [4, np.float64(0.4), np.float64(1.8)], [1, 2], order=3)


def test_a_stack_that_is_read_back_is_not_taped_twice():
    body = region(lambda i, s, x: [op.sin(s) * x, op.sin(s)], INT, FLOAT, FLOAT)
    graph = region(lambda n, s, x: repeat(n, body, [s], [x])[:2], INT, FLOAT, FLOAT)
    assert tape(loops(vjp(graph, [1, 2]))[0]) == ["float64", "float64"]  # sin(s), cos(s)


def test_the_same_value_carried_twice_and_constant():
    body = region(lambda i, a, b, c, d: [a * c, b * d + a], INT, FLOAT, FLOAT, FLOAT, FLOAT)
    graph = region(lambda x: repeat(3, body, [x, x], [x, x])[:2], FLOAT)
    check(graph, [np.float64(0.9)], [0], order=3)


def test_matrix_carried_whole():
    M = array_type(float, (N, N))
    body = region(lambda i, v, A: [op.sin(op.matmul(A, v))], INT, VECTOR, M)
    graph = region(lambda k, v, A: repeat(k, body, [v], [A])[:1], INT, VECTOR, M)
    rng = np.random.default_rng(0)
    check(graph, [3, rng.normal(size=3), rng.normal(size=(3, 3))], [1, 2])


def test_zero_iterations_hide_what_only_the_loop_reads():
    body = region(lambda i, s, y: [s + y], INT, FLOAT, FLOAT)
    graph = region(lambda n, x: repeat(n, body, [x], [op.sqrt(x)])[:1], INT, FLOAT)
    assert gradient(graph, [0, np.float64(0.0)], [1]) == [1.0]
    assert gradient(graph, [1, np.float64(0.0)], [1]) == [np.inf]


def test_a_branch_never_taken_in_a_loop_gives_exactly_zero():
    then = region(lambda s, y: [s + y], FLOAT, FLOAT)
    other = region(lambda s, y: [s * 2.0], FLOAT, FLOAT)
    body = region(lambda i, s, y: choose(op.greater(s, 9.0), then, other, s, y), INT, FLOAT, FLOAT)
    graph = region(lambda x: repeat(2, body, [x], [op.sqrt(x)])[:1], FLOAT)
    assert gradient(graph, [np.float64(0.0)]) == [4.0]


def test_a_hidden_loop_result_sends_nothing_back():
    body = region(lambda i, s, x: [s + 1.0 / x], INT, FLOAT, FLOAT)

    def f(x):
        total = repeat(3, body, [x], [x])[0]
        return [op.as_kind(op.where(op.greater(x, 0.0), total, x * 2.0), kind=FLOAT.kind, dtype=FLOAT.dtype)]

    graph = region(f, FLOAT)
    assert gradient(graph, [np.float64(0.0)]) == [2.0]
    assert gradient(graph, [np.float64(1.0)]) == [-2.0]


def test_a_carried_cotangent_stays_hidden():
    """What a where hides at one iteration is not turned to nan by the iteration before."""
    body = region(
        lambda i, s, t: [op.sqrt(t), op.as_kind(op.where(op.greater(s, 5.0), s, 1.0), kind=FLOAT.kind, dtype=FLOAT.dtype)],
        INT, FLOAT, FLOAT,
    )
    graph = region(lambda x: repeat(2, body, [x, x])[1:2], FLOAT)
    assert gradient(graph, [np.float64(0.0)]) == [0.0]


def test_cost_and_memory_are_linear():
    graph = vjp(recurrence(), [0, 1])
    sizes = []
    for n in (10, 20):
        results = run(graph, [np.ones(n), np.ones(n), np.ones(n)])
        sizes.append([np.size(r) for r in results])
    assert sizes == [[10, 10, 10], [20, 20, 20]]
    assert all(len(v.type.shape) <= 1 for node in graph.walk() for v in node.outputs)
