"""C helpers that call back: they get trampolines and steppers, so Python code stays with us."""
from __future__ import annotations

import collections
import functools
import itertools
from typing import Any

from . import polyfills
from .calls import INTERCEPTS, METHODS, call_native, interpreted_callable, step_into
from .classes import ADAPTERS
from .decode import decode
from .frame import Frame
from .lookup import MISSING, find, python_method
from .operators import call_special, iterate, length, needs_stepping
from .trampoline import Trampoline

_CALLABLE_KEYWORDS = frozenset(("key", "func", "function", "predicate"))
_ALL = range(64)


def adapted(frame: Frame, args: tuple, kwargs: dict, callables: tuple = (),
            iterables: Any = ()) -> tuple[tuple, dict]:
    """The arguments with callables and iterables that are written in Python replaced."""
    changed = list(args)
    for index, value in enumerate(args):
        if index in callables and _asks_domain(frame, value):
            changed[index] = Trampoline(value, frame.domain)
        elif index in iterables and needs_stepping(value) and \
                find(type(value), "keys") is MISSING:
            changed[index] = Stepped(frame, value)
    keywords = {name: Trampoline(value, frame.domain)
                if name in _CALLABLE_KEYWORDS and _asks_domain(frame, value) else value
                for name, value in kwargs.items()}
    return tuple(changed), keywords


def _asks_domain(frame: Frame, function: Any) -> bool:
    """Whether a callable that C code will call is called through the domain instead."""
    return interpreted_callable(function) or (bool(frame.domain.types) and callable(function))


class Stepped:
    """Stands for an iterable written in Python where C code is going to iterate over it."""

    __slots__ = ("_frame", "_owner")    # no plain names: C code looks for `items` and `keys`

    def __init__(self, frame: Frame, owner: Any) -> None:
        self._frame = frame
        self._owner = owner

    def __iter__(self) -> Any:
        iterator = iterate(self._frame, self._owner)
        return _Steps(self._frame, iterator) if needs_stepping(iterator) else iterator

    def __length_hint__(self) -> Any:
        """Containers that grow ask the iterable for its length first."""
        kind = type(self._owner)
        if python_method(kind, "__len__") is not None:
            return length(self._frame, self._owner)
        hint = find(kind, "__length_hint__")
        return NotImplemented if hint is MISSING else \
            call_special(self._frame, hint, self._owner)


class _Steps:
    """The iterator of a `Stepped`."""

    __slots__ = ("_frame", "_iterator")

    def __init__(self, frame: Frame, iterator: Any) -> None:
        self._frame = frame
        self._iterator = iterator

    def __iter__(self) -> _Steps:
        return self

    def __next__(self) -> Any:
        return call_special(self._frame, find(type(self._iterator), "__next__"), self._iterator)


def takes(function: Any, callables: tuple = (), iterables: Any = (), alone: bool = False) -> None:
    """Say which arguments of a C function or type call back; `alone`: only as the only one."""
    def adapt(frame: Frame, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        if alone and len(args) > 1:         # min(a, b) compares them, it does not iterate
            return adapted(frame, args, kwargs)
        return adapted(frame, args, kwargs, callables, iterables)

    def run(frame: Frame, args: tuple, kwargs: dict) -> Any:
        if frame.domain.types and id(function) in _POLYFILLS:
            polyfill: Any = _POLYFILLS[id(function)]
            return step_into(frame, polyfill, args, kwargs)
        args, kwargs = adapt(frame, args, kwargs)
        return call_native(frame, function, args, kwargs)

    INTERCEPTS[id(function)] = run
    if isinstance(function, type):
        ADAPTERS[id(function)] = adapt


def method_takes(name: str, callables: tuple = (), iterables: Any = ()) -> None:
    """The same for the methods of C types that have this name."""
    def run(frame: Frame, method: Any, args: tuple, kwargs: dict) -> Any:
        owner = args[:1] if hasattr(method, "__objclass__") else ()
        rest, kwargs = adapted(frame, args[len(owner):], kwargs, callables, iterables)
        return call_native(frame, method, (*owner, *rest), kwargs)

    METHODS[name] = run


_POLYFILLS = {id(native): written for native, written in polyfills.TABLE.items()}
for _written in (*polyfills.TABLE.values(), polyfills.items_):
    decode(_written.__code__).hidden = True

_function: Any

for _function in (map, filter, itertools.takewhile, itertools.dropwhile, itertools.filterfalse,
                  itertools.starmap, functools.reduce):
    takes(_function, (0,), range(1, 64))
for _function in (itertools.accumulate, itertools.groupby):
    takes(_function, (1,), (0,))
for _function in (zip, itertools.chain, itertools.zip_longest, itertools.product):
    takes(_function, (), _ALL)
for _function in (enumerate, list, tuple, frozenset, set, itertools.islice, itertools.cycle,
                  itertools.combinations, itertools.permutations, itertools.compress,
                  itertools.combinations_with_replacement, itertools.pairwise, itertools.tee,
                  sorted, any, all, sum, dict.fromkeys,
                  itertools.chain.from_iterable, collections.deque):
    takes(_function, (), (0,))
for _function in (min, max):
    takes(_function, (), (0,), alone=True)
for _function in (functools.cmp_to_key, functools._lru_cache_wrapper):
    takes(_function, (0,))
for _name in ("sub", "subn", "run"):          # of patterns; of contexts
    method_takes(_name, (0,))
for _name in ("sort", "extend", "extendleft", "join", "update", "union", "intersection",
              "difference", "symmetric_difference", "intersection_update", "difference_update",
              "symmetric_difference_update", "issubset", "issuperset", "isdisjoint",
              "writelines", "executemany"):
    method_takes(_name, (), _ALL)
