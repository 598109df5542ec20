"""How the incomplete gamma and beta functions change with their parameters: series of positive terms, differentiated term by term.

``P(a, x) = sum exp(-x) x**(a+k) / gamma(a+k+1)`` (DLMF 8.7.1) and ``I_x(a, b) = sum T_k`` with ``T_0 = x**a (1-x)**b / (a B(a, b))``,
``T_{k+1} = T_k x (a+b+k) / (a+1+k)`` (DLMF 8.17.8); the terms are those near the largest one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_NEGLIGIBLE = 1e-18


def _elementwise(function: Any) -> Any:
    """A function of numbers as one of arrays that broadcast; what is not finite has no derivative."""

    def over(*args: Any) -> Any:
        arrays = np.broadcast_arrays(*(np.asarray(x, float) for x in args))
        flat = [function(*numbers) for numbers in zip(*(x.ravel().tolist() for x in arrays))]
        return np.reshape(np.array(flat, float), arrays[0].shape)[()]

    over.__name__, over.__doc__ = function.__name__, function.__doc__
    return over


@_elementwise
def gammainc_by_a(a: float, x: float) -> float:
    """The derivative of ``gammainc(a, x)`` by a."""
    from scipy.special import digamma, gammaln

    if not (a > 0 and x >= 0) or np.isinf(a):
        return np.nan
    if x == 0 or np.isinf(x):
        return 0.0
    width = 13 * np.sqrt(x + 1) + 60
    k = np.arange(max(0.0, np.floor(x - a - width)), max(0.0, x - a) + width) + a
    terms = np.exp(k * np.log(x) - x - gammaln(k + 1))
    return float(np.sum(terms * (np.log(x) - digamma(k + 1))))


def _betainc_series(a: float, b: float, x: float) -> tuple[float, float]:
    """The derivatives of ``betainc(a, b, x)`` by a and by b, where x is not above the mean."""
    from scipy.special import betaln, digamma

    term = np.exp(a * np.log(x) + b * np.log1p(-x) - betaln(a, b)) / a
    by_a = np.log(x) - 1 / a - digamma(a) + digamma(a + b)
    by_b = np.log1p(-x) - digamma(b) + digamma(a + b)
    total_a = total_b = k = 0.0
    while term > 0:
        total_a += term * by_a
        total_b += term * by_b
        grown = term * x * (a + b + k) / (a + 1 + k)
        by_a += 1 / (a + b + k) - 1 / (a + 1 + k)
        by_b += 1 / (a + b + k)
        if grown < term and grown * (abs(by_a) + abs(by_b) + 1) < _NEGLIGIBLE * (1 - grown / term):
            break
        term, k = grown, k + 1
    return float(total_a), float(total_b)


def _betainc_by_parameters(a: float, b: float, x: float) -> tuple[float, float]:
    if not (a > 0 and b > 0 and 0 <= x <= 1) or np.isinf(a) or np.isinf(b):
        return np.nan, np.nan
    if x in (0.0, 1.0):
        return 0.0, 0.0
    if x <= (a + 1) / (a + b + 2):
        return _betainc_series(a, b, x)
    by_b, by_a = _betainc_series(b, a, 1 - x)
    return -by_a, -by_b


@_elementwise
def betainc_by_a(a: float, b: float, x: float) -> float:
    """The derivative of ``betainc(a, b, x)`` by a."""
    return _betainc_by_parameters(a, b, x)[0]


@_elementwise
def betainc_by_b(a: float, b: float, x: float) -> float:
    """The derivative of ``betainc(a, b, x)`` by b."""
    return _betainc_by_parameters(a, b, x)[1]
