"""Stochastic first-order minimisers over nested parameters: sgd, rmsprop, adam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bcad.vectors import flatten

Gradient = Callable[[Any, int], Any]
Callback = Callable[[Any, int, Any], None] | None


def _descend(grad: Gradient, x0: Any, callback: Callback, num_iters: int, step: Callable[..., Any]) -> Any:
    """Run `num_iters` steps on the flat vector of `x0`; ``step(x, g, i)`` gives the next one."""
    x, unflatten = flatten(x0)
    for i in range(num_iters):
        gradient = grad(unflatten(x), i)
        if callback is not None:
            callback(unflatten(x), i, gradient)
        x = step(x, flatten(gradient)[0], i)
    return unflatten(x)


def sgd(
    grad: Gradient, x: Any, callback: Callback = None, num_iters: int = 200, step_size: float = 0.1, mass: float = 0.9
) -> Any:
    """Gradient descent with momentum.

    Parameters
    ----------
    grad : callable, ``grad(x, i)``
        The gradient at iteration i (of a minibatch, say), structured as `x`.
    x : nested arrays
        Where to start.
    callback : callable, ``callback(x, i, g)``, optional
    num_iters, step_size, mass
        Steps, learning rate, fraction of the velocity that is kept.

    Returns
    -------
    like `x`
    """
    velocity = np.zeros_like(flatten(x)[0])

    def step(x: Any, g: Any, i: int) -> Any:
        velocity[:] = mass * velocity - (1.0 - mass) * g
        return x + step_size * velocity

    return _descend(grad, x, callback, num_iters, step)


def rmsprop(
    grad: Gradient, x: Any, callback: Callback = None, num_iters: int = 100, step_size: float = 0.1,
    gamma: float = 0.9, eps: float = 1e-8,
) -> Any:
    """Root mean square propagation (Tieleman and Hinton, lecture 6.5); parameters as for `sgd`."""
    average = np.ones_like(flatten(x)[0])

    def step(x: Any, g: Any, i: int) -> Any:
        average[:] = average * gamma + g**2 * (1 - gamma)
        return x - step_size * g / (np.sqrt(average) + eps)

    return _descend(grad, x, callback, num_iters, step)


def adam(
    grad: Gradient, x: Any, callback: Callback = None, num_iters: int = 100, step_size: float = 0.001,
    b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8,
) -> Any:
    """Adam (Kingma and Ba, arXiv 1412.6980); parameters as for `sgd`."""
    mean = np.zeros_like(flatten(x)[0])
    square = np.zeros_like(mean)

    def step(x: Any, g: Any, i: int) -> Any:
        mean[:] = (1 - b1) * g + b1 * mean
        square[:] = (1 - b2) * g**2 + b2 * square
        unbiased = mean / (1 - b1 ** (i + 1))
        return x - step_size * unbiased / (np.sqrt(square / (1 - b2 ** (i + 1))) + eps)

    return _descend(grad, x, callback, num_iters, step)
