"""Threads, processes, pickles, interrupts, memory: one object serves them all and stays usable."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import tracemalloc
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bcad import Function, Gradient, grad, options, value_and_grad
from bcad.differentiated import Differentiated

WEIGHTS = np.arange(1.0, 4.0)


def loss(x):
    total = 0.0
    for k in range(len(x)):
        total = total + WEIGHTS[k % 3] * x[k] ** 2
    return total


def expected(x):
    return 2 * WEIGHTS[np.arange(len(x)) % 3] * x


# -- threads ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", ["numpy", "numba", "auto"])
def test_many_threads_call_one_gradient(backend):
    gradient = Gradient(loss, backend=backend)

    def work(seed):
        random = np.random.default_rng(seed)
        for _ in range(40):
            x = random.normal(size=random.integers(2, 9))
            np.testing.assert_allclose(gradient(x), expected(x), rtol=1e-12)
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    assert gradient.traces <= 8


def test_threads_that_trace_at_once_do_not_mix():
    def work(power):
        gradient = Gradient(lambda x: (x**power).sum())
        x = np.arange(1.0, 4.0)
        np.testing.assert_allclose(gradient(x), power * x ** (power - 1))
        return True

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(2, 20)))


def test_a_thread_that_changes_what_is_captured_gives_old_or_new_never_half():
    state = {"w": np.ones(3)}
    gradient = Gradient(lambda x: (x * state["w"]).sum())
    stop = threading.Event()

    def change():
        k = 0
        while not stop.is_set():
            k += 1
            state["w"] = np.full(3, float(k % 2 + 1)) if k % 3 else np.ones(3, np.float32)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(300):
            found = gradient(np.zeros(3))
            assert found[0] in (1.0, 2.0)
            assert (found == found[0]).all()
    finally:
        stop.set()
        thread.join()


# -- processes ----------------------------------------------------------------------------------------------------
def _in_child(gradient, x, queue):
    queue.put(gradient(x))


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_other_processes(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    gradient = Gradient(loss)
    x = np.arange(3.0)
    gradient(x)
    gradient.compile()
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=_in_child, args=(gradient, x + 1, queue))
    process.start()
    np.testing.assert_allclose(queue.get(timeout=60), expected(x + 1))
    process.join(60)
    assert process.exitcode == 0
    np.testing.assert_allclose(gradient(x), expected(x))


@pytest.mark.parametrize("make", [lambda: Gradient(loss), lambda: Function(loss), lambda: value_and_grad(loss)],
                         ids=["Gradient", "Function", "value_and_grad"])
def test_pickles_trace_again_where_they_arrive(make):
    original = make()
    x = np.arange(3.0)
    before = original(x)
    copy = pickle.loads(pickle.dumps(original))
    np.testing.assert_equal(copy(x), before)


def test_cloudpickle_takes_lambdas_to_another_process(tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle")
    scale = 3.0
    gradient = Gradient(lambda x: scale * (x * x).sum())
    gradient(np.ones(2))
    file = tmp_path / "gradient"
    file.write_bytes(cloudpickle.dumps(gradient))
    code = f"import pickle, numpy as np; print(pickle.load(open({str(file)!r}, 'rb'))(np.arange(3.0)).tolist())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=os.getcwd())
    assert done.stdout.strip() == "[0.0, 6.0, 12.0]", done.stderr


# -- memory -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_calls_leave_no_memory_behind(backend):
    gradient = Gradient(loss, backend=backend)
    x = np.arange(3.0)
    for _ in range(50):
        gradient(x)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(300):
            gradient(x)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(3000):
            gradient(x)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 30_000  # one forgotten object a call would be three times that


def test_dropped_specialisations_are_freed():
    mode = ""
    traced = Function(lambda x: x.sum() * len(mode), backend="numpy")
    with options.set(specialisations=2), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seen = []
        for k in range(12):
            mode = "a" * k
            traced(np.ones(2))
            seen.append(weakref.ref(traced.core.specialisations[0]))
    gc.collect()
    assert sum(ref() is not None for ref in seen) == 2


def test_a_gradient_that_is_dropped_is_freed():
    class Held:
        w = 2.0

    def used():
        held = Held()
        gradient = Gradient(lambda x: (x * held.w).sum())
        gradient(np.ones(2))
        return weakref.ref(held), weakref.ref(gradient.core)

    refs = used()
    gc.collect()
    assert [ref() for ref in refs] == [None, None]


# -- interrupts and errors ------------------------------------------------------------------------------------------
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers")
def test_an_interrupt_while_tracing_leaves_a_usable_object():
    items = [1.0]

    def f(x):
        items.append(2.0)
        for k in [*range(1500)]:  # a list: unrolled
            x = np.sin(x) * k
        return x.sum()

    def interrupt(*_):
        raise KeyboardInterrupt

    traced = Function(f, backend="numpy")
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            traced(np.ones(2))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert items == [1.0]
    other = Function(lambda x: x.sum() + len(items), backend="numpy")
    assert other(np.ones(2)) == 3.0
    assert traced(np.ones(2)) == traced.fn(np.ones(2))


def test_an_error_while_tracing_leaves_a_usable_object():
    import pickle

    broken = True
    gradient = Gradient(lambda x: pickle.dumps({"x": x[0]}) if broken else (x * x).sum())
    with pytest.raises(NotImplementedError):
        gradient(np.ones(2))
    broken = False
    np.testing.assert_array_equal(gradient(np.ones(2)), [2.0, 2.0])


def test_an_interrupt_while_compiling_leaves_a_usable_object(monkeypatch):
    from bcad import entry

    traced = Function(loss, backend="auto")
    x = np.arange(3.0)
    traced(x)
    original = entry.compiled_for

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "compiled_for", interrupted)
    with pytest.raises(KeyboardInterrupt):
        traced.compile()
    assert traced(x) == loss(x)
    monkeypatch.setattr(entry, "compiled_for", original)
    assert traced.compile()(x) == loss(x)


def test_calls_go_on_while_another_thread_traces():
    quick = Gradient(loss)
    quick(np.ones(3))

    def slow(x):
        for k in [*range(1500)]:
            x = np.sin(x) * k
        return x.sum()

    thread = threading.Thread(target=lambda: Function(slow, backend="numpy")(np.ones(2)))
    thread.start()
    calls = 0
    while thread.is_alive():
        np.testing.assert_allclose(quick(np.ones(3)), WEIGHTS * 2)
        calls += 1
    thread.join()
    assert calls > 5


def test_the_core_is_what_is_pickled():
    assert isinstance(pickle.loads(pickle.dumps(Gradient(loss))).core, Differentiated)


def test_threads_that_call_at_once_trace_once():
    derivative, ready, found = grad(lambda x: np.sin(x).sum()), threading.Barrier(8), []

    def call(n):
        ready.wait()
        found.append(derivative(np.ones(n)))

    threads = [threading.Thread(target=call, args=(2 + k % 3,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all(np.allclose(x, np.cos(1.0)) for x in found)
    assert derivative.core.traces == 1
