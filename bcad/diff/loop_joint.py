"""The joint graph of a loop's body: one iteration and its reverse part, before they are cut apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bcad.ir import Builder, Kind, Node, Value, array_type, constant_op, python_type
from bcad.ops import BY_NAME, Zero, known_size, tangent_type

from .activity import loop_start, useful_in_loop, varied_in_loop
from .extract import type_symbols
from .reads import only_read, read_in_turn
from .reverse import Reverse
from .tangents import BOOL, conform, differentiable, masked, unmask
from .tape import Joint

INDEX = python_type(int)


class Parts:
    """A loop node's inputs and what of it takes part in the derivative."""

    def __init__(self, node: Node, sweep: Reverse) -> None:
        first = loop_start(node)
        self.node, self.body, self.condition = node, node.regions[0], node.regions[1:]
        self.k, self.s = node.attrs["carries"], node.attrs.get("stacks", 0)
        self.trip = node.inputs[0] if first else None
        self.carries = node.inputs[first : first + self.k]
        self.constants = node.inputs[first + self.k :]
        self.wanted = sweep.needed
        active, varies = varied_in_loop(node, {p for p, v in enumerate(node.inputs) if v in sweep.varied})
        wanted, serves = useful_in_loop(node, {p for p, v in enumerate(node.outputs) if v in sweep.needed})
        results = self.body.outputs
        self.K = [j for j in range(self.k) if j in active and j in wanted and differentiable(results[j])]
        self.S = [j for j in range(self.s) if node.outputs[self.k + j] in sweep.needed]
        inputs = self.body.inputs[1 + self.k :]
        self.P = [p for p, v in enumerate(inputs) if v in varies and v in serves]


@dataclass
class Slot:
    """The cotangent of one input of the body: it comes in as `old` and goes out as `new`.

    One that may be hidden goes with a flag: a number that says whether it counts at all.
    """

    old: Value
    new: Any = None
    old_flag: Value | None = None
    new_flag: Any = None
    hidden: bool = False  # whether a carried one should have had a flag


@dataclass
class Draft:
    """The joint graph of a body, in a builder of its own."""

    builder: Builder
    sweep: Reverse
    inputs: list[Value]  # index, carries, constants
    affine: dict[int, tuple[Value, Value]]  # carry -> (its formula, the input for its initial value)
    carries: dict[int, Slot] = field(default_factory=dict)
    constants: dict[int, Slot] = field(default_factory=dict)
    stacks: dict[int, Value] = field(default_factory=dict)
    joint: Joint | None = None

    @property
    def slots(self) -> list[Slot]:
        return [*self.carries.values(), *self.constants.values()]

    @property
    def flagged(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.old_flag is not None]

    @property
    def olds(self) -> list[Value]:
        """The cotangents and flags that come in, in the order in which the reversed loop carries them."""
        return [*(s.old for s in self.slots), *(s.old_flag for s in self.slots if s.old_flag is not None)]

    @property
    def news(self) -> list[Value]:
        """What they become, in the same order."""
        return [*(s.new for s in self.slots), *(s.new_flag for s in self.flagged)]


def draft_of(parts: Parts, outer: Reverse) -> Draft:
    """The joint graph; built anew until every carried cotangent that may be hidden has a flag."""
    flagged: set[int] = set()
    while True:
        draft = _draft(parts, outer, flagged)
        hidden = {j for j, slot in draft.carries.items() if slot.hidden}
        if hidden <= flagged:
            return draft
        flagged |= hidden


def _draft(parts: Parts, outer: Reverse, flagged: set[int]) -> Draft:
    body, k = parts.body, parts.k
    with Builder(name=body.name) as builder:
        inputs = [builder.input(v.type, v.name) for v in body.inputs]
        affine = _affine_carries(parts, builder, inputs)
        values = [affine[p - 1][0] if p - 1 in affine else v for p, v in enumerate(inputs)]
        inits = [init for _, init in affine.values()]
        free = {inputs[0], *inits, *(formula for formula, _ in affine.values())}
        free |= {inputs[1 + k + p] for p, v in enumerate(parts.constants) if outer.is_light(v)}
        wrt = [*(1 + j for j in parts.K), *(1 + k + p for p in parts.P)]
        keepers = _partly_read(parts, outer)
        sweep = Reverse(body, values, wrt, [*parts.K, *(k + j for j in parts.S)], free, outer.scope, keepers)
        boundary = len(builder.nodes)
        draft = Draft(builder, sweep, inputs, affine)
        _seed(parts, draft, flagged)
        sweep.pull()
        builder.location = None
        _collect(parts, draft)
        seeds = [*draft.olds, *draft.stacks.values()]
        constant = {*inputs[1 + k :], *inits}
        local = symbols_inside(builder, outer)
        draft.joint = Joint(builder.nodes, boundary, [*inputs, *inits], free, constant, seeds, draft.news, local)
        return draft


def symbols_inside(builder: Builder, outer: Reverse) -> set[str]:
    """The symbols of sizes that are bound inside a region."""
    found = set().union(*(type_symbols(v.type) for node in builder.nodes for v in node.outputs))
    return found - outer.scope


def _affine_carries(parts: Parts, builder: Builder, inputs: Sequence[Value]) -> dict[int, tuple[Value, Value]]:
    """Int carries ``c = c + step``: their value is ``init + step*index``, nothing to save."""
    found = {}
    for j in range(parts.k):
        carry, node = parts.body.inputs[1 + j], parts.body.outputs[j].node
        if carry.type != INDEX or node is None or node.op is not BY_NAME["add"] or carry not in node.inputs:
            continue
        step = node.inputs[1] if node.inputs[0] is carry else node.inputs[0]
        if step.type == INDEX and step.node is not None and step.node.op is constant_op:
            init = builder.input(INDEX, f"{carry.name}_0" if carry.name else None)
            found[j] = (init + inputs[0] * builder.emit(constant_op, **step.node.attrs), init)
    return found


def _partly_read(parts: Parts, outer: Reverse) -> list[Value]:
    """The constants of which what the iterations read is kept, see `reads`."""
    trip = known_size(parts.trip) if parts.trip is not None and not parts.condition else None
    inside = {p: parts.body.inputs[1 + parts.k + p] for p in parts.P if parts.constants[p] in outer.keepers}
    return [v for v in inside.values() if only_read(parts.body, v) and not read_in_turn(parts.body, v, trip)]


def _seed(parts: Parts, draft: Draft, flagged: set[int]) -> None:
    """Inputs for the cotangents that come from the iteration after this one."""
    builder, sweep, body = draft.builder, draft.sweep, parts.body
    for j in parts.K:
        slot = draft.carries[j] = Slot(builder.input(tangent_type(body.inputs[1 + j].type)))
        slot.old_flag = builder.input(BOOL) if j in flagged else None
        sweep.add(body.outputs[j], masked(slot.old_flag, slot.old))
    for j in parts.S:
        v = body.outputs[parts.k + j]
        draft.stacks[j] = builder.input(tangent_type(v.type))
        sweep.add(v, draft.stacks[j])
    for p in parts.P:
        v = body.inputs[1 + parts.k + p]
        slot = draft.constants[p] = Slot(builder.input(tangent_type(v.type)))
        if v in sweep.keepers:
            slot.old_flag = builder.input(array_type(bool, v.shape))
            sweep.sums.add(slot.old)
        if v.ndim:  # arrays are added to in place
            sweep.add(v, masked(slot.old_flag, slot.old))


def _collect(parts: Parts, draft: Draft) -> None:
    """What the reverse part gives: new cotangents of carries, sums for constants."""
    sweep, body = draft.sweep, parts.body
    for j, slot in draft.carries.items():
        flag, g = split_flag(sweep.cotangent.get(body.inputs[1 + j]))
        # without a flag, zero would have to stand for "nothing was computed": told by the type of flag
        slot.hidden = flag is not True and (flag is not False or parts.carries[j] in parts.wanted)
        if slot.old_flag is None:
            g = masked(flag, g) if isinstance(flag, Value) else g
        else:
            slot.new_flag = as_flag(flag)
        slot.new = conform(g, slot.old.type)
    for p, slot in draft.constants.items():
        v = body.inputs[1 + parts.k + p]
        g = sweep.cotangent.get(v)
        if slot.old_flag is not None:
            seen, g = unmask(g)
            slot.new_flag = seen if seen is not None else BY_NAME["full"](True, shape=v.shape, dtype=BOOL.dtype)
        if v.ndim or g is None:
            slot.new = conform(slot.old if g is None else g, slot.old.type)
            continue
        flag, _ = split_flag(g)
        slot.new = conform(BY_NAME["add"](slot.old, g), slot.old.type)
        if isinstance(flag, Value):
            slot.old_flag = draft.builder.input(BOOL)
            slot.new_flag = as_flag(BY_NAME["logical_or"](slot.old_flag, flag))


def split_flag(g: Any) -> tuple[Value | bool, Any]:
    """``(flag, cotangent)``: False for a structural zero, a Value for a mask by one number."""
    if g is None or type(g) is Zero:
        return False, g
    condition, inner = unmask(g)
    return (True, g) if condition is None or condition.ndim else (condition, inner)


def as_flag(flag: Value | bool) -> Value:
    """A flag of the type that flags are carried in."""
    if isinstance(flag, bool):
        return Builder.current().constant(np.bool_(flag))
    if flag.type == BOOL or flag.ndim:
        return flag
    value: Value = BY_NAME["as_kind"](flag, kind=Kind.SCALAR, dtype=BOOL.dtype)
    return value
