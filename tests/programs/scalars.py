"""Programs on a few numbers: one-liners, polynomials, and the three ways of writing Rosenbrock's function."""

from __future__ import annotations

import numpy as np

from .record import program


def reals(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@program(lambda: (1.5,), alternatives=[lambda: (-2.0,), lambda: (np.float64(0.25),), lambda: (reals(3).sum(),)])
def scalar_square(x):
    return (x + 1) ** 2


@program(lambda: (reals(3),), alternatives=[lambda: (reals(7),), lambda: (reals(2, 3),)], tags=["vector"])
def sum_of_squares(x):
    return ((x + 1) ** 2).sum()


@program(
    lambda: (reals(10),), alternatives=[lambda: (reals(2),), lambda: (reals(23),)], tags=["vector", "view"]
)
def rosenbrock_slices(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


@program(lambda: (reals(10),), alternatives=[lambda: (reals(2),), lambda: (reals(23),)], tags=["loop"])
def rosenbrock_loop(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
    return total


@program(lambda: (reals(10),), alternatives=[lambda: (reals(2),), lambda: (reals(23),)], tags=["loop", "list"])
def rosenbrock_generator(x):
    return sum(100.0 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in zip(x[:-1], x[1:], strict=True))


@program(
    lambda: (0.7, reals(5)), alternatives=[lambda: (-1.2, reals(9)), lambda: (2.0, reals(1))],
    argnums=(0, 1), tags=["loop"],
)  # fmt: skip
def horner(x, coefficients):
    value = 0.0
    for c in coefficients[::-1]:
        value = value * x + c
    return value


@program(
    lambda: (reals(12), reals(12, seed=1), reals(12, seed=2)),
    alternatives=[lambda: (reals(5), reals(5, seed=1), reals(5, seed=2))],
    argnums=(0, 1, 2), tags=["vector"],
)  # fmt: skip
def tanh_layer(x, w, b):
    return np.sum(np.tanh(x * w + b) ** 2 * np.exp(-(x**2)))


@program(
    lambda: (reals(40),),
    alternatives=[lambda: (-reals(40),), lambda: (5 + reals(9),), lambda: (-5 + reals(9),)],
    tags=["loop", "branch", "kink"],
)
def branchy_loop(x):
    state, total = 0.1, 0.0
    for value in x:
        if value > 1:
            state = np.sin(state) + value
        elif state < 0:
            state = 0.5 * state * value
        else:
            state = state - 0.3 * value**2
        total += state * value
    return total


@program(lambda: (reals(4),), alternatives=[lambda: (reals(7),)], tags=["jacobian", "vector"])
def coupled_map(x):
    return np.sin(x) * np.sum(x**2) + np.roll(x, 1) * np.exp(-x)
