"""Functions that numba compiles are differentiated as what they are in Python."""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.testing import assert_allclose

from bcad import Function, grad

SCALE = np.array([1.0, 2.0])


@numba.njit
def wave(x):
    return math.sin(x) * x


@numba.njit(cache=False)
def chain(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += wave(x[i]) * SCALE[i % 2]
    return total


@numba.vectorize
def ramp(x, y):
    return math.sin(x) * y if x > 0 else x


def test_njit_functions_that_call_each_other() -> None:
    assert_allclose(grad(wave)(2.0), math.cos(2.0) * 2.0 + math.sin(2.0))
    x = np.array([0.3, 1.0, -2.0])
    assert_allclose(Function(chain)(x), chain(x))
    assert_allclose(grad(lambda x: chain(x) ** 2)(x), 2 * chain(x) * (np.cos(x) * x + np.sin(x)) * [1.0, 2.0, 1.0])


def test_vectorize_of_numbers_and_arrays() -> None:
    assert_allclose(grad(lambda x: ramp(x, 2.0))(0.5), 2 * math.cos(0.5))
    x = np.array([[0.3, -1.0], [2.0, 0.4]])
    def f(x):
        return ramp(x, np.array([2.0, 3.0]))

    assert_allclose(Function(f)(x), f(x))
    assert_allclose(grad(lambda x: np.sum(f(x)))(x), np.where(x > 0, np.cos(x) * [2.0, 3.0], 1.0))
    assert Function(f)(np.zeros((0, 2))).shape == (0, 2)


def test_what_carries_no_derivative() -> None:
    assert_allclose(grad(lambda x: x * wave(3.0))(2.0), wave(3.0))
