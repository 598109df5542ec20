"""Session: the state of one trace: the graph being built, the example, guards, captures, effects."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from bcad.errors import TraceLimit
from bcad.ir import (
    ArrayType,
    Builder,
    Dim,
    Graph,
    Kind,
    ObjectType,
    Value,
    type_of,
)
from bcad.options import options
from interpreter import Frame, Journal, LocatedError, Location, Unsupported

from . import active
from .assume import TraceAssumptions
from .builder import TraceBuilder, constant_of, is_constant, is_number, size_of
from .captures import foreign
from .captures.copied import Copies
from .captures.guards import HasType
from .captures.outer import LISTS
from .captures.questions import PLAIN
from .captures.sources import Argument, Source
from .deciding import Deciding
from .effects.effects import as_node
from .effects.randomness import restore, state_of
from .effects.settings import Settings
from .effects.tape import Tape
from .lists import virtual
from .lists.growing import Grown
from .places import is_library, user_calls, user_location
from .regions.choices import Refined
from .regions.journals import TraceJournal
from .regions.steering import behind
from .restart import Lessons, Restart
from .tracers import ArrayTracer, NumberTracer, ObjectTracer, ScalarTracer, SizeTracer, Tracer
from .undoing import Undoing

_LETTERS = "nmkpqrst"


class Session(Deciding, Undoing):
    """One trace.

    Parameters
    ----------
    name : str
        The graph's name.
    expand : callable, optional
        ``bcad.diff.expand``: lets examples be computed through derivatives.
    lessons : Lessons
    """

    def __init__(
        self, name: str, expand: Callable[[Graph], Graph] | None = None, lessons: Lessons = Lessons(),
    ) -> None:
        from .captures.captures import Captures
        from .domain import GraphDomain
        from .marks import Marks

        Deciding.__init__(self, {}, expand)
        Undoing.__init__(self, lessons.reasons)
        self.root = TraceBuilder(self, None, name)
        self.fixed = lessons.fixed
        self.steering = lessons.steering - lessons.fixed - lessons.symbolic
        self.symbolic = lessons.symbolic | self.steering
        self.assumptions = TraceAssumptions(self)
        self.merging: Any = None  # the Merge of two arms that is under way
        self.captures = Captures(self)
        self.copies = Copies(())
        self.marks = Marks(self)
        self.domain = GraphDomain(self)
        self.streams_made: dict[int, Any] = {}  # streams of random numbers made while tracing
        self.tape = Tape(self)
        self.settings = Settings()
        self.aside = False  # whether code of a derivative is being evaluated: its effects are nodes
        self.inputs: list[tuple[Value, Source | None]] = []
        self.frame: Frame | None = None
        self.failure: LocatedError | None = None
        self.alive = True
        self.kinds_matter = 0  # whether ints and floats are told apart, because a dtype hangs on it
        self.low_precision = False  # whether numbers of other types than Python's own are about
        self.lessons = lessons
        self.avoid = lessons.avoid  # branches and loops that are not to be kept as regions
        self.settled: set[Any] = set()  # nodes of which it is known whether they raise
        self.failing: set[Any] = set()  # nodes of the program's own calls that NumPy may raise in
        self.faults: list[Any] = []  # what the current instruction has computed as if it did not raise
        self.deciding: dict[Any, int] = {}  # branches whose ways are being made, and how often one stands in its own
        self.twins: dict[int, tuple[Any, Any]] = {}  # objects that may be one: the region after which they may not be written to
        self.virtual: dict[int, Any] = {}  # lists of a length that only a run can tell
        self.keyed: dict[int, Any] = {}  # dicts and sets with keys that only a run can tell
        self.growing: dict[int, Grown] = {}  # lists that the loops being made append to
        self.lists_before: set[int] = {id(self.tape.items)}  # lists that were there before the region being made
        self.facts: dict[Value, bool] = {}  # flags whose truth is known on the way being run
        self.numbers: dict[Value, int] = {}  # and which option a choice is
        self.refined: dict[int, tuple[Any, Refined]] = {}  # what a traced condition tells of other variables
        self.speculating = 0
        self.loops: list[Any] = []  # the loops that are being made
        self._contexts: dict[int, Any] = {}
        self._nodes = 0
        self._symbols = 0

    # -- inputs and sizes -----------------------------------------------------------------
    def input(self, example: Any, name: str, source: Source | None) -> Tracer:
        """A new input of the whole program."""
        type_ = self._symbolic_type(type_of(example))
        value = self.root.input(type_, name)
        self.example.values[value] = example
        self.inputs.append((value, source))
        self.low_precision |= isinstance(type_, ArrayType) and type_.dtype.char not in "dDlq?"
        if isinstance(source, Argument):
            self.example.arguments.add(value)
        if source is not None and isinstance(type_, ArrayType):
            self.guard(HasType(source, type_))
        made = self.wrap(value)
        if isinstance(made, ArrayTracer):
            made._home = self.root  # it was there before, wherever it is met first
        return made

    def _symbolic_type(self, type_: Any) -> Any:
        if not isinstance(type_, ArrayType) or not type_.shape:
            return type_
        return type_.with_shape(tuple(n if n < 2 else self.symbol(n) for n in type_.shape))  # type: ignore[arg-type, operator]

    def symbol(self, length: int) -> Dim:
        """A new size with the length `length` at the example."""
        count, letter = divmod(self._symbols, len(_LETTERS))
        self._symbols += 1
        name = _LETTERS[letter] + (str(count) if count else "")
        self.sizes[name] = length
        return Dim.symbol(name)

    # -- tracers and values ---------------------------------------------------------------
    @property
    def builder(self) -> Builder:
        """Where nodes are emitted now."""
        return Builder.current()

    def wrap(self, value: Any) -> Any:
        """What the user's code sees in place of a Value, a size, or a tuple or list of them."""
        if isinstance(value, Value):
            return self._wrap_value(value)
        if isinstance(value, Dim):
            size = self.assumptions.canonical(value)
            return SizeTracer(self, size) if isinstance(size, Dim) else size
        if type(value) in (tuple, list):
            return type(value)(map(self.wrap, value))
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(self.wrap, value))
        return value

    def _wrap_value(self, value: Value) -> Any:
        type_ = value.type
        if isinstance(type_, ObjectType):
            return constant_of(value) if is_constant(value) else ObjectTracer(self, value)
        if type_.kind is Kind.ARRAY:
            return ArrayTracer(self, value)
        if is_number(value):
            return constant_of(value)
        size = size_of(value)
        if size is not None:
            return self.wrap(size)
        return (NumberTracer if type_.kind is Kind.PYTHON else ScalarTracer)(self, value)

    def unwrap(self, x: Any) -> Any:
        """What an op's meaning takes: Values and sizes in place of tracers, also inside containers."""
        kind = type(x)
        if kind in (float, int, bool, str) or x is None:
            return x
        if isinstance(x, Tracer):
            return x._size if kind is SizeTracer else x._read()
        if kind is np.ndarray:
            return self.unwrap(self.captures.cell(x)) if x.dtype.kind in "biufc" else x
        if kind in (*LISTS, deque) and (self.virtual or self.growing):
            found = virtual.find(self, x)
            if found is not None:
                return found.array()
        if isinstance(x, (list, tuple)):
            items = [self.unwrap(item) for item in x]
            if all(a is b for a, b in zip(items, x, strict=True)):
                return x
            return type(x)(*items) if hasattr(x, "_fields") else (list if isinstance(x, list) else tuple)(items)
        if kind is slice:
            return slice(self.unwrap(x.start), self.unwrap(x.stop), self.unwrap(x.step))
        if kind in PLAIN or isinstance(x, (np.generic, type)):
            return x
        found = foreign.as_array(self, x)
        return x if found is x else self.unwrap(found)

    def value(self, x: Any) -> Value:
        """`x` (a tracer, number, array, nested list) as one Value."""
        found = self.unwrap(x)
        return found if isinstance(found, Value) else self.builder.as_value(found)

    def fix(self, value: Value) -> None:
        """Ints that were made inputs for the sake of loops have to be known: they are guarded by value again."""
        sources = behind(self, value)
        if sources:
            raise Restart(fixed=sources)

    # -- effects ------------------------------------------------------------------------------
    def effect(self, effect: Any) -> None:
        """Something to do after each run, in program order."""
        if self.aside:
            as_node(self, effect)
            return
        self.tape.record(effect)

    def count_node(self) -> None:
        """One more node; an unrolled loop must not go on without end."""
        self._nodes += 1
        if self._nodes > options.trace_limit:
            where, reason = self._unrolled_loop()
            raise self.error(
                f"the traced program has more than {options.trace_limit} operations{where}", kind=TraceLimit, why=reason,
                hint="give every iteration the same shapes and types, so that the loop can be kept as a loop, or raise options.trace_limit",
            )

    def _unrolled_loop(self) -> tuple[str, str | None]:
        """The innermost loop that is being unrolled, and why."""
        frames = (self.frame, *self.frame.callers()) if self.frame is not None else ()
        for frame in frames:
            around = frame.code.cfg.loop_of(min(max(frame.pc - 1, 0), len(frame.code.instructions) - 1))
            if around is not None and not is_library(frame.code.raw.co_filename):
                reason = self.reasons.get(
                    (frame.code.raw, around.header), "it goes through Python objects one by one")
                return f": the loop at {frame.location(around.header)} is unrolled", reason
        return "", None

    # -- errors, places, speculation --------------------------------------------------------
    def error(
        self, what: str, *, why: str | None = None, hint: str | None = None, kind: type[LocatedError] = Unsupported
    ) -> Any:
        """An error at the user's current line; one that the user's code swallows comes back at the end."""
        error = kind(what, location=self.location(), why=why, hint=hint, calls=user_calls(self.frame))
        if self.failure is None:
            self.failure = error
        return error

    def restart(self, avoid: Any) -> Restart:
        """Tracing begins again without the region `avoid`."""
        return Restart(avoid=frozenset((avoid,)))

    def leak(self, x: Any, why: str) -> Unsupported:
        """A tracer reached code that cannot keep it."""
        if not self.alive:
            return Unsupported(
                f"{x!r} outlived the trace that made it",
                why="a traced value was kept by code that is not traced",
                hint="return the value, or store it in an attribute or a list",
            )
        return self.error(
            f"a traced value ({x._what()}) is lost", why=why,
            hint="use a NumPy function instead, or bcad.escape if no derivative is needed",
        )

    def location(self) -> Location | None:
        """The user's line that is being evaluated."""
        return user_location(self.frame)

    def watch_lists(self) -> None:
        """From now on the evaluator asks the domain about every list."""
        self.watch(list)

    def watch(self, kind: type) -> None:
        """From now on the evaluator asks the domain about objects of this class."""
        self.domain.types = self.domain.types | {kind}

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """Writes inside are undone at the end."""
        drawn = {key: (stream, state_of(stream)) for key, (stream, _) in self._streams.items()}
        with TraceJournal(self) as journal:
            self.journals.append(journal)
            try:
                yield journal
            finally:
                self.journals.pop()
                for stream, state in (self._streams | drawn).values() if self.journals else ():
                    restore(stream, state)  # what the part has drawn for its examples

    @contextmanager
    def inside(self, fork: Frame, context: Any) -> Iterator[None]:
        """The fork runs a part of the loop that `context` describes."""
        self._contexts[id(fork)] = context
        frame = self.frame
        try:
            yield
        finally:
            del self._contexts[id(fork)]
            self.frame = frame

    def is_fork(self, frame: Frame) -> bool:
        """Whether a frame is a copy that a part of the program is run on."""
        return id(frame) in self._contexts

    def context_of(self, frame: Frame) -> Any:
        """The loop whose body a forked frame is running, if any."""
        return self._contexts.get(id(frame))

    # -- the active session -------------------------------------------------------------------
    @contextmanager
    def active(self) -> Iterator[None]:
        """Make this the session of the thread."""
        before = active.current_session()
        active.set_session(self)
        active.active_traces.begin()
        try:
            yield
        finally:
            active.active_traces.end()
            active.set_session(before)
