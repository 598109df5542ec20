"""Copies of containers that a loop makes, with ``copy()``, ``|``, ``+`` or ``*``, are its own: what it writes to them is no change of what was there."""

from __future__ import annotations

import copy
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np
import pytest

import bcad
from tests.programs import reference
from tests.trace.helpers import Traced, agree, same

X = np.random.default_rng(0).normal(size=9)
CALLS = (X, -X[:6], np.concatenate([X, 2 - X]), X[2:], np.abs(X) + 0.1, -np.abs(X) - 0.1)


def dict_copy(x):
    d = {'a': 0.0, 'b': 1.0}
    for v in x:
        e = d.copy()
        e['a'] += v
        if v > 0:
            d = e
    return d['a'] * x[0]


def dict_copy_held(x):
    d = {'a': 0.0}
    first = d
    for v in x:
        e = d.copy()
        e['a'] += v
        d = e
    return d['a'] + 10 * first['a']


def copy_shares_inner(x):
    d = {'h': [0.0], 's': 0.0}
    for v in x:
        e = d.copy()
        e['h'][0] += v
        e['s'] += v
        if v > 0:
            d = e
    return d['h'][0] * 2 + d['s']


def list_copy(x):
    h = [0.0] * 3
    for v in x:
        g = h.copy()
        g[1] += v
        if v > 0:
            h = g
    return h[1] * x[0] + g[1]


def deque_copy(x):
    h = deque([0.0, 1.0])
    for v in x:
        g = h.copy()
        g[0] += v
        if v > 0:
            h = g
    return h[0] * x[0]


def ordered_copy(x):
    h = OrderedDict(a=0.0)
    for v in x:
        g = h.copy()
        g['a'] += v
        if v > 0:
            h = g
    return h['a'] * x[0]


def default_copy(x):
    h = defaultdict(float, a=0.0)
    for v in x:
        g = h.copy()
        g['a'] += v
        if v > 0:
            h = g
    return h['a'] * x[0]


def or_new(x):
    d = {'a': 0.0, 'n': 0}
    for v in x:
        e = d | {'a': d['a'] + v}
        e['n'] += 1
        d = e
    return d['a'] * d['n']


def mul_list(x):
    s = 0.0
    for v in x:
        h = [v] * 3
        h[1] = 2.0
        s += sum(h)
    return s


def add_deque(x):
    s = 0.0
    for v in x:
        h = deque([v]) + deque([1.0])
        h[1] = v * v
        s += sum(h)
    return s


def copy_in_branch(x):
    d = {'a': x[0]}
    if x[1] > 0:
        e = d.copy()
        e['a'] = 5.0 * x[1]
    else:
        e = d
    e['a'] = e['a'] * 2
    return d['a'] + e['a']


def setcopy(x):
    s = {1, 2}
    t = 0.0
    for v in x:
        u = s.copy()
        u.add(3)
        t += v * len(u) + len(s)
    return t


def best_copy(x):
    h = [0.0, 0.0]
    best = h.copy()
    for v in x:
        h[0] += v
        h[1] = v
        if h[0] > best[0]:
            best = h.copy()
    return best[0] * best[1] + h[0]


def best_slice(x):
    h = [0.0, 0.0]
    best = h[:]
    for v in x:
        h[0] += v
        h[1] = v
        if h[0] > best[0]:
            best = h[:]
    return best[0] * best[1] + h[0]


def hist_copies(x):
    d = {'a': 0.0}
    hist = []
    for v in x:
        d['a'] += v
        hist.append(d.copy())
    return sum(e['a'] for e in hist)


def hist_list_copies(x):
    h = [0.0, 1.0]
    hist = []
    for v in x:
        h[0] += v
        hist.append(h.copy())
    return sum(e[0] * e[1] for e in hist)


def counter_copy(x):
    h = Counter(a=0)
    for v in x:
        g = h.copy()
        g['a'] += 1
        if v > 0:
            h = g
    return h['a'] * x[0]


def copy_obj(x):

    class S:

        def __init__(s):
            s.a = 0.0
            s.h = [1.0]
    p = S()
    for v in x:
        q = copy.copy(p)
        q.a += v
        q.h[0] *= 1.1
        if v > 0:
            p = q
    return p.a * p.h[0]


def deep_obj(x):

    class S:

        def __init__(s):
            s.a = 0.0
            s.h = [1.0]
    p = S()
    for v in x:
        q = copy.deepcopy(p)
        q.a += v
        q.h[0] *= 1.1
        if v > 0:
            p = q
    return p.a * p.h[0]


UNIFORM = [
    dict_copy, dict_copy_held, copy_shares_inner, list_copy, deque_copy, ordered_copy, default_copy, or_new,
    mul_list, add_deque, copy_in_branch, setcopy, best_copy, best_slice, hist_copies, hist_list_copies,
]


@pytest.mark.parametrize("fn", UNIFORM)
def test_copies_stay_in_one_program(fn) -> None:
    traced = Traced(fn)
    for x in CALLS:
        assert same(traced(x), fn(x))
    assert traced.traces == 1
    assert traced.programs[0].reasons == []


@pytest.mark.parametrize("fn", [counter_copy, copy_obj, deep_obj])
def test_copies_that_fall_back_are_right(fn) -> None:
    agree(fn, *((x,) for x in CALLS))


@pytest.mark.parametrize("fn, backend", [(dict_copy, "numpy"), (hist_copies, "numpy"), (best_copy, "numpy"), (hist_copies, "numba")])
def test_gradients_through_copies(fn, backend) -> None:
    with bcad.options.set(backend=backend):
        gradient = bcad.grad(fn)
        for x in CALLS[:2]:
            expected = reference.jacobian(fn, (x,), shorter=2.0**-8)
            assert not expected.disagreement(gradient(x), rtol=1e-5)
