"""Standard-library functions in C, or of exact fractions, as Python code that traced numbers can go through."""

from __future__ import annotations

import functools
import importlib.util
import math
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from .lazy import derived_named
from .op import derived


@functools.cache
def python_twin(name: str, accelerator: str) -> ModuleType:
    """A second copy of the module `name`, loaded as if its `accelerator` in C were not there."""
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.loader is not None
    twin = importlib.util.module_from_spec(spec)
    there = sys.modules.get(accelerator)
    sys.modules[accelerator] = None  # type: ignore[assignment]  # what importlib takes for "not to be found"
    try:
        spec.loader.exec_module(twin)
    finally:
        if there is None:
            del sys.modules[accelerator]
        else:
            sys.modules[accelerator] = there
    return twin


@derived_named("bisect")("bisect_right", "bisect")
def _bisect_right(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> Any:
    return python_twin("bisect", "_bisect").bisect_right(a, x, lo, hi, key=key)


@derived_named("bisect")("bisect_left")
def _bisect_left(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> Any:
    return python_twin("bisect", "_bisect").bisect_left(a, x, lo, hi, key=key)


@derived_named("bisect")("insort_right", "insort")
def _insort_right(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> Any:
    return python_twin("bisect", "_bisect").insort_right(a, x, lo, hi, key=key)


@derived_named("bisect")("insort_left")
def _insort_left(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> Any:
    return python_twin("bisect", "_bisect").insort_left(a, x, lo, hi, key=key)


@derived_named("heapq")("heappush")
def _heappush(heap: Any, item: Any, /) -> Any:
    return python_twin("heapq", "_heapq").heappush(heap, item)


@derived_named("heapq")("heappop")
def _heappop(heap: Any, /) -> Any:
    return python_twin("heapq", "_heapq").heappop(heap)


@derived_named("heapq")("heapify")
def _heapify(heap: Any, /) -> Any:
    return python_twin("heapq", "_heapq").heapify(heap)


@derived_named("heapq")("heapreplace")
def _heapreplace(heap: Any, item: Any, /) -> Any:
    return python_twin("heapq", "_heapq").heapreplace(heap, item)


@derived_named("heapq")("heappushpop")
def _heappushpop(heap: Any, item: Any, /) -> Any:
    return python_twin("heapq", "_heapq").heappushpop(heap, item)


@derived(math.prod)
def _prod(iterable: Iterable[Any], /, *, start: Any = 1) -> Any:
    for x in iterable:
        start = start * x
    return start


# -- statistics: of fractions there, of exactly rounded sums here; the last digit may differ -----------
_of_statistics = derived_named("statistics")


@_of_statistics("mean")
def _mean(data: Any) -> Any:
    import statistics

    xs = list(data)
    if not xs:
        raise statistics.StatisticsError("mean requires at least one data point")
    return math.fsum(xs) / len(xs)


@_of_statistics("fmean")
def _fmean(data: Any, weights: Any = None) -> Any:
    import statistics

    xs = list(data)
    ws = [1.0 for _ in xs] if weights is None else list(weights)
    if not xs and weights is None:
        raise statistics.StatisticsError("fmean requires at least one data point")
    if len(xs) != len(ws):
        raise statistics.StatisticsError("data and weights must be the same length")
    total = math.fsum(ws)
    if not total:
        raise statistics.StatisticsError("sum of weights must be non-zero")
    return math.fsum([x * w for x, w in zip(xs, ws)]) / total


@_of_statistics("geometric_mean")
def _geometric_mean(data: Any) -> Any:
    import statistics

    try:
        return math.exp(statistics.fmean([math.log(x) for x in data]))
    except ValueError:
        raise statistics.StatisticsError("geometric mean requires a non-empty dataset containing positive numbers") from None


@_of_statistics("harmonic_mean")
def _harmonic_mean(data: Any, weights: Any = None) -> Any:
    import statistics

    xs = list(data)
    ws = [1.0 for _ in xs] if weights is None else list(weights)
    if not xs:
        raise statistics.StatisticsError("harmonic_mean requires at least one data point")
    if len(xs) != len(ws):
        raise statistics.StatisticsError("Number of weights does not match data size")
    if min(xs) < 0:
        raise statistics.StatisticsError("harmonic mean does not support negative values")
    if min(xs) == 0:
        return 0
    return math.fsum(ws) / math.fsum([w / x for x, w in zip(xs, ws)])


@_of_statistics("pvariance")
def _pvariance(data: Any, mu: Any = None) -> Any:
    import statistics

    xs = list(data)
    if not xs:
        raise statistics.StatisticsError("pvariance requires at least one data point")
    center = statistics.mean(xs) if mu is None else mu
    return math.fsum([(x - center) ** 2 for x in xs]) / len(xs)


@_of_statistics("variance")
def _variance(data: Any, xbar: Any = None) -> Any:
    import statistics

    xs = list(data)
    if len(xs) < 2:
        raise statistics.StatisticsError("variance requires at least two data points")
    center = statistics.mean(xs) if xbar is None else xbar
    return math.fsum([(x - center) ** 2 for x in xs]) / (len(xs) - 1)


@_of_statistics("pstdev")
def _pstdev(data: Any, mu: Any = None) -> Any:
    import statistics

    return math.sqrt(statistics.pvariance(data, mu))


@_of_statistics("stdev")
def _stdev(data: Any, xbar: Any = None) -> Any:
    import statistics

    return math.sqrt(statistics.variance(data, xbar))


@_of_statistics("_normal_dist_inv_cdf")
def _inverse_normal(p: float, mu: float, sigma: float, /) -> float:
    from scipy.special import ndtri

    return float(mu + sigma * ndtri(p))
