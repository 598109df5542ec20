"""What Python raises inside branches and loops whose results nothing reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import bcad


def _write_to_what_is_dropped(x: Any, k: Any) -> Any:
    c = 0
    while abs(k) < 1.5 and c < 3:
        c += 1
        k = k * 0.6 + 0.5
    if np.hypot(k, k) > -0.1:
        x[c % x.shape[0]] = 1.0
    return np.sin(k)


def _branch_in_loops(x: Any, k: Any) -> Any:
    for j in range(5):
        for _ in range(3):
            if k > 0:
                s = (j + 3) % x.shape[0]  # noqa: F841
    return np.sin(k)


def _branch_in_branch(x: Any, k: Any) -> Any:
    if k > 0:
        if k < 5:
            s = 1.0 / (k - 0.25)  # noqa: F841
    return np.sin(k)


def _loop(x: Any, k: Any) -> Any:
    for j in range(5):
        s = 1.0 / (k - 0.25 - j)  # noqa: F841
    return np.sin(k)


def _while_in_branch(x: Any, k: Any) -> Any:
    c = 0
    if k > -1:
        while c < 3:
            c += 1
            z = 10 // (x.shape[0] - c + 2)  # noqa: F841
    return np.sin(k)


@pytest.mark.parametrize("program", [_write_to_what_is_dropped, _branch_in_loops, _branch_in_branch, _loop, _while_in_branch])
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_is_raised_where_python_raises_it(program: Callable[..., Any], backend: str) -> None:
    def outcome(fn: Callable[..., Any], size: int, k: float) -> Any:
        try:
            return fn(np.ones(size), k)
        except ZeroDivisionError:
            return "raised"

    with bcad.options.set(backend=backend):
        f, g = bcad.Function(program), bcad.grad(program, 1)
        for size, k in ((3, 0.3), (0, 0.3), (2, 0.25), (0, -0.5), (1, 2.25), (3, -1.5)):
            expected = outcome(program, size, k)
            assert outcome(f, size, k) == (expected if expected == "raised" else pytest.approx(expected))
            assert (outcome(g, size, k) == "raised") == (expected == "raised")


def _by_zero(x: Any, k: Any) -> Any:
    s = np.float64(k).item() * 1.0
    try:
        s = float(k) / 0
    except ArithmeticError:
        s = s * 2
    return np.sin(s)


def _one_condition_in_another(x: Any, k: Any) -> Any:
    c = k * 0.0
    for _ in range(0, x.shape[0], 2):
        c = c + k
        if k > 0.4:
            if k > 0.0:
                break
    return np.sin(c)


@pytest.mark.parametrize("program", [_by_zero, _one_condition_in_another])
def test_what_is_known_before_it_is_run(program: Callable[..., Any]) -> None:
    f = bcad.Function(program)
    for size, k in ((5, -0.5), (5, 0.5), (3, 0.25), (5, 1.0)):
        assert f(np.ones(size), k) == pytest.approx(program(np.ones(size), k))
