"""Programs on grids: heat by index loops and by slices, a smooth game of life, taps of a filter, advection."""

from __future__ import annotations

import numpy as np

from .record import program


def field(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0.0, 1.0, size=shape)


@program(
    lambda: (field(5, 6), 0.2, 3), alternatives=[lambda: (field(4, 4, seed=1), 0.1, 1), lambda: (field(3, 7), 0.2, 6)],
    argnums=(0, 1), tags=["loop", "inplace"],
)  # fmt: skip
def heat_loops(u, k, steps):
    for _ in range(steps):
        new = u.copy()
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                new[i, j] = u[i, j] + k * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u = new
    return np.sum(u**2)


@program(
    lambda: (field(5, 6), 0.2, 3), alternatives=[lambda: (field(4, 4, seed=1), 0.1, 1), lambda: (field(3, 7), 0.2, 6)],
    argnums=(0, 1), tags=["loop", "inplace", "view"],
)  # fmt: skip
def heat_slices(u, k, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1, 1:-1] += k * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1])
    return np.sum(u**2)


@program(
    lambda: (field(6, 5), 2, 8.0), alternatives=[lambda: (field(4, 4, seed=3), 1, 3.0), lambda: (field(5, 7), 4, 5.0)],
    argnums=(0, 2), tags=["loop", "vector"],
)  # fmt: skip
def smooth_life(cells, steps, sharpness):
    """Game of life with a smooth rule: alive near three neighbours, or near two if alive before."""
    for _ in range(steps):
        neighbours = sum(
            np.roll(np.roll(cells, i, axis=0), j, axis=1) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)
        )
        born = np.exp(-sharpness * (neighbours - 3.0) ** 2)
        kept = cells * np.exp(-sharpness * (neighbours - 2.0) ** 2)
        cells = born + kept - born * kept
    return np.mean(cells)


@program(
    lambda: (field(12), np.array([0.25, 0.5, 0.25])),
    alternatives=[lambda: (field(20, seed=1), np.array([0.1, -0.2, 0.4, -0.2, 0.1]))],
    argnums=(0, 1), tags=["loop", "view"],
)  # fmt: skip
def filter_taps(x, taps):
    y = np.zeros(len(x) - len(taps) + 1)
    for k in range(len(taps)):
        y += taps[k] * x[k : k + len(y)]
    return np.sum(y**2)


@program(
    lambda: (field(10) - 0.4, 0.5, 4), alternatives=[lambda: (0.4 - field(7, seed=2), 0.3, 9)],
    argnums=(0, 1), tags=["loop", "branch", "inplace", "kink"],
)  # fmt: skip
def upwind_burgers(u, cfl, steps):
    """Burgers' equation by upwind differences: the side depends on the sign of the velocity."""
    for _ in range(steps):
        new = u.copy()
        for i in range(1, len(u) - 1):
            if u[i] > 0:
                new[i] = u[i] - cfl * u[i] * (u[i] - u[i - 1])
            else:
                new[i] = u[i] - cfl * u[i] * (u[i + 1] - u[i])
        u = new
    return np.sum(u**2) + u[2]


@program(
    lambda: (field(4, 4), np.eye(4)[::-1]), alternatives=[lambda: (field(3, 5), field(3, 5, seed=1))],
    argnums=(0, 1), tags=["inplace", "view", "loop"],
)  # fmt: skip
def writes_through_views(a, b):
    """Rows, columns, a transpose and a flat view of one array, all written through."""
    a = a.copy()
    for i in range(a.shape[0]):
        row = a[i]
        row += b[i]
    a.T[0] *= 2.0
    flat = a.reshape(-1)
    flat[1::2] = np.sin(flat[1::2])
    a[a > 1.0] -= 0.5 * a[a > 1.0] ** 2
    return np.sum(a * np.cos(b))
