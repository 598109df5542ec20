"""Loops that threads share: results do not depend on how many there are; what depends on its neighbours is not shared."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from bcad import Function, Gradient, grad, options, report, value_and_grad
from bcad.backends import numba_regions, threads


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    """Everything that can be shared is, in pieces of a few turns."""
    monkeypatch.setattr(numba_regions, "WORTH", 0)
    monkeypatch.setattr(numba_regions, "CHUNK", 7)
    with options.set(backend="numba", parallel=True, threads=3):
        yield


def softmax(x: np.ndarray) -> Any:
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return np.sum(e / np.sum(e, axis=1, keepdims=True) * x)


def loops(x: np.ndarray) -> float:
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            total += math.sin(x[i, j]) * x[i, j]
    return total


def stencil(x: np.ndarray) -> Any:
    y = x.copy()
    for _ in range(3):
        y[1:-1] = 0.5 * y[1:-1] + 0.25 * (y[2:] + y[:-2])
    return np.sum(y**2)


PROGRAMS = {
    "elementwise": lambda x: np.sum(np.tanh(x) ** 2 * np.exp(-x)),
    "rows": lambda x: np.sum(np.sum(x**2, axis=1) ** 1.5),
    "columns": lambda x: np.sum(np.sum(x**2, axis=0) ** 1.5),
    "broadcast": lambda x: np.sum(np.sin(x) * np.mean(x, axis=0) + x[:, :1]),
    "softmax": softmax,
    "extrema": lambda x: np.max(x) * np.min(np.abs(x)) + np.sum(np.max(x, axis=1)),
    "product": lambda x: np.prod(1 + 1e-3 * x),
    "scan": lambda x: np.sum(np.cumsum(np.cos(x), axis=0) * x),
    "gather": lambda x: np.sum(x[[0, 2, 0, 1]] ** 3),
    "complex": lambda x: np.sum(np.abs(np.exp(1j * x) + x) ** 2),
    "matrix": lambda x: np.sum(np.tanh(x @ x.T)),
    "turned": lambda x: np.sum(np.sin(x.T) * np.cos(x[::-1].T)),
    "stencil": stencil,
    "loops": loops,
    "branches": lambda x: np.sum(np.where(x > 0, np.sqrt(np.abs(x)), x**2)) if np.all(np.isfinite(x)) else 0.0 * np.sum(x),
}


SINGLE = ("elementwise", "columns", "stencil")


@pytest.mark.parametrize(
    ("name", "dtype"), [(n, np.float64) for n in PROGRAMS] + [(n, np.float32) for n in SINGLE]
)
def test_results_are_those_of_one_thread_and_of_numpy(name: str, dtype: Any) -> None:
    g = value_and_grad(PROGRAMS[name])
    with options.set(backend="numpy"):
        plain = value_and_grad(PROGRAMS[name])
    close = {"rtol": 1e-12, "atol": 1e-12} if dtype is np.float64 else {"rtol": 1e-4, "atol": 1e-4}
    rng = np.random.default_rng(0)
    for shape in ((40, 30), (4, 1300), (7, 7)):
        x = rng.normal(size=shape).astype(dtype)
        expected, found = plain(x), []
        for count in (1, 2, 5):
            options.threads = count
            found.append(g(x))
        for value, gradient in found:
            np.testing.assert_allclose(value, expected[0], **close)
            np.testing.assert_allclose(gradient, expected[1], **close)
            assert value == found[0][0] and np.array_equal(gradient, found[0][1])


def test_sums_have_the_accuracy_of_one_thread() -> None:
    x = np.random.default_rng(0).uniform(size=200_001) * 10.0 ** np.random.default_rng(1).integers(-8, 8, 200_001)
    exact = math.fsum(x)
    assert abs(Function(lambda x: np.sum(x))(x) - exact) <= 4e-16 * exact


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf, -0.0])
def test_special_values(special: float) -> None:
    f = Function(lambda x: (np.sum(x), np.max(x), np.min(x), np.prod(x), np.any(x > 1), np.all(x >= 0)))
    for place in (0, 500, 2999):
        x = np.full(3000, 1.0)
        x[place] = special
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(f(x), (np.sum(x), np.max(x), np.min(x), np.prod(x), np.any(x > 1), np.all(x >= 0)))


def test_the_report_says_what_is_shared_and_what_is_not() -> None:
    def f(x: np.ndarray) -> Any:
        y = x.copy()
        for i in range(1, len(y)):
            y[i] = np.sin(y[i - 1]) + x[i]
        return np.sum(y**2)

    g = Gradient(f, [np.ones(100)])
    text = report(g)
    assert "loops that threads share:" in text and "not shared among threads: a loop (" in text
    with options.set(parallel=False):
        assert "threads" not in report(Gradient(f, [np.ones(100)]))
        assert "loops that threads share" in report(Gradient(f, [np.ones(100)], parallel=True))


def test_small_work_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    g, asked = grad(lambda x: np.sum(np.sin(x) ** 2)), []
    g(np.ones(100))
    monkeypatch.setattr(threads._pool, "ask", lambda job, helpers: asked.append(helpers))
    g(np.ones(100))
    assert asked == []
    g(np.ones(300_000))
    assert asked == [2]


def test_several_python_threads_share_at_once() -> None:
    g = value_and_grad(softmax)
    cases = [np.random.default_rng(k).normal(size=(30 + k, 40)) for k in range(4)]
    expected = [g(x) for x in cases]
    failures = []

    def work(k: int) -> None:
        for _ in range(25):
            value, gradient = g(cases[k])
            if value != expected[k][0] or not np.array_equal(gradient, expected[k][1]):
                failures.append(k)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert failures == []


def test_an_interruption_waits_for_those_who_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record lies on the stack of the caller: nobody may use it when the exception is on its way."""
    begun, go, ended = threading.Event(), threading.Event(), []

    def slow(record: int) -> None:
        begun.set()
        go.wait()
        ended.append(record)

    job = threads._Job(slow, 7)
    helper = threading.Thread(target=job.join)
    helper.start()
    begun.wait()
    wait, interruptions = job._changed.wait, [KeyboardInterrupt]

    def interrupted() -> None:
        if interruptions:
            go.set()
            raise interruptions.pop()
        wait()

    monkeypatch.setattr(job._changed, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        job.finish()
    assert ended == [7]
    helper.join()
    job.join()  # too late: it does nothing
    assert ended == [7]


FORK = """
import os
import numpy as np
from bcad import grad, options
options.parallel, options.threads, options.backend = True, 3, "numba"
g = grad(lambda x: np.sum(np.sin(x)))
x = np.linspace(0, 1, 300_000)
expected = g(x)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(g(x), expected) else 3)
assert os.waitpid(child, 0)[1] == 0
assert np.array_equal(g(x), expected)
"""


@pytest.mark.skipif(not hasattr(threads.os, "fork"), reason="no fork here")
def test_a_forked_child_has_threads_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_functions_called_by_address_in_shared_loops() -> None:
    from scipy import special

    def f(x: Any) -> Any:
        return np.sum(np.abs(np.exp(1j * x) * np.log(x + 2j))) + np.sum(special.i0(x))

    x = np.linspace(0.1, 1.0, 200_000)
    with options.set(backend="numba", parallel=True):
        compiled = value_and_grad(f)
        value, slope = compiled(x)
    assert "in NumPy" not in compiled.report() and "loops that threads share" in compiled.report()
    with options.set(backend="numpy"):
        expected, wanted = value_and_grad(f)(x)
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(slope, wanted, rtol=1e-12, atol=1e-14)
