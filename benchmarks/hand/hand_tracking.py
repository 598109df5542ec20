"""Hand gradient of ADBench's hand tracking objective: only matched vertices are posed, only rotations are undone."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

BONES_PER_FINGER = 4


@nb.njit(fastmath={"contract"})
def euler_xzy(a, b, c, r, dr):
    """The rotation by three angles, and its three derivatives."""
    sx, sy, sz, cx, cy, cz = math.sin(a), math.sin(b), math.sin(c), math.cos(a), math.cos(b), math.cos(c)
    r[0, 0], r[0, 1], r[0, 2] = cy * cz, -cx * sz + sx * sy * cz, sx * sz + cx * sy * cz
    r[1, 0], r[1, 1], r[1, 2] = cy * sz, cx * cz + sx * sy * sz, -sx * cz + cx * sy * sz
    r[2, 0], r[2, 1], r[2, 2] = -sy, sx * cy, cx * cy
    for i in range(3):  # d/dx turns the second column into the third, and the third into minus the second
        dr[0, i, 0], dr[0, i, 1], dr[0, i, 2] = 0.0, r[i, 2], -r[i, 1]
    dr[1, 0, 0], dr[1, 0, 1], dr[1, 0, 2] = -sy * cz, sx * cy * cz, cx * cy * cz
    dr[1, 1, 0], dr[1, 1, 1], dr[1, 1, 2] = -sy * sz, sx * cy * sz, cx * cy * sz
    dr[1, 2, 0], dr[1, 2, 1], dr[1, 2, 2] = -cy, -sx * sy, -cx * sy
    for j in range(3):  # d/dz turns the first row into minus the second, and the second into the first
        dr[2, 0, j], dr[2, 1, j], dr[2, 2, j] = -r[1, j], r[0, j], 0.0


@nb.njit(fastmath={"contract"}, error_model="numpy")
def angle_axis(v, r, dr):
    """The rotation of a rotation vector, and its three derivatives; the identity and zeros for a tiny one."""
    r[:] = np.eye(3)
    dr[:] = 0.0
    squared = v[0] * v[0] + v[1] * v[1] + v[2] * v[2]
    length = math.sqrt(squared)
    if length < 1e-4:
        return
    c, s = math.cos(length), math.sin(length) / length
    q = (1.0 - c) / squared
    ds, dq = (c - s) / squared, (s - 2.0 * q) / squared  # their derivatives over v
    cross = np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
    for i in range(3):
        for j in range(3):
            unit = 1.0 if i == j else 0.0
            r[i, j] = c * unit + s * cross[i, j] + q * v[i] * v[j]
            for k in range(3):
                dr[k, i, j] = v[k] * (-s * unit + ds * cross[i, j] + dq * v[i] * v[j])
    for k in range(3):
        for j in range(3):
            dr[k, k, j] += q * v[j]
            dr[k, j, k] += q * v[j]
        one, two = (k + 1) % 3, (k + 2) % 3
        dr[k, two, one] += s
        dr[k, one, two] -= s


@nb.njit(fastmath={"contract"}, error_model="numpy")
def posed(theta, parents, relative, inverse, weights, rest, matches, points):
    bones = parents.size
    turn, d_turn = np.empty((bones, 3, 3)), np.empty((bones, 3, 3, 3))
    local, absolute, pose = np.empty((bones, 3, 4)), np.empty((bones, 3, 4)), np.empty((bones, 3, 4))
    angles = np.zeros((bones, 3))
    where = np.full((bones, 3), -1)
    at = 6
    for b in range(bones):
        if b % BONES_PER_FINGER:
            for axis in range(2 if b % BONES_PER_FINGER == 1 else 1):
                angles[b, axis] = theta[at]
                where[b, axis] = at
                at += 1
    for b in range(bones):
        euler_xzy(angles[b, 0], angles[b, 1], angles[b, 2], turn[b], d_turn[b])
        for i in range(3):
            for j in range(3):
                local[b, i, j] = 0.0
                for k in range(3):
                    local[b, i, j] += relative[b, i, k] * turn[b, k, j]
            local[b, i, 3] = relative[b, i, 3]
        parent = parents[b]
        if parent < 0:
            absolute[b] = local[b]
        else:
            for i in range(3):
                for j in range(4):
                    s = absolute[parent, i, 3] if j == 3 else 0.0
                    for k in range(3):
                        s += absolute[parent, i, k] * local[b, k, j]
                    absolute[b, i, j] = s
        for i in range(3):
            for j in range(4):
                s = absolute[b, i, 3] if j == 3 else 0.0
                for k in range(3):
                    s += absolute[b, i, k] * inverse[b, k, j]
                pose[b, i, j] = s

    r, dr = np.empty((3, 3)), np.empty((3, 3, 3))
    angle_axis(theta[:3], r, dr)
    g = np.zeros(theta.size)
    g_r, g_pose = np.zeros((3, 3)), np.zeros((bones, 3, 4))
    value = 0.0
    for n in range(matches.size):
        vertex = matches[n]
        v0, v1, v2 = rest[vertex, 0], rest[vertex, 1], rest[vertex, 2]
        s0 = s1 = s2 = 0.0
        for b in range(bones):
            w, p = weights[b, vertex], pose[b]
            s0 += w * (p[0, 0] * v0 + p[0, 1] * v1 + p[0, 2] * v2 + p[0, 3])
            s1 += w * (p[1, 0] * v0 + p[1, 1] * v1 + p[1, 2] * v2 + p[1, 3])
            s2 += w * (p[2, 0] * v0 + p[2, 1] * v1 + p[2, 2] * v2 + p[2, 3])
        e = np.empty(3)
        for i in range(3):
            e[i] = r[i, 0] * s0 + r[i, 1] * s1 + r[i, 2] * s2 + theta[3 + i] - points[n, i]
            value += e[i] * e[i]
            e[i] *= 2.0
            g[3 + i] += e[i]
            g_r[i, 0] += e[i] * s0
            g_r[i, 1] += e[i] * s1
            g_r[i, 2] += e[i] * s2
        for i in range(3):
            back = r[0, i] * e[0] + r[1, i] * e[1] + r[2, i] * e[2]
            for b in range(bones):
                w = weights[b, vertex] * back
                g_pose[b, i, 0] += w * v0
                g_pose[b, i, 1] += w * v1
                g_pose[b, i, 2] += w * v2
                g_pose[b, i, 3] += w

    for k in range(3):
        for i in range(3):
            for j in range(3):
                g[k] += g_r[i, j] * dr[k, i, j]
    g_absolute = np.zeros((bones, 3, 4))
    g_local = np.empty((3, 3))
    for b in range(bones - 1, -1, -1):
        ga, parent = g_absolute[b], parents[b]
        for i in range(3):
            for k in range(3):
                for j in range(4):
                    ga[i, k] += g_pose[b, i, j] * inverse[b, k, j]
            ga[i, 3] += g_pose[b, i, 3]
        if parent < 0:
            for i in range(3):
                for j in range(3):
                    g_local[i, j] = ga[i, j]
        else:
            for k in range(3):
                for j in range(3):
                    g_local[k, j] = 0.0
                    for i in range(3):
                        g_local[k, j] += absolute[parent, i, k] * ga[i, j]
                for i in range(3):
                    for j in range(4):
                        g_absolute[parent, i, k] += ga[i, j] * local[b, k, j]
            for i in range(3):
                g_absolute[parent, i, 3] += ga[i, 3]
        for axis in range(3):
            if where[b, axis] >= 0:
                s = 0.0
                for k in range(3):
                    for j in range(3):
                        for i in range(3):
                            s += relative[b, i, k] * g_local[i, j] * d_turn[b, axis, k, j]
                g[where[b, axis]] = s
    return value, g


def hand_tracking(theta, parents, relative, inverse, weights, rest, matches, points):
    return posed(theta, np.array(parents), relative, inverse, weights, rest, matches, points)


GRADIENTS = {"hand_tracking": hand_tracking}
