"""Median, quantiles and percentiles against NumPy, with derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bcad
from bcad.ir import type_of
from bcad.ops import FUNCTIONS

from .derivatives import check, of, run

RNG = np.random.default_rng(4)
A = RNG.standard_normal((3, 4))
V = RNG.standard_normal(5)
N = A.copy()
N[0, 1] = N[2, 2] = np.nan

CALLS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (np.median, (V,), {}), (np.median, (A,), {}), (np.median, (A,), {"axis": 0}), (np.median, (A,), {"axis": 1, "keepdims": True}),
    (np.median, (A,), {"axis": (0, 1)}), (np.median, (A.astype(np.float32),), {"axis": 0}), (np.median, (np.arange(4),), {}),
    (np.quantile, (V, 0.3), {}), (np.quantile, (A, [0.2, 0.7]), {"axis": 1}), (np.quantile, (A, [[0.0], [1.0]]), {"axis": 0}),
    (np.quantile, (A, 0.25), {"axis": 0, "keepdims": True}), (np.percentile, (V, 80), {}), (np.percentile, (A, [10, 50]), {}),
    *[(np.quantile, (V, 0.3), {"method": m}) for m in ("lower", "higher", "nearest", "midpoint")],
    (np.nanmedian, (N,), {}), (np.nanmedian, (N,), {"axis": 0}), (np.nanquantile, (N, [0.3, 0.6]), {"axis": 1}),
    (np.nanpercentile, (N, 30), {"axis": 1, "keepdims": True}), (np.median, (N,), {"axis": 0}), (np.quantile, (N, 0.5), {}),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda c: f"{c[0].__name__}-{c[1][0].shape}{c[1][1:]}{c[2]}")
def test_calls(call: Any) -> None:
    function, (a, *q), keywords = call
    expected = function(a, *q, **keywords)
    got = run(lambda x: FUNCTIONS[function](x, *q, **keywords), a)
    np.testing.assert_allclose(got, expected, rtol=1e-6 if a.dtype == np.float32 else 1e-14)
    assert type_of(got) == type_of(expected)
    if a.dtype == float and not np.isnan(a).any():
        check(lambda x: of(function)(x, *q, **keywords), a)


def test_the_median_of_two_moves_with_both() -> None:
    gradient = bcad.grad(lambda x: np.median(x))
    np.testing.assert_array_equal(gradient(np.array([1.0, 5.0, 2.0, 9.0])), [0, 0.5, 0.5, 0])
    np.testing.assert_array_equal(gradient(np.array([1.0, 5.0, 2.0])), [0, 0, 1])


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="weibull"):
        run(lambda x: FUNCTIONS[np.quantile](x, 0.5, method="weibull"), V)
