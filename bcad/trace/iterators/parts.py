"""Iterators that take their items from others: side by side, numbered, all with all."""

from __future__ import annotations

import copy
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..tracers import SizeTracer
from .indexed import Indexed
from .sequences import ENDLESS, RangeIterator, RangeTracer

if TYPE_CHECKING:
    from ..session import Session


class PartsIterator(Indexed):
    """An iterator over what several others give."""

    __slots__ = ("parts",)

    def __init__(self, session: Session, parts: tuple[Indexed, ...]) -> None:
        super().__init__(session)
        self.parts = parts

    def lists(self) -> list[Any]:
        return [items for part in self.parts for items in part.lists()]

    def within(self) -> Iterator[Indexed]:
        yield self
        for part in self.parts:
            yield from part.within()

    def __copy__(self) -> PartsIterator:
        """One whose parts go on by themselves."""
        made = object.__new__(type(self))
        for name in (name for cls in type(self).__mro__ for name in getattr(cls, "__slots__", ())):
            setattr(made, name, getattr(self, name))
        made.parts = tuple(map(copy.copy, self.parts))
        made.home = self.session.builder
        self.session.born(made)
        return made


class ZipIterator(PartsIterator):
    """Tuples of the items of several iterators."""

    __slots__ = ()

    def left(self) -> Any:
        lengths = [part.left() for part in self.parts]
        shortest = lengths[0]
        for length in lengths[1:]:
            if length is not shortest and not _same_size(shortest, length) and operator.lt(length, shortest):
                shortest = length
        return shortest

    def at(self, k: Any) -> Any:
        return tuple(part.at(k) for part in self.parts)

    def advance(self) -> Any:
        """As Python's zip(): the parts before one that is at its end lose an item."""
        return tuple([part.advance() for part in self.parts])

    __next__ = advance

    def step(self) -> None:
        for part in self.parts:
            part.remember()
            part.step()

    def place(self) -> Any:
        return tuple(part.place() for part in self.parts)


class EnumerateIterator(ZipIterator):
    """Pairs of a number and an item."""

    __slots__ = ()

    def __init__(self, session: Session, inner: Indexed, start: Any) -> None:
        numbers = RangeIterator(session, RangeTracer(session, start, None, 1, ENDLESS))
        super().__init__(session, (numbers, inner))

    def left(self) -> Any:
        return self.parts[1].left()


class ProductIterator(PartsIterator):
    """Tuples of one item of each part, the last part fastest."""

    __slots__ = ()

    def left(self) -> Any:
        total: Any = 1
        for part in self.parts:
            total = operator.mul(total, part.left())
        return operator.sub(total, self.index) if self.index else total

    def at(self, k: Any) -> Any:
        place = operator.add(k, self.index) if self.index else k
        found = []
        for part in self.parts[:0:-1]:
            found.append(part.at(operator.mod(place, part.left())))
            place = operator.floordiv(place, part.left())
        return (self.parts[0].at(place), *found[::-1])

    def place(self) -> Any:
        return (*(part.place() for part in self.parts), self.index)


def _same_size(a: Any, b: Any) -> bool:
    return type(a) is SizeTracer and type(b) is SizeTracer and a._size == b._size
