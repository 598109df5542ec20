"""A branch or an inner loop lets a variable name an array that the loop around it writes to: both names see later writes."""

from __future__ import annotations

import numpy as np
import pytest

from bcad import Function


def branch_in_a_loop(x, y):
    a = x * 0.5
    for _ in range(len(x)):
        x -= y
        if x[0] < 100:
            a = x
    x.fill(3.0)
    return np.sum(x) + np.sum(a * 1.5)


def written_behind_the_branch(x, y):
    a = x * 0.5
    for _ in range(len(x)):
        if x[0] < 100:
            a = x
        x -= y
    return np.sum(x) + np.sum(a * 1.5)


def loop_in_a_loop(x, y):
    a = x * 0.5
    for _ in range(len(x)):
        x -= y
        for _ in range(len(x)):
            a = x
    x.fill(3.0)
    return np.sum(x) + np.sum(a * 1.5)


def loop_in_a_while_loop(x, y):
    a, count = x * 0.5, 0
    while count < 2 and x[0] < 9:
        count += 1
        x -= y
        for _ in range(x.shape[0]):
            a = x
    x.fill(a[0] if len(a) else 1.0)
    return np.sum(x) + np.sum(a * 1.5)


def one_of_two_arrays(x, y):
    a, z = x * 0.5, x * 2
    for _ in range(len(x)):
        x -= y
        for _ in range(len(x)):
            a = x if np.sum(y) > 0 else z
    x.fill(3.0)
    z.fill(5.0)
    return np.sum(x) + np.sum(a * 1.5)


def attribute(x, y):
    class Holder:
        pass

    h = Holder()
    h.a = x * 0.5
    for _ in range(len(x)):
        x -= y
        for _ in range(len(x)):
            h.a = x
    x.fill(3.0)
    return np.sum(x) + np.sum(h.a * 1.5)


def item(x, y):
    h = [x * 0.5]
    for _ in range(len(x)):
        x -= y
        if np.sum(x) < 100:
            h[0] = x
    x *= 3.0
    return np.sum(x) + np.sum(h[0] * 1.5)


def written_through_the_other_name(x, y):
    a = x * 0.5
    for _ in range(len(x)):
        x -= y
        if x[0] < 0:
            a = x
    a[:1] = 7.0
    return np.sum(x * y) + np.sum(a * 1.5)


def view(x, y):
    a = x * 0.5
    for _ in range(len(x)):
        x -= y
        for _ in range(len(x)):
            a = x[1:]
    x.fill(3.0)
    return np.sum(x) + np.sum(a * 1.5)


def behind_two_loops(x, y):
    x = x * 0.5
    a = x
    for j in range(len(x)):
        for _ in y:
            for _ in range(j):
                x = np.minimum(y, a)
        x *= 0.5
    return np.sum(x * y + 0.5) + np.sum(a * 1.75)


def in_a_list_behind_two_loops(x, y):
    h = [x * 0.5, y]
    a = h
    for j in range(len(x)):
        for _ in y:
            for _ in range(j):
                h = [np.minimum(y, a[0]), y]
        h[0] = h[0] * 0.5
    return np.sum(h[0] * y) + np.sum(a[0] * 1.75 + 1.0)


PROGRAMS = [behind_two_loops, in_a_list_behind_two_loops, branch_in_a_loop, written_behind_the_branch, loop_in_a_loop, loop_in_a_while_loop, one_of_two_arrays, attribute, item,
            written_through_the_other_name, view]  # fmt: skip


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_writes_are_seen_through_both_names(f, backend):
    traced = Function(f, backend=backend)
    for n, sign in ((4, 1), (3, 1), (3, -1), (1, 1), (0, 1), (5, -1)):
        x, y = np.linspace(-1, 1, n), np.full(n, 0.3 * sign)
        try:
            expected = f(x.copy(), y)
        except IndexError:
            with pytest.raises(IndexError):
                traced(x.copy(), y)
            continue
        np.testing.assert_allclose(traced(x.copy(), y), expected, rtol=1e-13)
