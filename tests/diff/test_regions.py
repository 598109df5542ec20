"""Derivative nodes, checkpoints, custom rules, host calls, checks; Jacobians and Hessians."""

from __future__ import annotations

import numpy as np
import pytest

from bcad.diff import expand, gradient, hessian, jacobian, jvp, vjp
from bcad.ir import Builder, Literal, evaluate, verify
from bcad.ops import CheckFailed, NotDeclared, checkpoint, custom, derivative, host, host_effect
from bcad.ops import check as check_op

from .helpers import FLOAT, INT, VECTOR, N, check, choose, loops, op, read, region, repeat, run, tape


# -- derivative nodes ---------------------------------------------------------------------------------
def test_derivative_of_derivative_expands():
    f = region(lambda x: [op.sin(x) * x], FLOAT)
    g = region(lambda x: [derivative(x, np.float64(1), regions=[f], mode="vjp", wrt=(0,))[1]], FLOAT)
    h = region(lambda x: [derivative(x, np.float64(1), regions=[g], mode="jvp", wrt=(0,))[1]], FLOAT)
    graph = verify(expand(h))
    assert not any(n.op is derivative for n in graph.walk())
    x = np.float64(0.7)
    np.testing.assert_allclose(run(graph, [x])[0], 2 * np.cos(x) - x * np.sin(x))
    check(graph, [x], [0])


def test_derivative_in_a_loop():
    """Newton's iteration: x = x - f(x)/f'(x)"""
    f = region(lambda x, a: [x * x * x - a], FLOAT, FLOAT)

    def step(i, x, a):
        y, slope = derivative(x, a, np.float64(1), regions=[f], mode="jvp", wrt=(0,))
        return [x - y / slope]

    body = region(step, INT, FLOAT, FLOAT)
    graph = expand(region(lambda a: repeat(8, body, [a], [a])[:1], FLOAT))
    np.testing.assert_allclose(run(graph, [np.float64(2.0)])[0], 2 ** (1 / 3))
    check(graph, [np.float64(2.0)], [0])


def test_a_derivative_of_an_integer_output_is_zero():
    f = region(lambda x: [op.astype(op.floor(x), dtype=np.dtype(int)), x * x], FLOAT)
    g = region(
        lambda x: derivative(x, np.int64(5), np.float64(1), regions=[f], mode="vjp", wrt=(0,)), FLOAT
    )
    assert run(expand(g), [np.float64(2.5)]) == [2, 6.25, 5.0]


# -- checkpoints --------------------------------------------------------------------------------------
def test_checkpoint_keeps_only_its_inputs():
    inner = region(lambda s, x: [op.sin(op.exp(s) * x)], FLOAT, FLOAT)
    body = region(lambda i, s, x: checkpoint(s, x, regions=[inner]), INT, FLOAT, FLOAT)
    graph = region(lambda n, s, x: repeat(n, body, [s], [x])[:1], INT, FLOAT, FLOAT)
    check(graph, [3, np.float64(0.3), np.float64(0.7)], [1, 2], order=3)
    assert tape(loops(vjp(graph, [1, 2]))[0]) == ["float64"]


def segments(**attrs):
    body = region(lambda i, s, x: [op.sin(s) * x + i * 0.1], INT, FLOAT, FLOAT)
    whole = region(lambda n, s, x: repeat(n, body, [s], [x])[:1], INT, FLOAT, FLOAT)
    return region(lambda n, s, x: checkpoint(n, s, x, regions=[whole], **attrs), INT, FLOAT, FLOAT)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 10])
def test_segments_give_the_same_derivatives(n):
    graph = segments(segments=True)
    args = [n, np.float64(0.3), np.float64(0.7)]
    check(graph, args, [1, 2], order=3)
    expected = run(vjp(segments(), [1, 2]), [*args, np.float64(1)])
    np.testing.assert_allclose(run(vjp(graph, [1, 2]), [*args, np.float64(1)]), expected, rtol=1e-14)


def test_segments_save_about_sqrt_of_the_carries(monkeypatch):
    saved = []
    monkeypatch.setattr("bcad.ops.control._stack", _counting(saved))
    run(vjp(segments(segments=True), [1, 2]), [100, np.float64(0.3), np.float64(0.7), np.float64(1)])
    assert max(saved) <= 2 * 11  # rows: 10 segments of at most 11


def _counting(saved):
    from bcad.ops import control

    original = control._stack

    def stack(node, rows, sizes):
        saved.append(len(rows) * node.attrs.get("stacks", 0))
        return original(node, rows, sizes)

    return stack


# -- rules of one's own ---------------------------------------------------------------------------------
class Doubling:
    """A rule that says the derivative is two, whatever the function."""

    def vjp_graph(self, node, wrt):
        return region(lambda x, y, g: [g * 2.0], FLOAT, FLOAT, FLOAT)

    def jvp_graph(self, node):
        return region(lambda x, y, dx: [dx * 2.0], FLOAT, FLOAT, FLOAT)


def test_custom_rule_replaces_the_derivative():
    inner = region(lambda x: [x * 2.0 + 0.0 * op.sin(x)], FLOAT)
    graph = region(lambda x: [op.sin(custom(x, regions=[inner], rule=Literal(Doubling()))[0])], FLOAT)
    check(graph, [np.float64(0.4)], [0])


def test_host_call_with_and_without_a_rule():
    call = Literal(lambda x: 2.0 * x)
    graph = region(lambda x: [host(x * x, fn=call, types=(FLOAT,), rule=Literal(Doubling()))[0]], FLOAT)
    check(graph, [np.float64(0.4)], [0])
    bare = region(lambda x: [host(x, fn=call, types=(FLOAT,))[0]], FLOAT)
    with pytest.raises(NotDeclared):
        vjp(bare, [0])
    with pytest.raises(NotDeclared):
        jvp(bare, [0])


def test_a_host_call_that_carries_no_derivative_is_copied_once():
    log = []

    def body(i, s, x):
        host_effect(i, fn=Literal(log.append), types=())
        return [op.sin(s) * x]

    inside = region(body, INT, FLOAT, FLOAT)
    graph = region(lambda s, x: repeat(3, inside, [s], [x])[:1], FLOAT, FLOAT)
    run(vjp(graph, [0, 1]), [np.float64(0.3), np.float64(0.4), np.float64(1)])
    assert log == [0, 1, 2]


class Watching:
    """The identity, which logs the cotangent that passes."""

    def __init__(self, log):
        self.log = log

    def vjp_graph(self, node, wrt):
        def back(x, y, g):
            host_effect(g, fn=Literal(self.log.append), types=())
            return [g]

        return region(back, FLOAT, FLOAT, FLOAT)


def test_a_rule_may_watch_cotangents_inside_a_loop():
    log = []
    identity = region(lambda x: [x], FLOAT)
    rule = Literal(Watching(log))
    body = region(lambda i, s, x: [custom(s, regions=[identity], rule=rule)[0] * x], INT, FLOAT, FLOAT)
    graph = region(lambda s, x: repeat(3, body, [s], [x])[:1], FLOAT, FLOAT)
    run(vjp(graph, [0]), [np.float64(1), np.float64(2), np.float64(1)])
    assert log == [2.0, 4.0, 8.0]


def test_check_abandons_the_run_in_a_differentiated_loop():
    def body(i, s, x):
        check_op(op.greater(s, 5.0), message="too large")
        return [s * x]

    inside = region(body, INT, FLOAT, FLOAT)
    graph = vjp(region(lambda s, x: repeat(4, inside, [s], [x])[:1], FLOAT, FLOAT), [0, 1])
    evaluate(graph, [np.float64(1.0), np.float64(1.1), np.float64(1)])
    with pytest.raises(CheckFailed, match="too large"):
        evaluate(graph, [np.float64(1.0), np.float64(3.0), np.float64(1)])


# -- Jacobians ------------------------------------------------------------------------------------------
def residuals():
    def f(x, a):
        return [op.sin(x) * a + op.sum(x * x, axis=(0,), keepdims=False), a * a]

    return region(f, VECTOR, FLOAT)


@pytest.mark.parametrize("mode", ["forward", "reverse", None])
def test_jacobian(mode):
    graph = verify(jacobian(residuals(), [0, 1], mode))
    x, a = np.array([0.3, 1.2, 0.8]), np.float64(1.7)
    y, b, dyx, dya, dbx, dba = run(graph, [x, a])
    np.testing.assert_allclose(dyx, np.diag(np.cos(x) * a) + 2 * x)
    np.testing.assert_allclose(dya, np.sin(x))
    np.testing.assert_allclose(dbx, np.zeros(3))
    np.testing.assert_allclose(dba, 2 * a)
    check(graph, [x, a], [0, 1])


def test_the_primal_is_not_in_the_loop_over_basis_vectors():
    graph = jacobian(residuals(), [0], "reverse")
    inside = [n.op.name for loop in loops(graph) for n in loop.regions[0].nodes]
    assert "sin" not in inside and "cos" not in inside


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobian_of_a_matrix_function(mode):
    from bcad.ir import array_type

    M = array_type(float, (N, N))
    graph = jacobian(region(lambda a, v: [op.matmul(a, v)], M, VECTOR), [0, 1], mode)
    a, v = np.arange(4.0).reshape(2, 2), np.array([2.0, 3.0])
    _, da, dv = run(graph, [a, v])
    np.testing.assert_allclose(dv, a)
    np.testing.assert_allclose(da, np.einsum("ij,k->ijk", np.eye(2), v))


def rosenbrock():
    """sum over i of 100*(x[i+1] - x[i]**2)**2 + (1 - x[i])**2, by a loop"""

    def body(i, s, x):
        a, b = read(x, i), read(x, i + 1)
        return [s + 100.0 * (b - a * a) * (b - a * a) + (1.0 - a) * (1.0 - a)]

    inside = region(body, INT, FLOAT, VECTOR)
    return region(lambda x: repeat(Builder.current().size(N - 1), inside, [np.float64(0)], [x])[:1], VECTOR)


def test_rosenbrock_needs_no_tape():
    assert tape(loops(vjp(rosenbrock(), [0]))[0]) == []


def test_gradient_and_hessian():
    from scipy.optimize import rosen, rosen_der, rosen_hess

    x = np.array([0.3, 1.2, 0.8, -0.4])
    np.testing.assert_allclose(run(rosenbrock(), [x])[0], rosen(x))
    np.testing.assert_allclose(run(gradient(rosenbrock(), [0]), [x])[0], rosen_der(x))
    g, h = run(verify(hessian(rosenbrock(), [0])), [x])
    np.testing.assert_allclose(g, rosen_der(x))
    np.testing.assert_allclose(h, rosen_hess(x))


def test_a_derivative_in_an_arm():
    f = region(lambda x: [op.exp(x) * x], FLOAT)
    then = region(lambda x: [derivative(x, np.float64(1), regions=[f], mode="vjp", wrt=(0,))[1]], FLOAT)
    other = region(lambda x: [x], FLOAT)
    graph = expand(region(lambda x: choose(op.greater(x, 0.0), then, other, x), FLOAT))
    check(graph, [np.float64(0.4)], [0])
    check(graph, [np.float64(-0.4)], [0])
