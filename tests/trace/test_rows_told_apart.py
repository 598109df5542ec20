"""Slices of lists are new lists; lists that stand in two lists are told to be one; rows of another length are no rows of a table."""

from __future__ import annotations

import numpy as np
import pytest

from tests.trace.helpers import Traced, agree, same

X = np.random.default_rng(0).normal(size=9)
CALLS = (X, -X[:6], np.concatenate([X, 2 - X]), X[2:], np.abs(X) + 0.1, X[:3])


def written_copy(x):
    h = [x[0], 1.0, 2.0]
    s = 0.0
    for v in x:
        r = h[:]
        r[1] += v
        s += r[1]
    return s


def reversed_copy(x):
    h = [x[0], 1.0, 2.0]
    s = 0.0
    for v in x:
        r = h[::-1]
        r[1] *= v
        s += r[1] * r[0]
        if v > 0:
            h = r
    return s


def reversed_row(x):
    A = [[0.0] * 3 for _ in x]
    s = 0.0
    for v in x:
        r = A[1][::-1]
        r[1] += v
        s += r[1]
    return s


def parts_of_rows(x):
    A = [[0.0, 1.0, v] for v in x]
    s = 0.0
    for i in range(len(x)):
        r = A[i][:2]
        r[1] += x[i]
        s += r[1]
        q = A[i][1:]
        q[0] = s
        s += q[1]
    return s


def longer_copies(x):
    A = [[0.0, 1.0, v] for v in x]
    s = 0.0
    for i in range(len(x)):
        r = list(A[i])
        r[1] += x[i]
        s += r[1]
        q = A[i] + [1.0]
        q[0] = s
        s += q[1]
        w = A[i] * 2
        w[3] += s
        s += w[3]
    return s


def part_of_table(x):
    A = [[0.0, 1.0, v] for v in x]
    s = 0.0
    for i in range(len(x)):
        B = A[:2]
        B[0] = [1.0, 1.0, x[i]]
        s += B[0][2] + A[0][2]
    return s


def parts_of_grown(x):
    h = []
    s = 0.0
    for v in x:
        h.append(v)
    for v in x:
        r = h[:2]
        r[0] = v
        s += r[0] * r[1]
        q = h[-2:]
        q[0] = v
        s += q[0] * q[1]
        w = list(h)
        w[0] = v
        s += w[0]
    return s


def shorter_rows(x):
    n = len(x)
    A = np.outer(x, x).tolist()
    for i in range(n):
        for j in range(n):
            A[j][2] = x[1]
        A[i] = [1.5, x[0], 3.0]
    return [len(q) for q in A]


def shorter_rows_of_products(x):
    n = len(x)
    A = [[v * w for w in x] for v in x]
    for i in range(n):
        for j in range(n):
            A[j][2] = x[1]
        A[i] = [1.5, x[0], 3.0]
    return [len(q) for q in A]


def told_apart_in_branch(x):
    n = len(x)
    t = 0.0
    A = [list(r) for r in np.outer(x, x)]
    B = list(A)
    for i in range(n - 1):
        t += sum(B[n - 1])
        if B[0] is A[i]:
            A[2][-2] *= B[2][1] * 0.5
        else:
            B[0] = [x[i % len(x)], t * 0.5, float(len(B))]
    return (t, A, B)


def same_row_of_two(x):
    n = len(x)
    t = 0.0
    A = [list(r) for r in np.outer(x, x)]
    B = list(A)
    for i in range(n - 1):
        if B[0] is A[i]:
            A[2][-2] *= B[2][1] * 0.5
    return (t, A, B)


def written_out_and_written_to(x):
    len(x)
    t = 0.0
    A = [list(r) for r in np.outer(x, x)]
    B = list(A)
    B[0] = [x[0], 1.0, 2.0]
    B[-1][1] = B[-2][-2]
    B[-1] = [0.0] * 3
    return (t, A, B)


def same_row_twice(x):
    A = [[v] for v in x]
    A[0] = A[1]
    return [A[0] is A[1], A[1] is A[2]]


def same_row_often(x):
    A = [[v] for v in x]
    s = 0
    for i in range(1, len(x)):
        A[i] = A[i - 1]
    for i in range(1, len(x)):
        if A[i] is A[i - 1]:
            s += 1
    return s


def same_row_of_sum(x):
    A = [[v] for v in x]
    A = A + A[:2]
    s = 0
    for i in range(1, len(x)):
        if A[i] is A[-1]:
            s += 1
    return s


def same_row_of_part(x):
    A = [[v] for v in x]
    B = A[:2]
    s = 0
    for i in range(len(x)):
        if A[i] is B[1]:
            s += 1
    return s


def same_row_appended(x):
    A = [[v] for v in x]
    B = []
    for i in range(len(x)):
        B.append(A[i])
    s = 0
    for i in range(len(x)):
        if A[i] is B[i]:
            s += 1
    return s


def same_row_of_variable(x):
    A = [[v] for v in x]
    r = A[1]
    s = 0
    for i in range(len(x)):
        if A[i] is r:
            s += 1
    return s


def same_row_of_known(x):
    A = [[v] for v in x]
    B = [A[0], [x[1]], A[2]]
    s = 0
    for i in range(len(x)):
        for j in range(3):
            if A[i] is B[j]:
                s += 1
    return s


def row_handed_on(x):
    A = [[v] for v in x]
    s = 0
    p = A[0]
    for i in range(len(x)):
        if p is A[0]:
            s += 1
        if x[i] > 0:
            p = A[i]
    return s


def same_row_of_written_out(x):
    A = [[v] for v in x]
    B = list(A)
    B[0] = [1.0, 2.0]
    return [A[1] is B[1], A[0] is B[0], A[1] == B[1]]


@pytest.mark.parametrize("fn", [written_copy, reversed_copy, reversed_row, parts_of_rows, longer_copies, part_of_table, parts_of_grown])
def test_a_slice_is_a_list_of_its_own(fn) -> None:
    traced = Traced(fn)
    for x in CALLS[:5]:
        assert same(traced(x), fn(x))
    assert traced.traces == 1
    assert traced.programs[0].reasons == []


@pytest.mark.parametrize(
    "fn",
    [
        shorter_rows, shorter_rows_of_products, told_apart_in_branch, same_row_of_two, written_out_and_written_to,
        same_row_twice, same_row_often, same_row_of_sum, same_row_of_part, same_row_appended,
        same_row_of_variable, same_row_of_known, row_handed_on, same_row_of_written_out,
    ],
)
def test_lists_in_two_lists_are_one(fn) -> None:
    agree(fn, *((x,) for x in CALLS))
