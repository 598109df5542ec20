"""What loops are spared: checks of indices that cannot fail, the order of sums that nothing sees."""

from __future__ import annotations

import numpy as np
import pytest

import bcad


def compiled(f, *args):
    """The function compiled at `args`, and its source."""
    function = bcad.Function(f)
    with bcad.options.set(backend="numba"):
        function(*args)
    return function, function.source


def checks(source: str) -> int:
    stores = [line for line in source.splitlines() if "store i1" in line and "%trouble" in line]
    return sum("store i1 false" not in line for line in stores)


def ahead(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += x[i + 1] * x[i]
    return total


def backwards(x):
    total = 0.0
    for i in range(len(x)):
        total += x[len(x) - 1 - i] * i
    return total


def triangle(x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            total += x[i] * x[i - 1 - j]
    return total


def stepping(x):
    total = 0.0
    for i in range(2, len(x) - 1):
        total += x[i - 2] * x[i + 1]
    return total


@pytest.mark.parametrize("f", [ahead, backwards, triangle, stepping])
def test_indices_that_are_in_range_are_not_checked(f) -> None:
    x = np.random.default_rng(0).normal(size=7)
    function, source = compiled(f, x)
    assert checks(source) == 0
    for n in (7, 3, 2, 1, 0):
        np.testing.assert_allclose(function(x[:n]), f(x[:n]), rtol=1e-13)


def test_indices_that_wrap_or_leave_are_checked() -> None:
    def around(x):
        total = 0.0
        for i in range(len(x)):
            total += x[i - 1] * x[i]
        return total

    def beyond(x):
        total = 0.0
        for i in range(len(x)):
            total += x[i + 1]
        return total

    def twice(x, k):
        total = 0.0
        for i in range(len(x)):
            total += x[i * k]
        return total

    x = np.arange(1.0, 5.0)
    function, source = compiled(around, x)
    assert checks(source) and function(x) == around(x)
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        bcad.Function(beyond)(x)
    strided = bcad.Function(twice)
    with bcad.options.set(backend="numba"):
        assert strided(x, 1) == 10.0 and strided(x, -1) == 10.0 and strided(x, 0) == 4.0
        with pytest.raises(IndexError):
            strided(x, 2)


# -- sums ------------------------------------------------------------------------------------------------
def test_running_sums_and_differences() -> None:
    def f(x):
        a, b, c = 1.0, 0.0, 5.0
        for i in range(len(x)):
            a += x[i]
            b = x[i] + b
            c -= x[i] * x[i]
            a += 2.0 * x[i]
        return a, b, c

    function, source = compiled(f, np.ones(3))
    assert "reassoc" in source
    for x in (np.random.default_rng(1).normal(size=1000), np.zeros(0), np.array([1.0, np.inf, -2.0]), np.array([np.nan])):
        np.testing.assert_allclose(function(x), f(x), rtol=1e-12)


def test_sums_that_something_sees_keep_their_order() -> None:
    def seen(x):
        total, history = 0.0, np.zeros(len(x))
        for i in range(len(x)):
            total += x[i]
            history[i] = total
        return history

    def until(x):
        total, i = 0.0, 0
        while total < 1.0:
            total += x[i]
            i += 1
        return total

    def kahan(x):
        total, lost = 0.0, 0.0
        for i in range(len(x)):
            y = x[i] - lost
            t = total + y
            lost = (t - total) - y
            total = t
        return total

    def reflected(x):
        total = 0.0
        for i in range(len(x)):
            total = x[i] - total
        return total

    x = np.random.default_rng(2).uniform(0.01, 1, size=300) * 10.0 ** np.arange(-8, 7).repeat(20)
    for f in (seen, until, kahan, reflected):
        function, source = compiled(f, x)
        assert "reassoc" not in source
        np.testing.assert_array_equal(function(x), f(x))


def test_whole_numbers_are_added_exactly() -> None:
    def count(x):
        n = 0
        for i in range(len(x)):
            n += 3
            if x[i] > 0:
                n += 1
        return x.sum() * n

    x = np.array([1.0, -1.0, 2.0])
    function, _ = compiled(count, x)
    assert function(x) == count(x)


# -- cotangents of one place -----------------------------------------------------------------------------
def gradients(f, *args):
    """The gradient by the first argument, compiled and by NumPy."""
    found = []
    for backend in ("numba", "numpy"):
        with bcad.options.set(backend=backend):
            g = bcad.grad(f)
            found.append((g, g(*args)))
    return found


def test_what_goes_to_one_place_is_written_once() -> None:
    def f(x, row, n):
        total = 0.0
        for j in range(n):
            d = x[row] - x[j]
            total += (d[0] * d[1]) * x[j, 0] + x[-1, 1] * d[2]  # j may be that very row
        return total

    x = np.random.default_rng(3).normal(size=(7, 3))
    for dtype in (np.float64, np.float32):
        for row in (0, 2, -1):
            (g, found), (_, expected) = gradients(f, x.astype(dtype), row, 7)
            assert found.dtype == dtype
            assert dtype is np.float32 or "late" in g.core.specialisations[0].entry.compiled.source
            np.testing.assert_allclose(found, expected, rtol=1e-12 if dtype is np.float64 else 1e-5)
    (g, _), (slow, _) = gradients(f, x, 2, 7)
    plain = bcad.Function(f)
    with bcad.options.set(backend="numba"):
        assert plain(x, 100, 0) == 0.0
        with pytest.raises(IndexError):
            plain(x, 100, 1)
        np.testing.assert_array_equal(g(x, 100, 0), np.zeros(x.shape))  # no turn, no write, no error
        with pytest.raises(IndexError):
            g(x, 100, 1)
        x[3] = np.nan, np.inf, -0.0
        np.testing.assert_array_equal(np.isnan(g(x, 1, 7)), np.isnan(slow(x, 1, 7)))


def test_places_that_change_are_written_in_each_turn() -> None:
    def moves(x, row):
        total = 0.0
        for j in range(len(x)):
            total += np.sum(x[row] * x[j] ** 2)
            row = j // 2
        return total

    def products(x, row):
        total = 1.0
        for j in range(len(x)):
            total = total * x[row, 0] + x[j, 1]
        return total

    x = np.random.default_rng(4).normal(size=(6, 2))
    for f in (moves, products):
        for row in (0, 1, 5):
            (_, found), (_, expected) = gradients(f, x, row)
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_what_a_nest_reads_from_outside_of_its_loop_need_not_lie_in_memory() -> None:
    """Joseph's form of a Kalman filter that skips what is missing: a view made outside is read in a branch, element by element."""
    seen = np.array([0.1, np.nan, 0.3, 0.2, np.nan, 1.4, 0.8])

    def likelihood(theta):
        q, r = np.exp(theta)
        F, H, Q = np.array([[1, 1], [0, 1.0]]), np.array([[1.0, 0]]), q * np.array([[1 / 3, 0.5], [0.5, 1]])
        x, P, total = np.zeros((2, 1)), np.eye(2) * 10, 0.0
        for y in seen:
            x, P = F @ x, F @ P @ F.T + Q
            if np.isnan(y):
                continue
            S, v = (H @ P @ H.T + r).item(), y - (H @ x).item()
            K = P @ H.T / S
            x, A = x + K * v, np.eye(2) - K @ H
            P = A @ P @ A.T + r * K @ K.T
            total -= 0.5 * (np.log(2 * np.pi * S) + v * v / S)
        return total

    theta = np.array([0.1, 0.5])
    for mode in (bcad.grad, bcad.hessian):
        found = []
        for backend in ("numpy", "numba"):
            with bcad.options.set(backend=backend):
                found.append(mode(likelihood)(theta))
        np.testing.assert_allclose(found[1], found[0], rtol=1e-11)
