"""States: what a place holds at the end of a part of the program, safe from being rolled back."""

from __future__ import annotations

from abc import ABCMeta
from collections import deque
from collections.abc import Callable
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from types import BuiltinMethodType, CellType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad.ir import Builder, Value
from interpreter import EMPTY, UNBOUND, Passing

from ..captures.containers import lifted
from ..captures.outer import LISTS
from ..captures.stored import own_attributes
from ..tracers import ArrayTracer, ChoiceTracer, SizeTracer, Tracer, ValueTracer
from ..tree import children_of
from . import errors
from .blends import Numbers

if TYPE_CHECKING:
    from ..session import Session

_PLAIN = (bool, int, float, complex)
_RANK = "biufc"


class Abandon(Passing):
    """A loop or branch cannot be kept as a region; it is undone, and unrolled or guarded instead."""


class Lengthens(Abandon):
    """What stands in the way is a list that has another length in each iteration."""


class Number:
    """A number or array: its Value, and the object that held it."""

    __slots__ = ("value", "obj")

    def __init__(self, value: Value, obj: Any) -> None:
        self.value = value
        self.obj = obj

    @property
    def numbers(self) -> Numbers | None:
        """What it may be, where it is a number of several kinds."""
        return self.obj._numbers if type(self.obj) is ChoiceTracer else None


class Box:
    """A container or instance, and what it holds."""

    __slots__ = ("obj", "keys", "children", "extra")

    def __init__(self, obj: Any, keys: tuple[Any, ...], children: list[Any], extra: Any) -> None:
        self.obj, self.keys, self.children, self.extra = obj, keys, children, extra


class Layout:
    """How the items of a list or deque stand in arrays: what is `extra` of its state and of its form.

    Attributes
    ----------
    item : Pattern
        The form of the items; there is an array for each of its leaves.
    is_tight : bool
        Whether the items fill the arrays; else it is part of the state where they begin, and how many there are.
    bound : int or None
        The ``maxlen`` of a deque.
    key : object
        The region that one who writes to an array in the list has to do without.
    root : list or None
        The list whose arrays these are a part of.
    room : Room or None
        Who has made room in the arrays.
    inner : tuple
        The lists that are known to be items of it.
    entangled : object
        The region that one who writes to a list in the list has to do without; None if that is allowed.
    """

    __slots__ = ("item", "is_tight", "bound", "key", "root", "room", "entangled", "inner")

    def __init__(
        self, item: Any, is_tight: bool, bound: int | None, key: Any, root: Any = None, room: Any = None, entangled: Any = None,
        inner: tuple[Any, ...] = (),
    ) -> None:
        self.item, self.is_tight, self.bound, self.key = item, is_tight, bound, key
        self.root, self.room, self.entangled, self.inner = root, room, entangled, inner


class There(Box):
    """One that may be written to and was there before: whoever holds it afterwards holds the same object."""

    __slots__ = ()


class Same:
    """Anything else: the object itself; `there` tells whether it was there before."""

    __slots__ = ("obj", "there")

    def __init__(self, obj: Any, there: bool = False) -> None:
        self.obj, self.there = obj, there


class Picked:
    """One of several options: which, and what each holds."""

    __slots__ = ("obj", "which", "children")

    def __init__(self, obj: ChoiceTracer, which: Value, children: list[Any]) -> None:
        self.obj, self.which, self.children = obj, which, children


Frozen = Number | Box | Same | Picked


def cell_value(cell: CellType) -> Any:
    """What a cell holds, or EMPTY."""
    try:
        return cell.cell_contents
    except ValueError:
        return EMPTY


def freeze(session: Session, obj: Any, depth: int = 6) -> Frozen:
    """What `obj` holds now, as Values of the current builder."""
    kind = type(obj)
    if kind is ChoiceTracer and obj._numbers is not None:
        return Number(Builder.current().as_value(obj._number), obj)
    if kind is ChoiceTracer:
        which = Builder.current().as_value(obj._which)
        return Picked(obj, which, [freeze(session, option, depth - 1) for option in obj._options])
    if kind is Value or kind in _PLAIN or isinstance(obj, (Tracer, np.generic)):
        return _freeze_number(session, obj)
    if kind is np.ndarray and obj.dtype.kind in _RANK:
        return Number(session.value(obj), session.captures.cell(obj))
    if kind in (*LISTS, deque) and id(obj) in session.virtual:
        from ..lists.listed import state_of

        return state_of(session, obj)
    if id(obj) in session.keyed and session.keyed[id(obj)].owner is obj:
        raise Abandon("a dict with keys that a loop has made leaves it")
    if depth and not isinstance(obj, type):
        found = _parts(session, obj)
        if found is not None:
            keys, children, extra = found
            return Box(obj, keys, [freeze(session, c, depth - 1) for c in children], extra)
    return Same(obj)


def _freeze_number(session: Session, obj: Any) -> Frozen:
    if isinstance(obj, np.generic) and obj.dtype.kind not in _RANK:
        return Same(obj)
    if is_text(obj):
        values = obj._values()
        return Box(obj, tuple(range(len(values))), [freeze(session, value) for value in values], obj._template())
    if isinstance(obj, Tracer) and not isinstance(obj, (ArrayTracer, ValueTracer, SizeTracer)):
        return Same(obj)
    return Number(obj if type(obj) is Value else session.value(obj), obj)


def is_text(obj: Any) -> bool:
    """Whether `obj` stands for a text with traced numbers in it."""
    return isinstance(obj, Tracer) and issubclass(obj.__class__, str)


def _parts(session: Session, obj: Any) -> Any:
    """Keys, children and extra state of what can be taken apart and made again; None for anything else."""
    kind = type(obj)
    if kind is FunctionType:
        return _closure(session, obj)
    if kind is CellType:
        return ("cell_contents",), [cell_value(obj)], None
    if kind is MethodType:
        return ("__self__",), [obj.__self__], obj.__func__
    if kind is BuiltinMethodType:
        return (("__self__",), [obj.__self__], obj.__name__) if is_mutable(obj.__self__) else None
    if errors.is_exception(obj):
        return errors.parts(obj, own_attributes(obj))
    if is_dataclass(kind):
        return attributes_of(session, obj)
    return children_of(lifted(session, obj)) or attributes_of(session, obj)


METHODS = (MethodType, BuiltinMethodType)


def _closure(session: Session, fn: FunctionType) -> Any:
    """The cells of a function made while tracing; what else it is stays."""
    if not fn.__closure__ or id(fn) in session.captures.outer:
        return None
    extra = (fn.__code__, fn.__defaults__, tuple((fn.__kwdefaults__ or {}).items()), tuple(vars(fn).items()))
    return tuple(range(len(fn.__closure__))), list(fn.__closure__), extra


def attributes_of(session: Session, obj: Any) -> Any:
    """The attributes of an instance made while tracing."""
    cls: Any = type(obj)
    if cls in _IMMUTABLE or isinstance(obj, Enum) or id(obj) in session.captures.outer or not is_plain_class(cls):
        return None
    found = own_attributes(obj)
    return tuple(found), list(found.values()), None


@cache
def is_plain_class(cls: type) -> bool:
    """Whether instances have attributes and nothing else: no base is written in C, none is our own machinery's."""
    return type(cls) in (type, ABCMeta) and not is_machinery(cls.__module__) and all(
        base is object or base.__flags__ & _HEAP_TYPE for base in cls.__mro__) and _can_be_made(cls)


def _can_be_made(cls: type) -> bool:
    """Whether an instance can be made without its class's own doing: not of heap types written in C, such as re.Pattern."""
    try:
        object.__new__(cls)
    except TypeError:
        return False
    return True


_HEAP_TYPE = 1 << 9


def is_machinery(module: Any) -> bool:
    """Whether a module is one of ours: what its classes and functions hold is no part of the user's program."""
    return isinstance(module, str) and module.partition(".")[0] in ("bcad", "interpreter")


# -- what was there before -----------------------------------------------------------------------------
def refer(state: Frozen, was_there: Callable[[Any], bool]) -> Frozen:
    """`state` with what was there before, and may be written to, told apart from what is new."""
    if type(state) is Box and is_mutable(state.obj) and was_there(state.obj):
        return There(state.obj, state.keys, [refer(c, was_there) for c in state.children], state.extra)
    if isinstance(state, (Box, Picked)):
        state.children = [refer(c, was_there) for c in state.children]
    elif type(state) is Same and is_mutable(state.obj) and was_there(state.obj):
        return Same(state.obj, True)
    return state


def is_mutable(obj: Any) -> bool:
    """Whether an object's identity can be told by a write to it."""
    kind = type(obj)
    if kind in _IMMUTABLE or isinstance(obj, (tuple, type, Tracer, np.generic, Enum)):
        return False
    parameters = getattr(kind, "__dataclass_params__", None)
    return parameters is None or not parameters.frozen


_IMMUTABLE = frozenset((bool, int, float, complex, str, bytes, type(None), type(...), type(EMPTY), type(UNBOUND),
                        FunctionType, MethodType, BuiltinMethodType, ModuleType, slice, range, frozenset, np.ufunc, np.dtype))
