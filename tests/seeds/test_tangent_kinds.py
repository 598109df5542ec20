"""More kinds of functions of Tangent's suite: several arguments, counts, containers, aliases, branches in loops; in every mode."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import HessianVector, flatten, grad, jvp
from tests.programs import reference


def times(a, b):
    return a * b


def named_like_a_derivative(a, b):
    da = a * b
    bda = da * a
    return bda


def same_operand(a, b):
    return a / a + (a - a) + b * b / (a + 3.0)


def constants_on_either_side(a, b):
    return 3.0 / (a + 5.0) - (2.0 - b) * 4.0 + 1.0 / 2.0


def calls_of_calls(a, b):
    return times(times(a, b), times(a + 1.0, b))


def call_in_a_branch(a, b):
    c = times(a, b) if a > b else times(b, times(b, a))
    return c + a


def branch_on_both(a, b):
    if a > b:
        a = a * a
    elif a * b > 0:
        a = a * b
    else:
        a = -a
    a = a + a
    if a < 0:
        a = 3.0 * a
    return a * b


def loops_in_a_row(a, b):
    for _ in range(2):
        a = a * a
    a = 2.0 * a
    if a > 0.5:
        for i in range(3):
            a = times(a, b) + i
    return a


def branch_in_a_loop(a, b):
    for i in range(4):
        if a < 1.0:
            a = a * a + b
        else:
            a = a * 0.5 - i * b
    return a


def pushed_and_popped(a, b):
    stack = []
    y = a * a
    stack.append(b)
    y = y * stack[-1] + stack.pop()
    stack = [y, a]
    y = stack.pop(0)
    return y * b


def summed_list(a, b):
    things = [1.0, a * a, times(a, b)]
    return np.sum(things) + things[1]


def picked_from_a_tuple(a, b):
    things = a, b, a * b
    return sum(things[k] ** k for k in (1, 2))


def packed_in_a_dictionary(a, b):
    packed = dict(a=a, inner={"b": b, "ab": a * b})
    return packed["inner"]["ab"] * packed["a"] + packed["inner"]["b"]


def redefined(a, b):
    x = a
    x = [x, b]
    x = x[0] * x[1]
    a = np.tanh(x)
    return a + x


def powers(a, b):
    return (abs(a) + 0.5) ** b + (a * a + 1.0) ** 2 + 2.0**b


SCALARS = [
    times, named_like_a_derivative, same_operand, constants_on_either_side, calls_of_calls, call_in_a_branch, branch_on_both,
    loops_in_a_row, branch_in_a_loop, pushed_and_popped, summed_list, picked_from_a_tuple, packed_in_a_dictionary, redefined,
    powers,
]  # fmt: skip


def regression(inputs, labels):
    h = np.dot(inputs, np.array([0.5, -0.3])) + 0.1
    prediction = 0.5 * (np.tanh(h) + 1)
    return -np.sum(np.log(prediction * labels + (1 - prediction) * (1 - labels)))


def recurrent(inputs, weights):
    h = np.zeros((4, 2))
    for t in range(3):
        h[t + 1] = np.tanh(np.dot(inputs[t], weights)) + h[t]
    return np.sum(h[1:])


def overwritten_argument(x, y):
    x = np.sum(np.array(x) * y)
    x = x * x
    return x


def elements_of_each(x, y):
    a, b = x[0], y[1]
    x[0] = a * b
    y = y**2.0
    y[0] = x[1] * b
    return np.sum(x * y)


def read_by_loop(x, y):
    total = 0.0
    for a, b in zip(x, y):
        total += a * np.sqrt(abs(b) + 1)
    return total


def at_least(x, y):
    return np.sum(np.atleast_2d(x) @ np.atleast_2d(y).T) + np.atleast_3d(x)[0, 0, 0] + np.atleast_1d(y).max()


ARRAYS = [
    (regression, np.linspace(-1, 1, 6).reshape(3, 2), np.array([0.2, 0.9, 0.6])),
    (recurrent, np.linspace(-1, 1, 6).reshape(3, 2), np.array([[0.5, -0.2], [0.3, 0.8]])),
    *[(fn, np.array([0.7, -0.4, 1.3]), np.array([0.2, 0.5, -0.9]))
      for fn in (overwritten_argument, elements_of_each, read_by_loop, at_least)],
]  # fmt: skip
CASES = [(fn, p) for fn in SCALARS for p in ((1.5, 0.3), (-0.6, 1.2), (0.4, -1.1))] + [(fn, (x, y)) for fn, x, y in ARRAYS]
GRADIENTS = {fn: grad(fn, (0, 1)) for fn, _ in CASES}
PRODUCTS = {fn: HessianVector(fn, wrt=(0, 1)) for fn, _ in CASES}


@pytest.mark.parametrize("fn, args", CASES, ids=lambda x: getattr(x, "__name__", ""))
def test_in_every_mode(fn, args) -> None:
    """Reverse, forward, Hessian-vector, and the gradient of a directional derivative."""
    directions = tuple(np.cos(1.0 + np.arange(np.size(x))).reshape(np.shape(x))[()] for x in args)
    along = reference.derivative(fn, args, directions)
    found = GRADIENTS[fn](*args)
    assert not along.disagreement(sum(np.sum(g * d) for g, d in zip(found, directions)))
    assert not along.disagreement(jvp(fn, args, directions)[1])

    def slope(*xs):
        return sum(np.sum(g * d) for g, d in zip(grad(fn, (0, 1))(*xs), directions))

    second = reference.derivative(lambda *xs: flatten(GRADIENTS[fn](*xs))[0], args, directions)
    assert not second.disagreement(flatten(PRODUCTS[fn](*args, vectors=directions))[0])
    assert not second.disagreement(flatten(grad(slope, (0, 1))(*args))[0])


def of_a_tuple(packed):
    a, b, c = packed
    return a * b + c * a * a


def of_a_dictionary(p):
    return p["i"]["j"] ** 2 * p["i"]["k"] + np.sum(p["x"]) * p["i"]["j"]


@pytest.mark.parametrize("fn, nest", [
    (of_a_tuple, (1.5, -0.5, 2.0)), (of_a_dictionary, {"i": {"j": 1.5, "k": -2.0}, "x": np.array([1.0, 2.0])}),
])  # fmt: skip
def test_containers_in_every_mode(fn, nest) -> None:
    vector, unflatten = flatten(nest)
    direction = np.cos(np.arange(vector.size))

    def flat(v):
        return fn(unflatten(v))

    found = flatten(grad(fn)(nest))[0]
    assert not reference.derivative(flat, (vector,), (direction,)).disagreement(found @ direction)
    assert jvp(fn, (nest,), (unflatten(direction),))[1] == pytest.approx(found @ direction)
    second = reference.derivative(lambda v: flatten(grad(fn)(unflatten(v)))[0], (vector,), (direction,))
    product = HessianVector(fn)(nest, vectors=[unflatten(direction)])
    assert not second.disagreement(flatten(product)[0])


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_counts_are_arguments(count) -> None:
    def power(a, n):
        for _ in range(n):
            a = times(a, a)
        if a > 0:
            a = a * 3.0
        return a

    assert grad(power)(0.9, count) == pytest.approx(3.0 * 2**count * 0.9 ** (2**count - 1))
    assert grad(grad(power))(0.9, count) == pytest.approx(3.0 * 2**count * (2**count - 1) * 0.9 ** (2**count - 2), abs=1e-12)
