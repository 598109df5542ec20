"""Iterators that C code makes of others, with numbered items: products, neighbours, parts, what a function makes of items."""

from __future__ import annotations

import copy
import operator
from typing import TYPE_CHECKING, Any

from interpreter import evaluate

from ..operations.items import element
from ..tracers import NumberTracer, SizeTracer
from .indexed import Indexed
from .iteration import combined, indexed
from .parts import ProductIterator, ZipIterator
from .sequences import RangeIterator, RangeTracer, RowIterator

if TYPE_CHECKING:
    from ..session import Session


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


class NumberedIterator(ZipIterator):
    """``np.ndenumerate(x)``: pairs of an index and an element."""

    __slots__ = ("array",)

    def __init__(self, session: Session, array: Any, indices: Indexed) -> None:
        super().__init__(session, (indices,))
        self.array = array

    def at(self, k: Any) -> Any:
        (index,) = super().at(k)
        return index, element(self.session, self.array, index)

    def advance(self) -> Any:
        (index,) = super().advance()
        return index, element(self.session, self.array, index)

    __next__ = advance

    def place(self) -> Any:
        return id(self.array), *super().place()


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
