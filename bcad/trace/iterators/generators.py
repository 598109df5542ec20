"""Generators that a loop uses up: the loop's body is run where they yield, so that their own loops can be kept."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from interpreter import Frame, Outcome, Unsupported, evaluate

from ..places import stepped
from ..regions.arms import fork_of, reraise, speculation
from ..regions.patterns import Mismatch
from ..regions.reach import frames_from, live_values, within
from ..regions.states import Abandon
from .indexed import Indexed, NextItem
from .iteration import are_held, are_shared, indexed
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
        for part in self.others():
            over = operator.le(part.left(), k)
            if over is True:
                raise Abandon("zip() ends before a generator does")
            if over is not False:
                self.session.suppose_not(self.session.as_bool(self.session.value(over)), "zip() ends before a generator does")
        return tuple(value if j == self.place_of_generator else part.at(k) for j, part in enumerate(self.parts))

    def others(self) -> Iterator[Indexed]:
        """The iterators beside the generator."""
        return (part for j, part in enumerate(self.parts) if j != self.place_of_generator)

    def place(self) -> Any:
        return id(self)

    def __copy__(self) -> Joined:
        raise Abandon("a generator could not be run twice")


class _Count:
    """How many items have been taken; a place in the heap."""

    def __init__(self) -> None:
        self.taken: Any = 0


class Consumption:
    """One attempt to run the body of the loop at `header` of `frame` wherever a generator yields."""

    def __init__(self, session: Session, frame: Frame, header: int, joined: Joined | None) -> None:
        self.session = session
        self.header = header
        self.joined = joined
        self.count = _Count()
        loop = frame.code.cfg.loops[header]
        self.stops = loop.exits | {header}
        self.live = frame.code.cfg.live_at(header).union(*(frame.code.cfg.live_at(pc) for pc in loop.exits if pc < frame.code.cfg.exit))
        given = frame.stack.pop()
        try:
            self.body = fork_of(frame)
        finally:
            frame.stack.append(given)
        self.body.slots = Locals(self.body.slots, frame.code.slot_names)
        for made in (self.body.slots, self.count):
            session.born(made)
        self.base = [*self.body.stack, NextItem(session, None)]

    def __call__(self, value: Any) -> None:
        """Run the body with what the generator yields."""
        session, body = self.session, self.body
        session.touch(body.slots)
        before = list(body.slots)
        body.stack[:] = [*self.base, value if self.joined is None else self._joined(self.joined, value)]
        body.pc = self.header + 1
        with session.inside(body, None):
            outcome = body.run_until(self.stops)
        if outcome.exception is not None:
            reraise(session, outcome.exception)
            raise Abandon(f"the body of a loop over a generator raises {outcome.exception!r}")
        if outcome.kind != "reached" or outcome.pc != self.header:
            raise Abandon("a loop over a generator may be left before its end")
        if session.failure is not None:
            raise Abandon(session.failure.what)
        for slot, old in enumerate(before):
            if slot not in self.live:
                body.slots[slot] = old

    def _joined(self, joined: Joined, value: Any) -> Any:
        taken = self.count.taken
        self.session.touch(self.count)
        self.count.taken = operator.add(taken, 1)
        return joined.around(value, taken)


def run_through(session: Session, source: Frame, consumer: Consumption, caller: Frame) -> Any:
    """Run a copy of a generator's frame to its end, with `consumer` for what it yields; what it returns."""
    under_way = [part for x in source.stack if isinstance(x, Indexed) for part in x.within()]
    others = [x for f in frames_from(caller) for x in live_values(f)]
    if are_held(under_way, list(others)) or _is_among(_natively_iterated(source), others):
        raise Abandon("the iterator of a generator is used elsewhere too")
    fork = fork_of(source)
    fork.back = caller
    fork.consumer = consumer
    fork.stack.append(None)
    with session.inside(fork, None):
        outcome = _run_out_of_loops(session, fork) or fork.run_until({fork.code.cfg.exit})
    if outcome.exception is not None:
        reraise(session, outcome.exception)
        raise Abandon(f"a generator raises {outcome.exception!r}")
    return outcome.value


def _natively_iterated(source: Frame) -> list[Any]:
    """The iterators of Python's own that a frame goes over: a fork takes its items from copies of them."""
    implicit = source.slots[:1] if source.code.slot_names[:1] == (".0",) else []
    return [x for x in (*source.stack, *implicit) if hasattr(type(x), "__next__") and not isinstance(x, (Indexed, GeneratorType))]


def _is_among(things: list[Any], others: list[Any]) -> bool:
    """Whether one of some objects is among others, or in them."""
    own = set(map(id, things))
    return bool(own) and any(id(x) in own for x in within(list(others)))


def _run_out_of_loops(session: Session, fork: Frame) -> Outcome | None:
    """Where a generator stands inside loops, run it to where they can be kept as loops, the innermost first.

    The result says how it ended, if it did.
    """
    cfg = fork.code.cfg
    around = sorted((loop for loop in cfg.loops.values() if fork.pc in loop.body), key=lambda loop: len(loop.body))
    for loop in around:
        outcome = fork.run_until({loop.header, cfg.exit})
        if outcome.kind != "reached":
            return outcome
        if outcome.pc == loop.header:
            session.domain.loop(fork, loop.header)
    return None


def consume(session: Session, frame: Frame, header: int, given: Any) -> bool:
    """Whether the loop over a generator that starts at `header` was run as a whole; False runs it item by item."""
    joined = given if isinstance(given, Joined) else None
    generator = given if joined is None else joined.generator
    source, key = frame_of(generator), (_WHOLE, frame.code.raw, header)
    if source is None or key in session.avoid or not is_made_here(session, generator, source):
        return False
    try:
        with speculation(session, frame), session.using_up():
            work = Consumption(session, frame, header, joined)
            if joined is not None:
                session.supposing.add(key)
            run_through(session, source, work, work.body)
            frame.slots[:] = work.body.slots
            frame.stack.pop()
            target = frame.code.instructions[header].target
            assert target is not None
            frame.jump(target)
    except (Abandon, Mismatch, Unsupported):
        raise session.restart(key) from None  # what the attempt took from iterators is not put back
    session.use_up(generator, source)
    return True


def is_made_here(session: Session, generator: Any, source: Frame) -> bool:
    """Whether a generator dies with the part of the program that uses it up, if that is undone."""
    if any(generator is used for used, _ in session.used_up):
        return False
    journal = source.thread.journal
    owner = None if journal is None else journal.owner(source)
    while journal is not owner and journal in session.consuming:
        journal = journal.outer
    return journal is owner


def hand_on(session: Session, frame: Frame, header: int) -> bool:
    """Whether what is left of the iterator of a ``yield from`` was handed to who takes what the frame yields."""
    receiver, key = frame.stack[-2], (_WHOLE, frame.code.raw, header)
    if frame.consumer is None or key in session.avoid:
        return False
    try:
        with speculation(session, frame), session.using_up():
            if not _hand_on(session, frame, receiver):
                return False
    except (Abandon, Mismatch, Unsupported):
        raise session.restart(key) from None  # what the attempt took from iterators is not put back
    source = frame_of(receiver)
    if source is not None:
        session.use_up(receiver, source)
    return True


def _hand_on(session: Session, frame: Frame, receiver: Any) -> bool:
    source = frame_of(receiver)
    if source is not None and is_made_here(session, receiver, source):
        result = run_through(session, source, frame.consumer, frame)
    elif isinstance(receiver, Indexed) and receiver.numbered:
        frame.stack[-2] = None  # nobody else has it
        result = evaluate(_each_to, (frame.consumer.__call__, receiver), {}, session.domain)
    else:
        return False
    frame.stack[-2:] = [result]
    target = frame.code.instructions[frame.pc].target
    assert target is not None
    frame.jump(target)
    return True


@stepped
def _each_to(consumer: Any, values: Any) -> None:
    for value in values:
        consumer(value)


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
