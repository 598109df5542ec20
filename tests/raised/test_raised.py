"""Some of the programs that raise; `python -m tests.raised` tries all."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import bcad

from .judge import difference
from .programs import Program, programs

_OPEN = ("random.choice(L[k:])", "(1 << k - 1)' (unused)", "x[1]))' (unused)", "(None if v > 0 else 1.0) + 1.0' (caught in a loop)")
_CASES = [p for p in random.Random(5).sample(list(programs()), 120) if not any(part in str(p) for part in _OPEN)]


@pytest.mark.parametrize(("program", "mode", "order"), [
    (program, ("value", "reverse")[k % 4 == 3], 1 - k % 2 * 2) for k, program in enumerate(_CASES)], ids=str)
def test_raises_as_python_does(program: Program, mode: str, order: int) -> None:
    found, _ = difference(program, mode, "numpy", order)
    assert not found


def with_more_on_the_diagonal(x: Any) -> Any:
    try:
        factor = np.linalg.cholesky(np.outer(x, x) * x[0] + np.eye(3) * x[1])
    except np.linalg.LinAlgError as error:
        factor = np.linalg.cholesky(np.outer(x, x) + np.eye(3)) * len(str(error))
    return np.log(np.diag(factor)).sum()


def solved_or_not(x: Any) -> Any:
    try:
        return np.linalg.solve(np.outer(x, x) + np.diag(x), x).sum() + np.linalg.inv(np.diag(x)).sum()
    except np.linalg.LinAlgError:
        return (x * x).sum()


def retried_with_more_and_more(x: Any) -> Any:
    covariance = np.outer(x, x) * x[0] + np.eye(3) * x[1]
    jitter, tries = 1e-3, 0
    while True:
        try:
            factor = np.linalg.cholesky(covariance + jitter * np.eye(3))
            break
        except np.linalg.LinAlgError:
            jitter = jitter * 10
            tries += 1
    return np.log(np.diag(factor)).sum() + tries


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", [with_more_on_the_diagonal, solved_or_not, retried_with_more_and_more])
def test_a_factorisation_that_breaks_down_is_another_way_of_one_program(f: Any, backend: str) -> None:
    from tests.programs.reference import jacobian

    with bcad.options.set(backend=backend):
        traced, counted = bcad.value_and_grad(f), bcad.Function(f)
        for point in ([1.0, 2.0, 3.0], [1.0, -3.0, 0.5], [-1.0, 0.1, 0.2], [0.0, 0.0, 0.0], [1.0, 2.5, 2.0]):
            x = np.array(point)
            value, gradient = traced(x)
            assert value == pytest.approx(f(x), rel=1e-12)
            assert counted(x) == value
            if point != [0.0, 0.0, 0.0]:
                problem = jacobian(f, (x,)).disagreement(gradient)
                assert not problem, problem
                hessian, forward = bcad.hessian(f)(x), bcad.make_jvp(f)(x)(np.ones(3))[1]
                problem = jacobian(bcad.grad(f), (x,)).disagreement(hessian)
                assert not problem, problem
                np.testing.assert_allclose(forward, gradient.sum(), rtol=1e-9)
        assert counted.traces == 1


def test_a_nan_matrix_breaks_down_as_numpy_says() -> None:
    def f(x: Any) -> Any:
        try:
            return np.linalg.cholesky(np.eye(2) * x).sum()
        except np.linalg.LinAlgError:
            return 7.0

    traced = bcad.Function(f)
    for x in (2.0, np.nan, np.inf, -1.0, 0.0):
        with np.errstate(invalid="ignore"):
            np.testing.assert_equal(traced(np.float64(x)), f(np.float64(x)))


def test_causes_are_those_of_the_function() -> None:
    def f(x: Any, k: int) -> Any:
        try:
            return x[0] * (1 // k)
        except ZeroDivisionError as error:
            raise RuntimeError("again") from error

    for traced in (bcad.Function(f), bcad.value_and_grad(f)):
        for _ in range(2):
            with pytest.raises(RuntimeError) as caught:
                traced(np.ones(2), 0)
            assert type(caught.value.__cause__) is ZeroDivisionError
            assert traced(np.ones(2), 1) is not None


def test_points_of_an_interpolation_are_as_many_as_values() -> None:
    for call in (lambda x: np.interp(x[0], x, x[:2]), lambda x: np.interp(x[0], x[:0], x[:0]), lambda x: np.interp(x[0], x[0], x[0])):
        for fn in (call, bcad.Function(call)):
            with pytest.raises(ValueError):
                fn(np.ones(3))
