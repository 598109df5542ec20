"""What is asked about the class of a variable that holds now one object, now another."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

import bcad


@dataclass
class Q:
    a: float

    def m(self) -> float:
        return self.a * 2


class R(Q):
    k = 5.0

    def m(self) -> float:
        return self.a * 3


D = Q(0.5)
_NAMES = {"Q": Q, "R": R, "D": D, "np": np, "asdict": asdict, "fields": fields, "is_dataclass": is_dataclass, "replace": replace}

OF_OBJECTS = """
1.0 if type(h) is Q else 2.0 * x
1.0 if h.__class__ is Q else 2.0 * x
(1.0 if isinstance(h, R) else 2.0) * x
(1.0 if hasattr(h, 'k') else 2.0) * x
(1.0 if type(h).__name__ == 'Q' else 2.0) * x
(1.0 if h is D else 2.0) * x
(1.0 if id(h) == id(D) else 2.0) * x
len(str(type(h))) * x
(1.0 if issubclass(type(h), R) else 2.0) * x
type(h)(x + 1).a
replace(h, a=h.a + 1).a
asdict(h)['a'] * x
sum(getattr(h, f.name) for f in fields(h)) * x
(1.0 if is_dataclass(h) else 2.0) * x
type(h).m(h) + x
(2.0 if type(h) in (R,) else 3.0) * x
{Q: 1.0, R: 2.0}[type(h)] * x
""".strip().split("\n")

OF_NUMBERS = """
1.0 if type(h) is type(None) else 2.0 * x
(1.0 if isinstance(h, float) else 2.0) * x
(1.0 if isinstance(h, (str, list)) else 2.0) * x
(1.0 if type(h) == float else 2.0) * x
(1.0 if hasattr(h, 'append') else 2.0) * x
len(str(type(h))) * 1.0
""".strip().split("\n")


def _program(first: str, second: str, result: str) -> Callable[[Any], Any]:
    text = f"def f(x):\n    h = {first}\n    if x > 0:\n        h = {second}\n    return {result}\n"
    name = f"<choice {first} {second} {result}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    names = {"__name__": __name__, **_NAMES}
    exec(compile(text, name, "exec"), names)
    return names["f"]  # type: ignore[return-value]


CASES = [(first, "Q(x)", result) for first in ("D", "R(x * 2)") for result in OF_OBJECTS]
CASES += [(first, "x * 2", result) for first in ("None", "'abc'", "[1.0, 2.0]", "(x, x)", "{'a': 1.0}") for result in OF_NUMBERS]


@pytest.mark.parametrize(("first", "second", "result"), CASES)
def test_is_what_python_answers(first: str, second: str, result: str) -> None:
    program = _program(first, second, result)
    with bcad.options.set(backend="numpy"):
        f = bcad.Function(program)
        for x in (1.5, -1.0, 0.5, -2.0):
            assert f(x) == pytest.approx(program(x))
