"""Captures: what traced code reads from outside becomes an input or a guard, never a constant."""

from __future__ import annotations

import enum
import functools
import os
from collections import deque
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any

import numpy as np

from interpreter import Frame

from . import foreign
from .containers import is_container
from .definitions import Definitions
from .guards import Absent, HasClass, HasElements, HasFlag, HasKey, HasLayout, HasLength, HasValue, IsObject, Same
from .outer import MIRRORS, OuterDict, OuterList
from .places import inner_codes, is_trusted, namespace_of
from .questions import PLAIN
from .sources import Attribute, Closure, Default, Global, Item, Pinned, Source
from .stored import is_stored, name_of, namespace_of_instance, place_of
from .tracers import TRACERS, ArrayTracer, Method

if TYPE_CHECKING:
    from .session import Session

_COMPARED = frozenset((int, str, bytes, bool, range, slice))
_SINGLETONS = frozenset((type(None), type(Ellipsis), type(NotImplemented)))
_IDENTICAL = frozenset((FunctionType, ModuleType, CodeType, np.ufunc, property, staticmethod, classmethod,
                        GetSetDescriptorType, MemberDescriptorType, WrapperDescriptorType, type(np.sum),
                        type(str.join)))
_BOUND = frozenset((BuiltinFunctionType, MethodWrapperType, Method))
_WITHOUT_METHODS = frozenset((int, float, complex, bool, str, bytes, tuple, type(None))) | TRACERS | MIRRORS
_NUMERIC = "biufc"


class Captures:
    """Everything that the trace read from outside.

    Attributes
    ----------
    outer : dict of id to (object, Source)
        The objects that were there before the call, as far as they were met; kept alive.
    cells : dict of id to (ndarray, ArrayTracer, Source)
        The arrays from outside, and the tracers that stand for them.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.outer: dict[int, tuple[Any, Source]] = {id(os.environ): (os.environ, Pinned(os.environ, "os.environ"))}
        self.cells: dict[int, tuple[Any, ArrayTracer, Source]] = {}
        self.initial: dict[int, Any] = {}  # id of an array's cell -> its Value before any write
        self.definitions = Definitions(session)
        self._originals: dict[int, tuple[Any, Source]] = {}  # by id of an array's cell
        self.unclear: set[int] = set()  # cells that may or may not share their memory with another
        self.reshaped: dict[int, ArrayTracer] = {}  # cells that share memory or not as an array's layout says
        self._mirrors: dict[int, Any] = {}
        self.foreign: set[int] = set()  # ids of objects that C code holds what they are made of
        self.filled: set[int] = set()  # ids of containers that hold lifted items
        self.appended: dict[int, int] = {}  # how long a container was that has only grown
        self._seen: dict[tuple[int, Any], tuple[Any, Any]] = {}
        self._written: set[tuple[int, Any]] = set()
        self._ints: dict[tuple[int, Any], Source] = {}  # guarded by value
        self._born: set[int] = set()  # ids of code objects of functions that may be made while tracing
        self._codes: list[CodeType] = []
        self._functions: dict[int, bool] = {}

    # -- reads ----------------------------------------------------------------------------
    def loaded(self, frame: Frame, kind: str, owner: Any, key: Any, value: Any) -> Any:
        """The evaluator has read `value`; what the user's code gets instead."""
        if kind == "builtin":
            self.definitions.builtin(frame, owner, key, value)
            return value
        if type(value) in TRACERS:
            if kind == "attr" and id(owner) in self.outer and not is_stored(owner, key):
                self.definitions.computed(owner, key, self.outer[id(owner)][1])
            return value
        if kind == "name" or id(value) in self.outer and id(owner) in self.foreign:  # an answer, noted when it was asked
            return value
        if kind == "item" and type(key) is int and key < 0:
            key = self._from_start(owner, key)
        try:
            place = (id(owner), key)
            known = self._seen.get(place)
            if known is not None and known[0] is value:
                return known[1]
            if place in self._written:
                return value
        except TypeError:  # a slice as key: a part of a list, whose items are seen when read
            return value
        source = self._source(frame, kind, owner, key, value)
        if source is None:
            return value
        if type(value) is int and source not in self.session.symbolic:
            self._ints[place] = source
        lifted = self.lift(value, source)
        self._seen[place] = (value, lifted)
        return lifted

    def _from_start(self, owner: Any, key: int) -> int:
        """A negative index of a sequence from outside counted from its front; its length is held to."""
        known = self.outer.get(id(owner))
        if known is None or not isinstance(owner, (list, deque, tuple)):
            return key
        if id(owner) not in self.filled:
            self.session.guard(HasLength(known[1], self.appended.get(id(owner), len(owner))))
        return key + len(owner)

    def loaded_item(self, owner: Any, key: Any, source: Source, *item: Any) -> Any:
        """``owner[key]`` (or `item`, which stands there) of a container from outside, lifted once."""
        place = (id(owner), key)
        known = self._seen.get(place)
        if known is None:
            (value,) = item or (owner[key],)
            if place in self._written:
                return value
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
            if not self._is_outer_function(owner) or is_trusted(owner.__globals__):
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

    def _keep(self, namespace: dict[str, Any]) -> dict[str, Any]:
        self.outer.setdefault(id(namespace), (namespace, Pinned(namespace, "globals")))
        return namespace

    # -- functions and cells ----------------------------------------------------------------
    def entered(self, fn: FunctionType, args: tuple[Any, ...] = ()) -> None:
        """A Python function is stepped into: its closure is outside if the function is."""
        if self._is_outer_function(fn):
            self.definitions.function(fn)
            if args and type(args[0]) not in _WITHOUT_METHODS:
                self.definitions.method(fn, args[0])
            for cell, name in zip(fn.__closure__ or (), fn.__code__.co_freevars, strict=True):
                self.outer.setdefault(id(cell), (cell, Pinned(cell, name)))
        code = fn.__code__
        if id(code) not in self._born:
            self._codes.append(code)
            self._born.update(map(id, inner_codes(code)))

    def _note_closure(self, frame: Frame) -> None:
        if frame.function is not None:
            self.entered(frame.function)

    def _is_outer_function(self, fn: Any) -> bool:
        if id(fn) in self.outer:
            return True
        return id(getattr(fn, "__code__", None)) not in self._born

    def _function_source(self, fn: Any) -> Source:
        known = self.outer.get(id(fn))
        return known[1] if known is not None else self.register(fn, Pinned(fn, fn.__name__))

    # -- lifting ----------------------------------------------------------------------------
    def register(self, obj: Any, source: Source) -> Source:
        """Note that `obj` was there before the call; two ways to it are guarded to stay so."""
        known = self.outer.setdefault(id(obj), (obj, source))
        if known[1] != source:
            self.session.guard(Same(source, known[1]))
        return known[1]

    def lift(self, value: Any, source: Source) -> Any:
        """The stand-in of a value from outside: an input, or itself under a guard."""
        kind = type(value)
        if kind in TRACERS or kind in MIRRORS:
            return value
        given = self.session.marks.given(value, source)
        if given is not NotImplemented:
            return given
        if kind is float or kind is complex:
            return self.session.input(value, name_of(source), source)
        if kind is int and source in self.session.symbolic:
            return self.session.input(value, name_of(source), source)
        if kind in _COMPARED:
            self.session.guard(HasValue(source, value))
            return value
        if kind is np.ndarray:
            return self.array(value, source)
        if isinstance(value, np.generic):
            return self._scalar(value, source)
        if kind in _SINGLETONS or isinstance(value, (type, enum.Enum)) or kind in _IDENTICAL:
            return self._identical(value, source)
        return self._container(value, kind, source)

    def _identical(self, value: Any, source: Source) -> Any:
        self.session.guard(IsObject(source, value))
        if type(value) is ModuleType:
            self._keep(vars(value))
        elif value is not None and not isinstance(value, enum.Enum):
            self.outer.setdefault(id(value), (value, source))
        return value

    def _scalar(self, value: Any, source: Source) -> Any:
        if value.dtype.kind in _NUMERIC and value.dtype.kind != "b":
            return self.session.input(value, name_of(source), source)
        self.session.guard(HasValue(source, value))
        return value

    def _container(self, value: Any, kind: type, source: Source) -> Any:
        if kind is tuple or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
            return self._tuple(value, kind, source)
        if kind is list or kind is dict:
            self.session.guard(HasClass(source, kind))
            known = self.outer.get(id(value))
            if known is not None and type(known[0]) is kind and id(value) in self._mirrors:
                self.register(value, source)
                return self._mirrors[id(value)]
            self.register(value, source)
            mirror: Any = (OuterList if kind is list else OuterDict)(self.session, value, source)
            self._mirrors[id(value)] = mirror
            return mirror
        if kind is MethodType:
            self.lift(value.__func__, Attribute(source, "__func__"))
            owner = self.lift(value.__self__, Attribute(source, "__self__"))
            return value if owner is value.__self__ else MethodType(value.__func__, owner)
        if kind is set or kind is frozenset:
            self.session.guard(HasElements(source, kind, frozenset(value)))
            self.register(value, source)
            return value
        if kind in _BOUND:
            return value
        if kind is np.dtype:
            self.session.guard(HasValue(source, value))
            return value
        if kind is functools.partial:
            return self._partial(value, source)
        if isinstance(value, np.ndarray):
            raise self.session.error(f"{source} is a {kind.__name__}: subclasses of ndarray are not traced",
                                     hint="pass numpy.asarray(it)")
        self.session.guard(HasClass(source, kind))
        self.register(value, source)
        self._register_class(kind)
        if is_container(kind):
            self.session.watch(kind)
        elif foreign.is_kind(kind):
            self.foreign.add(id(value))
            self.session.watch(kind)
        return value

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
            self.session.guard(HasLength(known[1], self.appended.get(id(owner), len(owner))))

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
        if isinstance(x, np.ndarray):
            return self._originals.get(id(x)) or self.outer.get(id(x))
        return self.outer.get(id(x)) if type(x) not in _IDENTICAL and not isinstance(x, type) else None

    def _register_class(self, cls: type) -> None:
        self.definitions.cls(cls)
        for base in cls.__mro__[:-1]:
            if not is_trusted(namespace_of(base)) and id(base) not in self.outer:
                self.outer[id(base)] = (base, Pinned(base, base.__name__))

    def _tuple(self, value: Any, kind: type, source: Source) -> Any:
        self.session.guard(HasClass(source, kind))
        self.session.guard(HasLength(source, len(value)))
        items = [self.lift(item, Item(source, k)) for k, item in enumerate(value)]
        if all(a is b for a, b in zip(items, value, strict=True)):
            return value
        return kind(*items) if hasattr(kind, "_fields") else tuple(items)

    def _partial(self, value: Any, source: Source) -> Any:
        self.session.guard(HasClass(source, functools.partial))
        fn = self.lift(value.func, Attribute(source, "func"))
        args = self._tuple(value.args, tuple, Attribute(source, "args"))
        keywords = {
            k: self.lift(v, Item(Attribute(source, "keywords"), k)) for k, v in value.keywords.items()
        }
        return functools.partial(fn, *args, **keywords)

    def argument(self, value: Any, source: Source) -> Any:
        """The stand-in of a leaf of the arguments; each array has a cell of its own."""
        if type(value) is np.ndarray and value.dtype.kind in _NUMERIC:
            cell: Any = self.session.input(value, str(source), source)
            self.cells[id(cell)] = self._note(cell, value, source)
            return cell
        if type(value) is int and source not in self.session.symbolic:
            self._ints[(id(source), source)] = source
        return self.lift(value, source)

    def root(self, fn: Any) -> Any:
        """The traced function itself, its own state outside."""
        return self.lift(fn, Pinned(fn, getattr(fn, "__name__", "the function")))

    def input_of(self, tracer: Any) -> Any:
        """The graph's input that an argument's tracer stood for at first."""
        return self.initial.get(id(tracer), tracer._value)

    def is_copy(self, cell: ArrayTracer) -> bool:
        """Whether an array made while tracing holds just what one from outside holds."""
        return cell._base is None and cell._value.node is None and id(cell) not in self.initial

    # -- arrays -----------------------------------------------------------------------------
    def array(self, value: np.ndarray, source: Source) -> Any:
        """The cell that stands for an array from outside."""
        if value.dtype.kind not in _NUMERIC:
            self.session.guard(HasLayout(source, value.dtype, value.shape))
            self.register(value, source)
            return value
        known = self.cells.get(id(value))
        if known is not None:
            if known[2] != source:
                self.session.guard(Same(source, known[2]))
            return known[1]
        cell: Any = self.session.input(value, name_of(source), source)
        self.cells[id(value)] = self._note(cell, value, source)
        return cell

    def _note(self, cell: Any, value: np.ndarray, source: Source) -> tuple[Any, ArrayTracer, Source]:
        cell._writeable = bool(value.flags.writeable)
        self.initial[id(cell)] = cell._value
        self._originals[id(cell)] = value, source
        return value, cell, source

    def flag(self, cell: Any, name: str) -> bool | None:
        """A flag of the array that `cell` stands for, held to; None if it was made while tracing."""
        known = self._originals.get(id(cell))
        if known is None:
            return None
        value = bool(getattr(known[0].flags, name))
        self.session.guard(HasFlag(known[1], name, value))
        return value

    def is_contiguous(self, cell: Any) -> bool:
        """Whether the array that `cell` stands for lies in C order; one made while tracing does."""
        known = self._originals.get(id(cell))
        return known is None or bool(known[0].flags.c_contiguous)

    def original(self, cell: Any) -> np.ndarray | None:
        """The array from outside that a cell stands for."""
        known = self._originals.get(id(cell))
        return None if known is None else known[0]

    def standing_for(self, cell: Any) -> tuple[np.ndarray, Source] | None:
        """The same array, and where it stands."""
        return self._originals.get(id(cell))

    def is_written(self, cell: ArrayTracer) -> bool:
        """Whether the call writes to the array from outside that a cell stands for."""
        return cell._read() is not self.initial[id(cell)]

    def cell(self, value: np.ndarray) -> Any:
        """The cell of an array that turned up without a known source: the array itself is pinned."""
        known = self.cells.get(id(value))
        return known[1] if known is not None else self.lift(value, Pinned(value, "an array"))

    # -- writes -----------------------------------------------------------------------------
    def stored(self, kind: str, owner: Any, key: Any) -> None:
        """The user's code is about to write; an int that was guarded by value is a counter."""
        if kind == "global":
            self._keep(owner)
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
            from .restart import Restart

            raise Restart(frozenset((counter,)))
        if kind == "attr" and id(owner) in self.outer and type(owner).__dict__.get(key).__class__ is GetSetDescriptorType:
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

    def keys_before(self, owner: Any) -> tuple[Any, ...]:
        """The keys that a dict from outside had before the call."""
        for journal in self.session.journals:
            for obj, before in journal.written():
                if obj is owner:
                    return tuple(before.contents)
        return tuple(owner)

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
            from .restart import Restart

            raise Restart(frozenset((source,)))
        lifted = self.lift(value, source)
        self._seen[place] = (value, lifted)
        return lifted
