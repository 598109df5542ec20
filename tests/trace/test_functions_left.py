"""Functions, methods and iterators that a call makes and leaves outside, or returns: another one at each call, with its numbers."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import bcad


class Left:
    """What the call leaves."""


def counter(v: Any) -> Any:
    def get() -> Any:
        return v

    def add(w: Any) -> None:
        nonlocal v
        v = v + w

    return get, add


class Thing:
    def __init__(self, a: Any) -> None:
        self.a = a

    def value(self) -> Any:
        return self.a


def shared_cell(x: Any) -> Any:
    Left.get, Left.add = counter(x[0])
    Left.add(x[1])
    return lambda: Left.get()


def holds_itself(x: Any) -> Any:
    def fib(n: int) -> Any:
        return x[0] if n < 2 else fib(n - 1) + fib(n - 2)

    Left.f = fib
    return lambda: Left.f(5)


def defaults(x: Any) -> Any:
    def f(a: Any = x[0], *, b: Any = x[1]) -> Any:
        return a + b * f.scale

    f.scale = x[1]
    Left.f = f
    return lambda: Left.f()


def bound(x: Any) -> Any:
    items = [x[1]]
    Left.value, Left.append, Left.items = Thing(x[0]).value, items.append, items
    return lambda: Left.append(3.0) or Left.value() + sum(Left.items)


def partial(x: Any) -> Any:
    Left.f = functools.partial(np.add, x[0], dtype=float)
    return lambda: Left.f(2.0)


def another_list(x: Any) -> Any:
    seen: list[float] = []
    Left.see = lambda v: seen.append(v) or len(seen)
    return lambda: Left.see(1.0) * x[0]


@pytest.mark.parametrize("fn", [shared_cell, holds_itself, defaults, bound, partial, another_list])
def test_they_hold_the_numbers_of_their_call(fn: Any) -> None:
    function = bcad.Function(fn, backend="numpy")
    for x in ([1.0, 2.0], [3.0, 5.0], [-1.0, 0.5]):
        given = function(np.array(x))()
        assert given == pytest.approx(fn(np.array(x))())


@pytest.mark.parametrize("make", [lambda x: iter([x[0]]), iter, lambda x: (v for v in x), lambda x: iter([1, 2]), lambda x: zip(x, x)])
def test_iterators_are_refused(make: Any) -> None:
    def fn(x: Any) -> Any:
        Left.it = make(x)
        return x[0]

    with pytest.raises(bcad.Unsupported, match="left outside"):
        bcad.Function(fn, backend="numpy")(np.array([1.0, 2.0]))
