"""Lists that a loop reads while they grow, grows now and then, or indexes by computed numbers: one program for all lengths."""

from __future__ import annotations

import numpy as np
import pytest

import bcad
from tests.programs import reference
from tests.trace.helpers import Traced, agree

X = np.random.default_rng(0).normal(size=9)


def last(x):
    h = [x[0]]
    for v in x[1:]:
        h.append(0.5 * h[-1] + v)
    return sum(h)


def two_back(x):
    h = [x[0], x[1]]
    for i in range(2, len(x)):
        h.append(h[i - 1] * 0.5 + h[i - 2] * x[i])
    return np.array(h) @ x


def sometimes(x):
    h = [0.0 * x[0]]
    for v in x:
        if v > 0:
            h.append(v * v)
    return sum(h) * len(h)


def two_lists(x):
    up, down = [x[0]], [x[1]]
    for v in x:
        if v > 0:
            up.append(v)
        else:
            down.append(v)
    return sum(up) * len(down) - sum(down)


def twice(x):
    h = [x[0]]
    for v in x:
        h.append(v)
        h.append(v * v)
    return np.sum(np.array(h) * 2)


def orthogonal(x):
    basis = []
    for j in range(len(x)):
        v = np.roll(x, j) * np.arange(1, len(x) + 1)
        for q in basis:
            v = v - (q @ v) * q
        basis.append(v / np.sqrt(v @ v))
    return np.sum(np.array(basis) ** 3)


def left_early(x):
    a = [x[0]]
    for v in x[1:]:
        a.append(a[-1] * 0.5 + v)
        if abs(a[-1]) > 2:
            break
    return np.sum(np.array(a) ** 2)


def rotating(x):
    h = [x[0] * 0, x[1], x[0]]
    for i in range(len(x)):
        h[i % 3] += x[i]
        k = i % 2
        h[k], h[k + 1] = h[k + 1], h[k]
    return h[0] + 2 * h[1] + 3 * h[2]


def aliased(x):
    h = [x[0]]
    other = h
    for v in x:
        h.append(v * v)
        s = other[-1] * other[0]
    return s + sum(other)


def peaks(x):
    tops = [x[0]]
    for v in x:
        if v > tops[-1]:
            tops.append(v)
    return tops[-1] * len(tops)


FUNCTIONS = [last, two_back, sometimes, two_lists, twice, orthogonal, left_early, rotating, aliased, peaks]


@pytest.mark.parametrize("fn", FUNCTIONS)
def test_one_loop_for_every_length(fn) -> None:
    traced = Traced(fn)
    for x in (X, -X, X[:4].copy(), np.concatenate([X, X])):
        np.testing.assert_allclose(traced(x), fn(x), rtol=1e-12)
    assert traced.traces == 1
    assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", FUNCTIONS)
def test_the_gradient_is_that_of_the_call(fn) -> None:
    gradient = bcad.grad(fn)
    for x in (X, X[:4].copy(), -X):
        assert not reference.jacobian(fn, (x,), shorter=2.0**-6).disagreement(gradient(x), rtol=1e-6)


# -- what else a program does with such a list -----------------------------------------------------------
def grown(x):
    h = [x[0]]
    for i in range(len(x)):
        h.append(h[i] / (1 + abs(x[i])))
    return h


@pytest.mark.parametrize(
    "use",
    [
        max, min, list, tuple, len, bool, lambda h: [*h][2], lambda h: h[1:3], lambda h: h[-1], lambda h: h + [3.0],
        lambda h: (lambda *v: v[2])(*h), lambda h: {"h": h}, lambda h: [2 * v for v in h], lambda h: h.copy(),
        lambda h: h.append(h[0]) or h, lambda h: h.extend([h[0], 2 * h[1]]) or h, lambda h: h.insert(0, h[1]) or h,
        lambda h: h.reverse() or h, lambda h: h.pop() + h.pop(), lambda h: dict(enumerate(h)), lambda h: list(zip(h, h[1:])),
        lambda h: np.stack(h), lambda h: np.mean(h), lambda h: any(v > 9 for v in h), lambda h: h.__setitem__(1, h[0]) or h,
        lambda h: h.clear() or h, lambda h: h * 2, lambda h: [h, h], lambda h: h.__delitem__(0) or h,
    ],
)  # fmt: skip
def test_the_list_is_a_list(use) -> None:
    agree(lambda x: use(grown(x)), (X,), (X[:3].copy(),))


def test_all_items_of_a_list_that_a_loop_made() -> None:
    def starred(x):
        h = []
        for v in x:
            h.append(v * v)
        return [*h, x[0]], (*h,), max(*h, x[0])

    agree(starred, (X,), (X[:3].copy(),))


# -- two loops that append to one list ----------------------------------------------------------------------
def inner_reads_last(x):
    h = [1.0]
    for i in range(len(x)):
        for j in range(5):
            h.append(h[-1] * 0.5 + x[i] * j)
    return h[-1]


def inner_reads_length(x):
    h = [1.0]
    for i in range(len(x)):
        for j in range(5):
            h.append(x[i] * j * len(h))
    return sum(h)


def inner_reads_first(x):
    h = [x[0]]
    for i in range(len(x)):
        h.append(x[i])
        for j in range(5):
            h.append(h[0] * h[1] + x[i] * j)
    return sum(h)


def both_read(x):
    h = [x[0]]
    for i in range(len(x)):
        h.append(h[-1] + 1)
        for _ in range(6):
            h.append(h[-1] * 0.9)
        h.append(h[-1] * len(h))
    return sum(h)


@pytest.mark.parametrize("fn", [inner_reads_last, inner_reads_length, inner_reads_first, both_read])
def test_a_list_that_two_loops_append_to_is_what_it_is(fn) -> None:
    traced = Traced(fn)
    for x in (X, X[:4].copy()):
        np.testing.assert_allclose(traced(x), fn(x), rtol=1e-12)


def around_a_middle(x):
    h = [x[0]]
    for i in range(len(x)):
        h.append(x[i] + 1)
        for j in range(6):
            h.append(x[i] * j)
        h.append(h[-2] + h[-1] * h[-7])
    return sum(h)


def test_items_before_and_behind_what_an_inner_loop_appends() -> None:
    traced = Traced(around_a_middle)
    for x in (X, X[:4].copy()):
        np.testing.assert_allclose(traced(x), around_a_middle(x), rtol=1e-12)
