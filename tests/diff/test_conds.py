"""Conds in both modes: the arm taken and nothing else; what is kept for the reverse part."""

from __future__ import annotations

import numpy as np
import pytest

from bcad.diff import vjp
from bcad.ir import verify

from .helpers import FLOAT, INT, VECTOR, check, choose, during, gradient, op, read, region, repeat, write


def simple():
    then = region(lambda x, y: [op.sin(x) * y, x], FLOAT, FLOAT)
    other = region(lambda x, y: [op.exp(x), y * y], FLOAT, FLOAT)
    return region(lambda x, y: choose(op.greater(x, y), then, other, x, y), FLOAT, FLOAT)


@pytest.mark.parametrize("x, y", [(0.7, 0.2), (0.2, 0.7)])
def test_both_arms(x, y):
    check(simple(), [np.float64(x), np.float64(y)], [0, 1], order=3)


@pytest.mark.parametrize("x, expected", [(0.0, 0.0), (4.0, 0.25), (-1.0, 0.0)])
def test_what_only_the_other_arm_reads_gets_exactly_zero(x, expected):
    then = region(lambda y: [y], FLOAT)
    other = region(lambda y: [0.0 * 1.0 + np.float64(0)], FLOAT)
    graph = region(lambda x: choose(op.greater(x, 0.0), then, other, op.sqrt(x)), FLOAT)
    assert gradient(graph, [np.float64(x)]) == [expected]
    check(graph, [np.float64(1.5)], [0], order=3)


def test_a_hidden_inner_branch_hides_outside():
    inner_then = region(lambda y: [y], FLOAT)
    inner_other = region(lambda y: [np.float64(1)], FLOAT)
    outer_then = region(lambda x, y: choose(op.greater(x, 5.0), inner_then, inner_other, y), FLOAT, FLOAT)
    outer_other = region(lambda x, y: [x], FLOAT, FLOAT)
    graph = region(lambda x: choose(op.greater(x, -1.0), outer_then, outer_other, x, op.sqrt(x)), FLOAT)
    assert gradient(graph, [np.float64(0.0)]) == [0.0]


def test_a_cond_whose_result_is_hidden_sends_nothing_back():
    then = region(lambda x: [1.0 / x], FLOAT)
    other = region(lambda x: [op.sqrt(x)], FLOAT)

    def f(x):
        y = choose(op.greater(x, 1.0), then, other, x)[0]
        return [op.as_kind(op.where(op.greater(x, 0.0), y, 3.0 * x), kind=FLOAT.kind, dtype=FLOAT.dtype)]

    assert gradient(region(f, FLOAT), [np.float64(0.0)]) == [3.0]


@pytest.mark.parametrize("p", [0.1, 0.9])
def test_a_loop_in_an_arm(p):
    body = region(lambda i, s, x: [op.sin(s) * read(x, i)], INT, FLOAT, VECTOR)
    then = region(lambda s, x: repeat(3, body, [s], [x])[:1], FLOAT, VECTOR)
    other = region(lambda s, x: [op.sum(x * s, axis=(0,), keepdims=False)], FLOAT, VECTOR)
    graph = region(lambda p, s, x: choose(op.less(p, 0.5), then, other, s, x), FLOAT, FLOAT, VECTOR)
    check(graph, [np.float64(p), np.float64(0.8), np.array([0.3, 1.2, 0.7])], [1, 2], order=3)


@pytest.mark.parametrize("p", [0.1, 0.9])
def test_a_while_in_an_arm_of_a_loop(p):
    more = region(lambda j, s, x: [op.greater(s, 1.0)], INT, FLOAT, FLOAT)
    less = region(lambda j, s, x: [s * x * op.cos(s * 0.1)], INT, FLOAT, FLOAT)
    then = region(lambda s, x: during(more, less, [s], [x])[:1], FLOAT, FLOAT)
    other = region(lambda s, x: [op.exp(s * 0.3) * x], FLOAT, FLOAT)
    body = region(
        lambda i, s, x, p: [choose(op.greater(s, p), then, other, s, x)[0] * 2.0 + x], INT, FLOAT, FLOAT, FLOAT
    )
    graph = region(lambda s, x, p: repeat(4, body, [s], [x, p])[:1], FLOAT, FLOAT, FLOAT)
    check(graph, [np.float64(2.3), np.float64(0.6), np.float64(p)], [0, 1], order=3)


def test_an_arm_that_writes_an_element_keeps_an_element():
    then = region(lambda a, i, v: [write(a, v * op.sin(read(a, i)), i)], VECTOR, INT, FLOAT)
    other = region(lambda a, i, v: [a], VECTOR, INT, FLOAT)
    body = region(lambda i, a, v: choose(op.greater(read(a, i), 0.5), then, other, a, i, v), INT, VECTOR, FLOAT)
    graph = region(lambda a, v: repeat(4, body, [a], [v])[:1], VECTOR, FLOAT)
    check(graph, [np.array([0.3, 0.7, 0.9, 0.2]), np.float64(1.3)], [0, 1])
    loop = next(n for n in verify(vjp(graph, [0, 1])).nodes if n.op.name == "loop")
    saved = [str(v.type) for v in loop.regions[0].outputs[1:]]
    assert sorted(saved) == ["bool_", "float64", "float64"]  # the test, sin and cos
    dense = [n for n in loop.regions[0].nodes if n.op.name == "full"]
    assert dense == []


def test_the_same_operand_twice():
    then = region(lambda a, b: [a * b], FLOAT, FLOAT)
    other = region(lambda a, b: [a - b], FLOAT, FLOAT)
    graph = region(lambda x, p: choose(op.greater(p, 0.0), then, other, x, x), FLOAT, FLOAT)
    check(graph, [np.float64(0.6), np.float64(1.0)], [0], order=3)
    check(graph, [np.float64(0.6), np.float64(-1.0)], [0], order=2)


@pytest.mark.parametrize("p", [1.0, -1.0])
def test_array_operands_at_the_top_stay_hidden(p):
    then = region(lambda y: [op.sum(y, axis=(0,), keepdims=False)], VECTOR)
    other = region(lambda y: [np.float64(2)], VECTOR)
    graph = region(lambda p, x: choose(op.greater(p, 0.0), then, other, op.sqrt(x)), FLOAT, VECTOR)
    expected = [np.inf, 0.25] if p > 0 else [0.0, 0.0]
    np.testing.assert_array_equal(gradient(graph, [np.float64(p), np.array([0.0, 4.0])], [1])[0], expected)
