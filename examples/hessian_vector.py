"""Hessian-vector products without the Hessian: curvature along one direction, and Newton-CG on many variables."""

import numpy as np

from bcad import HessianVector, fmin_ncg, hessian


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


x = np.array([1.3, 0.7, 0.8, 1.9])
direction = np.array([1.0, 0.0, -1.0, 0.5])

hv = HessianVector(rosenbrock)
product = hv(x, vectors=direction)
print("H @ v:", product)
print("the same by the whole Hessian:", hessian(rosenbrock)(x) @ direction)
assert np.allclose(product, hessian(rosenbrock)(x) @ direction, rtol=1e-12)

minimum = fmin_ncg(rosenbrock, np.linspace(0.5, 1.5, 50), avextol=1e-9, disp=False)
print("distance of 50 variables from the minimum:", np.abs(minimum - 1).max())
assert np.allclose(minimum, 1, atol=1e-4)
