"""All questions about an int that a branch replaces by a float, and some of the other programs."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import bcad
from bcad import options

from .judge import Outcome, difference
from .programs import POINTS, QUESTIONS, Program, programs

MERGED_LONG_AGO_AS_FLOATS = [Program("int", "float64", "if", question) for question in QUESTIONS]
_USUAL = [p for p in programs() if "complex128" not in str(p) and "sorted" not in p.question]  # see docs/control_flow.md
_SAMPLE = random.Random(4).sample(_USUAL, 40)
_CASES = [(program, POINTS[:: 1 - 2 * (k % 2)]) for k, program in enumerate([*MERGED_LONG_AGO_AS_FLOATS, *_SAMPLE])]


@pytest.mark.parametrize(("program", "points"), _CASES, ids=str)
def test_is_of_the_kind_that_python_says(program: Program, points: Any) -> None:
    with options.set(backend="numpy", progress=False):
        found, _ = difference(program, points)
    assert not found


def _counted(x):
    s = 0
    for v in x:
        if v > 0:
            s += v
    return s, s / 2, s * 2, s // 1, [s]


def _power(x):
    p = 1
    for v in x[1:]:
        p = p * v
    return p, p + 1, -p


def _mandelbrot(x):
    z, n = 0, 0
    while abs(z) < 2 and n < 20:
        z = z * z + complex(x[0], x[1])
        n += 1
    return z, n


def _last(x):
    h = 7
    for v in x:
        if v > 1:
            h = v
        elif v < -1:
            h = h + 1
    return h, isinstance(h, int), f"{h}"


def _items(x):
    h = [0] * len(x)
    for k in range(len(x)):
        if x[k] > 0:
            h[k] = x[k] * 2
    return h, type(h[0]), h[-1] // 2


def _shown(x):
    for v in x:
        s = 0.0 if v > 0 else v
        print(f"{s!r} {s!r}", v, [s])
    return x.sum()


def _large(x):
    h = 2**60 + 1
    if x[0] > 0:
        h = x[0]
    return h, h - 2**60, h + 1.0


def _squared(x):
    h = -2.0 if x[0] > 0 else x[0]
    return h**0.5


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", [_counted, _power, _mandelbrot, _last, _items, _shown, _large, _squared], ids=lambda f: f.__name__)
def test_programs_of_the_kind_that_people_write(f: Callable[[Any], Any], backend: str) -> None:
    with options.set(backend=backend, progress=False):
        traced = bcad.Function(f)
        for point in ([-0.5, 0.25], [2.0, 0.5, 1.5], [-2.0, -1.5, -0.25, -3.0], [0.5, 0.5, 0.5], [-1.0], [3.0]):
            if f is _mandelbrot and len(point) < 2:
                continue
            assert Outcome(traced, np.array(point)).text == Outcome(f, np.array(point)).text


def test_a_sum_that_begins_with_an_int_is_as_fast_as_one_that_begins_with_a_float() -> None:
    def of_ints(x):
        s = 0
        for v in x:
            s = s + v * v
        return s

    def of_floats(x):
        s = 0.0
        for v in x:
            s = s + v * v
        return s

    ints, floats = bcad.Gradient(of_ints, [np.ones(5)]), bcad.Gradient(of_floats, [np.ones(5)])
    assert str(ints).replace("of_ints", "of_floats") == str(floats)


def test_the_kind_of_what_a_c_function_gives_may_change() -> None:
    import json

    texts = ["3"]
    f = bcad.Function(lambda x: json.loads(texts[0]))
    for text in ("3", "2.5", "[1, 2]", "null", "4"):
        texts[0] = text
        given = f(np.ones(2))
        assert type(given) is type(json.loads(text))
        assert given == json.loads(text)


def test_the_array_of_a_list_of_ints_and_floats_has_the_dtype_that_it_has_in_numpy() -> None:
    def f(x):
        h = [0] * len(x)
        for k in range(len(x)):
            if x[k] > 0:
                h[k] = x[k]
        return np.array(h), np.sum(h), h

    traced = bcad.Function(f)
    for point in ([1.0, -2.0, 3.0, 4.0, 5.0], [-1.0] * 5, [-1.0, -1.0, -1.0, -1.0, 2.0], [-1.0] * 3):
        assert Outcome(traced, np.array(point)).text == Outcome(f, np.array(point)).text
