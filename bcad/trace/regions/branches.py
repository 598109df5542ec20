"""A conditional jump on a traced condition: both ways become the arms of a Cond, or one is guarded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bcad import ops
from bcad.ir import Literal, Value
from interpreter import Elsewhere, Frame, Instruction, Unsupported

from ..effects.text import message_of
from ..restart import Restart
from . import choices
from .arms import Abandon, Arm, Uncaught, may_be_caught, run_arm, speculation
from .merging import merge

if TYPE_CHECKING:
    from ..session import Session

_DEEPEST = 12  # of a recursion in a branch's own ways: a program for all ways of 12 levels would be 2**12 times as long

def branch(session: Session, frame: Frame, condition: Any, instruction: Instruction) -> None:
    """Go on after a jump on an undecided condition."""
    key = (frame.code.raw, instruction.index)
    ways = (frame.pc, instruction.target) if instruction.jumps_if is False else (instruction.target, frame.pc)
    if key not in session.avoid:
        from .loops import enter_while, leaves_unrolled_loop

        try:
            if enter_while(session, frame, condition, ways):  # type: ignore[arg-type]
                return
            if leaves_unrolled_loop(session, frame, instruction):
                raise Abandon("it decides about another round of a loop that is unrolled")
            with _nested(session, key):
                moved = _both(session, frame, condition, ways, instruction, key)  # type: ignore[arg-type]
        except Uncaught:
            raise
        except (Abandon, Unsupported) as reason:
            session.give_up(key, str(reason))
            session.frame = frame
        else:
            if moved is not None:
                raise Elsewhere(moved)
            return
    guarded(session, frame, condition, instruction)


def _both(
    session: Session, frame: Frame, condition: Any, ways: tuple[int, int], instruction: Instruction, key: Any
) -> Frame | None:
    """Run both ways; the caller that has been moved, if one of them raises what that catches."""
    from . import caught

    try:
        with speculation(session, frame):
            _keep(session, frame, condition, ways, join_of(frame, instruction), key)
        return None
    except Uncaught:
        session.frame = frame
    return caught.branch(session, frame, condition, ways, key)  # not in our own handler, which would be the context of what is raised


@contextmanager
def _nested(session: Session, key: Any) -> Iterator[None]:
    """While both ways of a branch are made; a recursion that only its condition ends is not followed without end."""
    depth = session.deciding.get(key, 0)
    if depth >= _DEEPEST:
        raise Restart(avoid=frozenset((key,)), reason="it decides how deep a recursion goes")
    session.deciding[key] = depth + 1
    try:
        yield
    finally:
        session.deciding[key] = depth


def guarded(session: Session, frame: Frame, condition: Any, instruction: Instruction) -> None:
    """Decide by the example; a later call that decides otherwise is traced anew."""
    if session.decide(condition, "this condition") is instruction.jumps_if:
        assert instruction.target is not None
        frame.jump(instruction.target)


def _keep(session: Session, frame: Frame, condition: Any, ways: Any, join_pc: int, key: Any) -> None:
    """Run both ways up to the join and go on there with what they merge into.

    A way that comes to an exception's handler may pass the join by: then they meet later.
    """
    predicate = session.as_bool(session.value(condition))
    known = choices.refinements(session, condition)
    for join in joins(frame, join_pc):
        arms = _arms(session, frame, predicate, ways, join, known)
        raising = [arm.kind == "raised" for arm in arms]
        if any(raising) and not is_way_out(session, frame, arms):
            check_raise(session, frame, predicate, arms)
            frame.jump(ways[1 - raising.index(True)])
            return
        if len({(arm.kind, arm.pc) for arm in arms}) == 1 or not any(arm.pc == join for arm in arms):
            break
    merge(session, frame, predicate, arms, key)


def join_of(frame: Frame, instruction: Instruction) -> int:
    """Where the ways of a jump meet again; one out of a generator, where it yields, is none that its code knows of."""
    cfg = frame.code.cfg
    return cfg.exit if instruction.target == cfg.exit else cfg.join_of(instruction.index)


def joins(frame: Frame, join: int) -> Iterator[int]:
    """The places where the ways of a branch may meet, the first one first."""
    cfg = frame.code.cfg
    while join != cfg.exit:
        yield join
        join = cfg.join_of(join)
    yield join


def _arms(
    session: Session, frame: Frame, predicate: Value, ways: Any, join: int, known: Sequence[choices.Refined]
) -> list[Arm]:
    """Both ways, run up to a join."""
    context = session.context_of(frame)
    stops = frozenset((join,)) - {frame.code.cfg.exit} | (context.stops if context is not None else frozenset())
    arms = []
    for way, (pc, name) in enumerate(zip(ways, ("then", "else"), strict=True)):
        with choices.knowing(session, predicate, way == 0):
            arms.append(run_arm(session, frame, pc, stops, context, name, known=known, way=way))
    return arms


def is_way_out(session: Session, frame: Frame, arms: Sequence[Arm] | None = None) -> bool:
    """Whether an exception (of one of some arms) that leaves `frame` is one of the ways out of a loop, whose body this runs."""
    context = session.context_of(frame)
    return context is not None and bool(context.is_caught) and may_be_caught(frame, arms)


def check_raise(session: Session, frame: Frame, predicate: Value, arms: list[Arm]) -> None:
    """An arm that raises is a check: the run is given up when it is taken."""
    if may_be_caught(frame, arms):
        raise Uncaught("it raises an exception that a caller may catch")
    if all(arm.kind == "raised" for arm in arms):
        raise Abandon("both ways raise an exception")
    bad = [arm.kind for arm in arms].index("raised")
    if session.example.known(predicate) and session.concrete(predicate) is (bad == 0):
        raise Abandon("this call raises an exception")
    error = arms[bad].exception
    assert error is not None
    flag = predicate if bad == 0 else ops.BY_NAME["logical_not"](predicate)
    ops.check(flag, message=Literal(message_of(error)), error=Literal(type(error)))
