"""States: what a place holds at the end of a part of the program, safe from being rolled back."""

from __future__ import annotations

from collections import deque
from enum import Enum
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import Builder, Value

from .tracers import ArrayTracer, ChoiceTracer, ScalarTracer, SizeTracer, Tracer, ValueTracer
from .tree import children_of

if TYPE_CHECKING:
    from .session import Session

_PLAIN = (bool, int, float, complex)
_RANK = "biufc"


class Abandon(BaseException):
    """A loop or branch cannot be kept as a region; it is undone, and unrolled or guarded instead."""


class Number:
    """A number or array: its Value, and the object that held it."""

    __slots__ = ("value", "obj")

    def __init__(self, value: Value, obj: Any) -> None:
        self.value = value
        self.obj = obj

    @property
    def python(self) -> Value | None:
        """What says whether it is Python's own number, where that depends."""
        return self.obj._python if type(self.obj) is ScalarTracer else None


class Box:
    """A container made in the part of the program that was run."""

    __slots__ = ("obj", "keys", "children", "extra")

    def __init__(self, obj: Any, keys: tuple[Any, ...], children: list[Any], extra: Any) -> None:
        self.obj, self.keys, self.children, self.extra = obj, keys, children, extra


class Same:
    """Anything else: the object itself."""

    __slots__ = ("obj",)

    def __init__(self, obj: Any) -> None:
        self.obj = obj


class Picked:
    """One of several options: which, and what each holds."""

    __slots__ = ("obj", "which", "children")

    def __init__(self, obj: ChoiceTracer, which: Value, children: list[Any]) -> None:
        self.obj, self.which, self.children = obj, which, children


Frozen = Number | Box | Same | Picked


def freeze(session: Session, obj: Any, depth: int = 6) -> Frozen:
    """What `obj` holds now, as Values of the current builder."""
    kind = type(obj)
    if kind is ChoiceTracer:
        which = Builder.current().as_value(obj._which)
        return Picked(obj, which, [freeze(session, option, depth - 1) for option in obj._options])
    if kind is Value or kind in _PLAIN or isinstance(obj, (Tracer, np.generic)):
        return _freeze_number(session, obj)
    if kind is np.ndarray and obj.dtype.kind in _RANK:
        return Number(session.value(obj), session.captures.cell(obj))
    if kind in (list, deque) and id(obj) in session.virtual:
        raise Abandon("a list that a loop has made leaves it")
    if id(obj) in session.keyed and session.keyed[id(obj)].owner is obj:
        raise Abandon("a dict with keys that a loop has made leaves it")
    if depth and kind not in (FunctionType, ModuleType) and not isinstance(obj, type):
        found = children_of(obj) or _attributes(session, obj)
        if found is not None:
            keys, children, extra = found
            return Box(obj, keys, [freeze(session, c, depth - 1) for c in children], extra)
    return Same(obj)


def _freeze_number(session: Session, obj: Any) -> Frozen:
    if isinstance(obj, np.generic) and obj.dtype.kind not in _RANK:
        return Same(obj)
    if isinstance(obj, Tracer) and not isinstance(obj, (ArrayTracer, ValueTracer, SizeTracer)):
        return Same(obj)
    return Number(obj if type(obj) is Value else session.value(obj), obj)


def _attributes(session: Session, obj: Any) -> Any:
    """The attributes of an instance made while tracing."""
    if isinstance(obj, Enum) or id(obj) in session.captures.outer or type(obj).__module__ == "builtins" or callable(obj):
        return None
    namespace = getattr(obj, "__dict__", None)
    if type(namespace) is not dict:
        return None
    return tuple(namespace), list(namespace.values()), ()
