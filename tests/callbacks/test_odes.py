"""Differential equations solved in C or implicitly: sensitivities by parameters, start and times; other sizes; refusals."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate as si
from numpy.testing import assert_allclose

from bcad import Function, grad, jacobian
from bcad.errors import Unsupported

from .rates import check

TIGHT = {"rtol": 1e-11, "atol": 1e-12}
TIMES = np.linspace(0, 2, 5)


def prey(y, t, a):
    return [y[0] * (a - y[1]), -y[1] * (1 - y[0])]


def oscillator(t, y, a):
    return [y[1], a * (1 - y[0] ** 2) * y[1] - y[0]]


def test_odeint_by_a_parameter_and_the_start() -> None:
    check(lambda a: si.odeint(prey, [1.5, a], TIMES, args=(a,), **TIGHT)[-1, 0], 1.2, rtol=1e-6, second=1e-5)


def test_odeint_by_times() -> None:
    check(lambda a: np.sum(si.odeint(lambda y, t: -a * y * t, 1.0, [a / 2, a, a * a], **TIGHT) ** 2), 1.5, rtol=1e-6, second=1e-5)


def test_odeint_by_an_array_of_parameters_of_other_sizes() -> None:
    def f(k):
        return si.odeint(lambda y, t: -k * y, np.ones(len(k)), TIMES, **TIGHT)[-1].sum()

    g = grad(f)
    for n in (1, 3):
        k = np.linspace(0.5, 1.5, n)
        assert_allclose(g(k), -2 * np.exp(-2 * k), rtol=1e-7)


@pytest.mark.parametrize("method", ["LSODA", "BDF", "Radau"])
def test_implicit_methods_of_solve_ivp(method: str) -> None:
    def f(a):
        found = si.solve_ivp(oscillator, (0, a), [1.0, a], method=method, args=(a,), **TIGHT)
        if not found.success:
            raise ValueError(found.message)
        return found.y[0, -1] * found.y[1, -1]

    check(f, 1.4, rtol=1e-5, second=None, value=1e-9)


def test_times_asked_for() -> None:
    check(lambda a: np.sum(si.solve_ivp(oscillator, (0, 2), [1.0, a], "LSODA", TIMES, args=(a,), **TIGHT).y ** 2), 1.2, rtol=1e-6, second=None,
          value=1e-9)  # fmt: skip


def test_a_stiff_equation() -> None:
    """Backward in time it would explode; sensitivities go forward."""
    def f(k):
        return si.odeint(lambda y, t: [-k[0] * (y[0] - np.cos(t))], [0.0], [0.0, 1.0], mxstep=9999, **TIGHT)[-1, 0]

    k = np.array([1e3])
    h = 1.0
    assert_allclose(jacobian(f)(k)[0], (f(k + h) - f(k - h)) / (2 * h), rtol=1e-4)


def test_loose_tolerances_do_not_spoil_the_derivative() -> None:
    f = Function(lambda a: si.odeint(lambda y, t: -a * y, 1.0, [0.0, 1.0], rtol=1e-3, atol=1e-3)[-1, 0])
    assert_allclose(f(2.0), np.exp(-2.0), rtol=1e-2)
    assert_allclose(grad(f)(2.0), -np.exp(-2.0), rtol=1e-7)


def test_refusals() -> None:
    with pytest.raises(Unsupported, match="events"):
        grad(lambda a: si.solve_ivp(oscillator, (0, 1), [1.0, a], "BDF", args=(a,), events=lambda t, y, a: y[0]).y[0, -1])(1.0)
    with pytest.raises(Unsupported, match="full_output"):
        grad(lambda a: si.odeint(prey, [1.0, a], TIMES, args=(a,), full_output=1)[0][-1, 0])(1.0)
