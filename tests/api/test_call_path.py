"""The generated path of later calls: what compiled code checks, and what sends a call the long way."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import bcad
from bcad import Function, Gradient, grad, value_and_grad

captured = np.arange(4.0)
other = np.ones(4)


@pytest.fixture(autouse=True)
def compiled() -> Iterator[None]:
    with bcad.options.set(backend="numba"):
        yield


def square(x: Any) -> Any:
    return (x * x).sum()


def warm(f: Any, *args: Any) -> Any:
    """`f`, whose later calls take the generated path."""
    for _ in range(3):
        f(*args)
    assert f.core.call(args, {}) is not bcad.trace.MISS
    return f


def test_numbers_of_every_class() -> None:
    g = warm(grad(lambda x: x * x * 0.5), 3.0)
    for x in (2.0, np.float64(2.0), np.float32(2.0), 2, True, np.int64(2), np.array(2.0), 2.0):
        if x is True:
            with pytest.raises(TypeError):
                g(x)
        else:
            assert g(x) == pytest.approx(2.0)
    assert type(g(2.0)) is np.float64


def test_whole_numbers_beyond_64_bits() -> None:
    f = warm(Function(lambda x, k: x * float(k % 7)), 2.0, 10)
    assert f(2.0, 10) == 6.0
    assert f(2.0, 10**30) == 2.0 * float(10**30 % 7)


@pytest.mark.parametrize("x", [
    np.arange(6.0)[::2], np.arange(6.0)[::-1], np.arange(4), np.arange(4, dtype=np.float32), np.arange(4.0).astype(">f8"),
    np.ones(1), np.ones(0), np.ones((2, 2)), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.frombuffer(b"\0" * 17, np.uint8)[1:].view(float),
], ids=["strided", "backwards", "ints", "float32", "swapped", "one", "none", "matrix", "fortran", "unaligned"])
def test_arrays_of_every_kind(x: Any) -> None:
    g = warm(grad(square), np.arange(3.0))
    for _ in range(3):
        found = g(x)
        np.testing.assert_array_equal(found, 2.0 * x)
        assert found.shape == x.shape
        np.testing.assert_array_equal(g(np.arange(3.0)), [0.0, 2.0, 4.0])


def test_sizes_that_must_agree() -> None:
    g = warm(grad(lambda x, y: (x * y).sum(), argnum=(0, 1)), np.arange(3.0), np.ones(3))
    a, b = g(np.arange(5.0), np.ones(5))
    np.testing.assert_array_equal(b, np.arange(5.0))
    a, b = g(np.arange(3.0), np.ones(1))
    np.testing.assert_array_equal(b, [3.0])
    a, b = g(np.arange(3.0), np.float64(2.0))
    assert b == 3.0
    with pytest.raises(ValueError, match="broadcast"):
        g(np.arange(3.0), np.ones(2))
    a, b = g(np.arange(3.0), np.ones(3))
    np.testing.assert_array_equal(b, [0.0, 1.0, 2.0])


def test_sizes_that_the_program_asks_about() -> None:
    def f(x: Any, y: Any) -> Any:
        return (x.sum() if len(x) > len(y) else y.sum()) * (x[0] + y[0])

    g = warm(value_and_grad(f), np.ones(3), np.ones(5))
    for n, m in ((3, 5), (5, 3), (4, 4), (2, 9), (9, 2)):
        x, y = np.arange(1.0, n + 1), np.arange(1.0, m + 1)
        assert g(x, y)[0] == f(x, y)


def test_captured_arrays_that_change() -> None:
    global captured, other
    g = warm(grad(lambda x: (x * captured * other).sum()), np.ones(4))
    kept = captured, other
    try:
        for new in (np.full(4, 3.0), np.full(4, 3, np.float32), np.full(8, 3.0)[::2], np.array(3.0), 3.0, np.full(1, 3.0), [3.0] * 4):
            captured = new
            if isinstance(new, list):
                captured = np.array(new)
            np.testing.assert_allclose(g(np.ones(4)), np.full(4, 3.0), rtol=1e-6)
        captured, other = np.ones(5), np.ones(5)
        np.testing.assert_array_equal(g(np.ones(5)), np.ones(5))
        other = np.ones(3)
        with pytest.raises(ValueError, match="broadcast"):
            g(np.ones(5))
    finally:
        captured, other = kept
    np.testing.assert_array_equal(g(np.ones(4)), np.arange(4.0))


def test_keywords_out_and_wrong_calls() -> None:
    g = warm(Gradient(lambda x, scale: (x * x).sum() * scale, wrt=0), np.ones(3), 2.0)
    np.testing.assert_array_equal(g(np.ones(3), scale=3.0), np.full(3, 6.0))
    np.testing.assert_array_equal(g(scale=1.0, x=np.ones(3)), np.full(3, 2.0))
    out = np.empty(3)
    assert g(np.ones(3), 2.0, out=out) is out
    np.testing.assert_array_equal(out, np.full(3, 4.0))
    for args in ((), (np.ones(3),), (np.ones(3), 1.0, 2.0)):
        with pytest.raises(TypeError):
            g(*args)
    np.testing.assert_array_equal(g(np.ones(3), 2.0), np.full(3, 4.0))


def test_results_are_new_arrays() -> None:
    g = warm(grad(square), np.arange(3.0))
    a, b = g(np.arange(3.0)), g(np.arange(3.0))
    assert not np.shares_memory(a, b)
    a[:] = 9.0
    np.testing.assert_array_equal(g(np.arange(3.0)), b)


def test_options_that_change_between_calls() -> None:
    g = warm(grad(lambda x: np.log(x).sum()), np.ones(3))
    with bcad.options.set(check_finite=True), np.errstate(all="ignore"), pytest.raises(Exception, match="(?i)finite|inf"):
        g(np.zeros(3))
    with np.errstate(all="ignore"):
        assert np.all(np.isinf(g(np.zeros(3))))


def test_code_that_is_replaced() -> None:
    def f(x: Any) -> Any:
        return x * x

    g = warm(grad(f), 3.0)
    f.__code__ = (lambda x: x * x * x).__code__
    assert g(2.0) == 12.0


def test_exceptions_of_python_come_from_python() -> None:
    g = warm(grad(lambda x: 1 / x), 2.0)
    with pytest.raises(ZeroDivisionError):
        g(0.0)
    assert g(2.0) == -0.25


def test_several_specialisations_take_turns() -> None:
    g = grad(lambda x: np.sum(x**3))
    for _ in range(4):
        for x in (2.0, np.arange(3.0), np.ones((2, 2)), np.arange(3, dtype=np.float32)):
            np.testing.assert_allclose(g(x), 3 * np.asarray(x) ** 2, rtol=1e-6)
    assert g.core.traces == 4


def test_a_gradient_inside_traced_code() -> None:
    inner = warm(grad(lambda x: x**3), 2.0)
    outer = warm(grad(lambda x: inner(x) * x), 2.0)
    assert outer(2.0) == pytest.approx(9 * 4.0)
    assert inner(2.0) == pytest.approx(12.0)


def test_copies_and_pickles_find_their_own_path() -> None:
    g = warm(Gradient(square), np.arange(3.0))
    for twin in (copy.copy(g), pickle.loads(pickle.dumps(g))):
        np.testing.assert_array_equal(twin(np.arange(3.0)), [0.0, 2.0, 4.0])


def test_many_threads() -> None:
    g = warm(grad(lambda x: (np.sin(x) * x).sum()), np.arange(3.0))
    failures: list[Any] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for k in range(300):
            x = rng.normal(size=2 + (seed + k) % 5)
            if not np.allclose(g(x), np.cos(x) * x + np.sin(x), rtol=1e-12):
                failures.append(x)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_what_is_not_compiled_yet() -> None:
    with bcad.options.set(backend="auto"):
        g = grad(square)
        for k in range(20):
            np.testing.assert_array_equal(g(np.full(3, float(k))), np.full(3, 2.0 * k))
            np.testing.assert_array_equal(g(np.full(1, float(k))), [2.0 * k])
