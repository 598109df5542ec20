"""Programs of signal processing: spectra, convolutions, envelopes, interpolation."""

from __future__ import annotations

import numpy as np

from .record import program


def wave(n, seed=0):
    return np.random.default_rng(seed).normal(size=n)


@program(
    lambda: (wave(16), wave(16, seed=1)), alternatives=[lambda: (wave(10), wave(10, seed=1))],
    argnums=(0, 1), tags=["vector", "complex"],
)  # fmt: skip
def fft_loss(x, target):
    """The distance of two power spectra."""
    return np.sum((np.abs(np.fft.rfft(x)) ** 2 - np.abs(np.fft.rfft(target)) ** 2) ** 2) / len(x) ** 2


@program(
    lambda: (wave(12), wave(3, seed=1), wave(14, seed=2)),
    alternatives=[lambda: (wave(9), wave(5, seed=1), wave(13, seed=2))],
    argnums=(0, 1, 2), tags=["vector"],
)  # fmt: skip
def convolution_fit(x, taps, measured):
    return np.sum((np.convolve(x, taps) - measured) ** 2)


@program(
    lambda: (wave(5), np.array([0.5, 1.7, 2.2, 3.9])), alternatives=[lambda: (wave(8), np.array([6.5, 0.1]))],
    argnums=(0, 1), tags=["vector", "kink"],
)  # fmt: skip
def linear_interpolation(samples, where):
    """By floor, gather and weights, as one writes it when np.interp is not enough."""
    left = np.floor(where).astype(int)
    weight = where - left
    return np.sum(((1 - weight) * samples[left] + weight * samples[left + 1]) ** 2)


@program(
    lambda: (np.abs(wave(10)), 0.9), alternatives=[lambda: (np.abs(wave(25, seed=1)), 0.5)],
    argnums=(0, 1), tags=["loop", "branch", "inplace", "kink"],
)  # fmt: skip
def peak_envelope(x, decay):
    """A peak detector: jumps to the signal, decays below it."""
    envelope = np.empty(len(x))
    level = 0.0
    for i, value in enumerate(x):
        level = value if value > level else decay * level
        envelope[i] = level
    return envelope @ np.arange(len(x))


@program(
    lambda: (np.array([0.3, -0.2, 0.1]), wave(20), 5), alternatives=[lambda: (np.array([0.5]), wave(9), 0)],
    tags=["loop", "view"],
)  # fmt: skip
def autoregressive_error(coefficients, x, skip):
    order = len(coefficients)
    error = 0.0
    for t in range(max(order, skip), len(x)):
        prediction = coefficients @ x[t - order : t][::-1]
        error += (x[t] - prediction) ** 2
    return error
