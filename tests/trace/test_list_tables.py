"""Lists of lists as tables, and lists that are replaced in loops: one program for all lengths."""

from __future__ import annotations

import numpy as np
import pytest

import bcad
from tests.programs import reference
from tests.trace.helpers import Traced

RNG = np.random.default_rng(4)


def make(n, m):
    return [[0.0 for _ in range(m)] for _ in range(n)]


def fill(D, a, b):
    for i, row in enumerate(D):
        for j in range(len(row)):
            row[j] = a[i] * b[j] + (D[i - 1][j] if i > 0 else 0.0)


def edit_full(a, b):
    n, m = (len(a), len(b))
    D = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n + 1):
        D[i][0] = float(i)
    for j in range(m + 1):
        D[0][j] = float(j)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            c = (a[i - 1] - b[j - 1]) ** 2
            D[i][j] = min(D[i - 1][j] + 1, D[i][j - 1] + 1, D[i - 1][j - 1] + c)
    return D[n][m]


def dtw(x, y):
    n, m = (x.shape[0], y.shape[0])
    inf = float('inf')
    D = [[inf] * (m + 1) for _ in range(n + 1)]
    D[0][0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            D[i][j] = abs(x[i - 1] - y[j - 1]) + min(D[i - 1][j], D[i][j - 1], D[i - 1][j - 1])
    return D[-1][-1]


def edit_two_rows(a, b):
    prev = [float(j) for j in range(len(b) + 1)]
    for i in range(1, len(a) + 1):
        cur = [float(i)] + [0.0] * len(b)
        for j in range(1, len(b) + 1):
            c = (a[i - 1] - b[j - 1]) ** 2
            cur[j] = min(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + c)
        prev = cur
    return prev[-1]


def edit_append(a, b):
    prev = list(range(len(b) + 1))
    for i, u in enumerate(a):
        cur = [i + 1]
        for j, w in enumerate(b):
            cur.append(min(prev[j + 1] + 1, cur[j] + 1, prev[j] + (u - w) ** 2))
        prev = cur
    return prev[-1]


def swap_rows(x, y):
    prev = [0.0] * (len(y) + 1)
    cur = [0.0] * (len(y) + 1)
    for i in range(len(x)):
        for j in range(1, len(y) + 1):
            cur[j] = 0.5 * prev[j] + cur[j - 1] * 0.1 + x[i] * y[j - 1]
        prev, cur = (cur, prev)
    return sum(prev) + 2 * sum(cur)


def lcs_soft(a, b):
    m = len(b)
    prev = [0.0] * (m + 1)
    for u in a:
        cur = [0.0]
        for j in range(m):
            s = np.exp(-(u - b[j]) ** 2)
            cur.append(max(prev[j] + s, prev[j + 1], cur[-1]))
        prev = cur
    return prev[m]


def plus_item_nested(x, y):
    h = [1.0]
    for u in x:
        for w in y:
            h = h + [u * w]
    s = 0.0
    for k in range(len(h)):
        s += h[k] * k
    return s


def comp_then_rows(x, y):
    D = [[a * b for b in y] for a in x]
    s = 0.0
    for row in D:
        s += max(row) * row[0]
        for e in row:
            s += e ** 2
    return s


def in_function(a, b):
    D = make(len(a), len(b))
    fill(D, a, b)
    return D[len(a) - 1][len(b) - 1] + D[0][0]


# -- of one vector ------------------------------------------------------------------------------------
def table(x):
    n = len(x)
    return [[0.0] * n for _ in range(n)]


def append_then_fill(x):
    rows = []
    for i in range(len(x)):
        rows.append([0.0] * len(x))
        for j in range(len(x)):
            rows[i][j] = x[i] * x[j]
            if i > 0:
                rows[i][j] += rows[i - 1][j]
    return sum(rows[-1]) + rows[0][0]


def append_alias_fill(x):
    rows = []
    for i in range(len(x)):
        row = [0.0] * 3
        rows.append(row)
        row[0] = x[i]
        row[2] = x[i] ** 2
    return sum(r[0] * r[2] for r in rows)


def plus_item(x):
    h = [x[0]]
    for u in x[1:]:
        h = h + [u * h[-1]]
    return sum(h)


def none_fill(x):
    out = [None] * len(x)
    for i in range(len(x)):
        out[i] = x[i] ** 2
    return np.array(out) @ x


def none_fill_sum(x):
    n = len(x)
    out = [None] * n
    out[0] = x[0]
    for i in range(1, n):
        out[i] = out[i - 1] * 0.5 + x[i]
    return sum(out) + out[-1]


def zero_fill_arrays(x):
    n = len(x)
    out = [0] * n
    for i in range(n):
        out[i] = x * x[i]
    return np.sum(np.array(out) ** 2) + out[0][0]


def row_alias(x):
    n = len(x)
    D = [[0.0] * n for _ in range(n)]
    for i in range(n):
        row = D[i]
        for j in range(n):
            row[j] = x[i] * j
    last = D[n - 1]
    last[0] = 5.0 * x[0]
    return D[n - 1][0] + sum(D[1])


def three_d(x):
    n = len(x)
    T = [[[0.0] * n for _ in range(n)] for _ in range(n)]
    for i in range(n):
        for j in range(n):
            for k in range(n):
                T[i][j][k] = x[i] * x[j] + x[k]
    return T[1][2][0] + T[n - 1][0][1] * 3


def pascal_inplace(x):
    n = len(x)
    row = [1.0] + [0.0] * (n - 1)
    for i in range(1, n):
        for j in range(i, 0, -1):
            row[j] = row[j] + row[j - 1] * x[i]
    return sum(row)


def row_var_then_replace(x):
    n = len(x)
    D = table(x)
    s = 0.0
    for i in range(n):
        row = D[i]
        D[i] = [x[i]] * n
        row[0] = 100.0
        s += D[i][0] + row[0] * x[i]
    return s


def identity(x):
    n = len(x)
    D = [[a, a * 2] for a in x]
    s = 0.0
    r = D[1]
    for i in range(n):
        if D[i] is r:
            s += x[i] * 10
        if D[i] is D[-1]:
            s += x[i] * 100
        if D[i] is not D[0]:
            s += x[i]
    return s


def arg_write(x):

    def bump(row, a):
        row[0] += a
        return row
    n = len(x)
    D = table(x)
    s = 0.0
    for i in range(n):
        r = bump(D[i], x[i])
        r[1] = 2.0
        s += D[i][1] * D[i][0]
    return s


def unpack(x):
    D = [[a, a * 2, 1.0] for a in x]
    s = 0.0
    for a, b, c in D:
        s += a * b + c
    for i in range(len(x)):
        p, *q = D[i]
        s += p * q[0]
    return s


def star(x):
    f = lambda a, b: a * b
    D = [[a, a * 2] for a in x]
    s = 0.0
    for row in D:
        s += f(*row)
    return s


def ints_in_rows(x):
    n = len(x)
    D = [[0] * n for _ in range(n)]
    for i in range(n):
        D[i][i] = i
        D[0][i] += 1
    return x[D[1][1]] + D[0][0] / 2 + D[0][1] // 2


def int_then_float(x):
    n = len(x)
    D = [[0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            D[i][j] = x[i] * x[j]
    return D[0][0] + D[-1][-1]


def negative(x):
    n = len(x)
    D = table(x)
    for i in range(n):
        D[-1 - i][-1] = x[i]
        D[i - 1][i - n] += 1.0
    return D[0][-1] + D[-1][0] * 3 + D[1][1]


def plus_then_write(x):
    h = [0.0]
    for i in range(len(x)):
        old = h
        h = h + [x[i]]
        old[0] += 1.0
        h[0] += 10.0
    return h[0] + old[0] * 100 + sum(h)


def iadd_alias(x):
    h = [0.0]
    g = h
    for i in range(len(x)):
        h += [x[i]]
        g[0] += 1.0
    return h[0] + len(g) + sum(g)


def swap_lists_alias(x):
    n = len(x)
    a = [0.0] * n
    b = [1.0] * n
    c = a
    for i in range(n):
        a[i] += x[i]
        a, b = (b, a)
    c[0] += 100.0
    return a[0] + b[0] * 2 + a[1] + 5 * b[1] + c[0]


def swap_lists_if(x):
    n = len(x)
    a = [0.0] * n
    b = [1.0] * n
    for i in range(n):
        a[i] += x[i]
        if x[i] > 0:
            a, b = (b, a)
    return a[0] + b[0] * 2 + a[1] + 5 * b[1]


def prev_is_cur(x):
    n = len(x)
    prev = [0.0] * n
    cur = [1.0] * n
    for i in range(n):
        for j in range(1, n):
            cur[j] = prev[j - 1] + x[j]
        prev = cur
    return sum(prev) + cur[0]


def none_left(x):
    n = len(x)
    D = [None] * n
    s = 0.0
    for i in range(n):
        if x[i] > 0:
            D[i] = x[i]
    for d in D:
        if d is not None:
            s += d
        else:
            s -= 1.0
    return s


def none_check(x):
    n = len(x)
    memo = [None] * (n + 1)
    s = 0.0
    for i in range(n):
        k = i * 3 % (n + 1)
        if memo[k] is None:
            memo[k] = x[i] * 2
        s += memo[k]
    return s


def times(x):
    h = [x[0], 2.0] * len(x)
    g = [i for i in range(len(x))] * 2
    h[1] = 5.0
    return sum(h) + sum(g) + h[3] + len(g)


def closure_rows(x):
    n = len(x)
    D = table(x)

    def put(i, j, a):
        D[i][j] += a
    for i in range(n):
        for j in range(i + 1):
            put(i, j, x[i] * x[j])
    return D[n - 1][0] + D[0][0]


def dict_rows(x):
    n = len(x)
    d = {'a': table(x), 'b': [0.0] * n}
    for i in range(n):
        d['a'][i][0] = x[i]
        d['b'][i] = d['a'][i][0] + d['a'][i - 1][0]
    return d['a'][0][0] + sum(d['b'])


def while_rows(x):
    D = [[a, a * 2] for a in x]
    i = 0
    s = 0.0
    while i < len(D) and s < 3:
        D[i][0] += 1.0
        s += abs(D[i][0] * D[i - 1][1])
        i += 1
    return s + D[0][0]


def break_rows(x):
    D = table(x)
    n = len(x)
    for i in range(n):
        for j in range(n):
            D[i][j] = x[i] + x[j]
            if D[i][j] > 1:
                break
        else:
            D[i][0] = -1.0
    return sum(D[0]) + D[-1][0]


def sum_rows(x):
    D = [[a, 1.0] for a in x]
    flat = sum(D, [])
    return sum(flat) + flat[-1]


def plus_rows(x):
    h = []
    for a in x:
        h = h + [a, 1.0]
    return sum(h) + h[-1]


def plus_lists(x):
    h = [0.0]
    for a in x:
        g = [a * b for b in x]
        h = h + g
    return sum(h) + h[-1]


def prepend(x):
    h = [0.0]
    for a in x:
        h = [a] + h
    return sum(h) + h[0] * 2 + h[-1]


def window(x):
    h = [0.0] * len(x)
    for a in x:
        h = h[1:] + [a + h[0]]
    return sum(h) + h[0] * 2


def rotate(x):
    h = [a for a in x]
    s = 0.0
    for i in range(len(x)):
        h = [h[-1]] + h[:-1]
        s += h[0] * i
    return s


def shrink(x):
    h = [a for a in x]
    s = 0.0
    for i in range(len(x) - 1):
        h = h[:-1]
        s += h[-1]
    return s


def prefix(x):
    p = [0.0]
    for a in x:
        p.append(p[-1] + a)
    n = len(x)
    best = -1000000000.0
    for i in range(n):
        for j in range(i + 1, n + 1):
            best = max(best, p[j] - p[i])
    return best


def slice_assign(x):
    n = len(x)
    h = [0.0] * n
    for i in range(n):
        h[:] = [a + x[i] for a in h]
    return sum(h)


def slice_assign2(x):
    n = len(x)
    h = [0.0] * (n + 2)
    for i in range(n):
        h[i:i + 2] = [x[i], h[i] + 1.0]
    return sum(h) + h[-1]


def del_slice(x):
    h = [a for a in x]
    len(x)
    del h[1:2]
    return sum(h) + len(h)


def zip_rows(x):
    len(x)
    D = [[a * b for b in x] for a in x]
    s = 0.0
    for r, q in zip(D, D[1:]):
        for a, b in zip(r, q):
            s += a * b
    return s


def enum_rows(x):
    D = [[a * b for b in x] for a in x]
    s = 0.0
    for i, r in enumerate(D):
        r[i] = 1.0
        s += sum(r)
    return s + D[1][1]


def matvec(x):
    n = len(x)
    A = [[1.0 / (i + j + 1) for j in range(n)] for i in range(n)]
    y = list(x)
    for _ in range(3):
        y = [sum((a * b for a, b in zip(row, y))) for row in A]
        m = max(abs(t) for t in y)
        y = [t / m for t in y]
    return y[0] + y[-1]


def lu_inplace(x):
    n = len(x)
    A = [[x[i] * x[j] + (3.0 if i == j else 0.0) for j in range(n)] for i in range(n)]
    L = [[0.0] * n for _ in range(n)]
    U = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for k in range(i, n):
            s = 0.0
            for j in range(i):
                s += L[i][j] * U[j][k]
            U[i][k] = A[i][k] - s
        for k in range(i, n):
            if i == k:
                L[i][i] = 1.0
            else:
                s = 0.0
                for j in range(i):
                    s += L[k][j] * U[j][i]
                L[k][i] = (A[k][i] - s) / U[i][i]
    d = 1.0
    for i in range(n):
        d *= U[i][i]
    return d


def floyd(x):
    n = len(x)
    D = [[abs(x[i] - x[j]) + 1.0 for j in range(n)] for i in range(n)]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                if D[i][k] + D[k][j] < D[i][j]:
                    D[i][j] = D[i][k] + D[k][j]
    return sum(sum(r) for r in D)


def nbody(x):
    n = len(x)
    pos = [[x[i], 0.5 * i, 0.0] for i in range(n)]
    vel = [[0.0, 0.0, 0.0] for _ in range(n)]
    for step in range(4):
        for i in range(n):
            for j in range(n):
                if i != j:
                    d = [pos[j][k] - pos[i][k] for k in range(3)]
                    r2 = d[0] ** 2 + d[1] ** 2 + d[2] ** 2 + 0.1
                    for k in range(3):
                        vel[i][k] += 0.01 * d[k] / r2 ** 1.5
        for i in range(n):
            for k in range(3):
                pos[i][k] += 0.01 * vel[i][k]
    return pos[0][0] + pos[-1][1]


def bool_table(x):
    n = len(x)
    seen = [[False] * n for _ in range(n)]
    s = 0.0
    for i in range(n):
        j = i * 2 % n
        if not seen[i][j]:
            seen[i][j] = True
            s += x[i] * x[j]
    return s


def coin(x):
    n = len(x) * 3
    ways = [0.0] * (n + 1)
    ways[0] = 1.0
    for c in (1, 2, 5):
        for k in range(c, n + 1):
            ways[k] += ways[k - c] * x[0]
    return ways[n]


def copies(x):
    n = len(x)
    G = [[a * b for b in x] for a in x]
    for t in range(3):
        H = [row[:] for row in G]
        for i in range(n):
            for j in range(n):
                H[i][j] = 0.25 * (G[i - 1][j] + G[i][j - 1]) + 0.1
        G = H
    return sum(map(sum, G))


def ring(x):
    n = len(x)
    rows = [[0.0] * n, [1.0] * n]
    for i in range(n):
        cur, prev = (rows[i % 2], rows[1 - i % 2])
        for j in range(n):
            cur[j] = prev[j] * 0.5 + x[j] * (cur[j - 1] if j else 1.0)
    return sum(rows[0]) + 2 * sum(rows[1])


def nested_append(x):
    n = len(x)
    D = []
    for i in range(n):
        D.append([])
        for j in range(n):
            D[-1].append(x[i] * x[j])
    return sum(D[0]) + D[-1][-1]


# -- of matrices ---------------------------------------------------------------------------------------
def gauss_lists(x):
    n = x.shape[0]
    A = [[x[i, j] for j in range(n)] for i in range(n)]
    det = 1.0
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(A[i][k]) > abs(A[p][k]):
                p = i
        if p != k:
            A[k], A[p] = (A[p], A[k])
            det = -det
        det *= A[k][k]
        for i in range(k + 1, n):
            f = A[i][k] / A[k][k]
            for j in range(k, n):
                A[i][j] -= f * A[k][j]
    return det


def life(x):
    n = x.shape[0]
    G = [[x[i, j] for j in range(n)] for i in range(n)]
    for step in range(3):
        N = [[0.0] * n for _ in range(n)]
        for i in range(n):
            for j in range(n):
                N[i][j] = 0.5 * G[i][j] + 0.125 * (G[(i + 1) % n][j] + G[i - 1][j] + G[i][(j + 1) % n] + G[i][j - 1])
        G = N
    return G[0][0] + G[1][2]


def viterbi(obs, trans):
    T, K = (len(obs), trans.shape[0])
    V = [[0.0] * K for _ in range(T)]
    back = [[0] * K for _ in range(T)]
    for k in range(K):
        V[0][k] = obs[0] * k
    for t in range(1, T):
        for k in range(K):
            best, arg = (V[t - 1][0] + trans[0, k], 0)
            for j in range(1, K):
                s = V[t - 1][j] + trans[j, k]
                if s > best:
                    best, arg = (s, j)
            V[t][k] = best + obs[t] * k
            back[t][k] = arg
    k = 0
    for j in range(1, K):
        if V[T - 1][j] > V[T - 1][k]:
            k = j
    total = 0.0
    t = T - 1
    while t >= 0:
        total += obs[t] * k
        k = back[t][k]
        t -= 1
    return total + max(V[-1])


def knapsack(values, weights, cap):
    n = len(values)
    best = [[0.0] * (cap + 1) for _ in range(n + 1)]
    for i in range(1, n + 1):
        for c in range(cap + 1):
            best[i][c] = best[i - 1][c]
            w = int(weights[i - 1])
            if w <= c:
                best[i][c] = max(best[i][c], best[i - 1][c - w] + values[i - 1])
    return best[n][cap]


def matmul_lists(x, y):
    n, k, m = (x.shape[0], x.shape[1], y.shape[1])
    A = [[x[i, j] for j in range(k)] for i in range(n)]
    B = [[y[i, j] for j in range(m)] for i in range(k)]
    C = [[0.0] * m for _ in range(n)]
    for i in range(n):
        for j in range(m):
            for l in range(k):
                C[i][j] += A[i][l] * B[l][j]
    return C[0][0] + 2 * C[n - 1][m - 1] + sum(sum(row) for row in C)


def matmul_append(x, y):
    C = []
    for i in range(x.shape[0]):
        row = []
        for j in range(y.shape[1]):
            s = 0.0
            for l in range(x.shape[1]):
                s += x[i, l] * y[l, j]
            row.append(s)
        C.append(row)
    return np.array(C)


def transpose_comp(x):
    n, m = x.shape
    rows = [[x[i, j] for j in range(m)] for i in range(n)]
    cols = [[rows[i][j] for i in range(n)] for j in range(m)]
    return sum(cols[0]) * cols[-1][0]


PAIRS = [edit_full, dtw, edit_two_rows, edit_append, swap_rows, lcs_soft, plus_item_nested, comp_then_rows, in_function]
VECTORS = [
    append_then_fill, append_alias_fill, plus_item, none_fill, none_fill_sum, zero_fill_arrays, row_alias, three_d, pascal_inplace, row_var_then_replace, identity, arg_write, unpack, star, ints_in_rows, int_then_float, negative, plus_then_write, iadd_alias, swap_lists_alias, swap_lists_if, prev_is_cur, none_left, none_check, times, closure_rows, dict_rows, while_rows, break_rows, sum_rows, plus_rows, plus_lists, prepend, window, rotate, shrink, prefix, slice_assign, slice_assign2, del_slice, zip_rows, enum_rows, matvec, lu_inplace, floyd, nbody, bool_table, coin, copies, ring, nested_append,
]
SQUARES = [gauss_lists, life]


def _vectors():
    return [(RNG.normal(size=n),) for n in (6, 4, 9)]


def _calls(fn):
    if fn in PAIRS:
        return [(RNG.normal(size=n), RNG.normal(size=m)) for n, m in ((6, 8), (3, 5), (9, 4))]
    if fn in SQUARES:
        return [(RNG.normal(size=(n, n)),) for n in (3, 5, 4)]
    if fn in (matmul_lists, matmul_append):
        return [(RNG.normal(size=(n, k)), RNG.normal(size=(k, m))) for n, k, m in ((3, 4, 5), (5, 6, 7))]
    if fn is transpose_comp:
        return [(RNG.normal(size=shape),) for shape in ((3, 4), (5, 2), (2, 6))]
    if fn is viterbi:
        return [(RNG.normal(size=n), RNG.normal(size=(k, k))) for n, k in ((6, 3), (9, 4), (4, 5))]
    if fn is knapsack:
        return [(np.abs(RNG.normal(size=n)), RNG.integers(1, 4, n).astype(float), c) for n, c in ((5, 7), (3, 9), (8, 12))]
    return _vectors()


ALL = [*PAIRS, *VECTORS, *SQUARES, viterbi, knapsack, matmul_lists, matmul_append, transpose_comp]


@pytest.mark.parametrize("fn", ALL, ids=lambda fn: fn.__name__)
def test_one_program_for_all_lengths(fn) -> None:
    traced = Traced(fn)
    for args in _calls(fn):
        np.testing.assert_allclose(traced(*args), fn(*args), rtol=1e-11)
    assert traced.traces == 1
    assert traced.programs[0].reasons == []


COMPILED = [edit_full, gauss_lists, prepend]
GRADIENTS = [(fn, "numpy") for fn in [*COMPILED, edit_append, swap_rows, plus_item_nested, floyd, none_fill_sum, window]]


@pytest.mark.parametrize("fn, backend", [*GRADIENTS, *((fn, "numba") for fn in COMPILED)])
def test_gradients(fn, backend) -> None:
    with bcad.options.set(backend=backend):
        gradient = bcad.grad(fn)
        for args in _calls(fn)[:2]:
            expected = reference.jacobian(lambda x, rest=args[1:]: fn(x, *rest), (args[0],), shorter=2.0**-6)
            assert not expected.disagreement(gradient(*args), rtol=1e-5)


def last_of_those_appended(x):
    rows = [[x[0]], [1.5]]
    for _ in x:
        for v in x[1:]:
            rows.append([v])
    return rows[0][0] * 2 + rows[-1][-1] + 3 * rows[-2][0]


def test_lists_that_were_appended_are_counted_from_the_end() -> None:
    function = bcad.Function(last_of_those_appended, backend="numpy")
    for x in ([0.4, 0.7, 0.25], [0.5, 0.75], [0.1, 0.2, 0.3, 0.4]):
        assert function(np.array(x)) == last_of_those_appended(np.array(x))
