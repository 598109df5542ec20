"""report(): where the time went, what was compiled, what is kept in memory and why; the cache; what takes long says so."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bcad import Function, cache, grad, options, report, value_and_grad
from bcad.log import announced


def softmax_loss(w, x):
    z = x @ w
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return np.sum(np.log(np.sum(e, axis=1)))


def test_phases_kernels_and_what_was_not_fused():
    with options.set(backend="numba"):
        g = grad(softmax_loss)
        g(np.ones((20, 20)), np.ones((30, 20)))
    text = report(g)
    for phase in ("trace", "differentiate", "rewrite", "lower", "print", "compile"):
        assert f"{phase} " in text
    assert "dgemm float64" in text and "loop nest over" in text
    assert "matmul gives it as a whole" in text
    assert "line 20" in text  # of this file
    with options.set(backend="numba"):
        g = grad(lambda x: np.sum(np.exp(x - np.sum(x, axis=0)) * x))  # columns are summed before any row is done
        g(np.ones((40, 20)))
    assert "is complete only when its loop has ended" in report(g)


def test_calls_in_numpy_are_counted_until_it_is_compiled():
    g = grad(lambda x: np.sum(np.sin(x)))
    for _ in range(3):
        g(np.ones(3))
    assert "calls in NumPy so far: 3" in report(g)
    g.core.specialisations[0].entry.compile()
    assert "backend: numba" in report(g) and "so far" not in report(g)


def test_bytes_of_tapes_and_workspaces_follow_the_calls():
    def recurrence(x, n):
        y = x
        for _ in range(n):
            y = np.sin(y) * x
        return np.sum(y)

    with options.set(backend="numba"):
        g, f = grad(recurrence), Function(recurrence)
        for n in (50, 400):
            g(np.ones(100), n)
            (special,) = g.core.specialisations
            tapes, rest = special.entry.compiled.report.kept()
            assert n * 100 * 8 <= tapes <= 2 * n * 100 * 8 and 0 < rest < 10_000
        assert " kB, other temporaries " in report(g)
        f(np.ones(100), 50)
        assert f.core.specialisations[0].entry.compiled.report.kept()[0] == 0


def test_a_report_while_others_call():
    import threading

    def f(x):
        return np.sum(np.cumsum(np.exp(x)) ** 2)

    with options.set(backend="numba"):
        g = value_and_grad(f)
        expected = g(np.ones(10**5))[1]
    wrong, stop = [], threading.Event()

    def work():
        while not stop.is_set():
            if not np.array_equal(g(np.ones(10**5))[1], expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for _ in range(50):
        report(g)
    stop.set()
    for t in threads:
        t.join()
    assert not wrong


def test_what_takes_long_is_announced_and_what_does_not_is_not(caplog):
    with caplog.at_level(logging.INFO, "bcad"):
        with announced("thinking", 5.0, after=0.02):
            time.sleep(0.1)
        with announced("blinking", 0.0, after=5.0):
            pass
    said = [(r.levelname, r.getMessage()) for r in caplog.records]
    assert said[0] == ("WARNING", "thinking, about 5 s ...")
    assert said[1][0] == "WARNING" and said[1][1].startswith("thinking took 0.1")
    assert [level for level, text in said if "blinking" in text] == ["INFO"]


def test_progress_can_be_switched_off(caplog, monkeypatch):
    import bcad.entry

    def slowly(name, graph, sizes):
        if name == "numba":
            time.sleep(1.1)
        return bcad.backends.get("numpy").compile(graph)

    monkeypatch.setattr(bcad.entry, "compiled_for", slowly)
    with options.set(backend="numba"):
        with options.set(progress=False):
            grad(lambda x: x * x)(1.0)
        assert not [r for r in caplog.records if r.levelno >= logging.WARNING]
        grad(lambda x: x * x)(1.0)
    assert "compiling f" in caplog.text


# -- the disk cache -------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path):
    before = cache.disk.State.chosen
    cache.relocate(tmp_path / "cache")
    yield tmp_path / "cache"
    cache.disk.State.chosen = before


def compile_something(k: float) -> None:
    with options.set(backend="numba"):
        assert grad(lambda x: x * x * k)(1.0) == 2 * k


def test_inspect_and_clear(own):
    before = cache.info()
    assert (before.folder, before.entries, before.bytes) == (own, 0, 0)
    compile_something(3.0)
    found = cache.info()
    assert found.entries == 1 and found.bytes > 500 and found.misses == before.misses + 1
    assert str(own) in str(found) and "1 entries" in str(found)
    compile_something(3.0)
    assert cache.info().hits == found.hits + 1
    assert cache.clear() == 1 and cache.info().entries == 0
    compile_something(3.0)
    assert cache.info().entries == 1


def test_relocate_and_switch_off(own, tmp_path):
    cache.switch_off()
    assert cache.info().folder is None and str(cache.info()) == "the cache is switched off"
    compile_something(4.0)
    assert not own.exists() and cache.clear() == 0
    cache.relocate(tmp_path / "other")
    compile_something(4.0)
    assert len(list((tmp_path / "other").iterdir())) == 1
    cache.relocate()
    assert cache.info().folder == Path(os.environ["BCAD_CACHE_DIR"])


def test_the_environment_switches_it_off():
    code = "from bcad import cache; print(cache.info())"
    environment = {**os.environ, "BCAD_CACHE_DIR": "off"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "the cache is switched off", done.stderr
