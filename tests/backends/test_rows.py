"""Loops that are run together, a few rows at a time: NumPy's numbers, and no whole array between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import bcad
from bcad.backends import row_blocks

from .helpers import assert_same


@pytest.fixture(autouse=True, params=[7, row_blocks.ELEMENTS])
def elements_in_a_block(request: Any, monkeypatch: Any) -> Iterator[int]:
    """Blocks of few elements have ends in the middle of arrays of a test's size."""
    monkeypatch.setattr(row_blocks, "ELEMENTS", request.param)
    return request.param  # type: ignore[no-any-return]


def softmax_loss(x: Any, y: Any) -> Any:
    z = np.exp(x - np.max(x, axis=1, keepdims=True))
    p = z / np.sum(z, axis=1, keepdims=True)
    return np.sum((p - y) ** 2)


def walks(x: Any, y: Any) -> Any:
    paths = np.exp(np.cumsum(0.1 * x + y, axis=1))
    return np.mean(np.maximum(paths.mean(axis=1) - 1.0, 0.0)) + np.sum(paths[:, -1:])


def normalised(x: Any, y: Any) -> Any:
    centred = x - x.mean(axis=1, keepdims=True)
    scaled = centred / np.sqrt(np.sum(centred**2, axis=1, keepdims=True) + 0.1)
    return np.sum(np.tanh(scaled) * y) + np.sum(scaled.sum(axis=0) ** 2)


def sums_of_both_axes(x: Any, y: Any) -> Any:
    rows = np.exp(np.sin(x) * y).sum(axis=1)
    return np.sum(np.exp(rows * 0.1)[:, None] * x, axis=0).sum() + rows.max()


def reads_other_rows(x: Any, y: Any) -> Any:
    a = np.exp(np.tanh(x)).sum(axis=1)
    return np.sum(np.exp(a[::-1] * 0.1) * np.tanh(a)) + np.sum(y * a[:, None])


def square(x: Any, y: Any) -> Any:
    cube = np.exp(0.1 * x)[:, :, None] * np.tanh(y)[:, None, :]
    over_first = cube.sum(axis=0)  # as many rows as `cube` has, where x is square, and complete only in the end
    return np.sum(np.exp(0.1 * over_first) * cube.sum(axis=2)[: len(over_first), :1])


FUNCTIONS = [softmax_loss, walks, normalised, sums_of_both_axes, reads_other_rows]


def compare(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Value and gradients of the compiled code and of NumPy, twice; the compiled gradient."""
    found = {}
    for backend in ("numba", "numpy"):
        with bcad.options.set(backend=backend), np.errstate(all="ignore"):
            found[backend] = bcad.value_and_grad(function, argnums=tuple(range(len(args))), **options)
            for _ in range(2):
                value, gradients = found[backend](*args)
            found[backend, "result"] = [value, *gradients]
    for a, b in zip(found["numba", "result"], found["numpy", "result"], strict=True):
        assert_same(a, b)
    return found["numba"]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (33, 1), (40, 3), (61, 17)])
def test_rows_of_dynamic_length(function: Callable[..., Any], shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    compare(function, rng.normal(size=shape), rng.normal(size=shape))


def test_arrays_with_equal_axes() -> None:
    rng = np.random.default_rng(6)
    compare(square, *rng.normal(size=(2, 40, 40)))


def test_float32_and_values_that_are_not_finite() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 50, 6)).astype(np.float32)
    for function in FUNCTIONS:
        compare(function, x, y)
    x = x.astype(float)
    x[3, 2], x[40, 1], x[17] = np.nan, np.inf, -0.0
    compare(normalised, x, y.astype(float))


def test_no_rows_at_all() -> None:
    compare(lambda x, y: np.sum(np.exp(x - x.sum(axis=1, keepdims=True)) * np.exp(y)), np.ones((0, 3)), np.ones((0, 3)))


# -- rows in registers ------------------------------------------------------------------------------
def cross(x: Any, y: Any) -> Any:
    z = np.cross(x, np.sin(y)) / np.sqrt(np.sum(x * x, axis=1, keepdims=True) + 1.0)
    return np.sum(np.exp(z[:, 0]) * z[:, 2]) + np.sum(z[:, :2] ** 3)


def columns(x: Any, y: Any) -> Any:
    out = np.zeros((x.shape[0], 3))
    out[:, 0] = np.sin(x[:, 1]) * y[:, 0]
    out[:, 1:] = np.exp(x[:, :2] * 0.1)
    out[:, -1] += out[:, 0] * y[:, 2]
    return np.sum(out**2, axis=1).max() + np.sum(out * x)


@pytest.mark.parametrize("function", [cross, columns], ids=lambda f: f.__name__)
@pytest.mark.parametrize("rows", [1, 33, 1100])
def test_short_rows_of_fixed_length(function: Callable[..., Any], rows: int) -> None:
    rng = np.random.default_rng(2)
    compare(function, rng.normal(size=(rows, 3)), rng.normal(size=(rows, 3)))


def test_what_only_rows_share_is_not_kept_as_a_whole() -> None:
    x, y = np.random.default_rng(3).normal(size=(2, 20_000, 3))
    g = compare(cross, x, y)
    tapes, others = g.core.specialisations[0].entry.compiled.report.kept()
    assert tapes + others < x.nbytes / 10


def test_sums_over_rows_are_as_accurate_as_numpys() -> None:
    x = np.full((200_000, 3), 0.1)
    y = x + np.array([1e4, -1e4, 0.0])
    compare(lambda x, y: np.sum(np.cross(x, x[:, ::-1]) ** 2 + y * np.sqrt(np.sum(x * x, axis=1, keepdims=True))), x, x)
    compare(cross, x, y)


# -- writes at fixed columns -------------------------------------------------------------------------
@pytest.mark.parametrize("index", [np.s_[:, 1], np.s_[:, -1], np.s_[:, 1:], np.s_[:, ::-2], np.s_[..., 0, None], np.s_[:, 1:1]])
def test_writes_into_new_rows(index: Any) -> None:
    x = np.random.default_rng(4).normal(size=(35, 4))

    def function(x: Any) -> Any:
        out = np.ones(x.shape)
        out[index] = np.sin(x[index])
        out[index] *= np.exp(x[index])
        return np.sum(np.sqrt(np.sum(out**2, axis=1)) * x[:, 3])

    compare(function, x)


def test_what_is_written_may_be_spread_out() -> None:
    def function(x: Any) -> Any:
        out = np.zeros((x.shape[0], 3, 2))
        out[:, 1] = x[:, :1]
        out[:, :, 0] += np.exp(x)
        out[:, 2, 1] = 7
        return np.sum(out**2 * x[:, :, None], axis=(1, 2)).sum() + out.sum(axis=2).max()

    compare(function, np.random.default_rng(5).normal(size=(40, 3)))


# -- products and writes among the rows -----------------------------------------------------------------
def whitened(x: Any, factor: Any) -> Any:
    centred = x - x.mean(axis=0)
    white = (centred - 0.1) @ factor.T
    return np.sum(np.log(1.0 + np.sum(white**2, axis=1)))


@pytest.mark.parametrize("rows", [1, 3, 37, 1300])
@pytest.mark.parametrize("columns", [2, 10])
def test_products_of_rows_and_their_sums(rows: int, columns: int) -> None:
    rng = np.random.default_rng(7)
    x, factor = rng.normal(size=(rows, columns)), rng.normal(size=(columns, columns))
    compare(whitened, x, factor)
    compare(whitened, x.astype(np.float32), factor.astype(np.float32))


def test_what_reads_an_array_comes_before_what_overwrites_it() -> None:
    def function(x: Any, y: Any) -> Any:
        out = np.exp(x)
        for j in range(x.shape[1]):
            out[:, j] = np.sum(out * y, axis=1) * out[:, j]
        return np.sum(out)

    x, y = 0.1 * np.random.default_rng(8).normal(size=(2, 40, 5))
    compare(function, x, y)


@pytest.mark.parametrize("places", [[2, 0, 3, 1], [-1, -1, 0, 1], [0], []])
def test_columns_whose_numbers_a_run_tells(places: list[int]) -> None:
    """A row in registers is read at a place that is not fixed: no turn may read what another has stored."""
    def f(x: Any, k: Any) -> Any:
        y = np.sin(x) * 2
        z = y[:, k]
        return np.sum(np.cos(z) * y[:, : z.shape[1]]), np.cos(z) * z

    k = np.array(places, int)
    for n in (0, 1, 8, 200):
        x = np.linspace(-2, 3, 4 * n).reshape(n, 4)
        for found, expected in zip(bcad.Function(f, backend="numba")(x, k), f(x, k), strict=True):
            assert_same(found, expected)
