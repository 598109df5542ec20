"""Deques, ordered dicts, subclasses of list and dict... from outside: what C code sees of them is lifted.

A plain list or dict has a mirror (`outer.py`); any other container stands for itself. Reading it as
a whole gives a copy of what it holds. What changes it, or is gone through while it is changed, finds lifted items in it:
it is filled, for this trace alone.
"""

from __future__ import annotations

import functools
import gc
import itertools
import math
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from types import (
    BuiltinFunctionType,
    FunctionType,
    MappingProxyType,
    MethodDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any

from ..restart import Restart
from .guards import HasKeys, HasLength
from .outer import MIRRORS
from .sources import Item

if TYPE_CHECKING:
    from ..session import Session

KINDS = (list, dict, deque, tuple, MappingProxyType)
_BOUND = (BuiltinFunctionType, MethodWrapperType)
_UNBOUND = (MethodDescriptorType, WrapperDescriptorType)
_READERS = frozenset(
    "get items keys values index count __len__ __contains__ __getitem__ __iter__ __reversed__ __eq__ __ne__".split()
)
_APPENDERS = frozenset(("append", "extend"))
_TAKERS = frozenset((  # C code that only reads what it is given, item by item
    list, tuple, dict, set, frozenset, deque, defaultdict, OrderedDict, zip, enumerate, reversed, iter, map, filter, len,
    itertools.chain, itertools.islice, itertools.cycle, itertools.tee, itertools.product, itertools.permutations,
    itertools.combinations, itertools.combinations_with_replacement, itertools.zip_longest, itertools.pairwise,
    itertools.chain.from_iterable,
))
_LAZY = frozenset((  # of these, what takes the items one by one while the program goes on
    zip, enumerate, reversed, iter, map, filter, itertools.chain, itertools.islice, itertools.cycle, itertools.tee,
    itertools.zip_longest, itertools.pairwise, itertools.chain.from_iterable,
))
_VIEWS = frozenset("items keys values __iter__ __reversed__".split())
_ADDERS = frozenset((sum, min, max, sorted, any, all, math.fsum, math.prod, math.dist, functools.reduce, itertools.accumulate))
_MERGERS = frozenset(("extend", "extendleft", "update", "union", "intersection", "difference", "join", "__iadd__", "__add__"))


def _odict(make: Callable[[Any], Any]) -> type:
    return type(make(OrderedDict()))


WINDOWS: dict[type, Callable[[Any], Any]] = {  # C code's views of a dict
    type({}.keys()): dict.keys, type({}.values()): dict.values, type({}.items()): dict.items, MappingProxyType: MappingProxyType,
    **{_odict(make): make for make in (OrderedDict.keys, OrderedDict.values, OrderedDict.items)},
}


def windowed(view: Any) -> Any:
    """The dict that a view or proxy shows."""
    return next(x for x in gc.get_referents(view) if isinstance(x, dict))


def takes(fn: Any) -> bool:
    """Whether C code takes iterables apart, item by item."""
    try:
        return fn in _TAKERS and fn not in (len, dict) or fn in _ADDERS or getattr(fn, "__name__", "") in _MERGERS
    except TypeError:
        return False


def is_container(kind: type) -> bool:
    """Whether objects of this class are containers that have no mirror."""
    return issubclass(kind, KINDS) and kind not in MIRRORS and kind not in (list, dict, tuple)


def is_outer(session: Session, value: Any) -> bool:
    """Whether a container was there before the call, and still stands for itself: a loop may have put its items in arrays."""
    return id(value) in session.captures.outer and is_container(type(value)) and id(value) not in session.virtual


def contents(session: Session, value: Any) -> Any:
    """A plain list or dict of the lifted items that a container from outside holds now."""
    captures = session.captures
    if id(value) in captures.filled:
        return dict(value) if isinstance(value, (dict, MappingProxyType)) else list(_items(value))
    source = captures.outer[id(value)][1]
    if isinstance(value, (dict, MappingProxyType)):
        session.guard(HasKeys(source, captures.keys_before(value)))
        return {key: item if captures.was_written(value, key) else captures.loaded_item(value, key, Item(source, key))
                for key, item in value.items()}
    items = list(_items(value))
    before = captures.length_before(value)
    session.guard(HasLength(source, before))
    found = [x if captures.was_written(value, k) else captures.loaded_item(value, k, Item(source, k), x)
             for k, x in enumerate(items[:before])]
    return found + items[before:]


def looked_through(session: Session, value: Any) -> Any:
    """What is gone through bit by bit: its contents, or itself if it is filled; were it written to meanwhile, it will be."""
    if id(value) in session.captures.filled:
        return value
    session.captures.viewed.add(id(value))
    return contents(session, value)


def length(session: Session, value: Any) -> int:
    """``len(value)``; the rest is not looked at."""
    session.captures.hold_length(value)
    return len(value)


LIFTED_WHEN_READ = (deque, OrderedDict, defaultdict)  # one from outside holds what it has held before the call


def lifted(session: Session, value: Any) -> Any:
    """A copy, of the same class, of a deque, OrderedDict or defaultdict from outside, with lifted items; anything else as it is."""
    return copied(session, value) if type(value) in LIFTED_WHEN_READ else value


def copied(session: Session, value: Any) -> Any:
    """A container of C code's own class with the lifted items of one from outside; anything else as it is."""
    if not is_outer(session, value):
        return value
    found = contents(session, value)
    if isinstance(value, deque):
        return deque(found, value.maxlen)
    if isinstance(value, defaultdict):
        return defaultdict(value.default_factory, found)
    base: type = next((base for base in (OrderedDict, tuple) if isinstance(value, base)), type(found))
    return base(found)


def has_operators(cls: type) -> bool:
    """Whether a class has operators in Python, which read a container by themselves."""
    return any(isinstance(vars(base).get(f"__{name}__"), FunctionType) for base in cls.__mro__
               for name in ("add", "radd", "iadd", "mul", "rmul", "imul", "or", "ror", "ior", "eq", "ne"))


def _items(value: Any) -> Any:
    if isinstance(value, list):
        return list.__iter__(value)
    return deque.__iter__(value) if isinstance(value, deque) else tuple.__iter__(value)


def fill(session: Session, value: Any) -> None:
    """Put lifted items in place of those from outside.

    The program cannot tell: the trace's own journal puts them back, and no region has to.
    """
    captures = session.captures
    if id(value) in captures.filled or isinstance(value, (tuple, MappingProxyType)):
        return
    journal, *inner = session.journals
    if any(other.before(value) is not None for other in inner):
        raise to_be_filled(session, value)
    found = contents(session, value)
    captures.filled.add(id(value))
    journal.touch(value)
    if isinstance(value, dict):
        for key, item in found.items():
            dict.__setitem__(value, key, item)
    elif isinstance(value, deque):
        for k, item in enumerate(found):
            deque.__setitem__(value, k, item)
    else:
        list.__setitem__(value, slice(None), found)


def to_be_filled(session: Session, value: Any) -> Restart:
    """Tracing begins again: the container is filled when it is met."""
    return Restart(filled=frozenset((session.captures.outer[id(value)][1],)))


def owner_of(session: Session, fn: Any, args: tuple[Any, ...]) -> Any:
    """The container from outside whose C method a call is; None if it is no such call."""
    if type(fn) in _BOUND:
        owner = fn.__self__
    elif type(fn) in _UNBOUND and args:
        owner = args[0]
    else:
        return None
    return owner if is_outer(session, owner) else None


def call(session: Session, fn: Any, owner: Any, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The function and arguments to call instead of a C method of a container from outside."""
    name, bound = fn.__name__, type(fn) in _BOUND
    if name in _READERS:
        seen = looked_through(session, owner) if name in _VIEWS else contents(session, owner)
        if seen is owner:
            return fn, args
        return (getattr(seen, name), args) if bound else (getattr(type(seen), name), (seen, *args[1:]))
    if name in _APPENDERS and getattr(owner, "maxlen", None) is None and id(owner) not in session.captures.filled:
        session.touch(owner)
    else:
        fill(session, owner)
    rest = read(session, args if bound else args[1:])
    return fn, rest if bound else (owner, *rest)


def read(session: Session, args: tuple[Any, ...], fn: Any = None) -> tuple[Any, ...]:
    """Arguments that C code (`fn`) reads, containers from outside replaced by what it finds in them."""
    if not any(is_outer(session, a) for a in args):
        return args
    seen = looked_through if fn in _LAZY else contents
    return tuple(seen(session, a) if is_outer(session, a) else a for a in args)


def reads_its_arguments(fn: Any) -> bool:
    """Whether C code that keeps values takes containers apart, rather than keeping them whole."""
    try:
        return fn in _TAKERS or getattr(fn, "__name__", "") in _MERGERS
    except TypeError:
        return False
