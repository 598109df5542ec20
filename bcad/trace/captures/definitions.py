"""Functions and classes from outside: what was found in them is guarded to be found there still."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

from ..places import is_trusted, namespace_of
from .guards import Absent, HasKey, HasNames, IsObject
from .sources import Attribute, Entry, Global, Pinned, Source

if TYPE_CHECKING:
    from interpreter import Frame

    from ..session import Session


class Definitions:
    """What the trace relied on in the code that it went through.

    Each fact becomes a guard once: the code of a function, the namespaces of a class and its
    bases, the method or descriptor behind a name, the builtin behind a name that is no global.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._known: set[Any] = set()  # what has been guarded, by id
        self._kept: list[Any] = []  # so that the ids stay taken

    def _is_made(self, cls: type) -> bool:
        """Whether the call has made a class itself: nobody else can change it."""
        return any(journal.knows(cls) for journal in self.session.journals)

    def _is_new(self, kind: str, *parts: Any) -> bool:
        key = (kind, *map(id, parts))
        if key in self._known:
            return False
        self._known.add(key)
        self._kept.append(parts)
        return True

    def function(self, fn: FunctionType) -> None:
        """`fn` is stepped into: its code may be replaced, as reloading a module does."""
        if self._is_new("code", fn, fn.__code__) and not is_trusted(fn.__globals__):
            self.session.guard(IsObject(Attribute(Pinned(fn, fn.__name__), "__code__"), fn.__code__))

    def method(self, fn: FunctionType, owner: Any) -> None:
        """`fn` is stepped into with `owner` first: where its class has `fn`, it stays."""
        cls = owner if isinstance(owner, type) else type(owner)
        if not self._is_new("method", fn, cls):
            return
        for base in type.mro(cls) if isinstance(cls, type) else ():
            for name, found in vars(base).items():
                if fn is found or fn in _functions_of(found):
                    self.cls(cls)
                    self._entry(base, name, found)

    def cls(self, cls: type) -> None:
        """Instances of `cls` are looked into: no name comes or goes that could hide another."""
        if self._is_made(cls) or not self._is_new("class", cls):
            return
        own = [base for base in cls.__mro__[:-1] if not is_trusted(namespace_of(base)) and not self._is_made(base)]
        for base in own:
            if self._is_new("names", base):
                self.session.guard(HasNames(Pinned(base, base.__name__), len(vars(base))))
        if own:
            self.session.guard(IsObject(Attribute(Pinned(cls, cls.__name__), "__mro__"), cls.__mro__))

    def computed(self, owner: Any, name: str, source: Source) -> None:
        """``owner.name`` was computed in Python, by a property, a descriptor or ``__getattr__``."""
        cls = type(owner)
        self.cls(cls)
        if hasattr(owner, "__dict__") and name not in vars(owner):
            self.session.guard(Absent(source, name))
        for base in cls.__mro__:
            if name in vars(base):
                self._entry(base, name, vars(base)[name])
                return

    def _entry(self, cls: type, name: str, found: Any) -> None:
        if not is_trusted(namespace_of(cls)) and not self._is_made(cls) and self._is_new(f"entry {name}", cls, found):
            self.session.guard(IsObject(Entry(Pinned(cls, cls.__name__), name), found))

    def builtin(self, frame: Frame, namespace: Any, name: str, value: Any) -> None:
        """A builtin was read in the user's code: no global hides it, nobody has replaced it."""
        if is_trusted(frame.globals) or not self._is_new(f"builtin {name}", frame.globals, value):
            return
        self.session.guard(HasKey(Pinned(frame.globals, "globals()"), name, False))
        self.session.guard(IsObject(Global(Pinned(namespace, "builtins"), name), value))

    def trusted(self, frame: Frame, namespace: dict[str, Any], module: str, name: str, value: Any) -> None:
        """The user's code has read ``np.sin``: it stays, although nobody replaces such a thing."""
        if name in namespace and not is_trusted(frame.globals) and self._is_new(f"trusted {name}", namespace, value):
            self.session.guard(IsObject(Attribute(Pinned(_module(namespace), module), name), value))


def _module(namespace: dict[str, Any]) -> Any:
    import sys

    return sys.modules[namespace["__name__"]]


def _functions_of(found: Any) -> tuple[Any, ...]:
    """The Python functions behind what stands in a class."""
    if isinstance(found, property):
        return found.fget, found.fset, found.fdel
    if isinstance(found, (staticmethod, classmethod)):
        return (found.__func__,)
    return ()
