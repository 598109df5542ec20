"""Generators in traced code: their frames, and ``zip`` and ``enumerate`` of one."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from interpreter import Frame

from ..regions.states import Abandon
from .indexed import Indexed
from .iteration import are_shared, indexed
from .sequences import ENDLESS, ListIterator, RangeIterator, RangeTracer

if TYPE_CHECKING:
    from ..session import Session

_WHOLE = "run where it is used up"  # marks loops over generators among what is avoided


def frame_of(value: Any) -> Frame | None:
    """The frame of a generator that the evaluator runs and nobody has used up."""
    if type(value) is not GeneratorType or value.gi_frame is None or value.gi_running:
        return None
    frame = value.gi_frame.f_locals.get("frame")
    return frame if isinstance(frame, Frame) else None


class Locals(list):
    """The slots of a frame as a list in the heap: loops and branches carry and merge its items."""

    __slots__ = ("names",)

    def __init__(self, slots: list[Any], names: Any) -> None:
        super().__init__(slots)
        self.names = names


class Joined(Indexed):
    """``zip`` or ``enumerate`` of one generator and of iterators whose items have numbers."""

    __slots__ = ("parts", "place_of_generator")

    numbered = False

    def __init__(self, session: Session, parts: list[Any]) -> None:
        super().__init__(session)
        self.parts = parts
        (self.place_of_generator,) = (k for k, part in enumerate(parts) if type(part) is GeneratorType)

    @property
    def generator(self) -> Any:
        return self.parts[self.place_of_generator]

    def advance(self) -> Any:
        return tuple([next(part) for part in self.parts])

    __next__ = advance

    def around(self, value: Any, k: Any) -> tuple[Any, ...]:
        """The item with what the generator yields as the k-th of those that are left."""
        return tuple(value if j == self.place_of_generator else part.at(k) for j, part in enumerate(self.parts))

    def around_next(self, value: Any, k: Any) -> tuple[Any, ...]:
        """The same, where it is taken for granted that no other part is at its end."""
        self._suppose_not(self.is_over(k, self.others()))
        return self.around(value, k)

    def require_first(self) -> None:
        """The parts that are asked before the generator must have an item: else that is never begun."""
        self._suppose_not(self.is_over(0, self.before()))

    def is_over(self, k: Any, parts: Iterable[Indexed]) -> Any:
        """Whether one of some parts has no item after k others."""
        over: Any = False
        for part in parts:
            own = operator.le(part.left(), k)
            over = own if over is False or own is True else over if own is False else operator.or_(over, own)
        return over

    def _suppose_not(self, over: Any) -> None:
        session = self.session
        if over is not False and (over is True or session.example.known(session.value(over)) and session.concrete(session.value(over))):
            raise Abandon("zip() ends before a generator does")
        if over is not False:
            session.hold(session.as_bool(session.value(over)), "zip() ends before a generator does")

    def before(self) -> Iterator[Indexed]:
        """The iterators that are asked before the generator."""
        return iter(self.parts[:self.place_of_generator])

    def behind(self) -> Iterator[Indexed]:
        """The iterators that are asked when it has yielded."""
        return iter(self.parts[self.place_of_generator + 1:])

    def others(self) -> Iterator[Indexed]:
        """The iterators beside the generator."""
        return (part for j, part in enumerate(self.parts) if j != self.place_of_generator)

    def place(self) -> Any:
        return id(self)

    def __copy__(self) -> Joined:
        raise Abandon("a generator could not be run twice")


def is_made_here(session: Session, generator: Any, source: Frame) -> bool:
    """Whether a generator dies with the part of the program that uses it up, if that is undone."""
    if any(generator is used for used, _ in session.used_up):
        return False
    journal = source.thread.journal
    owner = None if journal is None else journal.owner(source)
    while journal is not owner and journal in session.consuming:
        journal = journal.outer
    return journal is owner


def join(session: Session, values: tuple[Any, ...]) -> Joined | None:
    """``zip(*values)`` if one of them is a generator and the others have numbered items."""
    if sum(frame_of(v) is not None for v in values) != 1:
        return None
    parts = [v if frame_of(v) is not None else indexed(session, v) for v in values]
    others = [part for part in parts if isinstance(part, Indexed)]
    if len(others) < len(parts) - 1 or any(isinstance(p, ListIterator) for p in others) or are_shared(session.frame, others):
        return None
    return Joined(session, parts)


def number(session: Session, generator: Any, start: Any) -> Joined | None:
    """``enumerate(generator, start)``."""
    if frame_of(generator) is None:
        return None
    return Joined(session, [RangeIterator(session, RangeTracer(session, start, None, 1, ENDLESS)), generator])
