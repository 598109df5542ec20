"""Threads, native code in between, interrupts: frame state stays consistent."""
import signal
import subprocess
import sys
import threading
import warnings

import interpreter
from interpreter import call


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

    assert call(program) == ["caught", "finally"]


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
