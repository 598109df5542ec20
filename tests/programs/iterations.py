"""Programs that iterate until something is small enough: series, root finding, escape times, marching."""

from __future__ import annotations

import numpy as np

from .record import program


@program(lambda: (0.5,), alternatives=[lambda: (3.0,), lambda: (-9.5,), lambda: (1e-5,)], tags=["while"])
def taylor_sine(x):
    result = term = x
    i = 0
    while np.abs(term) > 1e-15:
        term = -term * x * x / ((2 * i + 3) * (2 * i + 2))
        result = result + term
        i += 1
    return result


@program(
    lambda: (2.0, 5.0, 1.0, 4.0),
    alternatives=[lambda: (0.5, 20.0, 1.0, 9.0), lambda: (-1.0, 0.25, 0.0, 3.0)],
    argnums=(0, 1), tags=["while", "branch"],
)  # fmt: skip
def bisection(a, b, low, high):
    """The root of t**3 - a*t - b between low and high; a last Newton step carries the derivative."""
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        if middle**3 - a * middle - b > 0:
            high = middle
        else:
            low = middle
    t = 0.5 * (low + high)
    return t - (t**3 - a * t - b) / (3 * t**2 - a)


@program(
    lambda: (2.0, 3), alternatives=[lambda: (700.0, 3), lambda: (0.01, 5), lambda: (10.0, 2)], tags=["while", "break"]
)
def newton_root(a, order):
    """The positive root of t**order == a."""
    t = 0.5 * (a + 1.0)
    for _ in range(200):
        step = (t**order - a) / (order * t ** (order - 1))
        t = t - step
        if abs(step) < 1e-13 * abs(t):
            break
    return t


@program(
    lambda: (-0.5, 0.6, 60),
    alternatives=[lambda: (0.4, 0.5, 60), lambda: (1.5, 1.0, 60), lambda: (-0.1, 0.2, 25), lambda: (0.3, -0.8, 90)],
    argnums=(0, 1), tags=["while", "complex", "branch", "kink"],
)  # fmt: skip
def escape_time(re, im, limit):
    """The smooth escape time of Mandelbrot's iteration; inside the set, the last modulus."""
    c = re + 1j * im
    z = 0j
    n = 0
    while n < limit and z.real**2 + z.imag**2 < 100.0:
        z = z * z + c
        n += 1
    modulus = np.abs(z)
    if modulus < 10.0:
        return modulus
    return n + 1 - np.log(np.log(modulus)) / np.log(2.0)


def distance_to_scene(p, radius):
    """Signed distance to a ball at the origin and a floor at height -1."""
    return min(np.sqrt(p[0] ** 2 + p[1] ** 2 + p[2] ** 2) - radius, p[1] + 1.0)


@program(
    lambda: (np.array([0.1, 0.2, -3.0]), np.array([0.02, -0.01, 1.0]), 0.9),
    alternatives=[
        lambda: (np.array([0.1, 0.2, -3.0]), np.array([0.1, -0.6, 1.0]), 0.9),
        lambda: (np.array([0.1, 0.2, -3.0]), np.array([0.5, 0.9, 1.0]), 0.9),
        lambda: (np.array([0.4, 0.6, -5.0]), np.array([-0.05, -0.1, 1.0]), 1.2),
    ],
    argnums=(0, 1, 2), tags=["while", "branch", "break", "kink"],
)  # fmt: skip
def ray_march(eye, direction, radius):
    """How far a ray goes before it meets the scene; with a last step that carries the derivative; 20 if it leaves."""
    direction = direction / np.sqrt(np.sum(direction**2))
    depth = 0.0
    for _ in range(200):
        distance = distance_to_scene(eye + depth * direction, radius)
        if distance < 1e-9:
            break
        depth = depth + distance
        if depth > 20.0:
            return 20.0 * radius
    return depth


@program(
    lambda: (np.array([3.0, 1.0, 2.5, -0.5, 1.7]), np.array([0.1, 0.2, 0.4, 0.8, 1.6])),
    alternatives=[
        lambda: (np.array([-1.0, 0.0, 1.0]), np.array([1.0, 10.0, 100.0])),
        lambda: (np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.5, 0.2]), np.arange(7.0)),
    ],
    argnums=(0, 1), tags=["loop", "while", "inplace", "kink"],
)  # fmt: skip
def insertion_sort_weighted(x, weights):
    a = x.copy()
    for i in range(1, len(a)):
        j = i
        while j > 0 and a[j - 1] > a[j]:
            a[j - 1], a[j] = a[j], a[j - 1]
            j -= 1
    return np.sum(weights * a**2)


@program(
    lambda: (np.array([4.0, 1.0, 0.5]), np.array([1.0, 2.0, 3.0])),
    alternatives=[lambda: (np.array([9.0, 3.0, 1.0, 0.2]), np.ones(4))],
    tags=["while"],
)  # fmt: skip
def power_iteration(spectrum, start):
    """The dominant eigenvalue of a symmetric matrix made from its spectrum and a fixed rotation."""
    n = len(spectrum)
    q, _ = np.linalg.qr(np.vander(np.linspace(0.5, 2.0, n)))
    matrix = q @ np.diag(spectrum) @ q.T
    v = start / np.linalg.norm(start)
    previous, value = 0.0, 1.0
    while abs(value - previous) > 1e-12 * abs(value):
        previous = value
        w = matrix @ v
        value = v @ w
        v = w / np.linalg.norm(w)
    return value
