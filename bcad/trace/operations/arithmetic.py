"""Arithmetic and comparison of sizes: sizes stay sizes, a comparison asks and guards."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import Dim, Size, bounds

from ..lists import derived
from ..tracers import SizeTracer

if TYPE_CHECKING:
    from ..session import Session

_CLOSED: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
}


class SizeArithmetic:
    """What operators do with a `SizeTracer` among their operands; NotImplemented: as with a number."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def binary(self, symbol: str, left: Any, right: Any) -> Any:
        if isinstance(right, (list, tuple, str)) and symbol == "*":
            left, right = right, left
        if isinstance(left, (list, tuple, str)) and type(right) is SizeTracer:
            if symbol != "*":
                return NotImplemented
            made = derived.repeated(self.session, left, right) if type(left) is list else NotImplemented
            if made is not NotImplemented:
                return made
            return left * self.session.decide_int(right, "the number of repetitions")
        sizes = self._sizes(left, right)
        if sizes is None:
            return NotImplemented
        a, b = sizes
        if symbol == "**" and isinstance(b, int) and 0 <= b <= 4:
            return self._wrap(a**b if isinstance(a, int) else _power(a, b))
        if symbol not in _CLOSED or (symbol in "//%" and not self._divides(b)):
            return NotImplemented
        return self._wrap(_CLOSED[symbol](a, b))

    def _divides(self, b: Size) -> bool:
        if self.session.assumptions.equal(b, 0):
            raise ZeroDivisionError("integer division or modulo by zero")
        return True

    def unary(self, symbol: str, value: SizeTracer) -> Any:
        if symbol == "not":
            return self.session.assumptions.equal(value._size, 0)
        if symbol == "~":
            return self._wrap(-value._size - 1)
        return self._wrap(-value._size) if symbol == "-" else value

    def compare(self, symbol: str, left: Any, right: Any) -> Any:
        sizes = self._sizes(left, right)
        if sizes is None:
            return NotImplemented
        a, b = sizes
        if self._is_open(a, b):
            return NotImplemented
        ask = self.session.assumptions.ask
        match symbol:
            case "==":
                return ask(a, "==", b)
            case "!=":
                return not ask(a, "==", b)
            case "<":
                return ask(a, "<", b)
            case ">=":
                return not ask(a, "<", b)
            case ">":
                return ask(b, "<", a)
        return not ask(b, "<", a)

    def _is_open(self, a: Size, b: Size) -> bool:
        """Whether a run alone can compare two sizes: they differ from one iteration of a loop to the next."""
        least, most = bounds(a - b)
        decided = least is not None and least > 0 or most is not None and most < 0
        return not decided and None in map(self.session.size_or_none, (a, b))

    def _sizes(self, *operands: Any) -> list[Size] | None:
        found: list[Size] = []
        for x in operands:
            if type(x) is SizeTracer:
                found.append(x._size)
            elif type(x) in (int, bool) or isinstance(x, np.integer):
                found.append(int(x))
            else:
                return None
        return found

    def _wrap(self, size: Size) -> Any:
        return self.session.wrap(size)


def _power(size: Dim, exponent: int) -> Size:
    result: Size = 1
    for _ in range(exponent):
        result = result * size
    return result
