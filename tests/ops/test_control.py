"""Ops with regions: types at their borders, and what running them means."""

from __future__ import annotations

import numpy as np
import pytest

from bcad.ir import Builder, Dim, Literal, array_type, evaluate, python_type, scalar_type, verify
from bcad.ops import (
    CheckFailed,
    RegionError,
    check,
    checkpoint,
    cond,
    derivative,
    fresh_size,
    has_effect,
    host,
    host_effect,
    loop,
    stack_length,
    tangent_type,
)

FLOAT, INT = scalar_type(float), python_type(int)
N = Dim.symbol("n")


def region(fn, *types):
    with Builder() as builder:
        return verify(builder.build(list(fn(*(builder.input(t) for t in types)))))


def test_cond_runs_one_arm():
    log = []
    then = region(lambda x: [host_effect(x, fn=Literal(lambda x: log.append(x) or x), types=(FLOAT,))[0]], FLOAT)
    other = region(lambda x: [-x], FLOAT)
    graph = region(lambda x: cond(x > 0.0, x, regions=[then, other]), FLOAT)
    assert evaluate(graph, [np.float64(-2)]) == [2.0] and log == []
    assert evaluate(graph, [np.float64(3)]) == [3.0] and log == [3.0]
    assert has_effect(graph.nodes[-1])


def test_arms_must_agree():
    then, other = region(lambda x: [x], FLOAT), region(lambda x: [x > 1.0], FLOAT)
    with pytest.raises(RegionError, match="results of the two arms do not agree: .float64. and .bool."):
        region(lambda x: cond(x > 0.0, x, regions=[then, other]), FLOAT)


def test_arms_of_different_length():
    K, A = fresh_size(), array_type(float, (N,))
    then, other = region(lambda x: [x], A), region(lambda x: [x[0:1]], A)
    graph = region(lambda p, x: cond(p, x, regions=[then, other], types=(array_type(float, (K,)),)), python_type(bool), A)
    assert [len(evaluate(graph, [p, np.ones(3)])[0]) for p in (True, False)] == [3, 1]


def counted(stacks, **attrs):
    body = region(lambda i, s, x: [s * x, s][: 1 + stacks], INT, FLOAT, FLOAT)

    def f(n, s, x):
        return loop(n, s, x, regions=[body], carries=1, stacks=stacks, length=stack_length(n) if stacks else None, **attrs)

    return region(f, INT, FLOAT, FLOAT)


@pytest.mark.parametrize("n, final, rows", [(3, 8.0, [1, 2, 4]), (0, 1.0, []), (-2, 1.0, [])])
def test_counted_loop(n, final, rows):
    s, stack, count = evaluate(counted(1), [n, np.float64(1), np.float64(2)])
    assert (s, stack.tolist(), count) == (final, rows, len(rows)) and type(count) is int


def test_the_condition_is_asked_first_and_may_end_a_counted_loop():
    body = region(lambda i, s: [s + s], INT, FLOAT)
    more = region(lambda i, s: [s < 5.0], INT, FLOAT)
    free = region(lambda s: loop(s, regions=[body, more], carries=1, counted=False), FLOAT)
    assert evaluate(free, [np.float64(1)]) == [8.0, 3]
    assert evaluate(free, [np.float64(9)]) == [9.0, 0]
    limited = region(lambda s: loop(2, s, regions=[body, more], carries=1), FLOAT)
    assert evaluate(limited, [np.float64(1)]) == [4.0, 2]


def test_a_stack_of_a_known_trip_count_has_its_length():
    with Builder():
        builder = Builder.current()
        assert stack_length(builder.size(N)) == N
        assert stack_length(builder.size(3)) == 3 and stack_length(builder.size(-1)) == 0
        assert str(stack_length(builder.size(N - 1))) == "max(0, n-1)"
        assert stack_length(builder.size(N), condition=True) != N
        assert stack_length(None) != stack_length(None)


def test_ragged_stacks_join():
    inner = region(lambda j, s: [s + 1.0, s], INT, FLOAT)
    body = region(
        lambda i, s: loop(i, s, regions=[inner], carries=1, stacks=1, length=fresh_size())[:2], INT, FLOAT
    )
    total = fresh_size()
    graph = region(
        lambda n, s: loop(n, s, regions=[body], carries=1, stacks=1, length=stack_length(n), ragged=((0, total),)),
        INT, FLOAT,
    )
    assert evaluate(graph, [4, np.float64(0)])[1].tolist() == [0, 1, 2, 3, 4, 5]
    assert evaluate(graph, [0, np.float64(0)])[1].tolist() == []


def test_carries_keep_their_type():
    body = region(lambda i, s: [s > 1.0], INT, FLOAT)
    with pytest.raises(RegionError, match="carries and results of the body"):
        region(lambda s: loop(2, s, regions=[body], carries=1), FLOAT)


def test_derivative_types_and_that_it_must_be_expanded():
    f = region(lambda x, k: [x * 2.0, k], FLOAT, INT)
    graph = region(lambda x: derivative(x, 3, x, 0, regions=[f], mode="vjp", wrt=(0,)), FLOAT)
    assert [str(v.type) for v in graph.outputs] == ["float64", "int", "float64"]
    with pytest.raises(TypeError, match="expanded"):
        evaluate(graph, [np.float64(1)])
    with pytest.raises(RegionError, match="1 seeds for vjp of 2 outputs"):
        region(lambda x: derivative(x, 3, x, regions=[f], mode="vjp", wrt=(0,)), FLOAT)


def test_tangents_are_numpy_numbers():
    assert str(tangent_type(python_type(float))) == "float64"
    assert str(tangent_type(array_type(np.float32, (N,)))) == "float32[n]"
    assert str(tangent_type(array_type(int, (N,)))) == "float64[n]"


def test_checkpoint_is_its_region():
    inner = region(lambda x: [x * 2.0, x], FLOAT)
    assert evaluate(region(lambda x: checkpoint(x, regions=[inner]), FLOAT), [np.float64(3)]) == [6.0, 3.0]


def test_check_abandons_the_run():
    graph = region(lambda x: [check(x > 1.0, message="too large"), x][1:], FLOAT)
    assert evaluate(graph, [np.float64(0)]) == [0.0]
    with pytest.raises(CheckFailed, match="too large"):
        evaluate(graph, [np.float64(2)])


def test_host_gives_one_result_several_or_none():
    pair = Literal(lambda x: (x, 2 * x))
    graph = region(lambda x: host(x, fn=pair, types=(FLOAT, FLOAT)), FLOAT)
    assert evaluate(graph, [np.float64(3)]) == [3.0, 6.0]
    assert evaluate(region(lambda x: [*host(x, fn=Literal(print), types=()), x], FLOAT), [np.float64(3)]) == [3.0]
