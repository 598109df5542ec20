"""Lists that a loop appends to and reads while it runs: their length and their last item."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bcad import Function, grad
from tests.trace.helpers import agree

HISTORY: list[float] = []


def recurrence(x):
    h = [x[0]]
    for i in range(1, len(x)):
        h.append(0.5 * h[-1] + x[i])
    return np.array(h).sum() * h[-1]


def pairs(x):
    h = [(x[0], x[1])]
    for i in range(2, len(x)):
        a, b = h[-1]
        h.append((b, a * x[i]))
    return h[-1][0] + h[-1][1]


def rows(x):
    h = [x]
    for i in range(len(x)):
        h.append(np.tanh(h[-1]) * x[i])
    return h[-1].sum()


def lengths(x):
    h = []
    for v in x:
        h.append(v * len(h))
    return sum(h) + len(h)


def after_appending(x):
    h, s = [], 0.0
    for v in x:
        h.append(v * 2)
        s += h[-1] * len(h)
    return s


def guarded(x):
    h, s = [], 0.0
    for v in x:
        if len(h) > 0 and h[-1] > v:
            s += h[-1]
        h.append(v * v)
    return s


def widening(x):
    h = [0]
    for v in x:
        h.append(h[-1] + v)
    return h[-1] * 2


def while_loop(x):
    ts = [0.0]
    while ts[-1] < 3:
        ts.append(ts[-1] + np.abs(x[0]) + 0.21)
    return np.array(ts).sum() * x[1]


def two_lists(x):
    a, b = [x[0]], [x[1]]
    for v in x:
        a.append(a[-1] + b[-1])
        b.append(a[-1] * v)
    return a[-1] * b[-1]


def in_another_loop(x):
    s = 0.0
    for i in range(len(x)):
        h = [x[i]]
        for v in x:
            h.append(h[-1] * 0.5 + v)
        s += h[-1]
    return s


def outer_list_read_in_inner_loop(x):
    h, s = [x[0]], 0.0
    for i in range(len(x)):
        for v in x:
            s += h[-1] * v
        h.append(s * 0.1)
    return s


def first_item(x):
    h = [x[0], x[1]]
    for v in x:
        h.append(h[0] * v + h[-1])
    return h[-1]


def captured(x):
    HISTORY.append(float(x[0]))
    s = 0.0
    for v in x:
        HISTORY.append(v)
        s += HISTORY[-1]
    return s


KEPT = [recurrence, pairs, rows, lengths, after_appending, guarded, widening, while_loop, two_lists, in_another_loop,
        outer_list_read_in_inner_loop, first_item]
POINTS = [np.linspace(0.5, 1.5, 6), np.linspace(1.5, -0.7, 9), np.arange(7.0), np.linspace(-1, 1, 12)]


@pytest.mark.parametrize("fn", KEPT, ids=lambda f: f.__name__)
def test_the_loop_stays_a_loop(fn):
    traced = agree(fn, *((x,) for x in POINTS))
    assert traced.traces == 1
    assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", KEPT, ids=lambda f: f.__name__)
def test_gradients(fn):
    g = grad(fn)
    for x in (POINTS[0], POINTS[1]):
        steps = 1e-6 * np.eye(len(x))
        assert np.allclose(g(x), [(fn(x + h) - fn(x - h)) / 2e-6 for h in steps], rtol=1e-5, atol=1e-6)


def test_the_last_item_of_an_empty_list_raises():
    def f(x):
        h = []
        for v in x:
            h.append(v + (h[-1] if v > 0 else 0.0))
        return h[-1]

    g = grad(f)
    assert np.array_equal(g(np.array([-1.0, 2.0, 3.0])), [1.0, 1.0, 1.0])
    with pytest.raises(IndexError):
        g(np.array([1.0, 2.0, 3.0]))


def test_a_captured_list():
    HISTORY.clear()
    g = grad(captured)
    for n in (3, 5):
        before = len(HISTORY)
        assert np.array_equal(g(np.arange(float(n))), np.ones(n))
        assert HISTORY[before:] == [0.0, *np.arange(float(n))]


def test_an_array_that_is_the_last_item_and_is_written_to():
    def f(x):
        h = [x * 1.0]
        for v in x:
            row = h[-1]
            row[0] = v
            h.append(row * 2)
        return sum(r.sum() for r in h)

    agree(f, *((x,) for x in POINTS))


def rows(x):
    return [[v * u for v in x] for u in x]


@pytest.mark.parametrize(
    "use",
    [
        np.array, np.vstack, np.concatenate, np.linalg.norm, lambda r: np.sum(r, axis=0), lambda r: np.einsum("ij->i", r),
        lambda r: np.block([[r]]), lambda r: np.array(tuple(r)), lambda r: np.array([*r, *r]), lambda r: np.stack(r, axis=1),
        lambda r: np.array([sum(row) for row in r]), lambda r: np.array(list(zip(*r))), lambda r: np.dot(r, r), lambda r: {"a": r}["a"][0],
    ],
)  # fmt: skip
def test_lists_that_loops_have_made_inside_of_lists_are_whole_for_numpy(use) -> None:
    """``np.array([[... for v in x] for u in x])`` was empty: lists that are filled when the program runs stood in it."""
    for n in (3, 1, 2):
        x = np.arange(n) + 1.5
        found = Function(lambda x: use(rows(x)))(x)
        np.testing.assert_allclose(found, use(rows(x)))
        assert np.shape(found) == np.shape(use(rows(x)))


def test_an_array_of_nothing_has_neither_shape_nor_dtype_of_the_items():
    def rows(x):
        found, places = [], []
        for i in range(len(x)):
            if x[i] > 0.5:
                found.append(x[:2] * x[i])
                places.append(i)
        return np.array(found), np.array(places)

    traced = Function(rows)
    for x in (np.array([0.6, 0.2, 0.9]), np.zeros(3), np.array([0.1, 0.7, 0.2])):
        for ours, theirs in zip(traced(x), rows(x), strict=True):
            assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
            assert_array_equal(ours, theirs)
