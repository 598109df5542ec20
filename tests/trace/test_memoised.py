"""functools.cache and lru_cache around functions that are given traced numbers."""

import functools
import math

import numpy as np
import pytest

from bcad import Unsupported, grad, options

COUNTS = {"calls": 0}


@functools.cache
def weighted(n, w):
    return 1.0 if n < 2 else w * weighted(n - 1, w) + weighted(n - 2, w)


@functools.cache
def binomial(n, k, p=0.5, *, scale=1.0):
    return scale * math.comb(n, k) * p**k * (1 - p) ** (n - k)


@functools.lru_cache
def counted(x):
    COUNTS["calls"] += 1
    return x * x


class Model:
    @functools.lru_cache
    def level(self, n, w):
        return w if n == 0 else np.sin(self.level(n - 1, w)) + self.level(n - 1, w)


def recursion(w):
    return weighted(40, w)


def keywords(p):
    return sum(binomial(6, k, p=p, scale=2.0) * binomial(6, k, p, scale=1.0) * k for k in range(4)) + binomial(3, 1)


def method(w):
    return Model().level(30, w)


def in_a_loop(w):
    total = 0.0
    for _ in range(8):
        w = w * 0.9
        total += weighted(5, w) * weighted(5, w) + weighted(3, 0.5)
    return total


def in_branches(w):
    before = weighted(6, w)
    inside = weighted(6, w) * 2 if w > 0.5 else weighted(7, w)
    return before + inside + weighted(7, w)


@pytest.mark.parametrize("f", [recursion, keywords, method, in_a_loop, in_branches])
def test_results_are_kept_within_a_trace(f):
    g, h = grad(f), 1e-6
    with options.set(backend="numpy"):
        for w in (0.7, 0.3, 0.7, 0.9):
            assert g(w) == pytest.approx((f(w + h) - f(w - h)) / (2 * h), rel=1e-6)


def test_effects_are_refused():
    with pytest.raises(Unsupported, match="counted.., whose results are kept, has effects"):
        grad(counted)(2.0)


def test_arrays_are_no_keys():
    with pytest.raises(TypeError, match="unhashable"):
        grad(lambda x: weighted(3, x).sum())(np.ones(2))
