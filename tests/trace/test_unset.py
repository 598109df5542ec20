"""Variables that a loop may read before it has set them, under a condition that says when: reading an unset one is a check."""

# ruff: noqa: F821, F841

from __future__ import annotations

import numpy as np
import pytest

from bcad import Function, grad, hessian_vector_product
from tests.programs import reference
from tests.trace.helpers import Traced, agree, same


def previous(x):
    s = 0.0
    for i, v in enumerate(x):
        if i > 0:
            s += prev * v
        prev = v
    return s


def flagged(x):
    on, s = False, 0.0
    for v in x:
        if on:
            s += base * v
        if v > 1:
            base, on = v, True
    return s + (base if on else 0.0)


def array(x):
    on, s = False, 0.0
    for v in x:
        if on:
            s += (base * v).sum()
        if v > 1:
            base, on = x * v, True
    return s


def pair(x):
    on, s = False, 0.0
    for v in x:
        if on:
            a, b = base
            s += a * b * v
        if v > 1:
            base, on = (v, v * v), True
    return s + x[0]


def instance(x):
    class P:
        def __init__(self, a):
            self.a = a

    on, s = 0, 0.0
    for v in x:
        if on:
            s += p.a * v
            p.a += 1
        if v > 1:
            p, on = P(v), 1
    return s + x[0]


def deleted(x):
    s = 0.0
    for i, v in enumerate(x):
        if i > 0:
            s += q * v
            del q
        q = v
    return s


def nested(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            if i + j > 0:
                s += w * x[j]
            w = x[i] * x[j]
    return s


def crossing(x):
    fast = slow = x[0]
    position, trades = 0, []
    for p in x[1:]:
        fast += 0.5 * (p - fast)
        slow += 0.1 * (p - slow)
        if fast > slow and position == 0:
            position, entry = 1, p
        elif fast < slow and position == 1:
            position = 0
            trades.append(p - entry)
    if position == 1:
        trades.append(x[-1] - entry)
    return sum(trades) + slow


def number_or_text(x):
    s, on = 0.0, 0
    for v in x:
        if on == 1:
            s += q
        elif on == 2:
            s += len(q)
        if v > 1:
            q, on = v, 1
        elif v < -1:
            q, on = "abc", 2
    return s + x[0] ** 2


def text_or_number(x):
    s, on, q = 0.0, 2, "ab"
    for v in x:
        if on == 1:
            s += q
        elif on == 2:
            s += len(q)
        if v > 1:
            q, on = v, 1
        elif v < -1:
            q, on = "abc", 2
    return s + x[0] ** 2


KEPT = [previous, flagged, array, pair, instance, deleted, nested, crossing, number_or_text, text_or_number]
POINTS = [np.array([1.1, 2.0, 3.0, -1.2, 0.7, -0.3, 0.4]), np.array([0.9, 0.31, -0.52, 0.44, 1.7]), np.array([-1.01, -0.5])]


@pytest.mark.parametrize("fn", KEPT, ids=lambda f: f.__name__)
def test_one_program_with_the_values_of_python(fn):
    traced = Traced(fn)
    for x in POINTS:
        assert same(traced(x), fn(x)), traced.text
    assert traced.traces == 1
    assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", KEPT[1::2], ids=lambda f: f.__name__)
def test_derivatives(fn):
    g, product = grad(fn), hessian_vector_product(fn)
    for x in POINTS[1:]:
        v = np.cos(np.arange(len(x)))
        assert not reference.jacobian(fn, (x,), shorter=2.0**-6).disagreement(g(x), rtol=1e-6)
        along = reference.derivative(lambda z: np.asarray(g(z)), (x,), (v,), shorter=2.0**-6)
        assert not along.disagreement(product(x, v), rtol=1e-5, atol=1e-6)


def test_one_that_is_read_unset_raises():
    def f(x):
        s = 0.0
        for v in x:
            if v < 0:
                s += q * v
            if v > 0:
                q = v
        return s

    g = grad(f)
    np.testing.assert_allclose(g(np.array([2.0, -3.0])), [-3.0, 2.0])
    with pytest.raises(UnboundLocalError):
        g(np.array([-2.0, 3.0]))
    np.testing.assert_allclose(g(np.array([2.0, -4.0])), [-4.0, 2.0])


def test_the_program_may_catch_it():
    def f(x):
        s = 0.0
        for v in x:
            try:
                s += q * v
            except UnboundLocalError:
                s += 1
            q = v
        return s

    agree(f, *((x,) for x in POINTS))


def test_one_that_no_iteration_has_set_is_unset_behind_the_loop():
    def f(x):
        for v in x:
            if v > 1:
                last = v
        try:
            return last * 3
        except UnboundLocalError:
            return x[0]

    agree(f, *((x,) for x in (*POINTS, np.zeros(3))))


def test_a_cell_that_a_loop_sets_and_a_helper_reads() -> None:
    def fn(x):
        def doubled():
            return last * 2

        s = 0.0
        for i, a in enumerate(x):
            if i > 0:
                s += doubled()
            last = a * a
        return s + doubled()

    traced = Traced(fn)
    for n in (6, 4, 9):
        x = np.linspace(0.3, 2.0, n)
        np.testing.assert_allclose(traced(x), fn(x), rtol=1e-12)
    assert traced.traces == 1


def test_a_cell_that_no_iteration_has_set() -> None:
    def fn(x):
        def doubled():
            return last * 2

        for a in x:
            if a > 0:
                last = a * a
        return doubled()

    traced = Traced(fn)
    x = np.linspace(-1.0, 2.0, 6)
    np.testing.assert_allclose(traced(x), fn(x), rtol=1e-12)
    with pytest.raises(NameError):
        Function(fn)(-np.abs(x))


SWITCH = {"on": False}
SEEN: list[float] = []


def set_where_nothing_sets_it(x):
    for j in range(len(x)):
        if j > 1:
            if SWITCH["on"]:
                if SEEN:
                    SEEN.pop(0)
                found = sum
                if SWITCH["on"]:
                    return found
        else:
            SEEN.append(1.0)
    return x.sum()


def test_a_variable_that_no_pass_sets_any_more() -> None:
    traced = Function(set_where_nothing_sets_it)
    for n in (5, 4, 6):
        x = np.linspace(-1.0, 2.0, n)
        SEEN.clear()
        assert traced(x) == x.sum()
        assert SEEN == [1.0, 1.0]
