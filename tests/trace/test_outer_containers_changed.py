"""Deques, dicts and lists from outside that loops and branches change: read in the same call, and left as Python leaves them."""

from __future__ import annotations

import copy
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import bcad


class _Holder:
    def __init__(self) -> None:
        self.items = [7.0, 8.0]
        self.table = {"a": 2.0, "b": 3.0}


class _List(list):  # type: ignore[type-arg]
    pass


HOLDER = _Holder()
WINDOW: deque[Any] = deque([1.0, 2.0], maxlen=4)
QUEUE: deque[Any] = deque([1.0, 2.0])
OWN = _List([1.0, 2.0])
ORDERED: OrderedDict[str, Any] = OrderedDict(a=2.0, b=3.0)
DEFAULT: defaultdict[str, Any] = defaultdict(float, a=2.0, b=3.0)

LISTS: dict[str, Callable[[], Any]] = {
    "list of an attribute": lambda: HOLDER.items, "window": lambda: WINDOW, "deque": lambda: QUEUE, "own class": lambda: OWN}
DICTS: dict[str, Callable[[], Any]] = {
    "dict of an attribute": lambda: HOLDER.table, "ordered": lambda: ORDERED, "default": lambda: DEFAULT}


def _append(h: Any, x: Any, c: Any) -> None:
    for v in x:
        h.append(v)


def _branch(h: Any, x: Any, c: Any) -> None:
    if c > 0:
        for v in x:
            h.append(v)
            h[-1] *= 2.0
    else:
        h.append(c)


def _pop(h: Any, x: Any, c: Any) -> None:
    h.pop()
    for v in x:
        h.append(v * c)


def _clear(h: Any, x: Any, c: Any) -> None:
    h.clear()
    h.append(x[0])
    if c > 0:
        h.append(x[1])


def _write(h: Any, x: Any, c: Any) -> None:
    for v in x:
        h[0] = h[0] * v
    if c > 0:
        h[1] = x[0]


def _add(d: Any, x: Any, c: Any) -> None:
    for v in x:
        d["a"] = d["a"] + v
    if c > 0:
        d["b"] += x[0]


def _again(d: Any, x: Any, c: Any) -> None:
    d["b"] = d.pop("a")
    d["a"] = c * x[1]
    if c > 0:
        d["a"] += x[0]


def _anew(d: Any, x: Any, c: Any) -> None:
    d.clear()
    d["b"] = x[0]
    d["a"] = x[1]
    if c > 0:
        d.update(b=c)


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    kept = [copy.copy(get()) for get in (*LISTS.values(), *DICTS.values())]
    yield
    for get, old in zip((*LISTS.values(), *DICTS.values()), kept, strict=True):
        _set(get(), old)


def _set(container: Any, old: Any) -> None:
    container.clear()
    container.update(old) if isinstance(container, dict) else container.extend(old)


def _check(get: Callable[[], Any], change: Callable[..., None], read: Callable[[Any], Any]) -> None:
    def program(x: Any, c: Any) -> Any:
        change(get(), x, c)
        return read(get()) * x[0]

    x = np.array([0.785, 0.653, 1.641])
    with bcad.options.set(backend="numpy"):
        f = bcad.Function(program)
        for point, c in ((x, 1.0), (x, -0.5), (x, -0.25), (x[:2], 1.0)):
            before = copy.copy(get())
            given, left = f(point, c), copy.copy(get())
            _set(get(), before)
            assert given == pytest.approx(program(point, c))
            if isinstance(left, dict):
                assert list(left) == list(get())
            assert left == get()


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("change", [_append, _branch, _pop, _clear, _write])
@pytest.mark.parametrize("read", [sum, lambda h: h[0] + h[-1], lambda h: h.copy()[-1] * len(h)])
def test_lists(kind: str, change: Any, read: Any) -> None:
    _check(LISTS[kind], change, read)


@pytest.mark.parametrize("kind", DICTS)
@pytest.mark.parametrize("change", [_add, _again, _anew])
@pytest.mark.parametrize("read", [lambda d: sum(d.values()), lambda d: d["b"], lambda d: next(iter(d.items()))[1]])
def test_dicts(kind: str, change: Any, read: Any) -> None:
    _check(DICTS[kind], change, read)


def test_a_refused_call_leaves_an_ordered_dict_as_it_was() -> None:
    def program(x: Any) -> Any:
        ORDERED["b"] = ORDERED.pop("a")
        ORDERED.move_to_end("b", last=False)
        return sum(ORDERED.values()) * bytes(x)[0]

    with pytest.raises(bcad.BcadError if hasattr(bcad, "BcadError") else Exception):
        bcad.grad(program)(np.array([1.0, 2.0]))
    assert list(ORDERED.items()) == [("a", 2.0), ("b", 3.0)]
    assert list(copy.deepcopy(ORDERED)) == ["a", "b"]
