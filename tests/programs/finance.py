"""Programs of finance: Black-Scholes, Asian options by Monte Carlo, barriers hit on the way, bonds, trees."""

from __future__ import annotations

import numpy as np
from scipy.special import erf

from .record import program


def market(n, seed=0):
    """Spot, strike, time, volatility; each float64[n]."""
    rng = np.random.default_rng(seed)
    return rng.uniform(80, 120, n), rng.uniform(80, 120, n), rng.uniform(0.2, 2, n), rng.uniform(0.1, 0.5, n)


def normal_cdf(x):
    return 0.5 * (1 + erf(x / np.sqrt(2)))


@program(
    lambda: (*market(6), 0.03), alternatives=[lambda: (*market(1, seed=1), 0.01)],
    argnums=(0, 1, 2, 3, 4), tags=["vector", "scipy"],
)  # fmt: skip
def black_scholes(spot, strike, time, volatility, rate):
    """The value of a book of European calls; its gradient is delta, theta, vega, rho."""
    spread = volatility * np.sqrt(time)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / spread
    d2 = d1 - spread
    return np.sum(spot * normal_cdf(d1) - strike * np.exp(-rate * time) * normal_cdf(d2))


@program(
    lambda: (100.0, 0.2, 0.05, 101.0, np.random.default_rng(0).normal(size=(7, 4))),
    alternatives=[lambda: (90.0, 0.4, 0.01, 85.0, np.random.default_rng(1).normal(size=(3, 9)))],
    argnums=(0, 1, 2), tags=["vector", "kink"],
)  # fmt: skip
def asian_monte_carlo(spot, volatility, rate, strike, normals):
    """An option on the average price over paths made from given draws."""
    h = 1.0 / normals.shape[1]
    steps = (rate - 0.5 * volatility**2) * h + volatility * np.sqrt(h) * normals
    paths = spot * np.exp(np.cumsum(steps, axis=1))
    return np.exp(-rate) * np.mean(np.maximum(paths.mean(axis=1) - strike, 0.0))


@program(
    lambda: (100.0, 0.25, 88.0, 11, 6, 8),
    alternatives=[lambda: (100.0, 0.6, 85.0, 12, 9, 15), lambda: (100.0, 0.1, 20.0, 13, 4, 5)],
    argnums=(0, 1), tags=["loop", "break", "random", "kink"],
)  # fmt: skip
def barrier_monte_carlo(spot, volatility, barrier, seed, paths, steps):
    """A call that dies when the price falls through a barrier: draws inside the loop, an early exit from it."""
    rng = np.random.default_rng(seed)
    h = 1.0 / steps
    total = 0.0
    for _ in range(paths):
        price = spot
        for _ in range(steps):
            price = price * np.exp(-0.5 * volatility**2 * h + volatility * np.sqrt(h) * rng.standard_normal())
            if price < barrier:
                price = 0.5 * barrier * price / spot
                break
        total += max(price - 0.9 * spot, 0.0) + 0.01 * price
    return total / paths


@program(
    lambda: (0.05, np.array([3.0, 3.0, 3.0, 103.0])), alternatives=[lambda: (0.01, np.array([1.0, 101.0]))],
    argnums=(0, 1), tags=["loop"],
)  # fmt: skip
def bond_price(rate, payments):
    price, discount = 0.0, 1.0
    for payment in payments:
        discount /= 1 + rate
        price += payment * discount
    return price


@program(
    lambda: (100.0, 95.0, 0.3, 6), alternatives=[lambda: (100.0, 120.0, 0.2, 11), lambda: (60.0, 120.0, 0.2, 3)],
    argnums=(0, 1, 2), tags=["loop", "inplace", "view", "kink"],
)  # fmt: skip
def american_put(spot, strike, volatility, steps):
    """A binomial tree rolled back in place, exercised early where that pays."""
    up = np.exp(volatility * np.sqrt(1.0 / steps))
    p = (1.0 - 1.0 / up) / (up - 1.0 / up)
    value = np.maximum(strike - spot * up ** np.arange(-steps, steps + 1, 2), 0.0)
    for n in range(steps, 0, -1):
        value[:n] = 0.99 * (p * value[1 : n + 1] + (1 - p) * value[:n])
        exercise = strike - spot * up ** np.arange(1 - n, n, 2)
        value[:n] = np.maximum(value[:n], exercise)
    return value[0]
