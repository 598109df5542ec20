"""Lists and deques that loops change in any way: one program for every length, or right without one."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

import bcad
from tests.programs import reference
from tests.trace.helpers import Traced, agree

X = np.random.default_rng(0).normal(size=9)
LENGTHS = (X, -X[:6], np.concatenate([X, 2 - X]), X[2:])


def deque_window(x):
    w = deque(maxlen=3)
    s = 0.0
    for v in x:
        w.append(v)
        s += (sum(w) / len(w)) ** 2
    return s


def deque_full(x):
    w = deque([0.0] * 3, maxlen=3)
    s = 0.0
    for v in x:
        w.append(v)
        s += w[0] * w[-1]
    return s


def deque_left(x):
    w = deque()
    s = 0.0
    for v in x:
        w.appendleft(v * v)
    while w:
        s = 0.5 * s + w.popleft()
    return s


def deque_iter(x):
    w = deque([x[0]], maxlen=4)
    s = 0.0
    for v in x:
        w.append(v)
        for q in w:
            s += q * v
    return s


def stack_pop(x):
    st = []
    for v in x:
        st.append(v)
    s = 0.0
    while st:
        s = s * 0.5 + st.pop()
    return s


def queue_pop0(x):
    st = [v * 1.0 for v in x]
    s = 0.0
    for i in range(len(x)):
        s = s * 0.5 + st.pop(0) ** 2
    return s


def stack_mixed(x):
    st = []
    s = 0.0
    for v in x:
        if v > 0:
            st.append(v)
        elif len(st) > 0:
            s += st.pop() * v
    return s + len(st)


def insert0(x):
    st = []
    for v in x:
        st.insert(0, v)
    return sum(st[i] * i for i in range(len(st)))


def set_item(x):
    r = [0.0] * len(x)
    for i in range(len(x)):
        r[i] = x[i] ** 2
    return sum(r)


def add_item(x):
    r = [0.0] * len(x)
    for i in range(len(x)):
        for j in range(len(x)):
            r[j] += x[i] * j
    return sum(v * v for v in r)


def set_comp(x):
    r = [0.0 for _ in range(len(x))]
    for i in range(len(x)):
        r[len(x) - 1 - i] = x[i] ** 2
    return np.array(r) @ x


def slice_1(x):
    h = [v * v for v in x]
    return sum(h[1:]) - h[0] * sum(h[:-1])


def slice_k(x):
    h = []
    for v in x:
        h.append(v * v)
    return sum(h[-3:]) + np.array(h[::-1]) @ x


def sorted_h(x):
    h = [v * v for v in x]
    return np.array(sorted(h)) @ x


def sort_h(x):
    h = []
    for v in x:
        h.append(v)
    h.sort()
    s = 0.0
    for i, v in enumerate(h):
        s += i * v
    return s


def reverse_h(x):
    h = [v for v in x]
    h.reverse()
    return sum((a * b for a, b in zip(h, x)))


def eq_len(x):
    h = [v for v in x]
    g = [v for v in x]
    return x[0] * 2 if h == g else x[1]


def bubble(x):
    l = [v for v in x]
    n = len(l)
    for i in range(n):
        for j in range(n - 1 - i):
            if l[j] > l[j + 1]:
                l[j], l[j + 1] = (l[j + 1], l[j])
    return sum(i * l[i] for i in range(n))


def insertion(x):
    l = list(x)
    for i in range(1, len(l)):
        v = l[i]
        j = i - 1
        while j >= 0 and l[j] > v:
            l[j + 1] = l[j]
            j -= 1
        l[j + 1] = v
    s = 0.0
    for i in range(len(l)):
        s += i * l[i]
    return s


def tolist_swap(x):
    l = x.tolist()
    for i in range(len(l) // 2):
        l[i], l[-1 - i] = (l[-1 - i], l[i])
    return sum((i * v for i, v in enumerate(l)))


class Box:
    pass


def two_names(x):
    a = [0.0] * len(x)
    b = a
    for i in range(len(x)):
        a[i] = x[i]
        b[i] += 1.0
    return sum(a) * b[0]


def alias_in_list(x):
    a = [0.0] * len(x)
    pair = [a, a]
    for i in range(len(x)):
        pair[0][i] = x[i]
        pair[1][i] *= 2
    return sum(a) + pair[1][0]


def attr(x):
    o = Box()
    o.h = [x[0]]
    for v in x:
        o.h.append(o.h[-1] * 0.5 + v)
        o.h[0] += v
    return sum(o.h)


def indict(x):
    d = {'a': [x[0]], 'b': []}
    for v in x:
        d['a'].append(d['a'][0] * v)
        d['b'].append(v)
    return sum(d['a']) * sum(d['b'])


def captured(x):
    h = []

    def push(v):
        h.append(v * v)
        return len(h)
    s = 0.0
    for v in x:
        s += push(v) * h[0]
    return s + sum(h)


def inner_pop_all(x):
    s = 0.0
    for i in range(len(x)):
        st = []
        for j in range(len(x)):
            st.append(x[j] * i)
        while st:
            s = s * 0.9 + st.pop()
    return s


def nested_appends(x):
    h = [x[0]]
    for i in range(len(x)):
        for j in range(len(x)):
            h.append(h[-1] * 0.5 + x[j])
            if h[0] > 0:
                h[0] -= 0.1
    return h[0] * h[-1] + len(h)


def live_iter2(x):
    h = [x[0]]
    s = 0.0
    k = 0
    for v in h:
        s += v
        k += 1
        if k < 6:
            h.append(v * 0.5)
    return s


def empty_loop(x):
    h = []
    for v in x[:0]:
        h.append(v)
    return x[0] * len(h) + x[1]


def last_of_slice(x):
    h = []
    s = 0.0
    for v in x:
        h.append(v)
        s += sum(h[-3:]) * h[0]
    return s


def prefix(x):
    h = []
    s = 0.0
    for i in range(len(x)):
        h.append(x[i])
        for u in h[:-1]:
            s += u * x[i]
    return s


def rebind(x):
    w = [x[0], x[1], x[2]]
    s = 0.0
    for v in x:
        w = w[1:] + [v]
        s += w[0] * w[2]
    return s


def cleared(x):
    h = []
    s = 0.0
    for v in x:
        h.append(v)
        if len(h) == 3:
            s += h[0] * h[1] * h[2]
            h.clear()
    return s + sum(h)


def neg_index(x):
    h = [v for v in x]
    s = 0.0
    for i in range(len(h)):
        s += h[i] * h[i - 1] * h[-i]
    return s


def neg_index_grow(x):
    h = [x[0]]
    s = 0.0
    for i in range(len(x)):
        h.append(x[i])
        s += h[i - 2] if i > 2 else h[-1]
    return s


def tuples(x):
    h = []
    for i in range(len(x)):
        h.append((x[i], i))
    s = 0.0
    while h:
        v, k = h.pop()
        s = s * 0.5 + v * k
    return s


def sort_tuples(x):
    h = [(v, i) for i, v in enumerate(x)]
    h.sort(key=lambda t: -t[0])
    return sum((v * k * j for j, (v, k) in enumerate(h)))


def ret_same(x):
    h = []
    for v in x:
        h.append(v)

    def f(l):
        l[0] = 5.0 * l[0]
        return l
    g = f(h)
    return (g is h) * sum(g) + h[0]


def insert_sorted(x):
    h = []
    for v in x:
        k = 0
        while k < len(h) and h[k] < v:
            k += 1
        h.insert(k, v)
    return sum((i * v for i, v in enumerate(h)))


def delitem(x):
    h = [v for v in x]
    s = 0.0
    while len(h) > 1:
        del h[1]
        s += h[0] + sum(h)
    return s


def remove_index(x):
    h = [v for v in x]
    h.remove(x[2])
    k = h.index(x[3])
    return sum(h) * k + h[k] * (x[1] in h)


def ext(x):
    h = [x[0]]
    for v in x:
        h.extend([v, v * v])
        h += [h[0]]
    return sum(h) * h[-1]


def ext_list(x):
    h = [v for v in x]
    g = [v * v for v in x]
    h.extend(g)
    h += g
    k = g + h
    return sum(h) * k[0] + k[-1] + len(k)


def two_loops(x):
    h = []
    for v in x:
        h.append(v)
    for v in x:
        h.append(h[-1] * 0.5 + h[0] * v)
    for i in range(len(h)):
        h[i] = h[i] * i
    return sum(h)


def int_list(x):
    cnt = [0] * len(x)
    s = 0.0
    for i in range(len(x)):
        cnt[i * i % len(x)] += 1
    for i in range(len(x)):
        s += x[i] * cnt[i]
    return s


def bool_list(x):
    seen = [False] * len(x)
    s = 0.0
    for i in range(len(x)):
        j = 2 * i % len(x)
        if not seen[j]:
            s += x[j]
            seen[j] = True
    return s


def listcopy(x):
    h = [v for v in x]
    g = h.copy()
    k = list(h)
    m = h[:]
    h[0] = 9.0
    for i in range(len(x)):
        g[i] = g[i] * 2
        k[i] = k[i] * 3
    return sum(h) + sum(g) * k[1] + m[0]


def dq_maxlen_left(x):
    d = deque(maxlen=3)
    s = 0.0
    for i, v in enumerate(x):
        d.appendleft(v)
        s += d[0] * d[-1] + len(d)
    return s


def dq_lists(x):
    d = deque([x[0]], maxlen=4)
    for v in x:
        d.append(d[0] + v)
    return np.sum(np.array(d)) + sum(list(d)) + max(d)


def ma_conv(x):
    buf = [0.0] * 4
    out = []
    for i, v in enumerate(x):
        buf[i % 4] = v
        out.append(sum(buf) / 4)
    return np.array(out) @ x


def heaplike(x):
    h = []
    for v in x:
        h.append(v)
        i = len(h) - 1
        while i > 0 and h[(i - 1) // 2] > h[i]:
            p = (i - 1) // 2
            h[p], h[i] = (h[i], h[p])
            i = p
    return sum((i * v for i, v in enumerate(h)))


def min_max(x):
    h = []
    for v in x:
        h.append(v * v)
    return max(h) - min(h) + sorted(h)[0] * sorted(h, reverse=True)[1]


def comp_of_list(x):
    h = [v for v in x]
    g = [2 * v for v in h if v > 0]
    return sum(g) * len(g)


def taken_back_at_once(x):
    h = []
    s = 0.0
    for v in x:
        h.append(v)
        if v > 0:
            s += h.pop()
    return s + len(h)


def pairs_taken_back_at_once(x):
    h = []
    s = 0.0
    for v in x:
        h.append((v, v * v))
        if v > 0:
            s += h.pop()[1]
    return s + len(h)


UNIFORM = [
    taken_back_at_once, pairs_taken_back_at_once,
    deque_window, deque_full, deque_left, deque_iter, stack_pop, queue_pop0, stack_mixed, insert0, set_item, add_item, set_comp, slice_1, slice_k, sorted_h, sort_h, reverse_h, bubble, insertion, tolist_swap, eq_len, two_names, alias_in_list, attr, indict, captured, inner_pop_all, nested_appends, live_iter2, empty_loop, last_of_slice, prefix, rebind, cleared, neg_index, neg_index_grow, tuples, sort_tuples, ret_same, insert_sorted, delitem, remove_index, ext, ext_list, two_loops, int_list, bool_list, listcopy, dq_maxlen_left, dq_lists, ma_conv, heaplike, min_max, comp_of_list
]


@pytest.mark.parametrize("fn", UNIFORM)
def test_one_program_for_every_length(fn) -> None:
    traced = Traced(fn)
    for x in LENGTHS:
        np.testing.assert_allclose(traced(x.copy()), fn(x.copy()), rtol=1e-10)
    assert traced.traces == 1
    assert [reason for p in traced.programs for reason in p.reasons] == []


@pytest.mark.parametrize("fn", [deque_window, stack_mixed, insert0, bubble, slice_k, tuples, insert_sorted, heaplike, delitem])
def test_the_gradient_is_that_of_the_call(fn) -> None:
    gradient = bcad.grad(fn)
    for x in LENGTHS[:2]:
        assert not reference.jacobian(fn, (x,), shorter=2.0**-6).disagreement(gradient(x), rtol=1e-6)


def test_second_derivatives_and_tangents() -> None:
    for fn in (deque_window, stack_mixed, bubble):
        gradient = bcad.grad(fn)
        v = np.cos(np.arange(6.0))
        product = bcad.grad(lambda x: gradient(x) @ v)(LENGTHS[1])
        assert not reference.jacobian(lambda x: gradient(x) @ v, (LENGTHS[1],)).disagreement(product, rtol=1e-4)
        _, tangent = bcad.jvp(fn, (LENGTHS[1],), (v,))
        np.testing.assert_allclose(tangent, gradient(LENGTHS[1]) @ v)


# -- what falls back is right all the same --------------------------------------------------------------------
def branch_pop(x):
    h = [v for v in x]
    if x[0] > 0:
        h.pop()
    else:
        h.append(x[0])
    return sum(h)


def live_iter(x):
    h = [v for v in x]
    s = 0.0
    for v in h:
        if len(h) < 2 * len(x):
            h.append(v * 0.5)
        s += v
    return s


def array_items_alias(x):
    a = x * 1.0
    h = [a]
    for i in range(len(x)):
        a[i] = a[i] * 2
        h.append(a)
    return sum(np.sum(v) for v in h) + h[0][0]


def array_items_read(x):
    a = x * 1.0
    h = [a]
    s = 0.0
    for i in range(len(x)):
        h.append(h[-1] * 0.5)
        h[0][i] = 3.0
        s += h[i][0]
    return s


def index_err_caught(x):
    h = [v for v in x]
    s = 0.0
    for i in range(len(x) + 2):
        try:
            s += h[i]
        except IndexError:
            s += 1.0
    return s


def rot(x):
    d = deque(x)
    s = 0.0
    for i in range(len(x)):
        s += d[0] * i
        d.append(d.popleft())
    return s


def sieve(x):
    n = len(x)
    prime = [True] * n
    s = 0.0
    for p in range(2, n):
        if prime[p]:
            s += x[p]
            for q in range(p * p, n, p):
                prime[q] = False
    return s


def try_pop(x):
    h = []
    s = 0.0
    for v in x:
        if v > 0:
            h.append(v)
        else:
            try:
                s += h.pop()
            except IndexError:
                s -= 1.0
    return s


@pytest.mark.parametrize("fn", [branch_pop, live_iter, array_items_alias, array_items_read, index_err_caught, rot, sieve, try_pop])
def test_what_falls_back_is_right(fn) -> None:
    agree(fn, *((x.copy(),) for x in LENGTHS))


# -- what is handed out is a list -------------------------------------------------------------------------------
def made(x):
    h = [0.0] * len(x)
    for k in range(len(x)):
        h[k] = x[k] * k
    d = deque(maxlen=3)
    for v in x:
        d.append(v)
    return h, h[1:], d, h, {"h": h[::-1]}, (len(h), h == h[:], h[0] in h)


def test_lists_and_deques_are_returned_as_such() -> None:
    traced = agree(made, *((x.copy(),) for x in LENGTHS))
    h, _, d, *_ = traced(X)
    assert (type(h), type(d), d.maxlen) == (list, deque, 3)


def kept_outside(x):
    h = []
    for v in x:
        h.insert(0, v)
        keep.append(v)
    keep.append(sum(h))
    return h


keep: list[float] = []


def test_a_list_from_outside_grows_at_each_call() -> None:
    traced = Traced(kept_outside)
    for x in LENGTHS:
        keep.clear()
        assert traced(x) == list(x[::-1])
        assert keep[:-1] == list(x)


@pytest.mark.parametrize("fn", [
    lambda x: [v for v in x].pop(len(x)), lambda x: deque([x[0]]).pop() + deque([]).popleft(), lambda x: [0.0 * v for v in x].index(1.0),
    lambda x: ([0.0] * len(x))[len(x)], lambda x: ([0.0] * len(x)).__setitem__(-len(x) - 1, x[0]),
])  # fmt: skip
def test_what_raises_raises_the_same(fn) -> None:
    with pytest.raises(Exception) as expected:
        fn(X)
    with pytest.raises(type(expected.value)) as found:
        bcad.grad(lambda x: fn(x) or x[0])(X)
    assert str(found.value) == str(expected.value)
