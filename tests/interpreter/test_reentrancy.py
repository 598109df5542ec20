"""Threads, native code in between, interrupts: frame state stays consistent."""
import concurrent.futures
import contextlib
import os
import signal
import subprocess
import sys
import threading
import traceback
import warnings

import interpreter
from interpreter import call, hot
from interpreter.thread import current_thread


def test_interpreted_native_interpreted():
    def compare(a, b):
        return call(lambda: a - b)

    def program():
        import functools
        return sorted([3, 1, 2], key=functools.cmp_to_key(compare))

    assert call(program) == [1, 2, 3]


def test_threads_do_not_see_each_other():
    results = {}

    def work(n):
        try:
            raise ValueError(n)
        except ValueError:
            total = sum(i for i in range(200))
            results[n] = total, str(sys.exc_info()[1])

    threads = [threading.Thread(target=call, args=(work, n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: (19900, str(n)) for n in range(8)}


def test_generators_outlive_the_call_that_made_them():
    def make():
        total = yield 1
        yield total

    generator = call(make)
    assert [next(generator), generator.send(5)] == [1, 5]
    generator.close()


def test_an_interrupt_arrives_in_the_users_code():
    def program():
        seen = []
        try:
            signal.raise_signal(signal.SIGINT)
            while True:
                pass
        except KeyboardInterrupt:
            seen.append("caught")
        finally:
            seen.append("finally")
        return seen

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        assert call(program) == ["caught", "finally"]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_warning_points_at_the_users_line():
    def warns():
        warnings.warn("careful", UserWarning, stacklevel=2)

    def program():
        warns()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(program)
    assert caught[0].filename == __file__
    assert caught[0].lineno == program.__code__.co_firstlineno + 1


def test_import_is_light():
    code = ("import sys, interpreter; "
            "sys.exit(any(m in sys.modules for m in ('bytecode', 'numpy', 'numba', 'bcad')))")
    path = interpreter.__path__[0].rpartition("/")[0]
    assert subprocess.run([sys.executable, "-c", code], cwd=path).returncode == 0


def busy(n, enough):
    """Loops, generators, context managers, until it has been interrupted often enough."""
    interrupted = total = 0
    for i in range(n):
        try:
            table = {k: k * k for k in range(5)}
            for x in (y * 2 for y in range(3)):
                total += x + i % 7
            with contextlib.suppress(ValueError):
                if i % 5 == 0:
                    raise ValueError(i)
            assert list(table) == [0, 1, 2, 3, 4]
        except KeyboardInterrupt:
            interrupted += 1
            if interrupted == enough:
                return interrupted
    return -1


def test_interrupts_at_any_time_leave_everything_in_order():
    def send():
        while not done.wait(0.003):
            os.kill(os.getpid(), signal.SIGINT)

    def interrupt(number, frame):
        if current_thread().depth:          # not between two lines of this test
            raise KeyboardInterrupt

    done, limit = threading.Event(), sys.getrecursionlimit()
    before = signal.signal(signal.SIGINT, interrupt)
    sender = threading.Thread(target=send, daemon=True)
    result = None
    try:
        sender.start()
        while result is None:
            with contextlib.suppress(KeyboardInterrupt):    # in a handler, or on the way out
                result = call(busy, 10**9, 25)
    finally:
        done.set()
        sender.join()
        signal.signal(signal.SIGINT, before)
    thread = current_thread()
    assert (result, thread.depth, thread.frame, thread.journal) == (25, 0, None, None)
    assert sys.getrecursionlimit() == limit
    assert call(sum, [1, 2]) == 3


def test_threads_share_hot_loops(monkeypatch):
    monkeypatch.setattr(hot, "HOT", 5)

    def work(n):
        total = 0
        for i in range(n):
            for j in range(i % 7):
                total += i * j
        return total

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = [*pool.map(lambda n: call(work, n), [300, 301] * 8)]
    assert found == [work(300), work(301)] * 8


def test_a_generator_may_be_resumed_by_another_thread():
    def values():
        for i in range(3):
            yield i, threading.current_thread().name

    generator = call(values)
    seen = [next(generator)]
    worker = threading.Thread(target=lambda: seen.append(next(generator)), name="worker")
    worker.start()
    worker.join()
    seen.append(next(generator))
    assert [i for i, _ in seen] == [0, 1, 2]
    assert seen[1][1] == "worker"


def test_native_code_in_between_may_raise_and_recur():
    def depth(n):
        return 1 + max(map(depth, [n - 1])) if n else 0

    def fails(n):
        return sorted([n - 1, n - 1], key=fails) if n else 1 / n

    assert call(depth, 30) == 30
    for _ in range(2):
        try:
            call(fails, 5)
        except ZeroDivisionError as error:
            names = [entry.name for entry in traceback.extract_tb(error.__traceback__)]
    assert names[1:] == ["fails"] * 6
    assert current_thread().frame is None
