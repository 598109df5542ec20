"""One attempt to keep a loop: its body is run once for all iterations, with fresh inputs for what it carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bcad import ops
from bcad.ir import Builder, Graph, Value, python_type, symbols
from interpreter import Frame

from ..builder import TraceBuilder, constant_of, is_constant
from ..effects.text import message_of
from ..iterators.expressions import ExpressionIterator
from ..iterators.indexed import Indexed, NextItem
from ..iterators.iteration import are_held, is_held_around
from ..iterators.sequences import ENDLESS
from ..lists import keyed
from ..lists.buffers import convert, paths, require_room
from ..lists.growing import Again
from ..lists.strips import Strip
from ..operations.kinds import after_iterations
from ..operations.raises import keep_raising
from ..tracers import ArrayTracer, SizeTracer, Tracer
from .aliases import forbid_writes, things_in
from .arms import Arm, Exit, LoopContext, run_arm
from .carries import Carries
from .conditions import condition_of
from .dispatch import dispatch, leave
from .heap import Place
from .leaves import as_type, build, fillers, values_of
from .patterns import Pattern, pattern_of
from .reach import frames_from, live_values, reachable
from .sizes import sizes_bound_in
from .states import Abandon, Lengthens, Number

if TYPE_CHECKING:
    from ..session import Session

MAX_PASSES = 8
INDEX = python_type(int)


class LoopRegion:
    """One attempt to keep a loop.

    Parameters
    ----------
    iterator : Indexed or None
        Of a ``for``.
    entry : (Value, int) or None
        Of a ``while`` whose first test is undecided: whether it is entered, and where it goes on if not.
    """

    def __init__(
        self, session: Session, frame: Frame, header: int, iterator: Indexed | None, entry: tuple[Value, int] | None
    ) -> None:
        self.session = session
        self.frame = frame
        self.header = header
        self.key = (frame.code.raw, header)
        self.iterator = iterator
        self.entry = entry
        cfg = frame.code.cfg
        self.live = cfg.live_at(header).union(*(cfg.live_at(pc) for pc in cfg.ways_out(header) if pc < cfg.exit))
        read_in_body = cfg.live_at(header + 1 if iterator is not None else header)
        self.carries = Carries(session, frame, read_in_body, self.live, self.key)
        self.outer = session.builder
        self.buffers: list[Strip] = []
        self.paths: dict[int, Any] = {}  # the lists that were there before, and how they are found
        self.patterns: dict[int, Pattern] = {}  # of what the ways out hand over

    # -- the body -------------------------------------------------------------------------
    def capture(self) -> Frame:
        """Find what is carried, emit the Loop and move the frame behind it; the frame that goes on.

        That is a caller if an exception which leaves the loop is caught there.
        """
        self._refuse_shared_iterator()
        keyed.convert(self.session, self)
        self.buffers = convert(self.session, self)
        self.paths = paths(self.session, self.frame)
        self.session.loops.append(self)
        try:
            arm, context, index = self._settle()
        finally:
            self.session.loops.pop()
        self._require_next_iteration(arm)
        self._require_steady_lists(arm)
        return self._emit(arm, context, index)

    def _settle(self) -> tuple[Arm, LoopContext, Value]:
        """Run the body until nothing new is learnt of what is carried."""
        for _ in range(MAX_PASSES):
            try:
                arm, context, index = self._run_body()
            except Again as again:
                if again.grown not in self.carries.growths.values():
                    raise
                continue
            except Lengthens as reason:
                raise self.carries.longer(str(reason)) or reason from None
            require_room(self.session, self.buffers, self)
            if not self.carries.learn(arm):
                return arm, context, index
        raise Abandon("what it carries does not settle on one form")

    def _refuse_shared_iterator(self) -> None:
        """Nobody else may take items of the iterator: only its loop knows how many are left."""
        if self.iterator is None:
            return
        frame = self.frame
        around = [frame.slots[k] for k in self.live if frame.code.slot_names[k] != ".0"]  # that is a comprehension's own
        around += [*frame.stack[:-1], *(x for f in frames_from(frame.back) for x in live_values(f))]
        if are_held(list(self.iterator.within()), around):
            raise Abandon("its iterator is used elsewhere too")

    def _run_body(self) -> tuple[Arm, LoopContext, Value]:
        session = self.session
        context = LoopContext(self.header, self.frame)
        builder = TraceBuilder(session, self.outer, "body")
        index = builder.input(INDEX, "i")

        def prepare(fork: Frame) -> None:
            self.carries.install(builder, fork, index)
            if self.iterator is not None:
                iterator = self.iterator
                fork.stack[-1] = NextItem(session, lambda: iterator.at(session.wrap(index)))

        growing, before = session.growing, session.lists_before
        session.growing = growing | self.carries.growths
        session.lists_before = before | reachable(self.frame, outside=session.captures.put_outside()).keys()
        if session.growing:
            session.watch_lists()
        session.bodies.append(self.key)
        try:
            arm = run_arm(session, self.frame, self.header, context.stops, context, "body", builder=builder,
                          prepare=prepare, live=self.live)
        finally:
            session.bodies.pop()
            session.growing, session.lists_before = growing, before
        return arm, context, index

    def _require_next_iteration(self, arm: Arm) -> None:
        if arm.kind == "raised":
            assert arm.exception is not None
            raise Abandon(f"its body raises {message_of(arm.exception)}")
        if arm.kind == "reached" and arm.pc != self.header or arm.kind == "returned":
            raise Abandon("its body is run once at most")
        if arm.kind == "reached" and (self.iterator is None or self.iterator.left() is ENDLESS):
            raise Abandon("it never ends")

    def _require_steady_lists(self, arm: Arm) -> None:
        """A list that the loop goes through must not get longer or shorter meanwhile."""
        for items in self.iterator.lists() if self.iterator is not None else ():
            strip = self.session.virtual.get(id(items))
            changed = [Place(id(strip), "attribute", name) in arm.changes.places for name in ("first", "count")]
            if id(items) in arm.changes.grown or any(changed):
                raise Abandon("the list that it goes through gets longer or shorter")

    # -- the node ---------------------------------------------------------------------------
    def _emit(self, arm: Arm, context: LoopContext, index: Value) -> Frame:
        ways = context.ways
        flags = self._flags(arm, ways)
        with arm.builder:
            outputs = [arm.builder.as_value(v) for v in self.carries.after(arm)]
            stacked = [arm.builder.as_value(v) for v in self.carries.growths.stacked(arm)]
        before = self.carries.before()
        test = None
        if len(flags) == 1 and self.entry is not None:
            constants = list(arm.builder.captured)
            test = condition_of(arm, flags[0][2], outputs, before, constants, self.carries.inputs, flags[0][1])
            flags = [] if test is not None else flags
        extras = [*flags, *self._handed_over(arm)]
        with arm.builder:
            outputs += [arm.builder.as_value(v) for _, _, v in extras]
        inputs = [*self.carries.inputs, *(arm.builder.input(v.type, name) for name, _, v in extras)]
        initial = [*before, *(first for _, first, _ in extras)]
        keep_raising(arm.builder, [*outputs, *stacked])
        constants = list(arm.builder.captured)
        body = arm.graph(constants, [*outputs, *stacked], (index, *inputs))
        regions = [body] + ([_condition(body, 1 + len(self.carries.inputs))] if flags else [test] if test else [])
        trip = self._trip()
        length = ops.stack_length(trip, len(regions) > 1) if stacked else None
        results = ops.loop(
            *([trip] if trip is not None else []), *initial, *constants, regions=tuple(regions), carries=len(inputs),
            stacks=len(stacked), counted=trip is not None, length=length, **self._ragged(),
        )
        count = len(self.carries.inputs)
        self._require_one_iteration(results[-1])
        final = self._with_kinds(list(results[:count]), outputs, before, results[-1])
        self.carries.store(final, list(results[len(inputs):-1]), length)
        handed = self._results(results[count + len(flags): len(inputs)])
        return self._go_on(ways, results[count: count + len(flags)], handed)

    def _with_kinds(self, final: list[Value], outputs: list[Value], before: list[Value], count: Value) -> list[Value]:
        """The carried Values at the end; what is the same after every iteration need not be carried by the loop."""
        for k in self.carries.flags():
            if is_constant(outputs[k]):
                known = constant_of(outputs[k])
                final[k] = self.outer.constant(known) if self._is_surely_run() else after_iterations(self.session, known, before[k], count)
        return final

    def _is_surely_run(self) -> bool:
        """Whether there is an iteration in every call."""
        left = self.iterator.left() if self.iterator is not None else 0
        if type(left) is SizeTracer:
            return self.session.assumptions.surely_positive(left._size)
        return type(left) is int and left > 0

    def _ragged(self) -> dict[str, Any]:
        ragged = self.carries.growths.ragged()
        return {"ragged": ragged} if ragged else {}

    def _flags(self, arm: Arm, ways: list[Exit]) -> list[tuple[str, Value, Value]]:
        """Name, first and next value of the carries that say how the loop is left."""
        if arm.kind != "mixed":
            return []
        assert isinstance(arm.go, Number)
        builder = self.outer
        go = self.entry[0] if self.entry is not None else builder.constant(True)
        flags = [("go", go, arm.go.value)]
        if len(ways) > 1 or self._is_skipped_to_elsewhere(ways):
            assert isinstance(arm.code, Number)
            with arm.builder:
                code = as_type(arm.code.value, INDEX)
            flags.append(("way", builder.constant(0), code))
        return flags

    def _is_skipped_to_elsewhere(self, ways: list[Exit]) -> bool:
        """Whether a ``while`` that is not entered goes on where no iteration leaves it for."""
        return self.entry is not None and all(way.pc != self.entry[1] for way in ways)

    def _handed_over(self, arm: Arm) -> list[tuple[str, Value, Value]]:
        """Name, first and next value of the carries that hold what is returned or raised from inside the loop."""
        found: list[tuple[str, Value, Value]] = []
        for number, result in arm.results.items():
            self.carries.refuse_holding(result, arm)
            with arm.builder:
                pattern = self.patterns[number] = pattern_of(result)
                values = [arm.builder.as_value(v) for v in values_of(result, pattern)]
            bound = sizes_bound_in(arm)
            if any(not bound.isdisjoint(symbols(n)) for t in pattern.leaves for n in t.shape):
                raise Abandon("it returns an array of a size that an iteration decides")
            forbid_writes(self.session, things_in(result), self.key)
            found += [("result", first, value) for first, value in zip(fillers(pattern), values, strict=True)]
        return found

    def _results(self, values: Sequence[Value]) -> dict[int, Any]:
        """What the loop has handed over, if it was left in such a way."""
        things: list[Any] = []
        left = iter(values)
        made = {number: build(self.session, pattern, left, things) for number, pattern in self.patterns.items()}
        held = bool(self.carries.growths)  # a list may have got the same object
        forbid_writes(self.session, (thing for thing in things if held or isinstance(thing, ArrayTracer)), self.key)
        return made

    def _trip(self) -> Any:
        if self.iterator is None:
            return None
        left = self.iterator.left()
        if isinstance(left, Tracer):
            value = self.session.value(left)
            return self.outer.as_value(value)
        if left == ENDLESS:
            return None
        return self.outer.constant(int(left))

    def _require_one_iteration(self, count: Value) -> None:
        """A variable that the loop alone assigns is read afterwards: there must be an iteration."""
        if not self.carries.needs_iteration:
            return
        session, left = self.session, self.iterator.left() if self.iterator is not None else None
        if type(left) is int:
            if left < 1:
                raise Abandon("it is not run")
            return
        if type(left) is SizeTracer:
            if session.assumptions.less(left._size, 1):
                raise Abandon("it is not run")
            return
        if session.example.known(count) and session.concrete(count) < 1:
            raise Abandon("it is not run")
        session._check(ops.FUNCTIONS[np.less](count, 1), "a loop ran no iteration")

    def _go_on(self, ways: list[Exit], flags: Any, results: dict[int, Any]) -> Frame:
        """Move the frame to where the loop was left; that frame, or a caller that goes on instead."""
        frame = self.frame
        if self.iterator is not None:
            target = frame.code.instructions[self.header].target
            assert target is not None
            if isinstance(self.iterator, ExpressionIterator) and ways and is_held_around(frame, self.header, self.iterator.generator):
                raise Abandon("a generator expression may be left before its end, and is used elsewhere too")
            if not ways:
                frame.stack.pop()
                frame.jump(target)
                return frame
            if not flags:
                raise Abandon("its body is known to leave it, or not to")
            exhausted = Exit("reached", target, len(frame.stack) - 1, 0)
            return dispatch(self.session, frame, exhausted, ways, flags, results, self.key)
        if self.entry is not None:
            ways = self._past_last(ways, self.entry[1])
        if len(ways) > 1:
            return dispatch(self.session, frame, None, ways, flags, results, self.key)
        if ways[0].kind == "raised":
            raise Abandon("nothing but an exception ends it")
        leave(frame, ways[0], results)
        return frame

    def _past_last(self, ways: list[Exit], past: int) -> list[Exit]:
        """The ways out, that of a loop which was not entered (its code is 0) at the end."""
        others = [way for way in ways if way.pc != past]
        return [*others, *([way for way in ways if way.pc == past] or [Exit("reached", past, len(self.frame.stack), 0)])]


def _condition(body: Graph, position: int) -> Graph:
    """The region that asks the carried flag at `position` of the body's inputs."""
    builder = Builder(name="condition")
    inputs = [builder.input(v.type, v.name) for v in body.inputs]
    return builder.build([inputs[position]])
