"""Arms: a part of the program run on a forked frame into a builder of its own, then undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bcad.ir import Graph, Value, live_part
from interpreter import UNBOUND, Frame, GeneratorLost, LocatedError, Outcome, may_catch, unmoved

from ..builder import TraceBuilder
from ..iterators.indexed import Indexed, NextItem
from ..lists.growing import Again
from . import choices, errors
from .choices import Refined
from .heap import Changes, changes_in, settle_moves
from .states import Abandon, Frozen, Same, freeze

if TYPE_CHECKING:
    from ..session import Session

_FATAL = (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError)


class Uncaught(Abandon):
    """An exception leaves a part of the program that a caller, which may catch it, runs."""


RETURNED = 0  # what is returned from inside a loop, among what its ways out hand over


class Exit:
    """Where an arm of a loop's body may leave it; `code` numbers the ways that are no next iteration."""

    __slots__ = ("kind", "pc", "depth", "code")

    def __init__(self, kind: str, pc: int | None, depth: int, code: int) -> None:
        self.kind, self.pc, self.depth, self.code = kind, pc, depth, code

    @property
    def hands_over(self) -> int | None:
        """Under which number this way hands something over: what is returned, or its own exception."""
        return RETURNED if self.kind == "returned" else self.code if self.kind == "raised" else None


class LoopContext:
    """The loop whose body is being run: where its iterations end.

    Attributes
    ----------
    is_caught : bool
        Whether an exception that leaves the frame of the loop may be caught: then it is a way out.
    """

    def __init__(self, header: int, frame: Frame, may_raise: bool = True) -> None:
        self.header = header
        self.stops = frame.code.cfg.ways_out(header) | {header}
        self.depth = len(frame.stack)  # at the header
        self.is_caught = may_raise and may_be_caught(frame)
        self.exits: dict[Any, Exit] = {}

    @property
    def ways(self) -> list[Exit]:
        """The ways out that were met so far."""
        return list(self.exits.values())

    def exit(self, kind: str, pc: int | None, depth: int, error: BaseException | None = None) -> Exit | None:
        """The way out that an outcome is; None for the next iteration."""
        if kind == "reached" and pc == self.header:
            return None
        pc = pc if kind == "reached" else None
        key = (kind, pc, depth, None if error is None else (type(error), errors.site_of(error)))
        if key not in self.exits:
            self.exits[key] = Exit(kind, pc, depth, len(self.exits) + 1)
        return self.exits[key]


def may_be_caught(frame: Frame, arms: Sequence[Arm] | None = None) -> bool:
    """Whether a caller has a handler for what leaves `frame`: one for any of the exceptions of some arms, or any handler."""
    if arms is None:
        return any(caller.code.handler_at(max(caller.pc - 1, 0)) is not None for caller in frame.callers())
    kinds = {type(arm.exception) for arm in arms if arm.kind == "raised"}
    return any(may_catch(caller, kind) for caller in frame.callers() for kind in kinds)


class Mixed:
    """What a forked frame returns if its arms left the loop's body in different ways.

    Attributes
    ----------
    go : tracer or bool
        Whether the next iteration follows.
    code : tracer or int
        The code of the way out, where it is not.
    results : dict of int to object
        What the ways out hand over, by the numbers that they have for that.
    """

    def __init__(self, go: Any, code: Any, exits: Sequence[Exit], results: dict[int, Any]) -> None:
        self.go, self.code, self.exits, self.results = go, code, tuple(exits), results


class Arm:
    """What one run of a part of the program did.

    Attributes
    ----------
    kind : str
        'reached', 'returned', 'raised' or 'mixed'.
    result : Frozen
        What is returned; inside a loop whose exceptions may be caught also the one that is raised.
    results : dict of int to Frozen
        What the several ways out of a loop's body hand over.
    slots : dict of int to Frozen
        The live slots that hold something else than before.
    """

    def __init__(self, builder: TraceBuilder, fork: Frame) -> None:
        self.builder = builder
        self.fork = fork
        self.kind = ""
        self.pc: int | None = None
        self.exception: BaseException | None = None
        self.result: Frozen = Same(None)
        self.results: dict[int, Frozen] = {}
        self.mixed: Mixed | None = None
        self.go: Frozen = Same(None)
        self.code: Frozen = Same(None)
        self.slots: dict[int, Frozen] = {}
        self.stack: list[Frozen] = []
        self.changes = Changes()

    def graph(self, operands: Sequence[Value], outputs: Sequence[Value], first: Sequence[Value] = ()) -> Graph:
        """The closed graph of the arm: its own inputs `first`, then one for each operand."""
        inputs = [self.builder.local(outer) for outer in operands]
        return live_part(Graph([*first, *inputs], self.builder.nodes, outputs, self.builder.name))


def run_arm(
    session: Session, frame: Frame, pc: int, stops: frozenset[int], context: LoopContext | None, name: str,
    *, builder: TraceBuilder | None = None, prepare: Callable[[Frame], None] | None = None,
    live: set[int] | None = None, run: Callable[[Frame], Outcome] | None = None, known: Sequence[Refined] = (),
    way: int = 0,
) -> Arm:
    """Run a fork of `frame` from `pc` to one of `stops`; everything it changed is frozen, then undone.

    Parameters
    ----------
    builder, prepare : optional
        For a loop's body: where it is built, and what is put into the fork before it runs.
    live : set of int, optional
        The slots to look at afterwards instead of those live where the arm ended.
    run : callable, optional
        Runs the fork instead.
    known, way : optional
        What the condition that led here tells of variables, and which of its two ways this is.
    """
    fork = fork_of(frame)
    fork.pc = pc
    arm = Arm(builder or TraceBuilder(session, session.builder, name), fork)
    with arm.builder, session.journal() as journal, session.inside(fork, context):
        if prepare is not None:
            prepare(fork)
        choices.refine(fork, known, way)
        if run is not None:
            outcome = run(fork)
        elif pc in stops and builder is None:
            outcome = Outcome("reached", pc=pc)
        else:
            outcome = _run(session, fork, pc, stops, entering=builder is None)
        _classify(session, arm, outcome)
        if arm.kind == "raised" and context is not None and context.is_caught:
            arm.result = freeze(session, arm.exception)
            arm.changes = changes_in(session, journal)
        elif arm.kind != "raised":
            choices.forget(fork, frame.slots, known, way)
            live = _live(fork, arm, stops) if live is None else live
            arm.slots = {k: _slot(session, fork.slots[k]) for k in live if fork.slots[k] is not frame.slots[k]}
            if arm.kind == "reached":
                arm.stack = [_entry(session, frame, k, value) for k, value in enumerate(fork.stack)]
            arm.changes = changes_in(session, journal)
    return arm


def _entry(session: Session, frame: Frame, depth: int, value: Any) -> Frozen:
    """A stack entry: the original of an iterator that was copied for the fork and has not moved."""
    if depth < len(frame.stack):
        before = frame.stack[depth]
        if value is before or type(value) is NextItem or _stand_alike(before, value):
            return Same(before)
    if hasattr(type(value), "__next__") or isinstance(value, Indexed):
        raise Abandon("an iterator is made or advanced in it")
    return freeze(session, value)


def _stand_alike(a: Any, b: Any) -> bool:
    """Whether two copies of an iterator stand at the same item."""
    if isinstance(a, Indexed):
        return type(a) is type(b) and bool(a.place() == b.place())
    return unmoved(a, b)


def fork_of(frame: Frame) -> Frame:
    """A copy of `frame` whose iterators, ours included, go on by themselves."""
    try:
        fork = frame.fork()
    except LocatedError as error:
        raise Abandon(error.what) from None
    fork.stack = [x.forked() if isinstance(x, Indexed) else x for x in fork.stack]
    return fork


def _run(session: Session, fork: Frame, pc: int, stops: frozenset[int], entering: bool) -> Outcome:
    if entering and pc in fork.code.cfg.loops and session.domain.loop(fork, pc) and fork.pc in stops:
        return Outcome("reached", pc=fork.pc)
    return fork.run_until(stops)


def go_on(session: Session, fork: Frame, stops: frozenset[int]) -> Outcome:
    """Run a fork from where it stands to one of `stops`."""
    if fork.pc in stops:
        return Outcome("reached", pc=fork.pc)
    return _run(session, fork, fork.pc, stops, entering=fork.arrived != fork.pc)


def _slot(session: Session, value: Any) -> Frozen:
    return Same(UNBOUND) if value is UNBOUND else freeze(session, value)


def _classify(session: Session, arm: Arm, outcome: Outcome) -> None:
    if outcome.exception is not None:
        reraise(session, outcome.exception)
    if session.failure is not None and session.speculating:
        raise Abandon(session.failure.what)
    arm.kind, arm.pc, arm.exception = outcome.kind, outcome.pc, outcome.exception
    if isinstance(outcome.value, Mixed):
        mixed = outcome.value
        arm.kind, arm.mixed = "mixed", mixed
        arm.go, arm.code = (freeze(session, x) for x in (mixed.go, mixed.code))
        arm.results = {number: freeze(session, x) for number, x in mixed.results.items()}
    elif outcome.kind == "returned":
        arm.result = freeze(session, outcome.value)


def reraise(session: Session, error: BaseException) -> None:
    """Go on with what abandons a region, or the program; any other exception is the part's own."""
    from ..restart import Restart

    if isinstance(error, (Abandon, Again, Restart, *_FATAL)):
        raise error
    if isinstance(error, GeneratorLost):
        session.lost = True
    if isinstance(error, LocatedError):
        raise Abandon(error.what)


def _live(fork: Frame, arm: Arm, stops: frozenset[int]) -> set[int]:
    cfg = fork.code.cfg
    if arm.kind == "reached":
        assert arm.pc is not None
        return cfg.live_at(arm.pc)
    if arm.mixed is None:
        return set()
    return set().union(*(cfg.live_at(pc) for pc in stops if pc < cfg.exit))


@contextmanager
def speculation(session: Session, frame: Frame) -> Iterator[None]:
    """Inside, a failure abandons a region and is forgotten: the frame and the heap are as before.

    Guards stay, since what was read is remembered.
    """
    settle_moves(session)
    failure = session.failure
    slots, stack, pc = list(frame.slots), list(frame.stack), frame.pc
    session.speculating += 1
    try:
        with session.journal() as journal:
            yield
            journal.commit()
    except BaseException:
        frame.slots[:], frame.stack[:], frame.pc = slots, stack, pc
        raise
    finally:
        session.speculating -= 1
        session.failure = failure


def operands_of(*arms: Arm) -> list[Value]:
    """Every outer Value that one of the arms reads, once."""
    return list(dict.fromkeys(v for arm in arms for v in arm.builder.captured))
