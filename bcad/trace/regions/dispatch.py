"""Behind a loop that is left in several ways: each way is run on to where all meet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Value
from interpreter import Elsewhere, Frame, Outcome

from .arms import RETURNED, Arm, Exit, Uncaught, go_on, run_arm
from .branches import check_raise, is_way_out, joins
from .caught import Stops, across
from .merging import merge

if TYPE_CHECKING:
    from ..session import Session

Results = dict[int, Any]  # what the ways hand over


def dispatch(
    session: Session, frame: Frame, exhausted: Exit | None, ways: Sequence[Exit], flags: Sequence[Value], results: Results,
    key: Any,
) -> Frame:
    """Move `frame` to where the ways out of its loop meet; that frame, or the caller in which they do.

    Parameters
    ----------
    exhausted : Exit or None
        Where a ``for`` goes on after its last item.
    flags : sequence of Value
        Whether another iteration would follow; then, if there are several ways, the code of the one taken
        (the last way is taken for any other code).
    results : dict of int to object
        What the ways that return or raise hand over.
    """
    code = flags[1] if len(flags) > 1 else None
    if exhausted is None:
        return _choose(session, frame, ways, code, results, key)
    return _either(session, frame, flags[0], ([exhausted], ways), code, results, key)


def _choose(session: Session, frame: Frame, ways: Sequence[Exit], code: Value | None, results: Results, key: Any) -> Frame:
    """One of several ways, by the code that the loop gave."""
    assert code is not None
    taken = session.as_bool(ops.FUNCTIONS[np.equal](code, ways[0].code))
    return _either(session, frame, taken, (ways[:1], ways[1:]), code, results, key)


def _either(
    session: Session, frame: Frame, predicate: Value, ways: tuple[Sequence[Exit], Sequence[Exit]], code: Value | None,
    results: Results, key: Any,
) -> Frame:
    """One of the first ways where `predicate` is true, else one of the second."""
    moved: Frame | None
    try:
        arms = _arms(session, frame, ways, code, results, key)
        raising = [arm.kind == "raised" for arm in arms]
        if not any(raising) or is_way_out(session, frame, arms):
            merge(session, frame, predicate, arms, key)
            return frame
        check_raise(session, frame, predicate, arms)
        moved, raises = None, raising.index(True)
    except Uncaught:
        moved, raises = frame, 0
    if moved is not None:  # not in our own handler, which would be the context of what is raised
        session.frame = frame
        starts = (partial(_start, session, ways[0], code, results, key), partial(_start, session, ways[1], code, results, key))
        moved, raises = across(session, frame, predicate, starts, key, past=1)
    if moved is not None:
        return moved
    left = ways[1 - raises]
    if len(left) > 1:
        return _choose(session, frame, left, code, results, key)
    leave(frame, left[0], results)
    return frame


def _arms(
    session: Session, frame: Frame, ways: Sequence[Sequence[Exit]], code: Value | None, results: Results, key: Any
) -> list[Arm]:
    """Go on from the first and from the second ways, up to where they meet."""
    context, loops = session.context_of(frame), frame.code.cfg.loops
    own: Stops = frozenset() if context is None else context.stops
    own |= {header for header, loop in loops.items() if key[-1] in loop.body and header != key[-1]}  # unrolled: not into the next round
    arms: list[Arm] = []
    for join in joins(frame, _join(frame, [*ways[0], *ways[1]])):
        stops = frozenset((join,)) - {frame.code.cfg.exit} | own
        arms = [run_arm(session, frame, frame.pc, stops, context, "way",
                        run=partial(_start, session, several, code, results, key, stops=stops)) for several in ways]
        if not is_way_out(session, frame, arms) or not any(arm.pc == join for arm in arms):
            break
    return arms


def _start(
    session: Session, ways: Sequence[Exit], code: Value | None, results: Results, key: Any, fork: Frame, stops: Stops
) -> Outcome:
    """Run a copy of the loop's frame on from one of these ways out."""
    if len(ways) > 1:
        moved = _choose(session, fork, ways, code, results, key)
        if moved is not fork:
            raise Elsewhere(moved)
    elif ways[0].kind == "raised":
        return Outcome("raised", exception=results[ways[0].code])
    elif ways[0].kind == "returned":
        return Outcome("returned", value=results[RETURNED])
    else:
        leave(fork, ways[0], results)
    return go_on(session, fork, stops)


def leave(frame: Frame, way: Exit, results: Results) -> None:
    """Move `frame` along the only way out of a loop, which does not raise."""
    if way.pc is None:
        frame.push(results[RETURNED])
        frame.jump(frame.code.cfg.exit)
        return
    _cut(frame, way.depth)
    frame.jump(way.pc)


def _cut(frame: Frame, depth: int) -> None:
    """Let the stack have `depth` entries; iterators of inner loops, missing here, are only dropped later."""
    del frame.stack[depth:]
    frame.stack += [None] * (depth - len(frame.stack))


def _join(frame: Frame, ways: Sequence[Exit]) -> int:
    """The first place that all ways come to."""
    cfg = frame.code.cfg
    chains = []
    for way in ways:
        if way.pc is None:
            return cfg.exit
        chain, at = [way.pc], cfg.block_of(way.pc).start
        if at in cfg.raising:
            continue
        while at in cfg.post_dominators and cfg.post_dominators[at] != at:
            at = cfg.post_dominators[at]
            chain.append(at)
        chains.append(chain)
    first, *others = chains or [[cfg.exit]]
    return next((pc for pc in first if all(pc in chain for chain in others)), cfg.exit)
