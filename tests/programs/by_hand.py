"""Linear algebra written out in loops: Thomas, Cholesky, LU with pivoting, QR by Householder and Gram-Schmidt."""

from __future__ import annotations

import numpy as np

from .record import program


def matrix(n, m=None, seed=0):
    return np.random.default_rng(seed).normal(size=(n, m or n))


def positive_definite(n, seed=0):
    a = matrix(n, seed=seed)
    return a @ a.T + n * np.eye(n)


def tridiagonal(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.2, 1, n - 1), rng.uniform(3, 4, n), rng.uniform(0.2, 1, n - 1), rng.normal(size=n)


@program(
    lambda: tridiagonal(6), alternatives=[lambda: tridiagonal(2, seed=1), lambda: tridiagonal(15, seed=2)],
    argnums=(0, 1, 2, 3), tags=["loop", "inplace"],
)  # fmt: skip
def thomas(lower, diagonal, upper, right):
    """Solve a tridiagonal system in place; the energy of the solution."""
    d, x = diagonal.copy(), right.copy()
    n = len(d)
    for i in range(1, n):
        w = lower[i - 1] / d[i - 1]
        d[i] -= w * upper[i - 1]
        x[i] -= w * x[i - 1]
    x[n - 1] /= d[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (x[i] - upper[i] * x[i + 1]) / d[i]
    return np.sum(x**2)


@program(
    lambda: (positive_definite(4),), alternatives=[lambda: (positive_definite(2, seed=1),)], tags=["loop", "inplace"]
)
def cholesky_by_hand(a):
    """log det and a corner of the factor of a positive definite matrix; reads its lower triangle."""
    n = a.shape[0]
    factor = np.zeros((n, n))
    for j in range(n):
        s = a[j, j]
        for k in range(j):
            s -= factor[j, k] ** 2
        factor[j, j] = np.sqrt(s)
        for i in range(j + 1, n):
            s = a[i, j]
            for k in range(j):
                s -= factor[i, k] * factor[j, k]
            factor[i, j] = s / factor[j, j]
    log_det = 0.0
    for j in range(n):
        log_det += 2.0 * np.log(factor[j, j])
    return log_det + factor[n - 1, 0]


@program(
    lambda: (matrix(4), matrix(4, 1)[:, 0]),
    alternatives=[lambda: (matrix(4)[::-1].copy(), matrix(4, 1, seed=3)[:, 0]), lambda: (matrix(7, seed=5), np.ones(7))],
    argnums=(0, 1), tags=["loop", "inplace", "view", "branch", "kink"],
)  # fmt: skip
def lu_pivoting(a, b):
    """Solve a @ x = b by Gaussian elimination with row exchanges."""
    a, b = a.copy(), b.copy()
    n = len(b)
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        if pivot != k:
            a[[k, pivot]] = a[[pivot, k]]
            b[k], b[pivot] = b[pivot], b[k]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            a[i, k:] -= factor * a[k, k:]
            b[i] -= factor * b[k]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - a[i, i + 1 :] @ x[i + 1 :]) / a[i, i]
    return np.sum(x * np.arange(1, n + 1))


@program(
    lambda: (matrix(5, 3),), alternatives=[lambda: (-matrix(5, 3, seed=1),), lambda: (matrix(4, 4, seed=2),)],
    tags=["loop", "inplace", "branch", "kink"],
)  # fmt: skip
def householder_qr(a):
    """The triangular factor by reflections; each sign is chosen against cancellation."""
    r = a.copy()
    m, n = r.shape
    for k in range(n):
        if k == m - 1:
            break
        v = r[k:, k].copy()
        length = np.sqrt(np.sum(v**2))
        if v[0] > 0:
            v[0] += length
        else:
            v[0] -= length
        v /= np.sqrt(np.sum(v**2))
        r[k:, k:] -= 2.0 * np.outer(v, v @ r[k:, k:])
    return np.sum(np.triu(r)[:n] ** 3)


@program(lambda: (matrix(5, 3),), alternatives=[lambda: (matrix(6, 4, seed=2),)], tags=["loop", "list"])
def gram_schmidt(a):
    """An orthonormal basis gathered in a list, one column after the other."""
    basis = []
    for j in range(a.shape[1]):
        v = a[:, j]
        for q in basis:
            v = v - (q @ v) * q
        basis.append(v / np.sqrt(v @ v))
    return np.sum(np.array(basis) ** 3)


@program(lambda: (matrix(3), 5), alternatives=[lambda: (matrix(3, seed=1), 12), lambda: (matrix(2), 1)], tags=["while"])
def matrix_power_by_squaring(a, exponent):
    a = 0.3 * a
    result = np.eye(len(a))
    while exponent > 0:
        if exponent % 2 == 1:
            result = result @ a
        a = a @ a
        exponent //= 2
    return np.trace(result)
