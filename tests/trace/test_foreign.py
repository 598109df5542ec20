"""Objects that C code holds, or that NumPy takes for arrays, from outside: read at every call."""

from __future__ import annotations

import array
import collections
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import bcad

START = [0.0, 0.2, 0.4, 0.6]


class Sequence:
    def __init__(self) -> None:
        self.data = np.array(START)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, k: int) -> Any:
        return self.data[k]


class ArrayLike(Sequence):
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.data


class Stepping(Sequence):
    def __iter__(self) -> Iterator[float]:
        for v in self.data:
            yield float(v)


def _set_item(x: Any, value: float) -> None:
    x[2] = value


def _set_data(x: Any, value: float) -> None:
    x.data[2] = value


OBJECTS: dict[str, tuple[Callable[[], Any], Callable[[Any, float], None]]] = {
    "array": (lambda: array.array("d", START), _set_item),
    "memoryview": (lambda: memoryview(array.array("d", START)), _set_item),
    "deque": (lambda: collections.deque(START), _set_item),
    "sequence": (Sequence, _set_data),
    "array-like": (ArrayLike, _set_data),
    "stepping": (Stepping, _set_data),
}
USES: dict[str, Callable[[Any, Any], Any]] = {
    "for": lambda p, x: sum(v * p[0] for v in x),
    "list": lambda p, x: list(x)[2] * p[0],
    "tuple": lambda p, x: tuple(x)[2] * p[0],
    "star": lambda p, x: [*x][2] * p[0],
    "zip": lambda p, x: sum(a * b * p[0] for a, b in zip(x, x)),
    "enumerate": lambda p, x: sum(a * b * p[0] for a, b in enumerate(x)),
    "map": lambda p, x: sum(map(lambda v: v * p[0], x)),
    "sum": lambda p, x: sum(x) * p[0],
    "max": lambda p, x: max(x) * p[0],
    "sorted": lambda p, x: sorted(x)[2] * p[0],
    "fsum": lambda p, x: math.fsum(x) * p[0],
    "item": lambda p, x: x[2] * p[0],
    "itemgetter": lambda p, x: operator.itemgetter(2)(x) * p[0],
    "len": lambda p, x: len(x) * p[0],
    "dot": lambda p, x: np.dot(x, np.full(4, p[0])),
    "concatenate": lambda p, x: np.concatenate([x, p]).sum() * p[0],
    "asarray": lambda p, x: (np.asarray(x) * p[0]).sum(),
    "ufunc": lambda p, x: (np.exp(x) * p[0]).sum(),
    "where": lambda p, x: np.where(np.array(x) > 0.5, p[0], 0.0).sum(),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", OBJECTS)
def test_what_it_holds_is_read_at_every_call(name: str, use: str) -> None:
    make, change = OBJECTS[name]
    x, program = make(), USES[use]
    f, g = bcad.Function(lambda p: program(p, x)), bcad.grad(lambda p: program(p, x))
    for value in (0.4, 0.9, -1.5):
        change(x, value)
        p = np.array([1.5, 0.25])
        assert f(p) == pytest.approx(program(p, x), rel=1e-14)
        slope = (program(p + [1e-6, 0], x) - program(p - [1e-6, 0], x)) / 2e-6
        assert g(p)[0] == pytest.approx(slope, rel=1e-6)


def test_an_instance_made_inside_may_hold_what_is_traced() -> None:
    def f(p: Any) -> Any:
        x = ArrayLike()
        x.data = p * 2
        return np.dot(x, p)

    np.testing.assert_allclose(bcad.grad(f)(np.array([1.0, 2.0])), [4.0, 8.0])


def test_objects_made_in_the_call_are_the_arrays_that_they_give():
    class Matrix:
        def __init__(self, a):
            self.a = np.asarray(a, float)

        def __array__(self, dtype=None, copy=None):
            return self.a

        def __neg__(self):
            return Matrix(-self.a)

        def __abs__(self):
            return np.abs(self.a).sum()

    def f(x):
        m = Matrix(x)
        return abs(m) + np.trace(np.asarray(-m)) + np.sum(np.exp(m)) + np.array(m)[0, 1] * np.linalg.det(Matrix(x * 2))

    x = np.array([[1.0, 0.5], [0.3, 2.0]])
    assert bcad.Function(f)(x) == pytest.approx(f(x))
    direction = np.array([[0.2, -1.0], [0.7, 0.4]])
    slope = (f(x + 1e-6 * direction) - f(x - 1e-6 * direction)) / 2e-6
    assert np.sum(bcad.grad(f)(x) * direction) == pytest.approx(slope, rel=1e-7)
