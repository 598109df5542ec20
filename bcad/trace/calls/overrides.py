"""Calls that belong to an argument's class: operators and NumPy functions overridden in Python code."""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from interpreter import evaluate

from ..tracers import TRACERS

if TYPE_CHECKING:
    from ..session import Session

_DISPATCHER = type(np.sum)
_SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    "and_": "&", "or_": "|", "xor": "^", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=",
}
_WRITTEN: dict[Any, FunctionType] = {
    getattr(operator, name): eval(f"lambda a, b: a {symbol} b") for name, symbol in _SYMBOLS.items()
} | {operator.neg: lambda a: -a, operator.pos: lambda a: +a, operator.invert: lambda a: ~a}


def override(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the Python class of an argument makes of a call of `fn`; NotImplemented: nothing of its own."""
    kind = type(fn)
    if kind is BuiltinFunctionType and fn in _WRITTEN:
        special = "__" + fn.__name__.rstrip("_") + "__"
        if any(_method(a, special) or _method(a, "__r" + special[2:]) for a in args):
            return evaluate(_WRITTEN[fn], args, {}, session.domain)
        return NotImplemented
    if kind is np.ufunc:
        return _first(session, "__array_ufunc__", args, lambda a: ((a, fn, "__call__", *args), kwargs))
    if kind is _DISPATCHER:
        classes = tuple({type(a): None for a in args if hasattr(type(a), "__array_function__")})
        return _first(session, "__array_function__", args, lambda a: ((a, fn, classes, args, kwargs), {}))
    return NotImplemented


def _method(x: Any, name: str) -> Any:
    """A special method written in Python, of an object that is no traced value; else None."""
    kind = type(x)
    if kind in TRACERS or kind in (int, float, complex, bool, str, tuple, list, np.ndarray):
        return None
    method = getattr(kind, name, None)
    return method if type(method) is FunctionType else None


def _first(session: Session, name: str, args: tuple[Any, ...], call: Callable[[Any], tuple[Any, Any]]) -> Any:
    """The answer of the first argument that has one, subclasses before their bases."""
    owners = [a for a in args if _method(a, name)]
    owners.sort(key=lambda a: -len(type(a).__mro__))
    for owner in owners:
        given, named = call(owner)
        result = evaluate(_method(owner, name), given, named, session.domain)
        if result is not NotImplemented:
            return result
    if owners:
        raise TypeError(f"no implementation found for {name} on types that override it: {[type(a) for a in owners]}")
    return NotImplemented
