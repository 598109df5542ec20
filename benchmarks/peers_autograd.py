"""The programs that assign to arrays, as an autograd user has to write them: lists, stacks, padding."""

from __future__ import annotations

import math

import autograd.numpy as np
from autograd.scipy.special import gammaln

from tests.programs.adbench import BONES_PER_FINGER, angle_axis, euler_xzy, lower_triangle


def filter_taps(x, taps):
    n = len(x) - len(taps) + 1
    y = sum(taps[k] * x[k : k + n] for k in range(len(taps)))
    return np.sum(y**2)


def recurrence_in_place(x, start):
    a = start * x[0]
    total = a**2
    for i in range(1, len(x)):
        a = np.sin(a) * x[i] + 0.1
        total = total + a**2
    return total


def heat(u, k, steps):
    for _ in range(steps):
        change = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        u = u + k * np.pad(change, 1, mode="constant")
    return np.sum(u**2)


def thomas(lower, diagonal, upper, right):
    n = len(diagonal)
    d, x = [diagonal[0]], [right[0]]
    for i in range(1, n):
        w = lower[i - 1] / d[i - 1]
        d.append(diagonal[i] - w * upper[i - 1])
        x.append(right[i] - w * x[i - 1])
    value = x[n - 1] / d[n - 1]
    total = value**2
    for i in range(n - 2, -1, -1):
        value = (x[i] - upper[i] * value) / d[i]
        total = total + value**2
    return total


def log_sum_exp(x, axis):
    top = np.max(x, axis=axis, keepdims=True)
    return np.log(np.sum(np.exp(x - top), axis=axis)) + np.squeeze(top, axis=axis)


def places_of_entries(d):
    """A constant matrix that spreads the entries of a strict lower triangle over a flat d x d matrix."""
    count = d * (d - 1) // 2
    return np.array([lower_triangle(row, d).ravel() for row in np.eye(count)]).reshape(count, d * d)


def gmm(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = len(alphas)
    diagonals, sums = np.exp(icf[:, :d]), np.sum(icf[:, :d], axis=1)
    spread = places_of_entries(d)
    terms = []
    for j in range(k):
        factor = np.diag(diagonals[j]) + np.reshape(icf[j, d:] @ spread, (d, d))
        terms.append(alphas[j] + sums[j] - 0.5 * np.sum((x - means[j]) @ factor.T * ((x - means[j]) @ factor.T), axis=1))
    likelihood = np.sum(log_sum_exp(np.stack(terms, axis=1), axis=1)) - n * log_sum_exp(alphas, axis=0)
    freedom = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi)
    log_gamma += np.sum(gammaln(0.5 * freedom + 0.5 * (1 - np.arange(1, d + 1))))
    normaliser = freedom * d * math.log(gamma / math.sqrt(2)) - log_gamma
    frobenius = np.sum(diagonals**2) + np.sum(icf[:, d:] ** 2)
    prior = 0.5 * gamma**2 * frobenius - m * np.sum(sums) - k * normaliser
    return likelihood - 0.5 * n * d * math.log(2 * math.pi) + prior


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_language(main, extra, state, sequence):
    state = [(state[layer, 0], state[layer, 1]) for layer in range(len(main))]
    total, count = 0.0, 0
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for layer in range(len(main)):
            weight, bias = main[layer, 0], main[layer, 1]
            hidden, cell = state[layer]
            forget = sigmoid(x * weight[0] + bias[0])
            write = sigmoid(hidden * weight[1] + bias[1])
            show = sigmoid(x * weight[2] + bias[2])
            change = np.tanh(hidden * weight[3] + bias[3])
            cell = cell * forget + write * change
            x = show * np.tanh(cell)
            state[layer] = x, cell
        predicted = x * extra[1] + extra[2]
        log_p = predicted - np.log(np.sum(np.exp(predicted)) + 2)
        total = total + np.sum(sequence[t + 1] * log_p)
        count += len(sequence[t])
    return -total / count


def affine(rotation):
    top = np.concatenate([rotation, np.zeros((3, 1))], axis=1)
    return np.concatenate([top, np.array([[0.0, 0.0, 0.0, 1.0]])], axis=0)


def rotations(theta, bones, turn):
    """The turn of every bone: two angles at a finger's first joint, one at the next two, none at its root."""
    at = 6
    for b in range(bones):
        x = y = 0.0
        if b % BONES_PER_FINGER:
            x, at = theta[at], at + 1
        if b % BONES_PER_FINGER == 1:
            y, at = theta[at], at + 1
        yield turn(np.array([x, y, 0.0]))


def hand_tracking_with(turn, global_turn):
    """The objective with the two rotation formulas given: they are the program's own, read with autograd's numpy."""

    def hand_tracking(theta, parents, relative, inverse, weights, rest, matches, points):
        absolute = []
        for b, rotation in enumerate(rotations(theta, len(parents), turn)):
            local = relative[b] @ affine(rotation)
            absolute.append(local if parents[b] < 0 else absolute[parents[b]] @ local)
        skinned = 0.0
        for b in range(len(parents)):
            skinned = skinned + weights[b][:, None] * (rest @ (absolute[b] @ inverse[b]).T)[:, :3]
        placed = skinned @ global_turn(theta[:3]).T + theta[3:6]
        return np.sum((points - placed[matches]) ** 2)

    return hand_tracking


def texts(renew):
    """The texts by program; `renew` gives a program's helper with autograd's numpy in the place of numpy."""
    return {
        "filter_taps": filter_taps,
        "recurrence_in_place": recurrence_in_place,
        "heat_loops": heat,
        "heat_slices": heat,
        "thomas": thomas,
        "gmm": gmm,
        "lstm_language": lstm_language,
        "hand_tracking": hand_tracking_with(renew(euler_xzy), renew(angle_axis)),
    }
