"""Which loops become regions, and which are unrolled."""

from __future__ import annotations

from operator import length_hint
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import Value
from interpreter import Elsewhere, Frame, Instruction, Unsupported

from ..builder import TraceBuilder
from ..iterators.consuming import consume, hand_on
from ..iterators.expressions import ExpressionIterator, over_expression
from ..iterators.indexed import Indexed, NextItem
from ..iterators.iteration import indexed, is_held_around, is_native
from ..iterators.sequences import ListIterator
from ..restart import Restart
from .arms import LoopContext, Uncaught, run_arm, speculation
from .branches import join_of
from .caught import is_settled_outside
from .loop_region import INDEX, LoopRegion
from .patterns import Mismatch
from .states import Abandon
from .steering import steering_ints

if TYPE_CHECKING:
    from ..session import Session

SMALL_TRIP = 4  # loops over so many known numbers are unrolled
MAX_NESTED = 16  # so many rounds of an unrolled loop that may be left early are branches, one inside the other


def loop(session: Session, frame: Frame, header: int) -> bool:
    """Whether the loop that starts at `header` was made a region; False runs it, that is unrolls it."""
    key = (frame.code.raw, header)
    if key in session.avoid:
        return False
    if frame.code.instructions[header].opcode == "SEND":
        return hand_on(session, frame, header)
    if not _is_for(frame, header):
        return _worth_a_look(session, frame, header) and _go_on(frame, _attempt(session, frame, header, None, None))
    given = frame.stack[-1]
    iterator = indexed(session, given)
    if is_native(given) and is_held_around(frame, header, given):
        return False
    if iterator is None:
        iterator = over_expression(session, given)
        if (iterator is None or iterator.has_branches) and consume(session, frame, header, given):
            return True
        frame.stack[-1] = given if iterator is None else iterator  # a generator could not be forked
    if iterator is not None and _is_worth_it(session, frame, header, iterator):
        moved = _attempt(session, frame, header, iterator, None)
        if moved is not None and isinstance(iterator, ExpressionIterator):
            session.use_up(given, iterator.frame)
        if _go_on(frame, moved):
            return True
    frame.stack[-1] = given
    return False


def enter_while(session: Session, frame: Frame, condition: Any, ways: tuple[int, int]) -> bool:
    """A ``while`` whose first test is undecided: the jump goes into the loop or past it."""
    loops = frame.code.cfg.loops
    for inside, outside, flip in ((ways[0], ways[1], False), (ways[1], ways[0], True)):
        found = loops.get(inside)
        if found is None or outside not in found.exits or _is_for(frame, inside):
            continue
        if frame.pc - 1 in found.body or (frame.code.raw, inside) in session.avoid:
            return False
        _require_steering(session, frame, inside)
        go = session.as_bool(session.value(condition))
        if flip:
            go = ops.BY_NAME["logical_not"](go)
        if _go_on(frame, _attempt(session, frame, inside, None, (go, outside))):
            return True
        raise Abandon(session.reasons[(frame.code.raw, inside)])
    return False


def leaves_unrolled_loop(session: Session, frame: Frame, instruction: Instruction) -> bool:
    """Whether a jump decides about another round of a loop that is unrolled and has many left.

    With few rounds left each is a branch inside the one before.
    """
    cfg = frame.code.cfg
    join = join_of(frame, instruction)
    context = session.context_of(frame)
    iterators = (x for x in reversed(frame.stack) if isinstance(x, Indexed) or hasattr(type(x), "__next__"))
    rounds = 1
    around = [loop for loop in cfg.loops.values() if instruction.index in loop.body]
    for loop in sorted(around, key=lambda loop: len(loop.body)):
        if join in loop.body or (context is not None and context.header == loop.header):
            break
        iterator = next(iterators, None) if _is_for(frame, loop.header) else None
        rounds *= 1 + _rounds_left(iterator)
    return rounds > MAX_NESTED


def _rounds_left(iterator: Any) -> int:
    """How many items an iterator still has; many if that is not known."""
    if type(iterator) in (zip, enumerate):
        parts: Any = iterator.__reduce__()[1]
        return min(map(_rounds_left, parts if type(iterator) is zip else parts[:1]), default=0)
    left = iterator.left() if isinstance(iterator, Indexed) else length_hint(iterator, MAX_NESTED)
    return left if type(left) is int else MAX_NESTED


def _is_for(frame: Frame, header: int) -> bool:
    return frame.code.instructions[header].opcode == "FOR_ITER"


def _is_worth_it(session: Session, frame: Frame, header: int, iterator: Indexed) -> bool:
    """Whether the items have numbers and a region may be worth while."""
    if isinstance(iterator, ListIterator):
        return False
    left = iterator.left()
    if type(left) is not int:
        return True
    steering = steering_ints(session, frame, header)
    if left <= SMALL_TRIP and not steering or not _touches(session, frame, header, iterator):
        return False
    if steering:
        raise Restart(steering=steering)
    return True


def _worth_a_look(session: Session, frame: Frame, header: int) -> bool:
    if not _touches(session, frame, header, None):
        return False
    _require_steering(session, frame, header)
    return True


def _require_steering(session: Session, frame: Frame, header: int) -> None:
    """The ints that decide about the loop are inputs, or tracing begins again."""
    steering = steering_ints(session, frame, header)
    if steering:
        raise Restart(steering=steering)


def _touches(session: Session, frame: Frame, header: int, iterator: Indexed | None) -> bool:
    """Whether an iteration has to do with values from outside that are traced."""
    context = LoopContext(header, frame)
    builder = TraceBuilder(session, session.builder, "probe")
    index = builder.input(INDEX, "i")

    def prepare(fork: Frame) -> None:
        if iterator is not None:
            fork.stack[-1] = NextItem(session, lambda: iterator.at(session.wrap(index)))

    try:
        with speculation(session, frame):
            run_arm(session, frame, header, context.stops, context, "probe", builder=builder, prepare=prepare)
    except Abandon as reason:
        session.frame = frame
        if session.lost:
            session.give_up((frame.code.raw, header), str(reason))
        return True
    return bool(builder.captured)


def _attempt(
    session: Session, frame: Frame, header: int, iterator: Indexed | None, entry: tuple[Value, int] | None
) -> Frame | None:
    """The frame that goes on behind the loop, which has been kept; None if it has not."""
    region = LoopRegion(session, frame, header, iterator, entry)
    try:
        with speculation(session, frame):
            moved = region.capture()
        session.reasons.pop(region.key, None)  # of an earlier attempt
        return moved
    except (Abandon, Mismatch, Unsupported) as reason:
        if isinstance(reason, Uncaught) and is_settled_outside(session, frame):
            raise
        if region.buffers:  # their lists are plain lists again only if tracing begins again
            raise Restart(avoid=frozenset((region.key,)), reason=str(reason)) from None
        session.give_up((frame.code.raw, header), str(reason))
        session.frame = frame
        return None


def _go_on(frame: Frame, moved: Frame | None) -> bool:
    """Whether a loop was kept; `Elsewhere` if it is not its own frame that goes on."""
    if moved is not None and moved is not frame:
        raise Elsewhere(moved)
    return moved is not None
