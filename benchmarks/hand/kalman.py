"""Hand gradient of the Kalman filter with four states and two observations: everything in small fixed loops."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

N, K = 4, 2  # constants for the compiler: it unrolls the loops over them

fast = nb.njit(fastmath={"contract"}, error_model="numpy", inline="always")


@fast
def add_product(a, b, out, rows, inner, columns, factor):
    """out += factor * a @ b"""
    for i in range(rows):
        for j in range(columns):
            s = 0.0
            for k in range(inner):
                s += a[i, k] * b[k, j]
            out[i, j] += factor * s


@fast
def add_product_nt(a, b, out, rows, inner, columns, factor):
    """out += factor * a @ b.T"""
    for i in range(rows):
        for j in range(columns):
            s = 0.0
            for k in range(inner):
                s += a[i, k] * b[j, k]
            out[i, j] += factor * s


@fast
def add_product_tn(a, b, out, rows, inner, columns, factor):
    """out += factor * a.T @ b"""
    for i in range(rows):
        for j in range(columns):
            s = 0.0
            for k in range(inner):
                s += a[k, i] * b[k, j]
            out[i, j] += factor * s


@fast
def gain_of(h, r, p, a, s, inverse, g):
    """a = h @ p; s = a @ h.T + r; its inverse; g = inverse @ a. Returns the determinant of s."""
    a[:] = 0.0
    add_product(h, p, a, K, N, N, 1.0)
    s[:] = r
    add_product_nt(a, h, s, K, N, K, 1.0)
    determinant = s[0, 0] * s[1, 1] - s[0, 1] * s[1, 0]
    inverse[0, 0], inverse[0, 1] = s[1, 1] / determinant, -s[0, 1] / determinant
    inverse[1, 0], inverse[1, 1] = -s[1, 0] / determinant, s[0, 0] / determinant
    g[:] = 0.0
    add_product(inverse, a, g, K, K, N, 1.0)
    return determinant


@nb.njit(fastmath={"contract"}, error_model="numpy")
def kalman(f, h, q, r, observed):
    """Tape: mean and covariance before and after prediction; no matrix is assumed to be symmetric."""
    steps = observed.shape[0]
    mean, covariance = np.zeros((steps + 1, N)), np.zeros((steps + 1, N, N))
    predicted, spread = np.zeros((steps, N)), np.zeros((steps, N, N))
    fp, a, g = np.empty((N, N)), np.empty((K, N)), np.empty((K, N))
    s, inverse = np.empty((K, K)), np.empty((K, K))
    covariance[0] = np.eye(N)
    total = 0.0
    for t in range(steps):
        m, p = predicted[t], spread[t]
        for i in range(N):
            for j in range(N):
                m[i] += f[i, j] * mean[t, j]
        fp[:] = 0.0
        add_product(f, covariance[t], fp, N, N, N, 1.0)
        p[:] = q
        add_product_nt(fp, f, p, N, N, N, 1.0)
        determinant = gain_of(h, r, p, a, s, inverse, g)
        e0, e1 = observed[t, 0], observed[t, 1]
        for j in range(N):
            e0 -= h[0, j] * m[j]
            e1 -= h[1, j] * m[j]
        for j in range(N):
            mean[t + 1, j] = m[j] + g[0, j] * e0 + g[1, j] * e1
        covariance[t + 1] = p
        add_product_tn(g, a, covariance[t + 1], N, K, N, -1.0)
        u0, u1 = inverse[0, 0] * e0 + inverse[0, 1] * e1, inverse[1, 0] * e0 + inverse[1, 1] * e1
        total -= 0.5 * (math.log(abs(determinant)) + e0 * u0 + e1 * u1 + K * math.log(2 * math.pi))

    bf, bh, bq, br, by = np.zeros((N, N)), np.zeros((K, N)), np.zeros((N, N)), np.zeros((K, K)), np.empty((steps, K))
    bm, bp, ba, bg = np.zeros(N), np.zeros((N, N)), np.empty((K, N)), np.empty((K, N))
    bs, z, bfp, pbm = np.empty((K, K)), np.empty((K, N)), np.empty((N, N)), np.empty(N)
    for t in range(steps - 1, -1, -1):
        m, p = predicted[t], spread[t]
        gain_of(h, r, p, a, s, inverse, g)
        e0, e1 = observed[t, 0], observed[t, 1]
        for j in range(N):
            e0 -= h[0, j] * m[j]
            e1 -= h[1, j] * m[j]
        u0, u1 = inverse[0, 0] * e0 + inverse[0, 1] * e1, inverse[1, 0] * e0 + inverse[1, 1] * e1
        v0, v1 = inverse[0, 0] * e0 + inverse[1, 0] * e1, inverse[0, 1] * e0 + inverse[1, 1] * e1
        c0, c1 = -0.5 * (u0 + v0), -0.5 * (u1 + v1)  # the cotangent of the innovation
        for j in range(N):
            bg[0, j], bg[1, j] = e0 * bm[j], e1 * bm[j]
            c0 += g[0, j] * bm[j]
            c1 += g[1, j] * bm[j]
        add_product_nt(a, bp, bg, K, N, N, -1.0)
        ba[:] = 0.0
        add_product(g, bp, ba, K, N, N, -1.0)
        z[:] = 0.0
        add_product_tn(inverse, bg, z, K, K, N, 1.0)
        bs[0, 0], bs[0, 1] = 0.5 * (v0 * u0 - inverse[0, 0]), 0.5 * (v0 * u1 - inverse[1, 0])
        bs[1, 0], bs[1, 1] = 0.5 * (v1 * u0 - inverse[0, 1]), 0.5 * (v1 * u1 - inverse[1, 1])
        add_product_nt(z, g, bs, K, N, K, -1.0)
        ba += z
        br += bs
        add_product(bs, h, ba, K, K, N, 1.0)
        add_product_tn(bs, a, bh, K, K, N, 1.0)
        add_product_nt(ba, p, bh, K, N, N, 1.0)
        add_product_tn(h, ba, bp, N, K, N, 1.0)
        by[t, 0], by[t, 1] = c0, c1
        for j in range(N):
            bh[0, j] -= c0 * m[j]
            bh[1, j] -= c1 * m[j]
            pbm[j] = bm[j] - h[0, j] * c0 - h[1, j] * c1
        bq += bp
        old = covariance[t]
        fp[:] = 0.0
        add_product_nt(f, old, fp, N, N, N, 1.0)
        add_product(bp, fp, bf, N, N, N, 1.0)
        fp[:] = 0.0
        add_product(f, old, fp, N, N, N, 1.0)
        add_product_tn(bp, fp, bf, N, N, N, 1.0)
        bfp[:] = 0.0
        add_product_tn(f, bp, bfp, N, N, N, 1.0)
        bp[:] = 0.0
        add_product(bfp, f, bp, N, N, N, 1.0)
        bm[:] = 0.0
        for i in range(N):
            for j in range(N):
                bf[i, j] += pbm[i] * mean[t, j]
                bm[j] += f[i, j] * pbm[i]
    return total, bf, bh, bq, br, by


GRADIENTS = {"kalman": kalman}
