"""Reverse mode of loops: the loop again with tapes, and a counted loop that runs it backwards.

The reversed loop carries the cotangents of the carries and sums up those of the constants.  It
is a loop like any other, so it can itself be differentiated, forward or in reverse.
"""

from __future__ import annotations

from typing import Any

from bcad.ir import ArrayType, Builder, Dim, Graph, Kind, Node, Size, Value, bounds
from bcad.ops import (
    BY_NAME,
    Part,
    Span,
    bind,
    extent,
    fresh_size,
    has_effect,
    known_size,
    loop,
    stack_length,
    tangent_type,
)

from .extract import bound_symbols, copy_nodes, missing_symbols, needed_nodes, type_symbols, with_binders
from .loop_joint import INDEX, Draft, Parts, Slot, draft_of
from .reverse import RECORDERS, Pullback, Reverse, tell
from .tangents import BOOL, common_mask, conform, masked, total, unmask
from .tape import Plan, plan

_AT = Part.ARRAY


def record_loop(sweep: Reverse, node: Node) -> Pullback:
    """Emit the loop with what its reverse part reads as further stacks."""
    parts = Parts(node, sweep)
    draft = draft_of(parts, sweep)
    assert draft.joint is not None
    tape = Tape(parts, draft, plan(draft.joint), sweep)
    return lambda cotangents: Reversal(tape, cotangents).emit()


class Tape:
    """The loop with its tapes: which stack holds which value of the body.

    A value of one shape is an element of a stack.  One whose leading axis differs from one
    iteration to the next (the tape of an inner loop) joins a ragged stack, with its length; any
    other whose size differs is laid out flat for that.
    """

    def __init__(self, parts: Parts, draft: Draft, decided: Plan, sweep: Reverse) -> None:
        self.parts, self.draft, self.plan, self.sweep = parts, draft, decided, sweep
        assert draft.joint is not None
        self.local = draft.joint.local
        self.saved = list(decided.saved)
        self.flat: dict[Value, Value] = {}  # saved in a row -> as it is in the body
        self.unread: list[str] = []  # symbols that nothing on the tape binds by its shape
        with draft.builder:
            self._flatten()
            self.lengths = self._save_lengths()
        self.stacks: dict[Value, Value] = {}  # saved value -> its stack, in the sweep's builder
        self._emit()

    def _flatten(self) -> None:
        """Lay out in a row what has more than a leading axis that differs."""
        for k, value in enumerate(self.saved):
            sizes = [s for s in value.shape if isinstance(s, Dim) and s.symbols() & self.local]
            if sizes and (len(sizes) > 1 or sizes[0] is not value.shape[0] or not sizes[0].is_symbol()):
                length = extent(self.draft.builder.size(value.type.size))
                self.local.add(str(length))
                self.saved[k] = BY_NAME["reshape"](value, shape=(length,))
                self.flat[self.saved[k]] = value

    def _save_lengths(self) -> dict[str, Value]:
        """The symbols that the reverse part mentions or reads by: each goes on the tape as an int."""
        builder, seeds = self.draft.builder, list(self.draft.stacks.values())
        mentioned = set().union(*(type_symbols(v.type) for v in self.flat.values()))
        mentioned |= missing_symbols(self.plan.nodes, bound_symbols([*self.saved, *seeds]))
        names = {name for v in [*self.saved, *seeds] if (name := self.ragged(v)) is not None}
        lengths = {name: builder.size(Dim.symbol(name)) for name in sorted(names | mentioned & self.local)}
        self.saved += [v for v in lengths.values() if v not in self.saved]
        self.unread = [name for name in lengths if name not in names]
        return lengths

    def ragged(self, value: Value) -> str | None:
        """The symbol of a saved value's leading axis, if it is bound inside the body."""
        assert isinstance(value.type, ArrayType)
        inside = [s for s in value.type.shape if isinstance(s, Dim) and s.symbols() & self.local]
        if not inside:
            return None
        if inside[0] is value.type.shape[0] and inside[0].is_symbol() and len(inside) == 1:
            return str(inside[0])
        raise NotImplementedError(f"the cotangent of a value of type {value.type} whose size changes inside a loop")

    def _emit(self) -> None:
        parts, node = self.parts, self.parts.node
        outer = self.sweep.value
        body, places = self._body()
        trip = outer[parts.trip] if parts.trip is not None else None
        length = node.attrs.get("length")
        if length is None:
            length = stack_length(trip, bool(parts.condition))
        total_stacks = len(body.outputs) - parts.k
        new = [(j, fresh_size()) for v, j in places.items() if j >= parts.s and self.ragged(v) is not None]
        attrs = {**node.attrs, "stacks": total_stacks, "length": length if total_stacks else None}
        if new:
            attrs["ragged"] = (*node.attrs.get("ragged", ()), *new)
        results = loop(*(outer[v] for v in node.inputs), regions=[body, *parts.condition], **attrs)
        for old, value in zip(node.outputs, [*results[: parts.k + parts.s], results[-1]], strict=True):
            outer[old] = value
            value.named_after(old)
        self.stacks = {v: results[parts.k + places[v]] for v in self.saved}
        bound = total_stacks > len(attrs.get("ragged", ()))  # by a stack with one element an iteration
        self.trip = self._trip(trip, length if bound else None, results[-1])

    def _trip(self, trip: Value | None, length: Size | None, count: Value) -> Value:
        """How often the reversed loop runs: from what is at hand anyway, else the count."""
        if trip is not None and not self.parts.condition:
            return trip
        return count if length is None else Builder.current().size(length)

    def _body(self) -> tuple[Graph, dict[Value, int]]:
        """The body with the saved values as further stacks, and the number of each one's stack."""
        parts, draft = self.parts, self.draft
        primal = [draft.sweep.value[v] for v in parts.body.outputs]
        places = {v: j for j, v in enumerate(primal[parts.k :]) if v in self.saved}
        added = [v for v in self.saved if v not in places]
        places.update((v, parts.s + j) for j, v in enumerate(added))
        assert draft.joint is not None
        effects = [node for node in draft.builder.nodes[: draft.joint.boundary] if has_effect(node)]
        with Builder(name=parts.body.name) as builder:
            mapping = {v: builder.input(v.type, v.name) for v in draft.inputs}
            for j, (formula, _) in draft.affine.items():
                mapping[formula] = mapping[draft.inputs[1 + j]]
            wanted = [*primal, *added]
            nodes = with_binders(draft.builder.nodes, wanted, mapping, effects, self.local)
            copy_nodes(builder, nodes, mapping)
            return builder.build([mapping[v] for v in (*primal, *added)]), places


class Reversal:
    """The reversed loop, made when the cotangents of the loop's results are known."""

    def __init__(self, tape: Tape, cotangents: list[Any]) -> None:
        self.tape, self.parts, self.draft, self.sweep = tape, tape.parts, tape.draft, tape.sweep
        self.hidden, self.cotangents = common_mask(cotangents)
        self.initial: list[Value] = []  # of the reversed loop's carries
        self.constants: dict[Value, Value] = {}  # outside -> inside
        self.fresh: set[int] = set()  # constants whose sum starts from nothing

    def emit(self) -> None:
        outer = Builder.current()
        self.trip = self._trip()
        self.seeds = {j: self._stack_seed(j) for j in self.draft.stacks}
        hoisted = self._hoist(outer)
        self._start()
        ends = self._ends(outer)
        with Builder(name=f"{self.parts.body.name}_reverse") as builder:
            index = builder.input(INDEX)
            carries = [builder.input(v.type) for v in [*self.initial, *ends.values()]]
            body = self._body(builder, index, carries, list(ends), hoisted)
        inputs = [self.trip, *self.initial, *ends.values(), *self.constants]
        results = loop(*inputs, regions=[body], carries=len(carries), stacks=0, counted=True)
        self._distribute(results)

    # -- what is known before ----------------------------------------------------------------------
    def _trip(self) -> Value:
        """The number of iterations; none if nothing that comes back is seen."""
        if self.hidden is None:
            return self.tape.trip
        trip = BY_NAME["where"](self.hidden, self.tape.trip, 0)
        value: Value = BY_NAME["as_kind"](trip, kind=Kind.PYTHON, dtype=INDEX.dtype)
        return value

    def _stack_seed(self, j: int) -> Value:
        """The cotangent of a stack that the loop itself gives: an array."""
        position = self.parts.k + j
        return conform(self.cotangents[position], tangent_type(self.parts.node.outputs[position].type))

    def _outside(self, inner: Value) -> Value:
        """The value of the sweep's builder that an input of the joint graph stands for."""
        draft, value = self.draft, self.sweep.value
        for j, (_, init) in draft.affine.items():
            if init is inner:
                return value[self.parts.carries[j]]
        return value[self.parts.constants[draft.inputs.index(inner) - 1 - self.parts.k]]

    def _hoist(self, outer: Builder) -> dict[Value, Value]:
        """Compute what no iteration changes, here and once."""
        assert self.draft.joint is not None
        wanted = self.tape.plan.hoisted
        nodes = needed_nodes(self.draft.builder.nodes, wanted, self.draft.joint.inputs)
        mapping = {v: self._outside(v) for v in self.draft.joint.inputs if v in self.draft.joint.constant}
        copy_nodes(outer, nodes, mapping)
        return {v: mapping[v] for v in wanted}

    def _start(self) -> None:
        """The initial values of the carries: cotangents, sums, flags."""
        flags = []
        for j, slot in self.draft.carries.items():
            g = self.cotangents[j]
            if slot.old_flag is not None:
                condition, inner = unmask(g)
                scalar = condition is not None and not condition.ndim
                g = inner if scalar else g
                flags.append(conform(condition, BOOL) if scalar else Builder.current().constant(BOOL.dtype.type(True)))
            self.initial.append(conform(g, slot.old.type))
        for p, slot in self.draft.constants.items():
            self.initial.append(self._sum_so_far(p, slot))
            if slot.old_flag is not None:
                flags.append(conform(None, slot.old_flag.type))
        self.initial += flags  # the order of Draft.olds

    def _sum_so_far(self, p: int, slot: Slot) -> Value:
        value = self.parts.constants[p]
        before = self.sweep.cotangent.get(value)
        if slot.old.ndim and before is not None and unmask(before)[0] is None:
            del self.sweep.cotangent[value]
            return conform(before, slot.old.type)
        self.fresh.add(p)
        return conform(None, slot.old.type)

    def _ends(self, outer: Builder) -> dict[str, Value]:
        """Where the part of a ragged stack ends that is still to be read, by symbol."""
        ends: dict[str, Value] = {}
        for value, stack in [*self.tape.stacks.items(), *self._seeds()]:
            name = self.tape.ragged(value)
            if name is not None and name not in ends:
                ends[name] = outer.size(stack.shape[0])
        return ends

    def _seeds(self) -> list[tuple[Value, Value]]:
        """The cotangent of each stack's element, with that of the whole stack, outside."""
        return [(seed, self.seeds[j]) for j, seed in self.draft.stacks.items()]

    # -- the body ----------------------------------------------------------------------------------
    def _constant(self, builder: Builder, value: Value) -> Any:
        """An outer value inside: a constant of the reversed loop."""
        if known_size(value) is not None:
            return builder.as_value(known_size(value))
        if value not in self.constants:
            self.constants[value] = builder.input(value.type, value.name)
        return self.constants[value]

    def _body(
        self, builder: Builder, index: Any, carries: list[Value], names: list[str], hoisted: dict[Value, Value]
    ) -> Graph:
        draft, decided = self.draft, self.tape.plan
        position: Value = self._constant(builder, self.trip) - 1 - index
        olds = draft.olds
        mapping = dict(zip(olds, carries))
        mapping[draft.inputs[0]] = position
        mapping.update((v, self._constant(builder, outside)) for v, outside in hoisted.items())
        assert draft.joint is not None
        for v in decided.inputs:
            if v in draft.joint.constant:
                mapping[v] = self._constant(builder, self._outside(v))
        ends = dict(zip(names, carries[len(olds) :]))
        starts = self._read(builder, position, ends, mapping)
        copy_nodes(builder, decided.nodes, mapping)
        outputs = [builder.as_value(mapping[v]) for v in draft.news]
        return builder.build([*map(_retyped, outputs, olds), *starts])

    def _read(
        self, builder: Builder, position: Value, ends: dict[str, Any], mapping: dict[Value, Value]
    ) -> list[Value]:
        """Read the tape at `position`; where the ragged parts start, which is where the next ones end."""
        stacks = [*self.tape.stacks.items(), *self._seeds()]
        for v, stack in stacks:
            if self.tape.ragged(v) is None:
                mapping[v] = self._element(builder, stack, position, v.type)
        for unread in self.tape.unread:
            bind(unread, mapping[self.tape.lengths[unread]])
        starts: dict[str, Any] = {name: ends[name] - mapping[self.tape.lengths[name]] for name in ends}
        for v, stack in stacks:
            name = self.tape.ragged(v)
            if name is not None:
                flat = self._constant(builder, stack)
                index = (Span(name, _AT, _AT, None),)
                mapping[v] = BY_NAME["getitem"](flat, starts[name], ends[name], index=index)
        for v, whole in self.tape.flat.items():
            mapping[whole] = BY_NAME["reshape"](mapping[v], shape=whole.shape)
        return list(starts.values())

    def _element(self, builder: Builder, stack: Value, position: Value, type_: Any) -> Value:
        """``stack[position]`` as what was pushed: of the same kind."""
        element = BY_NAME["getitem"](self._constant(builder, stack), position, index=(_AT,))
        if not type_.shape and element.type.kind is not type_.kind:
            element = BY_NAME["as_kind"](element, kind=type_.kind, dtype=type_.dtype)
        value: Value = element
        return value

    # -- afterwards --------------------------------------------------------------------------------
    def _distribute(self, results: tuple[Value, ...]) -> None:
        """Hand the reversed loop's results to the loop's inputs."""
        draft, parts, sweep = self.draft, self.parts, self.sweep
        slots, flagged = draft.slots, draft.flagged
        for position, g in zip([*draft.carries, *(parts.k + p for p in draft.constants)], results):
            tell(g, parts.body.inputs[1 + position])
        flag_of = {id(slot): results[len(slots) + j] for j, slot in enumerate(flagged)}
        for (j, slot), g in zip(draft.carries.items(), results):
            sweep.add(parts.carries[j], masked(self.hidden, masked(flag_of.get(id(slot)), g)))
        for (p, slot), g in zip(draft.constants.items(), results[len(draft.carries) :]):
            value = parts.constants[p]
            if p in self.fresh:
                flag = flag_of.get(id(slot)) or self._ran(value)
                sweep.add(value, masked(flag, g))
            else:
                sweep.cotangent[value] = total(sweep.cotangent.get(value), g)

    def _ran(self, value: Value) -> Value | None:
        """Whether there was an iteration at all; None if that is certain, or does not matter.

        Without one the sum is zero; only what computed `value` could make something else of it.
        """
        size = known_size(self.trip)
        if self.sweep.is_start(value) or (size is not None and (bounds(size)[0] or 0) > 0):
            return None
        ran: Value = BY_NAME["greater"](self.trip, 0)
        return ran


def _retyped(value: Value, like: Value) -> Value:
    return value if value.type == like.type else conform(value, like.type)


RECORDERS[loop] = record_loop
