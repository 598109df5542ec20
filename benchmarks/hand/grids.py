"""Hand gradients of the stencils: each sweep back is a gather, not a scatter."""

from __future__ import annotations

import numba as nb
import numpy as np

sums = {"reassoc", "contract"}


@nb.njit(fastmath={"contract"})
def sweep(old, new, k):
    n, m = old.shape
    new[0, :], new[n - 1, :] = old[0, :], old[n - 1, :]
    for i in range(1, n - 1):
        new[i, 0], new[i, m - 1] = old[i, 0], old[i, m - 1]
        for j in range(1, m - 1):
            new[i, j] = old[i, j] + k * (old[i - 1, j] + old[i + 1, j] + old[i, j - 1] + old[i, j + 1] - 4 * old[i, j])


@nb.njit(fastmath=sums)
def sweep_back(old, g, back, k):
    """back = the cotangent of old for the cotangent g of new; returns that of k. back holds a border of zeros."""
    n, m = old.shape
    gk = 0.0
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            gk += g[i, j] * (old[i - 1, j] + old[i + 1, j] + old[i, j - 1] + old[i, j + 1] - 4 * old[i, j])
    inner = np.zeros((n, m))
    inner[1 : n - 1, 1 : m - 1] = g[1 : n - 1, 1 : m - 1]
    for i in range(n):
        for j in range(m):
            back[i, j] = g[i, j] - 4 * k * inner[i, j]
    for i in range(1, n):
        for j in range(m):
            back[i, j] += k * inner[i - 1, j]
    for i in range(n - 1):
        for j in range(m):
            back[i, j] += k * inner[i + 1, j]
    for i in range(n):
        for j in range(1, m):
            back[i, j] += k * inner[i, j - 1]
        for j in range(m - 1):
            back[i, j] += k * inner[i, j + 1]
    return gk


@nb.njit(fastmath=sums)
def heat(u, k, steps):
    n, m = u.shape
    tape = np.empty((steps + 1, n, m))
    tape[0] = u
    for t in range(steps):
        sweep(tape[t], tape[t + 1], k)
    value = 0.0
    g, back = np.empty((n, m)), np.empty((n, m))
    for i in range(n):
        for j in range(m):
            value += tape[steps, i, j] ** 2
            g[i, j] = 2.0 * tape[steps, i, j]
    gk = 0.0
    for t in range(steps - 1, -1, -1):
        gk += sweep_back(tape[t], g, back, k)
        g, back = back, g
    return value, g, gk


@nb.njit(fastmath=sums)
def filter_taps(x, taps):
    k, n = taps.size, x.size - taps.size + 1
    y, gt, gx = np.zeros(n), np.empty(k), np.zeros(x.size)
    for j in range(k):
        for i in range(n):
            y[i] += taps[j] * x[i + j]
    value = 0.0
    for i in range(n):
        value += y[i] * y[i]
    for j in range(k):
        s = 0.0
        for i in range(n):
            s += y[i] * x[i + j]
            gx[i + j] += 2.0 * taps[j] * y[i]
        gt[j] = 2.0 * s
    return value, gx, gt


GRADIENTS = {"heat_loops": heat, "heat_slices": heat, "filter_taps": filter_taps}
