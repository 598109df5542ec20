"""Hand gradients of the finance programs: closed-form Greeks, pathwise derivatives in one pass."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from . import vector_math as vm

sums = {"reassoc", "contract"}
INVERSE_SQRT_2PI = 1 / math.sqrt(2 * math.pi)


@nb.njit(fastmath=sums, error_model="numpy")
def black_scholes(spot, strike, time, volatility, rate):
    """Delta, dual delta, theta, vega per option and rho of the book: reads four arrays, writes four."""
    n = spot.size
    g_spot, g_strike, g_time, g_volatility = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    value = rho = 0.0
    for i in range(n):
        s, k, t, v = spot[i], strike[i], time[i], volatility[i]
        root = math.sqrt(t)
        spread = v * root
        d1 = (vm.log(s / k) + (rate + 0.5 * v * v) * t) / spread
        delta = vm.normal_cdf(d1)
        discounted = k * vm.exp(-rate * t)
        paid = discounted * vm.normal_cdf(d1 - spread)
        value += s * delta - paid
        density = s * INVERSE_SQRT_2PI * vm.exp(-0.5 * d1 * d1)
        g_spot[i] = delta
        g_strike[i] = -paid / k
        g_time[i] = 0.5 * density * v / root + rate * paid
        g_volatility[i] = density * root
        rho += t * paid
    return value, g_spot, g_strike, g_time, g_volatility, rho


@nb.njit(fastmath=sums)
def asian_monte_carlo(spot, volatility, rate, strike, normals):
    """Three parameters, so the derivatives run along with the paths and nothing is stored."""
    paths, steps = normals.shape
    h = 1.0 / steps
    root = math.sqrt(h)
    drift, shock = (rate - 0.5 * volatility * volatility) * h, volatility * root
    value = g_spot = g_volatility = g_rate = 0.0
    levels = np.empty(steps)
    walks = np.empty(steps)
    for i in range(paths):
        walk = 0.0
        for j in range(steps):
            walk += normals[i, j]
            walks[j] = walk
        total = by_volatility = by_rate = 0.0
        for j in range(steps):
            levels[j] = spot * vm.exp(drift * (j + 1) + shock * walks[j])
        for j in range(steps):
            total += levels[j]
            by_volatility += levels[j] * (root * walks[j] - volatility * h * (j + 1))
            by_rate += levels[j] * (h * (j + 1))
        if total / steps > strike:
            value += total / steps - strike
            g_spot += total / steps / spot
            g_volatility += by_volatility / steps
            g_rate += by_rate / steps
    discount = math.exp(-rate) / paths
    return value * discount, g_spot * discount, g_volatility * discount, (g_rate - value) * discount


GRADIENTS = {"black_scholes": black_scholes, "asian_monte_carlo": asian_monte_carlo}
