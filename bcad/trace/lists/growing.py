"""Lists that the loop being made appends to, as the loop's body sees them."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Literal, Size, Value

from ..regions.patterns import Pattern

if TYPE_CHECKING:
    from ..session import Session


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
    nested : bool
        Whether an outer loop that is being made appends to it, too: it holds more than can be seen here.
    portion, total_length : Size
        Else how many each iteration appends (None: it varies), and how many that are in all.
    tail_pattern : Pattern or None
        The form of the last item, if the body asks for it before it appends.
    tail : object
        That item, in the body being run.
    index, count : Value
        In the body being run, the number of the iteration, and that of the items that earlier ones have appended.
    """

    __slots__ = (
        "items", "start", "pattern", "one_by_one", "portion", "total_length",
        "tail_pattern", "wants_tail", "tail", "index", "wants_count", "count", "nested",
    )

    def __init__(
        self, items: list[Any], start: int, pattern: Pattern, one_by_one: bool = True, nested: bool = False
    ) -> None:
        self.one_by_one = one_by_one
        self.nested = nested
        self.wants_count = False
        self.count: Value | None = None
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
        return session.wrap(ops.FUNCTIONS[operator.add](self._before(session), list.__len__(self.items)))

    def get(self, session: Session, key: Any) -> Any:
        """``list[key]``: what this iteration has appended, the item before that, or one from before the loop."""
        if type(key) is int and -self.appended <= key < 0 and id(self.items) not in session.virtual:
            return list.__getitem__(self.items, key)
        self._require_plain(session)
        if type(key) is int and 0 <= key < self.start:
            return list.__getitem__(self.items, key)
        if type(key) is int and key == -1 - self.appended:
            return self._last(session)
        from .buffers import wanted

        raise wanted(session, self.items, "an item of a list that it appends to is read in it")

    def _require_plain(self, session: Session) -> None:
        if id(self.items) in session.virtual or self.nested:
            from .buffers import wanted

            raise wanted(session, self.items, "a list that it appends to in a varying number is read in it")

    def _before(self, session: Session) -> Value:
        """How many items earlier iterations have appended."""
        self._require_plain(session)
        if self.one_by_one:
            assert self.index is not None
            return self.index
        if not self.wants_count:
            self.wants_count = True
            raise Again(self)
        assert self.count is not None
        return self.count

    def _last(self, session: Session) -> Any:
        if not self.wants_tail:
            self.wants_tail = True
            raise Again(self)
        if not self.start:
            empty = ops.FUNCTIONS[np.less](self._before(session), 1)
            ops.check(empty, message=Literal("the list is empty"), error=Literal(IndexError))
        return self.tail
