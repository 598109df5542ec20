"""``range``, ``zip``, ``enumerate`` and ``reversed`` of what is traced."""

from __future__ import annotations

import operator
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from ..captures import containers
from ..tracers import ArrayTracer, NumberTracer, SizeTracer
from . import generators
from .iteration import combined, indexed
from .parts import EnumerateIterator, ZipIterator
from .sequences import DequeIterator, RangeIterator, RangeTracer, RowIterator

if TYPE_CHECKING:
    from ..session import Session


def make_range(session: Session, args: tuple[Any, ...]) -> Any:
    """A range with traced bounds; its step must be known."""
    from ..calls.handlers import HANDLERS

    start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
    numbers = [HANDLERS[operator.index](session, None, (x,), {}) for x in (start, stop)]
    start, stop = (x if n is NotImplemented else n for x, n in zip((start, stop), numbers, strict=True))
    if type(step) in (SizeTracer, NumberTracer):
        step = session.decide_int(step, "the step of a range")
    if step == 0:
        raise ValueError("range() arg 3 must not be zero")
    if all(type(x) is int for x in (start, stop)):
        return range(start, stop, step)
    return RangeTracer(session, start, stop, step)


def make_zip(session: Session, args: tuple[Any, ...], strict: bool = False) -> Any:
    joined = generators.join(session, args) if not strict else None
    if joined is not None:
        return joined
    parts = combined(session, args)
    if parts is None or strict and not _equally_long(session, parts):
        return NotImplemented
    return ZipIterator(session, tuple(parts))


def _equally_long(session: Session, parts: list[Any]) -> bool:
    lengths = [part.left() for part in parts]
    if not all(type(n) in (int, SizeTracer) for n in lengths):
        return False
    first, *others = map(session.unwrap, lengths)
    return all(session.assumptions.equal(first, n) for n in others)


def make_enumerate(session: Session, args: tuple[Any, ...], start: Any = 0) -> Any:
    joined = generators.number(session, args[0], args[1] if len(args) > 1 else start)
    if joined is not None:
        return joined
    parts = combined(session, args[:1])
    if parts is None:
        return NotImplemented
    return EnumerateIterator(session, parts[0], args[1] if len(args) > 1 else start)


def make_reversed(session: Session, args: tuple[Any, ...]) -> Any:
    (value,) = args
    if type(value) is RangeTracer:
        return RangeIterator(session, value.reversed())
    if isinstance(value, np.ndarray):
        cell = indexed(session, value)
        assert isinstance(cell, RowIterator) and isinstance(cell.array, ArrayTracer)
        return RowIterator(session, cell.array, backwards=True)
    if type(value) is deque:
        seen = containers.looked_through(session, value) if containers.is_outer(session, value) else value
        return DequeIterator(session, seen, backwards=True)
    return NotImplemented
