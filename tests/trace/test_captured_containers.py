"""Lists and dicts from outside, given to methods of containers made inside: what they hold gets there."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import bcad

WEIGHTS = [2.0, 3.0, 5.0]
TABLE = {"a": 2.0, "b": 3.0}
NAMES = ["a", "b", "c"]


def _with(made: Any, method: str, *args: Any) -> Any:
    getattr(made, method)(*args)
    return made


def _plus(made: Any, other: Any) -> Any:
    made += other
    return made


def _or(made: Any, other: Any) -> Any:
    made |= other
    return made


def _slice(made: Any, other: Any) -> Any:
    made[1:1] = other
    return made


USES: dict[str, Callable[[], Any]] = {
    "extend": lambda: _with([1.0], "extend", WEIGHTS),
    "extend empty": lambda: _with([], "extend", WEIGHTS),
    "extend deque": lambda: _with(deque([1.0]), "extend", WEIGHTS),
    "extendleft": lambda: _with(deque([1.0]), "extendleft", WEIGHTS),
    "+=": lambda: _plus([1.0], WEIGHTS),
    "+": lambda: [1.0] + WEIGHTS,
    "reversed +": lambda: WEIGHTS + [1.0],
    "slice": lambda: _slice([1.0, 7.0], WEIGHTS),
    "star": lambda: [1.0, *WEIGHTS],
    "list": lambda: list(WEIGHTS),
    "tuple": lambda: tuple(WEIGHTS),
    "sorted": lambda: sorted(WEIGHTS, reverse=True),
    "copy": lambda: WEIGHTS.copy(),
    "whole slice": lambda: WEIGHTS[:],
    "insert": lambda: _with([1.0], "insert", 0, WEIGHTS)[0],
    "append": lambda: _with([1.0], "append", WEIGHTS)[1],
    "update": lambda: list(_with({"c": 1.0}, "update", TABLE).values()),
    "update pairs": lambda: list(_with({}, "update", list(zip(NAMES, WEIGHTS))).values()),
    "|=": lambda: list(_or({"c": 1.0}, TABLE).values()),
    "|": lambda: list(({"c": 1.0} | TABLE).values()),
    "double star": lambda: list({"c": 1.0, **TABLE}.values()),
    "dict": lambda: list(dict(TABLE).values()),
    "dict of zip": lambda: list(dict(zip(NAMES, WEIGHTS)).values()),
    "ordered": lambda: list(OrderedDict(TABLE).values()),
    "default": lambda: list(_with(defaultdict(float), "update", TABLE).values()),
    "setdefault": lambda: [_with({}, "setdefault", "k", WEIGHTS)["k"][1]],
    "set": lambda: [float(len(_with({"z"}, "update", NAMES)))],
    "union": lambda: [float(len({"z"}.union(NAMES)))],
    "join": lambda: [float(len(",".join(NAMES)))],
    "fromkeys": lambda: [float(len(dict.fromkeys(NAMES)))],
    "index": lambda: [float(NAMES.index("b")), float("c" in NAMES), float(NAMES.count("a"))],
}


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    weights, table, names = list(WEIGHTS), dict(TABLE), list(NAMES)
    yield
    WEIGHTS[:], NAMES[:] = weights, names
    TABLE.clear()
    TABLE.update(table)


@pytest.mark.parametrize("name", USES)
def test_what_they_hold_gets_there(name: str) -> None:
    def program(x: Any) -> Any:
        total = 0.0
        for k, w in enumerate(USES[name]()):
            total = total + (k + 1) * w * x
        return total

    f, g = bcad.Function(program), bcad.grad(program)

    def holds() -> None:
        assert f(1.5) == program(1.5)
        assert g(1.5) == pytest.approx(program(1.0))

    holds()
    WEIGHTS[1], TABLE["b"] = 11.0, 13.0
    holds()
    WEIGHTS.append(19.0)
    NAMES.append("d")
    TABLE["new"] = 17.0
    holds()
