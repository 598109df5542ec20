"""The kinds of functions of Tangent's (2017-18) own suite: scalars, control flow, containers, calls; in every mode."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import grad, hessian_vector_product, jvp, value_and_grad
from tests.programs import reference


def straight(x):
    a = x * x * x
    b = a * x + 3.0
    return a * b - b / x


def overwritten(x):
    y = x * x
    x = 2.0 * y
    y = x * y
    return x + y


def dead_code(x):
    y = np.exp(x)
    y = x**2
    z = y * 100.0
    del z
    return y


def unused_argument(x, y):
    return x * 3.0


def augmented(x):
    y = x
    y += x * 2.0
    y *= x
    y -= 0.5
    y /= 2.0 + x**2
    return y


def if_else(x):
    if x > 0.0:
        y = x * x
    else:
        y = -3.0 * x
    return y * x


def nested_if(x):
    y = x
    if x > -1.0:
        if x > 1.0:
            y = x**3
        else:
            y = 2.0 * x
        y = y * x
    return y


def if_without_else(x):
    y = 1.0
    if x > 0.5:
        y = x
    return y * x


def conditional_expression(x):
    return (x**2 if x > 0 else 0.5 * x) + (1.0 if x < 3 else x)


def early_return(x):
    if x < 0.0:
        return -x * 3.0
    x = x * x
    if x > 4.0:
        return x
    return x**2


def for_range(x):
    y = x
    for i in range(4):
        y = y * x + i
    return y


def for_with_overwrite(x):
    for _ in range(3):
        y = x * x
        x = y * 0.5
    return x


def for_continue_break(x):
    total = 0.0
    for i in range(10):
        if i % 2 == 0:
            continue
        if i > 6:
            break
        total = total + x**i
    return total


def for_else(x):
    for i in range(3):
        if x > 2.0 + i:
            y = x**2
            break
    else:
        y = x**3
    return y


def while_loop(x):
    i = 0
    y = x
    while i < 5:
        y = np.sin(y) + x
        i += 1
    return y


def while_on_value(x):
    y = x
    while np.abs(y) < 50.0:
        y = y * 1.7
    return y


def nested_loops(x):
    total = 0.0
    for i in range(3):
        for j in range(i + 1):
            total = total + np.cos(i * x + j)
    return total


def comprehension(x):
    powers = [x**k for k in range(4)]
    return sum(p * (i + 1) for i, p in enumerate(powers))


def dictionary(x):
    d = {"a": x * 2.0, "b": x**2}
    d["c"] = d["a"] * d["b"]
    return d["c"] + d["a"]


def tuple_swap(x):
    a, b = x, x**2
    a, b = b, a * b
    return a + 2.0 * b


def helper(x, scale=2.0):
    return scale * x**2


def calls_helper(x):
    return helper(helper(x), scale=x)


def keyword_only(x, *, power=3):
    return x**power


def nested_definition(x):
    def inner(y):
        return y * x

    return inner(x) + inner(3.0)


def nested_lambda(x):
    return (lambda y: y**2)(x) * x


def recursion(x, depth=4):
    return x if depth == 0 else np.sin(recursion(x, depth - 1)) + x


def starred(x):
    first, *rest = [x, x**2, x**3]
    return first * rest[1] + rest[0]


def try_except(x):
    try:
        table = {"scale": 2.0}
        y = x * table["missing"]
    except KeyError:
        y = x * x
    return y


def try_finally(x):
    log = []
    try:
        return x**2
    finally:
        log.append("done")


def formatted(x):
    name = f"{1 + 1}"
    return x ** int(name)


def matched(x):
    match (2, x):
        case (1, value):
            return value
        case (2, value):
            return value**2
    return 0.0


def assertion(x):
    assert x < 100.0, "too large"
    return x**2


def complex_inside(x):
    return abs(np.exp(1j * x) + 2.0)


SCALARS = [
    straight, overwritten, dead_code, augmented, if_else, nested_if, if_without_else, conditional_expression,
    early_return, for_range, for_with_overwrite, for_continue_break, for_else, while_loop, while_on_value,
    nested_loops, comprehension, dictionary, tuple_swap, calls_helper, keyword_only, nested_definition, nested_lambda,
    recursion, starred, try_except, try_finally, formatted, matched, assertion, complex_inside,
]  # fmt: skip
POINTS = (0.7, 2.6, -1.4, 3.3)


def slices(x):
    return np.sum(x[1:] * x[:-1]) + x[0] * x[-1] + np.sum(x[::-2])


def write_in_loop(x):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = x[i] ** 2 + (y[i - 1] if i > 0 else 0.0)
    return np.sum(np.sin(y))


def write_under_if(x):
    y = x.copy()
    if y[0] > 0:
        y[1] = y[0] * y[2]
    return np.sum(y**2)


def active_subscript(x):
    y = x * 2.0
    y[0] = y[1] * y[2]
    return y[0] * np.sum(y)


def rows_by_loop(x):
    y = np.zeros((3, len(x)))
    for i, row in enumerate(y):
        row[:] = x * i
    return np.sum(np.cos(y))


def cart_to_polar(x):
    radius = np.sqrt(x[0] ** 2 + x[1] ** 2)
    angle = np.arctan2(x[1], x[0])
    return radius * angle


def shapes(x):
    n = x.shape[0]
    return np.sum(np.ones((n, *x.shape)) @ x) / n + len(x) * np.mean(x)


def softmax_loop(x):
    total = 0.0
    for value in x:
        total += np.exp(value)
    return np.log(total)


def extended_subscript(x):
    a = np.reshape(np.arange(6.0), (2, 3)) * x[:3]
    return np.sum(a[:, None] * a[None, :, ::-1])


def accumulate_list(x):
    history = []
    state = 0.0
    for value in x:
        state = 0.9 * state + value**2
        history.append(state)
    return np.sum(np.array(history) * np.arange(len(history)))


def bilinear(x):
    matrix = np.outer(x, x) + np.eye(len(x))
    return x @ matrix @ np.tanh(x)


def determinant(x):
    return np.linalg.det(np.diag(x) + 0.1)


VECTORS = [
    slices, write_in_loop, write_under_if, active_subscript, rows_by_loop, cart_to_polar, shapes, softmax_loop,
    extended_subscript, accumulate_list, bilinear, determinant,
]  # fmt: skip
VECTOR_POINTS = (np.array([0.7, -0.4, 1.3]), np.array([-0.7, 0.2, 0.5]), np.array([1.0, 0.3, -0.6, 0.9]))


@pytest.mark.parametrize("fn", SCALARS, ids=lambda fn: fn.__name__)
def test_scalar_function_in_every_mode(fn) -> None:
    first, second = grad(fn), grad(grad(fn))
    for x in POINTS:
        value, gradient = value_and_grad(fn)(x)
        exact = reference.jacobian(fn, (x,))
        np.testing.assert_allclose(value, fn(x), rtol=1e-14)
        assert not exact.disagreement(gradient)
        assert not exact.disagreement(first(x))
        assert not exact.disagreement(jvp(fn, (x,), (1.0,))[1])
        assert not reference.jacobian(first, (x,)).disagreement(second(x))


@pytest.mark.parametrize("fn", VECTORS, ids=lambda fn: fn.__name__)
def test_vector_function_in_every_mode(fn) -> None:
    gradient, hvp = grad(fn), hessian_vector_product(fn)
    for x in VECTOR_POINTS:
        direction = np.cos(np.arange(len(x)))
        kept = x.copy()
        found = gradient(x)
        assert not reference.jacobian(fn, (x,)).disagreement(found)
        np.testing.assert_allclose(jvp(fn, (x,), (direction,))[1], found @ direction, rtol=1e-9, atol=1e-12)
        along = reference.derivative(gradient, (x,), (direction,))
        assert not along.disagreement(hvp(x, direction))
        np.testing.assert_array_equal(x, kept)


def test_unused_argument_has_zero_gradient() -> None:
    assert grad(unused_argument, argnums=(0, 1))(1.0, 2.0) == (3.0, 0.0)


def test_logsumexp_by_loops_of_an_integer_array() -> None:
    x = np.array([1, 2, 3])
    np.testing.assert_allclose(grad(softmax_loop)(x), np.exp(x) / np.exp(x).sum(), rtol=1e-14)


def test_power_differentiates_the_exponent_in_forward_mode() -> None:
    _, tangent = jvp(lambda x, y: x**y, (2.0, 3.0), (0.0, 1.0))
    np.testing.assert_allclose(tangent, 8 * np.log(2), rtol=1e-14)


def test_ties_share_the_gradient() -> None:
    assert grad(np.maximum, argnums=(0, 1))(1.0, 1.0) == (0.5, 0.5)
    np.testing.assert_array_equal(grad(np.max)(np.array([2.0, 1.0, 2.0])), [0.5, 0.0, 0.5])
