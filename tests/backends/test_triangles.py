"""Triangular systems and known Cholesky factors: every flag, the identity as right side, matrices that are not symmetric after all."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import bcad
from bcad.ir import Dim, array_type
from bcad.ops import BY_NAME as O

from .helpers import build, check

N = Dim.symbol("n")
RNG = np.random.default_rng(0)


def positive(n: int, *batch: int, dtype: Any = float) -> np.ndarray:
    x = RNG.normal(size=(*batch, n, n))
    made = x @ np.swapaxes(x, -1, -2) / max(n, 1) + np.eye(n)
    return (0.5 * (made + np.swapaxes(made, -1, -2))).astype(dtype)


@pytest.mark.parametrize("lower, unit, flipped", list(itertools.product((False, True), repeat=3)), ids=str)
@pytest.mark.parametrize("dtype, batch", [(float, ()), (np.float32, ()), (float, (2,))], ids=["f8", "f4", "batch"])
def test_a_triangle_is_inverted(lower: bool, unit: bool, flipped: bool, dtype: Any, batch: tuple[int, ...]) -> None:
    def inverse(a: Any) -> Any:
        a = O["transpose"](a, axes=(*range(len(batch)), len(batch) + 1, len(batch))) if flipped else a
        return O["solve_triangular"](a, O["eye"](n=N, m=N, k=0, dtype=np.dtype(dtype)), lower=lower, unit=unit)

    graph = build(inverse, array_type(dtype, (*batch, N, N)))
    check(graph, (4 * positive(12, *batch)).astype(dtype))  # the other triangle is full, and not to be read
    if not batch:
        check(graph, np.full((1, 1), 2, dtype))


def log_likelihood(k: Any, y: Any) -> Any:
    factor = np.linalg.cholesky(k)
    return y @ np.linalg.solve(k, y) + y @ np.linalg.solve(k.T, np.sin(y)) + np.sum(np.log(np.diag(factor)))


def both(fn: Any, *args: Any) -> tuple[Any, Any]:
    def run(backend: str) -> Any:
        with bcad.options.set(backend=backend):
            value, gradients = bcad.value_and_grad(fn, argnums=(0, 1))(*args)
            return [value, *gradients]

    return run("numpy"), run("numba")


@pytest.mark.parametrize("n", [1, 3, 12, 40])
def test_the_factor_of_a_matrix_solves_with_it_only_if_it_is_symmetric(n: int) -> None:
    y = RNG.normal(size=n)
    symmetric = positive(n)
    skewed = symmetric + np.triu(RNG.normal(size=(n, n)), 1)
    slightly = symmetric.copy()
    slightly[0, -1] += 1e-9
    for k in (symmetric, skewed, slightly):
        expected, found = both(log_likelihood, k, y)
        assert np.isclose(found[0], log_likelihood(k, y), rtol=1e-11)
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-8, atol=1e-10)


def test_a_later_call_may_bring_a_matrix_that_is_not_symmetric() -> None:
    with bcad.options.set(backend="numba"):
        f = bcad.Function(log_likelihood)
        for n in (20, 25):
            y = RNG.normal(size=n)
            for k in (positive(n), positive(n) + np.triu(RNG.normal(size=(n, n)), 1), positive(n)):
                assert np.isclose(f(k, y), log_likelihood(k, y), rtol=1e-11)
        with pytest.raises(np.linalg.LinAlgError):
            f(-positive(25), y)


def test_a_factor_that_is_written_to_is_not_solved_with() -> None:
    def scaled(k: Any, y: Any) -> Any:
        factor = np.linalg.cholesky(k)
        log_det = np.sum(np.log(np.diag(factor)))
        factor *= 3.0
        k = k + 0.0
        return log_det + np.sum(factor[0]) + y @ np.linalg.solve(k, y) + y @ np.linalg.solve(k * 2, y)

    expected, found = both(scaled, positive(15), RNG.normal(size=15))
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("batch", [(), (3,)], ids=["one", "three"])
def test_log_determinants_of_stacks_and_second_derivatives(batch: tuple[int, ...]) -> None:
    def log_det(k: Any) -> Any:
        return np.sum(np.log(np.diagonal(np.linalg.cholesky(k), axis1=-2, axis2=-1)) * 1.5)

    k, direction = positive(11, *batch), RNG.normal(size=(*batch, 11, 11))
    with bcad.options.set(backend="numba"):
        gradient = bcad.grad(log_det)
        h, lower = 1e-5, np.tril(direction)  # of which alone the factor is made
        slope = (log_det(k + h * lower) - log_det(k - h * lower)) / (2 * h)
        assert np.isclose(np.sum(gradient(k) * direction), slope, rtol=1e-7)
        second = bcad.hessian_vector_product(log_det)(k, direction)
        np.testing.assert_allclose(second, (gradient(k + h * direction) - gradient(k - h * direction)) / (2 * h), rtol=1e-5, atol=1e-7)
