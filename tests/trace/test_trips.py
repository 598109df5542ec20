"""Trip counts and slices that differ from call to call, or from iteration to iteration, are one program."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.trace.helpers import agree


def by_argument(x, steps):
    for _ in range(steps):
        x = math.sin(x) + 0.1
    return x


def by_derived_int(x, steps):
    n = 2 * steps + 1
    for k in range(n - 1, -1, -1):
        x = 0.9 * x + k
    return x


def by_limit_of_while(x, limit):
    n = 0
    while n < limit and x * x < 100.0:
        x = x * x + 0.3
        n += 1
    return x + n


def by_halving(x, exponent):
    result = 1.0
    while exponent > 0:
        if exponent % 2 == 1:
            result = result * x
        x = x * x
        exponent //= 2
    return result


def rounds(x, times):
    for _ in range(times):
        x = math.cos(x)
    return x


def in_a_helper(x, n, m):
    return rounds(x, n) + rounds(x, m + 1)


class Solver:
    def __init__(self, steps):
        self.steps = steps

    def __call__(self, x):
        for _ in range(self.steps):
            x = x - 0.1 * x**3
        return x


def by_attribute(x, solver):
    return solver(x)


def nested(x, n, m):
    total = 0.0
    for i in range(n):
        for j in range(m):
            total = total + x / (i + j + 1)
    return total


@pytest.mark.parametrize(
    "fn, calls",
    [
        (by_argument, [(0.3, 7), (0.5, 1), (0.3, 0), (0.2, 40), (0.1, -3)]),
        (by_derived_int, [(0.3, 7), (0.5, 1), (0.2, 12)]),
        (by_limit_of_while, [(0.3, 9), (0.3, 2), (5.0, 9), (0.1, 0), (0.3, 30)]),
        (by_halving, [(1.1, 5), (1.2, 12), (1.1, 0), (0.9, 1)]),
        (in_a_helper, [(0.3, 6, 9), (0.3, 9, 6), (0.1, 0, 1)]),
        (by_attribute, [(0.3, Solver(6)), (0.3, Solver(11)), (0.3, Solver(2))]),
        (nested, [(0.3, 3, 5), (0.3, 5, 3), (1.0, 0, 4), (1.0, 4, 0), (0.5, 1, 1)]),
    ],
)
def test_another_trip_count_is_no_other_program(fn, calls) -> None:
    traced = agree(fn, *calls)
    assert traced.traces == 1
    assert not traced.programs[0].reasons


def picks_from_a_list(x, layers):
    functions = [math.tanh, math.sin, math.cos]
    for k in range(layers):
        x = functions[k](x)
    return x


def sizes_a_list(x, n):
    buffer = [{"x": x}] * n
    for k in range(n):
        buffer[k] = {"x": x * k}
    return buffer


@pytest.mark.parametrize("fn", [picks_from_a_list, sizes_a_list])
def test_an_int_that_must_be_known_is_guarded_again(fn) -> None:
    traced = agree(fn, (0.3, 3), (0.5, 3), (0.3, 2), (0.7, 3))
    assert traced.traces == 2
    assert traced.programs[0].check((0.3, 1), {}) is not None


def test_ints_of_another_type_are_another_program() -> None:
    agree(by_argument, (0.3, 7), (0.3, True), (0.3, np.int64(3)), (0.3, 5))


# -- lengths that differ from one iteration to the next ------------------------------------------------
def eliminate(a):
    a = a.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k:] -= a[i, k] / a[k, k] * a[k, k:]
    return np.diag(a)


def growing_windows(x):
    total = 0.0
    for k in range(1, len(x)):
        total = total + np.mean(x[:k]) * np.max(x[k - 1 : 2 * k])
    return total


def correlate(x, taps):
    y = np.zeros(len(x) - len(taps) + 1)
    for k in range(len(taps)):
        y += taps[k] * x[k : k + len(y)]
    return y


def triangle(entries, d):
    matrix = np.zeros((len(entries), len(entries)))
    at = 0
    for i in range(d):
        matrix[i + 1 : d, i] = entries[at : at + d - i - 1]
        at += d - i - 1
    return matrix


def reflections(a):
    r = a.copy()
    for k in range(r.shape[1]):
        v = r[k:, k].copy()
        v[0] += np.sign(v[0]) * np.sqrt(np.sum(v**2))
        r[k:, k:] -= np.outer(v, v @ r[k:, k:]) * 2.0 / np.sum(v**2)
    return r


def stored_path(x, steps):
    path = np.empty((steps + 1, 2))
    path[0] = x
    for k in range(steps):
        path[k + 1] = 0.9 * path[k] + np.sin(path[k][::-1])
    return path


def lattice(x, steps):
    value = x * 1.1 ** np.arange(-steps, steps + 1, 2)
    for n in range(steps, 0, -1):
        value[:n] = 0.5 * (value[1 : n + 1] + value[:n]) * np.arange(1 - n, n, 2)[::-1]
    return value


def autoregressive(x, taps):
    error = 0.0
    for t in range(len(taps), len(x)):
        error = error + (x[t] - taps @ x[t - len(taps) : t][::-1]) ** 2
    return error


MATRIX = np.random.default_rng(0).normal(size=(6, 6))


@pytest.mark.parametrize(
    "fn, calls",
    [
        (eliminate, [(MATRIX,), (MATRIX[:3, :3].copy(),), (MATRIX[:2, :2].copy(),)]),
        (growing_windows, [(MATRIX[0],), (MATRIX[1, :2].copy(),), (MATRIX.ravel(),)]),
        (correlate, [(MATRIX.ravel(), MATRIX[0]), (MATRIX[0], MATRIX[0, :2].copy())]),
        (stored_path, [(MATRIX[0, :2].copy(), 5), (MATRIX[1, :2].copy(), 9), (MATRIX[1, :2].copy(), 0)]),
        (lattice, [(0.3, 5), (0.4, 2), (0.3, 11), (0.3, 0)]),
        (autoregressive, [(MATRIX[0], MATRIX[1, :2].copy()), (MATRIX.ravel(), MATRIX[0])]),
        (triangle, [(MATRIX[0], 4), (MATRIX[0], 3), (MATRIX[1], 4), (MATRIX[1], 0)]),
        (reflections, [(MATRIX,), (MATRIX[:4, :4].copy(),), (MATRIX[:2, :2].copy(),)]),
    ],
)
def test_slices_that_change_length_leave_the_loop_a_loop(fn, calls) -> None:
    traced = agree(fn, *calls)
    assert traced.traces == 1
    assert not traced.programs[0].reasons


def one_against_many(x):
    total = 0.0
    for k in range(len(x) - 1):
        total = total + np.sum(x[: k + 1] * x[k : k + 1])
    return total


def wrong_in_the_last_round(x):
    total = 0.0
    for k in range(len(x)):
        total = total + np.sum(x[k : k + 2] * x[:2])
    return total


def test_a_supposition_that_fails_gives_up_the_loop_not_the_result() -> None:
    traced = agree(one_against_many, (MATRIX[0],), (MATRIX[1, :3].copy(),))
    assert "supposed" in str(traced.programs[0].reasons) or traced.traces > 1
    agree(wrong_in_the_last_round, (MATRIX[0],), (MATRIX[1],))
