"""Programs as users write them, with accumulators of all kinds: what they give is what Python gives."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from dataclasses import dataclass, field

import numpy as np
import pytest

import bcad
from tests.programs import reference
from tests.trace.helpers import Traced, agree

X = np.random.default_rng(0).normal(size=9)
LENGTHS = (X, -X[:6], np.concatenate([X, 2 - X]), X[2:])


def ema_history(x):
    hist = [x[0]]
    for v in x[1:]:
        hist.append(0.9 * hist[-1] + 0.1 * v)
    peak = hist[0]
    dd = 0.0
    for h in hist:
        if h > peak:
            peak = h
        dd = max(dd, peak - h)
    return dd + hist[-1]


def moving_median(x):
    w = deque(maxlen=3)
    out = []
    for v in x:
        w.append(v)
        s = sorted(w)
        out.append(s[len(s) // 2])
    return np.sum(np.array(out) * x)


def running_argmax(x):
    best = []
    for i in range(len(x)):
        if not best or x[i] > x[best[-1]]:
            best.append(i)
    return sum((x[b] * k for k, b in enumerate(best)))


def rpn(x):
    st = []
    for i in range(len(x)):
        st.append(x[i])
        if i % 2 == 1:
            b = st.pop()
            a = st.pop()
            st.append(a * b + 1)
    return sum(st)


def knapsack(x):
    W = 7
    best = [0.0] * (W + 1)
    for i in range(len(x)):
        w = 1 + i % 3
        for c in range(W, w - 1, -1):
            best[c] = max(best[c], best[c - w] + x[i])
    return best[W]


def lis(x):
    n = len(x)
    best = [0.0] * n
    for i in range(n):
        best[i] = x[i]
        for j in range(i):
            if x[j] < x[i] and best[j] + x[i] > best[i]:
                best[i] = best[j] + x[i]
    return max(best)


def class_acc(x):

    class Acc:

        def __init__(s):
            s.vals = []
            s.n = 0

        def push(s, v):
            s.vals.append(v)
            s.n += 1
            return s.mean()

        def mean(s):
            return sum(s.vals) / s.n
    a = Acc()
    t = 0.0
    for v in x:
        t += a.push(v)
    return t


def dc(x):

    @dataclass
    class S:
        h: list = field(default_factory=list)
        d: dict = field(default_factory=dict)
    s = S()
    for i, v in enumerate(x):
        s.h.append(v * i)
        s.d[i % 2] = s.d.get(i % 2, 0.0) + v
    return sum(s.h) * s.d[0]


def pair_hist(x):
    t = [(0.0, x[0])]
    for v in x:
        a, b = t[-1]
        t.append((a + 0.1, b * 0.9 + v))
    return sum((a * b for a, b in t))


def fir_lists(x):
    taps = [0.5, 0.3, 0.2]
    buf = [0.0] * 3
    y = []
    for v in x:
        buf = [v] + buf[:-1]
        y.append(sum((a * b for a, b in zip(taps, buf))))
    return sum(v * v for v in y)


def shuffle_swap(x):
    l = list(x)
    n = len(l)
    for i in range(n - 1, 0, -1):
        j = (i * 7 + 3) % (i + 1)
        l[i], l[j] = (l[j], l[i])
    return sum((v * i for i, v in enumerate(l)))


def primes(x):
    ps = []
    for i in range(2, len(x)):
        if all(i % p != 0 for p in ps):
            ps.append(i)
    return sum(x[p] for p in ps)


def histogram(x):
    c = [0] * 5
    t = [0.0] * 5
    for v in x:
        k = min(4, max(0, int(v + 2)))
        c[k] += 1
        t[k] += v
    return sum((a / b if b else 0.0 for a, b in zip(t, c)))


def window_sum(x):
    q = deque()
    s = 0.0
    out = []
    for v in x:
        q.append(v)
        s += v
        if len(q) > 3:
            s -= q.popleft()
        out.append(s)
    return sum(o * o for o in out)


def merge_sorted(x):
    a = sorted(x[:len(x) // 2])
    b = sorted(x[len(x) // 2:])
    out = []
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i] < b[j]:
            out.append(a[i])
            i += 1
        else:
            out.append(b[j])
            j += 1
    out += a[i:]
    out += b[j:]
    return sum((v * k for k, v in enumerate(out)))


def checkpoints(x):
    snaps = {}
    s = 0.0
    for i in range(len(x)):
        s = s * 0.9 + x[i]
        if i % 3 == 0:
            snaps[i] = s
    return sum(snaps.values()) * snaps[0]


def adaptive(x):
    ts = [0.0]
    ys = [x[0]]
    while ts[-1] < 2.0:
        h = 0.3 / (1 + abs(ys[-1]))
        ts.append(ts[-1] + h)
        ys.append(ys[-1] - h * ys[-1] * x[1])
    return ys[-1] * len(ts)


def closure_list(x):
    hooks = []
    for i in range(3):
        hooks.append(lambda v, i=i: v * i)
    return sum(h(v) for h in hooks for v in x)


def enumerate_gen(x):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, x[1:])):
        s += i * a * b
    return s


def exception_in_loop(x):
    out = []
    for v in x:
        if v > 50:
            raise ValueError(v)
        out.append(v)
    return sum(out)


def last_three(x):
    h = []
    for v in x:
        h.append(v)
        if len(h) > 3:
            h.pop(0)
    return h[0] * h[1] * h[2]


def rows_set(x):
    rows = []
    for i in range(3):
        rows.append([v * i for v in x])
    rows[1][2] = 5.0
    rows[2].append(1.0)
    for i in range(len(x)):
        rows[0][i] += x[i]
    return sum(sum(r) for r in rows)


def arr(x):
    rows = []
    for i in range(3):
        rows.append([v * i for v in x])
    return np.sum(np.array(rows) @ x)


@pytest.mark.parametrize("fn", [ema_history, moving_median, running_argmax, rpn, knapsack, lis, class_acc, dc, pair_hist, fir_lists, shuffle_swap, primes, histogram, window_sum, merge_sorted, checkpoints, adaptive, closure_list, enumerate_gen, exception_in_loop, last_three, rows_set, arr])
def test_one_program_for_every_length(fn) -> None:
    traced = Traced(fn)
    for x in LENGTHS:
        np.testing.assert_allclose(traced(x.copy()), fn(x.copy()), rtol=1e-10)
    assert traced.traces == 1


@pytest.mark.parametrize("fn", [lis, merge_sorted, window_sum, fir_lists])
def test_the_gradient_is_that_of_the_call(fn) -> None:
    gradient = bcad.grad(fn)
    for x in LENGTHS[:2]:
        assert not reference.jacobian(fn, (x,), shorter=2.0**-6).disagreement(gradient(x), rtol=1e-6)


# -- what falls back is right all the same --------------------------------------------------------------------
def two_stacks(x):
    a, b = ([], [])
    for v in x:
        (a if v > 0 else b).append(v)
    return sum(a) * len(b) - sum(b)


def coin(x):
    n = len(x)
    d = defaultdict(float)
    d[0] = 1.0
    for i in range(1, n):
        for c in (1, 2, 3):
            if i - c >= 0:
                d[i] += d[i - c] * x[c]
    return d[n - 1]


def monotone_queue(x):
    q = deque()
    tot = 0.0
    for i in range(len(x)):
        while q and x[q[-1]] <= x[i]:
            q.pop()
        q.append(i)
        if q[0] <= i - 3:
            q.popleft()
        tot += x[q[0]]
    return tot


def poly_mul(x):
    p = [1.0]
    for r in x:
        q = [0.0] * (len(p) + 1)
        for i in range(len(p)):
            q[i] -= p[i] * r
            q[i + 1] += p[i]
        p = q
    return p[0] + p[1]


def bfs(x):
    n = len(x)
    seen = [False] * n
    q = deque([0])
    seen[0] = True
    s = 0.0
    d = 1.0
    while q:
        i = q.popleft()
        s += x[i] * d
        d *= 0.9
        for j in (2 * i + 1, 2 * i + 2):
            if j < n and (not seen[j]):
                seen[j] = True
                q.append(j)
    return s


def group(x):
    g = itertools.groupby(x, key=lambda v: v > 0)
    return sum(1 for _ in g) * x[0]


def zip_longest_(x):
    return sum((a * b for a, b in itertools.zip_longest(x, x[1:], fillvalue=2.0)))


def dict_of_lists(x):
    d = {'p': [], 'n': []}
    for v in x:
        d['p' if v > 0 else 'n'].append(v)
    return sum(d['p']) - sum(d['n']) * len(d['p'])


def rows_alias(x):
    a = [v for v in x]
    rows = []
    rows.append(a)
    rows.append(a)
    for i in range(len(x)):
        rows[0][i] += 1.0
    a.append(3.0)
    return sum(rows[1]) * len(rows[0])


def in_branch(x):
    a = [v for v in x]
    rows = []
    if x[0] > 0:
        rows.append(a)
    else:
        rows.append([1.0])
    return sum(rows[0])


def in_loop(x):
    rows = []
    for i in range(len(x)):
        rows.append([v * i for v in x])
    return sum(sum(r) for r in rows) + rows[2][1]


def dq(x):

    d = deque()
    for i in range(3):
        d.append([v * i for v in x])
    return sum(d[1]) + sum(d.popleft())


@pytest.mark.parametrize("fn", [two_stacks, coin, monotone_queue, poly_mul, bfs, group, zip_longest_, dict_of_lists, rows_alias, in_branch, in_loop, dq])
def test_what_falls_back_is_right(fn) -> None:
    agree(fn, *((x.copy(),) for x in LENGTHS))
