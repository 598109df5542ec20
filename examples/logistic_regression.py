"""autograd's tutorial, with plain NumPy: train a logistic regression by its gradient."""

import numpy as np

from bcad import check_grads, grad


def sigmoid(x):
    return 0.5 * (np.tanh(x / 2.0) + 1)


def logistic_predictions(weights, inputs):
    """The probability of a label being true, according to the model."""
    return sigmoid(np.dot(inputs, weights))


def training_loss(weights):
    """Minus the log likelihood of the training labels."""
    predictions = logistic_predictions(weights, inputs)
    label_probabilities = predictions * targets + (1 - predictions) * (1 - targets)
    return -np.sum(np.log(label_probabilities))


inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
targets = np.array([True, True, False, True])

gradient = grad(training_loss)
check_grads(training_loss)(np.zeros(3))

weights = np.zeros(3)
print("Initial loss:", training_loss(weights))
for _ in range(100):
    weights = weights - gradient(weights) * 0.1
print("Trained loss:", training_loss(weights))

assert np.isclose(training_loss(weights), 0.1674108304, atol=1e-9)
