"""Guards: what tracing relied on, checked before each later call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Dim, Kind, Size, evaluate_size
from interpreter import Location

from .sources import Source, read


class GuardMiss(Exception):
    """A run met a decision that tracing took the other way; trace again with these arguments."""


@dataclass(frozen=True, slots=True)
class State:
    """What guards look at: the argument leaves of a call, and the sizes bound so far."""

    leaves: Sequence[Any]
    sizes: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One fact; `location` is where tracing relied on it."""

    location: Location | None = field(default=None, compare=False)

    def holds(self, state: State) -> bool:
        raise NotImplementedError

    @property
    def source(self) -> Source | None:
        """Where the value stands that it is about, if it is about one."""
        return getattr(self, "where", None)


@dataclass(frozen=True, slots=True, eq=False)
class IsObject(Guard):
    """The very same object is there: a function, a class, None."""

    where: Source
    obj: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IsObject) and self.obj is other.obj and self.where == other.where

    def __hash__(self) -> int:  # an object may have none
        return hash((self.where, id(self.obj)))

    def holds(self, state: State) -> bool:
        return read(self.where, state.leaves) is self.obj

    def __str__(self) -> str:
        return f"{self.where} is {_short(self.obj)}"


@dataclass(frozen=True, slots=True)
class HasValue(Guard):
    """An equal int, bool, string, slice... of the same type."""

    where: Source
    value: Any

    def __hash__(self) -> int:  # slices have none before Python 3.12
        return hash((self.where, str(self.value)))

    def holds(self, state: State) -> bool:
        now = read(self.where, state.leaves)
        return type(now) is type(self.value) and bool(now == self.value)

    def __str__(self) -> str:
        return f"{self.where} == {_short(self.value)}"


@dataclass(frozen=True, slots=True)
class HasElements(Guard):
    """A set of equal elements."""

    where: Source
    cls: type
    elements: frozenset[Any]

    def holds(self, state: State) -> bool:
        now = read(self.where, state.leaves)
        return type(now) is self.cls and now == self.elements

    def __str__(self) -> str:
        return f"{self.where} == {_short(set(self.elements))}"


@dataclass(frozen=True, slots=True)
class HasClass(Guard):
    """An object of exactly this class, its attributes read anew."""

    where: Source
    cls: type

    def holds(self, state: State) -> bool:
        return type(read(self.where, state.leaves)) is self.cls

    def __str__(self) -> str:
        return f"type({self.where}) is {self.cls.__name__}"


@dataclass(frozen=True, slots=True)
class HasLength(Guard):
    where: Source
    length: int

    def holds(self, state: State) -> bool:
        return len(read(self.where, state.leaves)) == self.length

    def __str__(self) -> str:
        return f"len({self.where}) == {self.length}"


@dataclass(frozen=True, slots=True)
class HasKeys(Guard):
    where: Source
    keys: tuple[Any, ...]

    def holds(self, state: State) -> bool:
        return tuple(read(self.where, state.leaves)) == self.keys

    def __str__(self) -> str:
        return f"tuple({self.where}) == {_short(self.keys)}"


@dataclass(frozen=True, slots=True)
class HasKey(Guard):
    where: Source
    key: Any
    present: bool

    def holds(self, state: State) -> bool:
        return (self.key in read(self.where, state.leaves)) == self.present

    def __str__(self) -> str:
        return f"{self.key!r} {'in' if self.present else 'not in'} {self.where}"


@dataclass(frozen=True, slots=True)
class Absent(Guard):
    """An object has no attribute of its own with this name."""

    where: Source
    name: str

    def holds(self, state: State) -> bool:
        obj = read(self.where, state.leaves)
        return self.name not in obj.__dict__ if hasattr(obj, "__dict__") else not hasattr(obj, self.name)

    def __str__(self) -> str:
        return f"{self.where} has no {self.name!r} of its own"


@dataclass(frozen=True, slots=True)
class HasNames(Guard):
    """A class has as many names of its own as before: none has come or gone."""

    where: Source
    count: int

    def holds(self, state: State) -> bool:
        return len(vars(read(self.where, state.leaves))) == self.count

    def __str__(self) -> str:
        return f"{self.where} has {self.count} names of its own"


@dataclass(frozen=True, slots=True)
class HasType(Guard):
    """A number or array of this dtype, kind and rank; binds the symbols of its shape."""

    where: Source
    type: ArrayType

    def holds(self, state: State) -> bool:
        return matches(read(self.where, state.leaves), self.type, state.sizes)

    def __str__(self) -> str:
        return f"{self.where}: {self.type}"


@dataclass(frozen=True, slots=True)
class HasLayout(Guard):
    """An array of strings, objects or records with this dtype and shape."""

    where: Source
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def holds(self, state: State) -> bool:
        now = read(self.where, state.leaves)
        return type(now) is np.ndarray and now.dtype == self.dtype and now.shape == self.shape

    def __str__(self) -> str:
        return f"{self.where}: {self.dtype} of shape {self.shape}"


@dataclass(frozen=True, slots=True)
class HasFlag(Guard):
    """A flag of an array that the function asked about, or that decides what a reshape is."""

    where: Source
    flag: str
    value: bool

    def holds(self, state: State) -> bool:
        return bool(getattr(read(self.where, state.leaves).flags, self.flag)) == self.value

    def __str__(self) -> str:
        return f"{self.where}.flags.{self.flag} is {self.value}"


@dataclass(frozen=True, slots=True)
class HasStrides(Guard):
    """How an array in neither order lies in memory, which decides what a reshape is."""

    where: Source
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def holds(self, state: State) -> bool:
        now = read(self.where, state.leaves)
        return bool(now.shape == self.shape and now.strides == self.strides)

    def __str__(self) -> str:
        return f"{self.where}: strides {self.strides} of shape {self.shape}"


@dataclass(frozen=True, slots=True)
class Same(Guard):
    """Two ways lead to one object, or (`same` False) to two."""

    where: Source
    other: Source
    same: bool = True

    def holds(self, state: State) -> bool:
        return (read(self.where, state.leaves) is read(self.other, state.leaves)) == self.same

    def __str__(self) -> str:
        return f"{self.where} {'is' if self.same else 'is not'} {self.other}"


@dataclass(frozen=True, slots=True)
class Distinct(Guard):
    """As many ways lead to as many objects (one of them is written to)."""

    places: tuple[Source, ...]

    def holds(self, state: State) -> bool:
        return len({id(read(place, state.leaves)) for place in self.places}) == len(self.places)

    def __str__(self) -> str:
        return f"no two are one object of {', '.join(map(str, self.places))}"


@dataclass(frozen=True, slots=True)
class Apart(Guard):
    """Two arrays share no memory (one of them is written to)."""

    where: Source
    other: Source

    def holds(self, state: State) -> bool:
        a, b = read(self.where, state.leaves), read(self.other, state.leaves)
        return not np.may_share_memory(a, b) or not np.shares_memory(a, b)

    def __str__(self) -> str:
        return f"{self.where} and {self.other} do not overlap"


@dataclass(frozen=True, slots=True)
class SizeRelation(Guard):
    """A relation of sizes that control flow or broadcasting asked about."""

    left: Size
    symbol: str  # == != < >=
    right: Size

    def holds(self, state: State) -> bool:
        return relation(self.symbol, evaluate_size(self.left, state.sizes), evaluate_size(self.right, state.sizes))

    def __str__(self) -> str:
        return f"{self.left} {self.symbol} {self.right}"


def relation(symbol: str, a: int, b: int) -> bool:
    """``a symbol b``."""
    match symbol:
        case "==":
            return a == b
        case "!=":
            return a != b
        case "<":
            return a < b
    return a >= b


def matches(value: Any, type_: ArrayType, sizes: dict[str, int]) -> bool:
    """Whether `value` is a number or array of `type_`; binds symbols met for the first time."""
    kind = type(value)
    if type_.kind is not Kind.ARRAY:
        return kind is type_.python_type and (type_.kind is Kind.PYTHON or value.dtype == type_.dtype)
    if kind is not np.ndarray or value.dtype != type_.dtype or value.ndim != type_.ndim:
        return False
    for size, length in zip(type_.shape, value.shape, strict=True):
        if not isinstance(size, Dim):
            if size != length:
                return False
        elif sizes.setdefault(str(size), length) != length or length < 2:
            return False
    return True


def matcher() -> Callable[[Any, ArrayType], bool]:
    """``fits(value, type)`` for the inputs of one call, in order: a symbol is the same size everywhere."""
    sizes: dict[str, int] = {}
    return lambda value, type_: matches(value, type_, sizes)


class Guards:
    """All guards of a program, each once, in the order in which they were met."""

    def __init__(self) -> None:
        self.items: dict[Guard, None] = {}

    def add(self, guard: Guard) -> None:
        self.items.setdefault(guard)

    def failing(self, leaves: Sequence[Any], sizes: dict[str, int]) -> Guard | None:
        """The first guard that does not hold; None if all do.  `sizes` learns the symbols."""
        state = State(leaves, sizes)
        for guard in self.items:
            try:
                if not guard.holds(state):
                    return guard
            except Exception:  # a comparison of the user's, or what is not there any more
                return guard
        return None

    def __iter__(self) -> Any:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __str__(self) -> str:
        return "\n".join(map(str, self.items))


def _short(value: Any) -> str:
    text = getattr(value, "__qualname__", None) or getattr(value, "co_qualname", None) or repr(value)
    return text if len(text) < 60 else text[:57] + "..."


