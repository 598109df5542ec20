"""Small models that learn: logistic and softmax regression, a perceptron of several layers, an LSTM, attention."""

from __future__ import annotations

import numpy as np

from .record import program


def reals(*shape, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=shape)


def labels(n, classes=2, seed=0):
    return np.random.default_rng(seed).integers(0, classes, size=n)


def sigmoid(x):
    return 0.5 * (np.tanh(x / 2.0) + 1.0)


@program(
    lambda: (reals(3), reals(6, 3, seed=1), labels(6)),
    alternatives=[lambda: (reals(2), reals(11, 2, seed=1), labels(11))], argnums=(0, 1), tags=["vector"],
)  # fmt: skip
def logistic_regression(weights, inputs, targets):
    """autograd's tutorial: minus the log likelihood of the labels."""
    predictions = sigmoid(np.dot(inputs, weights))
    probabilities = predictions * targets + (1 - predictions) * (1 - targets)
    return -np.sum(np.log(probabilities))


@program(
    lambda: (reals(4, 3), reals(3), reals(5, 4, seed=1), labels(5, 3)),
    alternatives=[lambda: (reals(2, 4), reals(4), reals(9, 2, seed=1), labels(9, 4))],
    argnums=(0, 1), tags=["vector"],
)  # fmt: skip
def softmax_regression(w, b, x, y):
    z = x @ w + b
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(y)), y])


def layers(*sizes, seed=0):
    rng = np.random.default_rng(seed)
    pairs = list(zip(sizes[:-1], sizes[1:], strict=True))
    return [(0.5 * rng.normal(size=pair), 0.1 * rng.normal(size=pair[1])) for pair in pairs]


def two_layers(n, m, k, seed=0):
    (w1, b1), (w2, b2) = layers(n, m, k, seed=seed)
    return w1, b1, w2, b2


@program(
    lambda: (*two_layers(4, 5, 3), reals(6, 4), labels(6, 3)),
    alternatives=[lambda: (*two_layers(3, 7, 2), reals(4, 3), labels(4, 2))],
    argnums=(0, 1, 2, 3), tags=["vector"],
)  # fmt: skip
def mlp(w1, b1, w2, b2, x, y):
    z = np.tanh(x @ w1 + b1) @ w2 + b2
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(y)), y])


@program(
    lambda: (two_layers(4, 5, 3)[0], reals(6, 4), labels(6, 3)),
    alternatives=[lambda: (two_layers(3, 4, 2)[0], reals(2, 3), labels(2, 2))], tags=["loop", "unroll"],
)  # fmt: skip
def mlp_of_layers(w1, x, y):
    """The layers are a list of differently shaped pairs, the first of which is differentiated."""
    network = layers(w1.shape[1], 4, y.max() + 1, seed=3)
    network = [(w1, np.zeros(w1.shape[1])), *network]
    for i, (w, b) in enumerate(network):
        x = x @ w + b
        if i < len(network) - 1:
            x = np.maximum(x, 0.1 * x)
    log_p = x - np.log(np.sum(np.exp(x), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(y)), y])


def lstm_parameters(inputs, hidden, seed=0):
    return reals(inputs + hidden, 4 * hidden, seed=seed, scale=0.4), reals(4 * hidden, seed=seed + 1, scale=0.2)


@program(
    lambda: (*lstm_parameters(2, 3), reals(5, 2)), alternatives=[lambda: (*lstm_parameters(1, 2), reals(9, 1))],
    argnums=(0, 1, 2), tags=["loop"],
)  # fmt: skip
def lstm(weights, bias, sequence):
    """A long short-term memory over a sequence; its four gates in one product."""
    size = len(bias) // 4
    h, c = np.zeros(size), np.zeros(size)
    loss = 0.0
    for x in sequence:
        gates = np.concatenate([x, h]) @ weights + bias
        keep, write, show, new = gates[:size], gates[size : 2 * size], gates[2 * size : 3 * size], gates[3 * size :]
        c = sigmoid(keep) * c + sigmoid(write) * np.tanh(new)
        h = sigmoid(show) * np.tanh(c)
        loss += np.sum(h**2)
    return loss


@program(
    lambda: (reals(4, 3), reals(5, 3, seed=1), reals(5, 2, seed=2)),
    alternatives=[lambda: (reals(1, 2), reals(3, 2, seed=1), reals(3, 4, seed=2))],
    argnums=(0, 1, 2), tags=["vector"],
)  # fmt: skip
def attention(queries, keys, values):
    scores = queries @ keys.T / np.sqrt(keys.shape[1])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.sum((weights @ values) ** 2)


@program(
    lambda: (reals(6, 3), np.array([0, 2, 5, 2])), alternatives=[lambda: (reals(4, 2), np.array([3, 3, 1, 0, 0, 2]))],
    tags=["vector", "inplace"],
)  # fmt: skip
def embedding_counts(table, words):
    """Gather rows, then scatter-add with repeated indices by np.add.at."""
    rows = np.tanh(table[words])
    pooled = np.zeros_like(table)
    np.add.at(pooled, words, rows)
    return np.sum(pooled**2 * table)
