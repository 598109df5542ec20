"""Python ints that do not fit a dtype raise as in NumPy 2, known or not; ``ufunc.at`` rounds after each element."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcad import Function


def filled(a, k):
    b = a * 1
    b.fill(k)
    return b


def put(a, k):
    b = a * 1
    b.put([0], k)
    return b


def copied(a, k):
    b = a * 1
    np.copyto(b, k)
    return b


def inserted(a, k):
    return np.insert(a, 0, k)


def listed(a, k):
    return np.array([k], dtype=a.dtype)


def product(a, k):
    return a * k


def minus(a, k):
    return a * -1 if k < 0 else a * 2


def made(a, k):
    return np.uint64(k), np.uint8(k), np.full(2, k, dtype=a.dtype)


def added(a, k):
    np.add.at(a, [0, 0], k)
    return a


def outcome(f: Any, *args: Any) -> Any:
    try:
        found = f(*[x.copy() if isinstance(x, np.ndarray) else x for x in args])
    except (OverflowError, TypeError) as error:
        return type(error)
    return [(x.dtype, x.tolist()) for x in found] if isinstance(found, tuple) else (found.dtype, found.tolist())


@pytest.mark.parametrize("f", [filled, put, copied, inserted, listed, product, minus, made, added], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_ints_out_of_range(f, dtype):
    compiled, a = Function(f), np.array([3, 1, 2], dtype)
    for k in (5, 300, -1, 7, -300, -2, 6):  # known at first, then any
        assert outcome(compiled, a, k) == outcome(f, a, k)


AT = [(da, b) for da in (np.float64, np.int64, np.uint8, bool, np.float32) for b in (0.6, -1.25, 2, np.array([1.5]), np.int64(3), True)]


@pytest.mark.parametrize("name", ["add", "subtract"])
@pytest.mark.parametrize(("dtype", "b"), AT, ids=str)
def test_each_sum_is_cast(name, dtype, b):
    def f(a, i):
        getattr(np, name).at(a, i, b)
        return a

    compiled = Function(f, backend="numpy")
    for i in ([0, 0, 1], [2, 2, 2], [[0, 1], [1, 1]], [0]):
        a, i = np.array([3, 0, 1]).astype(dtype), np.array(i)
        try:
            expected = f(a.copy(), i)
        except TypeError:
            with pytest.raises(TypeError):
                compiled(a.copy(), i)
            continue
        found = compiled(a.copy(), i)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_at_takes_no_more_axes_than_there_are():
    def f(a, b):
        np.add.at(a, 0, b)
        return a

    with pytest.raises(ValueError):
        f(np.zeros(3), np.ones(1))
    with pytest.raises(ValueError):
        Function(f)(np.zeros(3), np.ones(1))
