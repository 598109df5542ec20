"""Matrix models of the kind Numpy2AD (2023) checks itself with, and the four it is silently wrong about."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import grad, make_jvp, make_vjp
from tests.programs import reference


def square(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, n)) + 3 * np.eye(n)


A, B, C, D = (square(3, seed) for seed in range(4))
x, y = np.array([[0.3], [-0.2], [0.7]]), np.array([[1.0], [0.4], [-0.5]])
inv = np.linalg.inv


def assigned_inverse(a):
    b = np.linalg.inv(a)
    return b


def assigned_divide(a, b):
    c = np.divide(a, b)
    return c


def rebound(a, b):
    a = a @ b
    return a @ a


MODELS = {
    "matrix product": (lambda a, b, c: a @ b + c, (A, B, C)),
    "long product": (lambda a, b, c, d: a @ b @ c @ d, (A, B, C, D)),
    "quadric": (lambda x, a: x.T @ a @ x, (x, A)),
    "least squares": (lambda a, x, y: (a @ x - y).T @ (a @ x - y), (A, x, y)),
    "generalised least squares": (lambda m, x, y: inv(x.T @ inv(m) @ x) @ x.T @ inv(m) @ y, (A @ A.T, x, y)),
    "optimisation": (lambda a, w, b, c: w @ a.T @ inv(a @ w @ a.T) @ (b - a @ c), (A, B @ B.T, x, y)),
    "signal processing": (lambda a, b, r, l, y: inv(a @ inv(r) @ a.T + l) @ (b + y), (A, x, B @ B.T, C @ C.T, y)),
    "Tikhonov": (lambda a, g, b: inv(a.T @ a + g.T @ g) @ a.T @ b, (A, B, x)),
    "stochastic Newton": (lambda b, a, w: b - a.T @ w @ inv(w @ a @ a.T @ w + A) @ w, (B, C, D)),
    "randomised inversion": (lambda x, a, s: x + s @ inv(s.T @ a @ s) @ s.T @ (np.eye(3) - a @ x), (A, B, C)),
    "Kalman gain": (lambda p, h, r: p @ h.T @ inv(h @ p @ h.T + r), (A @ A.T, B, C @ C.T)),
    "Kalman covariance": (lambda p, h, r: p - p @ h.T @ inv(h @ p @ h.T + r) @ h @ p, (A @ A.T, B, C @ C.T)),
    "LMMSE": (lambda a, c, n, x, y: c @ a.T @ inv(a @ c @ a.T + n) @ (y - a @ x) + x, (A, B @ B.T, C @ C.T, x, y)),
    "elementwise": (lambda a, b: np.exp(a * b) / (1 + np.square(a)) - b**2, (0.1 * A, 0.1 * B)),
    "negation": (lambda a, b: -a + -b @ a, (A, B)),
    "transposes": (lambda a, b: a.T @ b.T + (a @ b).T, (A, B)),
    "scalar times matrix": (lambda a: 3.0 * a / 2, (A,)),
    "broadcasting": (lambda a, x: a + x + x.T, (A, x)),
    "inner product": (lambda x, y: x.ravel() @ y.ravel(), (x, y)),
    "fill and eye": (lambda a: a @ np.eye(3) + np.ones((3, 3)) * np.full((3, 3), 2.0) @ np.diag(a[0]), (A,)),
    "assigned inverse": (assigned_inverse, (A,)),
    "assigned divide": (assigned_divide, (A, B + 5)),
    "transpose function": (lambda a: np.transpose(a) @ B, (A,)),
    "rebound name": (rebound, (A, B)),
    "identity": (lambda a: a, (A,)),
}


@pytest.mark.parametrize("name", MODELS)
def test_model_passes_the_dot_product_test(name) -> None:
    fn, args = MODELS[name]
    value = np.asarray(fn(*args))
    seed = np.cos(np.arange(value.size)).reshape(value.shape)
    for argnum, argument in enumerate(args):
        exact = reference.jacobian(fn, args, argnum).value
        back, found = make_vjp(fn, argnum)(*args)
        np.testing.assert_allclose(found, value, rtol=1e-12)
        np.testing.assert_allclose(back(seed), np.tensordot(seed, exact, value.ndim), rtol=1e-6, atol=1e-7)
        direction = np.sin(1.0 + np.arange(argument.size)).reshape(argument.shape)
        _, tangent = make_jvp(fn, argnum)(*args)(direction)
        np.testing.assert_allclose(np.sum(back(seed) * direction), np.sum(seed * tangent), rtol=1e-10, atol=1e-12)


def test_cholesky_of_generalised_least_squares() -> None:
    def estimate(m, x, y):
        factor = np.linalg.cholesky(m)
        s, z = np.linalg.solve(factor, x), np.linalg.solve(factor, y)
        return np.sum(np.linalg.solve(s.T @ s, s.T @ z))

    m = A @ A.T + np.eye(3)
    through_inverse = MODELS["generalised least squares"][0]
    symmetric = grad(estimate)(m, x, y)
    expected = grad(lambda m: np.sum(through_inverse(m, x, y)))(m)
    np.testing.assert_allclose(symmetric + symmetric.T, expected + expected.T, rtol=1e-9, atol=1e-12)
