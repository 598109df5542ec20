"""Lists, deques and dicts that a loop inside a branch changes, and those from outside that are read afterwards."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import bcad
from tests.programs.reference import jacobian, richardson

OUT: list[Any] = [7.0, 8.0]


def _written(x: Any, c: Any) -> Any:
    h = [x[0], x[1], x[2]]
    if c > 0:
        for j in range(x.shape[0]):
            h[j % 3] = h[j % 3] * 2
    return h[0] + 2 * h[1] + 3 * h[2]


def _read_while_it_grows(x: Any, c: Any) -> Any:
    h = [x[0]]
    if c > 0:
        for v in x:
            h.append(v)
            h[-1] += h[-2] * np.sum(np.array(h))
    return sum(h)


def _window(x: Any, c: Any) -> Any:
    h = deque([x[0], x[1]], maxlen=3)
    if c > 0:
        for j in range(x.shape[0]):
            h.append(x[j] * 2 + h[0])
    return sum(h) * len(h)


def _table(x: Any, c: Any) -> Any:
    h = {0: x[0]}
    if c > 0:
        for j in range(x.shape[0]):
            h[j * 2] = x[j]
            h[j * 2] += h.get(2, 0.0)
    else:
        h[3] = 7.0
    return sum(h.values())


def _both_arms(x: Any, c: Any) -> Any:
    h = [x[0]]
    if c > 0:
        for v in x:
            heapq.heappush(h, v)
    else:
        for v in x:
            h.append(v)
            h[-1] += h[-2]
    return h[0] + 2 * h[-1]


def _by_another_name(x: Any, c: Any) -> Any:
    h = [x[0]]
    g = h
    if c > 0:
        for v in x:
            g.append(v)
            g[-1] += g[-2]
    h.append(1.0)
    return h[-2] + g[-1] + len(h)


def _shortened(x: Any, c: Any) -> Any:
    h = [x[0], x[1], x[2]]
    if c > 0:
        while len(h) > 1:
            a = h.pop()
            h[-1] = h[-1] * a
    return sum(h)


class _Holder:
    def __init__(self, items: list[Any]) -> None:
        self.items = items


def _in_an_attribute(x: Any, c: Any) -> Any:
    s = _Holder([x[0]])
    if c > 0:
        for v in x:
            s.items.append(v)
            s.items[-1] += s.items[-2]
    return sum(s.items)


def _branch_in_loop(x: Any, c: Any) -> Any:
    h = [x[0]]
    for k in range(x.shape[0]):
        if c * x[k] > 0:
            for v in x:
                h.append(v)
                h[-1] += 0.5 * h[-2]
        else:
            h.append(x[1])
    return sum(h)


def _branch_in_branch(x: Any, c: Any) -> Any:
    h = [x[0]]
    if c > -2:
        if c > 0:
            for v in x:
                h.append(v)
                h[-1] += h[0]
        elif c > -1:
            h.append(c)
    return sum(h) + h[-1]


def _made_before_by_a_loop(x: Any, c: Any) -> Any:
    h = [v * 2 for v in x]
    if c > 0:
        for k in range(x.shape[0]):
            h[k] = h[k] * h[0]
    return sum(h)


def _its_length_asked(x: Any, c: Any) -> Any:
    h: list[Any] = []
    if c > 0:
        for v in x:
            h.append(v)
            h[-1] *= 2
    return h[2] * x[0] if len(h) > 2 else x[1]


LOCAL = [_written, _read_while_it_grows, _window, _table, _both_arms, _by_another_name, _shortened, _in_an_attribute,
         _branch_in_loop, _branch_in_branch, _made_before_by_a_loop, _its_length_asked]


@pytest.mark.parametrize("program", LOCAL)
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_changes_of_an_arm_stay(program: Callable[..., Any], backend: str) -> None:
    x = np.array([0.785, 0.653, 1.641, 0.3])
    with bcad.options.set(backend=backend):
        f, g = bcad.Function(program), bcad.grad(program)
        for point, c in ((x, 1.0), (x, -0.5), (x[:3], 1.0), (x, -3.0), (-x, 2.0)):
            assert f(point, c) == pytest.approx(program(point, c))
            d = np.linspace(1.0, 2.0, len(point))
            expected = richardson(lambda t, at=point, c=c, d=d: np.asarray(program(at + t * d, c)), 1e-2)
            assert not expected.disagreement(g(point, c) @ d)


CHANGES: dict[str, Callable[[Any, Any], Any]] = {}


def _change(fn: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    CHANGES[fn.__name__] = fn
    return fn


@_change
def appended_in_loop(x: Any, c: Any) -> None:
    for v in x:
        OUT.append(v)


@_change
def appended_in_branch(x: Any, c: Any) -> None:
    if c > 0:
        OUT.append(x[0])


@_change
def cleared_then_branch(x: Any, c: Any) -> None:
    OUT.clear()
    if c > 0:
        for v in x:
            OUT.append(v)
    else:
        OUT.append(x[1])


@_change
def last_one_changed_in_loop(x: Any, c: Any) -> None:
    for v in x:
        OUT.append(v)
        OUT[-1] += 1.0


@_change
def popped_then_loop(x: Any, c: Any) -> None:
    OUT.pop()
    for v in x:
        OUT.append(v * c)


READS: dict[str, Callable[[], Any]] = {
    "sum": lambda: sum(OUT),
    "len": lambda: float(len(OUT)),
    "for": lambda: _added(OUT),
    "index": lambda: OUT[0] + OUT[-1],
    "slice": lambda: sum(OUT[:2]),
    "np.sum": lambda: np.sum(OUT),
    "np.array": lambda: np.array(OUT)[-1],
    "max": lambda: max(OUT),
    "sorted": lambda: sorted(OUT)[0],
    "star": lambda: sum([*OUT]),
    "list": lambda: list(OUT)[-1],
    "tuple": lambda: tuple(OUT)[-1],
    "copy": lambda: OUT.copy()[0],
    "comprehension": lambda: sum([v * v for v in OUT]),
    "generator": lambda: sum(v * v for v in OUT),
    "zip": lambda: sum(a * b for a, b in zip(OUT, OUT)),
    "enumerate": lambda: sum(k * v for k, v in enumerate(OUT)),
    "reversed": lambda: sum(v for v in reversed(OUT)),
    "extend": lambda: _extended([1.0], OUT),
    "+": lambda: sum([1.0] + OUT),
    "truth": lambda: 1.0 if OUT else 2.0,
    "in": lambda: 1.0 if 8.0 in OUT else 2.0,
}


def _added(items: Any) -> Any:
    total = 0.0
    for v in items:
        total = total + v
    return total


def _extended(made: list[Any], items: Any) -> Any:
    made.extend(items)
    return made[-1] + len(made)


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    OUT[:] = [7.0, 8.0]
    yield
    OUT[:] = [7.0, 8.0]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("read", READS)
def test_a_list_from_outside_is_read_after_it_was_changed(change: str, read: str) -> None:
    def program(x: Any, c: Any) -> Any:
        CHANGES[change](x, c)
        return READS[read]() * x[0]

    x = np.array([0.785, 0.653, 1.641])
    with bcad.options.set(backend="numpy"):
        f = bcad.Function(program)
        for point, c in ((x, 1.0), (x, -0.5), (x[:2], 1.0)):
            before = list(OUT)
            given, left = f(point, c), list(OUT)
            OUT[:] = before
            assert given == pytest.approx(program(point, c))
            assert left == pytest.approx(OUT)


def added_to_in_two_ways(x, k):
    h = [0.532, -1.458, 0.741]
    for j in range(1, 3):
        if x[0] > 0.1:
            h.append(k)
            h.pop(0)
        else:
            h.append(j)
    return sum(h), math.fsum(h), np.sum(np.array(h)), max(h), len(h)


def test_all_items_of_a_list_with_numbers_of_two_kinds_are_added():
    traced = bcad.Function(added_to_in_two_ways)
    for x in (np.array([-0.65]), np.array([0.65]), np.array([-0.1])):
        np.testing.assert_allclose(traced(x, 0), added_to_in_two_ways(x, 0), rtol=1e-14)


LOG: list[Any] = []


def copied_where_it_grows(x):
    a = []
    b = a
    for e in x:
        if e < 0:
            a.append(e)
            a = list(a)
    b.append(0.5)
    return sum(b) + 10 * sum(a)


def copied_from_outside(x):
    a = LOG
    for e in x:
        if e < 0:
            a.append(e)
            a = list(a)
    LOG.append(0.5)
    return sum(LOG) + 10 * sum(a)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("fn", [copied_where_it_grows, copied_from_outside], ids=lambda f: f.__name__)
def test_a_list_that_a_branch_makes_longer_and_copies(fn: Any, backend: str) -> None:
    """Both lengths are those of an earlier branch, which a later one alone reads."""
    def emptied(x):
        LOG.clear()
        return fn(x)

    with bcad.options.set(backend=backend):
        traced = bcad.value_and_grad(fn)
        for x in ([1.118, -0.2, -3.0, 0.5], [-0.4, -0.1, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4], [-1.0, -2.0, -3.0, -4.0]):
            LOG.clear()
            value, gradient = traced(np.array(x))
            left = list(LOG)
            assert value == pytest.approx(emptied(np.array(x)))
            assert left == pytest.approx(LOG)
            problem = jacobian(emptied, (np.array(x),)).disagreement(gradient)
            assert not problem, problem
