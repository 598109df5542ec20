"""Iterators that C code makes of others, with numbered items: products, neighbours, parts, what a function makes of items."""

from __future__ import annotations

import copy
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from interpreter import evaluate

from ..operations.items import get_array_item
from ..tracers import NumberTracer, SizeTracer
from .iteration import Indexed, RangeIterator, RangeTracer, RowIterator, ZipIterator, combined, indexed

if TYPE_CHECKING:
    from ..session import Session


class ProductIterator(Indexed):
    """Tuples of one item of each part, the last part fastest."""

    __slots__ = ("parts",)

    def __init__(self, session: Session, parts: tuple[Indexed, ...]) -> None:
        super().__init__(session)
        self.parts = parts

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

    def lists(self) -> list[Any]:
        return [items for part in self.parts for items in part.lists()]

    def within(self) -> Iterator[Indexed]:
        yield self
        for part in self.parts:
            yield from part.within()


class MapIterator(ZipIterator):
    """What a function makes of the items of iterators."""

    __slots__ = ("function",)

    def __init__(self, session: Session, function: Any, parts: tuple[Indexed, ...]) -> None:
        super().__init__(session, parts)
        self.function = function

    def at(self, k: Any) -> Any:
        return evaluate(self.function, super().at(k), {}, self.session.domain)

    def advance(self) -> Any:
        return evaluate(self.function, super().advance(), {}, self.session.domain)

    __next__ = advance

    def place(self) -> Any:
        return id(self.function), *super().place()

    def __copy__(self) -> MapIterator:
        return MapIterator(self.session, self.function, tuple(map(copy.copy, self.parts)))


class PartIterator(ZipIterator):
    """So many items of an iterator, or as many as there are."""

    __slots__ = ("count",)

    def __init__(self, session: Session, part: Indexed, count: Any) -> None:
        super().__init__(session, (RangeIterator(session, RangeTracer(session, 0, count, 1)), part))
        self.count = count

    def at(self, k: Any) -> Any:
        return self.parts[1].at(k)

    def advance(self) -> Any:
        return super().advance()[1]

    __next__ = advance

    def __copy__(self) -> PartIterator:
        made = PartIterator(self.session, copy.copy(self.parts[1]), self.count)
        made.parts = (copy.copy(self.parts[0]), made.parts[1])
        return made


class NumberedIterator(ZipIterator):
    """``np.ndenumerate(x)``: pairs of an index and an element."""

    __slots__ = ("array",)

    def __init__(self, session: Session, array: Any, indices: Indexed) -> None:
        super().__init__(session, (indices,))
        self.array = array

    def at(self, k: Any) -> Any:
        (index,) = super().at(k)
        return index, get_array_item(self.session, self.array, index)

    def advance(self) -> Any:
        (index,) = super().advance()
        return index, get_array_item(self.session, self.array, index)

    __next__ = advance

    def place(self) -> Any:
        return id(self.array), *super().place()

    def __copy__(self) -> NumberedIterator:
        return NumberedIterator(self.session, self.array, copy.copy(self.parts[0]))


def make_product(session: Session, args: tuple[Any, ...]) -> Any:
    """``itertools.product`` of traced arrays and ranges."""
    parts = combined(session, args)
    return NotImplemented if parts is None else ProductIterator(session, tuple(parts))


def make_map(session: Session, function: Any, args: tuple[Any, ...]) -> Any:
    """``map``."""
    parts = combined(session, args)
    return NotImplemented if parts is None else MapIterator(session, function, tuple(parts))


def make_pairwise(session: Session, args: tuple[Any, ...]) -> Any:
    """``itertools.pairwise``."""
    parts = combined(session, args)
    if parts is None:
        return NotImplemented
    (first,) = parts
    second = copy.copy(first)
    second.step()
    return ZipIterator(session, (first, second))


def make_islice(session: Session, args: tuple[Any, ...]) -> Any:
    """``itertools.islice(iterable, stop)`` and ``islice(iterable, start, stop)``."""
    parts = combined(session, args[:1])
    start, stop = (0, *args[1:])[-2:]
    if parts is None or not 2 <= len(args) <= 3 or type(start) is not int or not _is_count(stop):
        return NotImplemented
    (part,) = parts
    if start and session.domain.compare(None, "<", part.left(), start) is not False:
        return NotImplemented
    for _ in range(start):
        part.step()
    return part if stop is None else PartIterator(session, part, operator.sub(stop, start) if start else stop)


def _is_count(stop: Any) -> bool:
    return stop is None or type(stop) in (int, SizeTracer) or type(stop) is NumberTracer and stop._type().dtype.kind == "i"


def make_ndindex(session: Session, shape: tuple[Any, ...]) -> Any:
    """``np.ndindex`` of sizes that are traced."""
    if len(shape) == 1 and isinstance(shape[0], tuple):
        (shape,) = shape
    if not any(type(n) is SizeTracer for n in shape) or not all(type(n) in (int, SizeTracer) for n in shape):
        return NotImplemented
    return ProductIterator(session, tuple(_counter(session, n) for n in shape))


def make_ndenumerate(session: Session, array: Any) -> Any:
    """``np.ndenumerate`` of a traced array."""
    rows = indexed(session, array)
    if not isinstance(rows, RowIterator):
        return NotImplemented
    shape = rows.array._type().shape
    counters = tuple(_counter(session, session.wrap(n)) for n in shape)
    return NumberedIterator(session, rows.array, ProductIterator(session, counters))


def _counter(session: Session, n: Any) -> Indexed:
    return RangeIterator(session, RangeTracer(session, 0, n, 1))


ITERATORS = frozenset((ProductIterator, MapIterator, PartIterator, NumberedIterator))
