"""Creation functions with Values and symbolic sizes; np.array of nested lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcad.ir import Builder, Dim, array_type, evaluate, type_of, verify
from bcad.ops import FUNCTIONS

from .derivatives import check, of, run

X = np.array([0.5, 1.5, -2.0])
S = np.float64(0.75)


@pytest.mark.parametrize(
    ("meaning", "args"),
    [
        (lambda f, x: f(np.array)(x), (X,)),
        (lambda f, x: f(np.array)([x, [1.0, 2.0, 3.0]]), (X,)),
        (lambda f, x, s: f(np.array)([[x[0], s], [s * 2, 1]]), (X, S)),
        (lambda f, s: f(np.array)([s, 2, True]), (S,)),
        (lambda f, s: f(np.array)((s, 1j)), (S,)),
        (lambda f, s: f(np.array)(s, ndmin=2), (S,)),
        (lambda f, x: f(np.array)([x, x], dtype=np.float32), (X,)),
        (lambda f, x: f(np.asarray)(x, dtype=complex), (X,)),
        (lambda f, s: f(np.asarray)(s), (S,)),
        (lambda f, s: f(np.ascontiguousarray)(s), (S,)),
        (lambda f, x: f(np.copy)(x), (X,)),
        (lambda f, s: f(np.full)((2, 3), s), (S,)),
        (lambda f, x: f(np.full)((2, 3), x), (X,)),
        (lambda f, s: f(np.full)(2, s, dtype=np.float32), (S,)),
        (lambda f, x, s: f(np.full_like)(x, s), (X, S)),
        (lambda f, x: f(np.zeros_like)(x) + f(np.ones_like)(x, dtype=np.float32), (X,)),
        (lambda f, x: f(np.ones_like)(x, shape=(2,)), (X,)),
        (lambda f, s: f(np.linspace)(s, 2.0, 5), (S,)),
        (lambda f, s: f(np.linspace)(0, s, 4, endpoint=False), (S,)),
        (lambda f, x: f(np.linspace)(x, 1.0, 3, axis=1), (X,)),
        (lambda f, x, s: f(np.linspace)(x, s, 3, axis=-1), (X, S)),
        (lambda f, s: f(np.linspace)(s, 2.0, 3, retstep=True), (S,)),
        (lambda f, s: f(np.linspace)(s, 2.0, 1), (S,)),
        (lambda f, s: f(np.logspace)(s, 2.0, 4), (S,)),
        (lambda f, s: f(np.logspace)(0.0, 1.0, 4, base=s), (S,)),
        (lambda f, x: f(np.meshgrid)(x, x[:2]), (X,)),
        (lambda f, x, s: f(np.meshgrid)(x, s, x, indexing="ij"), (X, S)),
        (lambda f, x: f(np.meshgrid)(x, x, sparse=True), (X,)),
        (lambda f, x: f(np.indices)((2, 3)) * x, (X,)),
        (lambda f, x: f(np.indices)((3, 3), dtype=float, sparse=True)[1] * x, (X,)),
    ],
)
def test_creation(meaning: Any, args: Any) -> None:
    def traced(*xs: Any) -> Any:
        return meaning(FUNCTIONS.__getitem__, *xs)

    def numpy(*xs: Any) -> Any:
        return meaning(lambda function: function, *xs)

    got, expected = run(traced, *args), numpy(*args)
    for g, e in zip(*(x if isinstance(x, (list, tuple)) else [x] for x in (got, expected)), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-15)
        assert type_of(g) == type_of(e)
    if np.asarray(got[0] if isinstance(got, list) else got).dtype != np.float32:
        check(traced, *args, numpy=numpy)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (np.arange, (4,)), (np.arange, (1, 7, 2)), (np.arange, (7, 0, -3)), (np.arange, (3, 1)), (np.arange, (0.0, 1.0, 0.25)),
        (np.arange, (3.0,)), (np.zeros, ((2, 3),)), (np.ones, (3, int)), (np.empty, (0,)), (np.eye, (3,)), (np.eye, (2, 3, 1)),
        (np.identity, (2,)), (np.zeros, (np.array([2, 2]),)), (np.arange, (5, None, 2)),
    ],
)
def test_creation_from_sizes(function: Any, args: Any) -> None:
    with Builder() as b:
        graph = verify(b.build([FUNCTIONS[function](*args)]))
    (got,) = evaluate(graph, [])
    expected = function(*args)
    np.testing.assert_array_equal(got, expected)
    assert type_of(got) == type_of(expected)


def test_sizes_may_be_symbols() -> None:
    n = Dim.symbol("n")
    with Builder() as b:
        x = b.input(array_type(float, (n,)), "x")
        size = b.size(n)
        f = FUNCTIONS
        ys = [
            f[np.zeros](size), f[np.ones]((2, size)), f[np.arange](size), f[np.arange](1, size - 1), f[np.arange](size, 0, -2),
            f[np.linspace](0, 1, size), f[np.eye](size), f[np.zeros_like](x), f[np.full](n + 1, x[0]),
        ]
        graph = verify(b.build(ys))
    a = np.arange(5.0)
    expected = [
        np.zeros(5), np.ones((2, 5)), np.arange(5), np.arange(1, 4), np.arange(5, 0, -2), np.linspace(0, 1, 5), np.eye(5),
        np.zeros(5), np.full(6, 0.0),
    ]
    for got, e in zip(evaluate(graph, [a]), expected, strict=True):
        np.testing.assert_array_equal(got, e)
        assert got.dtype == e.dtype


def test_arange_of_computed_constants() -> None:
    with Builder() as b:
        m = FUNCTIONS[np.array]([0.0, b.constant(5)])[1]
        graph = verify(b.build([FUNCTIONS[np.arange](1 - m, m, 2)]))
    np.testing.assert_array_equal(evaluate(graph, [])[0], np.arange(-4.0, 5.0, 2))


def test_lists_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="sequence"):
        run(lambda s: FUNCTIONS[np.array]([[s, s], [s]]), S)


def test_a_length_that_depends_on_data_is_refused() -> None:
    with pytest.raises(TypeError, match="length of an arange must be known"):
        run(lambda s: FUNCTIONS[np.arange](0, s), S)


def test_linspace_ends_exactly() -> None:
    y = run(lambda a, b: of(np.linspace)(a, b, 7), np.float64(0.1), np.float64(0.7))
    assert y[0] == 0.1 and y[-1] == 0.7
