"""The programs as a torch user writes them: eager, vectorised where a torch user would, loops where he has to."""

from __future__ import annotations

import math

import numpy as np
import torch

torch.set_default_dtype(torch.float64)


def scalar_square(x):
    return (x + 1) ** 2


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def taylor_sine(x):
    result = term = x
    i = 0
    while abs(term.item()) > 1e-15:
        term = -term * x * x / ((2 * i + 3) * (2 * i + 2))
        result = result + term
        i += 1
    return result


def tanh_layer(x, w, b):
    return (torch.tanh(x * w + b) ** 2 * torch.exp(-(x**2))).sum()


def branchy_loop(x):
    state, total = 0.1, 0.0
    for value in x:
        if value.item() > 1:
            state = torch.sin(torch.as_tensor(state)) + value
        elif float(torch.as_tensor(state).detach()) < 0:
            state = 0.5 * state * value
        else:
            state = state - 0.3 * value**2
        total = total + state * value
    return total


def logistic_regression(weights, inputs, targets):
    predictions = 0.5 * (torch.tanh(inputs @ weights / 2.0) + 1.0)
    return -torch.log(predictions * targets + (1 - predictions) * (1 - targets)).sum()


def mlp(w1, b1, w2, b2, x, y):
    z = torch.tanh(x @ w1 + b1) @ w2 + b2
    return torch.nn.functional.cross_entropy(z, y)


def gaussian_process_nll(log_parameters, x, y):
    scale, length, noise = torch.exp(log_parameters)
    squared = ((x[:, None, :] - x[None, :, :]) ** 2).sum(dim=2)
    k = scale**2 * torch.exp(-0.5 * squared / length**2) + noise**2 * torch.eye(len(y))
    factor = torch.linalg.cholesky(k)
    alpha = torch.cholesky_solve(y[:, None], factor)[:, 0]
    return 0.5 * y @ alpha + torch.log(torch.diagonal(factor)).sum() + 0.5 * len(y) * math.log(2 * math.pi)


def n_body_pairs(positions):
    i, j = np.tril_indices(positions.shape[0], -1)
    d = positions[i] - positions[j]
    return -(1.0 / torch.sqrt((d**2).sum(dim=1) + 0.01)).sum()


def recurrence_in_place(x, start):
    a = start * x[0]
    total = a**2
    for value in x[1:]:
        a = torch.sin(a) * value + 0.1
        total = total + a**2
    return total


def lotka_volterra(y, p):
    return torch.stack([p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]])


def rk4_lotka_volterra(y, p, steps, h):
    for _ in range(steps):
        k1 = lotka_volterra(y, p)
        k2 = lotka_volterra(y + 0.5 * h * k1, p)
        k3 = lotka_volterra(y + 0.5 * h * k2, p)
        k4 = lotka_volterra(y + h * k3, p)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y[0] ** 2 + y[1]


def heat(u, k, steps):
    for _ in range(steps):
        change = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4.0 * u[1:-1, 1:-1]
        u = u + k * torch.nn.functional.pad(change, (1, 1, 1, 1))
    return (u**2).sum()


def filter_taps(x, taps):
    return (torch.nn.functional.conv1d(x[None, None], taps[None, None]) ** 2).sum()


def thomas(lower, diagonal, upper, right):
    n = len(diagonal)
    low, diag, up, r = lower.unbind(), diagonal.unbind(), upper.unbind(), right.unbind()
    d, x = [diag[0]], [r[0]]
    for i in range(1, n):
        w = low[i - 1] / d[i - 1]
        d.append(diag[i] - w * up[i - 1])
        x.append(r[i] - w * x[i - 1])
    solution = [x[n - 1] / d[n - 1]]
    for i in range(n - 2, -1, -1):
        solution.append((x[i] - up[i] * solution[-1]) / d[i])
    return (torch.stack(solution) ** 2).sum()


def kalman(transition, observation, process_noise, noise, observed):
    n = transition.shape[0]
    mean, covariance, total = torch.zeros(n), torch.eye(n), 0.0
    for y in observed:
        mean = transition @ mean
        covariance = transition @ covariance @ transition.T + process_noise
        innovation = y - observation @ mean
        spread = observation @ covariance @ observation.T + noise
        gain = torch.linalg.solve(spread, observation @ covariance).T
        mean = mean + gain @ innovation
        covariance = covariance - gain @ observation @ covariance
        quadratic = innovation @ torch.linalg.solve(spread, innovation)
        total = total - 0.5 * (torch.slogdet(spread)[1] + quadratic + len(y) * math.log(2 * math.pi))
    return total


def fft_loss(x, target):
    excess = torch.abs(torch.fft.rfft(x)) ** 2 - torch.abs(torch.fft.rfft(target)) ** 2
    return (excess**2).sum() / len(x) ** 2


def normal_cdf(x):
    return 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def black_scholes(spot, strike, time, volatility, rate):
    spread = volatility * torch.sqrt(time)
    d1 = (torch.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / spread
    d2 = d1 - spread
    return (spot * normal_cdf(d1) - strike * torch.exp(-rate * time) * normal_cdf(d2)).sum()


def asian_monte_carlo(spot, volatility, rate, strike, normals):
    h = 1.0 / normals.shape[1]
    steps = (rate - 0.5 * volatility**2) * h + volatility * math.sqrt(h) * normals
    paths = spot * torch.exp(torch.cumsum(steps, dim=1))
    return torch.exp(-rate) * torch.clamp(paths.mean(dim=1) - strike, min=0.0).mean()


def gmm(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = len(alphas)
    columns, rows = zip(*[(c, r) for c in range(d) for r in range(c + 1, d)], strict=True)
    diagonals, sums = torch.exp(icf[:, :d]), icf[:, :d].sum(dim=1)
    factors = torch.diag_embed(diagonals)
    factors[:, rows, columns] = icf[:, d:]
    white = torch.einsum("krc,knc->knr", factors, x[None] - means[:, None])
    terms = (alphas + sums)[:, None] - 0.5 * (white**2).sum(dim=2)
    likelihood = torch.logsumexp(terms, dim=0).sum() - n * torch.logsumexp(alphas, dim=0)
    freedom = d + m + 1
    normaliser = freedom * d * math.log(gamma / math.sqrt(2)) - float(torch.special.multigammaln(freedom / 2 + x[0, 0] * 0, d))
    frobenius = (diagonals**2).sum() + (icf[:, d:] ** 2).sum()
    prior = 0.5 * gamma**2 * frobenius - m * sums.sum() - k * normaliser
    return likelihood - 0.5 * n * d * math.log(2 * math.pi) + prior


def bundle_adjustment(cameras, points, weights, seen, measured):
    camera, x = cameras[seen[:, 0]], points[seen[:, 1]]
    rotation = camera[:, :3]
    angle = torch.sqrt((rotation**2).sum(dim=1))[:, None]
    axis = rotation / angle
    x = x - camera[:, 3:6]
    along = (axis * x).sum(dim=1)[:, None]
    y = x * torch.cos(angle) + torch.linalg.cross(axis, x) * torch.sin(angle) + axis * along * (1 - torch.cos(angle))
    plane = y[:, :2] / y[:, 2:]
    squared = (plane**2).sum(dim=1)
    distortion = 1 + camera[:, 9] * squared + camera[:, 10] * squared**2
    projected = plane * (distortion * camera[:, 6])[:, None] + camera[:, 7:9]
    return ((weights[:, None] * (projected - measured)) ** 2).sum() + ((1 - weights**2) ** 2).sum()


def lstm_language(main, extra, state, sequence):
    state = [(state[layer, 0], state[layer, 1]) for layer in range(len(main))]
    total, count = 0.0, 0
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for layer in range(len(main)):
            weight, bias = main[layer, 0], main[layer, 1]
            hidden, cell = state[layer]
            forget = torch.sigmoid(x * weight[0] + bias[0])
            write = torch.sigmoid(hidden * weight[1] + bias[1])
            show = torch.sigmoid(x * weight[2] + bias[2])
            change = torch.tanh(hidden * weight[3] + bias[3])
            cell = cell * forget + write * change
            x = show * torch.tanh(cell)
            state[layer] = x, cell
        predicted = x * extra[1] + extra[2]
        log_p = predicted - torch.log(torch.exp(predicted).sum() + 2)
        total = total + (sequence[t + 1] * log_p).sum()
        count += len(log_p)
    return -total / count


def euler_xzy(angles):
    """A batch of rotations, one a row of angles."""
    (sx, sy, sz), (cx, cy, cz) = torch.sin(angles).unbind(1), torch.cos(angles).unbind(1)
    entries = [
        cy * cz, -cx * sz + sx * sy * cz, sx * sz + cx * sy * cz,
        cy * sz, cx * cz + sx * sy * sz, -sx * cz + cx * sy * sz,
        -sy, sx * cy, cx * cy,
    ]  # fmt: skip
    return torch.stack(entries, dim=1).reshape(-1, 3, 3)


def angle_axis(v):
    length = torch.sqrt((v**2).sum())
    if length.item() < 1e-4:
        return torch.eye(3)
    u = v / length
    cross = -torch.linalg.cross(torch.eye(3), u[None].expand(3, 3)).T
    s, c = torch.sin(length), torch.cos(length)
    return c * torch.eye(3) + s * cross + (1 - c) * torch.outer(u, u)


def hand_tracking(theta, parents, relative, inverse, weights, rest, matches, points):
    bones = len(parents)
    angles = torch.zeros(bones, 3)
    at = 6
    for b in range(bones):
        if b % 4:
            count = 2 if b % 4 == 1 else 1
            angles[b, :count] = theta[at : at + count]
            at += count
    turns = torch.eye(4).repeat(bones, 1, 1)
    turns[:, :3, :3] = euler_xzy(angles)
    local = relative @ turns
    absolute = []
    for b in range(bones):
        absolute.append(local[b] if parents[b] < 0 else absolute[parents[b]] @ local[b])
    pose = torch.stack(absolute) @ inverse
    skinned = torch.einsum("bv,bij,vj->vi", weights[:, matches], pose[:, :3], rest[matches])
    placed = skinned @ angle_axis(theta[:3]).T + theta[3:6]
    return ((points - placed) ** 2).sum()


def coupled_map(x):
    return torch.sin(x) * (x**2).sum() + torch.roll(x, 1) * torch.exp(-x)


TEXTS = {
    "scalar_square": scalar_square,
    "rosenbrock_slices": rosenbrock,
    "rosenbrock_loop": rosenbrock,
    "taylor_sine": taylor_sine,
    "tanh_layer": tanh_layer,
    "branchy_loop": branchy_loop,
    "logistic_regression": logistic_regression,
    "mlp": mlp,
    "gaussian_process_nll": gaussian_process_nll,
    "n_body_pairs": n_body_pairs,
    "recurrence_in_place": recurrence_in_place,
    "rk4_lotka_volterra": rk4_lotka_volterra,
    "heat_loops": heat,
    "heat_slices": heat,
    "filter_taps": filter_taps,
    "thomas": thomas,
    "kalman": kalman,
    "fft_loss": fft_loss,
    "black_scholes": black_scholes,
    "asian_monte_carlo": asian_monte_carlo,
    "gmm": gmm,
    "bundle_adjustment": bundle_adjustment,
    "bundle_adjustment_vectors": bundle_adjustment,
    "lstm_language": lstm_language,
    "hand_tracking": hand_tracking,
    "coupled_map": coupled_map,
}
