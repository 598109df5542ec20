"""autograd's tutorial and README with plain NumPy: tanh, logistic regression, taylor_sine, own primitives."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bcad import (
    check_grads,
    defjvp,
    defvjp,
    elementwise_grad,
    grad,
    hessian,
    hessian_vector_product,
    jacobian,
    jvp,
    make_jvp,
    make_vjp,
    primitive,
    value_and_grad,
    vjp,
)


def tanh(x):
    return (1.0 - np.exp(-2 * x)) / (1.0 + np.exp(-2 * x))


def test_tanh_of_the_readme() -> None:
    assert_allclose(grad(tanh)(1.0), 0.419974341614026, rtol=1e-13)
    assert_allclose((tanh(1.0001) - tanh(0.9999)) / 0.0002, 0.41997434264973155, rtol=1e-9)


def test_derivatives_of_derivatives() -> None:
    x = np.linspace(-2, 2, 9)
    exact = [
        np.tanh(x),
        1 - np.tanh(x) ** 2,
        -2 * np.tanh(x) * (1 - np.tanh(x) ** 2),
        (1 - np.tanh(x) ** 2) * (6 * np.tanh(x) ** 2 - 2),
    ]
    f = tanh
    for order in range(4):
        assert_allclose(f(x), exact[order], rtol=1e-9, atol=1e-12)
        f = elementwise_grad(f)


def taylor_sine(x):
    ans = currterm = x
    i = 0
    while np.abs(currterm) > 0.001:
        currterm = -currterm * x**2 / ((2 * i + 3) * (2 * i + 2))
        ans = ans + currterm
        i += 1
    return ans


def test_taylor_sine() -> None:
    assert_allclose(grad(taylor_sine)(np.pi), -0.9998995297042177, rtol=1e-13)


def derivative_of_the_terms_used(x):
    term, power, total = 1.0, 0, 1.0
    while abs(term * x / (power + 1)) > 0.001:
        term *= -(x**2) / ((power + 1) * (power + 2))
        power += 2
        total += term
    return total


def test_one_gradient_serves_every_number_of_terms() -> None:
    gradient = grad(taylor_sine)
    for x in (0.01, 0.5, np.pi, 6.0, -4.0):
        assert_allclose(gradient(x), derivative_of_the_terms_used(x), rtol=1e-12)


def sigmoid(x):
    return 0.5 * (np.tanh(x / 2.0) + 1)


INPUTS = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
TARGETS = np.array([True, True, False, True])


def training_loss(weights):
    predictions = sigmoid(np.dot(INPUTS, weights))
    label_probabilities = predictions * TARGETS + (1 - predictions) * (1 - TARGETS)
    return -np.sum(np.log(label_probabilities))


def test_logistic_regression() -> None:
    gradient = grad(training_loss)
    assert_allclose(gradient(np.zeros(3)), INPUTS.T @ (0.5 - TARGETS), rtol=1e-14)
    weights = np.array([0.0, 0.0, 0.0])
    for _ in range(100):
        weights -= gradient(weights) * 0.1
    assert_allclose(training_loss(weights), 0.1674108303575980, rtol=1e-12)


def test_check_grads_passes_and_fails() -> None:
    check_grads(training_loss)(np.ones(3))
    check_grads(training_loss, modes=["fwd"], order=1)(np.ones(3))

    @primitive
    def wrong(x):
        return x**2

    defvjp(wrong, lambda ans, x: lambda g: g * 2.01 * x)
    with pytest.raises(AssertionError):
        check_grads(wrong, modes=["rev"], order=1)(3.0)


@primitive
def logsumexp(x):
    """Numerically stable log(sum(exp(x))), also defined in scipy.special."""
    max_x = np.max(x)
    return max_x + np.log(np.sum(np.exp(x - max_x)))


def logsumexp_vjp(ans, x):
    x_shape = x.shape
    return lambda g: np.full(x_shape, g) * np.exp(x - np.full(x_shape, ans))


defvjp(logsumexp, logsumexp_vjp)
defjvp(logsumexp, lambda g, ans, x: np.sum(g * np.exp(x - ans)))


def test_defining_a_primitive() -> None:
    def example_func(y):
        z = y**2
        lse = logsumexp(z)
        return np.sum(lse)

    y = np.array([1.5, 6.7, 1e-10])
    p = np.exp(y**2 - 6.7**2) / np.exp(y**2 - 6.7**2).sum()
    assert_allclose(grad(example_func)(y), 2 * y * p, rtol=1e-12)
    check_grads(example_func, modes=["rev", "fwd"])(np.array([1.5, 0.7, 0.1]))


# --- the operators


def test_operators_on_a_map() -> None:
    def f(x):
        return np.array([x[0] ** 2 * x[1], np.sin(x[1])])

    x, u, v = np.array([2.0, 0.5]), np.array([1.0, -2.0]), np.array([0.3, 0.7])
    exact = np.array([[2 * x[0] * x[1], x[0] ** 2], [0.0, np.cos(x[1])]])
    assert_allclose(jacobian(f)(x), exact, rtol=1e-14)
    value, tangent = make_jvp(f)(x)(u)
    assert_array_equal(value, f(x))
    assert_allclose(tangent, exact @ u, rtol=1e-14)
    back, value = make_vjp(f)(x)
    assert_array_equal(value, f(x))
    assert_allclose(back(v), v @ exact, rtol=1e-14)
    assert_allclose(back(u), u @ exact, rtol=1e-14)
    value, tangent = jvp(f, (x,), (u,))
    assert_allclose(tangent, exact @ u, rtol=1e-14)
    value, back = vjp(f, x)
    (cotangent,) = back(v)
    assert_allclose(cotangent, v @ exact, rtol=1e-14)


def test_second_order_operators() -> None:
    def f(x):
        return (np.sin(x) * x[::-1]).sum()

    x, v = np.array([0.3, 0.8, -1.2]), np.array([1.0, 2.0, 3.0])
    anti = np.fliplr(np.eye(3))
    exact = np.diag(-np.sin(x) * x[::-1]) + anti * np.cos(x)[:, None] + (anti * np.cos(x)[:, None]).T
    assert_allclose(hessian(f)(x), exact, rtol=1e-12, atol=1e-15)
    assert_allclose(jacobian(grad(f))(x), exact, rtol=1e-12, atol=1e-15)
    assert_allclose(hessian_vector_product(f)(x, v), exact @ v, rtol=1e-12)


def test_argnum_and_argnums() -> None:
    def f(x, y):
        return x**2 * y

    assert grad(f)(2.0, 3.0) == 12.0
    assert grad(f, 1)(2.0, 3.0) == 4.0
    assert grad(f, argnum=1)(2.0, 3.0) == 4.0
    assert grad(f, argnums=(0, 1))(2.0, 3.0) == (12.0, 4.0)
    assert grad(f, argnums=(1,))(2.0, 3.0) == (4.0,)
    assert grad(f, argnames="y")(2.0, 3.0) == 4.0
    assert grad(f, wrt="y")(2.0, 3.0) == 4.0
    assert value_and_grad(f, argnums=(0, 1))(2.0, 3.0) == (12.0, (12.0, 4.0))


def test_has_aux() -> None:
    def f(x):
        return (x**2).sum(), {"residual": x - 1, "steps": 3}

    x = np.array([1.0, 2.0])
    (value, aux), gradient = value_and_grad(f, has_aux=True)(x)
    assert value == 5.0
    assert_array_equal(gradient, 2 * x)
    assert_array_equal(aux["residual"], x - 1)
    assert aux["steps"] == 3
    gradient, aux = grad(f, has_aux=True)(x)
    assert_array_equal(gradient, 2 * x)


def test_operators_inside_differentiated_code() -> None:
    def penalised(x):
        inner = grad(lambda y: (y**3).sum())(x)
        return (inner**2).sum()

    x = np.array([1.0, -0.5])
    assert_allclose(grad(penalised)(x), 36 * x**3, rtol=1e-14)
    assert_allclose(grad(lambda x: make_vjp(np.sin)(x)[0](2.0))(0.5), -2 * np.sin(0.5), rtol=1e-14)
    assert_allclose(jacobian(lambda x: make_jvp(np.sin)(x)(2.0)[1])(0.5), -2 * np.sin(0.5), rtol=1e-14)


def test_gradient_of_what_numpy_itself_offers() -> None:
    assert grad(np.sin)(0.0) == 1.0
    assert_array_equal(grad(np.sum)(np.ones(3)), np.ones(3))
    assert_array_equal(grad(sum)(np.ones(3)), np.ones(3))
    assert elementwise_grad(np.square)(3.0) == 6.0
