"""What stands in traced code for a value from outside: an input, or itself under a guard."""

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

from ..places import is_trusted, namespace_of
from ..tracers import TRACERS, Method, Tracer
from . import foreign
from .containers import WINDOWS, fill, is_container, windowed
from .definitions import Definitions
from .drawn import DrawnIterator
from .guards import HasClass, HasElements, HasLength, HasValue, IsObject, Same
from .outer import MIRRORS, OuterDict, OuterList
from .outer_arrays import NUMERIC, OuterArrays
from .sources import Attribute, Item, Pinned, Result, Source
from .stored import name_of
from .twins import twin

if TYPE_CHECKING:
    from ..session import Session

_COMPARED = frozenset((int, str, bytes, bool, range, slice))
_SINGLETONS = frozenset((type(None), type(Ellipsis), type(NotImplemented)))
IDENTICAL = frozenset((FunctionType, ModuleType, CodeType, np.ufunc, property, staticmethod, classmethod,
                        GetSetDescriptorType, MemberDescriptorType, WrapperDescriptorType, type(np.sum), type(np.random.default_rng),
                        type(str.join)))
_BOUND = frozenset((BuiltinFunctionType, MethodWrapperType, Method))


class Lifting(OuterArrays):
    """The objects that were there before the call, and what the user's code gets in their place.

    Attributes
    ----------
    outer : dict of id to (object, Source)
        The objects, as far as they were met; kept alive.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.outer: dict[int, tuple[Any, Source]] = {id(os.environ): (os.environ, Pinned(os.environ, "os.environ"))}
        self.definitions = Definitions(session)
        self.foreign: set[int] = set()  # ids of objects that C code holds what they are made of
        self.windows: dict[int, tuple[Any, Any, Source]] = {}  # stand-ins of views of dicts, the views, where they stand
        self.drawn: dict[int, DrawnIterator] = {}  # the stand-ins of iterators
        self._mirrors: dict[int, Any] = {}
        self._ints: dict[tuple[int, Any], Source] = {}  # guarded by value

    def register(self, obj: Any, source: Source) -> Source:
        """Note that `obj` was there before the call; two ways to it are guarded to stay so."""
        known = self.outer.setdefault(id(obj), (obj, source))
        if known[1] != source:
            self.session.guard(Same(source, known[1]))
        return known[1]

    def lift(self, value: Any, source: Source) -> Any:
        """The stand-in of a value from outside: an input, or itself under a guard."""
        kind = type(value)
        if kind in TRACERS or kind in MIRRORS or kind is DrawnIterator:
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
        if kind in _SINGLETONS or isinstance(value, (type, enum.Enum)) or kind in IDENTICAL:
            return self._identical(value, source)
        return self._container(value, kind, source)

    def argument(self, value: Any, source: Source) -> Any:
        """The stand-in of a leaf of the arguments; each array has a cell of its own."""
        if type(value) is np.ndarray and value.dtype.kind in NUMERIC:
            cell: Any = self.session.input(value, str(source), source)
            self.cells[id(cell)] = self._note(cell, value, source)
            return cell
        if type(value) is int and source not in self.session.symbolic:
            self._ints[(id(source), source)] = source
        return self.lift(value, source)

    def root(self, fn: Any) -> Any:
        """The traced function itself, its own state outside."""
        return self.lift(fn, Pinned(fn, getattr(fn, "__name__", "the function")))

    def mirrors(self) -> list[Any]:
        """The stand-ins of lists and dicts."""
        return list(self._mirrors.values())

    def _identical(self, value: Any, source: Source) -> Any:
        self.session.guard(IsObject(source, value))
        if type(value) is ModuleType:
            self._keep(vars(value))
        elif value is not None and not isinstance(value, enum.Enum):
            self.outer.setdefault(id(value), (value, source))
        return value

    def _scalar(self, value: Any, source: Source) -> Any:
        if value.dtype.kind in NUMERIC and value.dtype.kind != "b":
            return self.session.input(value, name_of(source), source)
        self.session.guard(HasValue(source, value))
        return value

    def namespace(self, names: dict[str, Any]) -> Any:
        """``globals()``."""
        return self.lift(self._keep(names), Pinned(names, "globals()"))

    def _namespace_of(self, value: dict[Any, Any], source: Source) -> Any:
        """The instance whose attributes a dict holds, or the dict itself if it holds a module's names; else None."""
        if isinstance(source, Attribute) and source.name == "__dict__":
            return next((obj for obj, where in self.outer.values() if where == source.parent), None)
        return value if isinstance(source, Pinned) and source.text == "globals()" else None

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
            mirror: Any = OuterList(self.session, value, source) if kind is list else OuterDict(
                self.session, value, source, self._namespace_of(value, source))
            self._mirrors[id(value)] = mirror
            if source in self.session.lessons.filled:
                mirror.fill(new=True)
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
            return self._bound(value, kind, source)
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
        if kind in WINDOWS and not (isinstance(source, Attribute) and source.name == "__dict__"):  # a class's is read from the class
            return self._window(value, kind, source)
        if twin(value) is not None:
            if id(value) not in self.drawn:
                self.drawn[id(value)] = DrawnIterator(self.session, value, self.outer[id(value)][1])
            return self.drawn[id(value)]
        self._register_class(kind)
        if is_container(kind):
            self.session.watch(kind)
            if issubclass(kind, deque):
                self.session.guard(HasValue(Attribute(source, "maxlen"), value.maxlen))
            if source in self.session.lessons.filled:
                fill(self.session, value)
        elif foreign.is_kind(kind):
            self.foreign.add(id(value))
            self.session.watch(kind)
        return value

    def _window(self, value: Any, kind: type, source: Source) -> Any:
        """A view of a dict, or a proxy of one: the same of what stands for the dict, so that it shows what the call writes."""
        if id(value) in self.windows:
            return self.windows[id(value)][0]
        found = self.lift(windowed(value), Result(Pinned(windowed, "dict"), (source,), ()))
        if type(found) is OuterDict:
            found.fill()
            shown = WINDOWS[kind](found)
        else:
            fill(self.session, found)
            shown = value
        self.windows[id(value)] = self.windows[id(shown)] = shown, value, source
        return shown

    def _bound(self, value: Any, kind: type, source: Source) -> Any:
        """A method written in C: that of what stands for its object."""
        owner = value.__self__
        known = self.outer.get(id(owner))
        if owner is None or isinstance(owner, (ModuleType, type, Tracer)) or kind is Method:
            return value
        if known is not None and isinstance(source, Attribute) and source.parent == known[1]:  # just looked up
            return value
        self.session.guard(HasClass(source, kind))
        self.session.guard(HasValue(Attribute(source, "__name__"), value.__name__))
        lifted = self.lift(owner, Attribute(source, "__self__"))
        return value if lifted is owner else getattr(lifted, value.__name__)

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

    def _register_class(self, cls: type) -> None:
        self.definitions.cls(cls)
        for base in cls.__mro__[:-1]:
            if not is_trusted(namespace_of(base)) and id(base) not in self.outer:
                self.outer[id(base)] = (base, Pinned(base, base.__name__))

    def _keep(self, namespace: dict[str, Any]) -> dict[str, Any]:
        self.outer.setdefault(id(namespace), (namespace, Pinned(namespace, "globals")))
        return namespace
