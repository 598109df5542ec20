"""Some of the programs of `programs.py` in each run, and all kinds of those that once were wrong."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import bcad
from bcad import options

from .judge import difference
from .programs import CONTEXTS, THINGS, Captured, Program, captured, programs

WERE_WRONG = [
    Program("dict", "h['a'] = h.pop('a') * v", "h['a'] + 3 * list(h.values())[-1]", "for in if"),
    Program("dict", "h['a'] = h.pop('a') * v", "sum(w * i for i, (k, w) in enumerate(h.items()))", "if else"),
    Program("dict", "h['a'] = h.pop('a') * v", "h['a'] + 3 * list(h.values())[-1]", "try in for"),
    Program("iterator", "h += next(it) * v", "h * 2 + next(it)", "if"),
    Program("iterator", "h += next(it) * v", "h * 2 + next(it)", "for"),
    Program("iterator", "h += sum([next(it), next(it)])", "h * 2 + next(it)", "return in for"),
    Program("defaultdict", "h[len(h)] += v", "sum(h.values()) * len(h)", "for, for"),
    Program("defaultdict", "h[len(h)] += v", "sum(h.values()) * len(h)", "for in if in if"),
    Program("closure", "get, add = mk(v)", "get() * 3", "if in for"),
    Program("closure", "get, add = mk(v)", "get() * 3", "if in with"),
    Program("instance", "P.cls = v; h.a += P.cls", "h.twice + h.lst[-1] + h.cls", "if"),
    Program("instance", "P.cls = v; h.a += P.cls", "h.twice + h.lst[-1] + h.cls", "try in for"),
    Program("list", "h.append(h[0]); h[0] = v", "sum(h) * len(h)", "for in if"),
    Program("list", "h.pop()", "sum(h) * len(h)", "for in if, else"),
    Program("deque", "h.popleft(); h.append(v)", "h[0] + 3 * h[-1]", "for in if"),
]
_SAMPLE = random.Random(1).sample(list(programs()), 60)
_QUICK = [p for p in captured() if p.thing not in ("tuple", "text", "iterator") and p.context != "for in for"]  # what is left would be traced for at each call
_CAPTURED = random.Random(2).sample(_QUICK, 60)


@pytest.mark.parametrize("program", [*WERE_WRONG, *_SAMPLE], ids=lambda p: f"{p.thing}-{p.step}-{p.context}")
@pytest.mark.parametrize("derivative", [False, True], ids=["value", "gradient"])
def test_gives_what_python_gives(program: Program, derivative: bool) -> None:
    with warnings.catch_warnings(), options.set(backend="numpy", progress=False):
        warnings.simplefilter("ignore")  # some results do not depend on x
        assert not difference(program, derivative)


@pytest.mark.parametrize("program", _CAPTURED, ids=lambda p: f"{p.thing}-{p.step}-{p.context}-{p.way}")
def test_leaves_what_python_leaves(program: Captured) -> None:
    with warnings.catch_warnings(), options.set(backend="numpy", progress=False):
        warnings.simplefilter("ignore")
        assert not difference(program, derivative=False)


@pytest.mark.parametrize("program", _CAPTURED[::6], ids=lambda p: f"{p.thing}-{p.step}-{p.context}-{p.way}")
def test_has_the_gradient_of_what_is_outside(program: Captured) -> None:
    with warnings.catch_warnings(), options.set(backend="numpy", progress=False):
        warnings.simplefilter("ignore")
        assert not difference(program, derivative=True)


def test_every_part_is_used() -> None:
    used = list(programs())
    assert {p.thing for p in used} == set(THINGS)
    assert {p.context for p in used} == set(CONTEXTS)


def _written_to(x: Any) -> Any:
    a = np.array([1, 2]) if x[0] > 0 else np.array([1.0, 2.0])
    a[0] = x[1]
    return a


def _of_two_widths(x: Any) -> Any:
    return np.array([1, 2], dtype=np.int32) if x[0] > 0 else np.array([1, 2])


def _changes_in_a_loop(x: Any) -> Any:
    a = np.zeros(2, int)
    for v in x:
        a[0] = a[0] + v * 10
        a = a * 1.0
    return a


@pytest.mark.parametrize("program", [_written_to, _of_two_widths, _changes_in_a_loop])
def test_arrays_keep_their_dtypes(program: Callable[[Any], Any]) -> None:
    f = bcad.Function(program)
    for x in ([0.57, 0.39], [-0.57, 0.39], [0.57, 0.39, 0.1]):
        given, expected = f(np.array(x)), program(np.array(x))
        assert given.dtype == expected.dtype
        np.testing.assert_array_equal(given, expected)
