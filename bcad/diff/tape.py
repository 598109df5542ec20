"""What a region saves for its reverse part: a minimum cut between what both of them compute.

The *joint* graph of a region holds its primal and its reverse part.  A value that the reverse
part reads is saved, or computed again from saved ones if all on the way is cheap; the
cheapest choice by bytes is a minimum cut (as PyTorch's partitioner, He and Yu 2023).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bcad.ir import ArrayType, Dim, Node, Type, Value, constant_op, dim_op
from bcad.ops import Elementwise, Reduction, has_effect

from .extract import needed_nodes, used_symbols
from .mincut import INFINITE, SINK, SOURCE, Network
from .reverse import is_cheap

SMALL = 64  # bytes: a number or two
LONG = 1000  # how long an axis is taken to be whose length is not known
INVARIANT = frozenset("matmul dot reshape transpose broadcast_to full astype as_kind getitem gather iota stack".split())


@dataclass
class Joint:
    """A region's primal and reverse parts in one list of nodes.

    Attributes
    ----------
    nodes : in order; from `boundary` on they belong to the reverse part
    inputs : what the primal part starts from
    free : values the reverse part has for nothing (index arithmetic, what never changes)
    constant : inputs that are the same in every iteration
    seeds : inputs of the reverse part: cotangents
    results : what the reverse part gives
    local : symbols of sizes that are bound inside
    """

    nodes: Sequence[Node]
    boundary: int
    inputs: Sequence[Value]
    free: Collection[Value]
    constant: Collection[Value]
    seeds: Sequence[Value]
    results: Sequence[Value]
    local: set[str] = field(default_factory=set)

    @cached_property
    def effects(self) -> list[Node]:
        """The nodes of the reverse part that must run (a rule of one's own that prints a cotangent)."""
        return [node for node in self.nodes[self.boundary :] if has_effect(node)]


@dataclass
class Plan:
    """How a joint graph falls apart.

    Attributes
    ----------
    saved : values of the primal part (or its inputs) to be kept for each iteration
    hoisted : values that no iteration changes, computed once outside
    inputs : inputs of the primal part that the reverse part reads as well
    nodes : the nodes of the reverse part, recomputation included
    """

    saved: list[Value]
    hoisted: list[Value]
    inputs: list[Value]
    nodes: list[Node]


def plan(joint: Joint) -> Plan:
    """Decide what is saved, what is computed again and what is computed once."""
    reverse = _reverse_values(joint)
    invariant, heavy = _invariants(joint, reverse)
    frontier = _frontier(joint, reverse)
    light = invariant - heavy
    saved = _cut(joint, [v for v in frontier if v not in light], light, heavy)
    stops = {*saved, *light, *joint.inputs, *joint.seeds}
    nodes = needed_nodes(joint.nodes, joint.results, stops, joint.effects)
    read = dict.fromkeys([v for node in nodes for v in node.inputs] + list(joint.results))
    once = [v for v in read if v in invariant and v not in joint.inputs and not _known(v, joint.local)]
    inputs = [v for v in joint.inputs if v in read]
    return Plan([v for v in saved if v in read and v not in invariant], once, inputs, nodes)


def _reverse_values(joint: Joint) -> set[Value]:
    """What depends on a cotangent."""
    found = set(joint.seeds)
    for node in joint.nodes:
        if any(v in found for v in node.inputs) or node in joint.effects:
            found.update(node.outputs)
    return found


def _invariants(joint: Joint, reverse: set[Value]) -> tuple[set[Value], set[Value]]:
    """What is computed from constant inputs alone, by ops that cannot fail.

    Second, the arrays among it that an enclosing loop would have to save: dear to keep.
    """
    found = set(joint.constant)
    heavy = {v for v in found if v not in joint.free and cost(v.type) > SMALL}
    for node in joint.nodes if found else ():
        pure = isinstance(node.op, (Elementwise, Reduction)) or node.op.name in INVARIANT
        depends = [v for v in node.inputs if not _known(v, joint.local)]
        if pure and depends and found.issuperset(depends) and not used_symbols(node) & joint.local:
            found.update(node.outputs)
            if not heavy.isdisjoint(depends):
                heavy.update(v for v in node.outputs if cost(v.type) > SMALL)
    return found - reverse, heavy - reverse


def _frontier(joint: Joint, reverse: set[Value]) -> list[Value]:
    """The primal values that the reverse part reads."""
    found: dict[Value, None] = {}
    for node in needed_nodes(joint.nodes, [v for v in joint.results if v in reverse], (), joint.effects):
        if node in joint.effects or (node.outputs and node.outputs[0] in reverse):
            found.update((v, None) for v in node.inputs if v not in reverse)
    found.update((v, None) for v in joint.results if v not in reverse)
    return [v for v in found if not _known(v, joint.local)]


def _known(value: Value, local: Collection[str]) -> bool:
    node = value.node
    return node is not None and (node.op is constant_op or (node.op is dim_op and not used_symbols(node) & set(local)))


def _cut(joint: Joint, wanted: Sequence[Value], light: set[Value], heavy: set[Value]) -> list[Value]:
    """The values to keep so that `wanted` can be had: the cheapest set."""
    network = Network()
    inputs = set(joint.inputs)
    seen: set[Value] = set()
    queue = list(wanted)
    for value in wanted:
        network.add((value, "out"), SINK)
    while queue:
        value = queue.pop()
        if value in seen or value in joint.free or value in light or _known(value, joint.local):
            continue
        seen.add(value)
        network.add((value, "in"), (value, "out"), cost(value.type) * (0.5 if value in heavy else 1))
        if value in inputs or value in heavy or value.node is None or not is_cheap(value.node):
            network.add(SOURCE, (value, "in"))
            continue
        for operand in value.node.inputs:
            network.add((operand, "out"), (value, "in"))
            queue.append(operand)
    beyond = network.sink_side()
    order = {v: k for k, v in enumerate([*joint.inputs, *(v for n in joint.nodes for v in n.outputs)])}
    cut = [v for v in seen if (v, "out") in beyond and (v, "in") not in beyond]
    return sorted(cut, key=order.__getitem__)


def cost(type_: Type) -> float:
    """Bytes, with an unknown length counted as `LONG`; an object cannot be saved."""
    if not isinstance(type_, ArrayType):
        return INFINITE
    size = float(type_.dtype.itemsize)
    for length in type_.shape:
        size *= LONG if isinstance(length, Dim) else max(length, 1)
    return size

