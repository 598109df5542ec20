"""Captures: what traced code reads from outside becomes an input or a guard, never a constant."""

from __future__ import annotations

from collections import deque
from types import (
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    ModuleType,
)
from typing import TYPE_CHECKING, Any

import numpy as np

from interpreter import Frame, Snapshot

from ..places import inner_codes, is_trusted
from ..tracers import TRACERS, Tracer
from .anew import ask_anew
from .containers import KINDS, is_container
from .decimals import context as decimals_context
from .decimals import is_decimal
from .drawn import DrawnIterator
from .guards import Absent, HasKey, HasKeys, HasLength, Same
from .lifting import IDENTICAL, Lifting
from .outer import MIRRORS
from .questions import PLAIN
from .sources import Attribute, Closure, Default, Global, Item, Pinned, Source
from .stored import is_stored, namespace_of_instance, own_attributes, place_of

if TYPE_CHECKING:
    from ..session import Session

_WITHOUT_METHODS = frozenset((int, float, complex, bool, str, bytes, tuple, type(None))) | TRACERS | MIRRORS


def _is_closed(owner: Any) -> bool:
    """Whether nobody but C code sees what an object holds."""
    held = Snapshot(owner)
    return held.attributes is None and held.contents is None


class Captures(Lifting):
    """Everything that the trace read from outside."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.filled: set[int] = set()  # ids of containers that hold lifted items
        self.viewed: set[int] = set()  # and of those whose items, as they were, may still be gone through
        self._seen: dict[tuple[int, Any], tuple[Any, Any]] = {}
        self._written: set[tuple[int, Any]] = set()
        self._born: set[int] = set()  # ids of code objects of functions that may be made while tracing
        self._codes: list[CodeType] = []
        self._holds_decimals = False

    # -- reads ----------------------------------------------------------------------------
    def loaded(self, frame: Frame, kind: str, owner: Any, key: Any, value: Any) -> Any:
        """The evaluator has read `value`; what the user's code gets instead."""
        if kind == "builtin":
            self.definitions.builtin(frame, owner, key, value)
            return value
        if kind == "item" and id(owner) in self.outer and is_container(type(owner)):
            key = self._from_start(owner, key) if type(key) is int and key < 0 else key
            if self._is_of_the_call(owner, key):
                return value
        if type(value) in TRACERS:
            if kind == "attr" and id(owner) in self.outer and not is_stored(owner, key):
                self.definitions.computed(owner, key, self.outer[id(owner)][1])
            return value
        if kind == "name" or id(value) in self.outer and id(owner) in self.foreign:  # an answer, noted when it was asked
            return value
        if kind == "item" and type(key) is int and key < 0:
            key = self._from_start(owner, key)
        if kind == "item" and isinstance(key, Tracer) and not isinstance(owner, KINDS):
            return value  # computed from the key by the object's own code
        try:
            place = (id(owner), key)
            if place in self._written:  # perhaps by the very object that stood there before
                return value
            known = self._seen.get(place)
            if known is not None and known[0] is value:
                return known[1]
        except TypeError:  # a slice as key: a part of a list, whose items are seen when read
            return value
        if is_decimal(value):
            self._hold_decimal_context()
        source = self._source(frame, kind, owner, key, value)
        if source is None:
            return value
        if type(value) is int and source not in self.session.symbolic:
            self._ints[place] = source
        lifted = self.lift(value, source)
        self._seen[place] = (value, lifted)
        return lifted

    def _hold_decimal_context(self) -> None:
        """Decimals are computed while tracing: calls are held to the precision and rounding that they are computed with."""
        if not self._holds_decimals:
            self._holds_decimals = True
            ask_anew(self.session, decimals_context, (), {})

    def _from_start(self, owner: Any, key: int) -> int:
        """A negative index of a sequence from outside counted from its front; its length is held to."""
        known = self.outer.get(id(owner))
        if known is None or not isinstance(owner, (list, deque, tuple)):
            return key
        self.hold_length(owner)
        return key + len(owner)

    def stands_for_itself(self, owner: Any) -> bool:
        """Whether a container was there before the call, and is of a kind that has no mirror."""
        return id(owner) in self.outer and is_container(type(owner))

    def hold_length(self, owner: Any) -> None:
        """A sequence from outside has been asked for what depends on its length."""
        if id(owner) in self.outer and id(owner) not in self.filled:
            self.session.guard(HasLength(self.outer[id(owner)][1], self.length_before(owner)))

    def length_before(self, owner: Any) -> int:
        """How long a sequence from outside was before the call."""
        return len(self._before(owner))

    def _before(self, owner: Any) -> Any:
        """What a container from outside held before the call."""
        for journal in self.session.journals:
            before = journal.before(owner)
            if before is not None:
                return before.contents
        return owner

    def _is_of_the_call(self, owner: Any, key: Any) -> bool:
        """Whether what stands in a container without a mirror was put there by the call, or lifted when C code changed it."""
        if id(owner) in self.filled:
            return True
        if type(key) is not int or not isinstance(owner, (list, deque)) or key < self.length_before(owner):
            return False
        self.hold_length(owner)
        return True

    def loaded_item(self, owner: Any, key: Any, source: Source, *item: Any) -> Any:
        """``owner[key]`` (or `item`, which stands there) of a container from outside, lifted once."""
        place = (id(owner), key)
        if place in self._written:
            return item[0] if item else owner[key]
        known = self._seen.get(place)
        if known is None:
            (value,) = item or (owner[key],)
            if type(value) is int and source not in self.session.symbolic:
                self._ints[place] = source
            known = self._seen[place] = (value, self.lift(value, source))
        return known[1]

    def lifted_at(self, owner: Any, key: Any, value: Any) -> Any:
        """The stand-in of `value`, which stood at a place of `owner` before the call."""
        known = self._seen.get((id(owner), key))
        return known[1] if known is not None and known[0] is value else value

    def _source(self, frame: Frame, kind: str, owner: Any, key: Any, value: Any) -> Source | None:
        """Where the value stands, or None if its owner was made while tracing or never changes."""
        if kind == "global":
            return None if is_trusted(owner) else Global(Pinned(self._keep(owner), "globals"), key)
        if kind == "closure":
            self._note_closure(frame)
        if kind == "default":
            if not self.is_outer_function(owner) or is_trusted(owner.__globals__):
                return None
            return Default(self._function_source(owner), key)
        if type(owner) is ModuleType:
            namespace = vars(owner)
            if is_trusted(namespace):
                self.definitions.trusted(frame, namespace, owner.__name__, key, value)
                if not (is_trusted(frame.globals) or callable(value) or type(value) in PLAIN or isinstance(value, np.generic)):
                    if type(value) in (list, dict):  # sys.argv, sys.path
                        return Pinned(value, f"{owner.__name__}.{key}")
                    self.outer.setdefault(id(value), (value, Pinned(value, f"{owner.__name__}.{key}")))
                return None
            if key not in namespace:
                return None
            return Global(Pinned(self._keep(namespace), owner.__name__), key)
        known = self.outer.get(id(owner))
        if known is None:
            return self._class_attribute(kind, owner, key, value)
        if kind == "closure":
            return Closure(Pinned(owner, key), key)
        if kind == "attr":
            if is_stored(owner, key):
                return Attribute(known[1], key)
            self.definitions.computed(owner, key, known[1])
            return None
        return Item(known[1], key)

    def _class_attribute(self, kind: str, owner: Any, key: Any, value: Any) -> Source | None:
        """An instance made while tracing may still read what its class had before."""
        if kind != "attr" or isinstance(owner, (type, super)):
            return None
        for cls in type(owner).__mro__:
            if key in vars(cls):
                if vars(cls)[key] is not value:  # a descriptor's
                    return None
                known = self.outer.get(id(cls))
                return Attribute(known[1], key) if known and key not in namespace_of_instance(owner) else None
        return None

    # -- functions and cells ----------------------------------------------------------------
    def entered(self, fn: FunctionType, args: tuple[Any, ...] = ()) -> None:
        """A Python function is stepped into: its closure is outside if the function is."""
        if self.is_outer_function(fn):
            self.definitions.function(fn)
            if args and type(args[0]) not in _WITHOUT_METHODS:
                self.definitions.method(fn, args[0])
                if len(args) > 1 and fn.__name__ in ("__get__", "__set__", "__delete__"):
                    self._descriptor(args[0], args[1:])
            for cell, name in zip(fn.__closure__ or (), fn.__code__.co_freevars, strict=True):
                self.outer.setdefault(id(cell), (cell, Pinned(cell, name)))
        code = fn.__code__
        if id(code) not in self._born:
            self._codes.append(code)
            self._born.update(map(id, inner_codes(code)))

    def _descriptor(self, descriptor: Any, args: tuple[Any, ...]) -> None:
        """A descriptor is stepped into: what it holds is outside if the class that it stands in is."""
        classes = [x if isinstance(x, type) else type(x) for x in args]
        if any(vars(base).get(name) is descriptor for cls in classes for base in cls.__mro__ for name in vars(base)):
            self.outer.setdefault(id(descriptor), (descriptor, Pinned(descriptor, type(descriptor).__name__)))

    def _note_closure(self, frame: Frame) -> None:
        if frame.function is not None:
            self.entered(frame.function)

    def is_outer_function(self, fn: Any) -> bool:
        if id(fn) in self.outer:
            return True
        return id(getattr(fn, "__code__", None)) not in self._born

    def _function_source(self, fn: Any) -> Source:
        known = self.outer.get(id(fn))
        return known[1] if known is not None else self.register(fn, Pinned(fn, fn.__name__))

    # -- what is not there, and what is the same -------------------------------------------------
    def missing(self, owner: Any, name: Any) -> None:
        """``owner.name`` or ``owner[name]`` was asked for and is not there."""
        if is_container(type(owner)):
            self._missing_item(owner, name)
            return
        if type(owner) is ModuleType:
            self.session.guard(HasKey(Pinned(self._keep(vars(owner)), owner.__name__), name, False))
        known = self.outer.get(id(owner))
        if known is not None:
            self.session.guard(Absent(known[1], name))
            self.definitions.cls(owner if isinstance(owner, type) else type(owner))

    def _missing_item(self, owner: Any, key: Any) -> None:
        known = self.outer.get(id(owner))
        if known is None or (id(owner), key) in self._written:
            return
        if hasattr(owner, "keys"):
            self.session.guard(HasKey(known[1], key, False))
        else:
            self.hold_length(owner)

    def identical(self, a: Any, b: Any) -> Any:
        """``a is b`` of two things from outside; NotImplemented where that never changes."""
        first, second = self._original(a), self._original(b)
        if first is None or second is None or first[1] == second[1]:
            return NotImplemented
        same = first[0] is second[0]
        self.session.guard(Same(first[1], second[1], same))
        return same

    def _original(self, x: Any) -> tuple[Any, Source] | None:
        """What a thing in traced code is outside, and where; None if it was made here or is guarded to stay."""
        if type(x) in MIRRORS:
            return x._original, x._source
        if type(x) is DrawnIterator:
            return x.original, x.source
        if isinstance(x, np.ndarray):
            return self._originals.get(id(x)) or self.outer.get(id(x))
        return self.outer.get(id(x)) if type(x) not in IDENTICAL and not isinstance(x, type) else None

    # -- writes -----------------------------------------------------------------------------
    def stored(self, kind: str, owner: Any, key: Any) -> None:
        """The user's code is about to write; an int that was guarded by value is a counter."""
        if kind == "global":
            self._keep(owner)
        if type(owner) is ModuleType:  # what is written to is left there
            self.outer.setdefault(id(owner), (owner, Pinned(owner, owner.__name__)))
        if type(key) in TRACERS:  # an object of own ways with items
            return
        if kind == "item" and type(key) is int and key < 0:
            key = self._from_start(owner, key)
        try:
            place = (id(owner), key)
            counter = self._ints.get(place)
        except TypeError:
            return
        if counter is not None:
            from ..restart import Restart

            raise Restart(frozenset((counter,)))
        if kind == "attr" and id(owner) in self.outer and (
                type(owner).__dict__.get(key).__class__ is GetSetDescriptorType or _is_closed(owner)):
            raise self.session.error(f"setting .{key} of {self.outer[id(owner)][1]} is done by C code",
                                     why="tracing could not undo it", hint="set it before the function is called")
        self.session.touch(self._written)
        self._written.add(place)

    def note_written(self, owner: Any, kind: str, key: Any) -> None:
        """A region has left something at a place of `owner`."""
        known = self.outer.get(id(owner))
        if known is not None:
            self.session.touch(self._written)
            self._written.add((id(owner), known[1].text if kind == "cell" else key))  # type: ignore[union-attr]

    def put_outside(self) -> list[Any]:
        """What the call has put into objects from outside, as it stands there now."""
        found: list[Any] = []
        for identity, key in self._written:
            obj = self._mirrors.get(identity) or self.outer.get(identity, (None,))[0]
            held = obj if isinstance(obj, dict) else getattr(obj, "__dict__", {})
            if isinstance(obj, (list, deque)):
                found.append(obj)
            elif type(key) is str or isinstance(obj, dict):
                found.append(dict.get(held, key) if isinstance(held, dict) else held.get(key))
        return found

    def hold_names(self, obj: Any) -> None:
        """Later calls are held to the names that the attributes of an instance from outside had before the call."""
        snapshots = [journal.before(obj) for journal in self.session.journals]
        before = next((s.attributes for s in snapshots if s is not None), own_attributes(obj))
        self.session.guard(HasKeys(Attribute(self.outer[id(obj)][1], "__dict__"), tuple(before or ())))

    def keys_before(self, owner: Any) -> tuple[Any, ...]:
        """The keys that a dict from outside had before the call."""
        return tuple(self._before(owner))

    def has_written_to(self, owner: Any) -> bool:
        """Whether traced code has written to an attribute or item of `owner`."""
        return any(identity == id(owner) for identity, _ in self._written)

    def count_written(self) -> int:
        """How many places from outside traced code has written to."""
        return len(self._written)

    def was_written(self, owner: Any, key: Any) -> bool:
        """Whether the user's code has assigned to a place, be it what was there before."""
        return (id(owner), key) in self._written

    def standing(self, owner: Any, kind: str, key: Any, value: Any, written: set[Any] | None = None) -> Any:
        """What the user's code would get for `value`, which stands at a place of `owner` that it may not have read.

        `written` are the places that were written before; what stands there was made while tracing.
        """
        known = self.outer.get(id(owner))
        place = (id(owner), known[1].text if known and kind == "cell" else key)  # type: ignore[union-attr]
        if known is None or type(value) in TRACERS or place in (self._written if written is None else written):
            return value
        seen = self._seen.get(place)
        if seen is not None and seen[0] is value:
            return seen[1]
        source = place_of(owner, kind, key, known[1])
        if type(value) is int and source not in self.session.symbolic:
            from ..restart import Restart

            raise Restart(frozenset((source,)))
        lifted = self.lift(value, source)
        self._seen[place] = (value, lifted)
        return lifted
