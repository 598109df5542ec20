"""SciPy's solvers with exact Jacobians: SciPy's answers, fewer evaluations, nested unknowns, one's own jac respected."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
from numpy.testing import assert_allclose

from bcad import curve_fit, grad, least_squares, root, solve_ivp

T = np.linspace(0.0, 4.0, 12)
Y = 2.5 * np.exp(-1.3 * T) + 0.5


def decay(p, t=T):
    return p[0] * np.exp(-p[1] * t) + p[2] - Y


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares_needs_no_differences(method) -> None:
    counted = []

    def fun(p):
        counted.append(1)
        return decay(p)

    found = least_squares(fun, np.ones(3), method=method)
    assert_allclose(found.x, [2.5, 1.3, 0.5], rtol=1e-6)
    expected = scipy.optimize.least_squares(decay, np.ones(3), jac="3-point", method=method)
    assert_allclose(found.x, expected.x, rtol=1e-6)
    assert_allclose(found.jac, expected.jac, rtol=1e-5, atol=1e-7)
    assert len(counted) <= found.nfev + (found.njev or found.nfev) + 1  # a run of the Jacobian counts as one


def test_least_squares_of_nested_unknowns_with_arguments() -> None:
    def fun(p, t, *, offset):
        return [*(p["a"] * np.exp(-p["rates"][0] * t) + offset - Y)]

    found = least_squares(fun, {"a": 1.0, "rates": [np.ones(1)]}, args=(T,), kwargs={"offset": 0.5}, bounds=(0, 5))
    assert_allclose(found.x["a"], 2.5)
    assert_allclose(found.x["rates"][0], [1.3])
    assert found.x["rates"][0].shape == (1,)


def test_least_squares_with_a_jacobian_of_ones_own() -> None:
    calls = []

    def jac(p):
        calls.append(1)
        return np.stack([np.exp(-p[1] * T), -p[0] * T * np.exp(-p[1] * T), np.ones_like(T)], axis=1)

    assert_allclose(least_squares(decay, np.ones(3), jac=jac).x, [2.5, 1.3, 0.5], rtol=1e-6)
    assert calls
    assert_allclose(least_squares(decay, np.ones(3), jac="cs").x, [2.5, 1.3, 0.5], rtol=1e-6)


@pytest.mark.parametrize("method", ["hybr", "lm", "broyden1"])
def test_root(method) -> None:
    def fun(x, scale):
        return [x[0] + 0.5 * (x[0] - x[1]) ** 3 - scale, 0.5 * (x[1] - x[0]) ** 3 + x[1]]

    found = root(fun, np.zeros(2), args=(1.0,), method=method)
    assert found.success
    assert_allclose(found.x, [0.8411639, 0.1588361], rtol=1e-5)
    bare = root(fun, np.zeros(2), args=1.0, method=method)
    assert_allclose(bare.x, found.x)


def test_root_of_nested_unknowns_and_of_a_number() -> None:
    found = root(lambda p: np.array([p["x"] ** 2 - 4.0, p["y"][0] - p["x"]]), {"x": 1.0, "y": (5.0,)})
    assert_allclose([found.x["x"], found.x["y"][0]], [2.0, 2.0])
    assert_allclose(root(lambda x: np.cos(x) - x, 0.5).x, 0.7390851332151607)
    matrix = root(lambda a: a @ a - np.diag([4.0, 9.0]), np.eye(2) * 1.5)
    assert_allclose(matrix.x, np.diag([2.0, 3.0]), atol=1e-10)


def hill(x, top, half, n):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = top * x[i] ** n / (abs(half) ** n + x[i] ** n) if x[i] > 0 else 0.0
    return y


def test_curve_fit_agrees_with_scipy() -> None:
    x = np.linspace(0.0, 10.0, 25)
    y = hill(x, 3.0, 4.0, 2.0) + 0.01 * np.cos(17 * x)
    sigma = 0.01 + 0.001 * x
    for options in ({}, {"sigma": sigma, "absolute_sigma": True}, {"bounds": (0.1, 10.0)}, {"method": "trf"}):
        found = curve_fit(hill, x, y, p0=[1.0, 2.0, 1.5], **options)
        expected = scipy.optimize.curve_fit(hill, x, y, p0=[1.0, 2.0, 1.5], **options)
        assert_allclose(found[0], expected[0], rtol=1e-5)
        assert_allclose(found[1], expected[1], rtol=1e-3)
    popt, pcov, info, message, code = curve_fit(lambda x, a, b: a * x + b, x, 2 * x + 1, full_output=True)
    assert_allclose(popt, [2.0, 1.0])
    assert_allclose(curve_fit(lambda x, a, b: a * x[0] + b * x[1], np.stack([x, x**2]), x - x**2, [1, 1])[0], [1, -1])


def test_curve_fit_starts_at_ones_where_nothing_is_said() -> None:
    x = np.linspace(0, 1, 5)
    assert_allclose(curve_fit(lambda x, a, b: a * np.exp(b * x), x, 2 * np.exp(0.5 * x))[0], [2.0, 0.5])
    with pytest.raises(ValueError):
        curve_fit(lambda x, *p: p[0] * x, x, x)


def robertson(t, y, k):
    return [-0.04 * y[0] + k * y[1] * y[2], 0.04 * y[0] - k * y[1] * y[2] - 3e7 * y[1] ** 2, 3e7 * y[1] ** 2]


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA", scipy.integrate.BDF])
def test_stiff_equations(method) -> None:
    options = {"rtol": 1e-6, "atol": [1e-9, 1e-11, 1e-9], "args": (1e4,)}
    found = solve_ivp(robertson, (0.0, 40.0), [1.0, 0.0, 0.0], method, **options)
    expected = scipy.integrate.solve_ivp(robertson, (0.0, 40.0), [1.0, 0.0, 0.0], method, **options)
    assert found.success
    assert_allclose(found.y[:, -1], expected.y[:, -1], rtol=1e-3)
    assert found.nfev <= expected.nfev  # no differences are taken


def test_explicit_methods_and_a_jacobian_of_ones_own() -> None:
    found = solve_ivp(lambda t, y: -y, (0.0, 1.0), [1.0], rtol=1e-9, atol=1e-12, t_eval=[1.0])
    assert_allclose(found.y[0], [np.exp(-1.0)], rtol=1e-8)
    stiff = solve_ivp(lambda t, y: -50 * y, (0.0, 1.0), [1.0], "BDF", jac=np.array([[-50.0]]))
    assert stiff.success


def test_solving_inside_code_that_is_differentiated() -> None:
    def end(k):
        return solve_ivp(lambda t, y: -k * y, (0.0, 1.0), np.array([1.0])).y[0, -1]

    assert_allclose(grad(end)(0.7), -np.exp(-0.7), rtol=1e-3)
