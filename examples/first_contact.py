"""The main job in one screen: print a gradient, evaluate it compiled, minimise a function."""

import numpy as np

from bcad import Gradient, fmin_l_bfgs_b


def misfit(x, target):
    """Ordinary NumPy: nothing in here knows that it will be differentiated."""
    return ((x - target) ** 2).sum()


target = np.array([1.0, 2.0, 3.0])

g = Gradient(misfit, [np.zeros(3), target], wrt="x")
print(g)
print(g(np.arange(3.0), target))
print(fmin_l_bfgs_b(lambda x: misfit(x, target), [np.zeros(3)]))

assert np.array_equal(g(np.arange(3.0), target), [-2.0, -2.0, -2.0])
