"""Hand gradients of ADBench's objectives: Gaussian mixture, bundle adjustment, diagonal LSTM."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from scipy.special import gammaln

from . import vector_math as vm

sums = {"reassoc", "contract"}


# --- Gaussian mixture


@nb.njit(fastmath=sums)
def gmm_terms(alphas, means, icf, columns):
    """The unnormalised log density of every component (rows) at every point, and the whitened points behind it.

    The points are given by columns, so that every inner loop runs along them.
    """
    d, n = columns.shape
    k = alphas.size
    terms, white = np.empty((k, n)), np.empty((k, d, n))
    centred = np.empty((d, n))
    for j in range(k):
        constant = alphas[j]
        for c in range(d):
            constant += icf[j, c]
            diagonal = math.exp(icf[j, c])
            for i in range(n):
                centred[c, i] = columns[c, i] - means[j, c]
                white[j, c, i] = diagonal * centred[c, i]
        at = d
        for c in range(d):
            for r in range(c + 1, d):
                entry = icf[j, at]
                at += 1
                for i in range(n):
                    white[j, r, i] += entry * centred[c, i]
        for i in range(n):
            terms[j, i] = constant
        for r in range(d):
            for i in range(n):
                terms[j, i] -= 0.5 * white[j, r, i] * white[j, r, i]
    return terms, white


@nb.njit(fastmath=sums, error_model="numpy")
def responsibilities(terms):
    """The sum over columns of the log of the sum of exponentials; terms become the softmax of each column."""
    k, n = terms.shape
    top, total = terms[0].copy(), np.zeros(n)
    for j in range(1, k):
        for i in range(n):
            top[i] = max(top[i], terms[j, i])
    for j in range(k):
        for i in range(n):
            terms[j, i] = vm.exp(terms[j, i] - top[i])
            total[i] += terms[j, i]
    value = 0.0
    for i in range(n):
        value += vm.log(total[i]) + top[i]
        total[i] = 1.0 / total[i]
    for j in range(k):
        for i in range(n):
            terms[j, i] *= total[i]
    return value


@nb.njit(fastmath=sums)
def gmm_adjoint(means, icf, columns, gamma, m, weights, white):
    d, n = columns.shape
    k = means.shape[0]
    g_alphas, g_means, g_icf = np.zeros(k), np.zeros((k, d)), np.zeros(icf.shape)
    centred, totals = np.empty((d, n)), np.empty(d)
    for j in range(k):
        s = 0.0
        for i in range(n):
            s += weights[j, i]
        g_alphas[j] = s
        for c in range(d):
            diagonal = math.exp(icf[j, c])
            total = outer = 0.0
            for i in range(n):
                centred[c, i] = columns[c, i] - means[j, c]
                white[j, c, i] *= weights[j, i]  # minus the cotangent of what was whitened
                total += white[j, c, i]
                outer += white[j, c, i] * centred[c, i]
            totals[c] = total
            g_means[j, c] = total * diagonal
            g_icf[j, c] = g_alphas[j] - outer * diagonal + gamma * gamma * diagonal * diagonal - m
        at = d
        for c in range(d):
            for r in range(c + 1, d):
                outer = 0.0
                for i in range(n):
                    outer += white[j, r, i] * centred[c, i]
                g_icf[j, at] = gamma * gamma * icf[j, at] - outer
                g_means[j, c] += totals[r] * icf[j, at]
                at += 1
    return g_alphas, g_means, g_icf


def gmm(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = len(alphas)
    columns = np.ascontiguousarray(x.T)
    terms, white = gmm_terms(alphas, means, icf, columns)
    value = responsibilities(terms)
    g_alphas, g_means, g_icf = gmm_adjoint(means, icf, columns, gamma, m, terms, white)
    mixing = alphas[:, None].copy()
    value -= n * responsibilities(mixing)
    g_alphas -= n * mixing[:, 0]
    freedom = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * np.log(np.pi) + gammaln(0.5 * freedom + 0.5 * (1 - np.arange(1, d + 1))).sum()
    normaliser = freedom * d * math.log(gamma / math.sqrt(2)) - log_gamma
    frobenius = np.exp(2 * icf[:, :d]).sum() + (icf[:, d:] ** 2).sum()
    value += 0.5 * gamma**2 * frobenius - m * icf[:, :d].sum() - k * normaliser - 0.5 * n * d * math.log(2 * math.pi)
    return value, g_alphas, g_means, g_icf


# --- bundle adjustment


@nb.njit(fastmath={"contract"}, error_model="numpy")
def bundle_adjustment(cameras, points, weights, seen, measured):
    """Observation by observation: project, then walk back through distortion, division and Rodrigues' formula."""
    g_cameras, g_points, g_weights = np.zeros(cameras.shape), np.zeros(points.shape), np.zeros(weights.size)
    total = 0.0
    for i in range(weights.size):
        ci, pi = seen[i, 0], seen[i, 1]
        c, g = cameras[ci], g_cameras[ci]
        x0, x1, x2 = points[pi, 0] - c[3], points[pi, 1] - c[4], points[pi, 2] - c[5]
        r0, r1, r2 = c[0], c[1], c[2]
        squared_angle = r0 * r0 + r1 * r1 + r2 * r2
        turned = squared_angle != 0.0
        # y = x cos + (r cross x) sinc + r (r.x) versinc, with sinc = sin/angle and versinc = (1 - cos)/angle**2
        if turned:
            angle = math.sqrt(squared_angle)
            cosine, sinc = math.cos(angle), math.sin(angle) / angle
            versinc = (1.0 - cosine) / squared_angle
        else:
            angle, cosine, sinc, versinc = 0.0, 1.0, 1.0, 0.0
        k0, k1, k2 = r1 * x2 - r2 * x1, r2 * x0 - r0 * x2, r0 * x1 - r1 * x0
        along = r0 * x0 + r1 * x1 + r2 * x2
        y0 = x0 * cosine + k0 * sinc + r0 * along * versinc
        y1 = x1 * cosine + k1 * sinc + r1 * along * versinc
        y2 = x2 * cosine + k2 * sinc + r2 * along * versinc
        u, v = y0 / y2, y1 / y2
        s = u * u + v * v
        distortion = 1.0 + c[9] * s + c[10] * s * s
        e0 = distortion * u * c[6] + c[7] - measured[i, 0]
        e1 = distortion * v * c[6] + c[8] - measured[i, 1]
        w = weights[i]
        one = 1.0 - w * w
        total += w * w * (e0 * e0 + e1 * e1) + one * one
        g_weights[i] = 2.0 * w * (e0 * e0 + e1 * e1) - 4.0 * w * one
        b0, b1 = 2.0 * w * w * e0, 2.0 * w * w * e1
        g[7] += b0
        g[8] += b1
        uv = b0 * u + b1 * v
        g[6] += distortion * uv
        g[9] += c[6] * uv * s
        g[10] += c[6] * uv * s * s
        bs = c[6] * uv * (c[9] + 2.0 * c[10] * s)
        bu = b0 * distortion * c[6] + 2.0 * u * bs
        bv = b1 * distortion * c[6] + 2.0 * v * bs
        a0, a1 = bu / y2, bv / y2
        a2 = -(u * bu + v * bv) / y2
        # back through Rodrigues: a is the cotangent of y
        ar = a0 * r0 + a1 * r1 + a2 * r2
        m0, m1, m2 = a1 * r2 - a2 * r1, a2 * r0 - a0 * r2, a0 * r1 - a1 * r0
        p0 = a0 * cosine + m0 * sinc + r0 * ar * versinc
        p1 = a1 * cosine + m1 * sinc + r1 * ar * versinc
        p2 = a2 * cosine + m2 * sinc + r2 * ar * versinc
        g_points[pi, 0] += p0
        g_points[pi, 1] += p1
        g_points[pi, 2] += p2
        g[3] -= p0
        g[4] -= p1
        g[5] -= p2
        q0, q1, q2 = x1 * a2 - x2 * a1, x2 * a0 - x0 * a2, x0 * a1 - x1 * a0
        if turned:
            ax = a0 * x0 + a1 * x1 + a2 * x2
            ak = a0 * k0 + a1 * k1 + a2 * k2
            radial = -sinc * ax + ak * (cosine - sinc) / squared_angle
            radial += ar * along * (sinc - 2.0 * versinc) / squared_angle
            g[0] += radial * r0 + sinc * q0 + versinc * (a0 * along + x0 * ar)
            g[1] += radial * r1 + sinc * q1 + versinc * (a1 * along + x1 * ar)
            g[2] += radial * r2 + sinc * q2 + versinc * (a2 * along + x2 * ar)
        else:
            g[0] += q0
            g[1] += q1
            g[2] += q2
    return total, g_cameras, g_points, g_weights


# --- LSTM


@nb.njit(fastmath={"contract"}, inline="always")
def sigmoid(x):
    return 1.0 / (1.0 + vm.exp(-x))


@nb.njit(fastmath=sums, error_model="numpy")
def lstm_language(main, extra, state, sequence):
    """Tape: the four gates, tanh(cell), and the hidden and cell states of each layer and step."""
    layers, width = main.shape[0], main.shape[3]
    steps = sequence.shape[0] - 1
    gates = np.empty((steps, layers, 5, width))
    hidden, cell = np.empty((steps + 1, layers, width)), np.empty((steps + 1, layers, width))
    first, out = np.empty(width), np.empty((steps, width))
    for k in range(layers):
        hidden[0, k], cell[0, k] = state[k, 0], state[k, 1]
    total = 0.0
    for t in range(steps):
        for k in range(layers):
            w, b, g = main[k, 0], main[k, 1], gates[t, k]
            if k == 0:
                for j in range(width):
                    first[j] = sequence[t, j] * extra[0, j]
            x = first if k == 0 else hidden[t + 1, k - 1]
            old_h, old_c = hidden[t, k], cell[t, k]
            for j in range(width):
                g[0, j] = sigmoid(x[j] * w[0, j] + b[0, j])
                g[1, j] = sigmoid(old_h[j] * w[1, j] + b[1, j])
                g[2, j] = sigmoid(x[j] * w[2, j] + b[2, j])
                g[3, j] = vm.tanh(old_h[j] * w[3, j] + b[3, j])
                cell[t + 1, k, j] = old_c[j] * g[0, j] + g[1, j] * g[3, j]
                g[4, j] = vm.tanh(cell[t + 1, k, j])
                hidden[t + 1, k, j] = g[2, j] * g[4, j]
        top, target = hidden[t + 1, layers - 1], sequence[t + 1]
        weight = exponentials = picked = 0.0
        for j in range(width):
            predicted = top[j] * extra[1, j] + extra[2, j]
            weight += target[j]
            picked += target[j] * predicted
            out[t, j] = vm.exp(predicted)
            exponentials += out[t, j]
        total += picked - weight * math.log(exponentials + 2.0)
        for j in range(width):
            out[t, j] = target[j] - weight * out[t, j] / (exponentials + 2.0)
    scale = -1.0 / (steps * width)
    g_main, g_extra = np.zeros(main.shape), np.zeros(extra.shape)
    bh, bc = np.zeros((layers, width)), np.zeros((layers, width))
    bx = np.empty(width)
    for t in range(steps - 1, -1, -1):
        top = hidden[t + 1, layers - 1]
        for j in range(width):
            b = scale * out[t, j]
            g_extra[2, j] += b
            g_extra[1, j] += b * top[j]
            bx[j] = b * extra[1, j]
        for k in range(layers - 1, -1, -1):
            w, g = main[k, 0], gates[t, k]
            gw, gb = g_main[k, 0], g_main[k, 1]
            if k == 0:
                for j in range(width):
                    first[j] = sequence[t, j] * extra[0, j]
            x = first if k == 0 else hidden[t + 1, k - 1]
            old_h, old_c = hidden[t, k], cell[t, k]
            for j in range(width):
                to_h = bx[j] + bh[k, j]
                to_c = bc[k, j] + to_h * g[2, j] * (1.0 - g[4, j] * g[4, j])
                b0 = to_c * old_c[j] * g[0, j] * (1.0 - g[0, j])
                b1 = to_c * g[3, j] * g[1, j] * (1.0 - g[1, j])
                b2 = to_h * g[4, j] * g[2, j] * (1.0 - g[2, j])
                b3 = to_c * g[1, j] * (1.0 - g[3, j] * g[3, j])
                gb[0, j] += b0
                gb[1, j] += b1
                gb[2, j] += b2
                gb[3, j] += b3
                gw[0, j] += b0 * x[j]
                gw[1, j] += b1 * old_h[j]
                gw[2, j] += b2 * x[j]
                gw[3, j] += b3 * old_h[j]
                bx[j] = b0 * w[0, j] + b2 * w[2, j]
                bh[k, j] = b1 * w[1, j] + b3 * w[3, j]
                bc[k, j] = to_c * g[0, j]
        for j in range(width):
            g_extra[0, j] += bx[j] * sequence[t, j]
    return scale * total, g_main, g_extra


GRADIENTS = {
    "gmm": gmm,
    "bundle_adjustment": bundle_adjustment,
    "bundle_adjustment_vectors": bundle_adjustment,
    "lstm_language": lstm_language,
}
