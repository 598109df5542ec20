"""State behind hooks of Python's own: descriptors that count, ``__setattr__`` that changes what it stores, generators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bcad import Function
from bcad.errors import Unsupported


class Counting:
    def __init__(self) -> None:
        self.count = 0

    def __get__(self, owner: Any, cls: Any) -> float:
        self.count += 1
        return self.count * 1.5


class Scaled:
    scale = 2.0

    def __get__(self, owner: Any, cls: Any) -> float:
        return self.scale * owner.base

    def __set__(self, owner: Any, value: Any) -> None:
        owner.base = value / self.scale + 1.0


class Doubling:
    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value * 2)


def made() -> tuple[Any, Any, Any]:
    counting, scaled = Counting(), Scaled()
    cls = type("Thing", (), {"counted": counting, "scaled": scaled})
    thing, doubling = cls(), Doubling()
    thing.base, doubling.w = 3.0, 1.0
    return thing, doubling, scaled


def f(x, thing, doubling):
    doubling.w = x[0] + doubling.w
    thing.scaled = thing.scaled + thing.counted
    return thing.scaled * x.sum() + doubling.w


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_hooks_act_once_a_call(backend: str) -> None:
    plain, traced = made(), made()
    call = Function(lambda x: f(x, *traced[:2]), backend=backend)
    for k in range(5):
        x = np.arange(3.0) + k
        np.testing.assert_allclose(call(x), f(x, *plain[:2]))
        assert vars(traced[0]) == pytest.approx(vars(plain[0])) and vars(traced[1]) == pytest.approx(vars(plain[1]))
        for _, _, scaled in (plain, traced):
            scaled.scale = 2.0 + k


def numbers():
    k = 0
    while k < 9:
        k += 1
        yield float(k)


def taken_by_next(x, given):
    return x * next(given)


def taken_by_a_loop(x, given):
    for v in given:
        if v > 2:
            break
    return x * v


def taken_by_a_sum(x, given):
    return x * sum(given)


def sent(x, given):
    return x * given.send(None)


@pytest.mark.parametrize("f", [taken_by_next, taken_by_a_loop, taken_by_a_sum, sent], ids=lambda f: f.__name__)
def test_a_generator_from_outside_is_not_advanced_by_tracing(f: Any) -> None:
    given = numbers()
    with pytest.raises(Unsupported, match="generator"):
        Function(lambda x: f(x, given))(2.0)
    assert next(given) == 1.0


def test_a_generator_made_in_the_function_is_advanced() -> None:
    def own(x):
        given = numbers()
        return x * next(given) + x * sum(given)

    assert Function(own)(2.0) == own(2.0)
