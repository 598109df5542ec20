"""Iterating over traced arrays and sizes where the loop is unrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .items import get_array_item
from .outer import MIRRORS
from .tracers import ArrayTracer, ScalarTracer, Tracer

if TYPE_CHECKING:
    from .session import Session

UNROLL_LIMIT = 20_000


class RowIterator:
    """``iter(array)``: its rows, one after another."""

    __slots__ = ("session", "array", "index", "length")

    def __init__(self, session: Session, array: ArrayTracer, length: Any) -> None:
        self.session = session
        self.array = array
        self.index = 0
        self.length = length

    def advance(self) -> Any:
        """The next row."""
        if not isinstance(self.length, int):
            self.length = self.session.decide_int(self.length, "the number of rows that are iterated over")
        if self.index >= self.length:
            raise StopIteration
        self.session.touch(self)
        self.index += 1
        return get_array_item(self.session, self.array, self.index - 1)

    def place(self) -> Any:
        """What tells two copies of the iterator apart."""
        return id(self.array), self.index

    def __copy__(self) -> RowIterator:
        other = RowIterator(self.session, self.array, self.length)
        other.index = self.index
        return other


ITERATORS: frozenset[type] = frozenset((RowIterator,))


def iterate(session: Session, value: Any) -> Any:
    """``iter(value)``."""
    if type(value) in MIRRORS:
        value.fill()
        return NotImplemented
    if type(value) in ITERATORS:
        return value
    if type(value) is np.ndarray:
        if value.dtype.kind not in "biufc":
            return NotImplemented
        value = session.captures.cell(value)
    if type(value) is ArrayTracer:
        if value._type().ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return RowIterator(session, value, session.domain.length(value))
    if isinstance(value, Tracer):
        raise TypeError(f"'{value.__class__.__name__}' object is not iterable")
    return NotImplemented


def elements(session: Session, value: Any) -> list[Any]:
    """Every item of ``iter(value)``."""
    if type(value) is ScalarTracer:
        raise TypeError(f"'{value.__class__.__name__}' object is not iterable")
    rows, found = iterate(session, value), []
    while True:
        try:
            found.append(rows.advance())
        except StopIteration:
            return found


