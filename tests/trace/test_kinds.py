"""Numbers that are Python's on one way and NumPy's on another: they raise, compute and print as the one that they are."""

from __future__ import annotations

import contextlib
import io
import operator
import warnings
from typing import Any

import numpy as np
import pytest

from bcad import Function, grad
from bcad.options import options


def chosen(x):
    s = 0.0 if x[0] > 0 else x[1]
    return 1.0 / s


def chosen_beside_numpy(x):
    s = 0.0 if x[0] > 0 else x[1]
    return x[0] / s


def made_of_two(x):
    s = 0.0 if x[0] > 0 else x[1]
    t = 2.0 if x[0] > 2 else x[1] * 2
    return t // s + t % (s + 0.0)


def read_by_nobody(x):
    s = 0.0 if x[0] > 0 else x[1]
    t = 1 / s  # noqa: F841
    return x.sum()


def caught(x):
    s = 0.0 if x[0] > 0 else x[1]
    try:
        return 1.0 / s
    except ZeroDivisionError:
        return -1.0


def divided_by_in_a_loop(x):
    s = t = 0.0
    for v in x:
        t = t + 1.0 / (s if v > 0 else v)
        s = v
    return t


def nested(x):
    s = 0.0
    if x[0] > 0:
        s = x[1]
        if x[1] > 2:
            s = 0.5 - 0.5
    return (s, 1.0 / s)


def printed(x):
    s = 0.25 if x[0] > 0 else x[1]
    print([s], s, repr(s), f"{s!r} {s:.2f}", type(s).__name__, hasattr(s, "dtype"), isinstance(s, float))
    return s * 2


def by_builtins(x):
    s = 0.0 if x[0] > 0 else x[1]
    return operator.truediv(2.0, abs(s))


def by_numpy_function(x):
    s = 0.0 if x[0] > 0 else x[1]
    return 1.0 / np.add(s, s)


POINTS = [[1.0, 0.0], [-1.0, 0.0], [-1.0, 4.0], [1.0, 3.0], [-1.0, -4.0], [3.0, -2.0], [0.0, 0.0], [1.0, 0.0]]


def outcome(f: Any, *args: Any) -> Any:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = f(*args)
        except ArithmeticError as error:
            return type(error), str(error), shown.getvalue()
    leaves = found if isinstance(found, tuple) else (found,)
    return [(type(v), repr(v)) for v in leaves], shown.getvalue()


FUNCTIONS = [chosen, chosen_beside_numpy, made_of_two, read_by_nobody, caught, divided_by_in_a_loop, nested, printed, by_builtins, by_numpy_function]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_every_call_is_as_in_python(f: Any, backend: str) -> None:
    traced = Function(f, backend=backend)
    for point in POINTS:
        x = np.array(point)
        assert outcome(traced, x) == outcome(f, x)


def summed(x, n):
    s = 0.0
    for k in range(n):
        s += x[k]
    return s


def divides_by_a_sum(x, n):
    s = 0.0
    for k in range(n):
        s += x[k]
    return 2 / s


def python_until_late(x, n):
    s = 1.0
    for k in range(n):
        if x[k] > 0:
            s = x[k]
        else:
            s = s * 0.0
    return 3.0 / s


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", [summed, divides_by_a_sum, python_until_late], ids=lambda f: f.__name__)
def test_loops_carry_kinds(f: Any, backend: str) -> None:
    traced = Function(f, backend=backend)
    for n in (1, 2, 0, 3, 4, 0, 1):
        for x in ([1.0, -1.0, 0.0, 2.0], [-1.0, -1.0, 0.0, 2.0], [0.0, 1.0, -1.0, -2.0]):
            assert outcome(traced, np.array(x), n) == outcome(f, np.array(x), n)


def test_a_sum_costs_nothing_more() -> None:
    f = Function(lambda x: summed(x, len(x)), [np.ones(5)])
    assert "bool" not in str(f.graph)
    with options.set(backend="numba"):
        np.testing.assert_array_equal(grad(lambda x: 2 / summed(x, len(x)))(np.ones(4)), np.full(4, -0.125))


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_gradients_raise_too(backend: str) -> None:
    with options.set(backend=backend):
        derivative = grad(chosen)
        np.testing.assert_allclose(derivative(np.array([-1.0, 4.0])), [0.0, -1 / 16])
        with pytest.raises(ZeroDivisionError):
            derivative(np.array([1.0, 4.0]))


def power_of_a_count(x, n):
    k = 0
    for _ in range(n):
        k += 1
    return 2 ** (1 - k) * x.sum()


def power_of_the_length(x, n):
    return 10 ** -len(x) * x.sum()


def power_in_a_loop(x, n):
    s = 0.0
    for k in range(len(x)):
        s += 2**k * x[k] + 2 ** -(k + 1)
    return s


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", [power_of_a_count, power_of_the_length, power_in_a_loop], ids=lambda f: f.__name__)
def test_ints_to_negative_powers_are_floats(f: Any, backend: str) -> None:
    traced = Function(f, backend=backend)
    for n in (1, 0, 3, 2, 4, 3):
        found, expected = traced(np.ones(n + 1), n), f(np.ones(n + 1), n)
        assert type(found) is type(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_shifts_of_any_number_of_bits(backend: str) -> None:
    def f(n, m):
        return (n >> m) + (n << m)

    traced = Function(f, backend=backend)
    for n, m in ((5, 1), (6, 2), (7, 1), (8, 70), (2**40, 3), (9, 63), (9, 64), (-5, 70)):
        assert traced(n, m) == f(n, m)
    with pytest.raises(ValueError, match="negative shift count"):
        traced(3, -1)


def floats_of_both_before_an_int(x):
    h = [0.5, x[0], 2]
    for v in x:
        if v > 0:
            h.append(v)
    return sum(h)


def one_of_both_beside_an_int(x):
    h = [1]
    for v in x:
        a = 0.5
        if v > 0:
            a = v
        h.append(a)
        h.append(2)
    return sum(h), h[-1], len(h)


def rows_of_both_beside_an_int(x):
    rows = [[0.5, x[0], 2] for _ in range(3)]
    for k in range(3):
        if x[k] > 0:
            rows[k][k] = x[k]
    return sum(map(sum, rows))


@pytest.mark.parametrize(
    "f", [floats_of_both_before_an_int, one_of_both_beside_an_int, rows_of_both_beside_an_int], ids=lambda f: f.__name__)
def test_lists_of_floats_of_both_kinds_and_ints(f: Any) -> None:
    traced = Function(f)
    for x in (np.array([1.118, -0.2, -3.0, 0.5]), np.array([-0.4, -0.1, 0.3]), np.array([-1.0, -0.5, -0.1])):
        np.testing.assert_allclose(traced(x), f(x), rtol=1e-14)
