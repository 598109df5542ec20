"""What differs between Pythons beside their bytecode: words of messages, habits of the library."""
from __future__ import annotations

import sys

VERSION = sys.version_info[:2]
ANNOTATIONS_ARE_NAMED = VERSION == (3, 14)      # __annotate__ takes the name of its function
WRAPPED_GROUPS_SHOW_THE_HANDLER = VERSION >= (3, 14)    # traceback of what except* wraps
FACTORIES_MAY_SET_THE_VALUE = VERSION >= (3, 14)    # defaultdict keeps what is there by then
SNAPSHOT_LOCALS = VERSION >= (3, 13)            # PEP 667
INTRINSICS_LEAVE_NONE = VERSION >= (3, 12)      # import *, and printing in the REPL


def cannot_await(kind: type) -> str:
    """``await`` on something that is no awaitable."""
    return f"{kind.__name__!r} object can't be awaited" if VERSION >= (3, 14) else \
        f"object {kind.__name__} can't be used in 'await' expression"


def no_iterator(kind: type, method: str, got: type) -> str:
    """``__iter__`` or ``__await__`` of `kind` returned something else."""
    if VERSION >= (3, 15):
        return f"{kind.__name__}.{method}() must return an iterator, not {got.__name__}"
    if got.__name__ == "coroutine":
        return f"{method}() returned a coroutine"
    shown = "iter" if method == "__iter__" else method
    return f"{shown}() returned non-iterator of type {got.__name__!r}"


def too_many_values(expected: int, got: int) -> str:
    """Unpacking something with a length into fewer targets."""
    shown = f", got {got}" if VERSION >= (3, 14) else ""
    return f"too many values to unpack (expected {expected}{shown})"


def bad_star(function: str, stars: str, kind: type) -> str:
    """``function(*value)`` or ``function(**value)`` with a value of the wrong `kind`."""
    start = "Value" if VERSION >= (3, 15) else f"{function} argument"
    wanted = "an iterable" if stars == "*" else "a mapping"
    return f"{start} after {stars} must be {wanted}, not {kind.__name__}"


def no_manager(kind: type, missed: str) -> str:
    """``with`` on something that lacks the method `missed`."""
    ours, other = ("asynchronous context manager", "context manager")
    names, keyword = ("__enter__", "__exit__"), "with"
    if not missed.startswith("__a"):
        ours, other, names, keyword = other, ours, ("__aenter__", "__aexit__"), "async with"
    name = kind.__name__
    if VERSION >= (3, 14):
        name = kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    text = f"{name!r} object does not support the {ours} protocol"
    if VERSION >= (3, 14) or missed.endswith("exit__"):
        text += f" (missed {missed} method)"
    if VERSION >= (3, 14) and all(hasattr(kind, name) for name in names):
        text += f" but it supports the {other} protocol. Did you mean to use {keyword!r}?"
    return text
