"""A textbook solver that overwrites its arrays, differentiated as it stands: Thomas for tridiagonal systems."""

import numpy as np

from bcad import grad


def solve_tridiagonal(lower, diagonal, upper, right):
    d, x = diagonal.copy(), right.copy()
    n = len(d)
    for i in range(1, n):
        w = lower[i - 1] / d[i - 1]
        d[i] -= w * upper[i - 1]
        x[i] -= w * x[i - 1]
    x[n - 1] /= d[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = (x[i] - upper[i] * x[i + 1]) / d[i]
    return x


def misfit(conductivity, measured):
    """A rod heated evenly, its ends held at zero: how far are the temperatures from the measured ones?"""
    n = len(measured)
    right = np.full(n, 1.0 / (n + 1) ** 2)
    temperature = solve_tridiagonal(
        -conductivity[1:-1], conductivity[:-1] + conductivity[1:], -conductivity[1:-1], right
    )
    return np.sum((temperature - measured) ** 2)


n = 1000
truth = 1.0 + 0.5 * np.sin(np.linspace(0, 3, n + 1))
measured = solve_tridiagonal(-truth[1:-1], truth[:-1] + truth[1:], -truth[1:-1], np.full(n, 1.0 / (n + 1) ** 2))

gradient = grad(misfit)(np.ones(n + 1), measured)
print("misfit of an even rod:", misfit(np.ones(n + 1), measured))
print("where to change the conductivity:", gradient[:: n // 5])

step = 1e-4 * np.cos(np.arange(n + 1))
difference = (misfit(1 + step, measured) - misfit(1 - step, measured)) / 2
assert np.isclose(gradient @ step, difference, rtol=1e-5)
