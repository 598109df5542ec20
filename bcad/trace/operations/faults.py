"""Which exception Python raises where an operation on its numbers fails, if that does not depend on the numbers."""

from __future__ import annotations

import math
from typing import Any

from bcad.ir import Node

_NEGATIVE, _OUTSIDE, _LARGE, _INFINITE = ((-1, -2.5), (2, -3), (1000, 2000), (math.inf, -math.inf))
_ARGUMENTS = {  # what an operation fails for
    "divide": ((1, 0), (-2, 0)), "floor_divide": ((1, 0), (-2, 0)), "remainder": ((1, 0), (-2, 0)),
    "sqrt": _NEGATIVE, "log": (0, *_NEGATIVE), "log2": (0, *_NEGATIVE), "log10": (0, *_NEGATIVE), "log1p": (-1, -2.5),
    "arcsin": _OUTSIDE, "arccos": _OUTSIDE, "arccosh": (0, -2.5), "arctanh": (1, *_OUTSIDE),
    "sin": _INFINITE, "cos": _INFINITE, "tan": _INFINITE,
    "exp": _LARGE, "exp2": (5000, 6000), "expm1": _LARGE, "sinh": _LARGE, "cosh": _LARGE,
}


def exception_of(node: Node) -> BaseException | None:
    """A new exception like the one that Python raises where `node` fails; None if that is not the same everywhere."""
    op: Any = node.op
    types = [getattr(v.type, "dtype", None) for v in node.inputs]
    if op.name not in _ARGUMENTS or any(t is None or t.kind not in "bif" for t in types):
        return None
    found = [_raised(op.python, arguments if isinstance(arguments, tuple) else (arguments,), types)
             for arguments in _ARGUMENTS[op.name]]
    first = found[0]
    if any(type(error) is not type(first) or error.args != first.args for error in found):
        return None  # the message may be shown
    return first


def _raised(function: Any, arguments: tuple[Any, ...], types: list[Any]) -> BaseException:
    """What ``function(*arguments)`` raises, with numbers of these types."""
    try:
        function(*(x if math.isinf(x) else t.type(x).item() for x, t in zip(arguments, types, strict=True)))
    except (ArithmeticError, ValueError) as error:
        return error.with_traceback(None)
    return AssertionError("it did not fail")
