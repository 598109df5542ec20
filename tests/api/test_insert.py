"""insert_grad_of: the user's code in the reverse pass, skipped everywhere else."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bcad import Function, Unsupported, escaped_call, grad, hessian, insert_grad_of, jacobian, jvp, value_and_grad

X = np.array([0.1, 3.0])


def clipped(x):
    y = x**2
    with insert_grad_of(y) as g:
        g = np.clip(g, -1.0, 1.0)
    return np.sum(y**2)


def test_the_block_changes_the_cotangent_and_nothing_else() -> None:
    assert clipped(X) == np.sum(X**4)
    assert Function(clipped)(X) == np.sum(X**4)
    value, gradient = value_and_grad(clipped)(X)
    assert value == np.sum(X**4)
    assert_allclose(gradient, np.clip(2 * X**2, -1, 1) * 2 * X)
    assert_allclose(grad(clipped)(-X[:1]), [-0.004])


def test_plain_calls_leave_no_trace_function_behind() -> None:
    before = sys.gettrace()
    clipped(X)
    assert sys.gettrace() is before
    events = []
    sys.settrace(lambda *_: events.append(1))
    try:
        clipped(X)
    finally:
        sys.settrace(before)
    assert events


def test_a_number_is_marked_wherever_the_function_holds_it() -> None:
    def f(x):
        y = x**2
        again = y

        def inner():
            return y * 3.0

        with insert_grad_of(y) as g: g = g * 0.5  # noqa: E701
        return inner() + again

    assert f(2.0) == 16.0
    assert grad(f)(2.0) == 0.5 * 3 * 4.0 + 0.5 * 4.0
    assert jvp(f, (2.0,), (1.0,)) == (16.0, 16.0)


def test_a_view_passes_the_changed_cotangent_to_its_base() -> None:
    def f(x):
        y = x * 1.0
        z = y[1:]
        with insert_grad_of(z) as g:
            g[0] = g[0] * 10
        return np.sum(y * y)

    assert_array_equal(grad(f)(np.arange(4.0)), [0.0, 20.0, 4.0, 6.0])


def test_the_block_branches_loops_and_reads_what_the_function_has_computed() -> None:
    def f(x):
        y = np.sin(x)
        scale = np.sum(x)
        with insert_grad_of(y) as g:
            norm = np.sqrt(np.sum(g**2))
            if norm > 1:
                g = g / norm
            else:
                g = g * scale
            for _ in range(2):
                g = g * 2.0
        return y @ np.full(2, 3.0) * x[0]

    def expected(x):
        g = 3.0 * x[0] * np.ones(2)
        norm = np.sqrt(np.sum(g**2))
        g = 4.0 * (g / norm if norm > 1 else g * np.sum(x))
        return g * np.cos(x) + np.array([3.0 * np.sum(np.sin(x)), 0.0])

    g = grad(f)
    for x in (X, X + 1, -X, X / 2):
        assert_allclose(g(x), expected(x))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_inside_loops_and_branches(backend) -> None:
    from bcad import options

    def f(x):
        y = x
        for _ in range(3):
            y = y * x
            with insert_grad_of(y) as g:
                g = g * 2.0
        if y > 0:
            with insert_grad_of(y) as g:
                g = 10.0 * g
        return y

    with options.set(backend=backend):
        g = grad(f)
        assert f(2.0) == 16.0
        assert g(2.0) == 1760.0
        assert g(-2.0) == 10.0 * -176.0
    assert grad(lambda x: -f(x))(2.0) == -1760.0


def test_what_the_block_prints_and_calls_happens_at_each_reverse_pass(capsys) -> None:
    seen = []

    def f(x):
        y = x * 2.0
        with insert_grad_of(y) as g:
            print("cotangent", g, f"{np.max(g):.1f}")
            escaped_call(seen.append, g)
        return np.sum(y * y)

    f(X)
    jvp(f, (X,), (X,))
    assert (capsys.readouterr().out, seen) == ("", [])
    gradient = grad(f)
    gradient(X)
    gradient(2 * X)
    assert capsys.readouterr().out == "cotangent [ 0.4 12. ] 12.0\ncotangent [ 0.8 24. ] 24.0\n"
    assert_array_equal(seen, [4 * X, 8 * X])


def test_higher_orders_and_jacobians() -> None:
    def doubled(x):
        with insert_grad_of(x) as g:
            g = g * 2.0
        return np.sum(x**3)

    assert_allclose(hessian(doubled)(X), np.diag(2 * 6 * X))  # forward over the changed reverse pass
    assert_allclose(jacobian(lambda x: doubled(x) * np.ones(3), mode="reverse")(X), np.outer(np.ones(3), 6 * X**2))


def test_constants_and_zero_cotangents() -> None:
    def f(x):
        c = np.ones(2)
        with insert_grad_of(c) as g:
            g = g * 7
        y = x * c
        with insert_grad_of(y) as g:
            g = 0.0
        return np.sum(y)

    assert_array_equal(grad(f)(X), [0.0, 0.0])
    empty = np.zeros(0)
    assert grad(clipped)(empty).shape == (0,)


def _returns(x):
    with insert_grad_of(x) as g:
        return g
    return x


def _breaks(x):
    for i in range(3):
        with insert_grad_of(x) as g:
            if i:
                break
            g = g * 2
    return x


_history: list[float] = []


def _appends(x):
    with insert_grad_of(x) as g:
        _history.append(g)
    return x


def _writes(x):
    y = np.zeros(1) + x
    with insert_grad_of(x) as g:
        y[0] = g
    return y[0]


class _Holder:
    pass


def _attribute(x):
    holder = _Holder()
    holder.x = x * 1.0
    with insert_grad_of(holder.x) as g:
        g = g * 2
    return holder.x


def _both_at_once(x):
    y = x * 2
    with insert_grad_of(y) as g, insert_grad_of(x) as h:
        g, h = g * 2, h * 3
    return y


def _integer(x):
    n = 3
    with insert_grad_of(n) as g:
        g = g * 2
    return n * x


@pytest.mark.parametrize(
    ("fn", "message"),
    [
        (_returns, "left in its middle"), (_breaks, "left in its middle"), (_appends, "changes a list from outside"),
        (_writes, "changes a ndarray from outside"), (_attribute, "a variable of the function holds"),
        (_integer, "not int"), (_both_at_once, "in the block of another"),
    ],
)
def test_what_a_derivative_cannot_do_is_refused(fn, message) -> None:
    with pytest.raises(Unsupported, match=message):
        grad(fn)(2.0)


def test_names_of_the_block_exist_in_it_alone() -> None:
    def f(x):
        with insert_grad_of(x) as g:
            inner = g
        return x * inner

    for call in (f, grad(f)):
        with pytest.raises(NameError):
            call(2.0)


def test_a_cotangent_of_another_shape_is_refused() -> None:
    def f(x):
        y = x * 1.0
        with insert_grad_of(y) as g:
            g = np.ones((3, 5)) * np.sum(g)
        return np.sum(y)

    with pytest.raises(ValueError, match="shape|broadcast"):
        grad(f)(X)
