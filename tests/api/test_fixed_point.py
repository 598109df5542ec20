"""fixed_point and its derivatives, both modes, two orders."""

import numpy as np
import pytest

from bcad import fixed_point, grad, make_jvp


def descent(a):
    return lambda x: x - 0.05 * (x**2 - a)


def distance(x, y):
    return np.abs(x - y)


def root(a, guess=3.0):
    return fixed_point(descent, a, guess, distance, 1e-12)


def test_value_outside_of_traced_code():
    assert np.isclose(root(2.0), np.sqrt(2.0))


@pytest.mark.parametrize("a", [2.0, 3.0])
def test_two_orders(a):
    assert np.isclose(grad(root)(a), 0.5 / np.sqrt(a))
    assert np.isclose(grad(grad(root))(a), -0.25 * a**-1.5, rtol=1e-6)


def test_forward_mode():
    value, tangent = make_jvp(root)(2.0)(1.0)
    assert np.isclose(value, np.sqrt(2.0)) and np.isclose(tangent, 0.5 / np.sqrt(2.0))


def test_parameters_in_a_dict_and_an_array_of_unknowns():
    def norm(x, y):
        return np.max(np.abs(x - y))

    def solved(params):
        return fixed_point(lambda p: lambda x: p["A"] @ x + p["b"], params, np.zeros(2), norm, 1e-13).sum()

    A, b = np.array([[0.2, 0.1], [0.0, 0.3]]), np.array([1.0, 2.0])
    found = grad(solved)({"A": A, "b": b})
    w = np.linalg.solve(np.eye(2) - A.T, np.ones(2))
    assert np.allclose(found["b"], w)
    assert np.allclose(found["A"], np.outer(w, np.linalg.solve(np.eye(2) - A, b)))


def test_the_beginning_has_no_influence():
    assert grad(lambda g: root(2.0 * g / g, g))(3.0) == pytest.approx(0.0, abs=1e-9)
