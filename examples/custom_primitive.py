"""Give a function a derivative of your own: an opaque C routine, and a formula that must not overflow."""

import numpy as np
from scipy.special import logsumexp as scipy_logsumexp

from bcad import defjvp, defvjp, grad, jvp, primitive


@primitive
def logsumexp(x):
    """log(sum(exp(x))), by SciPy; bcad does not look inside."""
    return scipy_logsumexp(x)


defvjp(logsumexp, lambda answer, x: lambda g: g * np.exp(x - answer))
defjvp(logsumexp, lambda dx, answer, x: np.sum(dx * np.exp(x - answer)))


def loss(x):
    return logsumexp(x**2)


x = np.array([1.0, -30.0, 2.0])
print("gradient:", grad(loss)(x))
print("along (1, 1, 1):", jvp(loss, (x,), (np.ones(3),)))

value, tangent = jvp(loss, (x,), (np.ones(3),))
assert value == 900.0
assert np.allclose(grad(loss)(x), [0, -60, 0])
assert np.isclose(tangent, -60)

# the rule is written in NumPy, so it is differentiated in its turn
second = grad(lambda x: grad(loss)(x)[2])(np.array([1.0, 0.5, 2.0]))
print("second derivatives:", second)
assert np.isfinite(second).all()
