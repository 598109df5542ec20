"""Exceptions that the program may catch: one way goes on in the handler, the other behind what did not raise.

The frame with the handler may be a caller: then copies of all frames from the raising one out to it are
run, for each way on its own, to where both have come in that caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bcad.ir import Builder, Value
from interpreter import Elsewhere, Frame, Outcome, Unsupported

from ..operations.raises import DID_NOT_RAISE
from . import choices
from .arms import Arm, Uncaught, fork_of, go_on, may_be_caught, run_arm, speculation
from .branches import check_raise, is_way_out, joins
from .merging import merge
from .states import Abandon

if TYPE_CHECKING:
    from ..session import Session

_CALLS = frozenset(("CALL", "CALL_KW", "CALL_FUNCTION_EX"))
_FACTORISE = frozenset((np.linalg.cholesky, np.linalg.inv, np.linalg.solve))
_GENERATOR = 0x20 | 0x80 | 0x200  # flags of code whose frames are resumed by others
Stops = frozenset[int]
Start = Callable[[Frame, Stops], Outcome]  # how a way is run in a copy of the raising frame


# -- who catches it ------------------------------------------------------------------------------------
def has_handler(frame: Frame) -> bool:
    """Whether an exception at the current instruction goes on in this frame."""
    entry = frame.code.handler_at(max(frame.pc - 1, 0))
    return entry is not None and frame.code.opcodes[entry.target] != "STOPITERATION_ERROR"


def catchers(session: Session, frame: Frame, past: int = 0) -> list[Frame] | None:
    """The frames from `frame` out to one that has a handler, `past` others before it; None if there is none to be run.

    Frames in between must do no more with the result of the inner one than to push it. A frame that runs the body of a loop
    is the last: what leaves it is a way out of the loop, behind which this is asked again.
    """
    found = [frame]
    while not has_handler(found[-1]) or len(found) <= past:
        callee, caller = found[-1], found[-1].back
        if is_way_out(session, callee):
            return found
        if session.is_fork(callee):
            raise Uncaught("it raises an exception that a caller may catch")
        if caller is None or caller.code.hidden or not _hands_on(caller, callee):
            return None
        found.append(caller)
    return found


def is_settled_outside(session: Session, frame: Frame) -> bool:
    """Whether a branch around, one of whose ways runs `frame`, follows what that raises to where it is caught."""
    try:
        catchers(session, frame, past=1)
    except Uncaught:
        return True
    return False


def _hands_on(caller: Frame, callee: Frame) -> bool:
    """Whether what `callee` returns is what the instruction of `caller` pushes."""
    called = caller.called
    while type(called) is MethodType:
        called = called.__func__
    return (caller.instruction.opcode in _CALLS and type(called) is FunctionType and called is callee.function
            and not callee.code.flags & _GENERATOR)


# -- both ways -----------------------------------------------------------------------------------------
def branch(session: Session, frame: Frame, condition: Any, ways: tuple[int, int], key: Any) -> Frame | None:
    """Both ways of a jump on a condition, one of which raises what a caller may catch.

    The caller, moved to where it goes on; None if it catches nothing: then the raise is a check, and `frame` goes on.
    """
    predicate = session.as_bool(session.value(condition))
    known = choices.refinements(session, condition)
    starts = tuple(partial(_at, session, pc) for pc in ways)
    moved, raises = across(session, frame, predicate, starts, key, known, past=1)  # type: ignore[arg-type]
    if moved is None:
        frame.jump(ways[1 - raises])
    return moved


def _at(session: Session, pc: int, fork: Frame, stops: Stops) -> Outcome:
    fork.pc = pc
    return go_on(session, fork, stops)


def across(
    session: Session, frame: Frame, predicate: Value, starts: tuple[Start, Start], key: Any,
    known: Sequence[choices.Refined] = (), past: int = 0,
) -> tuple[Frame | None, int]:
    """Run both ways (`predicate` true, false) to where they meet in the frame that catches, which is moved there.

    None, and the way that raises, if it raises past all: it is a check then.
    """
    while True:
        frames = catchers(session, frame, past)
        if frames is None:
            raise Abandon("it raises an exception that a caller may catch")
        catcher = frames[-1]
        with speculation(session, catcher):
            arms = _arms(session, frames, predicate, starts, known)
            raising = [arm.kind == "raised" for arm in arms]
            if not any(raising) or is_way_out(session, catcher, arms):
                merge(session, catcher, predicate, arms, key)
                return catcher, 0
            if not may_be_caught(catcher, arms):
                check_raise(session, catcher, predicate, arms)
                return None, raising.index(True)
        past = len(frames)


def _arms(
    session: Session, frames: list[Frame], predicate: Value, starts: tuple[Start, Start], known: Sequence[choices.Refined],
) -> list[Arm]:
    """Both ways, run up to a join in the last of the frames."""
    catcher = frames[-1]
    context, at = session.context_of(catcher), max(catcher.pc - 1, 0)
    own: Stops = context.stops if context is not None else frozenset()
    around = catcher.code.cfg.loop_of(at)
    if around is not None:
        own |= {around.header}  # of a loop that is unrolled: no way goes on into the next round
    arms: list[Arm] = []
    for join in joins(catcher, catcher.code.cfg.join_of(at)):
        stops = frozenset((join,)) - {catcher.code.cfg.exit} | own
        arms = []
        for way, name in enumerate(("then", "else")):
            run = partial(_run, session, frames, starts[way], stops, known, way)
            with choices.knowing(session, predicate, way == 0):
                arms.append(run_arm(session, catcher, catcher.pc, stops, context, name, run=run, known=known, way=way))
        raised = any(arm.kind == "raised" for arm in arms) and not is_way_out(session, catcher, arms)
        if raised or len({(arm.kind, arm.pc) for arm in arms}) == 1 or not any(arm.pc == join for arm in arms):
            break
    return arms


def _run(
    session: Session, frames: list[Frame], start: Start, stops: Stops, known: Sequence[choices.Refined], way: int, fork: Frame,
) -> Outcome:
    """Run copies of the inner frames and `fork`, that of the last one, until that arrives at a stop, returns or raises."""
    forks = [fork]
    for frame in reversed(frames[:-1]):
        copied = fork_of(frame)
        copied.back = forks[-1]
        choices.refine(copied, known, way)
        forks.append(copied)

    def run_last(step: Callable[[Frame, Stops], Outcome]) -> Outcome:
        try:
            return step(forks[-1], stops if len(forks) == 1 else frozenset())
        except Elsewhere as moved:
            if not any(moved.frame is one for one in forks):
                raise
            while forks[-1] is not moved.frame:
                forks.pop()
            return run_last(partial(go_on, session))

    outcome = run_last(start)
    while len(forks) > 1:
        forks.pop()
        outcome = run_last(partial(_take, session, outcome))
    return outcome


def _take(session: Session, outcome: Outcome, frame: Frame, stops: Stops) -> Outcome:
    """Go on in a frame whose callee has ended."""
    if outcome.exception is None:
        return _with(session, outcome.value, frame, stops)
    return _raising(session, outcome.exception, frame, stops)


def _with(session: Session, value: Any, frame: Frame, stops: Stops) -> Outcome:
    """Go on with the result of the current instruction."""
    frame.push(value)
    return go_on(session, frame, stops)


def _raising(session: Session, error: BaseException, frame: Frame, stops: Stops) -> Outcome:
    """Go on in the handler of the current instruction."""
    if not frame.throw(error):
        return Outcome("raised", exception=error, pc=frame.pc - 1)
    return go_on(session, frame, stops)


# -- operations that may raise -----------------------------------------------------------------------------
class Fault(NamedTuple):
    """An operation that raises a new `error` where `flag` is set; its result has been computed as if it did not."""

    frame: Frame
    builder: Builder
    flag: Value
    error: Callable[[], BaseException]


def is_branch(session: Session) -> bool:
    """Whether what an operation raises can be made a branch: where the instruction computes nothing else."""
    frame = session.frame
    if frame is None or frame.code.hidden or (frame.code.raw, frame.pc - 1) in session.avoid:
        return False
    opcode, called = frame.instruction.opcode, frame.called
    plain = opcode == "BINARY_OP" or opcode in _CALLS and (called in _FACTORISE if type(called) is type(np.linalg.inv) else (
        type(called) is BuiltinFunctionType and (called.__module__ == "math" or called is divmod)))
    return plain and catchers(session, frame) is not None


def settle(session: Session, frame: Frame, result: Any) -> Any:
    """The result of an instruction some of whose operations may have raised; `Elsewhere` where the handler is another way."""
    faults, session.faults = session.faults, []
    mine = [fault for fault in faults if fault.frame is frame and fault.builder is Builder.current()]
    for fault in mine[1:]:
        if fault.flag is not mine[0].flag:
            _hold(session, fault)
    if not mine:
        return result
    fault, key = mine[0], (frame.code.raw, frame.pc - 1)
    if session.example.is_static(fault.flag):
        _hold(session, fault)
        return result
    try:
        starts = (partial(_failing, session, fault.error), partial(_with, session, result))
        moved, _ = across(session, frame, fault.flag, starts, key)
    except Uncaught:
        raise
    except (Abandon, Unsupported) as reason:
        session.give_up(key, str(reason))
        session.frame = frame
        _hold(session, fault)
        return result
    if moved is not None:
        raise Elsewhere(moved)
    return result


def _failing(session: Session, error: Callable[[], BaseException], frame: Frame, stops: Stops) -> Outcome:
    return _raising(session, error(), frame, stops)


def _hold(session: Session, fault: Fault) -> None:
    """Decide by the example whether an operation raises, and hold later calls to it; in a loop it is supposed not to."""
    if session.bodies and not session.example.known(fault.flag):
        session.suppose_not(fault.flag, DID_NOT_RAISE)
        return
    if session.decide(session.wrap(fault.flag), "whether an exception that may be caught is raised"):
        raise fault.error()
