"""Small products and systems written out, against NumPy: pivots, transposes, batches, singular matrices, nan."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from bcad import backends
from bcad.ir import Dim, array_type
from bcad.ops import BY_NAME as O

from .helpers import build, check

N = Dim.symbol("n")


def normal(*shape: int, seed: int = 0, dtype: Any = float) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def kernels(made: Any) -> str:
    return "\n".join(made.report.kernels)


def product(a: Any, b: Any, flip_a: bool = False, flip_b: bool = False) -> Any:
    a, b = (O["transpose"](x, axes=(1, 0)) if flip else x for x, flip in ((a, flip_a), (b, flip_b)))
    return O["matmul"](a, b)


@pytest.mark.parametrize("flips", list(itertools.product((False, True), repeat=2)), ids=str)
@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 3, 4), (8, 8, 8), (3, 1, 5), (17, 2, 3), (3, 17, 2), (2, 3, 17), (16, 10, 11)], ids=str)
def test_product_of_fixed_sizes(sizes: tuple[int, int, int], flips: tuple[bool, bool]) -> None:
    m, k, n = sizes
    a, b = (shape[::-1] if flip else shape for shape, flip in zip(((m, k), (k, n)), flips, strict=True))
    graph = build(lambda x, y: product(x, y, *flips), array_type(float, a), array_type(float, b))
    check(graph, normal(*a), normal(*b, seed=1))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("count", [0, 1, 100])
def test_product_with_one_size_unknown(count: int, dtype: Any) -> None:
    for a, b in (((N, 3), (3, 4)), ((3, N), (N, 4)), ((2, N), (N, 2))):
        types = [array_type(dtype, s) for s in (a, b)]
        shapes = [tuple(count if size is N else size for size in s) for s in (a, b)]
        made = check(build(O["matmul"], *types), *(normal(*s, seed=k, dtype=dtype) for k, s in enumerate(shapes)))
        assert "written out" in kernels(made)


def test_gram_matrix_reads_one_buffer_twice() -> None:
    graph = build(lambda x: O["matmul"](O["transpose"](x, axes=(1, 0)), x), array_type(float, (N, 3)))
    assert "written out" in kernels(check(graph, normal(50, 3)))


@pytest.mark.parametrize("shapes", [((4,), (4, 2)), ((3, 4), (4,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
                                    ((4, 1, 2, 3), (5, 3, 2)), ((5, 3, 4), (4,)), ((3,), (5, 3, 2))], ids=str)
def test_product_of_vectors_and_stacks(shapes: Any) -> None:
    graph = build(O["matmul"], *(array_type(float, s) for s in shapes))
    check(graph, *(normal(*s, seed=k) for k, s in enumerate(shapes)))


def test_nan_and_inf_travel_through_products() -> None:
    a = np.array([[np.inf, 1.0], [0.0, np.nan]])
    check(build(O["matmul"], *[array_type(float, (2, 2))] * 2), a, np.array([[0.0, 1.0], [2.0, -0.0]]))


# -- systems ------------------------------------------------------------------------------------------
def swaps(n: int) -> np.ndarray:
    """A matrix whose every pivot is below the diagonal."""
    return np.roll(np.eye(n), 1, axis=0) * np.arange(1.0, n + 1)


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_small_systems(n: int, flipped: bool) -> None:
    def solutions(a: Any, b: Any) -> list[Any]:
        a = O["transpose"](a, axes=(1, 0)) if flipped else a
        sign, log = O["slogdet"](a)
        return [O["solve"](a, b), O["inv"](a), O["det"](a), sign, log]

    types = [array_type(float, (n, n)), array_type(float, (n, 3))]
    for a in (normal(n, n), swaps(n), -np.eye(n)):
        assert "getrf" not in kernels(check(build(solutions, *types), a, normal(n, 3, seed=1)))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_determinant_of_a_singular_matrix(n: int) -> None:
    graph = build(lambda a: [O["det"](a), *O["slogdet"](a)], array_type(float, (n, n)))
    check(graph, np.zeros((n, n)))
    check(graph, np.outer(np.arange(n), np.ones(n)))


@pytest.mark.parametrize("op", ["solve", "inv"])
def test_singular_matrices_raise_as_in_numpy(op: str) -> None:
    graph = build(lambda a: O["solve"](a, a) if op == "solve" else O["inv"](a), array_type(float, (3, 3)))
    run = backends.get("numba").compile(graph).run
    with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
        run(np.ones((3, 3)))
    np.testing.assert_allclose(run(2 * np.eye(3))[0], np.eye(3) if op == "solve" else np.eye(3) / 2)


def test_nan_is_not_singular() -> None:
    graph = build(O["inv"], array_type(float, (2, 2)))
    assert np.isnan(backends.get("numba").compile(graph)(np.full((2, 2), np.nan))[0]).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [1, 2, 4, 5])
def test_small_cholesky_and_substitution(n: int, dtype: Any) -> None:
    def factor(a: Any, b: Any) -> list[Any]:
        lower = O["cholesky"](a)
        half = O["solve_triangular"](lower, b, lower=True, unit=False)
        upper = O["transpose"](lower, axes=(1, 0))
        return [lower, half, O["solve_triangular"](upper, half, lower=False, unit=False)]

    root = normal(n, n)
    a = (root @ root.T + n * np.eye(n)).astype(dtype)
    graph = build(factor, array_type(dtype, (n, n)), array_type(dtype, (n, 2)))
    made = check(graph, a, normal(n, 2, dtype=dtype))
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        made.run(-a, normal(n, 2, dtype=dtype))


def test_stacks_of_systems() -> None:
    types = [array_type(float, (N, 3, 3)), array_type(float, (N, 3, 1))]
    check(build(lambda a, b: [O["solve"](a, b), O["inv"](a)], *types), normal(7, 3, 3), normal(7, 3, 1, seed=1))


@pytest.mark.parametrize("n", [3, 6])
def test_factors_are_computed_once(n: int) -> None:
    def three(a: Any, b: Any) -> list[Any]:
        x = O["solve"](a, b)
        return [x, O["solve"](O["transpose"](a, axes=(1, 0)), x), O["inv"](a), O["solve"](a, x), *O["slogdet"](a)]

    made = check(build(three, array_type(float, (n, n)), array_type(float, (n, 2))), normal(n, n), normal(n, 2, seed=1))
    assert made.source.count("%routine") == 0 if n == 3 else made.source.count("getrf") <= 1
