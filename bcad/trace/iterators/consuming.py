"""Loops over generators: the loop's body is run where the generator yields, so that the generator's own loops can be kept."""

from __future__ import annotations

import operator
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from bcad import ops
from interpreter import UNBOUND, Frame, Instruction, Outcome, Unsupported, evaluate

from ..effects.text import message_of
from ..places import stepped
from ..regions.arms import RETURNED, Exit, LoopContext, Mixed, fork_of, reraise, speculation
from ..regions.dispatch import dispatch, leave
from ..regions.patterns import Mismatch
from ..regions.reach import frames_from, live_values, within
from ..regions.states import Abandon
from .generators import Joined, Locals, frame_of, is_made_here
from .indexed import Indexed, NextItem
from .iteration import are_held, is_held_around

if TYPE_CHECKING:
    from ..session import Session

_WHOLE = "run where it is used up"  # marks loops over generators among what is avoided
_TO_ITS_END = "no other part of zip() ends before the generator"  # and suppositions about them

_TAKEN, _LEFT, _GOES_ON, _WAY, _RESULT = range(5)
_PROGRESS = ("taken", "left", "goes_on", "way", "result")


class Consumption:
    """One attempt to run the body of the loop at `header` of `frame` wherever a generator yields.

    Attributes
    ----------
    body : Frame
        A copy of the frame, on which the body is run.
    progress : Locals
        How many items have been taken, whether the generator is left, whether the loop was not (but came to its end), by which way it
        was left, and what that returns.
    """

    def __init__(self, session: Session, frame: Frame, header: int, joined: Joined | None, key: Any) -> None:
        self.session = session
        self.header = header
        self.joined = joined
        self.key = key
        self.to_its_end = joined is not None and (_TO_ITS_END, *key[1:]) not in session.avoid
        cfg = frame.code.cfg
        self.context = LoopContext(header, frame, may_raise=False)
        self.live = cfg.live_at(header).union(*(cfg.live_at(pc) for pc in cfg.ways_out(header) if pc < cfg.exit))
        given = frame.stack.pop()
        try:
            self.body = fork_of(frame)
        finally:
            frame.stack.append(given)
        self.body.slots = Locals(self.body.slots, frame.code.slot_names)
        self.progress = Locals([0, False, True, 0, UNBOUND], _PROGRESS)
        for made in (self.body.slots, self.progress):
            session.born(made)
        self.base = [*self.body.stack, NextItem(session, None)]

    # -- what a generator's frame gives ---------------------------------------------------------
    def __call__(self, source: Frame) -> None:
        """Run the body with what a frame yields; the frame goes on behind the yield, or returns if the loop is left."""
        self.take(source.result)
        source.push(None)
        self.leave(source, source.pc - 1, source.pc - 1)

    def leave(self, source: Frame, yields: int, pc: int) -> None:
        """Let a frame that has handed on an item, by the instruction at `yields`, return at `pc` if the loop is left."""
        left = self.progress[_LEFT]
        if left is False:
            return
        handler = source.code.handler_at(yields)
        if handler is not None and source.code.opcodes[handler.target] != "STOPITERATION_ERROR":
            raise Abandon("a generator is left where it would still do something")
        end = source.code.cfg.exit
        if left is True:
            source.jump(end)
            return
        self.session.domain.branch(source, left, Instruction("POP_JUMP_IF_TRUE", end, None, end, source.code.offsets[pc], pc))

    def take(self, value: Any) -> None:
        """Run the body with one item."""
        if self.joined is None:
            self.run_body(value)
        elif self.to_its_end:
            self.run_body(self.joined.around_next(value, self._next()))
        else:
            evaluate(_take_joined, (self, self.joined, value, self._next()), {}, self.session.domain)

    def _next(self) -> Any:
        """The number of the item that is taken."""
        taken = self.progress[_TAKEN]
        self._note(_TAKEN, operator.add(taken, 1))
        return taken

    def _note(self, what: int, value: Any) -> None:
        self.session.touch(self.progress)
        self.progress[what] = value

    def stop_if(self, over: Any) -> None:
        """Leave the generator if another part of zip() is at its end."""
        left = self.progress[_LEFT]
        self._note(_LEFT, over if left is False or over is True else left if over is False else operator.or_(left, over))

    def is_left(self) -> Any:
        """Whether no further item is asked for."""
        return self.progress[_LEFT]

    def run_body(self, value: Any) -> None:
        """Run the body of the loop with a value of its variable."""
        session, body = self.session, self.body
        session.touch(body.slots)
        before = list(body.slots)
        body.stack[:] = [*self.base, value]
        body.pc = self.header + 1
        with session.inside(body, self.context):
            outcome = body.run_until(self.context.stops)
        if outcome.exception is not None:
            reraise(session, outcome.exception)
            raise Abandon(f"the body of a loop over a generator raises {message_of(outcome.exception)}")
        if session.failure is not None:
            raise Abandon(session.failure.what)
        for slot, old in enumerate(before):
            if slot not in self.live:
                body.slots[slot] = old
        self._note_end(outcome)

    def _note_end(self, outcome: Outcome) -> None:
        """Take note of how the body was left."""
        if isinstance(outcome.value, Mixed):
            mixed = outcome.value
            goes_on, way, result = mixed.go, mixed.code, mixed.results.get(RETURNED)
            returns = RETURNED in mixed.results
        else:
            found = self.context.exit(outcome.kind, outcome.pc, len(self.body.stack))
            goes_on, way, result = found is None, 0 if found is None else found.code, outcome.value
            returns = outcome.kind == "returned"
        self._note(_GOES_ON, goes_on)
        self._note(_LEFT, not goes_on if type(goes_on) is bool else _negated(self.session, goes_on))
        self._note(_WAY, way)
        if returns:
            self._note(_RESULT, result)

    # -- behind the loop ------------------------------------------------------------------------
    def go_on(self, frame: Frame, given: Any) -> None:
        """Move the frame to where the loop was left."""
        session, ways = self.session, self.context.ways
        frame.slots[:] = self.body.slots
        goes_on, way, result = (self.progress[k] for k in (_GOES_ON, _WAY, _RESULT))
        target = frame.code.instructions[self.header].target
        assert target is not None
        exhausted = Exit("reached", target, len(frame.stack) - 1, 0)
        if ways and is_held_around(frame, self.header, given):
            raise Abandon("a generator may be left before its end, and is used elsewhere too")
        frame.stack[-1] = NextItem(session, None)  # a generator could not be forked
        if goes_on is True:
            leave(frame, exhausted, {})
        elif goes_on is False and type(way) is int:
            leave(frame, next(x for x in ways if x.code == way), {RETURNED: result})
        else:
            flags = [session.builder.as_value(session.unwrap(x)) for x in (goes_on, way)]
            moved = dispatch(session, frame, exhausted, ways, flags, {RETURNED: result}, self.key)
            if moved is not frame:
                raise Abandon("an exception that a caller may catch follows a loop over a generator")


@stepped
def _take_joined(work: Consumption, joined: Joined, value: Any, k: Any) -> None:
    if joined.is_over(k, joined.behind()):
        work.stop_if(True)
    else:
        work.run_body(joined.around(value, k))
        work.stop_if(joined.is_over(k + 1, joined.before()))


def _negated(session: Session, flag: Any) -> Any:
    return session.wrap(ops.BY_NAME["logical_not"](session.as_bool(session.value(flag))))


# -- running it ------------------------------------------------------------------------------------------
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
        outcome = _run_out_of_loops(session, fork) or fork.run_until(())
    if outcome.exception is not None:
        reraise(session, outcome.exception)
        raise Abandon(f"a generator raises {message_of(outcome.exception)}")
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
        outcome = fork.run_until({loop.header})
        if outcome.kind != "reached":
            return outcome
        session.domain.loop(fork, loop.header)
    return None


def consume(session: Session, frame: Frame, header: int, given: Any) -> bool:
    """Whether the loop over a generator that starts at `header` was run as a whole; False runs it item by item."""
    joined = given if isinstance(given, Joined) else None
    generator = given if joined is None else joined.generator
    source, key = frame_of(generator), (_WHOLE, frame.code.raw, header)
    if source is None or key in session.avoid or not is_made_here(session, generator, source):
        return False
    work = Consumption(session, frame, header, joined, key)
    if work.to_its_end:
        key = _TO_ITS_END, *key[1:]
    try:
        with speculation(session, frame):
            with session.using_up():
                if joined is not None:
                    session.supposing.add(key)
                    joined.require_first()
                run_through(session, source, work, work.body)
            work.go_on(frame, given)
    except (Abandon, Mismatch, Unsupported):
        raise session.restart(key) from None  # what the attempt took from iterators is not put back
    session.use_up(generator, source)
    return True


# -- items that are handed on ----------------------------------------------------------------------------
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
    frame.consumer.leave(frame, header, frame.pc)
    return True


def _hand_on(session: Session, frame: Frame, receiver: Any) -> bool:
    source = frame_of(receiver)
    if source is not None and is_made_here(session, receiver, source):
        result = run_through(session, source, frame.consumer, frame)
    elif isinstance(receiver, Indexed) and receiver.numbered:
        frame.stack[-2] = None  # nobody else has it
        result = evaluate(_each_to, (frame.consumer, receiver), {}, session.domain)
    else:
        return False
    frame.stack[-2:] = [result]
    target = frame.code.instructions[frame.pc].target
    assert target is not None
    frame.jump(target)
    return True


@stepped
def _each_to(consumer: Consumption, values: Any) -> None:
    for value in values:
        consumer.take(value)
        if consumer.is_left():
            break
