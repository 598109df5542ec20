"""Operators as functions in Python, which are evaluated like the user's own code."""

from __future__ import annotations

import operator
from collections import OrderedDict, deque
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


@stepped
def _extend_list(owner: Any, items: Any) -> None:
    """``owner += items``."""
    list.extend(owner, items)


@stepped
def _extend_deque(owner: Any, items: Any) -> None:
    """The same of a deque."""
    deque.extend(owner, items)


@stepped
def _repeat_list(owner: Any, count: Any) -> None:
    """``owner *= count``."""
    items = list(owner)
    list.clear(owner)
    for _ in range(operator.index(count)):
        list.extend(owner, items)


@stepped
def _repeat_deque(owner: Any, count: Any) -> None:
    """The same of a deque."""
    items = list(owner)
    deque.clear(owner)
    for _ in range(operator.index(count)):
        deque.extend(owner, items)


@stepped
def _update_dict(owner: Any, others: Any) -> None:
    """``owner |= others``."""
    dict.update(owner, others)


@stepped
def _update_ordered(owner: Any, others: Any) -> None:
    """The same of one that knows its order."""
    OrderedDict.update(owner, others)


@stepped
def _update_set(owner: Any, others: Any) -> None:
    """The same of a set."""
    set.update(owner, others)


IN_PLACE = {  # what is first is tried first
    ("+=", list): _extend_list, ("+=", deque): _extend_deque, ("*=", list): _repeat_list, ("*=", deque): _repeat_deque,
    ("|=", OrderedDict): _update_ordered, ("|=", dict): _update_dict, ("|=", set): _update_set,
}
