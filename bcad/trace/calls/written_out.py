"""Operators as functions in Python, which are evaluated like the user's own code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..places import stepped

_SYMBOLS = ("+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>")
_COMPARISONS = ("<", "<=", "==", "!=", ">", ">=", "in")


def _function(text: str) -> Callable[..., Any]:
    namespace: dict[str, Any] = {}
    exec(compile(text, __file__, "exec"), namespace)
    return stepped(namespace["operation"])


BINARY = {symbol: _function(f"def operation(a, b): return a {symbol} b") for symbol in (*_SYMBOLS, *_COMPARISONS)}
BINARY |= {f"{symbol}=": _function(f"def operation(a, b):\n    a {symbol}= b\n    return a") for symbol in _SYMBOLS}
UNARY = {symbol: _function(f"def operation(a): return {symbol} a") for symbol in ("-", "+", "~", "not")}


@stepped
def get_item(owner: Any, key: Any) -> Any:
    """``owner[key]``."""
    return owner[key]


@stepped
def set_item(owner: Any, key: Any, value: Any) -> None:
    """``owner[key] = value``."""
    owner[key] = value


@stepped
def delete_item(owner: Any, key: Any) -> None:
    """``del owner[key]``."""
    del owner[key]


@stepped
def set_own_attribute(owner: Any, name: str, value: Any) -> None:
    """``vars(owner)[name] = value``."""
    object.__setattr__(owner, name, value)
