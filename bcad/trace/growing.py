"""Lists that the loop being made appends to, one item an iteration, as the loop's body sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Literal, Value

from .patterns import Abandon, Pattern

if TYPE_CHECKING:
    from .session import Session


class Again(BaseException):
    """The body must be run again: it asks for the last item of a list."""

    def __init__(self, grown: Grown) -> None:
        self.grown = grown


class Grown:
    """A list that grows by one item an iteration.

    Attributes
    ----------
    items : list
        The list; in a run of the body it holds what it held before the loop and what this
        iteration has appended.
    start : int
        How many items it had before the loop.
    pattern : Pattern
        The form of the items that are appended.
    tail_pattern : Pattern or None
        The form of the last item, if the body asks for it before it appends.
    tail : object
        That item, in the body being run.
    index : Value
        The number of the iteration, in the body being run.
    """

    __slots__ = ("items", "start", "pattern", "tail_pattern", "wants_tail", "tail", "index")

    def __init__(self, items: list[Any], start: int, pattern: Pattern) -> None:
        self.items = items
        self.start = start
        self.pattern = pattern
        self.tail_pattern: Pattern | None = None
        self.wants_tail = False
        self.tail: Any = None
        self.index: Value | None = None

    @property
    def appended(self) -> int:
        """How many items this iteration has appended so far."""
        return list.__len__(self.items) - self.start

    def total(self, session: Session) -> Any:
        """``len(list)``."""
        return session.wrap(ops.FUNCTIONS[np.add](self.index, list.__len__(self.items)))

    def get(self, session: Session, key: Any) -> Any:
        """``list[key]``: what this iteration has appended, the item before that, or one from before the loop."""
        if type(key) is int and (0 <= key < self.start or -self.appended <= key < 0):
            return list.__getitem__(self.items, key)
        if type(key) is int and key == -1 - self.appended:
            return self._last(session)
        raise Abandon("an item of a list that it appends to is read in it")

    def _last(self, session: Session) -> Any:
        if not self.wants_tail:
            self.wants_tail = True
            raise Again(self)
        if not self.start:
            empty = ops.FUNCTIONS[np.less](self.index, 1)
            ops.check(empty, message=Literal("the list is empty"), error=Literal(IndexError))
        return self.tail
