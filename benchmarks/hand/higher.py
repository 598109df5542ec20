"""Hand-written Hessian-vector product and Jacobian, and the gradient through a Fourier transform."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from scipy import fft


@nb.njit(fastmath={"contract"})
def rosenbrock_hvp(x, v):
    n = x.size
    out = np.zeros(n)
    for i in range(n - 1):
        out[i] += (1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0) * v[i] - 400.0 * x[i] * v[i + 1]
        out[i + 1] += 200.0 * v[i + 1] - 400.0 * x[i] * v[i]
    return (out,)


@nb.njit(fastmath={"contract"})
def coupled_map(x):
    n = x.size
    jacobian = np.empty((n, n))
    total = 0.0
    for i in range(n):
        total += x[i] * x[i]
    for i in range(n):
        s, c, e = math.sin(x[i]), math.cos(x[i]), math.exp(-x[i])
        for j in range(n):
            jacobian[i, j] = 2.0 * s * x[j]
        jacobian[i, i] += c * total - x[i - 1] * e
        jacobian[i, i - 1] += e
    return (jacobian,)


def fft_loss(x, target):
    """Two transforms forward, one back; the ends of the half spectrum count once, what is between counts twice."""
    n = len(x)
    spectrum = fft.rfft(x)
    excess = np.abs(spectrum) ** 2 - np.abs(fft.rfft(target)) ** 2
    value = excess @ excess / n**2
    excess *= 2.0 / n
    excess[0] *= 2.0
    if n % 2 == 0:
        excess[-1] *= 2.0
    return value, fft.irfft(excess * spectrum, n)


GRADIENTS = {"rosenbrock_hvp": rosenbrock_hvp, "coupled_map": coupled_map, "fft_loss": fft_loss}
