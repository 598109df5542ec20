"""Dynamic programming over sequences: edit distance on soft costs, Viterbi, hidden Markov models, soft time warping."""

from __future__ import annotations

import numpy as np

from .record import program


def logs(*shape, seed=0):
    """Logarithms of rows that sum to one."""
    p = np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)
    return np.log(p / p.sum(axis=-1, keepdims=True))


@program(
    lambda: (logs(4, 3), logs(5, 3, seed=1), 0.7),
    alternatives=[lambda: (logs(2, 3), logs(6, 3, seed=1), 0.3), lambda: (logs(1, 2), logs(1, 2, seed=1), 2.0)],
    argnums=(0, 1, 2), tags=["loop", "inplace"],
)  # fmt: skip
def soft_edit_distance(a, b, gap):
    """The edit distance of two sequences of vectors, with a smooth minimum over insert, delete, replace."""
    n, m = len(a), len(b)
    cost = np.zeros((n + 1, m + 1))
    for i in range(1, n + 1):
        cost[i, 0] = i * gap
    for j in range(1, m + 1):
        cost[0, j] = j * gap
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            replace = cost[i - 1, j - 1] + np.sum((a[i - 1] - b[j - 1]) ** 2)
            delete = cost[i - 1, j] + gap
            insert = cost[i, j - 1] + gap
            cost[i, j] = -np.log(np.exp(-replace) + np.exp(-delete) + np.exp(-insert))
    return cost[n, m]


@program(
    lambda: (logs(3), logs(3, 3, seed=1), logs(3, 4, seed=2), np.array([0, 3, 1, 1, 2])),
    alternatives=[lambda: (logs(2), logs(2, 2, seed=1), logs(2, 3, seed=2), np.array([2, 0, 0, 1, 2, 2, 1]))],
    argnums=(0, 1, 2), tags=["loop", "inplace", "branch", "kink"],
)  # fmt: skip
def viterbi(initial, transitions, emissions, observed):
    """The log probability of the most probable path."""
    best = initial + emissions[:, observed[0]]
    for t in range(1, len(observed)):
        new = np.zeros_like(best)
        for j in range(len(best)):
            top = -np.inf
            for i in range(len(best)):
                score = best[i] + transitions[i, j]
                if score > top:
                    top = score
            new[j] = top + emissions[j, observed[t]]
        best = new
    return np.max(best)


@program(
    lambda: (np.exp(logs(3)), np.exp(logs(3, 3, seed=1)), np.exp(logs(3, 4, seed=2)), np.array([0, 3, 1, 1, 2])),
    alternatives=[
        lambda: (np.exp(logs(2)), np.exp(logs(2, 2)), np.exp(logs(2, 3)), np.array([2, 0, 0, 1, 2, 2, 1, 0, 1]))
    ],
    argnums=(0, 1, 2), tags=["loop"],
)  # fmt: skip
def hmm_forward(initial, transitions, emissions, observed):
    """The log likelihood by the forward algorithm, rescaled at every step."""
    alpha = initial * emissions[:, observed[0]]
    scale = alpha.sum()
    alpha = alpha / scale
    log_likelihood = np.log(scale)
    for symbol in observed[1:]:
        alpha = (alpha @ transitions) * emissions[:, symbol]
        scale = alpha.sum()
        alpha /= scale
        log_likelihood += np.log(scale)
    return log_likelihood


@program(
    lambda: (np.sin(np.arange(5.0)), np.cos(np.arange(6.0)), 0.5),
    alternatives=[lambda: (np.sin(np.arange(3.0)), np.cos(np.arange(9.0)), 1.5)],
    argnums=(0, 1, 2), tags=["loop", "list"],
)  # fmt: skip
def soft_time_warping(x, y, gamma):
    """Soft dynamic time warping, its rows kept as lists of numbers."""
    row = [0.0] + [1e3] * len(y)
    for xi in x:
        new = [1e3]
        for j in range(len(y)):
            options = np.array([row[j], row[j + 1], new[j]])
            low = np.min(options)
            soft = low - gamma * np.log(np.sum(np.exp(-(options - low) / gamma)))
            new.append((xi - y[j]) ** 2 + soft)
        row = new
    return row[-1]


@program(
    lambda: (np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 0.8), alternatives=[lambda: (np.arange(9.0), 0.2)],
    argnums=(0, 1), tags=["loop", "list"],
)  # fmt: skip
def smoothed_history(x, weight):
    """Exponential smoothing gathered in a list, then fitted by its own mean."""
    history = []
    level = x[0]
    for value in x[1:]:
        level = weight * value + (1 - weight) * level
        history.append(level)
    smooth = np.array(history)
    return np.sum((smooth - smooth.mean()) ** 2)
