"""Arguments of every layout without needless memory; where there is none left, a MemoryError and not the end."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

from bcad import Function, grad, options, report


@pytest.fixture(autouse=True)
def compiled() -> Any:
    with options.set(backend="numba"):
        yield


def test_copies_of_other_layouts_are_kept_for_the_next_call() -> None:
    g = grad(lambda x: np.sum(np.sin(x) * x[::-1]))
    x = np.random.default_rng(0).normal(size=(400, 100))  # too large for the entry to copy it
    whole, contiguous = np.zeros((800, 100)), g(x)
    whole[::2] = x
    detours = g.core.specialisations[0].entry.compiled.detours
    for other in (whole[::2], np.asfortranarray(x), x[::-1][::-1].T.copy().T, whole[::2]):
        np.testing.assert_array_equal(g(other), contiguous)
        assert detours.spare_bytes() == x.nbytes
    assert "other temporaries 640 kB" in report(g)
    assert g(np.asfortranarray(x[:360])).shape == (360, 100) and detours.spare_bytes() == 360 * 100 * 8
    assert not np.shares_memory(g(whole[::2]), next(iter(detours._spare.values())))


def test_threads_that_give_other_layouts_do_not_meet() -> None:
    g = grad(lambda x, y: np.sum(np.sin(x) * y))
    rng = np.random.default_rng(0)
    cases = [(rng.normal(size=(n, 2))[:, 0], rng.normal(size=n)[::-1]) for n in (50, 50, 50, 70)]
    expected = [np.cos(x) * y for x, y in cases]
    failures: list[int] = []

    def work(k: int) -> None:
        for _ in range(200):
            if not np.allclose(g(*cases[k]), expected[k], rtol=1e-12):
                failures.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failures == []


SCARCE = """
import resource
import numpy as np
from bcad import grad, options

def swell(x, n):
    y = x
    for _ in range(n):
        y = np.sin(y) * x
    return np.sum(y)

def outer(x):
    return np.sum(np.sin(x[:, None] * x) @ x)

options.backend = "numba"
tape, table, x = grad(swell), grad(outer), np.ones(2000)
expected = tape(x, 10), table(x[:10])
for n in (20, 30, 1000):  # whatever has to be compiled is
    tape(x, n), tape(x[:100], n), table(x[:100])
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300 * 2**20, -1))
large = np.ones(2**22)
for f, args in ((tape, (x, 10**6)), (table, (np.ones(30_000),)), (tape, (large, 30))):
    try:
        f(*args)
    except MemoryError:
        pass
    else:
        raise AssertionError("there was memory for it")
    assert np.array_equal(tape(x, 10), expected[0]) and np.array_equal(table(x[:10]), expected[1])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and their measure are Linux's")
def test_where_memory_is_scarce_there_is_a_memory_error() -> None:
    done = subprocess.run([sys.executable, "-c", SCARCE], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]


def test_no_elements_at_all() -> None:
    g = grad(lambda x, y: np.sum(np.sin(x) @ y) + np.sum(np.mean(y, axis=0)) if x.size else np.sum(x) + 2 * np.sum(y))
    for n, m in ((0, 3), (3, 0), (0, 0), (2, 2)):
        for make in (np.ones, lambda shape: np.ones(shape, order="F"), lambda shape: np.ones((2 * shape[0], shape[1]))[::2]):
            assert g(make((n, m)), make((m, n))).shape == (n, m)


# -- temporaries that share memory -------------------------------------------------------------------------
def kept(function: Any, *args: Any) -> int:
    """The bytes of temporaries that the compiled function keeps; it gives what NumPy gives."""
    compiled = Function(function)
    for _ in range(2):
        np.testing.assert_allclose(compiled(*args), function(*args), rtol=1e-9)
    return sum(compiled.core.specialisations[0].entry.compiled.report.kept())


def test_temporaries_that_are_dead_make_room_for_others() -> None:
    def chain(x):
        for _ in range(6):
            x = np.tanh(np.linalg.solve(x @ x.T + 40 * np.eye(40), x))
        return x

    def alive(x):
        parts = [np.tanh(x @ (x * k)) for k in range(1, 7)]
        return parts[0] @ parts[1] + parts[2] @ parts[3] + parts[4] @ parts[5]

    x = np.random.default_rng(0).normal(size=(40, 40)) / 40
    assert kept(chain, x) < 8 * x.nbytes
    assert kept(alive, x) >= 5 * x.nbytes


def test_temporaries_of_loops_do_not_meet_those_around_them() -> None:
    def loops(x, n):
        before = x @ x
        for k in range(n):
            inner = np.linalg.solve(before + (k + 2.0) * np.eye(30), x)
            after = inner @ inner
            x = np.tanh(after @ inner) + before
        return x @ before

    x = np.random.default_rng(1).normal(size=(30, 30)) / 30
    for n in (0, 1, 5):
        kept(loops, x, n)
