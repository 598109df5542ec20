"""Hand gradients of the sequential programs: recurrences, Runge-Kutta, Thomas, pairs of bodies, Kalman filter."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

sums = {"reassoc", "contract"}


@nb.njit
def recurrence_in_place(x, start):
    """a[i] = sin(a[i-1])*x[i] + 0.1; tape: a, and the sines."""
    n = x.size
    a, sines, g = np.empty(n), np.empty(n), np.empty(n)
    a[0] = start * x[0]
    value = a[0] * a[0]
    for i in range(1, n):
        sines[i] = math.sin(a[i - 1])
        a[i] = sines[i] * x[i] + 0.1
        value += a[i] * a[i]
    back = 0.0
    for i in range(n - 1, 0, -1):
        back += 2.0 * a[i]
        g[i] = back * sines[i]
        back *= math.cos(a[i - 1]) * x[i]
    back += 2.0 * a[0]
    g[0] = back * start
    return value, g, back * x[0]


@nb.njit(inline="always")
def lotka_volterra(y0, y1, p0, p1, p2, p3):
    return p0 * y0 - p1 * y0 * y1, p2 * y0 * y1 - p3 * y1


@nb.njit(inline="always")
def lotka_volterra_adjoint(y0, y1, p0, p1, p2, p3, c0, c1):
    """The cotangents of y and p for the cotangent c of the right-hand side."""
    xy = y0 * y1
    return (
        c0 * (p0 - p1 * y1) + c1 * p2 * y1,
        -c0 * p1 * y0 + c1 * (p2 * y0 - p3),
        c0 * y0,
        -c0 * xy,
        c1 * xy,
        -c1 * y1,
    )


@nb.njit(fastmath={"contract"})
def rk4_lotka_volterra(y, p, steps, h):
    """Tape: the state at each step; the stages are computed again on the way back."""
    p0, p1, p2, p3 = p[0], p[1], p[2], p[3]
    tape = np.empty((steps, 2))
    a, b = y[0], y[1]
    for i in range(steps):
        tape[i, 0], tape[i, 1] = a, b
        k1a, k1b = lotka_volterra(a, b, p0, p1, p2, p3)
        k2a, k2b = lotka_volterra(a + 0.5 * h * k1a, b + 0.5 * h * k1b, p0, p1, p2, p3)
        k3a, k3b = lotka_volterra(a + 0.5 * h * k2a, b + 0.5 * h * k2b, p0, p1, p2, p3)
        k4a, k4b = lotka_volterra(a + h * k3a, b + h * k3b, p0, p1, p2, p3)
        a += h / 6.0 * (k1a + 2.0 * k2a + 2.0 * k3a + k4a)
        b += h / 6.0 * (k1b + 2.0 * k2b + 2.0 * k3b + k4b)
    value = a * a + b
    ca, cb = 2.0 * a, 1.0
    g0 = g1 = g2 = g3 = 0.0
    for i in range(steps - 1, -1, -1):
        a, b = tape[i, 0], tape[i, 1]
        k1a, k1b = lotka_volterra(a, b, p0, p1, p2, p3)
        y2a, y2b = a + 0.5 * h * k1a, b + 0.5 * h * k1b
        k2a, k2b = lotka_volterra(y2a, y2b, p0, p1, p2, p3)
        y3a, y3b = a + 0.5 * h * k2a, b + 0.5 * h * k2b
        k3a, k3b = lotka_volterra(y3a, y3b, p0, p1, p2, p3)
        y4a, y4b = a + h * k3a, b + h * k3b
        sa, sb = h / 6.0 * ca, h / 6.0 * cb
        u4, v4, d0, d1, d2, d3 = lotka_volterra_adjoint(y4a, y4b, p0, p1, p2, p3, sa, sb)
        g0, g1, g2, g3 = g0 + d0, g1 + d1, g2 + d2, g3 + d3
        u3, v3, d0, d1, d2, d3 = lotka_volterra_adjoint(y3a, y3b, p0, p1, p2, p3, 2 * sa + h * u4, 2 * sb + h * v4)
        g0, g1, g2, g3 = g0 + d0, g1 + d1, g2 + d2, g3 + d3
        u2, v2, d0, d1, d2, d3 = lotka_volterra_adjoint(
            y2a, y2b, p0, p1, p2, p3, 2 * sa + 0.5 * h * u3, 2 * sb + 0.5 * h * v3
        )
        g0, g1, g2, g3 = g0 + d0, g1 + d1, g2 + d2, g3 + d3
        u1, v1, d0, d1, d2, d3 = lotka_volterra_adjoint(
            a, b, p0, p1, p2, p3, sa + 0.5 * h * u2, sb + 0.5 * h * v2
        )
        g0, g1, g2, g3 = g0 + d0, g1 + d1, g2 + d2, g3 + d3
        ca += u1 + u2 + u3 + u4
        cb += v1 + v2 + v3 + v4
    return value, np.array([ca, cb]), np.array([g0, g1, g2, g3])


@nb.njit(fastmath={"contract"}, error_model="numpy")
def thomas(lower, diagonal, upper, right):
    """Algorithmic adjoint: one solve with the transposed matrix, which reuses the pivots."""
    n = diagonal.size
    d, x, w = np.empty(n), np.empty(n), np.empty(n)
    d[0], x[0] = diagonal[0], right[0]
    for i in range(1, n):
        w[i] = lower[i - 1] / d[i - 1]
        d[i] = diagonal[i] - w[i] * upper[i - 1]
        x[i] = right[i] - w[i] * x[i - 1]
    x[n - 1] /= d[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (x[i] - upper[i] * x[i + 1]) / d[i]
    value = 0.0
    for i in range(n):
        value += x[i] * x[i]
    # A.T @ g = 2 x with A = L U: U.T first, then L.T
    g = np.empty(n)
    g[0] = 2.0 * x[0] / d[0]
    for i in range(1, n):
        g[i] = (2.0 * x[i] - upper[i - 1] * g[i - 1]) / d[i]
    for i in range(n - 2, -1, -1):
        g[i] -= w[i + 1] * g[i + 1]
    gl, gd, gu = np.empty(n - 1), np.empty(n), np.empty(n - 1)
    for i in range(n):
        gd[i] = -g[i] * x[i]
    for i in range(n - 1):
        gl[i] = -g[i + 1] * x[i]
        gu[i] = -g[i] * x[i + 1]
    return value, gl, gd, gu, g


@nb.njit(fastmath=sums, error_model="numpy")
def n_body_pairs(positions):
    n = positions.shape[0]
    x, y, z = positions[:, 0].copy(), positions[:, 1].copy(), positions[:, 2].copy()
    g = np.zeros((3, n))
    energy = 0.0
    for i in range(n):
        sx = sy = sz = 0.0
        for j in range(i):
            dx, dy, dz = x[i] - x[j], y[i] - y[j], z[i] - z[j]
            squared = dx * dx + dy * dy + dz * dz + 0.01
            inverse = 1.0 / math.sqrt(squared)
            energy -= inverse
            cube = inverse / squared
            sx += cube * dx
            sy += cube * dy
            sz += cube * dz
            g[0, j] -= cube * dx
            g[1, j] -= cube * dy
            g[2, j] -= cube * dz
        g[0, i] += sx
        g[1, i] += sy
        g[2, i] += sz
    return energy, np.ascontiguousarray(g.T)


GRADIENTS = {
    "recurrence_in_place": recurrence_in_place,
    "rk4_lotka_volterra": lambda y, p, steps, h: rk4_lotka_volterra(y, p, steps, h),
    "thomas": thomas,
    "n_body_pairs": n_body_pairs,
}
