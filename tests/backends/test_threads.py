"""Compiled code and threads: long runs let others run, workspaces are nobody else's, errors find their way out."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

import numpy as np
import pytest

from bcad import Function, grad, options, value_and_grad


@pytest.fixture(autouse=True)
def compiled() -> Any:
    with options.set(backend="numba"):
        yield


def spin(x: float, n: int) -> float:
    y = x
    for _ in range(n):
        y = y + 1e-9 * math.sin(y)
    return y


def settle(x: float, step: float) -> float:
    y = x
    while y < 1.0:
        y = y + step * (1.0 + math.sin(y))
    return y


def decay(a: np.ndarray) -> float:
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += math.exp(-a[i, j]) * a[i, j]
    return total


@pytest.mark.parametrize("fn, args", [(spin, (1.0, 10**6)), (settle, (0.0, 1e-6)), (decay, (np.ones((1000, 1000)),)),
                                      (lambda x: np.sum(np.tanh(x) ** 2), (np.ones(10**6),)),
                                      (lambda x: np.sum(x @ x), (np.ones((600, 600)),))],
                         ids=["counted", "while", "nest", "elementwise", "library"])
def test_others_run_during_a_long_call(fn: Any, args: Any) -> None:
    g = value_and_grad(fn)
    expected = g(*args)
    turns, done = 0, threading.Event()

    def work() -> None:
        for _ in range(3):
            np.testing.assert_array_equal(g(*args)[1], expected[1])
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        time.sleep(1e-4)
        turns += 1
    thread.join()
    assert turns > 3  # with the lock held there would be about one for each call


def test_what_ends_at_once_keeps_the_lock() -> None:
    g = grad(lambda x: x**2 + math.sin(x))
    g(1.0)
    assert "call void @bcad_release" not in g.core.specialisations[0].entry.compiled.source


def test_workspaces_are_not_shared() -> None:
    """More threads than workspaces are kept, of sizes that change all the time."""
    def f(x: np.ndarray) -> Any:
        y = np.cumsum(np.exp(x) @ x.T, axis=1)
        return np.sum(np.linalg.solve(np.eye(len(y)) + 0.01 * (y @ y.T), y))

    g = value_and_grad(f)
    rng = np.random.default_rng(0)
    cases = [rng.normal(size=(n, 3)) for n in (2, 3, 20, 7, 30, 5, 40, 2)]
    expected = [g(x) for x in cases]
    failures: list[Any] = []

    def work(k: int) -> None:
        for j in range(12):
            n = (k + j) % len(cases)
            value, gradient = g(cases[n])
            if value != expected[n][0] or not np.array_equal(gradient, expected[n][1]):
                failures.append((k, j))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failures == [] and g.core.traces == 1


def test_an_exception_after_the_lock_was_given_up() -> None:
    def f(x: float, n: int) -> float:
        total = 0.0
        for k in range(n):
            total += 1.0 / (x - k)
        return total

    g = grad(f)
    good = -sum(1.0 / (0.5 - k) ** 2 for k in range(100_000))
    for _ in range(3):
        assert g(0.5, 100_000) == pytest.approx(good)
        with pytest.raises(ZeroDivisionError):
            g(99_999.0, 100_000)


def test_memory_that_cannot_be_had_after_the_lock_was_given_up() -> None:
    f = Function(lambda x, n: np.sum(x * x) + np.sum(np.ones((n, n, n)) * x[0], axis=0), backend="numba")
    x = np.ones(10**5)
    for _ in range(2):
        assert f(x, 3).shape == (3, 3)
        with pytest.raises(MemoryError):
            f(x, 2**18)
