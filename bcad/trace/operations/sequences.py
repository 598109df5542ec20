"""Lists and tuples next to numbers: Python repeats or refuses them; NumPy's numbers make arrays of them, but for products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..lists import derived, virtual
from ..tracers import NumberTracer, ScalarTracer, is_traced

if TYPE_CHECKING:
    from ..session import Session

_PLAIN = (bool, int, float, complex)
_ORDERS = ("<", "<=", ">", ">=")


def binary(session: Session, symbol: str, left: Any, right: Any) -> Any:
    """``left symbol right`` where one is a sequence and the other a number of Python's; None for anything else."""
    sequence, number = (left, right) if isinstance(left, (list, tuple)) else (right, left)
    if not isinstance(sequence, (list, tuple)) or not (_is_pythons(number) or _multiplies(symbol, number)):
        return None
    if _repeats(symbol, number):
        if not is_traced(number) and not virtual.has_middle(session, sequence):
            return NotImplemented
        made = derived.repeated(session, sequence, number) if symbol == "*" and type(sequence) is list else NotImplemented
        if made is not NotImplemented:
            return made
        virtual.look(session, sequence)
        if not is_traced(number):
            return NotImplemented
        count = session.decide_int(number, "the number of repetitions")
        if symbol == "*=" and type(left) is list:
            session.touch(left)
            left *= count
            return left
        return sequence * count
    if symbol in ("*", "*="):
        raise TypeError(f"can't multiply sequence by non-int of type '{_name(number)}'")
    raise TypeError(f"unsupported operand type(s) for {symbol}: '{_name(left)}' and '{_name(right)}'")


def compare(symbol: str, left: Any, right: Any) -> Any:
    """``left symbol right`` likewise: never equal, without order."""
    sequence, number = (left, right) if isinstance(left, (list, tuple)) else (right, left)
    if not isinstance(sequence, (list, tuple)) or not _is_pythons(number):
        return None
    if symbol in _ORDERS:
        raise TypeError(f"'{symbol}' not supported between instances of '{_name(left)}' and '{_name(right)}'")
    return symbol == "!="


def _is_pythons(x: Any) -> bool:
    return type(x) in _PLAIN or type(x) is NumberTracer


def _multiplies(symbol: str, x: Any) -> bool:
    """NumPy's numbers are like Python's here."""
    return symbol in ("*", "*=") and (type(x) is ScalarTracer or isinstance(x, np.generic))


def _repeats(symbol: str, x: Any) -> bool:
    if symbol not in ("*", "*="):
        return False
    if type(x) in (NumberTracer, ScalarTracer):
        return bool(x._type().dtype.kind in "biu")
    return isinstance(x, (bool, int, np.integer))


def _name(x: Any) -> str:
    kind = x.__class__ if is_traced(x) else list if isinstance(x, list) else type(x)
    return str(kind.__name__)
