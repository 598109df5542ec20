"""Statistical programs: Kalman filter, Gaussian process, likelihoods with library code in them."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from .record import program


def reals(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def tracking(steps, seed=0):
    """A constant-velocity model in the plane: transition, observation, the two noises, observations."""
    f = np.eye(4) + 0.1 * np.eye(4, k=2)
    h = np.eye(2, 4)
    return f, h, 0.05 * np.eye(4), 0.3 * np.eye(2), reals(steps, 2, seed=seed)


@program(
    lambda: tracking(5), alternatives=[lambda: tracking(12, seed=1)], argnums=(0, 1, 2, 3, 4), tags=["loop", "linalg"]
)
def kalman(transition, observation, process_noise, noise, observed):
    """The log likelihood of a linear Gaussian state space model."""
    n = transition.shape[0]
    mean, covariance = np.zeros(n), np.eye(n)
    total = 0.0
    for y in observed:
        mean = transition @ mean
        covariance = transition @ covariance @ transition.T + process_noise
        innovation = y - observation @ mean
        spread = observation @ covariance @ observation.T + noise
        gain = np.linalg.solve(spread, observation @ covariance).T
        mean = mean + gain @ innovation
        covariance = covariance - gain @ observation @ covariance
        _, log_det = np.linalg.slogdet(spread)
        total -= 0.5 * (log_det + innovation @ np.linalg.solve(spread, innovation) + len(y) * np.log(2 * np.pi))
    return total


@program(
    lambda: (np.array([0.1, -0.3, -1.0]), reals(8, 2), reals(8, seed=1)),
    alternatives=[lambda: (np.array([-0.5, 0.4, -0.2]), reals(3, 1), reals(3, seed=1))],
    argnums=(0, 1, 2), tags=["vector", "linalg"],
)  # fmt: skip
def gaussian_process_nll(log_parameters, x, y):
    """The negative log likelihood of a Gaussian process with a squared exponential kernel."""
    scale, length, noise = np.exp(log_parameters)
    squared = np.sum((x[:, None, :] - x[None, :, :]) ** 2, axis=2)
    k = scale**2 * np.exp(-0.5 * squared / length**2) + noise**2 * np.eye(len(y))
    factor = np.linalg.cholesky(k)
    alpha = np.linalg.solve(k, y)
    return 0.5 * y @ alpha + np.sum(np.log(np.diag(factor))) + 0.5 * len(y) * np.log(2 * np.pi)


@program(
    lambda: (reals(3), reals(10, 3), np.arange(10) % 4),
    alternatives=[lambda: (reals(2, seed=1), reals(7, 2), np.arange(7) % 3)], tags=["vector", "scipy"],
)  # fmt: skip
def poisson_regression(w, x, counts):
    rate = x @ w
    return np.sum(np.exp(rate) - counts * rate + gammaln(counts + 1))


@program(
    lambda: (0.4, 1.2, 5.0, reals(20)), alternatives=[lambda: (-1.0, 0.5, 2.0, reals(6, seed=1))],
    argnums=(0, 1, 2), tags=["vector", "scipy"],
)  # fmt: skip
def student_t_nll(location, scale, freedom, x):
    z = (x - location) / scale
    constant = gammaln(0.5 * (freedom + 1)) - gammaln(0.5 * freedom) - 0.5 * np.log(np.pi * freedom) - np.log(scale)
    return -np.sum(constant - 0.5 * (freedom + 1) * np.log1p(z**2 / freedom))


class NormalModel:
    """A class as users write them: parameters unpacked by a method, a running count of evaluations."""

    def __init__(self, data):
        self.data = data
        self.evaluations = 0

    def unpack(self, theta):
        return {"mean": theta[0], "sd": np.exp(theta[1])}

    def log_likelihood(self, theta):
        self.evaluations += 1
        p = self.unpack(theta)
        z = (self.data - p["mean"]) / p["sd"]
        return -0.5 * np.sum(z**2) - len(self.data) * np.log(p["sd"])


@program(
    lambda: (np.array([0.2, -0.1]), reals(15)), alternatives=[lambda: (np.array([1.0, 0.7]), reals(4))],
    tags=["class", "vector"],
)  # fmt: skip
def likelihood_of_an_object(theta, data):
    model = NormalModel(data)
    value = model.log_likelihood(theta)
    assert model.evaluations == 1
    return value


@program(
    lambda: (np.array([0.3, 0.5]), np.array([1.0, 4.0, 2.0, 8.0])),
    alternatives=[lambda: (np.array([-0.3, 2.5]), np.array([3.0, 0.5, 0.1]))],
    argnums=(0, 1), tags=["branch", "kink", "vector"],
)  # fmt: skip
def huber(parameters, data):
    """A robust loss by np.where; the side not taken would overflow."""
    r = data - parameters[0]
    d = np.exp(parameters[1])
    return np.sum(np.where(np.abs(r) < d, 0.5 * r**2, d * (np.abs(r) - 0.5 * d)))
