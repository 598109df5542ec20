"""Iterators that are shared or cut: every item is taken once, in order; heaps and bisection in traced lists."""

from __future__ import annotations

import bisect
import heapq
import itertools

import numpy as np
import pytest

from tests.trace.helpers import Traced, agree

X = np.random.default_rng(0).normal(size=9)
LENGTHS = (X, -X[:6], np.concatenate([X, 2 - X]), X[2:])


def from_second_to_last_but_one(x):
    return sum(v * v for v in itertools.islice(x, 2, len(x) - 1))


def first_four(x):
    return sum(v * v for v in itertools.islice(x, 4))


def at_most_hundred(x):
    return sum(v * v for v in itertools.islice(x, 100))


def all_but_two(x):
    s = 0.0
    for v in itertools.islice(x, len(x) - 2):
        s += v ** 3
    return s


def first_two_then_rest(x):
    it = iter(x)
    s = 0.0
    for v in itertools.islice(it, 2):
        s += v
    for v in it:
        s += 10 * v
    return s


def none_at_all(x):
    return sum(v for v in itertools.islice(x, 5, 2))


def heap(x):
    h = []
    for v in x:
        heapq.heappush(h, v)
    s = 0.0
    for i in range(len(x)):
        s = s * 0.5 + heapq.heappop(h)
    return s


def heapify(x):
    h = [v * v for v in x]
    heapq.heapify(h)
    return sum((i * v for i, v in enumerate(h)))


def insort(x):
    h = []
    for v in x:
        bisect.insort(h, v)
    return sum((i * v for i, v in enumerate(h)))


def interp(x):
    k = [0.0, 1.0, 2.0, 3.0]
    s = 0.0
    for v in x:
        j = bisect.bisect(k, abs(v))
        s += v * j
    return s


@pytest.mark.parametrize("fn", [from_second_to_last_but_one, first_four, at_most_hundred, all_but_two, first_two_then_rest, none_at_all, heap, heapify, insort, interp])
def test_one_program_for_every_length(fn) -> None:
    traced = Traced(fn)
    for x in LENGTHS:
        np.testing.assert_allclose(traced(x.copy()), fn(x.copy()), rtol=1e-10)
    assert traced.traces == 1


# -- an iterator that others go on with ------------------------------------------------------------------------
def part_then_rest(x):
    it = iter(x)
    s = 0.0
    for v in itertools.islice(it, len(x) - 2):
        s += v
    for v in it:
        s += 10 * v
    return s


def zip_then_rest(x):
    it = iter(x)
    s = 0.0
    for v, w in zip(it, x[2:]):
        s += v * w
    for v in it:
        s += 10 * v
    return s


def by_twos(x):
    it = iter(x)
    s = 0.0
    for v, w in zip(it, it):
        s += v * w
    return s


def enumerate_then_rest(x):
    it = iter(x)
    s = 0.0
    for i, v in enumerate(it):
        s += v * i
    for v in it:
        s += 10 * v
    return s


def map_then_rest(x):
    it = iter(x)
    s = 0.0
    for v in map(lambda a: a * 2, it):
        s += v
    for v in it:
        s += 10 * v
    return s


def neighbours_then_rest(x):
    it = iter(x)
    s = 0.0
    for v, w in itertools.pairwise(it):
        s += v * w
    for v in it:
        s += 10 * v
    return s


def expression_then_rest(x):
    it = iter(x)
    s = sum(v * v for v in it)
    for v in it:
        s += 10 * v
    return s


def list_then_rest(x):
    it = iter(x)
    l = list(it)
    for v in it:
        l.append(10 * v)
    return sum(l)


def list_by_twos(x):
    h = [v for v in x]
    it = iter(h)
    s = 0.0
    for v, w in zip(it, it):
        s += v * w
    for v in it:
        s += 100
    return s


def chain_then_rest(x):
    it = iter(x)
    s = 0.0
    for v in itertools.chain(it, x):
        s += v
    for v in it:
        s += 10 * v
    return s


def topk(x):
    h = [x[0], x[1], x[2]]
    heapq.heapify(h)
    for v in x[3:]:
        if v > h[0]:
            heapq.heappop(h)
            heapq.heappush(h, v)
    return sum(h) * h[0]


@pytest.mark.parametrize("fn", [part_then_rest, zip_then_rest, by_twos, enumerate_then_rest, map_then_rest, neighbours_then_rest, expression_then_rest, list_then_rest, list_by_twos, chain_then_rest, topk])
def test_every_item_is_taken_once(fn) -> None:
    agree(fn, *((x.copy(),) for x in LENGTHS))
