"""Source: where a value that was read while tracing is found again at each later call."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any, TypeAlias

from .twins import END, upcoming


class Missing(LookupError):
    """What was there while tracing is not there now."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A leaf of the arguments."""

    index: int
    text: str

    def read(self, leaves: Sequence[Any]) -> Any:
        return leaves[self.index]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, eq=False)
class Pinned:
    """An object that is always the same: a module's namespace, a function, a cell."""

    obj: Any
    text: str

    def read(self, leaves: Sequence[Any]) -> Any:
        return self.obj

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pinned) and self.obj is other.obj

    def __hash__(self) -> int:
        return id(self.obj)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Attribute:
    """``parent.name``."""

    parent: Source
    name: str

    def read(self, leaves: Sequence[Any]) -> Any:
        return getattr(self.parent.read(leaves), self.name)

    def __str__(self) -> str:
        return f"{self.parent}.{self.name}"


@dataclass(frozen=True, slots=True)
class Item:
    """``parent[key]``."""

    parent: Source
    key: Any

    def read(self, leaves: Sequence[Any]) -> Any:
        return self.parent.read(leaves)[self.key]

    def __str__(self) -> str:
        return f"{self.parent}[{self.key!r}]"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a class itself has under a name, unbound."""

    cls: Pinned
    name: str

    def read(self, leaves: Sequence[Any]) -> Any:
        return self.cls.obj.__dict__[self.name]

    def __str__(self) -> str:
        return f"{self.cls}.{self.name}"


@dataclass(frozen=True, slots=True)
class Global:
    """A name in a module's namespace."""

    namespace: Pinned
    name: str

    def read(self, leaves: Sequence[Any]) -> Any:
        return self.namespace.obj[self.name]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Closure:
    """What a cell holds."""

    cell: Pinned
    name: str

    def read(self, leaves: Sequence[Any]) -> Any:
        return self.cell.obj.cell_contents

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Result:
    """What a C function that changes nothing says about things from outside."""

    function: Source
    args: tuple[Source, ...]
    kwargs: tuple[tuple[str, Source], ...]

    def read(self, leaves: Sequence[Any]) -> Any:
        named = {name: source.read(leaves) for name, source in self.kwargs}
        return self.function.read(leaves)(*(source.read(leaves) for source in self.args), **named)

    def __str__(self) -> str:
        given = [*map(str, self.args), *(f"{name}={source}" for name, source in self.kwargs)]
        return f"{self.function}({', '.join(given)})"


@dataclass(frozen=True, slots=True)
class Drawn:
    """What an iterator will give after `k` other items."""

    iterator: Source
    k: int

    def read(self, leaves: Sequence[Any]) -> Any:
        found = upcoming(self.iterator.read(leaves), self.k)
        if found is END:
            raise LookupError("it has come to its end")
        return found

    def __str__(self) -> str:
        return f"item {self.k} of {self.iterator}"


@dataclass(frozen=True, slots=True)
class Default:
    """The default value of a parameter."""

    function: Source
    name: str

    def read(self, leaves: Sequence[Any]) -> Any:
        function = self.function.read(leaves)
        keyword_only = function.__kwdefaults__
        if keyword_only and self.name in keyword_only:
            return keyword_only[self.name]
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]
        return function.__defaults__[names.index(self.name) - len(names)]

    def __str__(self) -> str:
        return f"default {self.name} of {self.function}"


Source: TypeAlias = Argument | Pinned | Attribute | Item | Entry | Global | Closure | Result | Drawn | Default


def read(source: Source, leaves: Sequence[Any]) -> Any:
    """The value at `source` now.

    Raises
    ------
    Missing
        If the way to it has gone.
    """
    try:
        return source.read(leaves)
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise Missing(f"{source} is not there any more ({error})") from None


def owner_of(source: Source, leaves: Sequence[Any]) -> Any:
    """The object that an assignment to `source` changes."""
    return read(source.parent, leaves) if isinstance(source, (Attribute, Item)) else None


def write(source: Source, owner: Any, value: Any) -> None:
    """Put `value` where `source` points, as an assignment in the user's code would."""
    match source:
        case Attribute(_, name) if type(getattr(type(owner), "__setattr__", None)) is FunctionType:
            object.__setattr__(owner, name, value)  # its own has been stepped through
        case Attribute(_, name):
            setattr(owner, name, value)
        case Item(_, key):
            operator.setitem(owner, key, value)
        case Global(namespace, name):
            namespace.obj[name] = value
        case Closure(cell, _):
            cell.obj.cell_contents = value
        case _:
            raise TypeError(f"{source} cannot be assigned to")
