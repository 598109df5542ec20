"""Lists that the loop being made appends to, as the loop's body sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Literal, Size, Value

from .patterns import Abandon, Pattern

if TYPE_CHECKING:
    from .session import Session


class Again(BaseException):
    """The body must be run again: it asks for the last item of a list."""

    def __init__(self, grown: Grown) -> None:
        self.grown = grown


class Grown:
    """A list that grows in each iteration.

    Attributes
    ----------
    items : list
        The list; in a run of the body it holds what it held before the loop and what this
        iteration has appended.
    start : int
        How many items it had before the loop.
    pattern : Pattern
        The form of the items that are appended.
    one_by_one : bool
        Whether each iteration appends one item.
    is_plain : bool
        Whether the number of items before the loop is known.
    portion, total_length : Size
        Else how many each iteration appends (None: it varies), and how many that are in all.
    tail_pattern : Pattern or None
        The form of the last item, if the body asks for it before it appends.
    tail : object
        That item, in the body being run.
    index : Value
        The number of the iteration, in the body being run.
    """

    __slots__ = (
        "items", "start", "pattern", "one_by_one", "is_plain", "portion", "total_length",
        "tail_pattern", "wants_tail", "tail", "index",
    )

    def __init__(
        self, items: list[Any], start: int, pattern: Pattern, one_by_one: bool = True, is_plain: bool = True
    ) -> None:
        self.one_by_one = one_by_one
        self.is_plain = is_plain
        self.portion: Size | None = None
        self.total_length: Size = 0
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
        self._require_simple()
        return session.wrap(ops.FUNCTIONS[np.add](self.index, list.__len__(self.items)))

    def get(self, session: Session, key: Any) -> Any:
        """``list[key]``: what this iteration has appended, the item before that, or one from before the loop."""
        self._require_simple()
        if type(key) is int and (0 <= key < self.start or -self.appended <= key < 0):
            return list.__getitem__(self.items, key)
        if type(key) is int and key == -1 - self.appended:
            return self._last(session)
        raise Abandon("an item of a list that it appends to is read in it")

    def _require_simple(self) -> None:
        if not (self.one_by_one and self.is_plain):
            raise Abandon("a list that it appends to in a varying number is read in it")

    def _last(self, session: Session) -> Any:
        if not self.wants_tail:
            self.wants_tail = True
            raise Again(self)
        if not self.start:
            empty = ops.FUNCTIONS[np.less](self.index, 1)
            ops.check(empty, message=Literal("the list is empty"), error=Literal(IndexError))
        return self.tail
