"""Iterators any item of which can be asked for by its number."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..tracers import SizeTracer

if TYPE_CHECKING:
    from ..session import Session


class Indexed:
    """An iterator whose k-th next item is ``at(k)`` for an int or a traced int k.

    Attributes
    ----------
    index : int
        How many items have been taken.
    """

    __slots__ = ("session", "index", "home")

    numbered = True  # whether items can be asked for by their numbers

    def __init__(self, session: Session) -> None:
        self.session = session
        self.index = 0
        self.home = session.builder  # the part of the program that it was made in
        session.born(self)

    def __repr__(self) -> str:
        """Its text has an address in it, and the name of a class that it only stands for."""
        raise self.session.error("an iterator is written as text", hint="write its items: list(...) of it")

    def left(self) -> Any:
        """How many items are left: an int, a size or a traced int."""
        raise NotImplementedError

    def at(self, k: Any) -> Any:
        """The item that comes after k others."""
        raise NotImplementedError

    def forked(self) -> Indexed:
        """One that stands at the same item, for a copy of the frame."""
        return copy.copy(self)

    def place(self) -> Any:
        """What tells two copies of the iterator apart."""
        return id(self.session), self.index

    def lists(self) -> list[Any]:
        """The lists that it goes through: as many items as they had when it was reached, if none gets longer or shorter."""
        return []

    def within(self) -> Iterator[Indexed]:
        """This iterator and those that it takes items from."""
        yield self

    def advance(self) -> Any:
        """The next item, or StopIteration; whether there is one is held to this call's answer."""
        if self._is_over():
            raise StopIteration
        item = self.at(0)
        self.remember()
        self.step()
        return item

    def remember(self) -> None:
        """About to go on: one made elsewhere must be put back when this part of the program is undone."""
        if self.home is not self.session.builder or self.session.consuming:
            self.session.touch(self)

    def _is_over(self) -> bool:
        left = self.left()
        if type(left) is SizeTracer:
            return self.session.assumptions.less(left._size, 1)
        return self.session.decide_int(left, "the number of iterations of a loop that is unrolled") <= 0

    __next__ = advance  # for C code that walks through it

    def __iter__(self) -> Indexed:
        return self

    def step(self) -> None:
        """One more item has been taken."""
        self.index += 1


class NextItem(Indexed):
    """Stands for the iterator of a loop while its body is run once for all iterations."""

    __slots__ = ("item",)

    def __init__(self, session: Session, item: Any) -> None:
        super().__init__(session)
        self.item = item

    def advance(self) -> Any:
        return self.item()
