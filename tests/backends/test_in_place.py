"""Arrays that loops make anew where the old ones stand, and sums added up while they are made: as apart, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bcad


def taps(x, w):
    y = np.zeros(len(x) - len(w) + 1)
    for k in range(len(w)):
        y += w[k] * x[k : k + len(y)]
    return np.sum(y**2)


def reversed_sum(x, w):
    c = x * 1.0
    for k in range(len(w)):
        c = c * w[k] + c[::-1]
    return np.sum(c * c)


def with_first(x, w):
    c = x * 1.0
    for k in range(len(w)):
        c = c * w[k] + c[0] - c[-1]
    return np.sum(c * c)


def with_sum(x, w):
    c = x * 1.0
    for k in range(len(w)):
        c = np.sin(c) * w[k] + np.mean(c)
    return np.sum(c * c)


def neighbours(x, w):
    c = x * 1.0
    for k in range(len(w)):
        c = c + w[k] * np.roll(c, 1)
    return np.sum(c * c)


def exchanged(x, w):
    c, d = x * 1.0, x * 2.0
    for k in range(len(w)):
        c, d = d * w[k] + c, c
    return np.sum(c * d)


def written_first(x, w):
    c = x * 1.0
    for k in range(len(w)):
        b = c.copy()
        b[0] = w[k]
        c = b * w[k] + c[0]
    return np.sum(c * c)


def picked_behind(x, w):
    c = x * 1.0
    for k in range(len(w)):
        b = np.cos(c) + w[k]
        c = b * c[int(b[0] > 0.5)]
    return np.sum(c)


def kept(x, w):
    c, rows = x * 1.0, []
    for k in range(len(w)):
        rows.append(c)
        c = np.tanh(c * w[k])
    return np.sum(np.array(rows) ** 2) + np.sum(c)


def transposed(x, w):
    c = x[:, None] * x[None, :] + np.arange(len(x))
    for k in range(len(w)):
        c = c.T * w[k] + c
    return np.sum(c * c)


def stretched(x, w):
    c = x[:1] * 1.0
    for k in range(len(w)):
        c = c * w[k]
    return np.sum(c * x)


def overlapping(x, w):
    total = 0.0
    for k in range(len(w)):
        total = total + w[k] * np.sum(x[1:] * x[:-1]) + np.sum(x[::-1] * x) + np.sum(x[::2])
    return total


def both_ends(x, w):
    total = 0.0
    for k in range(len(w)):
        d = np.exp(w[k] * (x[1:] - x[:-1]))
        total = total + np.sum(d)
    return total


PROGRAMS = [taps, reversed_sum, with_first, with_sum, neighbours, exchanged, written_first, picked_behind, kept, transposed,
            stretched, overlapping, both_ends]


def derived(fn: Any, backend: str, *args: Any) -> Any:
    with bcad.options.set(backend=backend), np.errstate(all="ignore"):
        compiled = bcad.value_and_grad(fn, argnums=(0, 1))
        compiled(*args)
        return compiled(*args)


@pytest.mark.parametrize("n, k", [(9, 3), (2, 2), (3, 1), (4, 0), (40, 4)])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
@pytest.mark.filterwarnings("ignore:Output seems independent")
def test_compiled_as_in_numpy(program: Any, n: int, k: int) -> None:
    rng = np.random.default_rng(n)
    x, w = rng.normal(size=n), rng.normal(size=k)
    value, gradients = derived(program, "numpy", x, w)
    np.testing.assert_allclose(value, program(x, w), rtol=1e-12)
    found, compiled = derived(program, "numba", x, w)
    np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-13)
    for a, b in zip(compiled, gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
@pytest.mark.parametrize("program", [taps, reversed_sum, exchanged, neighbours], ids=lambda p: p.__name__)
def test_other_types_of_numbers(program: Any, dtype: Any) -> None:
    rng = np.random.default_rng(1)
    x, w = (rng.normal(size=n).astype(dtype) for n in (8, 3))

    def fn(x: Any, w: Any) -> Any:
        return np.real(program(x * x, w))

    if dtype is np.complex128 and program is taps:
        pytest.skip("adds complex numbers to a real array")
    for a, b in zip(derived(fn, "numba", x, w)[1], derived(fn, "numpy", x, w)[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -0.0, 1e308])
def test_special_values_go_where_they_go_in_numpy(bad: float) -> None:
    x, w = np.linspace(-1.0, 1.0, 9), np.array([0.5, -1.0, 2.0])
    x[4] = bad
    for program in (taps, neighbours, exchanged, both_ends):
        for a, b in zip(derived(program, "numba", x, w)[1], derived(program, "numpy", x, w)[1], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10)


def test_a_shorter_slice_is_the_error_that_it_is_in_numpy() -> None:
    def fn(x: Any, start: Any) -> Any:
        y = np.zeros(4)
        for k in range(3):
            y += x[start + k : start + k + 4]
        return np.sum(y * y)

    g = bcad.value_and_grad(fn)
    x = np.arange(10.0)
    with bcad.options.set(backend="numba"):
        np.testing.assert_allclose(g(x, 0)[0], fn(x, 0))
        with pytest.raises(ValueError, match="broadcast"):
            g(x, 5)
        np.testing.assert_allclose(g(x, 2)[0], fn(x, 2))
