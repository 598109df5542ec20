"""Dicts and sets that get keys in loops: one program for every length, or right without one."""

from __future__ import annotations

import copy
from collections import Counter, defaultdict

import numpy as np
import pytest

import bcad
from tests.programs import reference
from tests.trace.helpers import Traced, agree

X = np.random.default_rng(0).normal(size=9)
LENGTHS = (X, -X[:6], np.concatenate([X, 2 - X]), X[2:])


def dict_set(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i] ** 2
    s = 0.0
    for i in range(len(x)):
        s += d[i] * i
    return s


def dict_values(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i] ** 2
    return sum(d.values())


def dict_items(x):
    d = {i: v for i, v in enumerate(x)}
    s = 0.0
    for k, v in d.items():
        s += k * v
    return s


def dict_get(x):
    d = {}
    for i in range(len(x)):
        d[i % 3] = d.get(i % 3, 0.0) + x[i]
    return d[0] * d[1] + d[2]


def memo(x):
    m = {0: x[0], 1: x[1]}
    for i in range(2, len(x)):
        m[i] = m[i - 1] * 0.5 + m[i - 2] * x[i]
    return m[len(x) - 1]


def dict_arrays(x):
    d = {}
    for i in range(len(x)):
        d[i] = x * x[i]
    return sum(np.sum(d[i]) for i in range(len(x)))


def in_dict(x):
    d = {}
    s = 0.0
    for i in range(len(x)):
        k = i // 2
        if k in d:
            s += d[k] * x[i]
        else:
            d[k] = x[i]
    return s


def int_set(x):
    seen = set()
    s = 0.0
    for i in range(len(x)):
        k = i * i % 5
        if k not in seen:
            seen.add(k)
            s += x[i]
    return s


def pops(x):
    d = {}
    s = 0.0
    for i in range(len(x)):
        d[i] = x[i]
    for i in range(len(x)):
        if i % 2 == 0:
            s += d.pop(i) * i
    return s + sum(d.values()) * len(d)


def setdef(x):
    d = {}
    for i in range(len(x)):
        d.setdefault(i % 4, x[i])
    return sum(d.values()) * len(d)


def two_names(x):
    d = {}
    e = d
    for i in range(len(x)):
        d[i] = x[i]
        e[i] += 1.0
    return sum(e.values()) + len(d)


def nested_dict(x):
    o = {'a': {}, 'b': {}}
    for i in range(len(x)):
        o['a'][i] = x[i]
        o['b'][i // 2] = x[i] * 2
    return sum(o['a'].values()) * sum(o['b'].values())


def existing(x):
    d = {0: x[0], 5: x[1]}
    for i in range(len(x)):
        d[i] = d.get(i, 1.0) * x[i]
    return sum((k * v for k, v in d.items()))


def str_keys(x):
    d = {'a': x[0]}
    for i in range(len(x)):
        d['a'] = d['a'] * 0.5 + x[i]
    d['b'] = 2.0
    return d['a'] * d['b']


def counter(x):
    c = Counter()
    for i in range(len(x)):
        c[i % 3] += 1
    return x[0] * c[0] + x[1] * c[2]


def tuple_keys(x):
    d = {}
    for i in range(len(x)):
        d[i, i + 1] = x[i]
    return sum(d.values())


def iter_change(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    for k in list(d):
        d[k + 100] = d[k] * 2
    return sum(d.values())


def sorted_keys(x):
    d = {}
    for i in range(len(x)):
        d[7 * i % 11] = x[i]
    return sum((d[k] * j for j, k in enumerate(sorted(d))))


def graph(x):
    n = len(x)
    dist = {0: 0.0}
    for i in range(n):
        for j in range(n):
            if i in dist:
                c = dist[i] + abs(x[j])
                if j not in dist or c < dist[j]:
                    dist[j] = c
    return sum(dist.values())


def dict_comp(x):
    d = {i: x[i] * i for i in range(len(x)) if i % 2}
    return sum(d.values())


def del_(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    for i in range(len(x) - 2):
        del d[i]
    return sum(d.values())


def dict_arg(x):

    def fill(d, k, v):
        d[k] = v
        return d
    d = {}
    for i in range(len(x)):
        fill(d, i, x[i])
    return sum(d.values())


def empty(x):
    d = {}
    for i in range(len(x) - len(x)):
        d[i] = x[i]
    return len(d) + x[0]


def np_keys(x):
    d = {}
    for i in np.arange(len(x)):
        d[i] = x[i]
    return sum(d.values()) * d[2]


UNIFORM = [
    dict_set, dict_values, dict_items, dict_get, memo, dict_arrays, in_dict, int_set, pops, setdef, two_names, nested_dict, existing, str_keys, counter, tuple_keys, iter_change, sorted_keys, graph, dict_comp, del_, dict_arg, empty, np_keys
]


@pytest.mark.parametrize("fn", UNIFORM)
def test_one_program_for_every_length(fn) -> None:
    traced = Traced(fn)
    for x in LENGTHS:
        np.testing.assert_allclose(traced(x.copy()), fn(x.copy()), rtol=1e-10)
    assert traced.traces == 1
    assert [reason for p in traced.programs for reason in p.reasons] == []


@pytest.mark.parametrize("fn", [memo, dict_get, tuple_keys, dict_items])
def test_the_gradient_is_that_of_the_call(fn) -> None:
    gradient = bcad.grad(fn)
    for x in LENGTHS[:2]:
        assert not reference.jacobian(fn, (x,), shorter=2.0**-6).disagreement(gradient(x), rtol=1e-6)


# -- what falls back is right all the same --------------------------------------------------------------------
def memo_rec(x):
    memo = {}

    def f(n):
        if n < 2:
            return x[n]
        if n in memo:
            return memo[n]
        r = f(n - 1) * 0.5 + f(n - 2) * x[n]
        memo[n] = r
        return r
    return f(len(x) - 1)


def dd_list(x):
    d = defaultdict(list)
    for i in range(len(x)):
        d[i % 2].append(x[i])
    return sum(d[0]) * sum(d[1])


def keyerr(x):
    d = {}
    s = 0.0
    for i in range(len(x)):
        d[i] = x[i]
        try:
            s += d[i + 1]
        except KeyError:
            s += 1
    return s


def items_twice(x):
    d = {i: v for i, v in enumerate(x)}
    it = d.items()
    s = 0.0
    for k, v in it:
        s += k * v
    for k, v in it:
        s += v
    d[99] = 1.0
    for k, v in it:
        s += v
    return s + (3 in d) + len(it)


def sets(x):
    s = set()
    t = 0.0
    for i in range(len(x)):
        s.add(i % 4)
        t += len(s) * x[i]
    s.discard(1)
    return t + len(s) * (2 in s)


def dict_clear(x):
    d = {}
    s = 0.0
    for i in range(len(x)):
        d[i % 3] = x[i]
        if len(d) == 3:
            s += d[0] * d[1] * d[2]
            d = {}
    return s


def copyd(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    e = dict(d)
    f = d.copy()
    e[0] = 100.0
    return sum(d.values()) + sum(e.values()) * f[1]


def updated(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    d.update({0: 5.0, 'a': 1.0})
    return sum(d.values())


def ddict(x):
    d = defaultdict(float)
    for i in range(len(x)):
        d[i % 3] += x[i]
    return d[0] * d[1] + d[2]


@pytest.mark.parametrize("fn", [memo_rec, dd_list, keyerr, items_twice, sets, dict_clear, copyd, updated, ddict])
def test_what_falls_back_is_right(fn) -> None:
    agree(fn, *((x.copy(),) for x in LENGTHS))


def made(x):
    d, e, c, s = {}, defaultdict(float), Counter(), set()
    for k in range(len(x)):
        d[k] = x[k] * k
        e[k % 2] += x[k]
        c[k // 2] += 1
        s.add(k % 3)
    return d, e, c, s, {"d": d}, (len(d), 2 in d, list(d), sorted(d.items()))


def test_they_are_returned_as_what_they_are() -> None:
    agree(made, *((x.copy(),) for x in LENGTHS))


def missing(x):
    d = {}
    for k in range(len(x)):
        d[2 * k] = x[k]
    return d[3] * x[0]


def test_a_key_that_is_missing_raises_what_python_raises() -> None:
    with pytest.raises(KeyError, match="3"):
        bcad.grad(missing)(X)


def number_as_key(x):
    d = {}
    for v in x:
        d[float(v)] = 1.0
    return len(d) * x[0]


def test_a_traced_float_is_no_key() -> None:
    with pytest.raises(NotImplementedError, match="key of a container"):
        bcad.grad(number_as_key)(X)


def test_tracing_takes_as_long_for_many_keys_as_for_few() -> None:
    traced = Traced(dict_get)
    traced(X)
    assert traced.programs[0].check((np.zeros(100_000),), {}) is None


# -- the last item, and copies
def popitem(x):
    d = {}
    for i in range(len(x)):
        d[i * 2] = x[i]
    s = 0.0
    while d:
        k, v = d.popitem()
        s += k * v
    return s


def popitem_for(x):
    d = {}
    s = 0.0
    for i in range(len(x)):
        d[i] = x[i]
        if x[i] > 0:
            k, v = d.popitem()
            s += k * v
    return s + len(d)


def popitem_then_set(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    for i in range(len(x) - 1):
        k, v = d.popitem()
        d[k] = v * 2
        d[0] = d[0] + v
    return d[0]


def keyed_copy(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    e = d.copy()
    for i in range(len(x)):
        e[i] = e[i] * d[i]
    return sum(e.values()) + 3 * sum(d.values())


def keyed_copy_dd(x):
    d = defaultdict(float)
    for i in range(len(x)):
        d[i % 4] += x[i]
    e = d.copy()
    for i in range(len(x)):
        e[i] += 1.0
    return sum(e.values()) * len(d) + len(e)


def keyed_copy_set(x):
    d = set()
    for i in range(len(x)):
        d.add(int(x[i] > 0))
    e = d.copy()
    for i in range(len(x)):
        e.add(i + 5)
    return len(e) * x[0] + len(d)


def keyed_dict(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    e = dict(d)
    for i in range(len(x)):
        e[i] = e[i] * d[i]
    return sum(e.values()) + 3 * sum(d.values())


def keyed_values_arrays(x):
    d = {}
    for i in range(len(x)):
        d[i] = x * i
    e = d.copy()
    for i in range(len(x)):
        e[i] = e[i] * 2
    return (e[len(x) - 1] - d[1]).sum()


def popitem_empty(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    s = 0.0
    for i in range(len(x) + 1):
        try:
            k, v = d.popitem()
        except KeyError:
            s += 100
            break
        s += v
    return s


def keyed_copy_pop(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    e = copy.copy(d)
    for i in range(len(x) - 2):
        e.pop(i)
    return len(e) * 10 + len(d) + sum(e.values())


def keyed_copy_counter(x):
    d = Counter()
    for i in range(len(x)):
        d[int(x[i] > 0)] += 1
    e = d.copy()
    for i in range(len(x)):
        e[int(x[i] > 1)] += 1
    return e[0] * x[0] + d[0] * x[1] + e[1]


def keyed_values_arr_inplace(x):
    d = {}
    for i in range(len(x)):
        d[i] = x * i
    e = d.copy()
    for i in range(len(x)):
        e[i] += 1.0
    return (e[len(x) - 1] - d[1]).sum()


def keyed_copy_branch(x):
    d = {}
    for i in range(len(x)):
        d[i] = x[i]
    if x[0] > 0:
        e = d.copy()
        e[0] = 10.0
    else:
        e = d
    e[1] = 5.0
    return d[1] + e[0] + d[0]


@pytest.mark.parametrize("fn", [popitem, popitem_for, popitem_then_set, keyed_copy, keyed_copy_dd, keyed_copy_set, keyed_dict, keyed_values_arrays])
def test_the_last_item_and_copies_are_one_program(fn) -> None:
    traced = Traced(fn)
    for x in LENGTHS:
        np.testing.assert_allclose(traced(x.copy()), fn(x.copy()), rtol=1e-10)
    assert traced.traces == 1
    assert traced.programs[0].reasons == []


@pytest.mark.parametrize("fn", [popitem_empty, keyed_copy_pop, keyed_copy_counter, keyed_values_arr_inplace, keyed_copy_branch])
def test_copies_that_fall_back_are_right(fn) -> None:
    agree(fn, *((x.copy(),) for x in LENGTHS))
