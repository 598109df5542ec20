"""Reverse mode of cond: the arm taken keeps what its reverse part reads; the other adds exactly zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bcad.ir import ArrayType, Builder, Dim, Graph, Node, Type, Value, array_type, substitute
from bcad.ops import BY_NAME, bind, cond, fresh_size, has_effect, tangent_type

from .activity import useful, varied
from .extract import bound_symbols, copy_nodes, emit_cond, missing_symbols, type_symbols, with_binders
from .loop_joint import as_flag, split_flag, symbols_inside
from .reverse import RECORDERS, Pullback, Reverse
from .tangents import BOOL, common_mask, conform, masked, unmask, zero_like
from .tape import Joint, Plan, plan


def record_cond(sweep: Reverse, node: Node) -> Pullback:
    """Emit the cond with what its reverse part reads as further results."""
    record = CondTape(sweep, node)
    return record.pull


@dataclass
class Arm:
    """The joint graph of one arm and how it falls apart."""

    builder: Builder
    sweep: Reverse
    inputs: list[Value]
    seeds: dict[int, Value]  # output position -> its cotangent
    sums: dict[int, Value]  # operand position -> what was accumulated for it before
    results: dict[int, tuple[Value, Value | bool]]  # operand position -> (cotangent, flag)
    plan: Plan
    local: set[str]
    boundary: int
    slots: dict[Value, int]  # saved value -> the further result of the cond that holds it
    lengths: dict[str, Value] = field(default_factory=dict)  # sizes that nothing saved binds by its shape


class CondTape:
    """A cond, its arms' saved values, and its pullback."""

    def __init__(self, sweep: Reverse, node: Node) -> None:
        self.sweep, self.node = sweep, node
        self.operands = node.inputs[1:]
        self.seeded = [k for k, v in enumerate(node.outputs) if v in sweep.needed]
        self.wrt = self._operands_wanted()
        # Inside a loop an array's cotangent is summed up in place; at the top it may stay hidden instead.
        self.summed = [q for q in self.wrt if self.operands[q].ndim and not self._at_top(self.operands[q])]
        self.arms = [self._arm(region) for region in node.regions]
        self.types = self._share_slots()
        self._emit()

    def _operands_wanted(self) -> list[int]:
        candidates = [q for q, v in enumerate(self.operands) if v in self.sweep.needed]
        found = set()
        for region in self.node.regions:
            both = varied(region, candidates) & useful(region, self.seeded)
            found |= {q for q in candidates if region.inputs[q] in both}
        return sorted(found)

    def _at_top(self, operand: Value) -> bool:
        return self.sweep.free is None or (operand.node is None and operand in self.sweep.keepers)

    def _at_hand(self, operand: Value) -> bool:
        """Whether the reverse part of an arm should rather read the operand than something saved."""
        whole = bool(getattr(operand.type, "shape", ()))
        return self.sweep.is_free(operand) or (whole and self.sweep.is_light(operand))

    # -- one arm -----------------------------------------------------------------------------------
    def _arm(self, region: Graph) -> Arm:
        outer = self.sweep
        with Builder(name=region.name) as builder:
            inputs = [builder.input(v.type, v.name) for v in region.inputs]
            free = {inner for inner, x in zip(inputs, self.operands) if self._at_hand(x)}
            keepers = [region.inputs[q] for q in self.wrt if self._keeps(q)]
            sweep = Reverse(region, inputs, self.wrt, self.seeded, free, outer.scope, keepers)
            boundary = len(builder.nodes)
            seeds = {k: builder.input(tangent_type(region.outputs[k].type)) for k in self.seeded}
            for k, g in seeds.items():
                sweep.add(region.outputs[k], g)
            sums = {q: builder.input(tangent_type(region.inputs[q].type)) for q in self.summed}
            for q, g in sums.items():
                sweep.add(region.inputs[q], g)
            sweep.pull()
            builder.location = None
            results = {q: self._result(sweep, q, sums.get(q)) for q in self.wrt}
            flags = [f for _, f in results.values() if isinstance(f, Value)]
            local = symbols_inside(builder, outer)
            joint = Joint(
                builder.nodes, boundary, inputs, free, (), [*seeds.values(), *sums.values()],
                [*(g for g, _ in results.values()), *flags], local,
            )  # fmt: skip
            return Arm(builder, sweep, inputs, seeds, sums, results, plan(joint), local, boundary, {})

    def _keeps(self, q: int) -> bool:
        """Whether the elements that an arm reads of an operand are told apart from the others."""
        return self.operands[q] in self.sweep.keepers and q not in self.summed

    def _result(self, sweep: Reverse, q: int, before: Value | None) -> tuple[Value, Value | bool]:
        """The cotangent of an operand, and whether it counts: False, True, or a value that says where."""
        operand = sweep.graph.inputs[q]
        g = sweep.cotangent.get(operand, before)
        flag, inner = (True, g) if before is not None else split_flag(g)
        condition, elements = unmask(g)
        if condition is not None and self._keeps(q):
            flag, inner = condition, elements
        if isinstance(flag, Value) and not flag.ndim:
            flag = as_flag(flag)
        return conform(inner, tangent_type(operand.type)), flag

    # -- further results -----------------------------------------------------------------------------
    def _share_slots(self) -> list[Type]:
        """Give each saved value a further result; those of the two arms share one where types agree."""
        types: list[Type] = []
        for arm in self.arms:
            taken: set[int] = set()
            for value in self._saved(arm):
                key = self._slot_type(value, arm)
                same = (j for j, t in enumerate(types) if j not in taken and t == key and key == value.type)
                place = next(same, len(types))
                if place == len(types):
                    types.append(key)
                taken.add(place)
                arm.slots[value] = place
        return types

    def _saved(self, arm: Arm) -> list[Value]:
        """What the arm keeps: not its operands; and each length that only it knows."""
        saved = [v for v in arm.plan.saved if v not in arm.inputs]
        missing = missing_symbols(arm.plan.nodes, bound_symbols([*saved, *arm.plan.inputs])) & arm.local
        with arm.builder:
            for name in sorted(missing):
                arm.lengths[name] = arm.builder.size(Dim.symbol(name))
        saved += [v for v in arm.lengths.values() if v not in saved]
        return saved

    @staticmethod
    def _slot_type(value: Value, arm: Arm) -> Type:
        """Its type, with fresh symbols for lengths that only the arm knows."""
        type_ = value.type
        if not type_symbols(type_) & arm.local:
            return type_
        assert isinstance(type_, ArrayType)
        shape = tuple(fresh_size() if type_symbols(type_.with_shape((s,))) & arm.local else s for s in type_.shape)
        return type_.with_shape(shape)

    def _emit(self) -> None:
        node, value = self.node, self.sweep.value
        regions = [self._forward_region(arm) for arm in self.arms]
        predicate, *operands = (value[v] for v in node.inputs)
        results = emit_cond(predicate, operands, regions, [*(v.type for v in node.outputs), *self.types])
        for old, new in zip(node.outputs, results):
            value[old] = new
            new.named_after(old)
        self.slots = results[len(node.outputs) :]

    def _forward_region(self, arm: Arm) -> Graph:
        primal = [arm.sweep.value[v] for v in arm.sweep.graph.outputs]
        by_place = {place: v for v, place in arm.slots.items()}
        with Builder(name=arm.builder.name) as builder:
            mapping = {v: builder.input(v.type, v.name) for v in arm.inputs}
            effects = [n for n in arm.builder.nodes[: arm.boundary] if has_effect(n)]
            nodes = with_binders(arm.builder.nodes, [*primal, *arm.slots], mapping, effects, arm.local)
            copy_nodes(builder, nodes, mapping)
            kept = [
                mapping[by_place[j]] if j in by_place else _dummy(t, self.sweep.scope)
                for j, t in enumerate(self.types)
            ]
            return builder.build([*(mapping[v] for v in primal), *kept])

    # -- the pullback --------------------------------------------------------------------------------
    def pull(self, cotangents: list[Any]) -> None:
        """Emit the reverse cond and hand out what it gives."""
        sweep, node = self.sweep, self.node
        hidden, cotangents = common_mask(cotangents)
        seeds = [conform(cotangents[k], tangent_type(node.outputs[k].type)) for k in self.seeded]
        sums = [self._sum_so_far(q, hidden) for q in self.summed]
        read = sorted({a.inputs.index(v) for a in self.arms for v in a.plan.inputs})
        flagged = [q for q in self.wrt if any(a.results[q][1] is not True for a in self.arms)]
        inputs = [*self.slots, *(sweep.value[self.operands[q]] for q in read), *seeds, *sums]
        regions = [self._reverse_region(arm, read, flagged) for arm in self.arms]
        predicate = sweep.value[node.inputs[0]]
        types = (*(tangent_type(self.operands[q].type) for q in self.wrt), *map(self._flag_type, flagged))
        results = emit_cond(predicate, inputs, regions, types)
        for j, q in enumerate(self.wrt):
            g = results[j]
            if q in flagged and not (self._certain(q) and sweep.is_start(self.operands[q])):
                g = masked(self._flag(q, predicate, results[len(self.wrt) + flagged.index(q)]), g)
            if q in self.summed and hidden is None:
                sweep.cotangent[self.operands[q]] = g
            else:
                sweep.add(self.operands[q], masked(hidden, g))

    def _sum_so_far(self, q: int, hidden: Value | None) -> Value:
        """What is there already for an array, to be added to in place; nothing if all may be hidden."""
        operand = self.operands[q]
        before = zero_like(operand) if hidden is not None else self.sweep.take(operand)
        return conform(before, tangent_type(operand.type))

    def _certain(self, q: int) -> bool:
        """Whether an arm that hides the operand's cotangent gives plain zeros for it."""
        return all(isinstance(arm.results[q][1], bool) for arm in self.arms)

    def _flag_type(self, q: int) -> ArrayType:
        """The type of an operand's flag: a number unless an arm says of each element whether it counts."""
        flags = [arm.results[q][1] for arm in self.arms]
        each = any(isinstance(f, Value) and f.ndim for f in flags)
        return array_type(bool, self.operands[q].shape) if each else BOOL

    def _flag(self, q: int, predicate: Value, given: Value) -> Value:
        """Whether the operand's cotangent counts: the predicate itself if only one arm reads it."""
        flags = [arm.results[q][1] for arm in self.arms]
        if flags == [True, False]:
            return predicate
        if flags == [False, True]:
            value: Value = BY_NAME["logical_not"](predicate)
            return value
        return given

    def _reverse_region(self, arm: Arm, read: Sequence[int], flagged: Sequence[int]) -> Graph:
        by_place = {place: v for v, place in arm.slots.items()}
        with Builder(name=f"{arm.builder.name}_reverse") as builder:
            mapping: dict[Value, Value] = {}
            for j, slot in enumerate(self.slots):
                v = by_place.get(j)
                inner = builder.input(v.type if v is not None else slot.type)
                if v is not None:
                    mapping[v] = inner
            for q in read:
                mapping[arm.inputs[q]] = builder.input(arm.inputs[q].type, arm.inputs[q].name)
            for k, g in arm.seeds.items():
                mapping[g] = self._seed(builder.input(tangent_type(self.node.outputs[k].type)), g, arm)
            for g in arm.sums.values():
                mapping[g] = builder.input(g.type)
            for name, length in arm.lengths.items():
                bind(name, mapping[length])
            copy_nodes(builder, arm.plan.nodes, mapping)
            outputs = [conform(_at(mapping, arm.results[q][0]), tangent_type(self.operands[q].type)) for q in self.wrt]
            flags = [conform(as_flag(_at(mapping, arm.results[q][1])), self._flag_type(q)) for q in flagged]
            return builder.build([*outputs, *flags])


    @staticmethod
    def _seed(given: Value, g: Value, arm: Arm) -> Value:
        """A cotangent in the sizes that the arm's own output has."""
        own, outer = getattr(g.type, "shape", ()), getattr(given.type, "shape", ())
        if own == outer:
            return given
        for mine, theirs in zip(own, outer, strict=True):
            if isinstance(mine, Dim) and mine.is_symbol() and str(mine) in arm.local and str(mine) not in arm.lengths:
                bind(str(mine), Builder.current().size(theirs))
        shaped: Value = BY_NAME["reshape"](given, shape=own)
        return shaped


def _at(mapping: dict[Value, Value], value: Value | bool) -> Any:
    if isinstance(value, bool):
        return value
    return mapping[value] if value in mapping else Builder.current().as_value(value)


def _dummy(type_: Type, scope: frozenset[str]) -> Value:
    """What stands in a further result when the other arm is taken; never read."""
    assert isinstance(type_, ArrayType)
    builder = Builder.current()
    unknown = {name: 0 for name in type_symbols(type_) - scope}
    shape = tuple(substitute(s, unknown) for s in type_.shape)
    if shape:
        full: Value = BY_NAME["full"](type_.dtype.type(0), shape=shape, dtype=type_.dtype)
        return full
    number = type_.dtype.type(0)
    return builder.constant(type_.python_type(number) if type_.kind.value == "python" else np.asarray(number)
                            if type_.kind.value == "array" else number)


RECORDERS[cond] = record_cond
