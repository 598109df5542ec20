"""Minima: how they move, by the implicit function theorem; elements at bounds stay; reports are SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize as so
from numpy.testing import assert_allclose

from bcad import Function, grad, jacobian
from bcad.errors import Unsupported

from .rates import check

T = np.linspace(0, 1, 9)
Y = np.exp(-1.3 * T) + 0.01 * np.sin(17 * T)


def bowl(x, a):
    return (x[0] ** 2 - a) ** 2 + x[1] ** 2 * a + x[0] * x[1]


def slope(x, a):
    return np.array([4 * x[0] * (x[0] ** 2 - a) + x[1], 2 * x[1] * a + x[0]])


@pytest.mark.parametrize("jac", [slope, None])
def test_minimize(jac) -> None:
    def f(a):
        found = so.minimize(bowl, [1.0, 1.0], args=(a,), jac=jac, tol=1e-12)
        return found.x[0] + found.fun

    check(f, 2.0, rtol=1e-5, second=1e-3)


def test_minimize_by_the_sum_of_value_and_gradient() -> None:
    check(lambda a: so.minimize(lambda x: (bowl(x, a), slope(x, a)), np.ones(2), jac=True, tol=1e-12).x[1], 2.0, rtol=1e-5, second=1e-3)


def test_an_element_at_its_bound_stays() -> None:
    def f(a):
        return so.minimize(bowl, [1.0, 1.0], args=(a,), bounds=[(0, 1.2), (None, None)], jac=slope, method="L-BFGS-B", tol=1e-14).x

    assert_allclose(Function(f)(2.0), f(2.0))
    assert_allclose(jacobian(f)(2.0), [0.0, 1.2 / (2 * 2.0**2)], atol=1e-6)


def test_minimize_scalar_free_and_at_a_bound() -> None:
    check(lambda a: so.minimize_scalar(lambda x: (x * x - a) ** 2 + x, bracket=(1, 2), tol=1e-12).fun, 2.0)
    check(lambda a: so.minimize_scalar(lambda x: np.cosh(x - a)).x, 2.0, rtol=1e-5, second=None)
    assert grad(lambda a: so.minimize_scalar(lambda x: x * a, bounds=(1, 2), method="bounded").x)(3.0) == 0.0


def test_fmin() -> None:
    check(lambda a: so.fmin(bowl, [1.0, 1.0], args=(a,), disp=0, xtol=1e-11, ftol=1e-15)[0], 2.0, rtol=1e-4, second=None)


@pytest.mark.parametrize("loss", ["linear", "huber", "soft_l1", "cauchy", "arctan"])
def test_least_squares_by_every_loss(loss: str) -> None:
    def residuals(x, a):
        return np.array([x[0] ** 2 - a, x[1] * a - 1, x[0] + x[1] - 1.0])

    def f(a):
        found = so.least_squares(residuals, [1.0, 1.0], loss=loss, f_scale=0.5, xtol=1e-15, ftol=1e-15, gtol=1e-14, args=(a,))
        return found.x[0] * found.x[1] + found.cost

    check(f, 2.0, rtol=1e-4, second=None, value=1e-9)


def test_leastsq_and_curve_fit_with_covariance() -> None:
    def f(a):
        best, covariance = so.curve_fit(lambda t, b, d: b * np.exp(-d * t), T, Y + 0.1 * a * T**2, p0=[1.0, 1.0], xtol=1e-13, ftol=1e-13)
        return best[0] * best[1] + np.sqrt(covariance[1, 1])

    check(f, 2.0, rtol=1e-4, second=None, value=1e-5)
    check(lambda a: so.leastsq(lambda x: np.array([x[0] ** 2 - a, x[1] * a - 1]), [1.0, 1.0], xtol=1e-14)[0][1], 2.0, second=None)


def test_curve_fit_within_bounds() -> None:
    def f(a):
        model = lambda t, b, d: b * np.exp(-d * t)
        return so.curve_fit(model, T, Y * a, p0=[1.0, 1.0], bounds=([0, 0], [9, 9]), xtol=1e-15, ftol=1e-15, gtol=1e-15)[0][0]

    check(f, 2.0, rtol=1e-5, second=None, value=1e-8)


def test_what_cannot_be_differentiated_says_so() -> None:
    with pytest.raises(Unsupported, match="constraints"):
        grad(lambda a: so.minimize(bowl, [1.0, 1.0], args=(a,), constraints={"type": "eq", "fun": lambda x: x[0] - 1}).fun)(2.0)
    with pytest.raises(Unsupported, match="bounds that depend"):
        grad(lambda a: so.minimize(bowl, [1.0, 1.0], args=(2.0,), bounds=[(0.0, a), (0.0, a)]).fun)(2.0)
    with pytest.raises(Unsupported, match="callback"):
        grad(lambda a: so.minimize(bowl, [1.0, 1.0], args=(a,), callback=print).fun)(2.0)
