"""Lists in lists that stand in arrays: who holds one sees what is written to it, whatever the program has to fall back to."""

from __future__ import annotations

import copy
from collections import deque

import numpy as np
import pytest

from tests.trace.helpers import Traced

RNG = np.random.default_rng(5)
X = RNG.normal(size=4)


def table(x):
    n = len(x)
    return [[0.0] * n for _ in range(n)]


def same_row_twice(x):
    n = len(x)
    D = table(x)
    for i in range(n - 1):
        D[i + 1] = D[i]
    D[n - 1][0] = x[0]
    return D[0][0] + D[1][0] * 2


def same_row_loop(x):
    n = len(x)
    D = table(x)
    for i in range(n - 1):
        D[i + 1] = D[i]
        D[i][1] += x[i]
    return D[0][1] + D[n - 1][1] * 2


def append_twice(x):
    n = len(x)
    D = []
    for i in range(n):
        row = [x[i]] * n
        D.append(row)
        D.append(row)
        row[0] += 1.0
    return D[0][0] + D[1][0] * 3 + D[-1][0]


def append_twice_write_table(x):
    n = len(x)
    D = []
    for i in range(n):
        row = [x[i]] * n
        D.append(row)
        D.append(row)
    for i in range(2 * n):
        D[i][0] += 1.0
    return D[0][0] + D[1][0] * 3


def carried_row(x):
    n = len(x)
    D = table(x)
    prev = D[0]
    s = 0.0
    for i in range(n):
        cur = D[i]
        for j in range(n):
            cur[j] = prev[j] + x[j] * i
        prev = cur
    prev[0] = 7.0
    return D[n - 1][0] + sum(D[n - 1]) + s


def carried_row_stuck(x):
    n = len(x)
    D = table(x)
    prev = D[0]
    s = 0.0
    for i in range(n):
        prev[0] += x[i]
        if x[i] > 0:
            prev = D[i]
        s += D[0][0] + D[i][0]
    return s


def shallow_copy(x):
    n = len(x)
    D = table(x)
    E = list(D)
    F = D[:]
    G = D.copy()
    for i in range(n):
        D[i][0] = x[i]
        E[i][1] = x[i] * 2
    return E[0][0] + F[1][0] + G[0][1] + D[1][1]


def slice_rows(x):
    n = len(x)
    D = table(x)
    for i in range(n):
        for row in D[1:]:
            row[0] += x[i]
    return D[0][0] + D[1][0] * 2 + D[-1][0]


def two_tables(x):
    n = len(x)
    D = table(x)
    E = []
    for i in range(n):
        E.append(D[i])
        E[i][0] = x[i]
        D[i][1] = x[i] * 2
    return D[0][0] + E[0][1] + E[-1][0] * D[-1][1]


def two_tables_if(x):
    n = len(x)
    D = table(x)
    E = [D[0]]
    for i in range(n):
        D[0][0] += 1.0
        if x[i] > 0:
            E.append(D[i])
    return sum(e[0] for e in E)


def pop_rows(x):
    len(x)
    D = [[a, a * 2] for a in x]
    s = 0.0
    while len(D) > 1:
        r = D.pop()
        r[0] += 1.0
        D[0][0] += r[0] * r[1]
        s += r[0]
    return s + D[0][0]


def pop_hold(x):
    n = len(x)
    D = [[a, a * 2] for a in x]
    s = 0.0
    last = D[-1]
    for i in range(n - 1):
        r = D.pop()
        last[0] += x[i]
        r[1] += last[0]
        s += r[0] + r[1]
    return s + last[1]


def insert_rows(x):
    n = len(x)
    D = [[0.0, 1.0]]
    first = D[0]
    for i in range(n):
        D.insert(0, [x[i], first[0]])
        first[0] += x[i]
    return D[-1][0] + D[0][1] + D[0][0]


def reverse_rows(x):
    len(x)
    D = [[a, a * 2] for a in x]
    r = D[0]
    D.reverse()
    r[0] = 5.0
    return D[-1][0] + D[0][0]


def sort_rows(x):
    len(x)
    D = [[a, a * 2] for a in x]
    r = D[0]
    D.sort(key=lambda t: t[0])
    r[1] = 50.0
    return D[-1][1] + D[0][1] + D[0][0] * 2


def swap_hold(x):
    n = len(x)
    D = [[a, a * 2] for a in x]
    s = 0.0
    for i in range(n - 1):
        r = D[i]
        q = D[0]
        D[i], D[i + 1] = (D[i + 1], D[i])
        r[0] += 1.0
        q[1] += 0.5
        s += D[i + 1][0] * D[i][0] + D[0][1]
    return s


def half_swap(x):
    n = len(x)
    D = [[a, a * 2] for a in x]
    s = 0.0
    for i in range(n - 1):
        D[i] = D[i + 1]
        s += D[i][0]
    D[0][0] = 9.0
    return s + D[0][0] + D[1][0]


def half_swap_then_write(x):
    n = len(x)
    D = [[a, a * 2] for a in x]
    s = 0.0
    D[0] = D[1]
    for i in range(n):
        D[i][0] += x[i]
        s += D[0][0]
    return s


def three_cycle(x):
    n = len(x)
    D = [[a, a * 2] for a in x]
    D.append([1.0, 2.0])
    s = 0.0
    for i in range(n - 2):
        D[i], D[i + 1], D[i + 2] = (D[i + 1], D[i + 2], D[i])
        D[i][0] += x[i]
    for r in D:
        s = s * 0.5 + r[0]
    return s


def equality(x):
    n = len(x)
    D = [[a, a * 2] for a in x]
    s = 0.0
    for i in range(n):
        if D[i] == D[0]:
            s += x[i] * 10
        if D[i] == [x[1], x[1] * 2]:
            s += x[i] * 3
    return s


def nested_append_i(x):
    n = len(x)
    D = []
    for i in range(n):
        D.append([])
        for j in range(n):
            D[i].append(x[i] * x[j])
    return sum(D[0]) + D[-1][-1]


def mixed_rows(x):
    D = [[i, a] for i, a in enumerate(x)]
    s = 0.0
    for i in range(len(x)):
        k, a = D[i]
        s += x[k] * a
        D[i][1] = a * 2
    return s + D[0][1]


def index_error(x):
    n = len(x)
    D = table(x)
    try:
        for i in range(n + 1):
            D[i][0] = x[i % n]
    except IndexError:
        return D[0][0] * 2
    return D[0][0]


def branch_rows(x):
    n = len(x)
    D = table(x)
    E = table(x)
    for i in range(n):
        T = D if x[i] > 0 else E
        T[i][0] = x[i]
        r = D[i] if x[i] > 0.5 else E[i]
        r[1] += 1.0
    return sum(r[0] for r in D) - 2 * sum(r[0] for r in E) + sum(r[1] for r in D)


def branch_replace(x):
    n = len(x)
    h = [0.0] * n
    g = h
    for i in range(n):
        if x[i] > 0:
            h = [a + x[i] for a in h]
        h[0] += 1.0
    return g[0] + h[0] * 10 + h[-1]


def rebind_alias(x):
    n = len(x)
    h = [0.0] * n
    g = h
    for i in range(n):
        h = h + [x[i]]
        g[0] += 1.0
    return h[0] + g[0] * 10 + len(h)


def deep(x):
    n = len(x)
    D = [[a, a * 2] for a in x]
    E = copy.deepcopy(D)
    F = [list(r) for r in D]
    G = [r.copy() for r in D]
    for i in range(n):
        D[i][0] = 0.0
        E[i][0] += 1.0
        F[i][1] = x[i]
        G[i][1] += 2
    return E[0][0] + F[0][1] + G[0][1] + D[0][0] + F[1][0]


def none_rows(x):
    n = len(x)
    D = [None] * n
    for i in range(n):
        D[i] = [x[i]] * n
    for i in range(n):
        D[i][0] += 1.0
    return D[0][0] + D[-1][-1]


def strings(x):
    n = len(x)
    st = ['idle'] * n
    s = 0.0
    for i in range(n):
        if x[i] > 0:
            st[i] = 'up'
    for i in range(n):
        s += x[i] if st[i] == 'up' else 1.0
    return s


def held_in_object(x):

    class Box:
        pass
    b = Box()
    n = len(x)
    b.rows = table(x)
    b.cur = b.rows[0]
    for i in range(n):
        b.cur = b.rows[i]
        b.cur[0] = x[i]
        b.rows[0][1] += b.cur[0]
    b.cur[2 % n] = 3.0
    return b.rows[-1][2 % n] + b.rows[0][1] + b.rows[0][0]


def deque_rows(x):
    q = deque()
    for a in x:
        q.append([a, 1.0])
    s = 0.0
    while q:
        r = q.popleft()
        s += r[0] * r[1]
        if r[1] < 2 and r[0] > 0:
            q.append([r[0] * 0.5, r[1] + 1])
    return s


def extend_rows(x):
    D = [[a] for a in x]
    E = [[2 * a] for a in x]
    D.extend(E)
    E[0][0] = 100.0
    D[0][0] += 1.0
    return D[len(x)][0] + D[0][0]


def arrays_in_rows(x):
    D = [[np.array([a, b]) for b in x] for a in x]
    s = 0.0
    for i in range(len(x)):
        s += D[i][0] @ D[0][i]
        D[i][0][0] += 1.0
    return s + D[1][0][0]


def cond_append_row(x):
    D = []
    row = [0.0, 0.0]
    for a in x:
        if a > 0:
            row = [a, 1.0]
            D.append(row)
    row[0] += 5.0
    return sum(r[0] for r in D) + row[0]


def cond_append_row2(x):
    D = []
    if x[0] > 0:
        row = [x[0], 1.0]
        D.append(row)
    else:
        row = [0.0, 0.0]
    row[0] += 5.0
    s = 0.0
    for r in D:
        s += r[0]
    return s + row[0]


def carried_if(x):
    a = np.zeros(2)
    E = [np.zeros(2)]
    for u in x:
        a[0] += u
        if u > 0:
            a = a.copy()
        E.append(a)
    return sum(e[0] for e in E)


def carried_if_list(x):
    a = [0.0, 0.0]
    E = [[1.0, 1.0]]
    s = 0.0
    for u in x:
        a[0] += u
        if u > 0:
            a = a[:]
        E.append(a)
        s += E[len(E) // 2][0]
    return sum(e[0] for e in E) + s


def halves(x):
    h = [a for a in x]
    s = 0.0
    while len(h) > 1:
        h = [h[i] + h[i + 1] for i in range(0, len(h) - 1, 2)]
        s += h[0]
    return s


def triangle(x):
    h = [a for a in x]
    while len(h) > 1:
        h = [0.5 * (h[i] + h[i + 1]) for i in range(len(h) - 1)]
    return h[0]


def class_table(x):

    class M:

        def __init__(self, n, m):
            self.d = [[0.0] * m for _ in range(n)]
            self.n = n
            self.m = m

        def __getitem__(self, k):
            return self.d[k[0]][k[1]]

        def __setitem__(self, k, v):
            self.d[k[0]][k[1]] = v

        def __matmul__(self, o):
            r = M(self.n, o.m)
            for i in range(self.n):
                for j in range(o.m):
                    s = 0.0
                    for k in range(self.m):
                        s += self[i, k] * o[k, j]
                    r[i, j] = s
            return r
    n = len(x)
    A = M(n, n)
    for i in range(n):
        for j in range(n):
            A[i, j] = x[i] * j
    B = A @ A
    return B[0, 1] + B[n - 1, n - 1]


def sized_arrays(x):
    h = []
    for i in range(1, len(x)):
        h.append(x[:i] * 2)
    return sum(a.sum() for a in h)


def sized_lists(x):
    h = []
    for i in range(1, len(x)):
        h.append([x[j] * 2 for j in range(i)])
    return sum(sum(a) for a in h)


def sized_lists2(x):
    h = [[0.0] * (i + 1) for i in range(len(x))]
    for i in range(len(x)):
        for j in range(i + 1):
            h[i][j] = x[i] * x[j]
    return h[-1][0] + sum(h[1])


def pascal(x):
    rows = [[1.0]]
    for i in range(1, len(x)):
        prev = rows[-1]
        row = [1.0]
        for j in range(1, i):
            row.append(prev[j - 1] + prev[j])
        row.append(1.0)
        rows.append(row)
    s = 0.0
    for k in range(len(x)):
        s += rows[-1][k] * x[k]
    return s


def aliased_rows(x):
    n = len(x)
    D = [[0.0] * n] * n
    for i in range(n):
        D[i][i] += x[i]
    return sum(D[0]) + D[n - 1][0]


def adjacency(x):
    n = len(x)
    adj = [[] for _ in range(n)]
    for i in range(n):
        for j in range(n):
            if i != j and x[i] > x[j]:
                adj[i].append(j)
    s = 0.0
    for i in range(n):
        for j in adj[i]:
            s += x[i] * x[j]
    return s


def arrays_written(x):
    n = len(x)
    rows = [np.zeros(n) for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            rows[i][j] = x[i] * x[j]
    return sum(r.sum() for r in rows)


def pingpong(x):
    n = len(x)
    G = [[a * b for b in x] for a in x]
    H = [[0.0] * n for _ in range(n)]
    for t in range(4 + n):
        for i in range(n):
            for j in range(n):
                H[i][j] = 0.25 * (G[i - 1][j] + G[i][j - 1]) + 0.1
        G, H = (H, G)
    return G[0][0] + 2 * H[0][0]


def transpose_zip(x):
    n, m = x.shape
    rows = [[x[i, j] for j in range(m)] for i in range(n)]
    cols = [list(c) for c in zip(*rows)]
    return sum(cols[0]) * cols[-1][0]


# -- what programs made at random have found -----------------------------------------------------------
def appended_row_of_the_caller(x):
    D, r = [[a, a * 2] for a in x], [0.1, 0.2]
    D.append(r)
    for i in range(len(x)):
        for row in D:
            row[1] += x[i]
        if x[i] > 0.2:
            D = [row[:] for row in D]
    return r[1]


def exchanged_by_computed_numbers(x):
    n, D = len(x), [[a, a * 2] for a in x]
    q = D[1]
    for i in range(n):
        D[0], D[n - 1 - i] = D[n - 1 - i], D[0]
    return q[0] * 5 - q[1]


def stored_in_a_branch(x):
    n, D, r = len(x), [[a, a * 2] for a in x], [0.1, 0.2]
    q = r
    for i in range(n):
        if x[i] > 0.2:
            D[(i * 2) % n] = r
        for row in D:
            row[1] += D[i - 1][1] * 0.1
    return q[0] * 5 - q[1]


def its_own_row_appended(x):
    D, s = [[a, a * 2] for a in x], 0.0
    r = D[0]
    for i in range(len(x)):
        D.append(r)
        if x[i] > 0.2:
            D.append([0.3, 0.4])
        D[-1][1] += 1.0
    for k, row in enumerate(D):
        s += row[0] * (k + 1) + row[1]
    return s


def half_exchanged_before_a_loop(x):
    D, s = [[a, a * 2] for a in x], 0.0
    E = [[1.0] * 2 for _ in x]
    for i in range(len(x)):
        E[1] = E[i - 1]
        E = D
    for k, row in enumerate(D):
        s += row[0] * (k + 1) + row[1]
    return s


def of_a_length_that_one_way_decides(x):
    D = [[a, a * 2] for a in x]
    for i in range(len(x)):
        if x[i] > 0.2:
            D = [row[:] for row in D]
        if x[i] > 0.2:
            D.append([x[i], 1.0])
        else:
            D.append([0.0, 1.0])
    return sum(row[0] for row in D)


FUNCTIONS = [
    appended_row_of_the_caller, exchanged_by_computed_numbers, stored_in_a_branch, its_own_row_appended, half_exchanged_before_a_loop, of_a_length_that_one_way_decides,
    same_row_twice, same_row_loop, append_twice, append_twice_write_table, carried_row, carried_row_stuck, shallow_copy, slice_rows, two_tables, two_tables_if, pop_rows, pop_hold, insert_rows, reverse_rows, sort_rows, swap_hold, half_swap, half_swap_then_write, three_cycle, equality, nested_append_i, mixed_rows, index_error, branch_rows, branch_replace, rebind_alias, deep, none_rows, strings, held_in_object, deque_rows, extend_rows, arrays_in_rows, cond_append_row, cond_append_row2, carried_if, carried_if_list, halves, triangle, class_table, sized_arrays, sized_lists, sized_lists2, pascal, aliased_rows, adjacency, arrays_written,
]


@pytest.mark.parametrize("fn", FUNCTIONS, ids=lambda fn: fn.__name__)
def test_as_in_python(fn) -> None:
    traced = Traced(fn)
    for x in (X, -X, X[:2].copy()):
        np.testing.assert_allclose(traced(x), fn(x), rtol=1e-11)


def test_transposed() -> None:
    traced = Traced(transpose_zip)
    for shape in ((3, 4), (5, 2), (2, 2)):
        x = RNG.normal(size=shape)
        np.testing.assert_allclose(traced(x), transpose_zip(x), rtol=1e-11)
