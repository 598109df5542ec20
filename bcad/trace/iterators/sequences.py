"""Iterators over one thing: the rows of an array, a range, the items of a list or deque."""

from __future__ import annotations

import operator
from collections import deque
from typing import TYPE_CHECKING, Any

from ..operations.items import element
from ..regions.states import Abandon
from ..tracers import ArrayTracer, Tracer
from .indexed import Indexed

if TYPE_CHECKING:
    from ..session import Session

ENDLESS = 1 << 62

class RowIterator(Indexed):
    """The rows of an array (as it is when they are asked for), forwards or backwards."""

    __slots__ = ("array", "backwards")

    def __init__(self, session: Session, array: ArrayTracer, backwards: bool = False) -> None:
        super().__init__(session)
        self.array = array
        self.backwards = backwards

    def left(self) -> Any:
        return _minus(self.session.domain.length(self.array), self.index)

    def at(self, k: Any) -> Any:
        place = operator.add(k, self.index) if self.index else k
        if self.backwards:
            place = operator.sub(operator.sub(self.session.domain.length(self.array), 1), place)
        return element(self.session, self.array, place)

    def place(self) -> Any:
        return id(self.array), self.index


class RangeIterator(Indexed):
    """The numbers ``start + k * step``."""

    __slots__ = ("range",)

    def __init__(self, session: Session, range_: RangeTracer | range) -> None:
        super().__init__(session)
        self.range = range_

    def left(self) -> Any:
        length = len(self.range) if type(self.range) is range else self.range.length
        return _minus(length, self.index)

    def at(self, k: Any) -> Any:
        place = operator.add(k, self.index) if self.index else k
        step = self.range.step
        offset = place if step == 1 else operator.mul(place, step)
        start = self.range.start
        return offset if type(start) is int and start == 0 else operator.add(start, offset)

    def place(self) -> Any:
        return id(self.range), self.index


class ListIterator(Indexed):
    """The items of a list or tuple; they are different objects, so their number must be known."""

    __slots__ = ("items",)

    def __init__(self, session: Session, items: Any) -> None:
        super().__init__(session)
        self.items = items

    def goes_through(self) -> tuple[Any, ...]:
        """What it goes through."""
        return (self.items,)

    def left(self) -> Any:
        return len(self.items) - self.index

    def at(self, k: Any) -> Any:
        if isinstance(k, Tracer):
            raise Abandon("it goes through a list of Python objects")
        return self.items[self.index + k]

    def place(self) -> Any:
        return id(self.items), self.index


class DequeIterator(ListIterator):
    """The items of a deque, which must not get longer or shorter meanwhile; C code's own would not outlive a region's undoing."""

    __slots__ = ("backwards", "length", "ends", "watch")

    def __init__(self, session: Session, items: deque[Any], backwards: bool = False) -> None:
        super().__init__(session, items)
        self.backwards = backwards
        self.length = len(items)
        self._look()

    def left(self) -> Any:
        return self.length - self.index

    def at(self, k: Any) -> Any:
        if isinstance(k, Tracer):
            return super().at(k)
        place = self.index + k
        return self.items[-1 - place if self.backwards else place]

    def advance(self) -> Any:
        if len(self.items) != self.length or self._is_shifted():
            raise RuntimeError("deque mutated during iteration")
        self.remember()
        self._look()
        return super().advance()

    __next__ = advance

    def _look(self) -> None:
        """Note what the deque holds at its ends, and start an iterator of C code's own, which knows of any other change."""
        self.ends = tuple(self.items[k] for k in (0, 1, -2, -1)) if self.length > 1 else ()
        self.watch = iter(self.items)

    def _is_shifted(self) -> bool:
        """Whether all items have changed their places, their number being the same; what a region has undone is no change."""
        try:
            next(self.watch, None)
        except RuntimeError:
            return self._has_other_ends()
        return False

    def _has_other_ends(self) -> bool:
        if not self.ends:
            return False
        first, second, last_but_one, last = self.ends
        left, right = self.items[0], self.items[-1]
        return left is second is not first or right is last_but_one is not last


class VirtualIterator(Indexed):
    """``iter(items)`` of a list or deque whose length only a run can tell."""

    __slots__ = ("items", "whole", "last")

    def __init__(self, session: Session, items: Any, whole: Any, backwards: bool = False) -> None:
        super().__init__(session)
        self.items = items
        self.whole = whole
        self.last = operator.sub(session.domain.length(items), 1) if backwards else None

    def left(self) -> Any:
        total = self.session.domain.length(self.items) if self.last is None else operator.add(self.last, 1)
        return _minus(total, self.index)

    def at(self, k: Any) -> Any:
        place = operator.add(k, self.index) if self.index else k
        if self.last is not None:
            place = operator.sub(self.last, place)
        if isinstance(place, Tracer):
            return self.whole.row(place)
        found = self.session.domain.getitem(None, self.items, place)  # it may have grown: a loop that is unrolled sees it
        return self.items[place] if found is NotImplemented else found

    def place(self) -> Any:
        return id(self.items), self.index

    def lists(self) -> list[Any]:
        return [self.items]


class RangeTracer:
    """``range(n)`` for a traced n."""

    __slots__ = ("session", "start", "stop", "step", "length")

    def __init__(self, session: Session, start: Any, stop: Any, step: int, length: Any = None) -> None:
        self.session, self.start, self.stop, self.step = session, start, stop, step
        self.length = _range_length(start, stop, step) if length is None else length

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return range

    def decided(self) -> range:
        """The range of this call, held to."""
        start, end = self.start, operator.add(self.start, operator.mul(self.length, self.step)) if self.stop is None else self.stop
        return range(self.session.decide_int(start, "a range"), self.session.decide_int(end, "a range"), self.step)

    def __iter__(self) -> Any:
        """For C code that takes all of it."""
        return iter(self.decided())

    def __repr__(self) -> str:
        return repr(self.decided())

    def reversed(self) -> RangeTracer:
        """The same numbers backwards."""
        last = operator.add(self.start, operator.mul(operator.sub(self.length, 1), self.step))
        return RangeTracer(self.session, last, None, -self.step, self.length)


def _range_length(start: Any, stop: Any, step: int) -> Any:
    span = _minus(stop, start) if step > 0 else _minus(start, stop)
    if abs(step) == 1:
        return span
    return operator.floordiv(operator.add(span, abs(step) - 1), abs(step))


def _minus(a: Any, b: Any) -> Any:
    return a if type(b) is int and b == 0 else operator.sub(a, b)
