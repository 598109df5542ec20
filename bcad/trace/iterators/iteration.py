"""Iterators over traced arrays and ranges: any item can be asked for by its number."""

from __future__ import annotations

import copy
import operator
from collections import deque
from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..captures import containers, foreign
from ..captures.outer import LISTS, MIRRORS
from ..lists import keyed
from ..operations.items import get_array_item
from ..regions.reach import frames_from, live_values, within
from ..regions.states import Abandon
from ..tracers import ArrayTracer, NumberTracer, ScalarTracer, SizeTracer, Tracer

if TYPE_CHECKING:
    from interpreter import Frame

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

    def left(self) -> Any:
        """How many items are left: an int, a size or a traced int."""
        raise NotImplementedError

    def at(self, k: Any) -> Any:
        """The item that comes after k others."""
        raise NotImplementedError

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
        return get_array_item(self.session, self.array, place)

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


class ZipIterator(Indexed):
    """Tuples of the items of several iterators."""

    __slots__ = ("parts",)

    def __init__(self, session: Session, parts: tuple[Indexed, ...]) -> None:
        super().__init__(session)
        self.parts = parts

    def left(self) -> Any:
        lengths = [part.left() for part in self.parts]
        shortest = lengths[0]
        for length in lengths[1:]:
            if length is not shortest and not _same_size(shortest, length) and operator.lt(length, shortest):
                shortest = length
        return shortest

    def at(self, k: Any) -> Any:
        return tuple(part.at(k) for part in self.parts)

    def lists(self) -> list[Any]:
        return [items for part in self.parts for items in part.lists()]

    def within(self) -> Iterator[Indexed]:
        yield self
        for part in self.parts:
            yield from part.within()

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

    def __copy__(self) -> ZipIterator:
        return ZipIterator(self.session, tuple(map(copy.copy, self.parts)))


class EnumerateIterator(ZipIterator):
    """Pairs of a number and an item."""

    __slots__ = ()

    def __init__(self, session: Session, inner: Indexed, start: Any) -> None:
        numbers = RangeIterator(session, RangeTracer(session, start, None, 1, inner.left()))
        super().__init__(session, (numbers, inner))

    def __copy__(self) -> ZipIterator:
        return ZipIterator(self.session, tuple(map(copy.copy, self.parts)))


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


class NextItem(Indexed):
    """Stands for the iterator of a loop while its body is run once for all iterations."""

    __slots__ = ("item",)

    def __init__(self, session: Session, item: Any) -> None:
        super().__init__(session)
        self.item = item

    def advance(self) -> Any:
        return self.item()


class RangeTracer:
    """``range(n)`` for a traced n."""

    __slots__ = ("session", "start", "stop", "step", "length")

    def __init__(self, session: Session, start: Any, stop: Any, step: int, length: Any = None) -> None:
        self.session, self.start, self.stop, self.step = session, start, stop, step
        self.length = _range_length(start, stop, step) if length is None else length

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return range

    def __iter__(self) -> Any:
        """For C code that takes all of it: the numbers of this call, held to."""
        start, length = (self.session.decide_int(x, "a range") for x in (self.start, self.length))
        return iter(range(start, start + length * self.step, self.step))

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


def _same_size(a: Any, b: Any) -> bool:
    return type(a) is SizeTracer and type(b) is SizeTracer and a._size == b._size


ITERATORS: frozenset[type] = frozenset(
    (RowIterator, RangeIterator, ZipIterator, EnumerateIterator, ListIterator, VirtualIterator, NextItem)
)
_NATIVE_RANGES = (type(iter(range(0))), type(iter(range(1 << 70))))


def iterate(session: Session, value: Any) -> Any:
    """``iter(value)``."""
    if keyed.keys_of(session, value) is not None:
        return _over_keyed(session, value)
    if type(value) in MIRRORS:
        value.fill()
    if isinstance(value, Indexed):
        return value
    if containers.is_outer(session, value) and not _steps_itself(value):
        return iter(containers.contents(session, value))
    if foreign.is_foreign(session, value):
        listed = foreign.listed(session, value)
        found = iterate(session, listed)
        return iter(listed) if found is NotImplemented else found
    if type(value) is np.ndarray and value.dtype.kind not in "biufc":
        return NotImplemented
    if type(value) in (ArrayTracer, np.ndarray, RangeTracer):
        return indexed(session, value)
    if type(value) in (*LISTS, deque) and (session.virtual or session.growing):
        return _over_virtual(session, value)
    if isinstance(value, str) and isinstance(value, Tracer):
        raise session.leak(value, "the characters of a text made of numbers are asked for")
    if isinstance(value, Tracer):
        raise TypeError(f"'{value.__class__.__name__}' object is not iterable")
    return NotImplemented


def _steps_itself(value: Any) -> bool:
    """Whether a container is iterated over by Python code of its class."""
    return isinstance(getattr(type(value), "__iter__", None), FunctionType)


def _is_virtual(session: Session, value: Any) -> bool:
    """Whether a list or deque is of a length that only a run can tell."""
    if keyed.keys_of(session, value) is not None:
        return True
    return type(value) in (*LISTS, deque) and (id(value) in session.virtual or id(value) in session.growing)


def _over_virtual(session: Session, value: list[Any]) -> Any:
    """``iter(list)`` where lists may have a middle of unknown length."""
    from ..lists import virtual

    found = virtual.find(session, value)
    if found is None:
        return NotImplemented
    whole = found.whole()
    if whole is None:
        found.materialize()
        return NotImplemented
    return VirtualIterator(session, value, whole)


def indexed(session: Session, value: Any) -> Indexed | None:
    """An iterator over `value` whose items have numbers; None if there is none."""
    if isinstance(value, Indexed):
        return value if value.numbered else None
    if keyed.keys_of(session, value) is not None:
        return _over_keyed(session, value)
    if type(value) in (range, RangeTracer):
        return RangeIterator(session, value)
    if type(value) in _NATIVE_RANGES:
        return _from_native_range(session, value)
    if type(value) is np.ndarray:
        value = session.captures.cell(value) if value.dtype.kind in "biufc" else None
    if type(value) is ArrayTracer:
        if value._type().ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return RowIterator(session, value)
    if _is_virtual(session, value):
        found = _over_virtual(session, value)
        return found if isinstance(found, Indexed) else ListIterator(session, value)
    if type(value) in (list, tuple):
        return ListIterator(session, value)
    return None


def _over_keyed(session: Session, value: Any) -> Indexed:
    """``iter()`` of a dict whose keys stand in a list, or of a view of it."""
    table, kind = (value.table, value.kind) if type(value) is keyed.View else (keyed.of(session, value), "keys")
    assert table is not None
    if isinstance(table.owner, set):
        raise Abandon("a set goes through its items in an order of its own")
    lists = {"keys": (table.keys,), "values": (table.values,), "items": (table.keys, table.values)}[kind]
    parts = [part for part in (indexed(session, x) for x in lists) if part is not None]
    if len(parts) < len(lists):
        raise Abandon("the items of a dict have no common form")
    return parts[0] if len(parts) == 1 else ZipIterator(session, tuple(parts))


def _from_native_range(session: Session, iterator: Any) -> RangeIterator:
    _, (numbers,), *state = iterator.__reduce__()
    return RangeIterator(session, numbers[state[0]:] if state and state[0] else numbers)


def combined(session: Session, values: tuple[Any, ...]) -> list[Indexed] | None:
    """Iterators over all of `values`, if one of them is traced and all have numbered items."""
    if not any(is_traced_iterable(v) or _is_virtual(session, v) for v in values):
        return None
    found = [indexed(session, v) for v in values]
    if None in found or are_shared(session.frame, found):  # type: ignore[arg-type]
        return None
    return found  # type: ignore[return-value]


def are_shared(frame: Frame | None, iterators: Sequence[Indexed]) -> bool:
    """Whether one of some iterators stands there twice, or can be asked for items elsewhere: in a variable that is read later."""
    parts = [part for iterator in iterators for part in iterator.within()]
    if len({id(part) for part in parts}) < len(parts):
        return True
    return are_held(parts, [x for f in frames_from(frame) for x in live_values(f)])


def are_held(parts: Sequence[Indexed], start: list[Any]) -> bool:
    """Whether one of some iterators is among objects, or in them."""
    own = {id(part) for part in parts}
    return any(id(part) in own for x in within(start) if isinstance(x, Indexed) for part in x.within())


def is_traced_iterable(value: Any) -> bool:
    """Whether a loop over `value` gives traced items."""
    return isinstance(value, Indexed) or isinstance(value, np.ndarray) or type(value) is RangeTracer


def elements(session: Session, value: Any) -> list[Any]:
    """Every item of ``iter(value)``."""
    if type(value) in (ScalarTracer, NumberTracer, SizeTracer):
        raise TypeError(f"'{value.__class__.__name__}' object is not iterable")
    rows, found = iterate(session, value), []
    while True:
        try:
            found.append(rows.advance())
        except StopIteration:
            return found
