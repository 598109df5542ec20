"""Code made for small sizes gives way to general code where the sizes are others."""

from __future__ import annotations

import numpy as np
import pytest

import bcad
from bcad.ir import Builder, Dim, array_type
from bcad.ops import BY_NAME as O
from bcad.small_sizes import small_sizes


def spread(points):
    total = 0.0
    for i in range(len(points)):
        for j in range(i):
            d = points[i] - points[j]
            total += np.sqrt((d * d).sum() + 1.0)
    return total


def by_hand(points):
    gradient = np.zeros_like(points)
    for i in range(len(points)):
        for j in range(len(points)):
            d = points[i] - points[j]
            gradient[i] += d / np.sqrt((d * d).sum() + 1.0)
    return gradient


@pytest.mark.parametrize("backend", ["numba", "auto"])
def test_other_sizes_after_small_ones(backend: str) -> None:
    g = bcad.grad(spread)
    with bcad.options.set(backend=backend):
        for repeat in range(8):
            for axis in (3, 2, 3, 1, 20, 3, 0):
                points = np.random.default_rng(repeat).normal(size=(5, axis))
                np.testing.assert_allclose(g(points), by_hand(points), rtol=1e-12, atol=1e-14)


def test_converted_arguments_keep_their_sizes() -> None:
    g = bcad.grad(spread)
    with bcad.options.set(backend="numba"):
        points = np.arange(12.0).reshape(4, 3) % 5
        g(points)
        np.testing.assert_allclose(g(np.asfortranarray(points)), by_hand(points))
        wide = np.arange(24.0).reshape(4, 6) % 7
        np.testing.assert_allclose(g(wide[:, ::2]), by_hand(wide[:, ::2]))
        np.testing.assert_allclose(g(np.asfortranarray(wide)), by_hand(wide))


def test_general_code_is_compiled_once_and_reported() -> None:
    g = bcad.grad(spread)
    with bcad.options.set(backend="numba"):
        g(np.ones((4, 3)))
        for size in (2, 4, 5, 3):
            g(np.ones((4, size)))
    assert g.core.traces == 1
    assert "other sizes run general code" in bcad.report(g)


def test_which_sizes_are_worth_it() -> None:
    n, m, k = (Dim.symbol(s) for s in "nmk")
    with Builder(name="f") as b:
        x, y = b.input(array_type(float, (n, m)), "x"), b.input(array_type(float, (k,)), "y")
        graph = b.build([O["sum"](x, axis=(0, 1), keepdims=False), O["exp"](y)])
    assert small_sizes(graph, {"n": 5, "m": 3, "k": 2}) == {"m": 3}  # n is a batch, k nothing but the length of a vector
    assert small_sizes(graph, {"n": 5, "m": 17, "k": 2}) == {}
    assert small_sizes(graph, {"n": 5, "m": 1}) == {}


def test_steps_of_a_small_state() -> None:
    def orbit(state):
        for _ in range(50):
            state = state + 0.01 * np.array([state[1], -state[0]])
        return (state * state).sum()

    g = bcad.grad(orbit)
    with bcad.options.set(backend="numba"):
        for start in ([1.0, 2.0], [0.5, -1.0]):
            x = np.array(start)
            np.testing.assert_allclose(g(x), 2 * x * 1.0001**50)
