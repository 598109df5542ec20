"""The condition of a ``while`` as a region of its own, where it is a function of what the loop carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bcad.ir import Builder, Graph, Node, Value, constant_op, copy_node, dim_op

from .arms import Arm


def condition_of(
    arm: Arm, go: Value, after: Sequence[Value], before: Sequence[Value], constants: Sequence[Value],
    inputs: Sequence[Value], first: Value,
) -> Graph | None:
    """The region that asks before each iteration, or None if the flag has to be carried.

    Python tests a ``while`` twice: before the loop, and behind each iteration. The region stands
    for both if it gives, for what is carried at first, the very value of the first test.

    Parameters
    ----------
    go : Value
        The test behind an iteration, in the body.
    after, before : sequence of Value
        What is carried, behind an iteration and at first.
    first : Value
        The test before the loop.
    """
    known = dict(zip(after, range(len(after)), strict=True))
    captured = {inner: outer for outer, inner in arm.builder.captured.items()}
    nodes = _slice(go, known, captured)
    if nodes is None:
        return None
    outer = {v: before[k] for v, k in known.items()} | captured
    if _emit(Builder.current(), nodes, outer, go) is not first:
        return None
    builder = Builder(name="condition")
    builder.input(arm.builder.inputs[0].type, "i")
    carried = [builder.input(v.type, v.name) for v in inputs]
    fixed = {v: builder.input(v.type, v.name) for v in constants}
    mapping = {v: carried[k] for v, k in known.items()} | {v: fixed[o] for v, o in captured.items()}
    return builder.build([_emit(builder, nodes, mapping, go)])


def _slice(go: Value, known: dict[Value, int], captured: dict[Value, Value]) -> list[Node] | None:
    """The nodes that lead from carried and captured values to `go`, in order; None if more is needed."""
    found: dict[Node, None] = {}
    stack: list[Any] = [go]
    while stack:
        value = stack.pop()
        if value in known or value in captured:
            continue
        node = value.node
        if node is None or node.op.effect or node.regions:
            return None
        found.setdefault(node)
        stack += node.inputs
    order = {node: k for k, node in enumerate(go.scope.nodes)}  # type: ignore[attr-defined]
    return sorted(found, key=order.__getitem__)


def _emit(builder: Builder, nodes: Sequence[Node], mapping: dict[Value, Value], go: Value) -> Value:
    mapping = dict(mapping)
    with builder:
        for node in nodes:
            if node.op in (constant_op, dim_op):
                mapping[node.output] = builder.emit(node.op, **node.attrs)
            else:
                copy_node(builder, node, mapping)
    return mapping[go]
