"""Hand gradients of the small and the elementwise programs: one pass, no temporaries."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from . import vector_math as vm

sums = {"reassoc", "contract"}


@nb.njit
def scalar_square(x):
    return (x + 1) ** 2, 2 * (x + 1)


@nb.njit(fastmath=sums)
def rosenbrock(x):
    n = x.size
    g = np.empty(n)
    value = 0.0
    carried = 0.0
    for i in range(n - 1):
        t = x[i + 1] - x[i] * x[i]
        u = 1.0 - x[i]
        value += 100.0 * t * t + u * u
        g[i] = carried - 400.0 * t * x[i] - 2.0 * u
        carried = 200.0 * t
    g[n - 1] = carried
    return value, g


@nb.njit
def taylor_sine(x):
    total = term = x
    derivative = slope = 1.0
    i = 0
    while abs(term) > 1e-15:
        d = 1.0 / ((2 * i + 3) * (2 * i + 2))
        slope = -(slope * x + 2.0 * term) * x * d
        term = -term * x * x * d
        derivative += slope
        total += term
        i += 1
    return total, derivative


@nb.njit(fastmath=sums, error_model="numpy")
def tanh_layer(x, w, b):
    """sum(tanh(x*w + b)**2 * exp(-x**2)): reads three arrays and writes three, once."""
    n = x.size
    gx, gw, gb = np.empty(n), np.empty(n), np.empty(n)
    value = 0.0
    for i in range(n):
        t = vm.tanh(x[i] * w[i] + b[i])
        e = vm.exp(-x[i] * x[i])
        f = t * t * e
        value += f
        through = 2.0 * t * e * (1.0 - t * t)
        gb[i] = through
        gw[i] = through * x[i]
        gx[i] = through * w[i] - 2.0 * x[i] * f
    return value, gx, gw, gb


@nb.njit
def branchy_loop(x):
    n = x.size
    states = np.empty(n + 1)
    states[0] = 0.1
    total = 0.0
    for i in range(n):
        s, v = states[i], x[i]
        if v > 1:
            s = math.sin(s) + v
        elif s < 0:
            s = 0.5 * s * v
        else:
            s = s - 0.3 * v * v
        states[i + 1] = s
        total += s * v
    g = np.empty(n)
    back = 0.0
    for i in range(n - 1, -1, -1):
        s, v = states[i], x[i]
        back += v
        direct = states[i + 1]
        if v > 1:
            g[i] = direct + back
            back *= math.cos(s)
        elif s < 0:
            g[i] = direct + 0.5 * s * back
            back *= 0.5 * v
        else:
            g[i] = direct - 0.6 * v * back
    return total, g


GRADIENTS = {
    "scalar_square": scalar_square,
    "rosenbrock_slices": rosenbrock,
    "rosenbrock_loop": rosenbrock,
    "taylor_sine": taylor_sine,
    "tanh_layer": tanh_layer,
    "branchy_loop": branchy_loop,
}
