"""escape, escaped_call and constant: values without their derivative, and numbers that are held."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bcad import Gradient, Unsupported, check_grads, constant, escape, escaped_call, grad, tag, value_and_grad


def test_escape_takes_the_derivative_of_every_leaf_away() -> None:
    def f(x):
        parts = escape({"a": x, "b": (x * 2, "text")})
        return np.sum(parts["a"] * x) + np.sum(parts["b"][0])

    x = np.array([1.0, 2.0])
    g = grad(f)
    assert_array_equal(g(x), x)
    assert_array_equal(g(3 * x), 3 * x)
    assert escape(3.0) == 3.0


def test_escaped_values_may_go_to_any_c_function() -> None:
    g = grad(lambda x: x * math.nextafter(escape(x), math.inf))
    assert g(2.0) == math.nextafter(2.0, math.inf)
    assert g(5.0) == math.nextafter(5.0, math.inf)


def test_escaped_call_is_made_at_every_call_and_in_order() -> None:
    seen = []

    def note(label, x, *, scale=1.0):
        seen.append((label, float(np.sum(x)) * scale))
        return np.sort(x)[::-1].copy()

    def f(x):
        first = escaped_call(note, "first", x)
        second = escaped_call(note, "second", x * 2, scale=0.5)
        return np.sum(first * x) + second[0]

    g = value_and_grad(f)
    x = np.array([1.0, 3.0])
    assert f(x) == g(x)[0] == 3.0 + 3.0 + 6.0
    assert_array_equal(g(x)[1], [3.0, 1.0])
    assert seen == [("first", 4.0), ("second", 4.0)] * 3


def test_escaped_call_takes_containers() -> None:
    def pick(things):
        return things["values"][1] * 2.0

    g = grad(lambda x: x * escaped_call(pick, {"values": [x, x + 1.0]}))
    assert g(2.0) == 6.0
    assert g(4.0) == 10.0


def test_escaped_call_without_traced_values_is_a_call() -> None:
    assert escaped_call(max, 1, 2) == 2
    assert grad(lambda x: x * escaped_call(max, 1, 2))(3.0) == 2.0


@pytest.mark.parametrize("first", [1.0, np.nan])
def test_constant_is_traced_anew_for_other_numbers(first) -> None:
    def f(x, k):
        return x * (5.0 if constant(k) != constant(k) else constant(k))

    g = Gradient(f, wrt="x")
    for k in (first, first, 2.0, first):
        assert g(3.0, k) == (5.0 if np.isnan(k) else k)
    assert g.traces == 2


def test_constant_decides_an_axis_and_a_count() -> None:
    def f(x, axis):
        return np.sum(np.max(x, axis=int(constant(axis))) ** 2)

    x = np.array([[1.0, 5.0], [3.0, 2.0]])
    g = Gradient(f, wrt="x")
    assert_array_equal(g(x, 0.0), [[0.0, 10.0], [6.0, 0.0]])
    assert_array_equal(g(x, 1.0), [[0.0, 10.0], [6.0, 0.0]])
    assert_array_equal(g(x.T, 1.0), [[0.0, 6.0], [10.0, 0.0]])
    assert_array_equal(grad(lambda x: np.sum(constant(x[:, 0]) * x[:, 1]))(x), [[0.0, 1.0], [0.0, 3.0]])


def test_a_tag_changes_nothing() -> None:
    def f(x):
        for k in range(3):
            x = tag(x * 2.0, "step") + k
        return x**2

    assert tag(1.0, "name") == 1.0
    check_grads(f)(1.5)
    with pytest.raises(TypeError, match="str"):
        tag(1.0, 2)


def test_escaped_call_gives_numbers_or_none() -> None:
    seen = []

    def f(x):
        return x * (2.0 if escaped_call(seen.append, x) is None else 3.0)

    g = grad(f)
    assert (g(1.0), g(5.0), seen) == (2.0, 2.0, [1.0, 5.0])
    with pytest.raises(Unsupported, match="gives a str"):
        grad(lambda x: x * len(escaped_call(str, x)))(3.0)
    with pytest.raises(ValueError, match="domain"):
        grad(lambda x: x * escaped_call(math.log, -x))(3.0)
    moody = grad(lambda x: x if escaped_call(lambda v: None if v < 2 else v, x) is None else -x)
    assert moody(1.0) == 1.0
    assert moody(3.0) == -1.0  # traced anew
