"""What C code iterates for Python keeps its loop: zip, map, pairwise, islice, product, ndindex, reduce, generator expressions."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import pytest

from tests.trace.helpers import agree

X = np.random.default_rng(0).normal(size=12)


def zip_strict(x):
    s = 0.0
    for a, b in zip(x[:-1], x[1:], strict=True):
        s += a * b
    return s


def neighbours(x):
    return sum(a * b for a, b in itertools.pairwise(x))


def mapped(x):
    s = 0.0
    for v in map(lambda a, b: a * math.cos(b), x, x[::-1]):
        s = 0.5 * s + v
    return s


def without_the_first(x):
    s = 0.0
    for v in itertools.islice(x, 2, None):
        s = 0.5 * s + v
    return s


def pairs(x):
    s = 0.0
    for i, b in itertools.product(range(len(x)), x):
        s += x[i] * b * i
    return s


def indices(x):
    s = 0.0
    for i, j in np.ndindex(x.shape):
        s += x[i, j] * (i + 2 * j)
    return s


def numbered(x):
    s = 0.0
    for (i, j), v in np.ndenumerate(x):
        s += v * v * (i + 2 * j)
    return s


def folded(x):
    return functools.reduce(lambda a, b: a * math.cos(b) + b, x)


def folded_from(x):
    return functools.reduce(lambda a, b: 0.5 * a + b, x, 1.5)


def squares(x):
    return sum(v * v for v in x)


def of_pairs(x):
    history = []
    for v in x:
        history.append((v, v * v))
    return sum(a * b for a, b in history)


CUBE = X.reshape(3, 4)


@pytest.mark.parametrize("fn", [zip_strict, neighbours, mapped, without_the_first, pairs, folded, folded_from, squares, of_pairs])
def test_one_loop_for_all_lengths(fn) -> None:
    traced = agree(fn, (X,), (X[:5].copy(),), (X[:2].copy(),)) if fn is not without_the_first else agree(fn, (X,), (X[:5].copy(),))
    assert traced.traces == 1
    assert not traced.programs[0].reasons
    assert "loop" in traced.text


@pytest.mark.parametrize("fn", [indices, numbered])
def test_one_loop_for_all_shapes(fn) -> None:
    traced = agree(fn, (CUBE,), (CUBE.T.copy(),), (X.reshape(6, 2),))
    assert traced.traces == 1
    assert not traced.programs[0].reasons


def test_zip_that_is_strict_raises_as_ever() -> None:
    def unequal(x, y):
        s = 0.0
        for a, b in zip(x, y, strict=True):
            s += a * b
        return s

    agree(unequal, (X, X), (CUBE[0], X[:4].copy()))
    with pytest.raises(ValueError, match="zip"):
        agree(lambda x, y: unequal(x, y), (X, X[:3].copy()))
