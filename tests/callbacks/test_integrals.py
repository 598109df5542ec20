"""Integrals: values are QUADPACK's, derivatives by Leibniz' rule, to second order, whatever the limits are."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate as si
from numpy.testing import assert_allclose, assert_array_equal

from bcad import Function, grad, hessian, value_and_grad
from bcad.errors import Unsupported

from .rates import check

SCALE = [2.0]


def test_parameter_and_limits_of_a_finite_interval() -> None:
    check(lambda a: si.quad(lambda x: np.exp(-a * x * x), 0, a)[0], 1.3)


def test_args_and_infinite_limits() -> None:
    check(lambda a: si.quad(lambda x, c: np.exp(-c * x * x), -np.inf, a, args=(a,))[0], 0.8)
    check(lambda a: si.quad(lambda x, c: x * np.exp(-c * x), 0, np.inf, args=a)[0], 1.7)


def test_break_points_weights_and_complex_integrands() -> None:
    check(lambda a: si.quad(lambda x: abs(x - 0.3) ** a, 0, 1, points=[0.3])[0], 1.5, second=1e-3)
    check(lambda a: si.quad(lambda x: np.exp(-a * x), 0, 1, weight="cos", wvar=3.0)[0], 1.1)
    check(lambda a: abs(si.quad(lambda x: np.exp(1j * a * x), 0, 1, complex_func=True)[0]), 2.0)


def test_integrals_inside_integrals() -> None:
    check(lambda a: si.dblquad(lambda y, x: np.exp(-a * x * y), 0, a, lambda x: 0, lambda x: a * x)[0], 0.9)
    assert_allclose(Function(lambda a: si.nquad(lambda x, y, b: b * x * y, [(0, a), lambda b: (0, b)], args=(a,)))(1.5),
                    si.nquad(lambda x, y, b: b * x * y, [(0, 1.5), lambda b: (0, b)], args=(1.5,)))  # fmt: skip


def test_an_array_in_the_integrand() -> None:
    def f(w):
        return si.quad(lambda x: np.sum(w * np.sin(w * x)), 0, 2)[0]

    w = np.array([0.5, 1.0, 2.0])
    assert_allclose(grad(f)(w), 2 * np.sin(2 * w), atol=1e-12)
    assert_allclose(hessian(f)(w), np.diag(4 * np.cos(2 * w)), atol=1e-11)
    assert_array_equal(grad(f)(w[:1]).shape, (1,))
    assert grad(f)(np.zeros(0)).shape == (0,)


def test_captured_numbers_are_read_anew() -> None:
    g = grad(lambda a: a * si.quad(lambda x: x * SCALE[0], 0, 1)[0])
    assert_allclose(g(3.0), 1.0)
    SCALE[0] = 5.0
    try:
        assert_allclose(g(3.0), 2.5)
    finally:
        SCALE[0] = 2.0


def test_in_loops_and_branches() -> None:
    def f(a):
        total = 0.0
        for k in range(3):
            if a > 0:
                total += si.quad(lambda x: np.cos(a * k * x), 0, 1)[0]
        return total

    check(f, 1.2)


def test_tolerances_may_be_captured_and_the_error_is_quadpacks() -> None:
    tolerance = 1e-3

    def f(a):
        return si.quad(lambda x: np.sqrt(x) * a, 0, 1, epsabs=tolerance, epsrel=tolerance)

    assert_allclose(Function(f)(2.0), f(2.0), rtol=1e-12)
    _, slope = value_and_grad(lambda a: f(a)[0] + f(a)[1])(2.0)
    assert_allclose(slope, 2 / 3, rtol=1e-3)


def test_a_callback_with_effects_is_refused() -> None:
    seen = []

    def f(a):
        return si.quad(lambda x: (seen.append(1), a * x)[1], 0, 1)[0]

    with pytest.raises(Unsupported, match="writes to a list from outside it"):
        grad(f)(1.0)
    with pytest.raises(Unsupported, match="has effects"):
        grad(lambda a: si.quad(lambda x: (print("!"), a * x)[1], 0, 1)[0])(1.0)


def test_a_list_made_by_the_callback_is_its_own() -> None:
    def integrand(x, a):
        parts = []
        for k in range(2):
            parts.append(a * x**k)
        scratch = np.zeros(2)
        scratch[0] = parts[0]
        return scratch[0] + (lambda: parts[1])()

    check(lambda a: si.quad(integrand, 0, 1, args=(a,))[0], 1.5)


def test_a_dict_from_outside_may_be_read() -> None:
    parameters = {"rate": 2.0}

    def f(a):
        return si.quad(lambda x: a * np.exp(-parameters["rate"] * x), 0, 1)[0]

    g = grad(f)
    assert_allclose(g(1.0), (1 - np.exp(-2)) / 2)
    parameters["rate"] = 1.0
    assert_allclose(g(1.0), 1 - np.exp(-1))


def test_what_is_not_traced_is_refused_with_the_line() -> None:
    with pytest.raises(Unsupported, match="full_output"):
        grad(lambda a: si.quad(lambda x: a * x, 0, 1, full_output=1)[0])(1.0)
    with pytest.raises(Unsupported, match="weight"):
        grad(lambda a: si.quad(lambda x: x, 0, a, weight="cos", wvar=1.0)[0])(1.0)
