"""The programs as a JAX user writes them, where the NumPy text does not run: scan for loops, vmap for observations."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import gammaln

jax.config.update("jax_enable_x64", True)


def taylor_sine(x):
    def go_on(state):
        return jnp.abs(state[1]) > 1e-15

    def step(state):
        total, term, i = state
        term = -term * x * x / ((2 * i + 3) * (2 * i + 2))
        return total + term, term, i + 1

    return lax.while_loop(go_on, step, (x, x, 0))[0]


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def branchy_loop(x):
    def step(carry, value):
        state, total = carry
        state = jnp.where(
            value > 1, jnp.sin(state) + value, jnp.where(state < 0, 0.5 * state * value, state - 0.3 * value**2)
        )
        return (state, total + state * value), None

    return lax.scan(step, (0.1, 0.0), x)[0][1]


def logistic_regression(weights, inputs, targets):
    predictions = 0.5 * (jnp.tanh(inputs @ weights / 2.0) + 1.0)
    return -jnp.sum(jnp.log(predictions * targets + (1 - predictions) * (1 - targets)))


def n_body_pairs(positions):
    i, j = np.tril_indices(positions.shape[0], -1)
    d = positions[i] - positions[j]
    return -jnp.sum(1.0 / jnp.sqrt(jnp.sum(d**2, axis=1) + 0.01))


def recurrence_in_place(x, start):
    def step(a, value):
        a = jnp.sin(a) * value + 0.1
        return a, a**2

    first = start * x[0]
    return first**2 + lax.scan(step, first, x[1:])[1].sum()


def lotka_volterra(y, p):
    return jnp.stack([p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]])


def rk4_lotka_volterra(y, p, steps, h):
    def step(y, _):
        k1 = lotka_volterra(y, p)
        k2 = lotka_volterra(y + 0.5 * h * k1, p)
        k3 = lotka_volterra(y + 0.5 * h * k2, p)
        k4 = lotka_volterra(y + h * k3, p)
        return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), None

    y, _ = lax.scan(step, y, None, length=steps)
    return y[0] ** 2 + y[1]


def heat(u, k, steps):
    def step(u, _):
        change = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        return u.at[1:-1, 1:-1].add(k * change), None

    return jnp.sum(lax.scan(step, u, None, length=steps)[0] ** 2)


def filter_taps(x, taps):
    return jnp.sum(jnp.convolve(x, taps[::-1], mode="valid") ** 2)


def thomas(lower, diagonal, upper, right):
    def forward(carry, row):
        d, x = carry
        low, diag, up, r = row
        w = low / d
        return (diag - w * up, r - w * x), (diag - w * up, r - w * x)

    start = diagonal[0], right[0]
    _, (d, x) = lax.scan(forward, start, (lower, diagonal[1:], upper, right[1:]))
    d, x = jnp.concatenate([diagonal[:1], d]), jnp.concatenate([right[:1], x])

    def backward(after, row):
        di, xi, up = row
        xi = (xi - up * after) / di
        return xi, xi

    last = x[-1] / d[-1]
    _, solution = lax.scan(backward, last, (d[:-1], x[:-1], upper), reverse=True)
    return jnp.sum(solution**2) + last**2


def kalman(transition, observation, process_noise, noise, observed):
    n = transition.shape[0]

    def step(carry, y):
        mean, covariance, total = carry
        mean = transition @ mean
        covariance = transition @ covariance @ transition.T + process_noise
        innovation = y - observation @ mean
        spread = observation @ covariance @ observation.T + noise
        gain = jnp.linalg.solve(spread, observation @ covariance).T
        mean = mean + gain @ innovation
        covariance = covariance - gain @ observation @ covariance
        _, log_det = jnp.linalg.slogdet(spread)
        quadratic = innovation @ jnp.linalg.solve(spread, innovation)
        total -= 0.5 * (log_det + quadratic + len(y) * math.log(2 * math.pi))
        return (mean, covariance, total), None

    return lax.scan(step, (jnp.zeros(n), jnp.eye(n), 0.0), observed)[0][2]


def gmm(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = len(alphas)
    columns, rows = zip(*[(c, r) for c in range(d) for r in range(c + 1, d)], strict=True)
    diagonals, sums = jnp.exp(icf[:, :d]), jnp.sum(icf[:, :d], axis=1)

    def term(alpha, mean, diagonal, total, entries):
        factor = jnp.diag(diagonal).at[jnp.array(rows), jnp.array(columns)].set(entries)
        return alpha + total - 0.5 * jnp.sum(((x - mean) @ factor.T) ** 2, axis=1)

    terms = jax.vmap(term, out_axes=1)(alphas, means, diagonals, sums, icf[:, d:])
    likelihood = jax.nn.logsumexp(terms, axis=1).sum() - n * jax.nn.logsumexp(alphas)
    freedom = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi) + gammaln(0.5 * freedom + 0.5 * (1 - np.arange(1, d + 1))).sum()
    normaliser = freedom * d * jnp.log(gamma / math.sqrt(2)) - log_gamma
    frobenius = jnp.sum(diagonals**2) + jnp.sum(icf[:, d:] ** 2)
    prior = 0.5 * gamma**2 * frobenius - m * jnp.sum(sums) - k * normaliser
    return likelihood - 0.5 * n * d * math.log(2 * math.pi) + prior


def project(camera, x):
    rotation = camera[:3]
    squared = rotation @ rotation
    safe = jnp.where(squared > 0, squared, 1.0)
    angle = jnp.sqrt(safe)
    axis = rotation / angle
    x = x - camera[3:6]
    turned = x * jnp.cos(angle) + jnp.cross(axis, x) * jnp.sin(angle) + axis * (axis @ x) * (1 - jnp.cos(angle))
    y = jnp.where(squared > 0, turned, x + jnp.cross(rotation, x))
    plane = y[:2] / y[2]
    s = plane @ plane
    return plane * (1 + camera[9] * s + camera[10] * s * s) * camera[6] + camera[7:9]


def bundle_adjustment(cameras, points, weights, seen, measured):
    projected = jax.vmap(project)(cameras[seen[:, 0]], points[seen[:, 1]])
    return jnp.sum((weights[:, None] * (projected - measured)) ** 2) + jnp.sum((1 - weights**2) ** 2)


def lstm_language(main, extra, state, sequence):
    def cell(weight, bias, hidden, memory, x):
        forget = jax.nn.sigmoid(x * weight[0] + bias[0])
        write = jax.nn.sigmoid(hidden * weight[1] + bias[1])
        show = jax.nn.sigmoid(x * weight[2] + bias[2])
        change = jnp.tanh(hidden * weight[3] + bias[3])
        memory = memory * forget + write * change
        return show * jnp.tanh(memory), memory

    def step(state, pair):
        x, target = pair
        x = x * extra[0]
        new = []
        for layer in range(main.shape[0]):
            hidden, memory = cell(main[layer, 0], main[layer, 1], state[layer, 0], state[layer, 1], x)
            new.append(jnp.stack([hidden, memory]))
            x = hidden
        predicted = x * extra[1] + extra[2]
        log_p = predicted - jnp.log(jnp.sum(jnp.exp(predicted)) + 2)
        return jnp.stack(new), jnp.sum(target * log_p)

    _, totals = lax.scan(step, state, (sequence[:-1], sequence[1:]))
    return -jnp.sum(totals) / (totals.size * sequence.shape[1])


def euler_xzy(angles):
    (sx, sy, sz), (cx, cy, cz) = jnp.sin(angles), jnp.cos(angles)
    rows = [
        [cy * cz, -cx * sz + sx * sy * cz, sx * sz + cx * sy * cz],
        [cy * sz, cx * cz + sx * sy * sz, -sx * cz + cx * sy * sz],
        [-sy, sx * cy, cx * cy],
    ]
    return jnp.array(rows)


def angle_axis(v):
    squared = jnp.sum(v**2)
    safe = jnp.where(squared >= 1e-8, squared, 1.0)
    length = jnp.sqrt(safe)
    x, y, z = v / length
    s, c = jnp.sin(length), jnp.cos(length)
    cross = jnp.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    u = jnp.array([x, y, z])
    turned = c * jnp.eye(3) + s * cross + (1 - c) * jnp.outer(u, u)
    return jnp.where(squared >= 1e-8, turned, jnp.eye(3))


def hand_tracking(theta, parents, relative, inverse, weights, rest, matches, points):
    bones = len(parents)
    rows, axes, sources = [], [], []
    at = 6
    for b in range(bones):
        if b % 4:
            for axis in range(2 if b % 4 == 1 else 1):
                rows, axes, sources, at = [*rows, b], [*axes, axis], [*sources, at], at + 1
    angles = jnp.zeros((bones, 3)).at[np.array(rows), np.array(axes)].set(theta[np.array(sources)])
    turns = jnp.tile(jnp.eye(4), (bones, 1, 1)).at[:, :3, :3].set(jax.vmap(euler_xzy)(angles))
    local = relative @ turns
    absolute: list[Any] = []
    for b in range(bones):
        absolute.append(local[b] if parents[b] < 0 else absolute[parents[b]] @ local[b])
    pose = jnp.stack(absolute) @ inverse
    vertices = rest[matches]
    skinned = jnp.einsum("bv,bij,vj->vi", weights[:, matches], pose[:, :3], vertices)
    placed = skinned @ angle_axis(theta[:3]).T + theta[3:6]
    return jnp.sum((points - placed) ** 2)


FORWARD_ONLY = ("taylor_sine",)  # there is no reverse mode through while_loop
TEXTS = {
    "taylor_sine": taylor_sine,
    "rosenbrock_loop": rosenbrock,
    "branchy_loop": branchy_loop,
    "logistic_regression": logistic_regression,
    "n_body_pairs": n_body_pairs,
    "recurrence_in_place": recurrence_in_place,
    "rk4_lotka_volterra": rk4_lotka_volterra,
    "heat_loops": heat,
    "heat_slices": heat,
    "filter_taps": filter_taps,
    "thomas": thomas,
    "kalman": kalman,
    "gmm": gmm,
    "bundle_adjustment": bundle_adjustment,
    "lstm_language": lstm_language,
    "hand_tracking": hand_tracking,
}
