"""Loops that are left by a return, also out of several at once: one program serves all ways."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import grad
from tests.trace.helpers import agree


def out_of_for(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] ** 2
        if s > 2:
            return s * 3
    return s


def out_of_while(x):
    t, n = x[0], 0
    while t < 10:
        t = t * 1.5 + x[1] ** 2 + 1
        n += 1
        if n > 3:
            return -t
    return t**2


def endless(x):
    x = np.exp(x)
    while True:
        x = x * 1.3
        if x.sum() > 5:
            return x[0]


def power(x, y):
    k = 0
    while k < y:
        x = x * 1.1
        k += 1
        if x > 4:
            return False, "big"
    return True, x


def flag_and_text(x):
    fine, v = power(x[0], 10)
    if not fine:
        return x[1] * 2
    return v * x[1]


def out_of_two(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            s += x[i] * x[j]
            if s > 3:
                return s * x[i]
    return s


def out_of_three(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(i, len(x)):
            k = 0
            while k < 3:
                s += abs(x[i] * x[j])
                k += 1
                if s > 4:
                    return s * x[j]
                if s > 3.5:
                    break
        s = s * 0.9
    return s


def position(x, v):
    for i, t in enumerate(x):
        if t > v:
            return i
    return None


def search(x):
    k = position(x, 0.6)
    if k is None:
        return x.sum()
    return x[k] ** 2


def three_ways(x):
    n = 0
    while np.abs(x[0]) * n < 3:
        n += 1
        if n > 5:
            break
        if x[1] > 4:
            return x[1]
    else:
        return x[0] * n
    return x[1] * n


def from_with(x):
    with np.errstate(all="ignore"):
        for i in range(len(x)):
            if x[i] > 0.5:
                return np.log(x[i])
    return x[0]


def array(x):
    y = x.copy()
    for i in range(len(x)):
        y[i] *= 2
        if y.sum() > 3:
            return y.sum() * y
    return y * x


PROGRAMS = [out_of_for, out_of_while, endless, flag_and_text, out_of_two, out_of_three, search, three_ways]
POINTS = [np.array(x) for x in (
    [0.5, 0.21, 0.3], [3.1, 1.0, 0.2, 0.5], [0.9, 0.4, 0.1], [0.1, 7.0, 2.0], [20.0, 1.0], [-1.1, -2.0, -0.5])]


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda f: f.__name__)
def test_one_program_serves_every_way_out(fn):
    traced = agree(fn, *((x,) for x in POINTS))
    assert traced.traces == 1
    assert not traced.programs[0].reasons


@pytest.mark.parametrize("fn", [from_with, array], ids=lambda f: f.__name__)
def test_other_ways_out(fn):
    agree(fn, *((x,) for x in POINTS))


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients(fn):
    g = grad(fn)
    for x in POINTS:
        steps = 1e-6 * np.eye(len(x))
        assert np.allclose(g(x), [(fn(x + h) - fn(x - h)) / 2e-6 for h in steps], rtol=1e-5, atol=1e-6)


def test_an_attempt_that_is_given_up_leaves_nothing_behind():
    """The frame held the sum of a loop that was abandoned behind its end: it was added twice."""

    def f(x):
        seen = []
        s = 0.0
        for i in range(len(x)):
            for j in range(len(x)):
                s += x[i] * x[j]
                if s > 30:
                    return seen
            seen.append(str(i))
        return s

    agree(f, *((x,) for x in POINTS))


def test_a_list_that_was_there_is_returned_as_it_is():
    def f(x):
        items = [x[0], x[1]]

        def first():
            for i in range(len(x)):
                if x[i] > 0.5:
                    return items
            return None

        found = first()
        if found is not None:
            found[0] = 7.0
        return items[0] * x[1]

    agree(f, *((x,) for x in POINTS))
