"""Programs that integrate equations of motion: Runge-Kutta, adaptive steps, leapfrog."""

from __future__ import annotations

import numpy as np

from .record import program


def lotka_volterra(y, p):
    prey, predators = y
    return np.array([p[0] * prey - p[1] * prey * predators, p[2] * prey * predators - p[3] * predators])


@program(
    lambda: (np.array([1.0, 0.5]), np.array([1.1, 0.4, 0.1, 0.4]), 30, 0.05),
    alternatives=[lambda: (np.array([2.0, 1.5]), np.array([0.9, 0.3, 0.2, 0.5]), 71, 0.02)],
    argnums=(0, 1), tags=["loop"],
)  # fmt: skip
def rk4_lotka_volterra(y, p, steps, h):
    for _ in range(steps):
        k1 = lotka_volterra(y, p)
        k2 = lotka_volterra(y + 0.5 * h * k1, p)
        k3 = lotka_volterra(y + 0.5 * h * k2, p)
        k4 = lotka_volterra(y + h * k3, p)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y[0] ** 2 + y[1]


@program(
    lambda: (1.2, 0.3, 5.0, 200),
    alternatives=[lambda: (0.4, -0.1, 2.0, 77), lambda: (2.5, 0.0, 10.0, 400)],
    argnums=(0, 1, 2), tags=["loop"],
)  # fmt: skip
def pendulum_rk4(angle, speed, time, steps):
    """The same scheme on plain floats, as a script would have it."""
    h = time / steps
    for _ in range(steps):
        a1, b1 = speed, -np.sin(angle)
        a2, b2 = speed + 0.5 * h * b1, -np.sin(angle + 0.5 * h * a1)
        a3, b3 = speed + 0.5 * h * b2, -np.sin(angle + 0.5 * h * a2)
        a4, b4 = speed + h * b3, -np.sin(angle + h * a3)
        angle = angle + h * (a1 + 2 * a2 + 2 * a3 + a4) / 6
        speed = speed + h * (b1 + 2 * b2 + 2 * b3 + b4) / 6
    return angle


def van_der_pol(y, mu):
    return np.array([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])


@program(
    lambda: (np.array([2.0, 0.0]), 1.5, 3.0, 1e-4),
    alternatives=[lambda: (np.array([0.5, 0.5]), 0.2, 1.0, 1e-4), lambda: (np.array([2.0, 0.0]), 5.0, 2.0, 1e-5)],
    argnums=(0, 1), tags=["while", "branch", "kink"],
)  # fmt: skip
def adaptive_heun(y, mu, end, tolerance):
    """Heun's method with an Euler error estimate: steps are accepted or refused, and their size follows the error."""
    t, h = 0.0, 0.01
    while t < end:
        if t + h > end:
            h = end - t
        k1 = van_der_pol(y, mu)
        k2 = van_der_pol(y + h * k1, mu)
        error = 0.5 * h * np.max(np.abs(k2 - k1)) + 1e-12
        if error <= tolerance:
            t = t + h
            y = y + 0.5 * h * (k1 + k2)
        h = h * min(2.0, max(0.3, 0.9 * (tolerance / error) ** 0.5))
    return y[0] + 0.1 * y[1]


def accelerations(positions, masses):
    n = len(masses)
    a = np.zeros_like(positions)
    for i in range(n):
        for j in range(i + 1, n):
            d = positions[j] - positions[i]
            inverse_cube = (d @ d + 0.01) ** -1.5
            a[i] += masses[j] * inverse_cube * d
            a[j] -= masses[i] * inverse_cube * d
    return a


def bodies(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)), 0.3 * rng.normal(size=(n, 3)), rng.uniform(0.5, 1.5, size=n)


@program(
    lambda: (*bodies(3), 4, 0.05),
    alternatives=[lambda: (*bodies(2, seed=1), 9, 0.02)],
    argnums=(0, 1, 2), tags=["loop", "inplace", "view"],
)  # fmt: skip
def leapfrog_n_body(positions, velocities, masses, steps, h):
    """Kick, drift, kick; the energy of the motion at the end."""
    x, v = positions.copy(), velocities.copy()
    a = accelerations(x, masses)
    for _ in range(steps):
        v += 0.5 * h * a
        x += h * v
        a = accelerations(x, masses)
        v += 0.5 * h * a
    return 0.5 * np.sum(masses * np.sum(v**2, axis=1)) + np.sum(x[0] * x[1])


@program(lambda: (bodies(5)[0],), alternatives=[lambda: (bodies(8, seed=2)[0],)], tags=["loop"])
def n_body_pairs(positions):
    """The potential energy of all pairs, by a double loop whose inner bound depends on the outer index."""
    energy = 0.0
    for i in range(positions.shape[0]):
        for j in range(i):
            d = positions[i] - positions[j]
            energy -= 1.0 / np.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 0.01)
    return energy


@program(
    lambda: (np.linspace(0.5, 1.5, 12), 0.3),
    alternatives=[lambda: (np.linspace(-1.0, 1.0, 31), 1.1)],
    argnums=(0, 1), tags=["loop", "inplace"],
)  # fmt: skip
def recurrence_in_place(x, start):
    """A first-order recurrence written into an array."""
    a = np.empty_like(x)
    a[0] = start * x[0]
    for i in range(1, len(x)):
        a[i] = np.sin(a[i - 1]) * x[i] + 0.1
    return np.sum(a**2)
