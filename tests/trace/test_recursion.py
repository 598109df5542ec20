"""Recursion whose depth a traced value decides: each depth is a program, and no trace goes on for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import bcad


def scaled_down(x: Any) -> Any:
    if x > 100.0:
        return scaled_down(x / 3.0) * 2.0
    return x * x


def two_ends(x: Any) -> Any:
    if x > 100.0:
        return two_ends(x / 3.0) + 1.0
    if x < 0.01:
        return two_ends(x * 5.0) * 2.0
    return x**1.5


def even(x: Any) -> Any:
    return x * 2.0 if x < 1.0 else odd(x - 1.0)


def odd(x: Any) -> Any:
    return x * 3.0 if x < 1.0 else even(x - 1.0)


@pytest.mark.parametrize("program", [scaled_down, two_ends, even], ids=lambda p: p.__name__)
def test_depth_that_a_value_decides(program: Callable[..., Any]) -> None:
    f, g = bcad.Function(program), bcad.grad(program)
    for x in (3.4, 150.5, 0.003, 5000.5, 2.25, 1e-6, 3.4):
        h = 1e-6 * x
        if program is even and x > 200:
            continue
        assert f(x) == pytest.approx(program(x), rel=1e-14)
        assert g(x) == pytest.approx((program(x + h) - program(x - h)) / (2 * h), rel=1e-6)
    assert "how deep a recursion goes" in g.explain()


def test_a_known_depth_is_one_program() -> None:
    def halved(x: Any, depth: int) -> Any:
        if depth == 0 or x < 0.1:
            return x * x
        return halved(x / 2.0, depth - 1) + halved(x / 3.0, depth - 1)

    f = bcad.Function(lambda x: halved(x, 4))
    for x in (0.05, 0.15, 0.5, 4.0):
        assert f(x) == pytest.approx(halved(x, 4), rel=1e-14)
    assert f.traces == 1
