"""Find the parameters of a differential equation: gradients through a Runge-Kutta loop of a few hundred steps."""

import numpy as np

from bcad import minimize


def lotka_volterra(y, p):
    prey, predators = y
    return np.array([p[0] * prey - p[1] * prey * predators, p[2] * prey * predators - p[3] * predators])


def simulate(p, y, steps, h):
    states = np.empty((steps, 2))
    for i in range(steps):
        k1 = lotka_volterra(y, p)
        k2 = lotka_volterra(y + 0.5 * h * k1, p)
        k3 = lotka_volterra(y + 0.5 * h * k2, p)
        k4 = lotka_volterra(y + h * k3, p)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        states[i] = y
    return states


start = np.array([1.0, 0.5])
truth = np.array([1.1, 0.4, 0.1, 0.4])
observed = simulate(truth, start, 300, 0.05)


def misfit(p):
    return np.mean((simulate(p, start, 300, 0.05) - observed) ** 2)


found = minimize(misfit, np.array([0.9, 0.5, 0.15, 0.45]), method="L-BFGS-B", bounds=[(0.05, 2.0)] * 4, tol=1e-12)
print(f"after {found.nfev} evaluations: {found.x}; true: {truth}")
assert np.allclose(found.x, truth, atol=1e-3)
