"""Exceptions that a loop raises and handles itself: a round was counted twice where a raise was taken for a way out."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest

from bcad import Function, grad
from tests.trace.helpers import agree


def handled_in_the_round(x):
    s = 0.0
    for v in x:
        try:
            if v < 0:
                raise ValueError
            s += np.sqrt(v)
        except ValueError:
            s -= v
    return s


def python_function_raises(x):
    s = 0.0
    for v in x:
        try:
            s += math.sqrt(v)
        except ValueError:
            s -= v * v
    return s


def handler_breaks(x):
    s, n = 0.0, 0
    for v in x:
        try:
            if v < 0:
                raise KeyError(n)
            s += v * v
        except KeyError:
            break
        n += 1
    else:
        s *= 3
    return s * n + x[0]


def handler_returns(x):
    s = 0.0
    for v in x:
        try:
            if v < 0:
                raise KeyError
            s += v
        except KeyError:
            return s * 2 + v
    return s


def handler_continues(x):
    s = 0.0
    for v in x:
        try:
            if v < 0:
                raise IndexError
        except IndexError:
            continue
        s += v**2
    return s


def finally_in_the_round(x):
    s, n = 0.0, 0
    for v in x:
        try:
            if v < 0:
                raise ValueError
            s += v
        except ValueError:
            s += 2 * v
        finally:
            n += 1
    return s * n


def handled_outside(x):
    s = 0.0
    try:
        for v in x:
            if v < 0:
                raise ValueError
            s += v * v
    except ValueError:
        return s * 2 + x[0]
    return s


def in_a_while(x):
    k, s = 0, 0.0
    while k < len(x):
        try:
            if x[k] > 1:
                raise ArithmeticError
            s += x[k]
        except ArithmeticError:
            s -= 1.0
        k += 1
    return s * x[0]


def nested(x):
    s = 0.0
    for a in x:
        try:
            for b in x:
                if a * b < -0.5:
                    raise ValueError
                s += a * b
        except ValueError:
            s += a
    return s


def without_a_loop(x):
    try:
        if x[0] < 0:
            raise ValueError
        y = x[0] * x[1]
    except ValueError:
        return x[1] ** 2
    return y * 2


def refused(x):
    s = 0.0
    for v in x:
        if v >= 100:
            raise OverflowError("too large")
        s += v * v
    return s


PROGRAMS = [handled_in_the_round, python_function_raises, handler_breaks, handler_returns, handler_continues,
            finally_in_the_round, handled_outside, in_a_while, nested, without_a_loop, refused]
POINTS = [np.array(v) for v in ([0.51, 0.22, 0.33], [3.1, 1.02, 0.23, 0.54], [-0.9, -0.4, -0.11], [-1.3, 0.95, 0.2, 1.7],
                                [0.13, -3.1, 2.2, 0.6, 1.4], [1.1, 0.2, -0.8])]


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda f: f.__name__)
def test_values_and_gradients(fn):
    f, g = Function(fn), grad(fn)
    for x in POINTS:
        assert np.isclose(f(x), fn(x), rtol=1e-13)
        steps = 1e-6 * np.eye(len(x))
        assert np.allclose(g(x), [(fn(x + h) - fn(x - h)) / 2e-6 for h in steps], rtol=1e-5, atol=1e-6)


def test_a_raise_that_nobody_handles_keeps_the_loop():
    traced = agree(refused, (POINTS[0],), (POINTS[1],))
    assert traced.traces == 1
    assert not traced.programs[0].reasons
    g = grad(refused)
    g(POINTS[0])
    with pytest.raises(OverflowError, match="too large"):
        g(np.array([1.0, 200.0]))


@contextlib.contextmanager
def _kept_on(stack, item):
    stack.append(item)
    try:
        yield item
    finally:
        stack.pop()


def test_managers_on_an_exit_stack_are_left():
    """The loop that leaves them is tried, and its own handlers catch everything: what gives up the attempt is not theirs."""
    def f(x):
        stack, total = [], 0.0
        with contextlib.ExitStack() as managers:
            for k in range(3):
                managers.enter_context(_kept_on(stack, x * k))
                total += sum(stack)
        with contextlib.suppress(ZeroDivisionError):
            total += 1 / (x - 2.0)
        return total + x * len(stack)

    for x in (2.0, 0.5):
        assert Function(f)(x) == pytest.approx(f(x))
    assert grad(f)(0.5) == pytest.approx((f(0.5 + 1e-6) - f(0.5 - 1e-6)) / 2e-6)
