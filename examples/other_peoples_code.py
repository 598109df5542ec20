"""Differentiate a library that never heard of bcad: SciPy's Rosenbrock function, checked by its own derivatives."""

import numpy as np
from scipy.optimize import rosen, rosen_der, rosen_hess, rosen_hess_prod

import bcad

x = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
direction = np.ones(5)

value, gradient = bcad.value_and_grad(rosen)(x)
print("value:", value)
print("gradient:", gradient)
print("by hand: ", rosen_der(x))

assert np.allclose(gradient, rosen_der(x), rtol=1e-13)
assert np.allclose(bcad.hessian(rosen)(x), rosen_hess(x), rtol=1e-12)
assert np.allclose(bcad.hessian_vector_product(rosen)(x, direction), rosen_hess_prod(x, direction), rtol=1e-12)

found = bcad.minimize(rosen, x, method="BFGS")
print(found.message, found.x)
assert np.allclose(found.x, 1, atol=1e-4)
