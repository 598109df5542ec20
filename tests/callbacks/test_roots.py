"""Roots: SciPy's values, derivatives by the implicit function theorem, to second order; reports are SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize as so
from numpy.testing import assert_allclose

from bcad import Function, grad, hessian, jacobian
from bcad.errors import Unsupported

from .rates import check


@pytest.mark.parametrize("name", ["brentq", "brenth", "ridder", "bisect", "toms748"])
def test_bracketed_roots_of_a_number(name: str) -> None:
    solve = getattr(so, name)
    check(lambda a: solve(lambda x, b: x**3 - b, 0, 4, args=(a,), xtol=1e-14, rtol=1e-14), 2.0, rtol=1e-5)


@pytest.mark.parametrize("slope", [None, lambda x: 3 * x * x])
def test_newton(slope) -> None:
    check(lambda a: so.newton(lambda x: x**3 - a, 1.0, fprime=slope, tol=1e-13), 2.0)
    check(lambda a: so.newton(lambda x: x**3 - a, 1.0, x1=2.0, tol=1e-13), 2.0)


def test_root_scalar_and_its_report() -> None:
    def f(a):
        found = so.root_scalar(lambda x: x**3 - a, bracket=(0, 4), xtol=1e-14)
        if not found.converged:
            raise ValueError(found.flag)
        return found.root

    check(f, 2.0)
    plain = so.brentq(lambda x: x**3 - 2.0, 0, 4, full_output=True)
    traced = Function(lambda a: so.brentq(lambda x: x**3 - a, 0, 4, full_output=True))(2.0)
    assert traced[0] == plain[0]
    assert traced[1].iterations == plain[1].iterations and traced[1].flag == plain[1].flag


def test_no_bracket_raises_scipys_own_error() -> None:
    with pytest.raises(ValueError, match="must have different signs"):
        grad(lambda a: so.brentq(lambda x: x * x + a, 0, 1))(2.0)


def test_fsolve_of_a_list_and_of_a_number() -> None:
    w = np.array([1.3, 0.7])

    def f(w):
        def equations(x):
            return [w[0] * x[0] - 0.1 * np.sin(x[1]), x[0] - w[1] * x[1] ** 3 - 1.0]

        return so.fsolve(equations, [1.0, 1.0], xtol=1e-13)

    assert_allclose(Function(f)(w), f(w))
    x = f(w)
    J = np.array([[w[0], -0.1 * np.cos(x[1])], [1.0, -3 * w[1] * x[1] ** 2]])
    by_w = np.array([[x[0], 0.0], [0.0, -(x[1] ** 3)]])
    assert_allclose(jacobian(f)(w), -np.linalg.solve(J, by_w), rtol=1e-8)
    check(lambda a: so.fsolve(lambda x: x**3 - a, 1.0, xtol=1e-13)[0], 2.0)
    H = hessian(lambda w: f(w)[1])(w)
    assert_allclose(H, H.T, rtol=1e-6)


@pytest.mark.parametrize("method", ["hybr", "lm", "krylov", "broyden1"])
def test_root_by_many_methods(method: str) -> None:
    def f(a):
        found = so.root(lambda x: x**3 + a * x - np.array([1.0, 2.0]), [0.5, 0.5], method=method, tol=1e-12)
        if not found.success:
            raise ValueError(found.message)
        return found.x[0] * found.x[1] + np.sum(found.fun) * 0

    check(f, 2.0, rtol=1e-5)


def test_a_root_of_many_unknowns_and_of_other_sizes() -> None:
    def f(c):
        return np.sum(so.fsolve(lambda x: np.tanh(x) + x - c, np.zeros(len(c)), xtol=1e-10))

    g = grad(f)
    for n in (1, 2, 5):
        c = np.linspace(0.3, 1.0, n)
        x = so.fsolve(lambda x: np.tanh(x) + x - c, np.zeros(n), xtol=1e-10)
        assert_allclose(g(c), 1 / (2 - np.tanh(x) ** 2), rtol=1e-8)


def test_a_root_inside_an_integral() -> None:
    from scipy.integrate import quad

    check(lambda a: quad(lambda t: so.brentq(lambda x: x**3 + x - a * t, 0, 5, xtol=1e-14), 0, 1)[0], 2.0)


def test_a_callback_that_branches_by_its_argument() -> None:
    def f(a):
        return so.brentq(lambda x: x * x - a if x > 0.5 else x - a, 0, 4, xtol=1e-14)

    check(f, 2.0)


def test_a_singular_jacobian_is_no_number() -> None:
    assert not np.isfinite(grad(lambda a: so.newton(lambda x: x * x * a, 0.0, fprime=lambda x: 2 * x * a, disp=False))(1.0))


def test_refusals_name_the_routine() -> None:
    with pytest.raises(Unsupported, match="fsolve"):
        grad(lambda a: so.fsolve(lambda x: x - a, 1.0, full_output=True)[0][0])(1.0)
    with pytest.raises(Unsupported, match="callback"):
        grad(lambda a: so.root(lambda x: x - a, [1.0], method="krylov", callback=print).x[0])(1.0)
