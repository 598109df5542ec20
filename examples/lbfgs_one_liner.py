"""Minimise in one line: no gradient to write, the result nested as the start was."""

import numpy as np

from bcad import fmin_l_bfgs_b

(x,) = fmin_l_bfgs_b(lambda x: (x + 1) ** 2, [np.zeros(())])
print(x)
assert np.isclose(x, -1)


def svm_loss(weights, bias, inputs, labels):
    """A linear classifier with a squared hinge: weights and bias are found together."""
    margin = 1 - labels * (inputs @ weights + bias)
    return np.mean(np.where(margin > 0, margin, 0.0) ** 2) + 0.01 * (weights**2).sum()


rng = np.random.default_rng(0)
labels = np.repeat([1.0, -1.0], 50)
inputs = rng.normal(size=(100, 2)) + 1.5 * labels[:, None]

weights, bias = fmin_l_bfgs_b(lambda w, b: svm_loss(w, b, inputs, labels), [np.zeros(2), np.zeros(())])
accuracy = np.mean(np.sign(inputs @ weights + bias) == labels)
print("weights", weights, "bias", bias, "accuracy", accuracy)
assert accuracy > 0.95

bounded = fmin_l_bfgs_b(lambda x: ((x - 2) ** 2).sum(), np.zeros(3), scalar_bounds=(-1, 1))
print(bounded)
assert np.allclose(bounded, 1)
