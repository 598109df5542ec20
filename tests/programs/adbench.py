"""The four objectives of ADBench (arXiv 1807.10129) as a NumPy user writes them: GMM, BA, hand tracking, LSTM."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from .record import program


def reals(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# --- Gaussian mixture, with a Wishart prior; icf holds, per component, log diagonal and strict lower triangle


def lower_triangle(entries, d):
    """The strictly lower triangular matrix, filled column by column."""
    matrix = np.zeros((d, d))
    at = 0
    for i in range(d):
        matrix[i + 1 :, i] = entries[at : at + d - i - 1]
        at += d - i - 1
    return matrix


def log_gamma_of_dimension(a, p):
    return 0.25 * p * (p - 1) * np.log(np.pi) + sum(gammaln(a + 0.5 * (1 - j)) for j in range(1, p + 1))


def log_sum_exp(x, axis):
    top = np.max(x, axis=axis, keepdims=True)
    return np.log(np.sum(np.exp(x - top), axis=axis)) + np.squeeze(top, axis=axis)


def mixture(n, d, k, seed=0):
    icf = reals(k, d + d * (d - 1) // 2, seed=seed)
    return reals(k, seed=seed + 1), reals(k, d, seed=seed + 2), icf, reals(n, d, seed=seed + 3), 1.0, 0


@program(
    lambda: mixture(6, 3, 2), alternatives=[lambda: mixture(4, 2, 5, seed=1)],
    argnums=(0, 1, 2), tags=["loop", "inplace", "scipy"],
)  # fmt: skip
def gmm(alphas, means, icf, x, gamma, m):
    """The log likelihood of a mixture of Gaussians given by inverse covariance factors."""
    n, d = x.shape
    k = len(alphas)
    diagonals = np.exp(icf[:, :d])
    sums = np.sum(icf[:, :d], axis=1)
    terms = np.zeros((n, k))
    for j in range(k):
        factor = np.diag(diagonals[j]) + lower_triangle(icf[j, d:], d)
        terms[:, j] = alphas[j] + sums[j] - 0.5 * np.sum(((x - means[j]) @ factor.T) ** 2, axis=1)
    likelihood = np.sum(log_sum_exp(terms, axis=1)) - n * log_sum_exp(alphas, axis=0)
    freedom = d + m + 1
    normaliser = freedom * d * np.log(gamma / np.sqrt(2)) - log_gamma_of_dimension(0.5 * freedom, d)
    frobenius = np.sum(diagonals**2) + np.sum(icf[:, d:] ** 2)
    prior = 0.5 * gamma**2 * frobenius - m * np.sum(sums) - k * normaliser
    return likelihood - 0.5 * n * d * np.log(2 * np.pi) + prior


# --- bundle adjustment; a camera is rotation (3), centre (3), focal length, principal point (2), distortion (2)


def rodrigues(rotation, x):
    """Rotate x about an axis by the length of that axis; series for no rotation at all."""
    squared = rotation @ rotation
    if squared != 0:
        angle = np.sqrt(squared)
        axis = rotation / angle
        cosine, sine = np.cos(angle), np.sin(angle)
        return x * cosine + np.cross(axis, x) * sine + axis * (axis @ x) * (1 - cosine)
    return x + np.cross(rotation, x)


def project(camera, x):
    y = rodrigues(camera[:3], x - camera[3:6])
    plane = y[:2] / y[2]
    squared = plane @ plane
    distortion = 1 + camera[9] * squared + camera[10] * squared * squared
    return plane * distortion * camera[6] + camera[7:9]


def scene(cameras, points, seed=0):
    """Cameras, points, weights, which camera sees which point, and where on the image it does."""
    rng = np.random.default_rng(seed)
    cams = 0.1 * rng.normal(size=(cameras, 11)) + np.array([0, 0, 0, 0, 0, -5.0, 1, 0, 0, 0, 0])
    seen = np.array([(c, p) for p in range(points) for c in range(cameras)])
    return cams, rng.normal(size=(points, 3)), rng.uniform(0.5, 1, len(seen)), seen, rng.normal(size=(len(seen), 2))


def camera_without_rotation(seed=0):
    cameras, *rest = scene(1, 2, seed)
    cameras[:, :3] = 0.0
    return cameras, *rest


@program(
    lambda: scene(2, 3), alternatives=[lambda: scene(1, 5, seed=1), camera_without_rotation],
    argnums=(0, 1, 2), tags=["loop", "branch"],
)  # fmt: skip
def bundle_adjustment(cameras, points, weights, seen, measured):
    """The sum of the squared reprojection errors and of what keeps the weights near one, observation by observation."""
    total = 0.0
    for i in range(len(seen)):
        camera, point = seen[i]
        error = weights[i] * (project(cameras[camera], points[point]) - measured[i])
        total += error @ error + (1 - weights[i] ** 2) ** 2
    return total


@program(
    lambda: scene(2, 3), alternatives=[lambda: scene(3, 4, seed=1)],
    argnums=(0, 1, 2), tags=["vector"],
)  # fmt: skip
def bundle_adjustment_vectors(cameras, points, weights, seen, measured):
    """The same for all observations at once."""
    camera, x = cameras[seen[:, 0]], points[seen[:, 1]]
    rotation = camera[:, :3]
    angle = np.sqrt(np.sum(rotation**2, axis=1))[:, None]
    axis = rotation / angle
    x = x - camera[:, 3:6]
    along = np.sum(axis * x, axis=1)[:, None]
    y = x * np.cos(angle) + np.cross(axis, x) * np.sin(angle) + axis * along * (1 - np.cos(angle))
    plane = y[:, :2] / y[:, 2:]
    squared = np.sum(plane**2, axis=1)
    distortion = 1 + camera[:, 9] * squared + camera[:, 10] * squared**2
    projected = plane * (distortion * camera[:, 6])[:, None] + camera[:, 7:9]
    error = weights[:, None] * (projected - measured)
    return np.sum(error**2) + np.sum((1 - weights**2) ** 2)


# --- hand tracking: a skeleton of bones, a skinned mesh, correspondences

BONES_PER_FINGER = 4
FINGERS = 5


def angle_axis(v):
    """The rotation matrix of a rotation vector."""
    length = np.sqrt(np.sum(v**2))
    if length < 1e-4:
        return np.eye(3)
    x, y, z = v / length
    s, c = np.sin(length), np.cos(length)
    return np.array(
        [
            [x * x + (1 - x * x) * c, x * y * (1 - c) - z * s, x * z * (1 - c) + y * s],
            [x * y * (1 - c) + z * s, y * y + (1 - y * y) * c, y * z * (1 - c) - x * s],
            [x * z * (1 - c) - y * s, z * y * (1 - c) + x * s, z * z + (1 - z * z) * c],
        ]
    )


def euler_xzy(angles):
    """The product of rotations about x, z and y by the three angles given as x, y, z."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(angles), np.cos(angles)
    return np.array(
        [
            [cy * cz, -cx * sz + sx * sy * cz, sx * sz + cx * sy * cz],
            [cy * sz, cx * cz + sx * sy * sz, -sx * cz + cx * sy * sz],
            [-sy, sx * cy, cx * cy],
        ]
    )


def joint_angles(theta):
    """One row of Euler angles a bone from the 26 parameters: spread and flexion at a finger's root, flexion above."""
    angles = np.zeros((FINGERS * BONES_PER_FINGER, 3))
    at = 6
    for finger in range(FINGERS):
        for bone in range(1, BONES_PER_FINGER):
            row = finger * BONES_PER_FINGER + bone
            angles[row, 0] = theta[at]
            at += 1
            if bone == 1:
                angles[row, 1] = theta[at]
                at += 1
    return angles


def hand(vertices, seed=0):
    """Pose, parents, rest transforms and their inverses, skinning weights, rest mesh, correspondences, points."""
    rng = np.random.default_rng(seed)
    bones = FINGERS * BONES_PER_FINGER
    parents = [-1 if b % BONES_PER_FINGER == 0 else b - 1 for b in range(bones)]
    relative = np.tile(np.eye(4), (bones, 1, 1))
    relative[:, :3, 3] = 0.3 * rng.normal(size=(bones, 3))
    absolute = relative.copy()
    for b in range(bones):
        if parents[b] >= 0:
            absolute[b] = absolute[parents[b]] @ relative[b]
    weights = rng.uniform(size=(bones, vertices)) ** 4
    weights /= weights.sum(axis=0)
    rest = np.concatenate([rng.normal(size=(vertices, 3)), np.ones((vertices, 1))], axis=1)
    matches = rng.integers(0, vertices, size=max(vertices // 2, 3))
    theta = 0.3 * rng.normal(size=26)
    inverse = np.linalg.inv(absolute)
    return theta, parents, relative, inverse, weights, rest, matches, rng.normal(size=(len(matches), 3))


def hand_without_turn(vertices, seed=0):
    theta, *rest = hand(vertices, seed)
    theta[:3] = 0.0
    return theta, *rest


@program(
    lambda: hand(8), alternatives=[lambda: hand(5, seed=1), lambda: hand_without_turn(6, seed=2)],
    tags=["loop", "branch", "inplace", "list", "unroll"],
)  # fmt: skip
def hand_tracking(theta, parents, relative, inverse, weights, rest, matches, points):
    """The squared distances of measured points from a posed, linearly skinned hand."""
    angles = joint_angles(theta)
    absolute = []
    for b in range(len(parents)):
        turn = np.eye(4)
        turn[:3, :3] = euler_xzy(angles[b])
        local = relative[b] @ turn
        absolute.append(local if parents[b] < 0 else absolute[parents[b]] @ local)
    skinned = np.zeros((len(rest), 3))
    for b in range(len(parents)):
        skinned = skinned + weights[b][:, None] * (rest @ (absolute[b] @ inverse[b]).T)[:, :3]
    placed = skinned @ angle_axis(theta[:3]).T + theta[3:6]
    return np.sum((points - placed[matches]) ** 2)


# --- LSTM


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_cell(weight, bias, hidden, cell, x):
    forget = sigmoid(x * weight[0] + bias[0])
    write = sigmoid(hidden * weight[1] + bias[1])
    show = sigmoid(x * weight[2] + bias[2])
    change = np.tanh(hidden * weight[3] + bias[3])
    cell = cell * forget + write * change
    return show * np.tanh(cell), cell


def language(layers, length, width, seed=0):
    rng = np.random.default_rng(seed)
    main = rng.uniform(-1, 1, size=(layers, 2, 4, width))
    extra = rng.uniform(-1, 1, size=(3, width))
    return main, extra, rng.uniform(-1, 1, size=(layers, 2, width)), rng.uniform(0, 1, size=(length, width))


@program(
    lambda: language(2, 4, 3), alternatives=[lambda: language(1, 7, 2, seed=1)],
    argnums=(0, 1), tags=["loop", "inplace", "view"],
)  # fmt: skip
def lstm_language(main, extra, state, sequence):
    """Minus the mean log likelihood of the next element of a sequence, under a stack of diagonal LSTM cells."""
    state = state.copy()
    total, count = 0.0, 0
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for layer in range(len(main)):
            weight, bias = main[layer]
            hidden, cell = lstm_cell(weight, bias, state[layer, 0], state[layer, 1], x)
            state[layer, 0] = hidden
            state[layer, 1] = cell
            x = hidden
        predicted = x * extra[1] + extra[2]
        log_p = predicted - np.log(np.sum(np.exp(predicted)) + 2)
        total += np.sum(sequence[t + 1] * log_p)
        count += len(log_p)
    return -total / count
