"""sliding_window_view: values, views of what is written later, derivatives, NumPy's errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import bcad
from tests.programs.reference import jacobian


def smoothed(x: Any) -> Any:
    return (sliding_window_view(x, 3) @ np.array([0.25, 0.5, 0.25])) ** 2


def filtered(x: Any) -> Any:
    windows = sliding_window_view(x, (2, 2))
    return np.einsum("ijkl,kl->ij", windows, x[:2, :2]).max(axis=0)


def along_one_axis(x: Any) -> Any:
    return np.sin(sliding_window_view(x, 2, axis=-1)).prod(axis=-1) + sliding_window_view(x, (1, 2), (1, 1))[..., 0, 0]


def written_later(x: Any) -> Any:
    y = x * 2
    windows = sliding_window_view(y, 2)
    y[1] = x[0] ** 3
    return windows.sum(axis=1)


CASES: list[tuple[Callable[..., Any], list[tuple[int, ...]]]] = [
    (smoothed, [(5,), (3,), (9,)]),
    (filtered, [(3, 4), (2, 2), (5, 3)]),
    (along_one_axis, [(3, 4), (2, 2), (1, 5), (0, 3)]),
    (written_later, [(4,), (2,), (7,)]),
]


@pytest.mark.parametrize(("program", "shapes"), CASES, ids=lambda c: getattr(c, "__name__", ""))
def test_values_and_derivatives(program: Callable[..., Any], shapes: list[tuple[int, ...]]) -> None:
    f, derivative = bcad.Function(program), bcad.jacobian(program)
    for k, shape in enumerate(shapes):
        x = np.random.default_rng(k).normal(size=shape)
        np.testing.assert_allclose(f(x), program(x), rtol=1e-14)
        if x.size:
            found = jacobian(program, (x,))
            np.testing.assert_allclose(derivative(x), found.value, rtol=1e-6, atol=1e-7)


def test_one_program_for_all_lengths() -> None:
    f = bcad.Function(smoothed)
    for n in (5, 6, 50):
        f(np.arange(float(n)))
    assert f.traces == 1


@pytest.mark.parametrize("call", [
    lambda x: sliding_window_view(x, 9), lambda x: sliding_window_view(x, -1), lambda x: sliding_window_view(x, (2, 2)),
    lambda x: sliding_window_view(x, 2, axis=1), lambda x: sliding_window_view(x, (2, 1), axis=0),
])
def test_errors_are_numpys(call: Callable[..., Any]) -> None:
    x = np.arange(4.0)
    with pytest.raises(ValueError) as expected:
        call(x)
    with pytest.raises(ValueError, match=str(expected.value).splitlines()[0].replace("(", r"\(")[:40]):
        bcad.Function(lambda x: call(x) * 2)(x)


def test_windows_are_read_only() -> None:
    def write(x: Any) -> Any:
        windows = sliding_window_view(x * 1, 2)
        windows[0, 0] = 5.0
        return windows

    with pytest.raises(ValueError, match="read-only"):
        bcad.Function(write)(np.arange(4.0))
