"""Iterators from outside: what a call takes of them is looked at before it runs, and taken once it has.

A guard that fails has taken nothing. An iterator of C code that cannot be had twice (a generator, a file, a map) is
refused when it is advanced.
"""

from __future__ import annotations

from operator import length_hint
from typing import TYPE_CHECKING, Any

from ..iterators.indexed import Indexed
from ..regions.states import Abandon
from .guards import HasValue
from .sources import Drawn, Pinned, Result, Source
from .twins import END, has_item, upcoming

if TYPE_CHECKING:
    from ..session import Session


class DrawnIterator(Indexed):
    """Stands for an iterator from outside.

    Attributes
    ----------
    index : int or NumberTracer
        How many items the call has asked for.
    """

    __slots__ = ("original", "source")

    numbered = False

    def __init__(self, session: Session, original: Any, source: Source) -> None:
        self.session = session
        self.index = 0
        self.home = session.root  # it was there before, wherever it is met first
        self.original, self.source = original, source

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self.original)

    def forked(self) -> DrawnIterator:
        """Itself: whoever advances it, it is the one outside that is."""
        return self

    def __copy__(self) -> Any:
        raise self.session.error(f"{self.source} is copied", hint="make the iterator in the function")

    def left(self) -> Any:
        return max(length_hint(self.original, 1 << 20) - (self.index if type(self.index) is int else 0), 0)

    def advance(self) -> Any:
        """The next item, read anew at each call."""
        session, k = self.session, self.index
        if type(k) is not int:
            if session.speculating:
                raise Abandon("it takes an item of an iterator from outside, which one differs from one iteration or way to another")
            k = session.decide_int(k, "how many items of an iterator have been taken")
        self.remember()
        self.index = k + 1
        item = upcoming(self.original, k)
        if item is END:
            session.guard(HasValue(Result(Pinned(has_item, "has_item"), (self.source, Pinned(k, str(k))), ()), False))
            raise StopIteration
        return session.captures.loaded_item(self.original, k, Drawn(self.source, k), item)

    __next__ = advance

    def place(self) -> Any:
        return id(self.original), self.index
