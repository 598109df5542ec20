"""Sorting in compiled code is NumPy's: ties, NaN, signed zeros, complex numbers, every axis, every length, every dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bcad
from bcad import backends
from bcad.backends import numpy_sorts
from bcad.ir import Dim, array_type
from bcad.ops import BY_NAME

from .helpers import build

N, M = Dim.symbol("n"), Dim.symbol("m")
pytestmark = pytest.mark.skipif(numpy_sorts.routine("sort", np.dtype(float), "quicksort") is None, reason="another NumPy")
DTYPES = [np.float64, np.float32, np.int64, np.int32, np.int8, np.uint8, np.uint64, np.bool_, np.complex128, np.complex64]


def compiled(function: Any, *types: Any) -> Any:
    made = backends.get("numba").compile(build(function, *types))
    assert made.report.in_numpy == []
    return made


def numbers(n: int, dtype: Any) -> Any:
    rng = np.random.default_rng(n)
    x = rng.integers(0, max(n // 2, 2), n).astype(dtype)
    if x.dtype.kind in "fc" and n > 4:
        x[[1, 3]], x[2], x[4] = np.nan, -np.inf, np.inf
        x[rng.integers(0, n)] = -0.0
    if x.dtype.kind == "c":
        x.imag = -x.real[::-1]
    return x


@pytest.mark.parametrize("dtype", DTYPES)
def test_of_one_axis(dtype: Any) -> None:
    t = array_type(dtype, (N,))
    sort = compiled(lambda x: BY_NAME["sort"](x, axis=0), t)
    orders = {k: compiled(lambda x, k=k: BY_NAME["argsort"](x, axis=0, kind=k), t) for k in ("quicksort", "stable")}
    for n in (0, 1, 2, 3, 7, 16, 17, 100, 1000):
        x = numbers(n, dtype)
        before = x.copy()
        found, expected = sort(x)[0], np.sort(x)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
        for kind, order in orders.items():
            np.testing.assert_array_equal(order(x)[0], np.argsort(x, kind=kind))
        np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_along_every_axis(axis: int, dtype: Any) -> None:
    t = array_type(dtype, (N, 3, M))
    both = compiled(lambda x: (BY_NAME["sort"](x, axis=axis), BY_NAME["argsort"](x, axis=axis, kind="stable")), t)
    for n, m in ((2, 5), (0, 4), (4, 0), (1, 1), (7, 2)):
        x = np.random.default_rng(3).integers(0, 4, (n, 3, m)).astype(dtype)
        found, order = both(x)
        np.testing.assert_array_equal(found, np.sort(x, axis))
        np.testing.assert_array_equal(order, np.argsort(x, axis, kind="stable"))


def test_among_other_work_and_in_loops() -> None:
    def f(x: Any, steps: int) -> Any:
        for _ in range(steps):
            middle = np.sort(x * x)[len(x) // 2]
            x = x - 0.1 * np.sin(x) * middle + 0.01 * np.median(x)
        return np.sum(x * np.sort(x)) + np.argsort(-x)[0]

    x = np.array([0.3, -0.7, 1.9, 0.2, -1.1, 0.8])
    found, plain = bcad.value_and_grad(f), bcad.value_and_grad(f)
    with bcad.options.set(backend="numba"):
        value, slope = found(x, 12)
        assert "in NumPy" not in found.report()
    with bcad.options.set(backend="numpy"):
        expected, wanted = plain(x, 12)
    assert value == pytest.approx(f(x, 12), rel=1e-13) and value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(slope, wanted, rtol=1e-11)


def test_columns_that_are_no_arrays_of_their_own() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sort(x[:, ::-2].T + 1.0, axis=0) * np.arange(1.0, 4.0)[:, None], axis=1)

    x = np.random.default_rng(5).normal(size=(4, 6))
    with bcad.options.set(backend="numba"):
        np.testing.assert_allclose(bcad.Function(f)(x), f(x), rtol=1e-14)
        np.testing.assert_allclose(bcad.Function(f)(x[::-1]), f(x[::-1]), rtol=1e-14)
