"""Searching in compiled code gives NumPy's places: ties, NaN, other dtypes, empty arrays, arrays that are not sorted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bcad
from bcad import backends
from bcad.ir import Dim, array_type, scalar_type
from bcad.ops import BY_NAME

from .helpers import build, check

N, M = Dim.symbol("n"), Dim.symbol("m")
TABLES = [
    np.array([0.0, 1.0, 1.0, 1.0, 2.0, 5.0]), np.array([-np.inf, -1.0, -0.0, 0.0, np.inf]), np.array([1.0, 2.0, np.nan, np.nan]),
    np.zeros(0), np.array([3.0]),
]
# Places in a table that is not sorted are whatever NumPy's steps lead to; those are others from NumPy 2.5 on.
UNSORTED = [np.array([5.0, 1.0, 4.0, 0.0, 2.0, 9.0, -1.0])] if np.lib.NumpyVersion(np.__version__) < "2.5.0" else []
KEYS = np.array([1.0, 0.5, np.nan, -np.inf, 2.0, 5.0, 5.5, -0.0, 0.0, np.inf, 1.0, 1.0, np.nan, -2.0])


def made(side: str, a: Any, v: Any) -> Any:
    return build(lambda x, y: BY_NAME["searchsorted"](x, y, side=side), a, v)


@pytest.mark.parametrize("side", ["left", "right"])
def test_places(side: str) -> None:
    compiled = backends.get("numba").compile(made(side, array_type(float, (N,)), array_type(float, (M,))))
    assert compiled.report.in_numpy == []
    rng = np.random.default_rng(0)
    for table in [*TABLES, *UNSORTED, np.sort(rng.normal(size=200)), np.sort(rng.integers(0, 9, 50).astype(float))]:
        for keys in (KEYS, KEYS[:0], KEYS[:1], np.sort(KEYS), rng.normal(size=300), table, table[::-1].copy()):
            np.testing.assert_array_equal(compiled(table, keys)[0], np.searchsorted(table, keys, side))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("of", "by"), [
    (np.int64, np.float64), (np.float32, np.float64), (np.float64, np.float32), (np.uint8, np.int32), (np.bool_, np.bool_), (np.int64, np.int64),
    (np.uint64, np.int64),
])
def test_dtypes(of: Any, by: Any, side: str) -> None:
    table, keys = np.sort(np.arange(12) % 7).astype(of), np.array([3, 0, 1, 6, 9, 2], by)
    found = check(made(side, array_type(of, (N,)), array_type(by, (M,))), table, keys)(table, keys)[0]
    np.testing.assert_array_equal(found, np.searchsorted(table, keys, side))


def test_one_number_and_several_axes() -> None:
    table = TABLES[0]
    check(made("right", array_type(float, (N,)), scalar_type(float)), table, np.float64(1.0))
    check(made("left", array_type(float, (N,)), array_type(float, (N, 2))), np.arange(3.0), np.array([[2.0, 0.5], [7.0, -1.0], [1.0, np.nan]]))
    check(made("left", array_type(float, (6,)), array_type(float, (2, 0))), table, np.zeros((2, 0)))


def test_complex_tables_are_left_to_numpy() -> None:
    z = np.array([1j, 1 + 1j, 2.0])
    check(made("left", array_type(complex, (N,)), array_type(complex, (N,))), z, z[::-1].copy(), compiled=False)


def test_tables_are_looked_up_in_loops() -> None:
    knots, values = np.linspace(0.0, 1.0, 11), np.linspace(0.0, 1.0, 11) ** 2

    def f(x: Any, steps: int) -> Any:
        for _ in range(steps):
            x = x - 0.1 * np.interp(x, knots, values) + 0.01 * np.searchsorted(knots, x)
        return np.sum(x * x)

    x = np.array([0.05, 0.33, 0.91, -0.4, 1.7])
    compiled, plain = (bcad.value_and_grad(f), bcad.value_and_grad(f))
    with bcad.options.set(backend="numba"):
        value, slope = compiled(x, 20)
        assert "in NumPy" not in compiled.report()
    with bcad.options.set(backend="numpy"):
        expected, wanted = plain(x, 20)
    assert value == pytest.approx(f(x, 20), rel=1e-13) and value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(slope, wanted, rtol=1e-12)
