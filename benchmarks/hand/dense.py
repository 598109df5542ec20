"""Hand gradients of the programs that live in matrix products and factorisations."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from scipy.linalg import lapack

from . import vector_math as vm

sums = {"reassoc", "contract"}


@nb.njit(fastmath=sums, error_model="numpy")
def logistic_residual(z, targets):
    """Minus the log likelihood; z becomes its derivative."""
    value = 0.0
    for i in range(z.size):
        margin = z[i] if targets[i] else -z[i]
        e = vm.exp(-abs(z[i]))
        value += vm.log(1.0 + e) + max(-margin, 0.0)
        p = 1.0 / (1.0 + e)
        z[i] = (p if z[i] > 0 else 1.0 - p) - targets[i]
    return value


@nb.njit
def logistic_regression(weights, inputs, targets):
    z = np.dot(inputs, weights)
    value = logistic_residual(z, targets)
    return value, np.dot(inputs.T, z)


@nb.njit(fastmath=sums, error_model="numpy")
def add_bias_and_tanh(h, b):
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            h[i, j] = vm.tanh(h[i, j] + b[j])


@nb.njit(fastmath=sums, error_model="numpy")
def softmax_loss(z, b, y):
    """The mean cross entropy; z becomes its derivative."""
    n, m = z.shape
    value = 0.0
    for i in range(n):
        total = 0.0
        value -= z[i, y[i]] + b[y[i]]
        for j in range(m):
            z[i, j] = vm.exp(z[i, j] + b[j])
            total += z[i, j]
        value += math.log(total)
        for j in range(m):
            z[i, j] /= total * n
        z[i, y[i]] -= 1.0 / n
    return value / n


@nb.njit(fastmath=sums)
def through_tanh(g, h):
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            g[i, j] *= 1.0 - h[i, j] * h[i, j]


@nb.njit(fastmath=sums)
def column_sums(a):
    s = np.zeros(a.shape[1])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s[j] += a[i, j]
    return s


@nb.njit
def mlp(w1, b1, w2, b2, x, y):
    """Five products: two forward, three back (none for the data)."""
    h = np.dot(x, w1)
    add_bias_and_tanh(h, b1)
    z = np.dot(h, w2)
    value = softmax_loss(z, b2, y)
    g = np.dot(z, w2.T)
    through_tanh(g, h)
    return value, np.dot(x.T, g), column_sums(g), np.dot(h.T, z), column_sums(z)


@nb.njit(fastmath=sums)
def squared_exponential(x, scale, length, noise):
    n, d = x.shape
    k = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = 0.0
            for c in range(d):
                s += (x[i, c] - x[j, c]) ** 2
            k[i, j] = s
        for j in range(i + 1):
            k[i, j] = scale * scale * vm.exp(-0.5 / (length * length) * k[i, j])
    for i in range(n):
        k[i, i] += noise * noise
    return k


@nb.njit(fastmath=sums)
def gaussian_process_adjoint(inverse, alpha, x, scale, length, noise):
    """Contract (K^-1 - alpha alpha')/2 with the derivatives of the kernel; only lower triangles are read."""
    n, d = x.shape
    g_scale = g_length = g_noise = 0.0
    gx = np.zeros((n, d))
    row = np.empty(n)
    for i in range(n):
        for j in range(i):
            s = 0.0
            for c in range(d):
                s += (x[i, c] - x[j, c]) ** 2
            row[j] = s
        for j in range(i):
            kernel = scale * scale * vm.exp(-0.5 / (length * length) * row[j])
            w = (inverse[i, j] - alpha[i] * alpha[j]) * kernel
            g_scale += 2.0 * w
            g_length += w * row[j] / (length * length)
            row[j] = -w / (length * length)
        for j in range(i):
            for c in range(d):
                t = row[j] * (x[i, c] - x[j, c])
                gx[i, c] += t
                gx[j, c] -= t
        w = 0.5 * (inverse[i, i] - alpha[i] * alpha[i])
        g_scale += 2.0 * w * scale * scale
        g_noise += 2.0 * w * noise * noise
    return np.array([g_scale, g_length, g_noise]), gx


def gaussian_process_nll(log_parameters, x, y):
    """One Cholesky factor serves the value, the solve and the inverse (LAPACK potrf, potrs, potri)."""
    scale, length, noise = np.exp(log_parameters)
    # the C-ordered lower triangle is LAPACK's upper one
    factor, _ = lapack.dpotrf(squared_exponential(x, scale, length, noise).T, lower=0, clean=0, overwrite_a=1)
    alpha, _ = lapack.dpotrs(factor, y, lower=0)
    value = 0.5 * (y @ alpha) + np.log(factor.diagonal()).sum() + 0.5 * len(y) * math.log(2 * math.pi)
    inverse, _ = lapack.dpotri(factor, lower=0, overwrite_c=1)
    return value, *gaussian_process_adjoint(inverse.T, alpha, x, scale, length, noise)


GRADIENTS = {"logistic_regression": logistic_regression, "mlp": mlp, "gaussian_process_nll": gaussian_process_nll}
