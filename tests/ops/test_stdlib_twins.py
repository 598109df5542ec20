"""bisect, heapq and what `math` makes of sequences, on traced numbers: as Python has it, for every length."""

from __future__ import annotations

import bisect
import heapq
import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import bcad
from tests.programs.reference import jacobian

TABLE = np.linspace(0.0, 1.0, 6)


def interpolated(x: Any) -> Any:
    total = 0.0
    for q in x:
        i = bisect.bisect_right(TABLE, q) - 1
        i = min(max(i, 0), len(TABLE) - 2)
        w = (q - TABLE[i]) / (TABLE[i + 1] - TABLE[i])
        total += (1 - w) * i**2 + w * (i + 1) ** 2
    return total


def left_or_right(x: Any) -> Any:
    return x[0] * bisect.bisect_left(TABLE, x[-1]) + x[-1] * bisect.bisect(TABLE.tolist(), x[0], 1, 5)


def kept_sorted(x: Any) -> Any:
    kept: list[Any] = []
    for v in (x[0], x[1] * 2, x[0] * x[1], x[1]):
        bisect.insort(kept, v)
    return sum(w * v for w, v in zip((1.0, 0.5, 0.25, 2.0), kept))


def smallest_two(x: Any) -> Any:
    heap = [x[0], x[1], x[0] * x[1], x[0] - x[1]]
    heapq.heapify(heap)
    first = heapq.heappop(heap)
    heapq.heappush(heap, first * 3)
    return 2 * heapq.heappop(heap) + heapq.heapreplace(heap, 0.0) + heapq.heappushpop(heap, first)


def of_sequences(x: Any) -> Any:
    return math.prod(x) + math.prod(x[:2], start=2) + math.dist(x, 2 * x + 1) + math.fsum(x * x)


PROGRAMS: list[Callable[..., Any]] = [interpolated, left_or_right, kept_sorted, smallest_two, of_sequences]
INPUTS = [[0.31, 0.77], [0.9, 0.05], [0.5, 0.62, 0.11], [1.3, -0.4]]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_as_python_has_it(program: Callable[..., Any]) -> None:
    f, g = bcad.Function(program), bcad.grad(program)
    for numbers in INPUTS + INPUTS[:1]:
        x = np.array(numbers)
        assert f(x) == pytest.approx(program(x), rel=1e-14)
        np.testing.assert_allclose(g(x), jacobian(program, (x,)).value, rtol=1e-6, atol=1e-8)


def test_one_program_for_every_place_in_the_table() -> None:
    f = bcad.Function(interpolated)
    for numbers in INPUTS:
        f(np.array(numbers[:2]))
    f(np.array([0.99]))
    f(np.linspace(-0.5, 1.5, 20))
    assert f.traces <= 2  # a length of one is a program of its own


@pytest.mark.parametrize("x", [[], [3.0], [np.nan, 1.0], [np.inf, 0.0]])
def test_products_of_any_length(x: list[float]) -> None:
    f = bcad.Function(lambda x: math.prod(x, start=1.5))
    with np.errstate(all="ignore"):
        np.testing.assert_equal(f(np.array(x)), math.prod(np.array(x), start=1.5))


def test_integers_stay_integers() -> None:
    f = bcad.Function(lambda x, k: math.prod(k) * x)
    assert f(1.5, [2, 3, 5]) == 45.0
    assert f(1.5, [2, 3, -5]) == -45.0


Y = [2.0, 1.0, 0.5, 3.0]
STATISTICS: dict[str, Callable[[Any], Any]] = {
    "mean": statistics.mean, "fmean": statistics.fmean, "weighted": lambda x: statistics.fmean(x, [1, 2, 3, 4]),
    "geometric": statistics.geometric_mean, "harmonic": statistics.harmonic_mean, "median": statistics.median,
    "low": statistics.median_low, "high": statistics.median_high, "grouped": statistics.median_grouped,
    "variance": statistics.variance, "pvariance": statistics.pvariance, "stdev": statistics.stdev,
    "pstdev": statistics.pstdev, "about": lambda x: statistics.pvariance(x, x[0]),
    "covariance": lambda x: statistics.covariance(x, Y), "correlation": lambda x: statistics.correlation(x, Y),
    "slope": lambda x: statistics.linear_regression(x, Y).slope, "quantiles": lambda x: sum(statistics.quantiles(x)),
    "pdf": lambda x: statistics.NormalDist(x[0], x[1]).pdf(x[2]), "cdf": lambda x: statistics.NormalDist(x[0], x[1]).cdf(x[2]),
    "inverse": lambda x: statistics.NormalDist(x[0], x[1]).inv_cdf(x[3] / 10),
    "list": lambda x: statistics.mean([x[0], x[1] * 2]), "drawn": lambda x: math.fsum(v * v for v in x),
    "distance": lambda x: math.dist((v * 2 for v in x), iter(x)),
    "fromiter": lambda x: (np.fromiter((v * v for v in x), float) * np.fromiter(x, "f8", count=4)).sum(),
}


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics(name: str) -> None:
    program = STATISTICS[name]
    f, g = bcad.Function(program), bcad.grad(program)
    for numbers in ([1.0, 2.5, 4.0, 0.3], [2.0, 0.7, 1.1, 5.0]):
        x = np.array(numbers)
        assert f(x) == pytest.approx(program(x), rel=1e-13)
        np.testing.assert_allclose(g(x), jacobian(program, (x,)).value, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("call", "x"), [
    (statistics.mean, []), (statistics.stdev, [1.0]), (statistics.geometric_mean, [1.0, -1.0]), (statistics.harmonic_mean, [-1.0]),
    (lambda x: np.fromiter((v for v in x), float, 3), [1.0, 2.0]),
])
def test_errors_of_statistics(call: Callable[..., Any], x: list[float]) -> None:
    with pytest.raises(ValueError) as expected:
        call(x)
    with pytest.raises(type(expected.value)):
        bcad.Function(lambda p: call([v * p for v in x]))(1.0)
