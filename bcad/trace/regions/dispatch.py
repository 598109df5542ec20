"""Behind a loop that is left in several ways: each way is run on to where all meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Value
from interpreter import Frame, Outcome

from .arms import Arm, Exit, run_arm
from .branches import check_raise
from .merging import merge
from .states import Abandon

if TYPE_CHECKING:
    from ..session import Session


def dispatch(
    session: Session, frame: Frame, exhausted: Exit | None, ways: Sequence[Exit], flags: Sequence[Value], result: Any,
    key: Any,
) -> None:
    """Move `frame` to where the ways out of its loop meet.

    Parameters
    ----------
    exhausted : Exit or None
        Where a ``for`` goes on after its last item.
    flags : sequence of Value
        Whether another iteration would follow; then, if there are several ways, the code of the one taken
        (the last way is taken for any other code).
    result : object
        What a way that returns from inside the loop returns.
    """
    every = [*([exhausted] if exhausted is not None else []), *ways]
    context = session.context_of(frame)
    join = _join(frame, every)
    stops = frozenset((join,)) - {frame.code.cfg.exit} | (context.stops if context is not None else frozenset())
    if exhausted is None:
        _choose(session, frame, ways, flags[1], stops, result, key)
        return
    arms = [
        _arm(session, frame, exhausted, stops, result, "exhausted"),
        _rest(session, frame, ways, flags[1] if len(ways) > 1 else None, stops, result, key),
    ]
    _merge(session, frame, flags[0], arms, key, lambda: leave(frame, exhausted, result), _first_of(frame, ways, result))


def _first_of(frame: Frame, ways: Sequence[Exit], result: Any) -> Callable[[], None] | None:
    """How to go on along the only one of several ways."""
    return (lambda: leave(frame, ways[0], result)) if len(ways) == 1 else None


def _choose(
    session: Session, frame: Frame, ways: Sequence[Exit], code: Value, stops: frozenset[int], result: Any, key: Any
) -> None:
    """One of several ways, by the code that the loop gave."""
    first, *others = ways
    taken = session.as_bool(ops.FUNCTIONS[np.equal](code, first.code))
    arms = [
        _arm(session, frame, first, stops, result, "way"),
        _rest(session, frame, others, code if len(others) > 1 else None, stops, result, key),
    ]
    _merge(session, frame, taken, arms, key, lambda: leave(frame, first, result), _first_of(frame, others, result))


def _rest(
    session: Session, frame: Frame, ways: Sequence[Exit], code: Value | None, stops: frozenset[int], result: Any, key: Any
) -> Arm:
    if code is None:
        return _arm(session, frame, ways[0], stops, result, "way")

    def run(fork: Frame) -> Outcome:
        _choose(session, fork, ways, code, stops, result, key)
        return Outcome("reached", pc=fork.pc) if fork.pc in stops else fork.run_until(stops)

    return run_arm(session, frame, frame.pc, stops, session.context_of(frame), "way", run=run)


def _arm(session: Session, frame: Frame, way: Exit, stops: frozenset[int], result: Any, name: str) -> Arm:
    """Go on from one way out."""
    if way.pc is None:
        return run_arm(session, frame, frame.pc, stops, session.context_of(frame), name,
                       run=lambda fork: Outcome("returned", value=result))

    def prepare(fork: Frame) -> None:
        _cut(fork, way.depth)

    return run_arm(session, frame, way.pc, stops, session.context_of(frame), name, prepare=prepare)


def leave(frame: Frame, way: Exit, result: Any) -> None:
    """Move `frame` along the only way out of a loop."""
    if way.pc is None:
        frame.push(result)
        frame.jump(frame.code.cfg.exit)
        return
    _cut(frame, way.depth)
    frame.jump(way.pc)


def _cut(frame: Frame, depth: int) -> None:
    """Let the stack have `depth` entries; iterators of inner loops, missing here, are only dropped later."""
    del frame.stack[depth:]
    frame.stack += [None] * (depth - len(frame.stack))


def _merge(
    session: Session, frame: Frame, predicate: Value, arms: list[Arm], key: Any, *go_on: Callable[[], None] | None
) -> None:
    """Go on where both arms meet, or in the one that does not raise."""
    raising = [arm.kind == "raised" for arm in arms]
    if not any(raising):
        merge(session, frame, predicate, arms, key)
        return
    other = go_on[1 - raising.index(True)]
    if other is None:
        raise Abandon("a way out of it raises an exception")
    check_raise(session, frame, predicate, arms)
    other()


def _join(frame: Frame, ways: Sequence[Exit]) -> int:
    """The first place that all ways come to."""
    cfg = frame.code.cfg
    chains = []
    for way in ways:
        if way.pc is None:
            return cfg.exit
        chain, at = [way.pc], cfg.block_of(way.pc).start
        while at in cfg.post_dominators and cfg.post_dominators[at] != at:
            at = cfg.post_dominators[at]
            chain.append(at)
        chains.append(chain)
    return next((pc for pc in chains[0] if all(pc in chain for chain in chains)), cfg.exit)
