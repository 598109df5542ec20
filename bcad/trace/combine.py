"""Iterators that C code makes of others, with numbered items: products, neighbours, parts, what a function makes of items."""

from __future__ import annotations

import copy
import operator
from typing import TYPE_CHECKING, Any

from interpreter import evaluate

from .items import get_array_item
from .iteration import Indexed, RangeIterator, RangeTracer, RowIterator, ZipIterator, combined, indexed
from .tracers import SizeTracer

if TYPE_CHECKING:
    from .session import Session


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


class MapIterator(ZipIterator):
    """What a function makes of the items of iterators."""

    __slots__ = ("function",)

    def __init__(self, session: Session, function: Any, parts: tuple[Indexed, ...]) -> None:
        super().__init__(session, parts)
        self.function = function

    def at(self, k: Any) -> Any:
        return evaluate(self.function, super().at(k), {}, self.session.domain)

    def place(self) -> Any:
        return id(self.function), *super().place()

    def __copy__(self) -> MapIterator:
        return MapIterator(self.session, self.function, tuple(map(copy.copy, self.parts)))


class NumberedIterator(ZipIterator):
    """``np.ndenumerate(x)``: pairs of an index and an element."""

    __slots__ = ("array",)

    def __init__(self, session: Session, array: Any, indices: Indexed) -> None:
        super().__init__(session, (indices,))
        self.array = array

    def at(self, k: Any) -> Any:
        (index,) = super().at(k)
        return index, get_array_item(self.session, self.array, index)

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
    """``itertools.islice(iterable, start, None)``: the first items are left out."""
    parts = combined(session, args[:1])
    if parts is None or len(args) != 3 or type(args[1]) is not int or args[2] is not None:
        return NotImplemented
    if session.domain.compare(None, "<", parts[0].left(), args[1]) is not False:
        return NotImplemented
    for _ in range(args[1]):
        parts[0].step()
    return parts[0]


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


ITERATORS = frozenset((ProductIterator, MapIterator, NumberedIterator))
